"""Items that are deleted, archived or back, and what follows from it for their tasks: over simulated sources."""

from __future__ import annotations

from random import Random

import pytest

from worklake.errors import AccessError, RetryableError
from worklake.integrations.base import Item, Where
from worklake.model.heart_rows import Operation, Outcome
from worklake.model.rows import LinkState
from worklake.settings.models import OnDelete
from worklake.sync.rules.state import ItemKey
from worklake.testing.simulate import deletions
from worklake.testing.simulate import world as worlds
from worklake.testing.simulate.deletions import DeletingShape, DeletingSource, DeletingWorld

SILENT = DeletingShape(incremental=False)
TRASH = DeletingShape(archives=True, announces=True)


def town(*shapes: DeletingShape, policy: OnDelete = "close", tasks: int = 1) -> DeletingWorld:
    """Sources A, B, … of these shapes; tasks that people made in A are everywhere."""
    made = DeletingWorld({}, {}, {})
    for name, shape in zip("ABC", shapes, strict=False):
        made.sources[name] = DeletingSource(name, shape, made, lambda source, what: False, lambda: False)
        made.on_delete[name] = policy
    made.routes = {name: tuple(sorted(made.sources.keys() - {name})) for name in made.sources}
    for number in range(tasks):
        made.sources["A"].person_creates({"title": f"title {number}", "status": "started"})
    sync(made)
    sync(made)
    return made


def sync(made: DeletingWorld) -> list[Operation]:
    made.tick(120)
    return [step.operation for step in worlds.sync(made, Random(0)).steps]


def person(made: DeletingWorld, source: str, what: str, number: int = 1) -> None:
    made.tick(60)
    item = made.sources[source].items[f"{source}{number}"]
    if what in ("delete", "restore"):
        item.deleted = what == "delete"
    else:
        item.fields["archived"] = what == "archive"
    item.updated_at = made.sources[source].now()


def shown(made: DeletingWorld, source: str, name: str = "status", number: int = 1) -> object:
    return made.sources[source].items[f"{source}{number}"].fields[name]


def canonical(made: DeletingWorld, name: str = "status") -> object:
    (task,) = made.store.all_tasks()
    return made.store.load([task])[task].task.fields[name].value


def state(made: DeletingWorld, source: str, number: int = 1) -> LinkState:
    key = ItemKey(source, f"{source}{number}")
    return made.store.find([key])[key].state


def test_what_was_deleted_silently_is_found_by_a_sweep_and_closed_elsewhere() -> None:
    made = town(SILENT, SILENT, SILENT)
    person(made, "A", "delete")
    assert sync(made) == []
    swept = deletions.sweep(made, "A")
    assert (swept.listed, swept.missing, swept.count(Where.DELETED), swept.error) == (0, 1, 1, None)
    assert sync(made) == [Operation.UPDATE, Operation.UPDATE]
    assert [shown(made, one) for one in "BC"] == ["canceled", "canceled"]
    assert sync(made) == []
    (task,) = made.store.all_tasks()
    (closing,) = (one for one in made.store.changes(task_id=task) if one.field == "status")
    assert (closing.reason, closing.origin) == ("deleted in A, confirmed", ItemKey("A", "A1"))


def test_a_second_sweep_of_the_same_finds_nothing_more() -> None:
    made = town(SILENT, SILENT)
    person(made, "A", "delete")
    deletions.sweep(made, "A")
    before = made.store.changes(task_id=made.store.all_tasks()[0])
    assert deletions.sweep(made, "A").missing == 0
    assert made.store.changes(task_id=made.store.all_tasks()[0]) == before


def test_what_lies_in_the_trash_is_closed_elsewhere_after_a_pull_alone() -> None:
    made = town(TRASH, SILENT)
    person(made, "A", "delete")
    assert sync(made) == [Operation.UPDATE]
    assert shown(made, "B") == "canceled"


def test_what_comes_back_opens_its_task_again() -> None:
    made = town(TRASH, SILENT)
    person(made, "A", "delete")
    sync(made)
    person(made, "A", "restore")
    sync(made)
    assert (shown(made, "A"), shown(made, "B"), canonical(made)) == ("started", "started", "started")
    assert sync(made) == []


def test_a_task_that_a_person_opens_again_elsewhere_stays_open() -> None:
    made = town(SILENT, SILENT)
    person(made, "A", "delete")
    deletions.sweep(made, "A")
    sync(made)
    made.tick(60)
    made.sources["B"].person_edits("B1", "status", "started")
    sync(made)
    deletions.sweep(made, "A")
    assert sync(made) == []
    assert (shown(made, "B"), canonical(made)) == ("started", "started")


def test_a_completed_task_stays_completed_when_an_item_is_deleted() -> None:
    made = town(SILENT, SILENT)
    made.sources["A"].person_edits("A1", "status", "completed")
    sync(made)
    person(made, "A", "delete")
    deletions.sweep(made, "A")
    assert sync(made) == []
    assert shown(made, "B") == "completed"


def test_archived_here_is_closed_where_nothing_is_archived_and_open_again_when_it_is_back() -> None:
    made = town(TRASH, SILENT)
    person(made, "A", "archive")
    sync(made)
    assert (shown(made, "B"), shown(made, "A"), canonical(made, "archived")) == ("canceled", "started", True)
    assert sync(made) == []
    person(made, "A", "unarchive")
    sync(made)
    assert (shown(made, "B"), shown(made, "A"), canonical(made, "archived")) == ("started", "started", False)
    assert sync(made) == []


def test_with_the_policy_nothing_a_deletion_is_noted_and_nothing_follows() -> None:
    made = town(SILENT, SILENT, policy="nothing")
    person(made, "A", "delete")
    deletions.sweep(made, "A")
    assert sync(made) == []
    assert (shown(made, "B"), canonical(made), state(made, "A")) == ("started", "started", LinkState.DELETED)
    last = made.store.changes(task_id=made.store.all_tasks()[0])[-1]
    assert (last.field, last.new, "nothing follows" in last.reason) == ("state", "deleted", True)


def test_with_the_policy_archive_a_deletion_archives_where_that_is_possible() -> None:
    made = town(SILENT, TRASH, policy="archive")
    person(made, "A", "delete")
    deletions.sweep(made, "A")
    sync(made)
    assert (shown(made, "B", "archived"), shown(made, "B")) == (True, "started")
    assert sync(made) == []


def test_with_the_policy_archive_a_deletion_closes_where_nothing_is_archived() -> None:
    made = town(SILENT, SILENT, policy="archive")
    person(made, "A", "delete")
    deletions.sweep(made, "A")
    sync(made)
    assert shown(made, "B") == "canceled"


def test_with_the_policy_delete_a_deletion_deletes_and_what_comes_back_is_not_deleted_again() -> None:
    made = town(SILENT, TRASH, policy="delete")
    person(made, "A", "delete")
    deletions.sweep(made, "A")
    assert sync(made) == [Operation.DELETE]
    assert (made.sources["B"].items["B1"].deleted, state(made, "B")) == (True, LinkState.DELETED)
    assert sync(made) == []
    person(made, "B", "restore")
    sync(made)
    assert sync(made) == []
    assert not made.sources["B"].items["B1"].deleted


def test_an_edit_before_the_deletion_is_done_stops_it_until_the_next_plan() -> None:
    made = town(SILENT, TRASH, policy="delete")
    person(made, "A", "delete")
    deletions.sweep(made, "A")
    planned = worlds.plan(made)
    made.tick(60)
    made.sources["B"].person_edits("B1", "status", "unstarted")
    worlds.apply(made, planned)
    assert made.store.all_writes()[-1].outcome is Outcome.STALE
    sync(made)
    assert not made.sources["B"].items["B1"].deleted
    assert canonical(made) == "unstarted"


def test_who_may_not_delete_closes(monkeypatch: pytest.MonkeyPatch) -> None:
    made = town(SILENT, SILENT, policy="delete")

    def refuses(self: DeletingSource, external_id: str) -> None:
        raise AccessError("only owners delete")

    monkeypatch.setattr(DeletingSource, "delete", refuses)
    person(made, "A", "delete")
    deletions.sweep(made, "A")
    assert sync(made) == [Operation.DELETE]
    assert sync(made) == [Operation.UPDATE]
    assert (shown(made, "B"), state(made, "B")) == ("canceled", LinkState.LINKED)
    assert sync(made) == []


def test_a_list_that_breaks_off_proves_nothing() -> None:
    made = town(SILENT, SILENT, tasks=4)
    person(made, "A", "delete", 4)

    def fails(source: str, what: str) -> bool:
        if what == "list_ids" and source == "A":
            raise RetryableError("A broke off")
        return False

    made.sources["A"]._fault = fails
    swept = deletions.sweep(made, "A")
    assert (swept.error, swept.found) == ("A broke off", [])
    assert state(made, "A", 4) is LinkState.LINKED
    assert sync(made) == []


def test_a_list_that_leaves_out_what_is_there_is_given_up_after_a_few_questions(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made = town(SILENT, SILENT, tasks=40)
    asked: list[str] = []
    read_many = DeletingSource.read_many

    def counted(self: DeletingSource, external_ids: list[str]) -> list[Item]:
        asked.extend(external_ids)
        return list(read_many(self, external_ids))

    monkeypatch.setattr(DeletingSource, "read_many", counted)
    monkeypatch.setattr(DeletingSource, "list_ids", lambda self: iter(()))
    swept = deletions.sweep(made, "A")
    assert swept.error is not None
    assert "leaves out 40 of 40" in swept.error
    assert (len(asked), swept.found) == (5, [])
    asked.clear()
    assert sync(made) == []


def test_a_source_that_may_not_be_seen_closes_nothing_and_is_as_before_when_it_shows_again() -> None:
    made = town(SILENT, SILENT)
    source = made.sources["A"]
    assert isinstance(source, DeletingSource)
    source.hidden = True
    assert deletions.sweep(made, "A").error == "A is hidden"
    assert state(made, "A") is LinkState.LINKED
    source.hidden = False
    assert deletions.sweep(made, "A").missing == 0
    assert sync(made) == []
    assert shown(made, "B") == "started"


def test_a_source_that_is_taken_out_of_the_settings_leaves_everything_as_it_is() -> None:
    made = town(SILENT, SILENT, SILENT)
    before = made.store.find([ItemKey("C", "C1")])
    gone = made.sources.pop("C")
    gone.items["C1"].deleted = True
    made.routes = {"A": ("B",), "B": ("A",)}
    deletions.sweep(made, "A")
    deletions.sweep(made, "B")
    assert sync(made) == []
    assert made.store.find([ItemKey("C", "C1")]) == before
    assert canonical(made) == "started"


def test_an_item_that_a_write_finds_gone_is_a_question_that_the_sweep_answers() -> None:
    made = town(SILENT, SILENT)
    person(made, "B", "delete")
    made.sources["A"].person_edits("A1", "title", "another title")
    sync(made)
    assert (state(made, "B"), canonical(made)) == (LinkState.MISSING, "started")
    assert sync(made) == []
    deletions.sweep(made, "B")
    sync(made)
    assert (state(made, "B"), shown(made, "A")) == (LinkState.DELETED, "canceled")


def test_what_we_deleted_ourselves_closes_nothing() -> None:
    made = town(SILENT, TRASH)
    run = next(write.run_id for write in made.store.all_writes() if write.operation is Operation.CREATE)
    worlds.undo(made, run, everywhere=False)
    assert made.sources["B"].items["B1"].deleted
    sync(made)
    deletions.sweep(made, "B")
    assert sync(made) == []
    assert (shown(made, "A"), canonical(made)) == ("started", "started")
