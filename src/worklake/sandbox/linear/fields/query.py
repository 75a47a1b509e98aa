"""The queries."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from worklake.sandbox.linear import filter_tables as filters
from worklake.sandbox.linear.entities import Comment, Issue, Project
from worklake.sandbox.linear.errors import entity_not_found, invalid_argument
from worklake.sandbox.linear.fields.issue import is_enabled
from worklake.sandbox.linear.filters import FilterTable
from worklake.sandbox.linear.request import Request
from worklake.sandbox.linear.served import Field, Fields, computed, connection, empties
from worklake.sandbox.linear.shapes import PRIORITY_LABELS


def _all(table: str) -> Callable[[Any, Request], Any]:
    return lambda root, request: getattr(request.store, table)


def _every(table: str, fields: FilterTable | None = None, filter_name: str = "") -> Field:
    return connection(_all(table), fields, filter_name)


def _one(table: str) -> Field:
    return Field(lambda root, info, id: getattr(info.context.store, table).need(id), frozenset({"id"}))


def _by_id(find: Callable[[Request, str], Any]) -> Field:
    return Field(lambda root, info, id: find(info.context, id), frozenset({"id"}))


def _comment(root: Any, info: Any, **given: Any) -> Comment:
    identity = given.get("id")
    if identity is None:
        raise invalid_argument("id is required.")
    found: Comment = info.context.store.comments.need(identity)
    return found


def _user(request: Request, identity: str) -> Any:
    return request.actor if identity == "me" else request.store.users.need(identity)


def _project(request: Request, reference: str) -> Project:
    """By UUID, slug id or the `name-slugid` of the URL, as Linear does."""
    by_slug = (project for project in request.store.projects if project.slug_id == reference.rpartition("-")[2])
    found = request.store.projects.get(reference) or next(by_slug, None)
    if found is None:
        raise entity_not_found("Project")
    return found


def _attachments_for_url(root: Any, info: Any, url: str, **given: Any) -> Any:
    rows = connection(lambda root, request: request.store.attachments.where("url", url))
    return rows.resolve(root, info, **given)


def _mentions(issue: Issue, term: str | None, request: Request) -> bool:
    text = f"{issue.identifier} {issue.title} {issue.description or ''}".casefold()
    return all(word in text for word in (term or "").casefold().split())


def _comments_mention(issue: Issue, term: str | None, request: Request) -> bool:
    comments = " ".join(comment.body for comment in request.store.comments.where("issue_id", issue.id)).casefold()
    return bool(comments) and all(word in comments for word in (term or "").casefold().split())


def _search(root: Any, info: Any, term: str, **given: Any) -> Any:
    request: Request = info.context
    team_id, with_comments = given.pop("teamId", None), given.pop("includeComments", None)
    found = [
        issue
        for issue in request.store.issues
        if (team_id is None or issue.team_id == team_id)
        and (_mentions(issue, term, request) or (with_comments and _comments_mention(issue, term, request)))
    ]
    return connection(lambda root, request: found, filters.ISSUE, "IssueFilter").resolve(root, info, **given)


def _branch(root: Any, info: Any, branchName: str) -> Issue | None:
    request: Request = info.context
    identifiers = {issue.identifier.lower(): issue for issue in request.store.issues if not issue.trashed}
    parts = branchName.lower().rpartition("/")[2].split("-")
    return identifiers.get("-".join(parts[:2]))


_PAGED = frozenset({"first", "after", "last", "before", "orderBy", "includeArchived"})

QUERY: Fields = {
    **computed(
        viewer=lambda root, request: request.actor,
        organization=lambda root, request: request.store.organization,
        rateLimitStatus=lambda root, request: request.rate_limits,
        issuePriorityValues=lambda root, request: [
            {"priority": priority, "label": label} for priority, label in enumerate(PRIORITY_LABELS)
        ],
    ),
    "teams": _every("teams", filters.TEAM, "TeamFilter"),
    "team": _by_id(lambda request, reference: request.store.find_team(reference)),
    "users": connection(_all("users"), filters.USER, "UserFilter", extra={"includeDisabled": is_enabled}),
    "user": _by_id(_user),
    "workflowStates": _every("states", filters.STATE, "WorkflowStateFilter"),
    "workflowState": _one("states"),
    "issueLabels": _every("labels", filters.LABEL, "IssueLabelFilter"),
    "issueLabel": _one("labels"),
    "projects": _every("projects", filters.PROJECT, "ProjectFilter"),
    "project": _by_id(_project),
    "projectStatuses": _every("project_statuses"),
    "projectStatus": _one("project_statuses"),
    "projectMilestones": _every("milestones", filters.MILESTONE, "ProjectMilestoneFilter"),
    "projectMilestone": _one("milestones"),
    "cycles": _every("cycles", filters.CYCLE, "CycleFilter"),
    "cycle": _one("cycles"),
    "issues": _every("issues", filters.ISSUE, "IssueFilter"),
    "issue": _by_id(lambda request, reference: request.store.find_issue(reference)),
    "searchIssues": Field(_search, _PAGED | {"term", "filter", "includeComments", "teamId"}),
    "issueVcsBranchSearch": Field(_branch, frozenset({"branchName"})),
    "comments": _every("comments", filters.COMMENT, "CommentFilter"),
    "comment": Field(_comment, frozenset({"id"})),
    "issueRelations": _every("relations"),
    "issueRelation": _one("relations"),
    "attachments": _every("attachments", filters.ATTACHMENT, "AttachmentFilter"),
    "attachment": _one("attachments"),
    "attachmentsForURL": Field(_attachments_for_url, _PAGED | {"url"}),
    "webhooks": _every("webhooks"),
    "webhook": _one("webhooks"),
    # Nobody signs in, is invited or changes a setting here.
    **empties("auditEntries"),
}
