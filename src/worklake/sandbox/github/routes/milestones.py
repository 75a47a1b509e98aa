"""Milestones of repositories."""

from __future__ import annotations

from datetime import UTC, datetime

from worklake.sandbox.github.api import Route
from worklake.sandbox.github.call import Call, Reply, json_reply
from worklake.sandbox.github.entities import Milestone, Repository
from worklake.sandbox.github.errors import invalid, not_found
from worklake.sandbox.github.paging import paged


def _list(call: Call) -> Reply:
    """The open ones unless told otherwise, the next due first."""
    repository = call.repository()
    state = call.one_of("state", ("open", "closed", "all"))
    rows = [one for one in repository.milestones.values() if state in ("all", one.state)]
    never = datetime.max.replace(tzinfo=UTC)
    key = (
        (lambda one: (one.due_on or never, one.number))
        if call.one_of("sort", ("due_on", "completeness")) == "due_on"
        else (lambda one: (0, one.number))
    )
    rows.sort(key=key, reverse=call.one_of("direction", ("asc", "desc")) == "desc")
    return paged(call, rows, lambda one: call.show.milestone(one, repository))


def _read(call: Call) -> Reply:
    repository = call.repository()
    return json_reply(call.show.milestone(_milestone(call, repository), repository))


def _create(call: Call) -> Reply:
    repository = call.writable()
    call.require_push()
    title = _checked_title(call, repository, None)
    number = max(repository.milestones, default=0) + 1
    now = call.site.clock()
    made = Milestone(call.store.next_id(), number, title, call.user.id, now, now)
    _fill(call, made)
    repository.milestones[number] = made
    return json_reply(call.show.milestone(made, repository), 201)


def _edit(call: Call) -> Reply:
    repository = call.writable()
    call.require_push()
    milestone = _milestone(call, repository)
    if "title" in call.body:
        milestone.title = _checked_title(call, repository, milestone)
    _fill(call, milestone)
    milestone.updated_at = call.site.clock()
    return json_reply(call.show.milestone(milestone, repository))


def _delete(call: Call) -> Reply:
    repository = call.writable()
    call.require_push()
    milestone = _milestone(call, repository)
    for issue in repository.issues.values():
        if issue.milestone == milestone.number:
            issue.milestone = None
    del repository.milestones[milestone.number]
    return Reply(b"", 204)


def _milestone(call: Call, repository: Repository) -> Milestone:
    milestone = repository.milestones.get(call.number("milestone"))
    if milestone is None:
        raise not_found()
    return milestone


def _checked_title(call: Call, repository: Repository, milestone: Milestone | None) -> str:
    title = (call.text("title", required=True, resource="Milestone") or "").strip()
    if not title:
        raise invalid("title", "missing_field", "Milestone")
    if any(one.title == title for one in repository.milestones.values() if one is not milestone):
        raise invalid("title", "already_exists", "Milestone")
    return title


def _fill(call: Call, milestone: Milestone) -> None:
    if "description" in call.body:
        milestone.description = call.text("description", resource="Milestone")
    if "due_on" in call.body:
        text = call.text("due_on", resource="Milestone")
        try:
            milestone.due_on = datetime.fromisoformat(text).astimezone(UTC) if text else None
        except ValueError as error:
            raise invalid("due_on", "invalid", "Milestone") from error
    state = call.body.get("state")
    if state is not None:
        if state not in ("open", "closed"):
            raise invalid("state", "invalid", "Milestone")
        milestone.closed_at = call.site.clock() if state == "closed" else None
        milestone.state = state


_PATH = "/repos/:owner/:repo/milestones"
ROUTES = (
    Route("GET", _PATH, _list),
    Route("POST", _PATH, _create),
    Route("GET", f"{_PATH}/:milestone", _read),
    Route("PATCH", f"{_PATH}/:milestone", _edit),
    Route("DELETE", f"{_PATH}/:milestone", _delete),
)
