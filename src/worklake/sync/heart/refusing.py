"""What a provider refuses waits for a person, as an open conflict, for as long as it is due."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from worklake.model.fields import FIELDS, FieldValue
from worklake.model.heart_rows import Operation, Outcome, PlannedStep, Write
from worklake.model.ids import digest
from worklake.sync.heart.leaving import shows_what_was_left
from worklake.sync.rules import resolution
from worklake.sync.rules.comments import COMMENT
from worklake.sync.rules.plan import AS_A_WHOLE, NOT_SENT, WHOLE_TASK, Planning, creating_key, creation, refused_at
from worklake.sync.rules.putaway import is_open
from worklake.sync.rules.state import DELETED, Conflict, ConflictKind, Contender, ItemKey, Side, TaskState
from worklake.sync.rules.task import Moment
from worklake.sync.rules.values import same

_WHOLE = AS_A_WHOLE | {COMMENT}
"""What is refused of an item as a whole: a provider may take it another day, and a person says when. Comments are
looked after by `comments/planning.py`.
"""

_DONE_WITH = {Operation.CREATE: {WHOLE_TASK}, Operation.CLOSE: {DELETED}}
"""What is settled of an item as a whole once this is done to it: an undo closes what it may not delete."""


class Refusal(NamedTuple):
    """The provider's words against a value. `certain` where they name it: else nobody knows that it is at fault."""

    words: str
    certain: bool


def conflicts_of(
    step: PlannedStep,
    write: Write,
    refused: Mapping[str, Refusal],
    task: TaskState,
    side: Side | None,
    mapping: str,
    known: Iterable[Conflict],
    moment: Moment,
) -> Sequence[Conflict]:
    """The conflicts that an answer opens, for what was refused, and closes, for what was refused before and is taken
    now. `side` is the item as it was before the call; None where it was yet to be made.
    """
    item = creating_key(step.source, step.task_id) if side is None else side.key
    before = {one.conflict_id: one for one in refused_at(known, item)}
    opened = []
    for name, refusal in refused.items():
        conflict = _conflict(step, name, refusal, task, side, item, mapping, moment)
        old = before.get(conflict.conflict_id)
        if old is not None:
            conflict = replace(conflict, run_id=old.run_id, opened_at=old.opened_at, contenders=old.contenders)
        if conflict != old:
            opened.append(conflict)
    if write.outcome is not Outcome.ACKNOWLEDGED:
        return opened
    taken = set(write.sent) | _DONE_WITH.get(step.operation, set())
    why = "it was closed instead" if step.operation is Operation.CLOSE else "it was taken there"
    return [
        *opened,
        *(replace(one, open=False, settled_at=moment.now, reason=why, value=one.value)
          for one in before.values() if one.field in taken - refused.keys()),
    ]  # fmt: skip


def _conflict(
    step: PlannedStep,
    name: str,
    refusal: Refusal,
    task: TaskState,
    side: Side | None,
    item: ItemKey,
    mapping: str,
    moment: Moment,
) -> Conflict:
    value = step.fields.get(name)
    contenders = [Contender(None, _ours(step, name, value, task, side), moment.now)]
    if side is not None and name in side.view:
        theirs = resolution.meant(side, name, side.view[name], task)
        contenders.append(Contender(side.key, theirs, side.edit_of(name).at, side.edit_of(name).actor))
    return Conflict(
        conflict_id="conflict_" + digest(step.task_id, name, *item, str(value)),
        task_id=step.task_id,
        field=name,
        kind=ConflictKind.REFUSED,
        contenders=tuple(contenders),
        open=True,
        reason=refusal.words,
        run_id=moment.run_id,
        opened_at=moment.now,
        value=value,
        at_item=item,
        mapping=mapping if refusal.certain else None,
    )


def _ours(step: PlannedStep, name: str, value: FieldValue, task: TaskState, side: Side | None) -> FieldValue:
    """The whole value that was to be written: the task's own, which the item would show as the one that was sent."""
    if name not in FIELDS or name not in task.fields or step.undoes is not None:
        return value
    whole = task.fields[name].value
    return whole if side is None or name in _WHOLE or resolution.shows(side, name, whole, value) else value


def no_longer_due(planning: Planning, moment: Moment) -> list[Conflict]:
    """The open conflicts of a task over what was refused, or left, and is not due there any more, closed.

    What was refused by a source that this run does not look at stays as it is.
    """
    return [
        replace(one, open=False, settled_at=moment.now, reason="it is not due there any more")
        for one in planning.conflicts
        if one.open and one.kind in NOT_SENT and _is_over(one, planning)
    ]


def _is_over(conflict: Conflict, planning: Planning) -> bool:
    """Whether what was refused, or left, is not due any more. A deletion is not where the item is closed instead."""
    if conflict.field != DELETED:
        return conflict.field not in _WHOLE and not _is_due(conflict, planning)
    wish = planning.task.fields.get(DELETED)
    there = [side for side in planning.sides if side.key == conflict.at_item]
    return (wish is None or wish.value is not True) and any(not is_open(side.view.get("status")) for side in there)


def _is_due(conflict: Conflict, planning: Planning) -> bool:
    """Whether the value that was refused would be sent, were it not refused, or nobody knows. What a person left is
    only as long as it shows.
    """
    if conflict.kind is ConflictKind.LEFT and not all(
        shows_what_was_left(conflict, side) for side in planning.sides if side.key == conflict.at_item
    ):
        return False
    asked = _asked(conflict, planning)
    name = conflict.field
    return not asked or any(name in one and same(name, one[name], conflict.value) for one in asked)


def _asked(conflict: Conflict, planning: Planning) -> list[Mapping[str, FieldValue]]:
    """What the item that refused should be given."""
    item, task = conflict.at_item, planning.task
    if item is None:
        return []
    making = item == creating_key(item.source, task.task_id)
    asked: list[Mapping[str, FieldValue]] = [
        resolution.outstanding(task.values(), side)
        for side in planning.sides
        if side.key == item or (making and side.key.source == item.source)
    ]
    if making:
        asked += [creation(task, one, ()) for one in planning.missing if one.source == item.source]
    return asked
