"""What the rules reckon with: the state of one task and of each of its items. Plain, frozen, JSON-able values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple, Protocol

from worklake.model.fields import Fields, FieldValue

ChangeValue = FieldValue | dict[str, FieldValue]
"""A field's value; where the field is `task`, all of the task's fields."""


DELETED = "deleted"
"""Stands beside the fields of a task: true where its items are to be deleted, as one of them was."""

MERGE_REQUEST = "merge_request:"
"""Begins the external id of an origin that is no item of a task but a merge request; its key follows."""
BY_HAND = "worklake"
"""Stands for the source of a value that a person gave to Worklake itself."""


class ItemKey(NamedTuple):
    """An item of a source."""

    source: str
    external_id: str


class Pair(NamedTuple):
    """What was sent, and what the provider then showed: equal in meaning although not in value."""

    sent: FieldValue
    shown: FieldValue


class Edited(NamedTuple):
    """When a field was edited and by whom, as the provider tells it."""

    at: datetime | None
    actor: str | None = None


class Resolution(Protocol):
    """How one item shows a task. People, parents and blockers are canonical ids on both sides."""

    @property
    def fields(self) -> AbstractSet[str]:
        """The fields that it can show."""

    @property
    def writable(self) -> AbstractSet[str]:
        """Those of them that can be set there."""

    def project(self, canonical: Fields, shown: Fields | None) -> dict[str, FieldValue]:
        """How it would show these canonical fields where it now shows `shown` (None: where it is yet to be made).

        Elements of sets that it cannot show are left out.
        """


class Standing(NamedTuple):
    """A field's canonical value, and which edit brought it. `origin` is None where a person gave it to Worklake.

    `also` are the items where somebody has said the same since.
    """

    value: FieldValue
    at: datetime | None = None
    origin: ItemKey | None = None
    actor: str | None = None
    also: tuple[ItemKey, ...] = ()


@dataclass(frozen=True, slots=True)
class TaskState:
    """A canonical task: the fold of its changes.

    `version` counts the changes that were folded; `last_open` is the last status in which the task was open.
    """

    task_id: str
    fields: Mapping[str, Standing]
    version: int = 0
    last_open: FieldValue = None

    def values(self) -> dict[str, FieldValue]:
        """The canonical fields."""
        return {name: standing.value for name, standing in self.fields.items()}


@dataclass(frozen=True, slots=True)
class Side:
    """One item of a task, in canonical ids.

    `seen` is the last view that a merge took into account, `view` what the item shows now; a field that is in the
    view and not in `seen` meets the task for the first time. `rank` is the place of its source in the settings,
    `merges` how often its `seen` has moved, `revision` when the item last changed. `frozen` are fields whose mapping
    has drifted: nothing is written there. `unsure` are fields that a person edited after a call of unknown outcome:
    nobody knows whether what we sent was in sight. `edits` are what the provider's history tells, and `untold` says in
    words why it does not tell of a field. `deletes` says whether its provider can delete the item. `reread` are fields
    that may differ from `seen` only because the settings changed.
    """

    key: ItemKey
    resolution: Resolution
    seen: Fields
    view: Fields
    rank: int = 0
    adjusted: Mapping[str, Sequence[Pair]] = field(default_factory=dict)
    edited: Edited = field(default_factory=lambda: Edited(None))
    edits: Mapping[str, Edited] = field(default_factory=dict)
    merges: int = 0
    frozen: AbstractSet[str] = frozenset()
    unsure: AbstractSet[str] = frozenset()
    reachable: bool = True
    revision: datetime | None = None
    untold: Mapping[str, str] = field(default_factory=dict)
    reread: AbstractSet[str] = frozenset()
    mapping: str = ""
    """Stands for the mapping of its source, as the settings have it."""
    deletes: bool = False

    def edit_of(self, name: str) -> Edited:
        """When and by whom a field was edited: by the provider's history where it tells, else by the item's time."""
        return self.edits.get(name, self.edited)


class Decision(StrEnum):
    """What became of an edit. Of these, `MOVING` moved the canonical value. `NOTED` is what happened to an item."""

    CREATED = "created"
    TAKEN = "taken"
    AGREED = "agreed"
    LOST = "lost"
    REFUSED = "refused"
    HELD = "held"
    SETTLED = "settled"
    UNDONE = "undone"
    NOTED = "noted"


MOVING = frozenset({Decision.CREATED, Decision.TAKEN, Decision.SETTLED, Decision.UNDONE})


class Change(NamedTuple):
    """One edit of one field and what was decided. `position` orders the changes of a task."""

    change_id: str
    task_id: str
    field: str
    old: ChangeValue
    new: ChangeValue
    origin: ItemKey | None
    actor: str | None
    changed_at: datetime | None
    decision: Decision
    reason: str
    position: int
    run_id: str
    observed_at: datetime


class ConflictKind(StrEnum):
    """Why a person may have to decide: edits differ, a provider refused a value, something was undone, or our write
    went over an edit that was made just before. `LEFT` is decided: an item may show something else.
    """

    DIFFERS = "differs"
    REFUSED = "refused"
    UNDONE = "undone"
    OVERWRITTEN = "overwritten"
    LEFT = "left"


HOLDING = frozenset({ConflictKind.DIFFERS, ConflictKind.UNDONE})
"""While a conflict of these kinds is open, no source is written on its field."""


class Contender(NamedTuple):
    """A value that somebody wants a field to have. `origin` is None where a person gave it to Worklake."""

    origin: ItemKey | None
    value: FieldValue
    at: datetime | None
    actor: str | None = None


@dataclass(frozen=True, slots=True)
class Conflict:
    """Values that compete for a field, open or settled.

    An open one that `differs` or was `undone` holds the field: no source is written on it. One that was `refused`
    holds it for the item `at_item`, as long as the value to be written is the one that was refused and `mapping` stands
    for the source's mapping. Where the provider did not say what it refuses, `mapping` is None and nothing is held.
    One that was `left` by a person holds like one that was refused, open until either value moves, and asks nobody.
    One that was `overwritten` holds nothing: all agree, and a person may bring back what was lost at `at_item`.
    """

    conflict_id: str
    task_id: str
    field: str
    kind: ConflictKind
    contenders: tuple[Contender, ...]
    open: bool
    reason: str
    run_id: str
    opened_at: datetime
    settled_at: datetime | None = None
    winner: ItemKey | None = None
    value: FieldValue = None
    at_item: ItemKey | None = None
    mapping: str | None = None
