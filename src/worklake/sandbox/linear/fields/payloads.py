"""What the mutations answer, and the mutations themselves."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from worklake.sandbox.linear.changes import comments, issue_lifecycle, issues, labels, links, projects, states, webhooks
from worklake.sandbox.linear.errors import scope_missing
from worklake.sandbox.linear.fields.small import keyed
from worklake.sandbox.linear.request import Request
from worklake.sandbox.linear.served import Field, Fields

_ANSWER = "success lastSyncId"

PAYLOADS: dict[str, Fields] = {
    "IssuePayload": keyed(f"{_ANSWER} issue"),
    "IssueBatchPayload": keyed(f"{_ANSWER} issues"),
    "IssueArchivePayload": keyed(f"{_ANSWER} entity"),
    "IssueRelationPayload": keyed(f"{_ANSWER} issueRelation"),
    "IssueLabelPayload": keyed(f"{_ANSWER} issueLabel"),
    "CommentPayload": keyed(f"{_ANSWER} comment"),
    "AttachmentPayload": keyed(f"{_ANSWER} attachment"),
    "ProjectPayload": keyed(f"{_ANSWER} project"),
    "ProjectArchivePayload": keyed(f"{_ANSWER} entity"),
    "ProjectMilestonePayload": keyed(f"{_ANSWER} projectMilestone"),
    "WorkflowStatePayload": keyed(f"{_ANSWER} workflowState"),
    "WorkflowStateArchivePayload": keyed(f"{_ANSWER} entity"),
    "WebhookPayload": keyed(f"{_ANSWER} webhook"),
    "WebhookRotateSecretPayload": keyed(f"{_ANSWER} secret"),
    "DeletePayload": keyed(f"{_ANSWER} entityId"),
}

Change = Callable[..., Any]


def _mutation(answer: str, change: Change, arguments: str) -> Field:
    """A mutation whose payload's field `answer` holds what `change(request, **arguments)` returns."""

    def resolve(root: Any, info: Any, **given: Any) -> Mapping[str, Any]:
        request: Request = info.context
        if not request.may_write:
            raise scope_missing("write")
        result = change(request, **given)
        return {"success": True, "lastSyncId": request.store.next_sync_id(), answer: result}

    return Field(resolve, frozenset(arguments.split()))


MUTATION: Fields = {
    "issueCreate": _mutation("issue", issues.create_issue, "input"),
    "issueUpdate": _mutation("issue", issues.update_issue, "id input"),
    "issueBatchCreate": _mutation("issues", issues.create_issues, "input"),
    "issueBatchUpdate": _mutation("issues", issues.update_issues, "ids input"),
    "issueAddLabel": _mutation("issue", issues.add_label, "id labelId"),
    "issueRemoveLabel": _mutation("issue", issues.remove_label, "id labelId"),
    "issueArchive": _mutation("entity", issue_lifecycle.archive_issue, "id trash"),
    "issueUnarchive": _mutation("entity", issue_lifecycle.unarchive_issue, "id"),
    "issueDelete": _mutation("entity", issue_lifecycle.delete_issue, "id permanentlyDelete"),
    "issueRelationCreate": _mutation("issueRelation", links.create_relation, "input"),
    "issueRelationUpdate": _mutation("issueRelation", links.update_relation, "id input"),
    "issueRelationDelete": _mutation("entityId", links.delete_relation, "id"),
    "attachmentCreate": _mutation("attachment", links.create_attachment, "input"),
    "attachmentUpdate": _mutation("attachment", links.update_attachment, "id input"),
    "attachmentDelete": _mutation("entityId", links.delete_attachment, "id"),
    "attachmentLinkURL": _mutation("attachment", links.link_url, "id issueId title url"),
    "attachmentLinkGitHubPR": _mutation("attachment", links.link_github_pull_request, "id issueId title url"),
    "attachmentLinkGitHubIssue": _mutation("attachment", links.link_github_issue, "id issueId title url"),
    "attachmentLinkGitLabMR": _mutation(
        "attachment", links.link_gitlab_merge_request, "id issueId title url number projectPathWithNamespace"
    ),
    "commentCreate": _mutation("comment", comments.create_comment, "input"),
    "commentUpdate": _mutation("comment", comments.update_comment, "id input skipEditedAt"),
    "commentDelete": _mutation("entityId", comments.delete_comment, "id"),
    "commentResolve": _mutation("comment", comments.resolve_comment, "id resolvingCommentId"),
    "commentUnresolve": _mutation("comment", comments.unresolve_comment, "id"),
    "projectCreate": _mutation("project", projects.create_project, "input"),
    "projectUpdate": _mutation("project", projects.update_project, "id input"),
    "projectDelete": _mutation("entity", projects.delete_project, "id"),
    "projectArchive": _mutation("entity", projects.archive_project, "id trash"),
    "projectUnarchive": _mutation("entity", projects.unarchive_project, "id"),
    "projectMilestoneCreate": _mutation("projectMilestone", projects.create_milestone, "input"),
    "projectMilestoneUpdate": _mutation("projectMilestone", projects.update_milestone, "id input"),
    "projectMilestoneDelete": _mutation("entityId", projects.delete_milestone, "id"),
    "issueLabelCreate": _mutation("issueLabel", labels.create_label, "input"),
    "issueLabelUpdate": _mutation("issueLabel", labels.update_label, "id input"),
    "issueLabelDelete": _mutation("entityId", labels.delete_label, "id"),
    "issueLabelRetire": _mutation("issueLabel", labels.retire_label, "id"),
    "issueLabelRestore": _mutation("issueLabel", labels.restore_label, "id"),
    "workflowStateCreate": _mutation("workflowState", states.create_state, "input"),
    "workflowStateUpdate": _mutation("workflowState", states.update_state, "id input"),
    "workflowStateArchive": _mutation("entity", states.archive_state, "id"),
    "webhookCreate": _mutation("webhook", webhooks.create_webhook, "input"),
    "webhookUpdate": _mutation("webhook", webhooks.update_webhook, "id input"),
    "webhookDelete": _mutation("entityId", webhooks.delete_webhook, "id"),
    "webhookRotateSecret": _mutation("secret", webhooks.rotate_secret, "id"),
}
PAYLOADS["Mutation"] = MUTATION
