"""What GitHub keeps, as plain records; times are UTC, cut to the second when they are shown."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

Permission = Literal["read", "write", "admin"]


@dataclass(slots=True)
class User:
    """An account and what it may do in every repository. A `bot` acts for an App."""

    id: int
    login: str
    name: str
    email: str
    permission: Permission
    bot: bool = False

    @property
    def pushes(self) -> bool:
        """Whether the account has push access, without which labels, assignees and milestones are dropped."""
        return self.permission != "read"

    @property
    def is_assignable(self) -> bool:
        """Whether issues can be assigned to the account: to all members of the organisation, who may only read too."""
        return not self.bot


@dataclass(slots=True)
class Label:
    """A label of one repository. Names are unique whatever their case."""

    id: int
    name: str
    color: str = "ededed"
    description: str | None = None


@dataclass(slots=True)
class Milestone:
    """A milestone of one repository."""

    id: int
    number: int
    title: str
    creator_id: int
    created_at: datetime
    updated_at: datetime
    description: str | None = None
    due_on: datetime | None = None
    state: str = "open"
    closed_at: datetime | None = None


@dataclass(slots=True)
class Pull:
    """What a pull request has besides what an issue has."""

    id: int
    head: str
    sha: str
    draft: bool = False
    merged_at: datetime | None = None
    base: str = "main"
    merged_by_id: int | None = None


@dataclass(slots=True)
class Commit:
    """A commit of the default branch."""

    sha: str
    message: str
    author_id: int
    at: datetime
    parents: list[str]


@dataclass(slots=True)
class Event:
    """One line of an issue's history; `told` are the members that only its kind has."""

    id: int
    kind: str
    actor_id: int
    created_at: datetime
    told: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Issue:
    """An issue or, with `pull`, a pull request. `labels` are names as the repository knows them."""

    id: int
    number: int
    repository_id: int
    title: str
    author_id: int
    created_at: datetime
    updated_at: datetime
    body: str | None = None
    state: str = "open"
    state_reason: str | None = None
    closed_at: datetime | None = None
    closed_by_id: int | None = None
    labels: list[str] = field(default_factory=list)
    milestone: int | None = None
    assignee_ids: list[int] = field(default_factory=list)
    locked: bool = False
    comments: int = 0
    parent_id: int | None = None
    blocked_by: list[int] = field(default_factory=list)
    pull: Pull | None = None
    events: list[Event] = field(default_factory=list, repr=False)


@dataclass(slots=True)
class Comment:
    """A comment on an issue or in the conversation of a pull request."""

    id: int
    issue_id: int
    author_id: int
    body: str
    created_at: datetime
    updated_at: datetime


@dataclass(slots=True)
class Delivery:
    """One delivery of a hook; a repetition has the `guid` of the first one. `status` 0: no answer."""

    id: int
    guid: str
    event: str
    action: str | None
    body: bytes
    at: datetime
    status: int
    seconds: float
    redelivery: bool = False


@dataclass(slots=True)
class Hook:
    """A webhook of a repository."""

    id: int
    repository_id: int
    url: str
    events: list[str]
    created_at: datetime
    secret: str | None = None
    active: bool = True
    deliveries: list[Delivery] = field(default_factory=list, repr=False)


@dataclass(slots=True)
class Repository:
    """A private repository of the one organisation. `moved` says where a transferred issue is by now."""

    id: int
    owner: str
    name: str
    description: str
    created_at: datetime
    updated_at: datetime
    has_issues: bool = True
    archived: bool = False
    last_number: int = 0
    issues: dict[int, Issue] = field(default_factory=dict, repr=False)
    labels: dict[str, Label] = field(default_factory=dict, repr=False)
    milestones: dict[int, Milestone] = field(default_factory=dict, repr=False)
    hooks: dict[int, Hook] = field(default_factory=dict, repr=False)
    commits: list[Commit] = field(default_factory=list, repr=False)
    moved: dict[int, tuple[int, int]] = field(default_factory=dict, repr=False)
    deleted: set[int] = field(default_factory=set, repr=False)

    @property
    def full_name(self) -> str:
        """The name with its owner: `team/web`."""
        return f"{self.owner}/{self.name}"


@dataclass(slots=True)
class ProjectItem:
    """An issue or pull request in a project, with its option. `moved_at` is when that was set."""

    id: int
    issue_id: int
    created_at: datetime
    updated_at: datetime
    option_id: str | None = None
    moved_at: datetime | None = None


@dataclass(slots=True)
class Project:
    """A project (Projects v2) of the organisation, with its single-select field Status and items by their issue."""

    id: int
    owner: str
    number: int
    title: str
    created_at: datetime
    updated_at: datetime
    options: dict[str, str]
    """The options of the field, names by id, in their order."""
    field_name: str = "Status"
    closed: bool = False
    items: dict[int, ProjectItem] = field(default_factory=dict, repr=False)
