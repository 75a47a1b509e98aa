"""What a provider shows of its things, at its own resolution: what a lens makes of payloads."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from worklake.model.fields import FieldValue


@dataclass(slots=True)
class TaskView:
    """What a provider shows of a task, at its own resolution.

    `fields` holds the canonical fields in `Capabilities.fields`, and no other; one that this item does not have at all
    (weights on a GitLab without them) is missing. People are external ids of accounts, parent and blockers external
    ids of items. `blocks` are external ids of items that this one blocks, where the
    provider shows the relation from this side. `urls` are those that stand in the text or are attached, whatever they
    point at; `markers` are task ids out of Worklake's own markers in it, which `fields` leave out.
    `moved_to` is the external id of the item that took this one's place, where a provider closes what it moves.
    """

    fields: dict[str, FieldValue]
    key: str | None
    url: str | None
    created_at: datetime | None
    updated_at: datetime | None
    completed_at: datetime | None
    author: str | None
    blocks: list[str] = field(default_factory=list)
    urls: list[str] = field(default_factory=list)
    markers: list[str] = field(default_factory=list)
    deleted: bool = False
    moved_to: str | None = None


@dataclass(slots=True)
class CommentView:
    """What a provider shows of a comment. `task` is the external id of the task, `author` that of an account.

    `markers` are comment ids out of Worklake's own markers in it, which `body` leaves out. `url` is where a person
    sees it, `answers` the external id of the comment that it answers, where the provider shows them. One that is
    `internal` is not for everybody who sees its task.
    """

    task: str
    author: str | None
    body: str
    created_at: datetime | None
    updated_at: datetime | None
    markers: list[str] = field(default_factory=list)
    url: str | None = None
    answers: str | None = None
    internal: bool = False


@dataclass(slots=True)
class PersonView:
    """What a provider shows of an account."""

    name: str
    username: str | None
    email: str | None
    active: bool


@dataclass(slots=True)
class ProjectView:
    """What a provider shows of a project."""

    name: str
    path: str | None
    description: str | None
    url: str | None
    archived: bool


@dataclass(slots=True)
class MilestoneView:
    """What a provider shows of a milestone. `project` is the external id of its project; dates are ISO strings."""

    title: str
    project: str | None
    start_date: str | None
    due_date: str | None
    closed: bool


@dataclass(slots=True)
class MergeRequestView:
    """What a provider shows of a merge request (GitHub: pull request).

    `server` is what the keys of its server's items begin with, `project` the path of its project there: together they
    say what `#12` in its texts means. `author` and `merged_by` are external ids of accounts. `into_default` is None
    where it is not known which branch is the project's default one. `state` is opened, merged or closed.
    """

    key: str
    server: str
    project: str
    title: str
    description: str | None
    state: str
    draft: bool
    source_branch: str | None
    target_branch: str | None
    into_default: bool | None
    author: str | None
    milestone: str | None
    url: str | None
    created_at: datetime | None
    updated_at: datetime | None
    merged_at: datetime | None
    closed_at: datetime | None
    merged_by: str | None


@dataclass(slots=True)
class CommitView:
    """What a provider shows of a commit; `server` and `project` as of a merge request."""

    sha: str
    server: str
    project: str
    message: str
    author_name: str | None
    committed_at: datetime | None
    url: str | None


View = TaskView | CommentView | PersonView | ProjectView | MilestoneView | MergeRequestView | CommitView
