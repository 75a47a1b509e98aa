"""Issues: lists, reading, creating, editing, assignees and history."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from worklake.sandbox.github.api import Route
from worklake.sandbox.github.call import Call, Reply, json_reply
from worklake.sandbox.github.entities import Event, Issue
from worklake.sandbox.github.errors import not_served
from worklake.sandbox.github.paging import paged, paged_issues

_UNSERVED_FILTERS = ("type", "mentioned", "issue_field_values")
_Place = Callable[[Issue], tuple[Any, int]]


def _list(call: Call) -> Reply:
    """Issues and pull requests; the open ones unless told otherwise."""
    repository = call.with_issues()
    for name in _UNSERVED_FILTERS:
        if name in call.query:
            raise not_served(f"the filter {name} of issues")
    rows = [issue for issue in repository.issues.values() if _matches(call, issue)]
    place = _place(call.one_of("sort", ("created", "updated", "comments")))
    # A direction without an order is of the newest first, as everywhere else.
    rows.sort(key=place, reverse=call.one_of("direction", ("desc", "asc")) == "desc")
    return paged_issues(call, rows, place, call.show.issue)


def _place(sort: str) -> _Place:
    if sort == "comments":
        return lambda issue: (issue.comments, issue.id)
    if sort == "updated":
        return lambda issue: (_second(issue.updated_at), issue.id)
    return lambda issue: (_second(issue.created_at), issue.id)


def _second(moment: datetime) -> int:
    return int(moment.timestamp())


def _matches(call: Call, issue: Issue) -> bool:
    query, state = call.query, call.one_of("state", ("open", "closed", "all"))
    since = call.moment("since")
    if (state != "all" and issue.state != state) or (since and issue.updated_at < since):
        return False
    wanted = [name.strip().lower() for name in query.get("labels", "").split(",") if name.strip()]
    if any(name not in [one.lower() for one in issue.labels] for name in wanted):
        return False
    assignees = {call.store.users[one].login.lower() for one in issue.assignee_ids}
    if not _chosen(query.get("assignee"), assignees):
        return False
    if not _chosen(query.get("milestone"), {str(issue.milestone)} if issue.milestone else set()):
        return False
    author = call.store.users[issue.author_id].login.lower()
    return query.get("creator", author).lower() == author


def _chosen(wanted: str | None, there: set[str]) -> bool:
    """Whether a filter that takes a name, `none` or `*` lets something through that has these names."""
    if not wanted:
        return True
    if wanted in ("none", "*"):
        return bool(there) is (wanted == "*")
    return wanted.lower() in there


def _read(call: Call) -> Reply:
    return json_reply(call.show.issue(call.issue()))


def _create(call: Call) -> Reply:
    issue = call.site.editor.create(call.writable(), call.user, _fields(call))
    return json_reply(call.show.issue(issue), 201)


def _edit(call: Call) -> Reply:
    issue = call.issue()
    call.site.editor.update(issue, call.user, _fields(call))
    return json_reply(call.show.issue(issue))


def _fields(call: Call) -> dict[str, Any]:
    for name in ("type", "issue_field_values", "duplicate_issue_id"):
        if call.body.get(name) is not None:
            raise not_served(f"{name} of issues")
    return call.body


def _assign(call: Call) -> Reply:
    return _assigned(call, take_out=False)


def _unassign(call: Call) -> Reply:
    return _assigned(call, take_out=True)


def _assigned(call: Call, *, take_out: bool) -> Reply:
    """People are added or taken out one by one; who may not be assigned is left out in silence."""
    issue = call.issue()
    logins = call.body.get("assignees") or call.body.get("") or []
    found = [person for login in logins if (person := call.store.user_named(str(login)))]
    chosen = [person.id for person in found if person.is_assignable] if call.user.pushes else []
    draft = call.site.editor.draft_of(issue)
    rest = [one for one in draft.assignee_ids if one not in chosen]
    draft.assignee_ids = rest if take_out else list(dict.fromkeys([*draft.assignee_ids, *chosen]))[:10]
    call.site.editor.commit(issue, draft, call.user)
    return json_reply(call.show.issue(issue), 200 if take_out else 201)


def _events(call: Call) -> Reply:
    issue = call.issue()
    return paged(call, issue.events, lambda event: call.show.event(event, issue))


def _all_events(call: Call) -> Reply:
    """The history of every issue of a repository, newest first."""
    rows: list[tuple[Event, Issue]] = [
        (event, issue) for issue in call.with_issues().issues.values() for event in issue.events
    ]
    rows.sort(key=lambda row: (row[0].created_at, row[0].id), reverse=True)
    return paged(call, rows, lambda row: {**call.show.event(*row), "issue": call.show.issue(row[1])})


_REPO = "/repos/:owner/:repo/issues"
ROUTES = (
    Route("GET", _REPO, _list),
    Route("POST", _REPO, _create),
    Route("GET", f"{_REPO}/events", _all_events),
    Route("GET", f"{_REPO}/:number", _read),
    Route("PATCH", f"{_REPO}/:number", _edit),
    Route("POST", f"{_REPO}/:number/assignees", _assign),
    Route("DELETE", f"{_REPO}/:number/assignees", _unassign),
    Route("GET", f"{_REPO}/:number/events", _events),
)
