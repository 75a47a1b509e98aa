"""Rows as flat JSON: for webhook events and for the items of the control calls."""

from __future__ import annotations

from typing import Any

from worklake.sandbox.linear.entities import Attachment, Comment, Entity, Issue, IssueLabel, Project, User
from worklake.sandbox.linear.names import camel
from worklake.sandbox.linear.store import Store

Json = dict[str, Any]

PRIORITY_LABELS = ("No priority", "Urgent", "High", "Medium", "Low")

_ISSUE = (
    "id", "created_at", "updated_at", "archived_at", "number", "identifier", "title", "description", "priority",
    "priority_sort_order", "estimate", "sort_order", "sub_issue_sort_order", "started_at", "completed_at",
    "canceled_at", "auto_archived_at", "started_triage_at", "triaged_at", "snoozed_until_at", "due_date", "trashed",
    "added_to_cycle_at", "added_to_project_at", "added_to_team_at", "label_ids", "previous_identifiers",
)  # fmt: skip
_ISSUE_REFERENCES = (
    "team_id", "state_id", "assignee_id", "delegate_id", "creator_id", "project_id", "project_milestone_id",
    "cycle_id", "parent_id", "subscriber_ids",
)  # fmt: skip
_PROJECT = (
    "id", "created_at", "updated_at", "archived_at", "name", "description", "content", "slug_id", "color", "icon",
    "status_id", "priority", "priority_sort_order", "sort_order", "start_date", "start_date_resolution", "target_date",
    "target_date_resolution", "started_at", "completed_at", "canceled_at", "trashed", "lead_id", "member_ids",
    "team_ids",
)  # fmt: skip
_COMMENT = (
    "id", "created_at", "updated_at", "archived_at", "body", "issue_id", "parent_id", "user_id", "edited_at",
    "resolved_at",
)  # fmt: skip
_LABEL = (
    "id", "created_at", "updated_at", "archived_at", "name", "description", "color", "is_group", "parent_id",
    "team_id", "creator_id",
)  # fmt: skip
_ATTACHMENT = (
    "id", "created_at", "updated_at", "archived_at", "title", "subtitle", "url", "metadata", "group_by_source",
    "issue_id", "creator_id",
)  # fmt: skip


def issue_item(store: Store, issue: Issue) -> Json:
    """The issue as a GraphQL selection of its scalar fields and of the objects it refers to would show it."""
    team, state = store.teams.need(issue.team_id), store.states.need(issue.state_id)
    project, cycle = store.projects.get(issue.project_id), store.cycles.get(issue.cycle_id)
    milestone, parent = store.milestones.get(issue.project_milestone_id), store.issues.get(issue.parent_id)
    return _columns(issue, _ISSUE) | {
        "priorityLabel": PRIORITY_LABELS[issue.priority],
        "autoClosedAt": None,
        "url": store.issue_url(issue),
        "team": {"id": team.id, "key": team.key, "name": team.name},
        "state": {"id": state.id, "name": state.name, "type": state.type, "color": state.color},
        "assignee": _person(store.users.get(issue.assignee_id)),
        "creator": _person(store.users.get(issue.creator_id)),
        "labels": {"nodes": _labels(store, issue)},
        "project": project and {"id": project.id, "name": project.name, "url": store.project_url(project)},
        "projectMilestone": milestone and {"id": milestone.id, "name": milestone.name},
        "cycle": cycle and {"id": cycle.id, "number": cycle.number, "name": cycle.name},
        "parent": parent and {"id": parent.id, "identifier": parent.identifier},
    }


def issue_event(store: Store, issue: Issue) -> Json:
    """The issue as a webhook's `data`: the item, flattened with ids."""
    item = issue_item(store, issue)
    people = {
        role: person and person | {"url": store.user_url(store.users.need(person["id"]))}
        for role, person in (("assignee", item["assignee"]), ("creator", item["creator"]))
    }
    return item | _columns(issue, _ISSUE_REFERENCES) | people | {
        "labels": item["labels"]["nodes"], "reactionData": [], "syncedWith": None, "botActor": None,
        "slaType": "all", "slaStartedAt": None, "slaBreachesAt": None,
    }  # fmt: skip


def comment_event(store: Store, comment: Comment) -> Json:
    """The comment as a webhook's `data`."""
    issue = store.issues.need(comment.issue_id)
    team, user = store.teams.need(issue.team_id), store.users.get(comment.user_id)
    return _columns(comment, _COMMENT) | {
        "issue": {
            "id": issue.id,
            "identifier": issue.identifier,
            "title": issue.title,
            "teamId": team.id,
            "team": {"id": team.id, "key": team.key, "name": team.name},
            "url": store.issue_url(issue),
        },
        "user": user and {"id": user.id, "name": user.name, "email": user.email, "url": store.user_url(user)},
        "reactionData": [],
        "syncedWith": None,
        "botActor": None,
    }


def project_event(store: Store, project: Project) -> Json:
    """The project as a webhook's `data`."""
    status = store.project_statuses.need(project.status_id)
    milestones = store.milestones.where("project_id", project.id)
    histories = ("scope", "completedScope", "inProgressScope", "issueCount", "completedIssueCount")
    return _columns(project, _PROJECT) | {
        "status": {"id": status.id, "name": status.name, "type": status.type, "color": status.color},
        "labelIds": [],
        "milestones": [{"id": row.id, "name": row.name, "targetDate": row.target_date} for row in milestones],
        "health": None,
        "healthUpdatedAt": None,
        "url": store.project_url(project),
        **{f"{name}History": [] for name in histories},
    }


def attachment_event(store: Store, attachment: Attachment) -> Json:
    """The attachment as a webhook's `data`."""
    creator = _person(store.users.get(attachment.creator_id))
    return _columns(attachment, _ATTACHMENT) | {"creator": creator, "source": None, "sourceType": None}


def label_event(label: IssueLabel) -> Json:
    """The label as a webhook's `data`."""
    return _columns(label, _LABEL) | {"inheritedFromId": None}


def _columns(row: Entity, columns: tuple[str, ...]) -> Json:
    return {camel(column): getattr(row, column) for column in columns}


def _person(user: User | None) -> Json | None:
    return {"id": user.id, "name": user.name, "email": user.email} if user else None


def _labels(store: Store, issue: Issue) -> list[Json]:
    labels = [store.labels.need(identity) for identity in issue.label_ids]
    return [{"id": row.id, "name": row.name, "color": row.color, "parentId": row.parent_id} for row in labels]
