"""What GitLab keeps, as plain records; times are UTC with microseconds."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

GUEST, REPORTER, DEVELOPER, MAINTAINER, OWNER = 10, 20, 30, 40, 50
ISSUE_TYPES = ("issue", "incident", "test_case", "requirement", "task", "ticket")


@dataclass(slots=True)
class User:
    """An account and its role in the one group."""

    id: int
    username: str
    name: str
    email: str
    role: int
    active: bool = True


@dataclass(slots=True)
class Group:
    """A top-level group."""

    id: int
    path: str
    name: str
    created_at: datetime
    last_milestone_iid: int = 0


@dataclass(slots=True)
class Project:
    """A private project of the group."""

    id: int
    group_id: int
    path: str
    full_path: str
    name: str
    description: str
    created_at: datetime
    last_activity_at: datetime
    last_issue_iid: int = 0
    last_merge_request_iid: int = 0
    last_milestone_iid: int = 0
    issues: dict[int, Issue] = field(default_factory=dict, repr=False)
    merge_requests: dict[int, MergeRequest] = field(default_factory=dict, repr=False)
    commits: list[Commit] = field(default_factory=list, repr=False)


@dataclass(slots=True)
class Label:
    """A label of a project or, without one, of the group."""

    id: int
    name: str
    color: str
    description: str | None
    project_id: int | None
    priority: int | None = None


@dataclass(slots=True)
class Milestone:
    """A milestone of a project or, without one, of the group."""

    id: int
    iid: int
    project_id: int | None
    group_id: int | None
    title: str
    description: str
    created_at: datetime
    updated_at: datetime
    start_date: date | None = None
    due_date: date | None = None
    state: str = "active"


@dataclass(slots=True)
class Issue:
    """An issue; `labels` are names, estimates and time spent are seconds."""

    id: int
    iid: int
    project_id: int
    title: str
    author_id: int
    created_at: datetime
    updated_at: datetime
    description: str | None = None
    state: str = "opened"
    closed_at: datetime | None = None
    closed_by_id: int | None = None
    labels: list[str] = field(default_factory=list)
    milestone_id: int | None = None
    assignee_ids: list[int] = field(default_factory=list)
    due_date: date | None = None
    start_date: date | None = None
    confidential: bool = False
    discussion_locked: bool | None = None
    issue_type: str = "issue"
    weight: int | None = None
    time_estimate: int = 0
    time_spent: int = 0
    relative_position: int | None = None
    moved_to_id: int | None = None
    severity: str = "UNKNOWN"
    user_notes_count: int = 0
    kind = "Issue"


@dataclass(slots=True)
class MergeRequest:
    """A merge request within one project."""

    id: int
    iid: int
    project_id: int
    title: str
    author_id: int
    created_at: datetime
    updated_at: datetime
    source_branch: str
    target_branch: str
    sha: str
    description: str | None = None
    state: str = "opened"
    closed_at: datetime | None = None
    closed_by_id: int | None = None
    merged_at: datetime | None = None
    merged_by_id: int | None = None
    merge_commit_sha: str | None = None
    labels: list[str] = field(default_factory=list)
    milestone_id: int | None = None
    assignee_ids: list[int] = field(default_factory=list)
    reviewer_ids: list[int] = field(default_factory=list)
    discussion_locked: bool | None = None
    time_estimate: int = 0
    time_spent: int = 0
    user_notes_count: int = 0
    squash: bool = False
    remove_source_branch: bool | None = None
    kind = "MergeRequest"


Noteable = Issue | MergeRequest


@dataclass(slots=True)
class Note:
    """A comment, or with `system` a line of history that GitLab wrote itself."""

    id: int
    body: str
    author_id: int
    created_at: datetime
    updated_at: datetime
    discussion_id: str
    system: bool = False
    internal: bool = False
    threaded: bool = False


@dataclass(slots=True)
class IssueLink:
    """A relation: `relates_to`, or `blocks` from the blocking to the blocked issue."""

    id: int
    source_id: int
    target_id: int
    link_type: str
    created_at: datetime


@dataclass(slots=True)
class Commit:
    """A commit on the default branch or on the branch of a merge request."""

    id: str
    title: str
    message: str
    author_id: int
    at: datetime
    parent_ids: list[str]
    merge_request_iid: int | None = None


@dataclass(slots=True)
class ResourceEvent:
    """A change of state, label or milestone; `subject` is the state, the label's name or the milestone's id."""

    id: int
    kind: str
    user_id: int
    created_at: datetime
    action: str
    subject: str | int


@dataclass(slots=True)
class Delivery:
    """One delivery of a hook: what was sent, and the status that came back (None: no answer)."""

    id: int
    trigger: str
    key: str
    body: bytes
    status: int | None
    seconds: float
    at: datetime


@dataclass(slots=True)
class Hook:
    """A webhook of a project, or (`project_id` None) of the group; `failures` counts those in a row."""

    id: int
    project_id: int | None
    url: str
    uuid: str
    created_at: datetime
    flags: dict[str, bool]
    name: str | None = None
    description: str | None = None
    token: str | None = None
    signing_token: str | None = None
    custom_headers: dict[str, str] = field(default_factory=dict)
    enable_ssl_verification: bool = True
    failures: int = 0
    disabled_until: datetime | None = None
    disabled_for_good: bool = False
    deliveries: list[Delivery] = field(default_factory=list, repr=False)


@dataclass(slots=True)
class DeletedIssue:
    """What is still known of an issue after GitLab has silently forgotten it."""

    id: int
    payload: dict[str, Any]
