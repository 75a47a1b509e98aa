"""What Motion keeps: people, workspaces with their words, projects, tasks and comments."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime

NONE, REMINDER = "NONE", "REMINDER"
"""What a duration may be besides a number of minutes."""
PRIORITIES = ("ASAP", "HIGH", "MEDIUM", "LOW")
DEADLINES = ("HARD", "SOFT", "NONE")


@dataclass(frozen=True, slots=True)
class User:
    """An account. Motion shows nothing of it but these."""

    id: str
    name: str
    email: str


@dataclass(frozen=True, slots=True)
class Status:
    """A status of a workspace, which has no id: its name is all there is."""

    name: str
    default: bool = False
    resolved: bool = False


@dataclass(slots=True)
class Workspace:
    """A workspace: who is in it, and the statuses and labels that its tasks can have."""

    id: str
    name: str
    kind: str
    team_id: str | None
    statuses: tuple[Status, ...]
    labels: list[str]
    members: tuple[str, ...]

    def status(self, name: object) -> Status | None:
        """The status of this name."""
        return next((one for one in self.statuses if one.name == name), None)

    @property
    def first_status(self) -> Status:
        """What a new task is in."""
        return next((one for one in self.statuses if one.default), self.statuses[0])


@dataclass(slots=True)
class Project:
    """A project of one workspace."""

    id: str
    name: str
    html: str
    workspace: str
    created: datetime
    updated: datetime


@dataclass(slots=True)
class Task:
    """A task. `auto` says that the scheduler puts it into calendars; `settles_at` is when it will have done so."""

    id: str
    name: str
    workspace: str
    status: Status
    creator: str
    created: datetime
    updated: datetime
    html: str = ""
    duration: int | str = NONE
    due: datetime | None = None
    deadline: str = "NONE"
    start_on: date | None = None
    priority: str = "MEDIUM"
    labels: list[str] = field(default_factory=list)
    assignee: str | None = None
    project: str | None = None
    completed: datetime | None = None
    interacted: datetime | None = None
    auto: bool = False
    settles_at: datetime | None = None
    scheduled: tuple[datetime, datetime] | None = None
    passes: int = 0


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment on a task; it is never changed."""

    id: str
    task: str
    html: str
    created: datetime
    creator: str
