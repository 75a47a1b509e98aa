"""Comments. They do not move their issue's `updatedAt`: read them by their own filter."""

from __future__ import annotations

from worklake.sandbox.linear import events
from worklake.sandbox.linear.entities import Comment
from worklake.sandbox.linear.errors import LinearError, already_exists, invalid_argument
from worklake.sandbox.linear.markdown import normalised
from worklake.sandbox.linear.request import Input, Request, only
from worklake.sandbox.linear.times import read_moment

_CREATE = frozenset({"id", "issueId", "body", "parentId", "createdAt", "quotedText", "doNotSubscribeToIssue"})
_UPDATE = frozenset({"body", "quotedText"})


def create_comment(request: Request, input: Input) -> Comment:
    """`commentCreate` on an issue."""
    store = request.store
    only("CommentCreateInput", input, _CREATE)
    if input.get("issueId") is None:
        raise invalid_argument("issueId is required.")
    issue = store.find_issue(input["issueId"])
    parent = store.comments.need(input["parentId"]) if input.get("parentId") is not None else None
    if parent is not None and (parent.issue_id != issue.id or parent.parent_id is not None):
        raise invalid_argument("parentId must be the first comment of a thread of the same issue.")
    created_at = read_moment(input["createdAt"], request.now) if input.get("createdAt") else request.moment
    comment = Comment(
        id=store.chosen_id("comment", input.get("id")),
        created_at=min(created_at, request.moment),
        updated_at=request.moment,
        body=_body(input),
        issue_id=issue.id,
        user_id=request.actor.id,
        parent_id=parent.id if parent else None,
        quoted_text=input.get("quotedText"),
    )
    if store.comments.get(comment.id) is not None:
        raise already_exists("Comment", comment.id)
    store.comments.insert(comment)
    if not input.get("doNotSubscribeToIssue") and request.actor.id not in issue.subscriber_ids:
        store.issues.change(issue, subscriber_ids=[*issue.subscriber_ids, request.actor.id])
    events.tell(request, "create", comment)
    return comment


def update_comment(request: Request, id: str, input: Input, skipEditedAt: bool | None = None) -> Comment:
    """`commentUpdate`: one's own comments only, unless one is an admin."""
    store = request.store
    only("CommentUpdateInput", input, _UPDATE)
    comment = store.comments.need(id)
    if comment.user_id != request.actor.id and not request.actor.admin:
        raise LinearError("Cannot edit another user's comment", code="FORBIDDEN", kind="forbidden", status=403)
    changes = {"body": _body(input)} if input.get("body") is not None else {}
    if "quotedText" in input:
        changes["quoted_text"] = input["quotedText"]
    if all(getattr(comment, column) == value for column, value in changes.items()):
        return comment
    before = {"body": comment.body, "editedAt": comment.edited_at, "updatedAt": comment.updated_at}
    edited_at = comment.edited_at if skipEditedAt else request.moment
    store.comments.change(comment, **changes, updated_at=request.moment, edited_at=edited_at)
    events.tell(request, "update", comment, before)
    return comment


def delete_comment(request: Request, id: str) -> str:
    """`commentDelete`: the comment and the answers to it vanish."""
    store = request.store
    comment = store.comments.need(id)
    for answer in store.comments.where("parent_id", comment.id):
        delete_comment(request, answer.id)
    events.tell(request, "remove", comment)
    store.comments.delete(comment)
    return comment.id


def resolve_comment(request: Request, id: str, resolvingCommentId: str | None = None) -> Comment:
    """`commentResolve`."""
    comment = request.store.comments.need(id)
    if resolvingCommentId is not None:
        request.store.comments.need(resolvingCommentId)
    return _set_resolved(request, comment, request.moment, resolvingCommentId)


def unresolve_comment(request: Request, id: str) -> Comment:
    """`commentUnresolve`."""
    return _set_resolved(request, request.store.comments.need(id), None, None)


def _set_resolved(request: Request, comment: Comment, at: str | None, by_comment: str | None) -> Comment:
    if (comment.resolved_at is None) is (at is None):
        return comment
    before = {"resolvedAt": comment.resolved_at, "updatedAt": comment.updated_at}
    request.store.comments.change(
        comment,
        resolved_at=at,
        resolving_user_id=request.actor.id if at else None,
        resolving_comment_id=by_comment,
        updated_at=request.moment,
    )
    events.tell(request, "update", comment, before)
    return comment


def _body(given: Input) -> str:
    body = normalised(given.get("body") or "")
    if not body:
        raise invalid_argument("body should not be empty.")
    return body
