"""Everything of one Motion account, and the scheduler that moves its tasks without anybody's doing."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from worklake.sandbox.motion.entities import Comment, Project, Task, User, Workspace
from worklake.sandbox.motion.errors import not_found

SETTLES_AFTER = timedelta(seconds=40)
"""How long after a write the scheduler has placed a task."""
PASS_EVERY = timedelta(minutes=5)
"""How often the scheduler goes over everything, and touches all tasks that it places."""
_AFTER_THE_WORLD = 10**9
"""A number that nothing of the world has which the account begins with."""


@dataclass(slots=True)
class Store:
    """What Motion holds. `me` is the account whose key it is."""

    seed: int
    clock: Callable[[], datetime]
    me: str
    users: dict[str, User]
    workspaces: dict[str, Workspace]
    projects: dict[str, Project]
    tasks: dict[str, Task]
    comments: dict[str, list[Comment]]
    deleted: dict[str, dict[str, Any]] = field(default_factory=dict)
    last_pass: datetime | None = None
    _made: int = 0

    def new_id(self, kind: str) -> str:
        """A new id, which nothing of the world has; the same for the same world and the same calls before it."""
        self._made += 1
        return made_id(self.seed, kind, _AFTER_THE_WORLD + self._made)

    def now(self) -> datetime:
        """The present, to the millisecond, as Motion keeps times."""
        moment = self.clock()
        return moment.replace(microsecond=moment.microsecond // 1000 * 1000)

    def task(self, task_id: str) -> Task:
        """A task. Raises the 404 of one that is not there."""
        if task_id not in self.tasks:
            raise not_found("Task")
        return self.tasks[task_id]

    def workspace(self, workspace_id: str) -> Workspace:
        """A workspace. Raises the 404 of one that is not there."""
        if workspace_id not in self.workspaces:
            raise not_found("Workspace")
        return self.workspaces[workspace_id]

    def in_order(self) -> Iterator[Task]:
        """The tasks as lists have them: the newest first, those of one moment by id."""
        return iter(sorted(self.tasks.values(), key=lambda task: (-task.created.timestamp(), task.id)))

    def touched(self, task: Task) -> None:
        """Note that somebody edited a task, which the scheduler will look at again."""
        now = self.now()
        task.updated = task.interacted = now
        task.scheduled = None
        task.settles_at = now + SETTLES_AFTER if _is_placed(task) else None

    def schedule(self) -> None:
        """What the scheduler has done up to now: new places for edited tasks, and now and then for all at once."""
        now = self.now()
        if self.last_pass is None:
            self.last_pass = now
        everything = now - self.last_pass >= PASS_EVERY
        for task in self.tasks.values():
            if not _is_placed(task):
                continue
            due = task.settles_at is not None and task.settles_at <= now
            if due or everything:
                task.passes += 1
                task.scheduled = _place(task, now)
                task.settles_at = None
                task.updated = now if everything else task.updated
        if everything:
            self.last_pass = now


def made_id(seed: int, kind: str, number: int) -> str:
    """An id of 21 characters, as Motion's have."""
    return kind + hashlib.sha256(f"{seed}/motion/{kind}/{number}".encode()).hexdigest()[: 21 - len(kind)]


def _is_placed(task: Task) -> bool:
    return task.auto and not task.status.resolved and isinstance(task.duration, int)


def _place(task: Task, now: datetime) -> tuple[datetime, datetime]:
    """Some hour of tomorrow, another one at every pass."""
    assert isinstance(task.duration, int)
    tomorrow = (now + timedelta(days=1)).replace(hour=8, minute=0, second=0, microsecond=0)
    start = tomorrow + timedelta(minutes=15 * ((task.passes * 7 + sum(task.id.encode())) % 32))
    return start, start + timedelta(minutes=task.duration)
