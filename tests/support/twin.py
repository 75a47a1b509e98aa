"""A store that is kept twice, in memory and in a lake, and compares the two at every verb."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, TypeVar

import pyarrow as pa

from worklake.lake.lake import Lake
from worklake.model.heart_rows import SavedPlan, Write
from worklake.sync.heart.store import Loaded, StoredLink
from worklake.sync.lake_store import LakeStore
from worklake.sync.rules.comments import CommentLink
from worklake.sync.rules.state import Change, Conflict, ItemKey, TaskState
from worklake.testing.memory import MemoryStore

T = TypeVar("T")
_NEVER = datetime(2000, 1, 1, tzinfo=UTC)
_ORDER = ("watched", "changes", "tasks", "conflicts", "links")
_TABLES = {
    "changes": _ORDER[1:],
    "tasks": _ORDER[2:],
    "conflicts": _ORDER[3:],
    "links": _ORDER[4:],
    "watched": ("watched",),
    "comment changes": ("changes", "comments", "links"),
    "comments": ("comments", "links"),
    "plans": ("steps", "plans"),
    "intents": ("writes",),
    "outcomes": ("writes",),
}
"""What a store in memory calls its moments, and the tables that are not written any more when it dies there."""


class DyingLake:
    """A lake that dies before it writes: `dies` is asked about each write, by verb and table."""

    def __init__(self, lake: Lake, dies: Callable[[str, str], bool]) -> None:
        self._lake, self._dies = lake, dies

    def __getattr__(self, name: str) -> Any:
        return getattr(self._lake, name)

    def append(self, name: str, data: pa.Table) -> None:
        self._live("append", name)
        self._lake.append(name, data)

    def merge(self, name: str, data: pa.Table) -> None:
        self._live("merge", name)
        self._lake.merge(name, data)

    def delete(self, name: str, keys: pa.Table) -> None:
        self._live("delete", name)
        self._lake.delete(name, keys)

    def _live(self, verb: str, name: str) -> None:
        if self._dies(verb, name):
            raise DiedError


class DiedError(Exception):
    """The process that was writing is no more."""


class TwinStore(MemoryStore):
    """Answers what the lake's store answers, once it is what the one in memory does. When that one dies at a moment,
    so does the lake's, and the next verb finds a new one.
    """

    def __init__(self, before: Callable[[str], None], lake: Lake) -> None:
        super().__init__(self._note)
        self._asked, self._moment, self._dead = before, "", frozenset[str]()
        self._lake = DyingLake(lake, lambda _, table: table in self._dead)
        self._start()

    def _start(self) -> None:
        self._stored = LakeStore(self._lake, "run", lambda: _NEVER)  # type: ignore[arg-type]

    def _note(self, moment: str) -> None:
        self._moment = moment
        self._asked(moment)

    def _write(self, keep: Callable[[], None], verb: str, *args: Any, **rows: Any) -> None:
        try:
            keep()
        except BaseException:
            self._dead = frozenset(_TABLES[self._moment])
            with suppress(DiedError):
                getattr(self._stored, verb)(*args, **rows)
            self._dead = frozenset()
            self._start()
            raise
        getattr(self._stored, verb)(*args, **rows)

    def load(self, task_ids: Collection[str]) -> dict[str, Loaded]:
        here, there = super().load(task_ids), self._stored.load(task_ids)
        assert here.keys() == there.keys()
        for task, one in here.items():
            other = there[task]
            assert one.decided <= other.decided
            assert other.kept or not one.kept
            assert (one.task, [*map(plain, one.links)]) == (other.task, [*map(plain, other.links)])
            assert in_order(one.conflicts) == in_order(other.conflicts)
        return there

    def find(self, keys: Collection[ItemKey]) -> dict[ItemKey, StoredLink]:
        here, there = super().find(keys), self._stored.find(keys)
        assert {key: plain(link) for key, link in here.items()} == there
        return there

    def holders(self, task_ids: Collection[str]) -> dict[str, list[ItemKey]]:
        return same(super().holders(task_ids), self._stored.holders(task_ids))

    def conflicts(self, conflict_ids: Collection[str]) -> dict[str, Conflict]:
        return same(super().conflicts(conflict_ids), self._stored.conflicts(conflict_ids))

    def commit(
        self,
        changes: Sequence[Change] = (),
        tasks: Sequence[TaskState] = (),
        links: Sequence[StoredLink] = (),
        conflicts: Sequence[Conflict] = (),
        ended: Collection[ItemKey] = (),
    ) -> None:
        keep = super().commit
        self._write(
            lambda: keep(changes, tasks, links, conflicts, ended), "commit", changes, tasks, links, conflicts, ended
        )

    def comments(self, task_ids: Collection[str]) -> dict[str, list[CommentLink]]:
        return same(super().comments(task_ids), self._stored.comments(task_ids))

    def keep_comments(self, links: Sequence[CommentLink], changes: Sequence[Change] = ()) -> None:
        keep = super().keep_comments
        self._write(lambda: keep(links, changes), "keep_comments", links, changes)

    def watched(self) -> set[str]:
        return same(super().watched(), self._stored.watched())

    def release(self, task_ids: Collection[str]) -> None:
        keep = super().release
        self._write(lambda: keep(task_ids), "release", task_ids)

    def watch(self, task_ids: Collection[str]) -> None:
        keep = super().watch
        self._write(lambda: keep(task_ids), "watch", task_ids)

    def referrers(self, task_ids: Collection[str]) -> set[str]:
        return same(super().referrers(task_ids), self._stored.referrers(task_ids))

    def save_plan(self, plan: SavedPlan) -> None:
        keep = super().save_plan
        self._write(lambda: keep(plan), "save_plan", plan)

    def plan(self, plan_id: str | None = None) -> SavedPlan | None:
        return same(super().plan(plan_id), self._stored.plan(plan_id))

    def intend(self, writes: Sequence[Write]) -> None:
        keep = super().intend
        self._write(lambda: keep(writes), "intend", writes)

    def finish(self, writes: Sequence[Write]) -> None:
        keep = super().finish
        self._write(lambda: keep(writes), "finish", writes)

    def unresolved(self, task_ids: Collection[str] | None = None) -> list[Write]:
        return same(super().unresolved(task_ids), self._stored.unresolved(task_ids))

    def writes(self, run_id: str) -> list[Write]:
        return same(super().writes(run_id), self._stored.writes(run_id))

    def writes_of_plan(self, plan_id: str) -> list[Write]:
        return same(super().writes_of_plan(plan_id), self._stored.writes_of_plan(plan_id))

    def changes(self, *, run_id: str | None = None, task_id: str | None = None) -> list[Change]:
        here = super().changes(run_id=run_id, task_id=task_id)
        return same(here, self._stored.changes(run_id=run_id, task_id=task_id))

    def conflicts_of(self, run_id: str) -> list[Conflict]:
        here, there = super().conflicts_of(run_id), self._stored.conflicts_of(run_id)
        assert in_order(here) == in_order(there)
        return there

    def live_items(self, sources: Collection[str]) -> dict[str, int]:
        return same(super().live_items(sources), self._stored.live_items(sources))


def plain(link: StoredLink) -> StoredLink:
    """The link with its pairs as they come back."""
    adjusted: Mapping[str, Any] = {name: tuple(pairs) for name, pairs in link.adjusted.items() if pairs}
    return replace(link, adjusted=adjusted, seen=dict(link.seen))


def in_order(conflicts: Collection[Conflict]) -> list[Conflict]:
    """Conflicts in a fixed order."""
    return sorted(conflicts, key=lambda one: one.conflict_id)


def same(here: T, there: T) -> T:
    """What both stores say."""
    assert here == there
    return there
