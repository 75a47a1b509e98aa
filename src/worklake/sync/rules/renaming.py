"""People and tasks whom a task knows by another id than they are known by now. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from worklake.model.fields import FieldValue
from worklake.sync.rules.rereading import REASON
from worklake.sync.rules.state import Change, Decision, TaskState
from worklake.sync.rules.task import Moment, fold_onto, given
from worklake.sync.rules.values import elements

_WHY = {
    "assignees": f"{REASON}: the same people",
    "blocked_by": "the same items, which are tasks now",
    "parent_id": "the same item, which is a task now",
}


def renamed(task: TaskState, aliases: Mapping[str, str], moment: Moment) -> list[Change]:
    """The changes that give whom and what a task refers to the ids by which they are known now, where `aliases` has
    the ids of before. Nobody was assigned or taken off.
    """
    changes: list[Change] = []
    for name, why in _WHY.items() if aliases else ():
        standing = task.fields.get(name)
        if standing is None or not any(one in aliases for one in _referred(standing.value)):
            continue
        change = given(task, name, _known_as(standing.value, aliases), standing.origin, Decision.TAKEN, why, moment)
        changes.append(change._replace(changed_at=standing.at, actor=standing.actor))
        task = fold_onto(task, changes[-1:])
    return changes


def _referred(value: FieldValue) -> frozenset[str]:
    return frozenset([value]) if isinstance(value, str) else elements(value)


def _known_as(value: FieldValue, aliases: Mapping[str, str]) -> FieldValue:
    if isinstance(value, str):
        return aliases.get(value, value)
    return sorted({aliases.get(one, one) for one in elements(value)})
