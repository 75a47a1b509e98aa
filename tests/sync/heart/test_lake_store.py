"""What holds of the lake's store alone: deaths between any two commits, and rows that an older merge left."""

from __future__ import annotations

from typing import Any

import orjson
import pyarrow as pa
import pytest

from tests.support.heart import NOON, born, change, conflict, creating, link, write
from tests.support.lake import cursor
from tests.support.lake import link as old_link
from tests.support.lake import task as old_task
from tests.support.twin import DiedError, DyingLake
from tests.sync.heart.conftest import store_over
from worklake.lake.lake import Lake
from worklake.model.fields import Status
from worklake.model.heart_rows import Outcome
from worklake.model.ids import task_id
from worklake.model.rows import LinkState
from worklake.sync.lake_store import ItemFacts, LakeStore
from worklake.sync.outstanding import outstanding
from worklake.sync.rules.state import ItemKey
from worklake.sync.rules.task import fold_onto

_COMMITS = 7
LAST = 9


def dying(lake: Lake, before: int) -> LakeStore:
    """A store whose process dies before it makes this commit, counted from 1."""
    made: list[str] = []

    def dies(verb: str, table: str) -> bool:
        made.append(f"{verb} {table}")
        return len(made) >= before

    return store_over(DyingLake(lake, dies))  # type: ignore[arg-type]


def rows(lake: Lake, table: str) -> list[dict[str, Any]]:
    return sorted(lake.rows(f"select * from {{{table}}}"), key=repr)


@pytest.mark.parametrize("before", range(1, _COMMITS + 1))
def test_a_commit_that_dies_anywhere_is_completed_by_repeating_it(lake: Lake, before: int) -> None:
    first, task = born()
    store_over(lake).commit([first], [task], [link(), creating()])
    edit = change(1)
    later = fold_onto(task, [edit])
    commit = ([edit], [later], [link(merges=4), link("web", "7")], [conflict()], [creating().key])
    if before < _COMMITS:
        with pytest.raises(DiedError):
            dying(lake, before).commit(*commit)
    else:
        dying(lake, before).commit(*commit)
    assert ("task_1" in store_over(lake).watched()) or before == 1
    store_over(lake).commit(*commit)
    loaded = store_over(lake).load(["task_1"])["task_1"]
    assert (loaded.task, loaded.kept, loaded.conflicts) == (later, True, (conflict(),))
    assert loaded.links == (link(merges=4), link("web", "7"))
    assert [row["position"] for row in rows(lake, "changes")] == [0, 1]
    assert len(rows(lake, "links")) == len(loaded.links)


def test_a_link_whose_place_was_taken_is_gone_although_its_deletion_died(lake: Lake) -> None:
    store_over(lake).commit([born()[0]], [born()[1]], [creating()])
    with pytest.raises(DiedError):
        dying(lake, 3).commit(links=[link("web", "7")], ended=[creating().key])
    assert {row["external_id"] for row in rows(lake, "links")} == {"7", "creating:task_1"}
    store = store_over(lake)
    assert store.load(["task_1"])["task_1"].links == (link("web", "7"),)
    store.commit(links=[link("web", "7", merges=9)])
    assert {row["external_id"] for row in rows(lake, "links")} == {"7"}


def test_a_task_that_its_changes_ran_ahead_of_is_kept_before_it_is_released(lake: Lake) -> None:
    first, task = born()
    with pytest.raises(DiedError):
        dying(lake, 3).commit([first], [task], [link()])
    assert rows(lake, "tasks") == []
    store = store_over(lake)
    assert not store.load(["task_1"])["task_1"].kept
    store.release(["task_1"])
    assert [row["title"] for row in rows(lake, "tasks")] == ["Mend the gate"]
    assert store_over(lake).load(["task_1"])["task_1"].kept


def test_a_commit_of_what_is_there_already_makes_no_new_versions(lake: Lake) -> None:
    first, task = born()
    commit = ([first], [task], [link()], [conflict()])
    store_over(lake).commit(*commit)
    names = ("watched", "changes", "tasks", "links", "conflicts")
    before = {name: lake.history(name)[0].version for name in names}
    store_over(lake).commit(*commit)
    assert {name: lake.history(name)[0].version for name in names} == before


def test_a_task_is_read_in_its_columns(lake: Lake) -> None:
    first, task = born()
    store_over(lake).commit([first], [task])
    row = rows(lake, "tasks")[0]
    assert (row["title"], row["labels"], row["due_date"].isoformat()) == (
        "Mend the gate",
        ["garden", "iron"],
        "2026-03-09",
    )
    assert (row["source"], row["updated_at"], row["completed_at"]) == ("linear", NOON, None)


def test_what_a_pull_tells_of_an_item_is_kept_with_its_link(lake: Lake) -> None:
    store = store_over(lake)
    first, task = born(status="completed")
    facts = ItemFacts(("k",), ("L-9",), "hash", "mention", NOON, NOON)
    store.tell({link().key: facts})
    store.commit([first], [task], [link(), creating()])
    kept, made = sorted(rows(lake, "links"), key=lambda row: row["source"])
    assert (kept["mentions"], kept["record_hash"]) == (["k"], "hash")
    assert orjson.loads(kept["seen"])["blocks"] == ["L-9"]
    assert (kept["provider"], kept["linked_by"], made["provider"], made["linked_by"]) == (
        "linear",
        "mention",
        "gitlab",
        "made",
    )
    assert (rows(lake, "tasks")[0]["created_at"], rows(lake, "tasks")[0]["completed_at"]) == (NOON, NOON)
    store_over(lake).commit(links=[link(merges=4)])
    again = next(row for row in rows(lake, "links") if row["source"] == "linear")
    assert {**again, "merges": 3} == kept


def test_an_item_that_a_task_was_born_as_says_so(lake: Lake) -> None:
    name = str(task_id("linear", "L-1"))
    store_over(lake).commit([born(name)[0]], [], [link(task_id=name)])
    row = rows(lake, "links")[0]
    assert (row["is_primary"], row["linked_by"]) == (True, "born")


def test_a_task_that_only_a_pull_knows_is_loaded_from_its_columns(lake: Lake) -> None:
    row = old_task(1, labels=[], status=Status.STARTED, updated_at=NOON)
    seen = orjson.dumps({"fields": {"title": "Task 1"}, "blocks": ["2"]}).decode()
    lake.merge("tasks", [row])
    lake.merge("links", [old_link(1, task_id=row.task_id, seen=seen, remote_updated_at=NOON, record_hash="h")])
    store = store_over(lake)
    loaded = store.load([row.task_id])[row.task_id]
    assert loaded.kept
    assert (loaded.task.version, loaded.task.last_open) == (0, "started")
    title = loaded.task.fields["title"]
    assert (title.value, title.at, title.origin) == ("Task 1", NOON, ItemKey("linear", "1"))
    assert {"labels", "due_date", "archived"}.isdisjoint(loaded.task.fields)
    item = loaded.links[0]
    assert (item.seen, item.adjusted, item.merges, item.batch, item.revision) == ({"title": "Task 1"}, {}, 0, 0, NOON)
    edit = change(1, task_id=row.task_id)._replace(position=0)
    store.commit([edit], [fold_onto(loaded.task, [edit])], loaded.links)
    assert store.load([row.task_id])[row.task_id].task == fold_onto(loaded.task, [edit])
    kept = rows(lake, "links")[0]
    assert (orjson.loads(kept["seen"])["blocks"], kept["record_hash"], kept["is_primary"]) == (["2"], "h", True)
    assert rows(lake, "tasks")[0]["created_at"] == row.created_at


def test_comments_are_no_items_of_tasks(lake: Lake) -> None:
    lake.merge("links", [old_link(1, kind="comment", seen='{"body": "x"}')])
    store = store_over(lake)
    assert store.find([ItemKey("linear", "1")]) == {}
    assert store.holders(["task_000001"]) == {}
    store.commit(links=[link("linear", "1", state=LinkState.ARCHIVED)])
    assert {row["kind"] for row in rows(lake, "links")} == {"comment", "task"}


def test_changes_that_only_a_pull_knows_are_not_told_as_decisions(lake: Lake) -> None:
    first, task = born()
    store = store_over(lake)
    store.commit([first], [task])
    pulled = rows(lake, "changes")[0] | {"change_id": "change_old", "decision": "differs", "position": None}
    lake.append(
        "changes", pa.Table.from_pylist([pulled | {"number": None}], lake.sql("select * from {changes}").schema)
    )
    assert store.changes(task_id="task_1") == [first]
    assert store.load(["task_1"])["task_1"].decided == {first.change_id}


def test_the_last_batch_is_that_of_the_cursors(lake: Lake) -> None:
    lake.merge("cursors", [cursor("linear", 4), cursor("web", LAST)])
    assert store_over(lake).last_batch() == LAST


def test_what_may_not_be_written_is_told_with_the_words_of_the_last_try(lake: Lake) -> None:
    store, (first, task) = store_over(lake), born()
    hidden = [link(state=LinkState.NO_ACCESS), link("web", "7", state=LinkState.NO_ACCESS)]
    store.commit([first], [task], hidden, [conflict()])
    for number, said in enumerate(("not yours", "not yours at all")):
        tried = write(number)
        store.intend([tried])
        store.finish([tried.model_copy(update={"outcome": Outcome.NO_ACCESS, "error": said, "finished_at": NOON})])
    found = outstanding(lake)
    told = [(one.source, one.external_id, one.title, one.error) for one in found.kept_out]
    assert told == [("linear", "L-1", "Mend the gate", None), ("web", "7", "Mend the gate", "not yours at all")]
    assert (found.no_access, found.open_conflicts) == ({"linear": 1, "web": 1}, 1)
