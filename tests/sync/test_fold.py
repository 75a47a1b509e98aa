"""What is observed becomes tasks, links and changes, and the tasks are the fold of the changes."""

import json
from datetime import timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.sync.views import MOMENT, comment, task
from worklake.model.fields import FIELDS
from worklake.model.ids import task_id
from worklake.sync.fold import Folding, Known, Outcome, Stamp
from worklake.sync.match import Match, Neighbours, match


def stamp(source: str = "gitlab", batch: int = 1) -> Stamp:
    return Stamp(source, source, f"run_{batch}", MOMENT + timedelta(minutes=batch), batch)


class Memory:
    """Everything folded so far, as the lake would hold it, for one source."""

    def __init__(self, source: str = "gitlab") -> None:
        self.source = source
        self.links: dict[str, Any] = {}
        self.comment_links: dict[str, Any] = {}
        self.comments: dict[str, Any] = {}
        self.tasks: dict[str, Any] = {}
        self.changes: dict[str, Any] = {}
        self.batch = 0

    def take(self, *tasks: Any, comments: tuple[Any, ...] = (), neighbours: Neighbours | None = None) -> Outcome:
        self.batch += 1
        unlinked = [item for item in tasks if item.external_id not in self.links]
        mentions = {item.external_id: item.view.urls for item in tasks}
        matches, _ = match(self.source, unlinked, mentions, neighbours or Neighbours())
        new = {item.external_id for item in tasks}
        waiting = [
            link
            for link in (*self.links.values(), *self.comment_links.values())
            if set(link["awaits"] or ()) & new and link["external_id"] not in new
        ]
        known = Known(self.links, self.comment_links, waiting, self.comments, self.tasks, {"7": "kim@x.example"})
        folding = Folding(stamp(self.source, self.batch), known, matches)
        folding.tasks(tasks, mentions)
        folding.linked(tasks)
        folding.blocking(tasks)
        folding.waiting()
        folding.comments(comments)
        outcome = folding.outcome
        for link in outcome.links:
            (self.links if link["kind"] == "task" else self.comment_links)[link["external_id"]] = link
        self.comments |= {row["comment_id"]: row for row in outcome.comments}
        self.tasks |= outcome.tasks
        self.changes |= {change["change_id"]: change for change in outcome.changes}
        return outcome

    def task(self, external_id: str) -> dict[str, Any]:
        return self.tasks[self.links[external_id]["task_id"]]


def told(outcome: Outcome) -> list[tuple[str, str, Any, Any]]:
    return [
        (change["field"], change["decision"], *(json.loads(change[side] or "null") for side in ("old", "new")))
        for change in outcome.changes
    ]


def fold(changes: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """`tasks` computed anew from `changes` alone."""
    tasks: dict[str, dict[str, Any]] = {}
    for change in changes:
        if change["decision"] == "created" and change["field"] == "task":
            tasks[change["task_id"]] = json.loads(change["new"])
        elif change["decision"] == "taken" and change["field"] in FIELDS:
            tasks[change["task_id"]][change["field"]] = json.loads(change["new"] or "null")
    return tasks


def test_a_new_item_is_a_task_with_one_change_that_brings_it_whole() -> None:
    memory = Memory()
    outcome = memory.take(task("1", title="Write it", due_date="2026-03-05"))
    assert memory.task("1")["due_date"] == "2026-03-05"
    assert [(name, decision) for name, decision, _, _ in told(outcome)] == [("task", "created")]


def test_an_edit_is_one_change_of_one_field() -> None:
    memory = Memory()
    memory.take(task("1"))
    outcome = memory.take(task("1", "h2", title="Write more"))
    assert told(outcome) == [("title", "taken", "Write it", "Write more")]
    assert memory.task("1")["title"] == "Write more"


def test_what_changed_settings_read_otherwise_is_told_as_that_at_the_runs_time() -> None:
    memory = Memory()
    memory.take(task("1", "h1", status="unstarted"))
    outcome = memory.take(task("1", "h1", status="started"))
    (change,) = outcome.changes
    assert (change["field"], change["decision"]) == ("status", "taken")
    assert change["reason"] == "read anew with changed settings"
    assert (change["changed_at"], change["observed_at"], change["actor"]) == (None, stamp(batch=2).now, None)
    (edited,) = memory.take(task("1", "h2", status="completed")).changes
    assert edited["reason"] == "changed at its own source"


def test_the_same_item_again_changes_nothing() -> None:
    memory = Memory()
    memory.take(task("1"))
    outcome = memory.take(task("1"))
    assert (outcome.changes, outcome.links) == ([], [])


def test_the_same_edit_made_again_later_is_told_again() -> None:
    memory = Memory()
    for number, title in enumerate(("A", "B", "A", "B")):
        memory.take(task("1", f"h{number}", title=title))
    assert [json.loads(change["new"]) for change in memory.changes.values()][1:] == ["B", "A", "B"]


def test_people_are_told_apart_by_their_accounts() -> None:
    memory = Memory()
    memory.take(task("1", assignees=["7", "8"]))
    assert memory.task("1")["assignees"] == ["8@gitlab", "kim@x.example"]


def test_an_item_that_comes_to_a_task_is_told() -> None:
    matches = {"x": Match("task_there", "mention", "it points at host/1")}  # type: ignore[arg-type]
    folding = Folding(stamp("linear"), Known(), matches)
    folding.linked([task("x", title="Mine")])
    assert folding.outcome.tasks == {}
    assert told(folding.outcome)[0][:2] == ("task", "linked")


def test_a_child_that_comes_before_its_parent_finds_it_later() -> None:
    memory = Memory()
    memory.take(task("child", parent_id="parent"))
    assert memory.task("child")["parent_id"] is None
    assert memory.links["child"]["awaits"] == ["parent"]
    outcome = memory.take(task("parent"))
    assert memory.task("child")["parent_id"] == memory.links["parent"]["task_id"]
    assert memory.links["child"]["awaits"] is None
    assert ("parent_id", "taken", None, memory.links["parent"]["task_id"]) in told(outcome)


def test_a_relation_shown_by_the_blocking_item_reaches_the_blocked_one_and_leaves_it_again() -> None:
    memory = Memory()
    memory.take(task("a", blocks=["b"]), task("b"))
    assert memory.task("b")["blocked_by"] == [memory.links["a"]["task_id"]]
    memory.take(task("b", "h2", title="Edited"))
    assert memory.task("b")["blocked_by"] == [memory.links["a"]["task_id"]]
    memory.take(task("a", "h2"))
    assert memory.task("b")["blocked_by"] == []


def test_a_blocked_item_that_comes_after_the_blocking_one_is_blocked_too() -> None:
    memory = Memory()
    memory.take(task("a", blocks=["b"]))
    memory.take(task("b"))
    assert memory.task("b")["blocked_by"] == [memory.links["a"]["task_id"]]


def test_a_comment_is_kept_with_its_author_and_an_edit_of_it_is_told() -> None:
    memory = Memory()
    memory.take(task("1"), comments=(comment("c", "1"),))
    (row,) = memory.comments.values()
    assert (row["author"], row["body"], row["task_id"]) == ("kim@x.example", "Hello", memory.links["1"]["task_id"])
    outcome = memory.take(comments=(comment("c", "1", "Hello!", "h2"),))
    assert told(outcome) == [("comment", "taken", "Hello", "Hello!")]


def test_a_comment_that_comes_before_its_task_is_moved_to_it() -> None:
    memory = Memory()
    memory.take(comments=(comment("c", "1"),))
    assert memory.comment_links["c"]["awaits"] == ["1"]
    memory.take(task("1"))
    assert memory.comment_links["c"]["awaits"] is None
    assert memory.comment_links["c"]["task_id"] == task_id("gitlab", "1")


def test_an_item_that_goes_to_the_bin_keeps_its_task_and_is_told() -> None:
    memory = Memory()
    memory.take(task("1"))
    outcome = memory.take(task("1", "h2", deleted=True))
    assert memory.links["1"]["state"] == "deleted"
    assert told(outcome) == [("state", "taken", "linked", "deleted")]
    assert memory.task("1")["title"] == "Write it"


EDITS = st.tuples(
    st.sampled_from("abc"),
    st.fixed_dictionaries(
        {},
        optional={
            "title": st.sampled_from(["A", "B"]),
            "status": st.sampled_from(["unstarted", "completed"]),
            "labels": st.lists(st.sampled_from(["x", "y"]), unique=True).map(sorted),
            "due_date": st.sampled_from([None, "2026-03-05"]),
            "assignees": st.lists(st.sampled_from(["7", "8"]), unique=True),
            "parent_id": st.sampled_from([None, "a", "b", "z"]),
            "blocked_by": st.lists(st.sampled_from("abz"), unique=True),
            "blocks": st.lists(st.sampled_from("abcz"), unique=True),
        },
    ),
)


@settings(deadline=None)
@given(st.lists(st.lists(EDITS, max_size=3, unique_by=lambda edit: edit[0]), max_size=8))
def test_tasks_are_the_fold_of_changes(steps: list[list[tuple[str, dict[str, Any]]]]) -> None:
    memory = Memory()
    for number, step in enumerate(steps):
        memory.take(*(task(name, f"h{number}", **fields) for name, fields in step))
    expected = {task: {name: row[name] for name in FIELDS} for task, row in memory.tasks.items()}
    assert fold(list(memory.changes.values())) == expected


@settings(deadline=None)
@given(st.lists(EDITS, max_size=3, unique_by=lambda edit: edit[0]), st.data())
def test_a_merge_that_died_between_its_commits_ends_the_same_when_repeated(
    step: list[tuple[str, dict[str, Any]]], data: st.DataObject
) -> None:
    whole, killed = Memory(), Memory()
    first = [task(name) for name in "ab"]
    items = [task(name, "h2", **fields) for name, fields in step]
    for memory in (whole, killed):
        memory.take(*first)
    before = dict(killed.links)
    whole.take(*items)
    killed.take(*items)
    # Changes and tasks were committed, the links were not: the next run takes the same records in again.
    if data.draw(st.booleans()):
        killed.links = before
        killed.batch -= 1
        killed.take(*items)
    assert killed.tasks == whole.tasks
    assert {one["change_id"] for one in killed.changes.values()} == {one["change_id"] for one in whole.changes.values()}


def test_what_a_link_remembers_of_writes_is_left_alone() -> None:
    memory = Memory()
    memory.take(task("1", title="Old"))
    remembered = {"adjusted": '{"title":[["a ","a"]]}', "merges": 3, "looked_at": 7, "made_id": "x", "replaces": None}
    memory.links["1"] |= remembered
    memory.take(task("1", title="New"))
    link = memory.links["1"]
    assert json.loads(link["seen"])["fields"]["title"] == "New"
    assert {name: link[name] for name in remembered} == remembered
