"""Sub-issues and dependencies. They are named by the global id of an issue, and move nobody's `updated_at`."""

from __future__ import annotations

from worklake.sandbox.github.api import Route
from worklake.sandbox.github.call import Call, Reply, json_reply
from worklake.sandbox.github.entities import Issue
from worklake.sandbox.github.errors import ApiError, forbidden, not_found
from worklake.sandbox.github.paging import paged

MOST_CHILDREN, MOST_LEVELS = 100, 8


def _children(call: Call) -> Reply:
    parent = call.issue()
    rows = [one for one in call.store.issues.values() if one.parent_id == parent.id]
    return paged(call, rows, call.show.issue)


def _parent(call: Call) -> Reply:
    found = call.issue().parent_id
    if found is None:
        raise not_found()
    return json_reply(call.show.issue(call.store.issues[found]))


def _add_child(call: Call) -> Reply:
    parent = _edited(call)
    child = _named(call, "sub_issue_id")
    if child.parent_id is not None and child.parent_id != parent.id and not call.body.get("replace_parent"):
        raise _refused("Sub issue may only have one parent")
    if child.parent_id == parent.id:
        raise _refused("Sub issue has already been added to this issue")
    above = _above(call, parent)
    if child.id in above or child.id == parent.id:
        raise _refused("Sub issue cannot be an ancestor of its parent")
    count = sum(one.parent_id == parent.id for one in call.store.issues.values())
    if count >= MOST_CHILDREN or len(above) >= MOST_LEVELS:
        raise _refused(f"Parent cannot have more than {MOST_CHILDREN} sub-issues or {MOST_LEVELS} levels")
    child.parent_id = parent.id
    return json_reply(call.show.issue(parent), 201)


def _take_child(call: Call) -> Reply:
    parent = _edited(call)
    child = _named(call, "sub_issue_id")
    if child.parent_id != parent.id:
        raise not_found()
    child.parent_id = None
    return json_reply(call.show.issue(parent))


def _blockers(call: Call) -> Reply:
    return paged(call, [call.store.issues[one] for one in call.issue().blocked_by], call.show.issue)


def _blocking(call: Call) -> Reply:
    issue = call.issue()
    return paged(call, [one for one in call.store.issues.values() if issue.id in one.blocked_by], call.show.issue)


def _block(call: Call) -> Reply:
    issue = _edited(call)
    blocker = _named(call, "issue_id")
    if blocker.id == issue.id or issue.id in blocker.blocked_by:
        raise _refused("An issue cannot block itself, nor what blocks it")
    if blocker.id in issue.blocked_by:
        raise _refused("The dependency exists already")
    issue.blocked_by.append(blocker.id)
    return json_reply(call.show.issue(blocker), 201)


def _unblock(call: Call) -> Reply:
    issue = _edited(call)
    number = call.number("issue_id")
    if number not in issue.blocked_by:
        raise not_found()
    issue.blocked_by.remove(number)
    return json_reply(call.show.issue(call.store.issues[number]))


def _above(call: Call, issue: Issue) -> list[int]:
    found: list[int] = []
    while issue.parent_id is not None and issue.parent_id not in found:
        found.append(issue.parent_id)
        issue = call.store.issues[issue.parent_id]
    return found


def _edited(call: Call) -> Issue:
    issue = call.issue()
    if not call.user.pushes:
        raise forbidden()
    return issue


def _named(call: Call, name: str) -> Issue:
    """The issue with this global id: its number in the repository is not meant, and not found."""
    number = call.body.get(name)
    issue = call.store.issues.get(number) if isinstance(number, int) else None
    if issue is None or issue.pull is not None:
        raise not_found()
    return issue


def _refused(message: str) -> ApiError:
    return ApiError(422, "An error occurred while adding the relation. " + message, errors=[message])


_ISSUE = "/repos/:owner/:repo/issues/:number"
ROUTES = (
    Route("GET", f"{_ISSUE}/sub_issues", _children),
    Route("POST", f"{_ISSUE}/sub_issues", _add_child),
    Route("DELETE", f"{_ISSUE}/sub_issue", _take_child),
    Route("GET", f"{_ISSUE}/parent", _parent),
    Route("GET", f"{_ISSUE}/dependencies/blocked_by", _blockers),
    Route("POST", f"{_ISSUE}/dependencies/blocked_by", _block),
    Route("DELETE", f"{_ISSUE}/dependencies/blocked_by/:issue_id", _unblock),
    Route("GET", f"{_ISSUE}/dependencies/blocking", _blocking),
)
