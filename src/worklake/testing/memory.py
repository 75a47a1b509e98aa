"""A store in memory: keeps the contract of the heart's store, for tests and the simulator."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

from worklake.model.heart_rows import Outcome, SavedPlan, Write
from worklake.model.rows import LinkState
from worklake.sync.heart.store import Decided, KnownItem, Loaded, StoredLink, answered
from worklake.sync.rules.comments import CommentLink
from worklake.sync.rules.state import Change, Conflict, ItemKey, TaskState
from worklake.sync.rules.task import fold
from worklake.sync.rules.values import referred


def _nothing(step: str) -> None:
    """What happens before a row is kept: nothing."""


class MemoryStore:
    """Rows in dictionaries. `before` is called with the name of each table before anything is kept in it; when it
    raises, the store is as after a crash at that moment.
    """

    def __init__(self, before: Callable[[str], None] = _nothing) -> None:
        self._before = before
        self._changes: dict[str, Change] = {}
        self._of_task: dict[str, list[Change]] = {}
        self.tasks: dict[str, TaskState] = {}
        self._links: dict[ItemKey, StoredLink] = {}
        self._keys: dict[str, set[ItemKey]] = {}
        self._conflicts: dict[str, Conflict] = {}
        self._open: dict[str, dict[str, Conflict]] = {}
        self._plans: dict[str, SavedPlan] = {}
        self._writes: dict[str, Write] = {}
        self._watched: set[str] = set()
        self._comments: dict[ItemKey, CommentLink] = {}
        self._comments_on: dict[str, set[ItemKey]] = {}
        self._comment_changes: dict[str, Change] = {}
        self.batch = 0

    def load(self, task_ids: Collection[str]) -> dict[str, Loaded]:
        """See `Store.load`."""
        return {task: self._loaded(task) for task in task_ids if task in self._of_task}

    def _loaded(self, task: str) -> Loaded:
        changes = self._of_task[task]
        state = self.tasks.get(task)
        kept = state is not None and state.version > changes[-1].position
        if state is None or not kept:
            state = fold(task, changes)
        links = tuple(self._links[key] for key in sorted(self._keys.get(task, ())))
        conflicts = tuple(self._open[task].values()) if task in self._open else ()
        last = [Decided(one.change_id, one.field, one.decision, one.position) for one in changes[-20:]]
        return Loaded(state, links, conflicts, frozenset(one.change_id for one in last), kept, answered(last))

    def went(self, task_ids: Collection[str]) -> dict[str, str]:
        """See `Store.went`. Nobody says of tasks in memory that they are others."""
        return {}

    def last_batch(self) -> int:
        """See `Store.last_batch`. Whoever pulls counts `batch` up."""
        return self.batch

    def find(self, keys: Collection[ItemKey]) -> dict[ItemKey, StoredLink]:
        """See `Store.find`."""
        return {key: self._links[key] for key in keys if key in self._links}

    def holders(self, task_ids: Collection[str]) -> dict[str, list[ItemKey]]:
        """See `Store.holders`."""
        held = {
            task: [
                key
                for key in sorted(
                    self._keys.get(task, ()), key=lambda key: (self._links[key].state is not LinkState.DELETED, key)
                )
                if self._links[key].state is not LinkState.CREATING
            ]
            for task in task_ids
        }
        return {task: keys for task, keys in held.items() if keys}

    def conflicts(self, conflict_ids: Collection[str]) -> dict[str, Conflict]:
        """See `Store.conflicts`."""
        return {one: self._conflicts[one] for one in conflict_ids if one in self._conflicts}

    def commit(
        self,
        changes: Sequence[Change] = (),
        tasks: Sequence[TaskState] = (),
        links: Sequence[StoredLink] = (),
        conflicts: Sequence[Conflict] = (),
        ended: Collection[ItemKey] = (),
    ) -> None:
        """See `Store.commit`."""
        for rows in (changes, tasks, links, conflicts):
            self._watched |= {one.task_id for one in rows}
        self._watched |= {link.task_id for link in self.find(ended).values()}
        if changes:
            self._before("changes")
            for change in changes:
                if change.change_id not in self._changes:
                    self._changes[change.change_id] = change
                    self._of_task.setdefault(change.task_id, []).append(change)
        if tasks:
            self._before("tasks")
            self.tasks.update({task.task_id: task for task in tasks})
        if conflicts:
            self._before("conflicts")
            for one in conflicts:
                self._keep_conflict(one)
        if links or ended:
            self._before("links")
            self._keep_links(links, ended)

    def _keep_conflict(self, conflict: Conflict) -> None:
        self._conflicts[conflict.conflict_id] = conflict
        of_task = self._open.setdefault(conflict.task_id, {})
        if conflict.open:
            of_task[conflict.conflict_id] = conflict
        else:
            of_task.pop(conflict.conflict_id, None)

    def _keep_links(self, links: Sequence[StoredLink], ended: Collection[ItemKey]) -> None:
        for key in ended:
            link = self._links.pop(key, None)
            if link is not None:
                self._keys[link.task_id].discard(key)
        for link in links:
            old = self._links.get(link.key)
            if old is not None:
                self._keys[old.task_id].discard(link.key)
            self._links[link.key] = link
            self._keys.setdefault(link.task_id, set()).add(link.key)

    def comments(self, task_ids: Collection[str]) -> dict[str, list[CommentLink]]:
        """See `Store.comments`."""
        return {
            task: [self._comments[key] for key in sorted(self._comments_on[task])]
            for task in task_ids
            if self._comments_on.get(task)
        }

    def keep_comments(self, links: Sequence[CommentLink], changes: Sequence[Change] = ()) -> None:
        """See `Store.keep_comments`."""
        self._watched |= {one.task_id for rows in (links, changes) for one in rows}
        if changes:
            self._before("comment changes")
            for change in changes:
                self._comment_changes.setdefault(change.change_id, change)
        if links:
            self._before("comments")
        for link in links:
            old = self._comments.get(link.key)
            if old is not None:
                self._comments_on[old.task_id].discard(link.key)
            self._comments[link.key] = link
            self._comments_on.setdefault(link.task_id, set()).add(link.key)

    def watched(self) -> set[str]:
        """See `Store.watched`."""
        return set(self._watched)

    def release(self, task_ids: Collection[str]) -> None:
        """See `Store.release`."""
        self._before("watched")
        self._watched -= set(task_ids)

    def watch(self, task_ids: Collection[str]) -> None:
        """See `Store.watch`."""
        self._before("watched")
        self._watched |= set(task_ids)

    def referrers(self, task_ids: Collection[str]) -> set[str]:
        """See `Store.referrers`."""
        wanted = set(task_ids)
        return {task for task, state in self.tasks.items() if not wanted.isdisjoint(referred(state.values()))}

    def save_plan(self, plan: SavedPlan) -> None:
        """See `Store.save_plan`."""
        self._before("plans")
        self._plans.pop(plan.plan_id, None)
        self._plans[plan.plan_id] = plan

    def plan(self, plan_id: str | None = None) -> SavedPlan | None:
        """See `Store.plan`."""
        if plan_id is None:
            return next(reversed(self._plans.values()), None)
        return self._plans.get(plan_id)

    def intend(self, writes: Sequence[Write]) -> None:
        """See `Store.intend`."""
        self._before("intents")
        for write in writes:
            self._writes.setdefault(write.write_id, write)

    def finish(self, writes: Sequence[Write]) -> None:
        """See `Store.finish`."""
        self._before("outcomes")
        self._writes.update({write.write_id: write for write in writes})

    def unresolved(self, task_ids: Collection[str] | None = None) -> list[Write]:
        """See `Store.unresolved`."""
        wanted = None if task_ids is None else set(task_ids)
        return [
            write
            for write in self._writes.values()
            if write.outcome is None and (wanted is None or write.task_id in wanted)
        ]

    def unchecked(self) -> list[Write]:
        """See `Store.unchecked`."""
        return [one for one in self._writes.values() if one.checked is False and one.outcome is Outcome.ACKNOWLEDGED]

    def writes(self, run_id: str) -> list[Write]:
        """See `Store.writes`."""
        return [write for write in self._writes.values() if write.run_id == run_id]

    def writes_of_plan(self, plan_id: str) -> list[Write]:
        """See `Store.writes_of_plan`."""
        return [write for write in self._writes.values() if write.plan_id == plan_id]

    def changes(self, *, run_id: str | None = None, task_id: str | None = None) -> list[Change]:
        """See `Store.changes`."""
        if task_id is not None:
            return list(self._of_task.get(task_id, ()))
        return [change for change in self._changes.values() if change.run_id == run_id]

    def conflicts_of(self, run_id: str) -> list[Conflict]:
        """See `Store.conflicts_of`."""
        return [one for one in self._conflicts.values() if one.run_id == run_id]

    def items_of(self, source: str) -> list[KnownItem]:
        """See `Store.items_of`. Keys are not kept."""
        found = [link for link in self._links.values() if link.source == source]
        kept = [KnownItem(link.external_id, link.state) for link in found if link.state is not LinkState.CREATING]
        return sorted(kept)

    def live_items(self, sources: Collection[str]) -> dict[str, int]:
        """See `Store.live_items`."""
        counts = dict.fromkeys(sources, 0)
        for link in self._links.values():
            if link.state is LinkState.LINKED and link.source in counts:
                counts[link.source] += 1
        return counts

    def all_tasks(self) -> list[str]:
        """The ids of all tasks, for tests."""
        return list(self._of_task)

    def all_comments(self) -> list[CommentLink]:
        """All comments in all sources, for tests."""
        return list(self._comments.values())

    def comment_changes(self) -> list[Change]:
        """What happened to comments, for tests."""
        return list(self._comment_changes.values())

    def all_links(self) -> list[StoredLink]:
        """All links, for tests."""
        return list(self._links.values())

    def all_conflicts(self) -> list[Conflict]:
        """All conflicts, for tests."""
        return list(self._conflicts.values())

    def all_writes(self) -> list[Write]:
        """The whole ledger, for tests."""
        return list(self._writes.values())

    def all_plans(self) -> list[SavedPlan]:
        """All plans, for tests."""
        return list(self._plans.values())
