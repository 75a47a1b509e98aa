"""Relations between issues, and attachments. Neither moves an issue's `updatedAt`; both stand in its history."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import SplitResult, urlsplit

from worklake.sandbox.linear import events
from worklake.sandbox.linear.changes import comments, history
from worklake.sandbox.linear.changes.issues import update_issue
from worklake.sandbox.linear.changes.rows import copied, write
from worklake.sandbox.linear.entities import Attachment, IssueRelation
from worklake.sandbox.linear.errors import already_exists, invalid_argument, refused
from worklake.sandbox.linear.request import Input, Request, only

RELATION_TYPES = ("blocks", "duplicate", "related", "similar")

_CREATE_RELATION = frozenset({"id", "issueId", "relatedIssueId", "type"})
_CREATE_ATTACHMENT = frozenset({
    "id", "issueId", "url", "title", "subtitle", "metadata", "groupBySource", "commentBody",
})  # fmt: skip
_UPDATE_ATTACHMENT = frozenset({"title", "subtitle", "metadata"})


def create_relation(request: Request, input: Input) -> IssueRelation:
    """`issueRelationCreate`: the issue blocks (duplicates, is related or similar to) the other one.

    A `duplicate` moves the issue to its team's duplicate state, if there is one.
    """
    store = request.store
    only("IssueRelationCreateInput", input, _CREATE_RELATION)
    issue, related = store.find_issue(input["issueId"]), store.find_issue(input["relatedIssueId"])
    relation = IssueRelation(
        id=store.chosen_id("relation", input.get("id")),
        created_at=request.moment,
        updated_at=request.moment,
        type=input["type"],
        issue_id=issue.id,
        related_issue_id=related.id,
    )
    if store.relations.get(relation.id) is not None:
        raise already_exists("IssueRelation", relation.id)
    _check_relation(request, relation)
    store.relations.insert(relation)
    _record(request, relation, "a")
    if relation.type == "duplicate":
        _move_to_duplicate(request, issue.id, issue.team_id)
    return relation


def update_relation(request: Request, id: str, input: Input) -> IssueRelation:
    """`issueRelationUpdate`."""
    store = request.store
    relation = store.relations.need(id)
    columns: dict[str, Any] = {"type": input.get("type") or relation.type}
    for name, column in (("issueId", "issue_id"), ("relatedIssueId", "related_issue_id")):
        columns[column] = store.find_issue(input[name]).id if input.get(name) else getattr(relation, column)
    wanted = IssueRelation(id=relation.id, created_at=relation.created_at, updated_at=relation.updated_at, **columns)
    if any(getattr(relation, column) != value for column, value in columns.items()):
        _check_relation(request, wanted)
        write(request, store.relations, relation, columns)
    return relation


def delete_relation(request: Request, id: str) -> str:
    """`issueRelationDelete`."""
    relation = request.store.relations.need(id)
    _record(request, relation, "r")
    request.store.relations.delete(relation)
    return relation.id


def _check_relation(request: Request, relation: IssueRelation) -> None:
    if relation.type not in RELATION_TYPES:
        raise invalid_argument(f"type must be one of {', '.join(RELATION_TYPES)}.")
    if relation.issue_id == relation.related_issue_id:
        raise refused("Cannot relate an issue to itself", "An issue cannot be related to itself.")
    for other in request.store.relations.where("issue_id", relation.issue_id):
        if other.related_issue_id == relation.related_issue_id and other.type == relation.type:
            raise refused("Issue relation already exists", "The two issues are already related in this way.")


def _record(request: Request, relation: IssueRelation, sign: str) -> None:
    store = request.store
    letter = {"blocks": "b", "duplicate": "d", "related": "r", "similar": "s"}[relation.type]
    issue, related = store.issues.need(relation.issue_id), store.issues.need(relation.related_issue_id)
    for one, other, side in ((issue, related, letter), (related, issue, "x" if letter == "b" else letter)):
        change = {"identifier": other.identifier, "type": f"{sign}{side}"}
        history.record(request, one, {"relationChanges": [change]})


def _move_to_duplicate(request: Request, issue_id: str, team_id: str) -> None:
    state = next((one for one in request.store.states_of(team_id) if one.type == "duplicate"), None)
    if state is not None:
        update_issue(request, issue_id, {"stateId": state.id})


def create_attachment(request: Request, input: Input, source_type: str = "api") -> Attachment:
    """`attachmentCreate`: on the same issue and URL it updates the attachment that is there."""
    store = request.store
    only("AttachmentCreateInput", input, _CREATE_ATTACHMENT)
    issue = store.find_issue(input["issueId"])
    _parts(input["url"])
    _check_title(input)
    columns = {
        "title": input["title"],
        "subtitle": input.get("subtitle"),
        "metadata": input.get("metadata") or {},
        "group_by_source": bool(input.get("groupBySource")),
    }
    same_url = store.attachments.where("url", input["url"])
    present = next((attachment for attachment in same_url if attachment.issue_id == issue.id), None)
    if present is not None:
        _write_attachment(request, present, columns)
        return present
    attachment = Attachment(
        id=store.chosen_id("attachment", input.get("id")),
        created_at=request.moment,
        updated_at=request.moment,
        issue_id=issue.id,
        url=input["url"],
        creator_id=request.actor.id,
        source_type=source_type,
        **columns,
    )
    if store.attachments.get(attachment.id) is not None:
        raise already_exists("Attachment", attachment.id)
    store.attachments.insert(attachment)
    history.record(request, issue, {"attachmentId": attachment.id})
    if input.get("commentBody"):
        comments.create_comment(request, {"issueId": issue.id, "body": input["commentBody"]})
    events.tell(request, "create", attachment)
    return attachment


def link_url(
    request: Request,
    issueId: str,
    url: str,
    title: str | None = None,
    id: str | None = None,
) -> Attachment:
    """`attachmentLinkURL`: a plain attachment, the URL its title if there is none."""
    return create_attachment(request, {"issueId": issueId, "url": url, "title": title or url, "id": id})


def link_github_pull_request(request: Request, issueId: str, url: str, **given: str | None) -> Attachment:
    """`attachmentLinkGitHubPR`."""
    return _link(request, "github", _PULL_REQUEST, issueId, url, given)


def link_github_issue(request: Request, issueId: str, url: str, **given: str | None) -> Attachment:
    """`attachmentLinkGitHubIssue`."""
    return _link(request, "github", _GITHUB_ISSUE, issueId, url, given)


def link_gitlab_merge_request(
    request: Request, issueId: str, url: str, number: float, projectPathWithNamespace: str, **given: str | None
) -> Attachment:
    """`attachmentLinkGitLabMR`: the project and number must be those of the URL."""
    if not _parts(url).path.endswith(f"/{projectPathWithNamespace}/-/merge_requests/{number:.0f}"):
        raise invalid_argument("url must be that of the merge request.")
    return _link(request, "gitlab", _MERGE_REQUEST, issueId, url, given)


_PULL_REQUEST = re.compile(r"https?://[^/]+/[^/]+/[^/]+/pull/\d+")
_GITHUB_ISSUE = re.compile(r"https?://[^/]+/[^/]+/[^/]+/issues/\d+")
_MERGE_REQUEST = re.compile(r"https?://.+/-/merge_requests/\d+")


def _link(
    request: Request, source: str, shape: re.Pattern[str], issue_id: str, url: str, given: Mapping[str, str | None]
) -> Attachment:
    """An attachment of a source; without the integration nobody fills in more than the URL and the title."""
    if not shape.match(url):
        raise invalid_argument(f"url is no such address of {source}.")
    title = given.get("title") or url
    return create_attachment(request, {"issueId": issue_id, "url": url, "title": title, "id": given.get("id")}, source)


def update_attachment(request: Request, id: str, input: Input) -> Attachment:
    """`attachmentUpdate`."""
    only("AttachmentUpdateInput", input, _UPDATE_ATTACHMENT)
    attachment = request.store.attachments.need(id)
    _check_title(input)
    columns = copied(input, "title subtitle metadata")
    if "metadata" in columns:
        columns["metadata"] = columns["metadata"] or {}
    _write_attachment(request, attachment, columns)
    return attachment


def delete_attachment(request: Request, id: str) -> str:
    """`attachmentDelete`."""
    attachment = request.store.attachments.need(id)
    events.tell(request, "remove", attachment)
    request.store.attachments.delete(attachment)
    return attachment.id


def _parts(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
    except ValueError:
        parts = SplitResult("", "", "", "", "")
    if not parts.scheme:
        raise invalid_argument("url must be a URL.")
    return parts


def _check_title(given: Input) -> None:
    if not given["title"].strip():
        raise invalid_argument("title should not be empty.")


def _write_attachment(request: Request, attachment: Attachment, columns: dict[str, Any]) -> None:
    before = write(request, request.store.attachments, attachment, columns)
    if before is not None:
        events.tell(request, "update", attachment, before)
