"""People whom a task knows by another id than they are known by now. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from worklake.model.fields import FieldValue
from worklake.sync.rules.rereading import REASON
from worklake.sync.rules.state import Change, Decision, TaskState
from worklake.sync.rules.task import Moment, given
from worklake.sync.rules.values import elements


def renamed(task: TaskState, aliases: Mapping[str, str], moment: Moment) -> list[Change]:
    """The change that gives a task's people the ids by which they are known now. Nobody was assigned or taken off."""
    standing = task.fields.get("assignees")
    if standing is None or not aliases or not any(one in aliases for one in elements(standing.value)):
        return []
    people: FieldValue = sorted({aliases.get(one, one) for one in elements(standing.value)})
    why = f"{REASON}: the same people"
    change = given(task, "assignees", people, standing.origin, Decision.TAKEN, why, moment)
    return [change._replace(changed_at=standing.at, actor=standing.actor)]
