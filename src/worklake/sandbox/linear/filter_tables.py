"""The served fields of Linear's filter inputs, one table per kind of row."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from worklake.sandbox.linear import derived
from worklake.sandbox.linear.entities import Issue, IssueRelation, Team, User
from worklake.sandbox.linear.filters import (
    CollectionOf,
    Condition,
    FilterTable,
    Predicate,
    ReferenceTo,
    all_of,
    column,
    date_column,
    moment_column,
    value_of,
)
from worklake.sandbox.linear.request import Input, Request
from worklake.sandbox.linear.times import read_date


def _entity() -> dict[str, Condition]:
    return {"id": column("id"), "createdAt": moment_column("created_at"), "updatedAt": moment_column("updated_at")}


def _to(table: str, reference: str, fields: Callable[[], FilterTable]) -> Condition:
    """Follow the id in column `reference` into the store's `table`."""

    def find(row: Any, request: Request) -> Any:
        return getattr(request.store, table).get(getattr(row, reference))

    return ReferenceTo(find, fields)


def _owned(table: str, reference: str, fields: Callable[[], FilterTable]) -> Condition:
    """The unarchived rows of `table` whose `reference` is the row's id."""

    def find(row: Any, request: Request) -> Iterable[Any]:
        return (one for one in getattr(request.store, table).where(reference, row.id) if one.archived_at is None)

    return CollectionOf(find, fields)


def _listed(table: str, references: str, fields: Callable[[], FilterTable]) -> Condition:
    """The rows of `table` whose ids the row lists in column `references`."""

    def find(row: Any, request: Request) -> Iterable[Any]:
        return [getattr(request.store, table).need(identity) for identity in getattr(row, references)]

    return CollectionOf(find, fields)


def _relation_exists(column_name: str, types: tuple[str, ...]) -> Condition:
    """Whether the issue stands in `column_name` of a relation of these types."""

    def get(issue: Issue, request: Request) -> bool:
        relations: list[IssueRelation] = request.store.relations.where(column_name, issue.id)
        return any(relation.type in types for relation in relations)

    return value_of(get)


def _either_side(kind: str) -> Condition:
    """Whether the issue stands on any side of a relation of that type."""

    def get(issue: Issue, request: Request) -> bool:
        store = request.store
        sides = store.relations.where("issue_id", issue.id) + store.relations.where("related_issue_id", issue.id)
        return any(relation.type == kind for relation in sides)

    return value_of(get)


def _issue_id(given: Input, request: Request, name: str) -> Predicate:
    """Ids of issues may be given as UUID or as identifier."""
    by_id, by_identifier = column("id")(given, request, name), column("identifier")(given, request, name)
    negative = [key for key in given if key in ("neq", "nin")]
    if negative:
        return all_of([by_id, by_identifier])
    return lambda issue: by_id(issue) or by_identifier(issue)


def _team_members(team: Team, request: Request) -> Iterable[User]:
    return [request.store.users.need(identity) for identity in team.member_ids]


USER: FilterTable = {
    **_entity(),
    "name": column("name"),
    "displayName": column("display_name"),
    "email": column("email"),
    "active": column("active"),
    "admin": column("admin"),
    "isMe": value_of(lambda user, request: user.id == request.actor.id),
    "assignedIssues": _owned("issues", "assignee_id", lambda: ISSUE),
}
TEAM: FilterTable = {
    **_entity(),
    "name": column("name"),
    "key": column("key"),
    "description": column("description"),
    "issues": _owned("issues", "team_id", lambda: ISSUE),
    "members": CollectionOf(_team_members, lambda: USER),
}
STATE: FilterTable = {
    **_entity(),
    "name": column("name"),
    "type": column("type"),
    "description": column("description"),
    "position": column("position"),
    "team": _to("teams", "team_id", lambda: TEAM),
    "issues": _owned("issues", "state_id", lambda: ISSUE),
}
LABEL: FilterTable = {
    **_entity(),
    "name": column("name"),
    "isGroup": column("is_group"),
    "team": _to("teams", "team_id", lambda: TEAM),
    "parent": _to("labels", "parent_id", lambda: LABEL),
    "creator": _to("users", "creator_id", lambda: USER),
}
PROJECT_STATUS: FilterTable = {
    **_entity(),
    "name": column("name"),
    "type": column("type"),
    "description": column("description"),
    "position": column("position"),
}
PROJECT: FilterTable = {
    **_entity(),
    "name": column("name"),
    "slugId": column("slug_id"),
    "priority": column("priority"),
    "state": value_of(lambda project, request: request.store.project_statuses.need(project.status_id).type),
    "status": _to("project_statuses", "status_id", lambda: PROJECT_STATUS),
    "startDate": date_column("start_date"),
    "targetDate": date_column("target_date"),
    "startedAt": moment_column("started_at"),
    "completedAt": moment_column("completed_at"),
    "canceledAt": moment_column("canceled_at"),
    "lead": _to("users", "lead_id", lambda: USER),
    "creator": _to("users", "creator_id", lambda: USER),
    "members": _listed("users", "member_ids", lambda: USER),
    "accessibleTeams": _listed("teams", "team_ids", lambda: TEAM),
    "issues": _owned("issues", "project_id", lambda: ISSUE),
    "projectMilestones": _owned("milestones", "project_id", lambda: MILESTONE),
}
MILESTONE: FilterTable = {
    **_entity(),
    "name": column("name"),
    "targetDate": value_of(lambda row, _: row.target_date, lambda value, request: read_date(value, request.now)),
    "project": _to("projects", "project_id", lambda: PROJECT),
}
CYCLE: FilterTable = {
    **_entity(),
    "name": column("name"),
    "number": column("number"),
    "startsAt": moment_column("starts_at"),
    "endsAt": moment_column("ends_at"),
    "completedAt": moment_column("completed_at"),
    "isActive": value_of(derived.cycle_is_active),
    "isFuture": value_of(derived.cycle_is_future),
    "isPast": value_of(derived.cycle_is_past),
    "isNext": value_of(derived.cycle_is_next),
    "isPrevious": value_of(derived.cycle_is_previous),
    "team": _to("teams", "team_id", lambda: TEAM),
    "issues": _owned("issues", "cycle_id", lambda: ISSUE),
}
COMMENT: FilterTable = {
    **_entity(),
    "body": column("body"),
    "issue": _to("issues", "issue_id", lambda: ISSUE),
    "parent": _to("comments", "parent_id", lambda: COMMENT),
    "user": _to("users", "user_id", lambda: USER),
}
ATTACHMENT: FilterTable = {
    **_entity(),
    "url": column("url"),
    "title": column("title"),
    "subtitle": column("subtitle"),
    "creator": _to("users", "creator_id", lambda: USER),
}
ISSUE: FilterTable = {
    **_entity(),
    "id": _issue_id,
    "number": column("number"),
    "title": column("title"),
    "description": column("description"),
    "priority": column("priority"),
    "estimate": column("estimate"),
    "dueDate": date_column("due_date"),
    "startedAt": moment_column("started_at"),
    "completedAt": moment_column("completed_at"),
    "canceledAt": moment_column("canceled_at"),
    "archivedAt": moment_column("archived_at"),
    "autoArchivedAt": moment_column("auto_archived_at"),
    "triagedAt": moment_column("triaged_at"),
    "addedToCycleAt": moment_column("added_to_cycle_at"),
    "snoozedUntilAt": moment_column("snoozed_until_at"),
    "state": _to("states", "state_id", lambda: STATE),
    "team": _to("teams", "team_id", lambda: TEAM),
    "assignee": _to("users", "assignee_id", lambda: USER),
    "delegate": _to("users", "delegate_id", lambda: USER),
    "creator": _to("users", "creator_id", lambda: USER),
    "project": _to("projects", "project_id", lambda: PROJECT),
    "projectMilestone": _to("milestones", "project_milestone_id", lambda: MILESTONE),
    "cycle": _to("cycles", "cycle_id", lambda: CYCLE),
    "parent": _to("issues", "parent_id", lambda: ISSUE),
    "children": _owned("issues", "parent_id", lambda: ISSUE),
    "labels": _listed("labels", "label_ids", lambda: LABEL),
    "subscribers": _listed("users", "subscriber_ids", lambda: USER),
    "comments": _owned("comments", "issue_id", lambda: COMMENT),
    "attachments": _owned("attachments", "issue_id", lambda: ATTACHMENT),
    "hasBlockingRelations": _relation_exists("issue_id", ("blocks",)),
    "hasBlockedByRelations": _relation_exists("related_issue_id", ("blocks",)),
    "hasDuplicateRelations": _either_side("duplicate"),
    "hasRelatedRelations": _either_side("related"),
}
