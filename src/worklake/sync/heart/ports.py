"""What the engine is given: the sources, what was seen in them, and the rules of the settings."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple

from worklake.integrations.base import BaseIntegration
from worklake.integrations.views import TaskView
from worklake.model.fields import FieldValue
from worklake.settings.models import Brake, FieldPolicy, OnDelete
from worklake.sync.rules.state import Edited, ItemKey, TaskState
from worklake.sync.rules.values import elements

if TYPE_CHECKING:
    from worklake.sync.heart.drift import Drift


@dataclass(frozen=True, slots=True)
class Port:
    """A source. `people` has the person of each account; `frozen` are fields whose mapping has drifted.

    `asked` is false where this run must not reach it. `drift` knows of names that are gone there. `on_delete`
    says what it means for a task that its item here was deleted or archived. `aliases` are other ids of people, of any
    source, by which tasks may still know them. `called` has the name of each account.
    """

    name: str
    rank: int
    integration: BaseIntegration
    people: Mapping[str, str] = field(default_factory=dict)
    frozen: AbstractSet[str] = frozenset()
    asked: bool = True
    drift: Drift | None = None
    on_delete: OnDelete = "close"
    aliases: Mapping[str, str] = field(default_factory=dict)
    called: Mapping[str, str] = field(default_factory=dict)


_LONG_AGO = datetime.min.replace(tzinfo=UTC)
Ports = Mapping[str, Port]
"""The sources by name."""


def aliases_of(ports: Ports) -> Mapping[str, str]:
    """Other ids by which tasks may know people, and those of today."""
    return {alias: person for port in ports.values() for alias, person in port.aliases.items()}


class Blocking(NamedTuple):
    """External ids of items that say that they block an item, and of those that say so no more."""

    by: frozenset[str] = frozenset()
    no_more_by: frozenset[str] = frozenset()

    def shown(self, seen: FieldValue) -> FieldValue:
        """The blockers of an item, of which these were seen before."""
        return sorted((elements(seen) - self.no_more_by) | self.by)


@dataclass(frozen=True, slots=True)
class Observation:
    """An item as it was read. `batch` is the number of the batch of records that brought it.

    `task_id` is the task that it was matched with, if it was. `edits` say when and by whom fields were edited, in
    canonical person ids, where the provider's history tells; the others go by the item's own time. `reread` says that
    the payload is the same as before, and only the settings are others. `blocking` is what other items say of it; one
    that is `partial` was not read itself, and nothing but that is told of it. One that was `looked_at` was read by
    itself: it is as it is now, while a listing may bring an older state.
    """

    source: str
    external_id: str
    view: TaskView
    batch: int
    task_id: str | None = None
    reread: bool = False
    edits: Mapping[str, Edited] = field(default_factory=dict)
    blocking: Blocking | None = None
    partial: bool = False
    looked_at: bool = False

    @property
    def key(self) -> ItemKey:
        """The item."""
        return ItemKey(self.source, self.external_id)

    @property
    def age(self) -> tuple[int, datetime]:
        """Orders what was read of one item, by batch and by the item's own time; never by our clock."""
        return self.batch, self.view.updated_at or _LONG_AGO


Route = Callable[[TaskState], Sequence[tuple[str, str]]]
"""Which sources must hold a task, each with the reason."""


def stays(task: TaskState) -> Sequence[tuple[str, str]]:
    """The route of a task that no rule says anything of: it stays where it was born."""
    return ()


@dataclass(frozen=True, slots=True)
class Rules:
    """What the settings say: who wins, per field, where a task should be, and the brake."""

    fields: Mapping[str, FieldPolicy] = field(default_factory=dict)
    route: Route = stays
    brake: Brake = field(default_factory=Brake)
    comments: bool = True
    """Whether comments are written to the other sources."""
    undecided: AbstractSet[str] = frozenset()
    """Tasks that may be one with others: they are made nowhere before a person has decided."""
    unread: AbstractSet[str] = frozenset()
    """Sources that were never read to their end: what is made there might be there already."""
    step_batch: int = 50
    """How many steps are read, meant and kept together."""

    def may_make(self, task: str, source: str) -> bool:
        """Whether a task may be made in a source that lacks it: not where it could be there already, unknown to us."""
        return task not in self.undecided and source not in self.unread


Clock = Callable[[], datetime]
"""Tells the time in UTC."""
