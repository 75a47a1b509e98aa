"""People and tasks whom a task knows by another id than they are known by now."""

from __future__ import annotations

from datetime import UTC, datetime

from worklake.model.fields import FieldValue
from worklake.sync.rules.renaming import renamed
from worklake.sync.rules.state import ItemKey, Standing, TaskState
from worklake.sync.rules.task import Moment, fold_onto

_MOMENT = Moment("run_1", datetime(2026, 1, 6, tzinfo=UTC))
_SAID = Standing(None, datetime(2026, 1, 5, tzinfo=UTC), ItemKey("A", "A1"), "kim")


def known_as(aliases: dict[str, str], **fields: FieldValue) -> TaskState:
    """The task of these fields once these ids are known by others."""
    task = TaskState("task_1", {name: _SAID._replace(value=value) for name, value in fields.items()})
    return fold_onto(task, renamed(task, aliases, _MOMENT))


def test_everything_that_a_task_refers_to_gets_the_id_by_which_it_is_known_now() -> None:
    aliases = {"A:9": "task_9", "A:kim": "kim"}
    task = known_as(aliases, blocked_by=["A:8", "A:9"], parent_id="A:9", assignees=["A:kim"], title="A:9")
    assert task.values() == {
        "blocked_by": ["A:8", "task_9"], "parent_id": "task_9", "assignees": ["kim"], "title": "A:9",
    }  # fmt: skip
    assert task.version == 3


def test_who_said_it_and_when_stays() -> None:
    task = known_as({"A:9": "task_9"}, parent_id="A:9")
    assert task.fields["parent_id"] == _SAID._replace(value="task_9")


def test_nothing_is_said_of_what_is_known_by_the_same_id_as_ever() -> None:
    assert known_as({"A:9": "task_9"}, blocked_by=["A:8"], parent_id=None).version == 0
