"""The seeded world: one team and its work, before any provider has shown it in its own way.

`build_world` is deterministic: the same seed, sizes and moment give the same world. Providers take from it the pieces of
work that live with them and show them as they would.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime


@dataclass(frozen=True, slots=True)
class Person:
    """A member of the team; `gitlab_username` is what GitLab shows instead of the e-mail address."""

    number: int
    name: str
    email: str
    username: str
    active: bool = True


@dataclass(frozen=True, slots=True)
class Project:
    """A strand of the team's work: a GitLab project and a Linear project of the same name."""

    number: int
    name: str
    slug: str
    description: str


@dataclass(frozen=True, slots=True)
class Milestone:
    """A milestone of one project."""

    number: int
    project: int
    title: str
    start_date: date
    due_date: date


@dataclass(frozen=True, slots=True)
class Remark:
    """A comment by a person (its number), in Markdown."""

    author: int
    body: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Work:
    """A piece of work, as its people think of it. Numbers refer to people, projects, milestones and other work.

    `status` is one of triage, backlog, unstarted, started, completed, canceled; `priority` one of none, urgent, high,
    medium, low. `held_by` names the providers that hold it. Held by several, `tie` says how one can see that the items
    are the same work: `url` (the other item's URL stands in the description), `attachment` (Linear attaches it), or
    `title` (nothing but the same title).
    """

    number: int
    title: str
    description: str
    status: str
    priority: str
    project: int
    author: int
    created_at: datetime
    updated_at: datetime
    held_by: tuple[str, ...]
    tie: str | None = None
    labels: tuple[str, ...] = ()
    assignees: tuple[int, ...] = ()
    milestone: int | None = None
    cycle: int | None = None
    due_date: date | None = None
    start_date: date | None = None
    estimate_minutes: int | None = None
    estimate_points: int | None = None
    parent: int | None = None
    blocked_by: tuple[int, ...] = ()
    confidential: bool = False
    archived: bool = False
    started_at: datetime | None = None
    closed_at: datetime | None = None
    comments: tuple[Remark, ...] = ()


@dataclass(frozen=True, slots=True)
class World:
    """A team, its projects and all of its work at the moment `now` (UTC)."""

    seed: int
    now: datetime
    people: tuple[Person, ...]
    projects: tuple[Project, ...]
    milestones: tuple[Milestone, ...]
    labels: tuple[str, ...]
    work: tuple[Work, ...] = field(repr=False)
