"""Milestones of projects and of the group."""

from __future__ import annotations

from datetime import date

from worklake.sandbox.gitlab.api import Route
from worklake.sandbox.gitlab.call import Call, Reply, json_reply, no_content
from worklake.sandbox.gitlab.entities import REPORTER, Milestone
from worklake.sandbox.gitlab.errors import invalid_field, invalid_parameter, not_found, not_served
from worklake.sandbox.gitlab.issue_params import checked_title
from worklake.sandbox.gitlab.paging import paged
from worklake.sandbox.gitlab.routes.merge_requests import merge_request_json

_FIELDS = ("title", "description", "due_date", "start_date", "state_event")


def _owner(call: Call) -> int | None:
    if "/groups/" in call.path:
        call.check_group()
        return None
    return call.project().id


def _list(call: Call) -> Reply:
    query, owner = call.query, _owner(call)
    milestones = call.store.milestones_for(owner)
    if owner is not None and (query.boolean("include_ancestors") or query.boolean("include_parent_milestones")):
        milestones = [*milestones, *call.store.milestones_for(None)]
    if state := query.text("state", ("active", "closed", "all")):
        milestones = [one for one in milestones if state in ("all", one.state)]
    if iids := query.ids("iids"):
        milestones = [one for one in milestones if one.iid in iids]
    for name in ("include_descendants", "containing_date"):
        if query.text(name) not in (None, "", "false", "False"):
            raise not_served(f"the filter {name} of milestones")
    if title := query.text("title"):
        milestones = [one for one in milestones if one.title == title]
    if search := query.text("search"):
        lowered = search.lower()
        milestones = [one for one in milestones if lowered in f"{one.title}\n{one.description}".lower()]
    if after := query.moment("updated_after"):
        milestones = [one for one in milestones if one.updated_at >= after]
    if before := query.moment("updated_before"):
        milestones = [one for one in milestones if one.updated_at <= before]
    ordered = sorted(milestones, key=lambda one: (one.due_date is None, one.due_date, one.id))
    return paged(call, ordered, call.show.milestone)


def _read(call: Call) -> Reply:
    return json_reply(call.show.milestone(_milestone(call)))


def _create(call: Call) -> Reply:
    owner = _owner(call)
    call.require(REPORTER)
    title = checked_title(call.body.required("title"))
    _check_title(call, owner, title)
    start, due = call.body.day("start_date"), call.body.day("due_date")
    _check_days(start, due)
    if owner is None:
        call.store.group.last_milestone_iid += 1
        iid = call.store.group.last_milestone_iid
    else:
        project = call.store.projects[owner]
        project.last_milestone_iid += 1
        iid = project.last_milestone_iid
    now, number = call.site.clock(), call.store.next_id("milestone")
    group_id = call.store.group.id if owner is None else None
    milestone = Milestone(
        number, iid, owner, group_id, title, call.body.text("description") or "", now, now, start, due
    )
    call.store.milestones[number] = milestone
    call.site.events.milestone(milestone, call.user, "create")
    return json_reply(call.show.milestone(milestone), 201)


def _edit(call: Call) -> Reply:
    milestone, body = _milestone(call), call.body
    call.require(REPORTER)
    if not body.names_any(_FIELDS):
        raise invalid_parameter(f"{', '.join(_FIELDS)} are missing, at least one parameter must be provided")
    event = body.text("state_event", ("close", "activate"))
    start = body.day("start_date") if "start_date" in body else milestone.start_date
    due = body.day("due_date") if "due_date" in body else milestone.due_date
    _check_days(start, due)
    if "title" in body:
        title = checked_title(body.text("title"))
        if title != milestone.title:
            _check_title(call, milestone.project_id, title)
        milestone.title = title
    if "description" in body:
        milestone.description = body.text("description") or ""
    milestone.start_date, milestone.due_date = start, due
    if event:
        milestone.state = "closed" if event == "close" else "active"
        call.site.events.milestone(milestone, call.user, "close" if event == "close" else "reopen")
    milestone.updated_at = call.site.clock()
    _shown_anew(call)
    return json_reply(call.show.milestone(milestone))


def _delete(call: Call) -> Reply:
    milestone = _milestone(call)
    call.require(REPORTER)
    for issue in call.store.issues.values():
        if issue.milestone_id == milestone.id:
            with call.store.changing(issue):
                issue.milestone_id = None
    for request in call.store.merge_requests.values():
        if request.milestone_id == milestone.id:
            request.milestone_id = None
    del call.store.milestones[milestone.id]
    call.site.events.milestone(milestone, call.user, "delete")
    return no_content()


def _issues(call: Call) -> Reply:
    milestone = _milestone(call)
    issues = [one for one in call.store.issues.values() if one.milestone_id == milestone.id and call.sees(one)]
    return paged(call, issues, call.show.issue)


def _merge_requests(call: Call) -> Reply:
    milestone = _milestone(call)
    found = [one for one in call.store.merge_requests.values() if one.milestone_id == milestone.id]
    return paged(call, found, lambda one: merge_request_json(call, one))


def _shown_anew(call: Call) -> None:
    """Issues show their milestone whole, and lists are filtered by its title."""
    call.show.forget_all()
    call.store.indexes.version += 1


def _milestone(call: Call) -> Milestone:
    owner = _owner(call)
    milestone = call.store.milestones.get(call.number("milestone_id"))
    if milestone is None or milestone.project_id != owner:
        raise not_found("Milestone")
    return milestone


def _check_title(call: Call, owner: int | None, title: str) -> None:
    if any(one.title == title for one in call.store.milestones_for(owner)):
        raise invalid_field("title", "already being used for another group or project milestone.")


def _check_days(start: date | None, due: date | None) -> None:
    if start is not None and due is not None and due < start:
        raise invalid_field("due_date", "must be greater than start date")


def _routes(owner: str) -> tuple[Route, ...]:
    return (
        Route("GET", f"/{owner}/:id/milestones", _list),
        Route("POST", f"/{owner}/:id/milestones", _create),
        Route("GET", f"/{owner}/:id/milestones/:milestone_id", _read),
        Route("PUT", f"/{owner}/:id/milestones/:milestone_id", _edit),
        Route("DELETE", f"/{owner}/:id/milestones/:milestone_id", _delete),
        Route("GET", f"/{owner}/:id/milestones/:milestone_id/issues", _issues),
        Route("GET", f"/{owner}/:id/milestones/:milestone_id/merge_requests", _merge_requests),
    )


ROUTES = (*_routes("projects"), *_routes("groups"))
