"""Merging one task: birth, merge of every field that changed, and the fold of changes. Pure."""

from __future__ import annotations

from collections.abc import Collection, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import NamedTuple

import orjson

from worklake.model.fields import FIELDS, OPEN_STATUSES, TEXT, FieldValue
from worklake.model.ids import digest
from worklake.settings.models import FieldPolicy
from worklake.sync.rules.field import Dispute, FieldOutcome, merge_field
from worklake.sync.rules.rereading import read_anew, undated
from worklake.sync.rules.resolution import changed_fields
from worklake.sync.rules.state import (
    DELETED,
    HOLDING,
    MOVING,
    Change,
    ChangeValue,
    Conflict,
    ConflictKind,
    Decision,
    Edited,
    ItemKey,
    Side,
    Standing,
    TaskState,
)
from worklake.sync.rules.values import same

WHOLE_TASK = "task"
"""The field of a change that brings all fields of a task."""
_OPEN = frozenset(status.value for status in OPEN_STATUSES)


@dataclass(frozen=True, slots=True)
class Moment:
    """The run in which something is decided, and when, by our clock."""

    run_id: str
    now: datetime


class TaskOutcome(NamedTuple):
    """What merging a task came to. Each side's `seen` is now its view. `conflicts` are those that are new or other."""

    task: TaskState
    changes: Sequence[Change] = ()
    conflicts: Sequence[Conflict] = ()


def born(task_id: str, side: Side, moment: Moment) -> TaskOutcome:
    """A task made of the one item that it was first seen as."""
    fields = {name: side.view[name] for name in FIELDS if name in side.view}
    change = Change(
        change_id=change_id(task_id, WHOLE_TASK, side.key, fields, None, side.merges),
        task_id=task_id,
        field=WHOLE_TASK,
        old=None,
        new=fields,
        origin=side.key,
        actor=side.edited.actor,
        changed_at=side.edited.at,
        decision=Decision.CREATED,
        reason=f"first seen in {side.key.source}",
        position=0,
        run_id=moment.run_id,
        observed_at=moment.now,
    )
    return TaskOutcome(fold(task_id, [change]), [change])


def merge_task(
    task: TaskState,
    sides: Sequence[Side],
    policies: Mapping[str, FieldPolicy],
    conflicts: Collection[Conflict],
    moment: Moment,
    decided: Container[str] = (),
    answered: Container[str] = (),
) -> TaskOutcome:
    """Merge what the items of a task show, whatever their order. `conflicts` are the task's open ones.

    `policies` are those of the settings, by field, `default` for the others. `decided` are ids of changes of a merge
    that died after it had kept them: an edit that went into a text must not go into it twice. Where the text is held,
    whole values are compared, and what agrees must still close the conflict. On what is `answered` of them a person has
    decided since, and it contends no more.
    """
    conflicts = sorted(conflicts, key=lambda one: one.conflict_id) if conflicts else ()
    held = {one.field: one for one in conflicts if one.open and one.kind in HOLDING}
    changers: dict[str, list[Side]] = {}
    readings: list[tuple[str, Side]] = []
    plain, fields = not conflicts and not any(side.reread for side in sides), task.fields
    for side in sides:
        for name in changed_fields(side):
            if name in side.reread:
                readings.append((name, side))
                continue
            if plain and name not in side.seen and side.view[name] == _value(fields, name):
                continue  # what a first meeting finds as it is says nothing
            over = decided if FIELDS[name].merge is TEXT and name not in held else answered
            if not (over and edit_id(task.task_id, name, side) in over):
                changers.setdefault(name, []).append(side)
    if not changers and not readings:
        return TaskOutcome(task)
    merging = _Merging(task, sides, moment, decided, held)
    for name, side in sorted(readings, key=lambda one: (one[1].rank, one[1].key, one[0])):
        now, held_by = fold_onto(task, merging.changes), held.get(name)
        policy = policies.get(name) or policies.get("default", "latest")
        if held_by is not None:
            outcome = merge_field(name, now, [undated(side, name)], sides, policy, held_by)
        else:
            outcome = read_anew(name, now, side, policy)
        merging.take(name, outcome, held_by)
    task_now = fold_onto(task, merging.changes) if readings else task
    for name in FIELDS:
        if name in changers:
            policy = policies.get(name) or policies.get("default", "latest")
            outcome = merge_field(name, task_now, changers[name], sides, policy, held.get(name))
            merging.take(name, outcome, held.get(name))
    merging.pass_over([one for one in conflicts if one.open and one.kind is ConflictKind.OVERWRITTEN])
    return TaskOutcome(fold_onto(task, merging.changes), merging.changes, merging.conflicts)


def _value(fields: Mapping[str, Standing], name: str) -> FieldValue:
    return fields[name].value if name in fields else FIELDS[name].empty


def fold(task_id: str, changes: Iterable[Change]) -> TaskState:
    """The task that these changes, in any order and each once, lead to."""
    return fold_onto(TaskState(task_id, {}), sorted(changes, key=lambda change: change.position))


def fold_onto(task: TaskState, changes: Iterable[Change]) -> TaskState:
    """The task after these later changes."""
    fields, version, last_open = dict(task.fields), task.version, task.last_open
    for change in changes:
        version = max(version, change.position + 1)
        if change.decision in MOVING:
            news = change.new if isinstance(change.new, dict) else {change.field: change.new}
            for name, value in news.items():
                fields[name] = Standing(value, change.changed_at, change.origin, change.actor)
            if news.get("status") in _OPEN:
                last_open = news["status"]
                fields.pop(DELETED, None)  # who opens a task again wants it to stay
        elif change.decision is Decision.AGREED and change.field in fields and change.field in FIELDS:
            fields[change.field] = _affirmed(fields[change.field], change)
    return TaskState(task.task_id, fields, version, last_open)


def _affirmed(standing: Standing, change: Change) -> Standing:
    """Where somebody else said the same, that is remembered, and if it was later, that is when it was said last. It
    still comes from who said it first.
    """
    if isinstance(change.new, dict) or not same(change.field, standing.value, change.new):
        return standing
    if change.origin is not None and change.origin != standing.origin:
        standing = standing._replace(also=tuple(sorted({*standing.also, change.origin})))
    later = change.changed_at is not None and (standing.at is None or change.changed_at > standing.at)
    return standing._replace(at=change.changed_at) if later else standing


def given(
    task: TaskState, name: str, value: FieldValue, origin: ItemKey | None, decision: Decision, why: str, moment: Moment
) -> Change:
    """The change by which a person gives a field a value through Worklake."""
    old = task.fields[name].value if name in task.fields else FIELDS[name].empty
    return Change(
        change_id=change_id(task.task_id, f"{name} {decision}", origin, value, old, task.version),
        task_id=task.task_id,
        field=name,
        old=old,
        new=value,
        origin=origin,
        actor=None,
        changed_at=moment.now,
        decision=decision,
        reason=why,
        position=task.version,
        run_id=moment.run_id,
        observed_at=moment.now,
    )


def told(
    task: TaskState, name: str, old: FieldValue, new: FieldValue, side: Side, decision: Decision, why: str,
    moment: Moment,
) -> Change:  # fmt: skip
    """The change by which something that happened to an item, other than an edit, moves or concerns the task.

    The same happening gives the same id until the item's link has moved.
    """
    return Change(
        change_id=change_id(task.task_id, name, side.key, new, old, side.merges),
        task_id=task.task_id,
        field=name,
        old=old,
        new=new,
        origin=side.key,
        actor=side.edited.actor,
        changed_at=side.edited.at,
        decision=decision,
        reason=why,
        position=task.version,
        run_id=moment.run_id,
        observed_at=moment.now,
    )


class _Merging:
    """Collects the rows of one task, and keeps `held` up to date: the open conflicts that hold a field, by field."""

    def __init__(
        self, task: TaskState, sides: Sequence[Side], moment: Moment, decided: Container[str], held: dict[str, Conflict]
    ) -> None:
        self._decided = decided
        self._held = held
        self._task = task
        self._sides = sides
        self._moment = moment
        self.changes: list[Change] = []
        self.conflicts: list[Conflict] = []

    def take(self, name: str, outcome: FieldOutcome, held_by: Conflict | None) -> None:
        """Rows of one field's outcome."""
        has_moved = False
        for edit in outcome.edits:
            identity = edit_id(self._task.task_id, name, edit.side)
            if edit.decision in MOVING:
                has_moved = True
                if identity in self._decided:
                    # A merge that died had decided otherwise: this moves the task once more.
                    identity = change_id(identity, name, edit.side.key, edit.new, edit.old, self._task.version)
            untold = edit.side.untold.get(name)
            reason = f"{edit.reason}; {untold}" if untold and untold not in edit.reason else edit.reason
            when = edit.side.edit_of(name)
            self._add(identity, name, edit.old, edit.new, edit.side.key, when, edit.decision, reason)
        moved = outcome.standing
        if moved is not None and not has_moved:
            old = self._task.fields[name].value if name in self._task.fields else FIELDS[name].empty
            identity = change_id(
                self._task.task_id, f"{name} agreed", moved.origin, moved.value, old, self._task.version
            )
            when, reason = Edited(moved.at, moved.actor), "those who contended have come to agree"
            self._add(identity, name, old, moved.value, moved.origin, when, Decision.TAKEN, reason)
        if held_by is not None:
            self._update(held_by, outcome)
        elif outcome.dispute is not None:
            self._dispute(self._conflict(name, outcome.dispute))

    def _add(
        self, identity: str, name: str, old: FieldValue, new: FieldValue, origin: ItemKey | None, when: Edited,
        decision: Decision, reason: str,
    ) -> None:  # fmt: skip
        task, moment, position = self._task, self._moment, self._task.version + len(self.changes)
        change = Change(
            identity, task.task_id, name, old, new, origin, when.actor, when.at, decision, reason,
            position, moment.run_id, moment.now,
        )  # fmt: skip
        self.changes.append(change)

    def _dispute(self, conflict: Conflict) -> None:
        self.conflicts.append(conflict)
        if conflict.open:
            self._held[conflict.field] = conflict
        else:
            self._held.pop(conflict.field, None)

    def _conflict(self, name: str, dispute: Dispute) -> Conflict:
        merges = {side.key: side.merges for side in self._sides}
        said = [
            [list(one.origin or ()), one.value, merges.get(one.origin, 0) if one.origin else 0]
            for one in dispute.contenders
        ]
        identity = orjson.dumps([self._task.task_id, name, said])
        winner = dispute.winner
        return Conflict(
            conflict_id="conflict_" + digest(identity.decode()),
            task_id=self._task.task_id,
            field=name,
            kind=ConflictKind.DIFFERS,
            contenders=dispute.contenders,
            open=not dispute.settled,
            reason=dispute.reason,
            run_id=self._moment.run_id,
            opened_at=self._moment.now,
            settled_at=self._moment.now if dispute.settled else None,
            winner=winner.origin if winner else None,
            value=winner.value if winner else None,
        )

    def pass_over(self, overwritten: Iterable[Conflict]) -> None:
        """Close those whose field has been edited since: nobody needs what was lost then."""
        moved = {change.field: change for change in self.changes if change.decision in MOVING}
        for one in overwritten:
            if one.field in moved:
                change = moved[one.field]
                value = change.new if not isinstance(change.new, dict) else None
                closed = replace(one, open=False, settled_at=self._moment.now, reason="edited since")
                self.conflicts.append(replace(closed, value=value, winner=change.origin))

    def _update(self, conflict: Conflict, outcome: FieldOutcome) -> None:
        if outcome.closed:
            standing = outcome.standing or self._task.fields.get(conflict.field)
            closed = replace(
                conflict,
                open=False,
                settled_at=self._moment.now,
                reason="all agree",
                value=standing.value if standing else None,
                winner=standing.origin if standing else None,
            )
            self._dispute(closed)
        elif outcome.dispute is not None:
            self._dispute(replace(conflict, contenders=outcome.dispute.contenders))


def edit_id(task_id: str, name: str, side: Side) -> str:
    """The id of the change that an item's view of a field is. The same merge repeated gives the same; the same edit
    made again later, another.
    """
    return change_id(task_id, name, side.key, side.view[name], side.seen.get(name), side.merges)


def change_id(task: str, name: str, origin: ItemKey | None, new: ChangeValue, seen: ChangeValue, merges: int) -> str:
    """The id of a change of what was `seen` to what is `new` at an item whose link had moved so often."""
    values = orjson.dumps([new, seen, merges], option=orjson.OPT_SORT_KEYS).decode()
    return "change_" + digest(task, name, *(origin or ("", "")), values)
