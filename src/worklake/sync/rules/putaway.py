"""What it means for a task that somebody deleted or archived one of its items, or brought it back. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace

from worklake.model.fields import OPEN_STATUSES, FieldValue, Status
from worklake.model.rows import LinkState
from worklake.settings.models import OnDelete
from worklake.sync.rules import resolution
from worklake.sync.rules.plan import held_fields
from worklake.sync.rules.state import DELETED, Change, Conflict, Decision, ItemKey, Side, TaskState
from worklake.sync.rules.task import WHOLE_TASK, Moment, TaskOutcome, fold_onto, told

STATE = "state"
"""The field of a change that notes what became of an item."""
_CANCELED = Status.CANCELED.value
_OPEN = frozenset(status.value for status in OPEN_STATUSES)


@dataclass(frozen=True, slots=True)
class Departure:
    """An item that somebody deleted or archived: as `side` shows it, or showed it last."""

    side: Side
    state: LinkState
    policy: OnDelete

    @property
    def means(self) -> OnDelete:
        """What follows for the task. Archiving deletes nothing anywhere: what was archived can be brought back."""
        archives = self.state is LinkState.ARCHIVED and self.policy == "delete"
        return "archive" if archives else self.policy

    @property
    def words(self) -> str:
        """What happened."""
        return f"{self.state} in {self.side.key.source}, confirmed"


@dataclass(frozen=True, slots=True)
class Return:
    """An item that was put away and is back, as `side` shows it; `state` is how it was put away."""

    side: Side
    state: LinkState


def is_open(status: FieldValue) -> bool:
    """Whether a task of this status is still to be done."""
    return status in _OPEN


def as_edit(departure: Departure, task: TaskState, lacks_archive: bool) -> Side:
    """The side as it takes part in the merge: an item that was put away says that the task is canceled, where its
    source's policy means that and the task is open.

    So the policy of `status` decides about it as about any edit. `lacks_archive` says whether another item of the
    task is in a tool that cannot archive.
    """
    side = departure.side
    status = task.fields.get("status")
    closed_there = departure.state is LinkState.ARCHIVED and not is_open(side.view.get("status"))
    if status is None or not is_open(status.value) or closed_there:
        return side
    if departure.means in ("close", "delete") or (departure.means == "archive" and lacks_archive):
        edits = {**side.edits, "status": side.edit_of("archived")}
        return replace(side, view={**side.view, "status": _CANCELED}, edits=edits)
    return side


def with_reasons(changes: Iterable[Change], departures: Collection[Departure]) -> list[Change]:
    """The changes of a merge; those that are no edits but departures say so."""
    words = {one.side.key: one.words for one in departures}
    said = []
    for change in changes:
        what = words.get(change.origin) if change.origin is not None else None
        if what is not None and change.field == "status" and change.new == _CANCELED:
            lost = "" if change.decision is Decision.TAKEN else f": {change.reason}"
            change = change._replace(reason=what + lost)
        said.append(change)
    return said


def after_merge(
    outcome: TaskOutcome,
    departures: Sequence[Departure],
    returns: Sequence[Return],
    conflicts: Collection[Conflict],
    moment: Moment,
    decided: Collection[str] = (),
) -> TaskOutcome:
    """The outcome of a merge with what else follows from items that went and items that came back."""
    following = _Following(outcome, moment, decided)
    held = held_fields(conflicts)
    for departure in departures:
        following.take(departure)
    for one in returns:
        following.bring_back(one, held)
    return outcome._replace(task=following.task, changes=following.changes)


class _Following:
    """Collects the changes of one task, each onto those before it."""

    def __init__(self, outcome: TaskOutcome, moment: Moment, decided: Collection[str]) -> None:
        self.task, self.changes = outcome.task, list(outcome.changes)
        self._moment, self._decided = moment, decided

    def take(self, one: Departure) -> None:
        """An item went."""
        self._add(STATE, LinkState.LINKED, one.state, one.side, Decision.NOTED, f"{one.words}: {_meaning(one)}")
        gone = one.state is LinkState.DELETED
        if gone and one.means == "archive" and self._value("archived") is not True:
            self._add("archived", self._value("archived"), True, one.side, Decision.TAKEN, one.words)
        if gone and one.means == "delete" and self._value(DELETED) is not True and not is_open(self._value("status")):
            self._add(DELETED, False, True, one.side, Decision.TAKEN, one.words)

    def bring_back(self, one: Return, held: frozenset[str]) -> None:
        """An item came back: what its going had done to the task is taken back, where it still stands. Fields that
        were edited at it as well are decided by the merge already.
        """
        side, why = one.side, f"no longer {one.state} in {one.side.key.source}"
        edited = {change.field for change in self.changes if change.origin == side.key}
        self._add(STATE, one.state, LinkState.LINKED, side, Decision.NOTED, why)
        if self._value(DELETED) is True:
            self._add(DELETED, True, False, side, Decision.TAKEN, why)
        is_archived = "archived" in edited or side.view.get("archived")
        if self._stands("archived", True, side.key) and not is_archived:
            self._add("archived", True, False, side, Decision.TAKEN, why)
        shown, held = side.view.get("status"), held | edited
        if self._stands("status", _CANCELED, side.key) and is_open(shown) and not held & {"status", WHOLE_TASK}:
            back = resolution.lift(side, "status", self.task, _CANCELED)
            self._add("status", _CANCELED, back, side, Decision.TAKEN, why)

    def _value(self, name: str) -> FieldValue:
        standing = self.task.fields.get(name)
        return standing.value if standing is not None else None

    def _stands(self, name: str, value: FieldValue, by: ItemKey) -> bool:
        standing = self.task.fields.get(name)
        return standing is not None and standing.value == value and standing.origin == by

    def _add(self, name: str, old: FieldValue, new: FieldValue, side: Side, decision: Decision, why: str) -> None:
        change = told(self.task, name, old, new, side, decision, why, self._moment)
        if change.change_id not in self._decided:
            self.changes.append(change)
            self.task = fold_onto(self.task, [change])


def _meaning(one: Departure) -> str:
    return {
        "close": "the task is closed",
        "archive": "the task is archived, and closed where a tool cannot archive",
        "delete": "the task is deleted in the other tools",
        "nothing": "nothing follows for the task",
    }[one.means]
