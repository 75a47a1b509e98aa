"""Issues and what hangs on them."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from worklake.sandbox.linear import filter_tables as filters
from worklake.sandbox.linear.entities import Attachment, Issue
from worklake.sandbox.linear.request import Request
from worklake.sandbox.linear.served import (
    Field,
    Fields,
    computed,
    connection,
    constants,
    empties,
    nulls,
    reference,
    values,
)
from worklake.sandbox.linear.shapes import PRIORITY_LABELS
from worklake.sandbox.linear.store import slug

_ENTITY = "id createdAt updatedAt archivedAt"


def owned(table: str, column: str) -> Callable[[Any, Request], Any]:
    """The rows of the store's `table` whose `column` is the id of the row above."""
    return lambda row, request: getattr(request.store, table).where(column, row.id)


def listed(table: str, column: str) -> Callable[[Any, Request], Any]:
    """The rows of the store's `table` whose ids the row above lists in `column`."""
    return lambda row, request: [getattr(request.store, table).need(one) for one in getattr(row, column)]


def issues_of(column: str) -> Field:
    """The connection of issues whose `column` is the id of the row above."""
    return connection(owned("issues", column), filters.ISSUE, "IssueFilter")


def is_enabled(user: Any, include_disabled: Any, request: Request) -> bool:
    """Whether `includeDisabled` lets a user show."""
    return bool(user.active or include_disabled)


def members(table: str, column: str) -> Field:
    """The connection of users whose ids the row above lists."""
    return connection(listed(table, column), filters.USER, "UserFilter", extra={"includeDisabled": is_enabled})


def _branch_name(issue: Issue, request: Request) -> str:
    person = request.actor.display_name
    return f"{slug(person)}/{slug(f'{issue.identifier} {issue.title}')}"


def _shared_access(issue: Issue, request: Request) -> SimpleNamespace:
    return SimpleNamespace(
        is_shared=False, shared_with_count=0, shared_with_users=[], viewer_has_only_shared_access=False,
        disallowed_issue_fields=[],
    )  # fmt: skip


def _state_spans(issue: Issue, request: Request) -> list[Any]:
    store = request.store
    starts = [(issue.created_at, issue.state_id)]
    for entry in sorted(store.history.where("issue_id", issue.id), key=lambda one: one.created_at):
        if "toStateId" in entry.changes:
            if len(starts) == 1:
                starts = [(issue.created_at, entry.changes["fromStateId"])]
            starts.append((entry.created_at, entry.changes["toStateId"]))
    ends = [start for start, _ in starts[1:]] + [None]
    return [
        SimpleNamespace(
            id=f"{issue.id}-{number}", created_at=start, updated_at=start, archived_at=None,
            state_id=state_id, started_at=start, ended_at=end,
        )
        for number, ((start, state_id), end) in enumerate(zip(starts, ends, strict=True))
    ]  # fmt: skip


_SCALARS: Fields = {
    **values(_ENTITY),
    **values("number identifier title description priority estimate dueDate labelIds previousIdentifiers trashed"),
    **values("sortOrder prioritySortOrder subIssueSortOrder startedAt completedAt canceledAt autoArchivedAt"),
    **values("startedTriageAt triagedAt snoozedUntilAt addedToCycleAt addedToProjectAt addedToTeamAt"),
    **computed(
        priorityLabel=lambda issue, request: PRIORITY_LABELS[issue.priority],
        url=lambda issue, request: request.store.issue_url(issue),
        branchName=_branch_name,
        sharedAccess=_shared_access,
    ),
    **constants(boardOrder=0, customerTicketCount=0, inheritsSharedAccess=False, reactionData={}, reactions=[]),
    **nulls("autoClosedAt slaBreachesAt slaHighRiskAt slaMediumRiskAt slaStartedAt slaType integrationSourceType"),
    **nulls("asksExternalUserRequester asksRequester botActor documentContent externalUserCreator favorite"),
    **nulls("lastAppliedTemplate recurringIssueTemplate sourceComment syncedWith"),
    "state": reference("states", "state_id"),
    "team": reference("teams", "team_id"),
    "assignee": reference("users", "assignee_id"),
    "delegate": reference("users", "delegate_id"),
    "creator": reference("users", "creator_id"),
    "snoozedBy": reference("users", "snoozed_by_id"),
    "project": reference("projects", "project_id"),
    "projectMilestone": reference("milestones", "project_milestone_id"),
    "cycle": reference("cycles", "cycle_id"),
    "parent": reference("issues", "parent_id"),
}
ISSUE: Fields = {
    **_SCALARS,
    **empties("documents formerAttachments formerNeeds needs releases suggestions"),
    "labels": connection(listed("labels", "label_ids"), filters.LABEL, "IssueLabelFilter"),
    "subscribers": members("users", "subscriber_ids"),
    "children": issues_of("parent_id"),
    "comments": connection(owned("comments", "issue_id"), filters.COMMENT, "CommentFilter"),
    "attachments": connection(owned("attachments", "issue_id"), filters.ATTACHMENT, "AttachmentFilter"),
    "relations": connection(owned("relations", "issue_id")),
    "inverseRelations": connection(owned("relations", "related_issue_id")),
    "history": connection(owned("history", "issue_id")),
    "stateHistory": connection(_state_spans),
}
SEARCH_RESULT: Fields = {**ISSUE, **constants(metadata={})}

COMMENT: Fields = {
    **values(f"{_ENTITY} body issueId parentId editedAt quotedText resolvedAt resolvingCommentId"),
    **constants(reactionData={}, reactions=[]),
    **nulls("agentSession botActor documentContent documentContentId externalThread externalUser initiative"),
    **nulls("initiativeId initiativeUpdate initiativeUpdateId post project projectId projectUpdate projectUpdateId"),
    **nulls("syncedWith"),
    **empties("createdIssues"),
    **computed(url=lambda comment, request: request.store.comment_url(comment)),
    "issue": reference("issues", "issue_id"),
    "user": reference("users", "user_id"),
    "parent": reference("comments", "parent_id"),
    "resolvingUser": reference("users", "resolving_user_id"),
    "resolvingComment": reference("comments", "resolving_comment_id"),
    "children": connection(owned("comments", "parent_id"), filters.COMMENT, "CommentFilter"),
}


def _source(attachment: Attachment, request: Request) -> Any:
    return {"type": "api"}


ATTACHMENT: Fields = {
    **values(f"{_ENTITY} title subtitle url metadata groupBySource"),
    **computed(source=_source, sourceType=lambda attachment, request: attachment.source_type),
    **nulls("bodyData externalUserCreator originalIssue"),
    "creator": reference("users", "creator_id"),
    "issue": reference("issues", "issue_id"),
}
ISSUE_RELATION: Fields = {
    **values(f"{_ENTITY} type"),
    "issue": reference("issues", "issue_id"),
    "relatedIssue": reference("issues", "related_issue_id"),
}


def _issues_with_label(label: Any, request: Request) -> Any:
    return [issue for issue in request.store.issues if label.id in issue.label_ids]


ISSUE_LABEL: Fields = {
    **values(f"{_ENTITY} name color description isGroup lastAppliedAt retiredAt"),
    **nulls("inheritedFrom"),
    **computed(organization=lambda label, request: request.store.organization),
    "parent": reference("labels", "parent_id"),
    "team": reference("teams", "team_id"),
    "creator": reference("users", "creator_id"),
    "retiredBy": reference("users", "retired_by_id"),
    "children": connection(owned("labels", "parent_id"), filters.LABEL, "IssueLabelFilter"),
    "issues": connection(_issues_with_label, filters.ISSUE, "IssueFilter"),
}
