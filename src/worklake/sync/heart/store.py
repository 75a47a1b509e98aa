"""What the engine needs to remember: the port between the heart and wherever rows are kept.

`worklake.testing.memory` and the lake keep the same contract, and the same tests run on both. Verbs are bulk: a run
costs by what changed, so every verb is told which tasks, items or rows it is about.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import NamedTuple, Protocol

from worklake.model.fields import FieldValue
from worklake.model.heart_rows import SavedPlan, Write
from worklake.model.rows import LinkState
from worklake.sync.rules.comments import CommentLink
from worklake.sync.rules.state import Change, Conflict, Decision, ItemKey, Pair, TaskState


@dataclass(frozen=True, slots=True)
class StoredLink:
    """A task's item in a source, as it is kept. Fields are in the provider's own ids.

    `seen` is the last view that a merge took into account, `adjusted` pairs of what was sent and then shown. `merges`
    counts how often `seen` has moved. What was pulled in a batch before `batch` was read before the item was last
    looked at. A link in state `creating` stands for an item that may or may not have been made: its external id is
    `made_id`, the id that the item would have where we make it, else `creating:` and the task's id until the item is
    known. `mapping` is the fingerprint of the lens that `seen` was read with, where it is known. `called` is what
    people call the item, with its host, and `url` where they see it, once it was read.
    """

    source: str
    external_id: str
    task_id: str
    state: LinkState
    seen: Mapping[str, FieldValue]
    adjusted: Mapping[str, Sequence[Pair]] = field(default_factory=dict)
    merges: int = 0
    revision: datetime | None = None
    batch: int = 0
    made_id: str | None = None
    mapping: str | None = None
    called: str | None = None
    url: str | None = None

    @property
    def key(self) -> ItemKey:
        """What identifies it."""
        return ItemKey(self.source, self.external_id)


class KnownItem(NamedTuple):
    """An item of a source as a sweep needs it; `key` is what people call it, where that is known."""

    external_id: str
    state: LinkState
    key: str | None = None


@dataclass(frozen=True, slots=True)
class Loaded:
    """A task with what belongs to it.

    `decided` are the ids of changes that are kept already and that the links do not reflect: those of a merge that
    died between keeping its changes and keeping its links. Ids of older changes of the task among them do no harm.
    `answered` are those among them on whose fields a person has decided since, having them in sight.
    `kept` is false where such a merge died before it kept the task itself.
    """

    task: TaskState
    links: tuple[StoredLink, ...]
    conflicts: tuple[Conflict, ...] = ()
    decided: frozenset[str] = frozenset()
    kept: bool = True
    answered: frozenset[str] = frozenset()

    def link_of(self, key: tuple[str, str | None] | None) -> StoredLink | None:
        """The link of this item, where it belongs to the task."""
        return next((link for link in self.links if link.key == key), None)


class Decided(NamedTuple):
    """What tells of a change whether a person has decided since. `position` orders the changes of a task."""

    change_id: str
    field: str
    decision: str
    position: int


def answered(changes: Iterable[Decided]) -> frozenset[str]:
    """The changes of a task on whose fields a person has decided since, in any order."""
    changes, last = list(changes), dict[str, int]()
    for one in changes:
        if one.decision in (Decision.SETTLED, Decision.UNDONE):
            last[one.field] = max(one.position, last.get(one.field, 0))
    return frozenset(one.change_id for one in changes if one.position < last.get(one.field, 0)) if last else frozenset()


NOT_THERE = frozenset({LinkState.CREATING, LinkState.DELETED})
"""The states of links whose items are not there: not made yet, or deleted."""


def unreached(link: StoredLink, state: LinkState) -> StoredLink:
    """The link of an item that a call did not find or may not see. One that is known to be deleted stays so: its
    deletion must not happen to the task a second time, and its way back must be noticed.
    """
    return link if link.state is LinkState.DELETED else replace(link, state=state)


class Store(Protocol):
    """Keeps tasks, links, changes, conflicts, plans and the ledger.

    A verb that writes either takes effect as a whole or, where it writes to several tables, in the order its
    docstring says; repeated with the same rows, it has no further effect. It may raise `LakeError`; then it may be
    repeated.
    """

    def load(self, task_ids: Collection[str]) -> dict[str, Loaded]:
        """These tasks with their links (in any state) and their open conflicts. Unknown ones are left out, and those
        that went.

        A task is the fold of every change that was kept, also of a merge that died before it kept the task itself.
        """

    def went(self, task_ids: Collection[str]) -> dict[str, str]:
        """Those of these tasks of which a person said that they are others, each with the one that it is now."""

    def last_batch(self) -> int:
        """The number of the last batch of pulled records that was kept; 0 where there is none."""

    def find(self, keys: Collection[ItemKey]) -> dict[ItemKey, StoredLink]:
        """The links of these items. Unknown ones are left out."""

    def holders(self, task_ids: Collection[str]) -> dict[str, list[ItemKey]]:
        """The items that these tasks are, of links in any state but `creating`, those that are deleted first: who goes
        by the last one finds an item that is there, if there is one. Tasks without any are left out.
        """

    def conflicts(self, conflict_ids: Collection[str]) -> dict[str, Conflict]:
        """These conflicts, open or settled. Unknown ones are left out."""

    def commit(
        self,
        changes: Sequence[Change] = (),
        tasks: Sequence[TaskState] = (),
        links: Sequence[StoredLink] = (),
        conflicts: Sequence[Conflict] = (),
        ended: Collection[ItemKey] = (),
    ) -> None:
        """Keep these rows, table by table, in this order: changes, tasks, conflicts, links; each of them at once.

        A change whose id is kept already is not kept twice. Tasks, links and conflicts replace those of the same
        identity. The links in `ended` are forgotten in the same step in which `links` are kept. Every task named in
        any of these rows may have something pending from then on (see `watched`), from before the first row is kept.
        """

    def comments(self, task_ids: Collection[str]) -> dict[str, list[CommentLink]]:
        """The comments on these tasks as they stand in each source, ordered by source and external id.

        Tasks without any are left out.
        """

    def keep_comments(self, links: Sequence[CommentLink], changes: Sequence[Change] = ()) -> None:
        """Keep these rows, in this order: changes, comments, links; each of them at once.

        A change whose id is kept already is not kept twice. These changes tell what happened to comments: they move no
        field of a task, so their positions do not count and `changes` leaves them out. Links replace those of the same
        source and external id. Every task named may have something pending from then on, from before the first row.
        """

    def watched(self) -> set[str]:
        """The tasks that may have something pending: those of every commit that were not released since."""

    def release(self, task_ids: Collection[str]) -> None:
        """Nothing is pending for these tasks, until a commit names them again."""

    def watch(self, task_ids: Collection[str]) -> None:
        """These tasks may have something pending, until they are released."""

    def referrers(self, task_ids: Collection[str]) -> set[str]:
        """The tasks of which one of these is the parent or a blocker."""

    def save_plan(self, plan: SavedPlan) -> None:
        """Keep a plan. It is the newest from then on, also where the same plan was kept before."""

    def plan(self, plan_id: str | None = None) -> SavedPlan | None:
        """This plan, or the newest; None where there is none."""

    def intend(self, writes: Sequence[Write]) -> None:
        """Keep these intents, all at once, before the calls are made."""

    def finish(self, writes: Sequence[Write]) -> None:
        """Keep these writes with their outcomes, all at once, in the place of their intents if they had any."""

    def unresolved(self, task_ids: Collection[str] | None = None) -> list[Write]:
        """The writes whose outcome is not known, of these tasks or of all, in the order in which they were meant."""

    def unchecked(self) -> list[Write]:
        """The acknowledged writes with `checked` false: what they may have overwritten was not looked for yet."""

    def writes(self, run_id: str) -> list[Write]:
        """The writes of a run, in the order in which they were meant."""

    def writes_of_plan(self, plan_id: str) -> list[Write]:
        """The writes that all runs meant which applied this plan, in the order in which they were meant."""

    def changes(self, *, run_id: str | None = None, task_id: str | None = None) -> list[Change]:
        """The changes of a run or of a task, in the order in which they were kept. One of the two is given."""

    def conflicts_of(self, run_id: str) -> list[Conflict]:
        """The conflicts that a run opened, open or settled."""

    def items_of(self, source: str) -> list[KnownItem]:
        """Every item of this source that is linked to a task, in any state but `creating`."""

    def live_items(self, sources: Collection[str]) -> dict[str, int]:
        """How many items of each of these sources are linked."""
