"""The rows of a Linear workspace. Ids are UUIDs, moments and dates are strings as `times` writes them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True, kw_only=True)
class Entity:
    """What every row has."""

    id: str
    created_at: str
    updated_at: str
    archived_at: str | None = None


@dataclass(slots=True, kw_only=True)
class Organization(Entity):
    """The workspace."""

    name: str
    url_key: str


@dataclass(slots=True, kw_only=True)
class User(Entity):
    """A member of the workspace."""

    name: str
    display_name: str
    email: str
    active: bool = True
    admin: bool = False


@dataclass(slots=True, kw_only=True)
class Team(Entity):
    """A team; its key begins its issues' identifiers, `last_number` is the highest number it ever gave."""

    name: str
    key: str
    description: str | None = None
    color: str = "#5e6ad2"
    member_ids: list[str] = field(default_factory=list)
    default_state_id: str = ""
    last_number: int = 0


@dataclass(slots=True, kw_only=True)
class WorkflowState(Entity):
    """A state of one team's workflow."""

    name: str
    type: str
    color: str
    position: float
    team_id: str
    description: str | None = None


@dataclass(slots=True, kw_only=True)
class IssueLabel(Entity):
    """A label; without a team it belongs to the workspace. At most one label of a group stands on an issue."""

    name: str
    color: str
    description: str | None = None
    is_group: bool = False
    parent_id: str | None = None
    team_id: str | None = None
    creator_id: str | None = None
    retired_at: str | None = None
    retired_by_id: str | None = None
    last_applied_at: str | None = None


@dataclass(slots=True, kw_only=True)
class ProjectStatus(Entity):
    """A status that projects of the workspace can have."""

    name: str
    type: str
    color: str
    position: float
    description: str | None = None


@dataclass(slots=True, kw_only=True)
class Project(Entity):
    """A project of one or more teams."""

    name: str
    slug_id: str
    status_id: str
    team_ids: list[str]
    description: str = ""
    content: str | None = None
    color: str = "#bec2c8"
    icon: str | None = None
    priority: int = 0
    priority_sort_order: float = 0
    sort_order: float = 0
    start_date: str | None = None
    start_date_resolution: str | None = None
    target_date: str | None = None
    target_date_resolution: str | None = None
    lead_id: str | None = None
    creator_id: str | None = None
    member_ids: list[str] = field(default_factory=list)
    started_at: str | None = None
    completed_at: str | None = None
    canceled_at: str | None = None
    trashed: bool | None = None


@dataclass(slots=True, kw_only=True)
class ProjectMilestone(Entity):
    """A milestone of one project."""

    name: str
    project_id: str
    description: str | None = None
    target_date: str | None = None
    sort_order: float = 0


@dataclass(slots=True, kw_only=True)
class Cycle(Entity):
    """A cycle of one team."""

    number: int
    team_id: str
    starts_at: str
    ends_at: str
    name: str | None = None
    description: str | None = None
    completed_at: str | None = None


@dataclass(slots=True, kw_only=True)
class Issue(Entity):
    """An issue. `identifier` is kept beside team and number because it is asked for so often."""

    team_id: str
    number: int
    identifier: str
    title: str
    state_id: str
    description: str | None = None
    priority: int = 0
    estimate: float | None = None
    due_date: str | None = None
    assignee_id: str | None = None
    delegate_id: str | None = None
    creator_id: str | None = None
    project_id: str | None = None
    project_milestone_id: str | None = None
    cycle_id: str | None = None
    parent_id: str | None = None
    label_ids: list[str] = field(default_factory=list)
    subscriber_ids: list[str] = field(default_factory=list)
    previous_identifiers: list[str] = field(default_factory=list)
    sort_order: float = 0
    priority_sort_order: float = 0
    sub_issue_sort_order: float | None = None
    started_at: str | None = None
    completed_at: str | None = None
    canceled_at: str | None = None
    auto_archived_at: str | None = None
    trashed: bool | None = None
    started_triage_at: str | None = None
    triaged_at: str | None = None
    added_to_cycle_at: str | None = None
    added_to_project_at: str | None = None
    added_to_team_at: str | None = None
    snoozed_until_at: str | None = None
    snoozed_by_id: str | None = None


@dataclass(slots=True, kw_only=True)
class Comment(Entity):
    """A comment on an issue, perhaps an answer to another one."""

    body: str
    issue_id: str
    user_id: str | None
    parent_id: str | None = None
    edited_at: str | None = None
    quoted_text: str | None = None
    resolved_at: str | None = None
    resolving_user_id: str | None = None
    resolving_comment_id: str | None = None


@dataclass(slots=True, kw_only=True)
class IssueRelation(Entity):
    """`issue` blocks (duplicates, is related or similar to) `related_issue`."""

    type: str
    issue_id: str
    related_issue_id: str


@dataclass(slots=True, kw_only=True)
class Attachment(Entity):
    """A link on an issue; at most one per issue and URL."""

    issue_id: str
    url: str
    title: str
    subtitle: str | None = None
    metadata: dict[str, Any] = field(default_factory=dict)
    group_by_source: bool = False
    source_type: str = "api"
    creator_id: str | None = None


@dataclass(slots=True, kw_only=True)
class IssueHistory(Entity):
    """What one person changed on an issue within a few minutes; `changes` are the entry's GraphQL fields."""

    issue_id: str
    actor_id: str | None
    changes: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True, kw_only=True)
class Webhook(Entity):
    """A subscription to changes of one team or of all public teams."""

    url: str
    resource_types: list[str]
    secret: str
    label: str | None = None
    enabled: bool = True
    all_public_teams: bool = False
    team_id: str | None = None
    creator_id: str | None = None
