"""Comments: of one issue, and of a whole repository in one list."""

from __future__ import annotations

from worklake.sandbox.github.api import Route
from worklake.sandbox.github.call import Call, Reply, json_reply
from worklake.sandbox.github.edits import checked_body
from worklake.sandbox.github.entities import Comment
from worklake.sandbox.github.errors import forbidden
from worklake.sandbox.github.paging import paged


def _of_issue(call: Call) -> Reply:
    rows = _since(call, call.store.comments_of.get(call.issue().id, []))
    return paged(call, rows, call.show.comment)


def _of_repository(call: Call) -> Reply:
    """Those on pull requests too. `direction` is ignored without `sort`."""
    repository = call.with_issues()
    every = [
        one for one in call.store.comments.values() if call.store.issues[one.issue_id].repository_id == repository.id
    ]
    rows = _since(call, every)
    if "sort" in call.query:
        name = {"created": "created_at", "updated": "updated_at"}[call.one_of("sort", ("created", "updated"))]
        descending = call.one_of("direction", ("desc", "asc")) == "desc"
        rows.sort(key=lambda one: (getattr(one, name), one.id), reverse=descending)
    return paged(call, rows, call.show.comment)


def _since(call: Call, comments: list[Comment]) -> list[Comment]:
    since = call.moment("since")
    return sorted((one for one in comments if not since or one.updated_at >= since), key=lambda one: one.id)


def _create(call: Call) -> Reply:
    issue = call.issue()
    body = call.text("body", required=True, resource="IssueComment") or ""
    return json_reply(call.show.comment(call.site.editor.add_comment(issue, call.user, body)), 201)


def _read(call: Call) -> Reply:
    return json_reply(call.show.comment(call.comment()))


def _edit(call: Call) -> Reply:
    """One's own, or any with push access. That an edit moves the issue is said nowhere, so it does not here."""
    comment = _own(call)
    comment.body = checked_body(call.text("body", required=True, resource="IssueComment"), "IssueComment")
    comment.updated_at = call.site.clock()
    return json_reply(call.show.comment(comment))


def _delete(call: Call) -> Reply:
    call.store.remove_comment(_own(call))
    return Reply(b"", 204)


def _own(call: Call) -> Comment:
    comment = call.comment()
    if not call.user.pushes and comment.author_id != call.user.id:
        raise forbidden("Must have admin rights to Repository.")
    return comment


_REPO = "/repos/:owner/:repo/issues"
ROUTES = (
    Route("GET", f"{_REPO}/comments", _of_repository),
    Route("GET", f"{_REPO}/comments/:comment_id", _read),
    Route("PATCH", f"{_REPO}/comments/:comment_id", _edit),
    Route("DELETE", f"{_REPO}/comments/:comment_id", _delete),
    Route("GET", f"{_REPO}/:number/comments", _of_issue),
    Route("POST", f"{_REPO}/:number/comments", _create),
)
