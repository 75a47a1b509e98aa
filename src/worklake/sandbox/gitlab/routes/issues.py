"""Issues: lists, reading, creating, editing, deleting, moving, cloning."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from worklake.sandbox.gitlab.api import Route
from worklake.sandbox.gitlab.call import Call, Reply, json_reply, no_content
from worklake.sandbox.gitlab.entities import OWNER, REPORTER, Project
from worklake.sandbox.gitlab.errors import ApiError, forbidden, invalid_parameter, not_found
from worklake.sandbox.gitlab.issue_lists import all_issues, group_issues, issue_statistics, project_issues
from worklake.sandbox.gitlab.paging import paged


def _read(call: Call) -> Reply:
    return json_reply(call.show.full_issue(call.issue()))


def _read_by_id(call: Call) -> Reply:
    """For administrators alone, and nobody here is one."""
    raise forbidden()


def _create(call: Call) -> Reply:
    project = call.project()
    call.body.required("title")
    call.site.limits.use("issue_create", call.user)
    issue = call.site.editor.create(project, call.user, call.body)
    return json_reply(call.show.full_issue(issue), 201)


def _edit(call: Call) -> Reply:
    issue = call.site.editor.update(call.issue(), call.user, call.body)
    return json_reply(call.show.full_issue(issue))


def _delete(call: Call) -> Reply:
    issue = call.issue()
    call.require(OWNER)
    check_unmodified(call, issue.updated_at)
    call.site.editor.delete(issue)
    return no_content()


def _move(call: Call) -> Reply:
    issue = call.issue()
    call.require(REPORTER)
    return json_reply(call.show.full_issue(call.site.editor.move(issue, _target(call), call.user)), 201)


def _clone(call: Call) -> Reply:
    issue = call.issue()
    call.require(REPORTER)
    with_notes = call.body.boolean("with_notes") or False
    copy = call.site.editor.clone(issue, _target(call), call.user, with_notes=with_notes)
    return json_reply(call.show.full_issue(copy), 201)


def _reorder(call: Call) -> Reply:
    issue = call.issue()
    after, before = call.body.integer("move_after_id"), call.body.integer("move_before_id")
    if after is None and before is None:
        raise invalid_parameter("move_after_id, move_before_id are missing, at least one parameter must be provided")
    neighbour = call.store.issues.get(after if after is not None else before or 0)
    if neighbour is None or neighbour.project_id != issue.project_id:
        raise not_found("Issue")
    with call.store.changing(issue):
        issue.relative_position = (neighbour.relative_position or 0) + (1 if after is not None else -1)
    return json_reply(call.show.full_issue(issue))


def _participants(call: Call) -> Reply:
    issue = call.issue()
    people = dict.fromkeys([issue.author_id, *issue.assignee_ids])
    people |= dict.fromkeys(note.author_id for note in call.store.notes_of(issue))
    return paged(call, list(people), call.show.user)


def _target(call: Call) -> Project:
    number = call.body.integer("to_project_id")
    if number is None:
        raise invalid_parameter("to_project_id is missing")
    project = call.store.projects.get(number)
    if project is None:
        raise not_found("Project")
    return project


def check_unmodified(call: Call, updated_at: datetime) -> None:
    """Refuse (412) a delete whose `If-Unmodified-Since` is before the record's last change, to the microsecond."""
    given = call.headers.get("if-unmodified-since")
    if given is None:
        return
    since = _moment(given)
    if since is None or updated_at > since:
        raise ApiError(412, {"message": "412 Precondition Failed"})


def _moment(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        try:
            moment = parsedate_to_datetime(text)
        except ValueError:
            return None
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


ROUTES = (
    Route("GET", "/projects/:id/issues", project_issues),
    Route("POST", "/projects/:id/issues", _create),
    Route("GET", "/groups/:id/issues", group_issues),
    Route("GET", "/issues", all_issues),
    Route("GET", "/issues/:id", _read_by_id),
    Route("GET", "/issues_statistics", issue_statistics),
    Route("GET", "/projects/:id/issues_statistics", issue_statistics),
    Route("GET", "/groups/:id/issues_statistics", issue_statistics),
    Route("GET", "/projects/:id/issues/:iid", _read),
    Route("PUT", "/projects/:id/issues/:iid", _edit),
    Route("DELETE", "/projects/:id/issues/:iid", _delete),
    Route("POST", "/projects/:id/issues/:iid/move", _move),
    Route("POST", "/projects/:id/issues/:iid/clone", _clone),
    Route("PUT", "/projects/:id/issues/:iid/reorder", _reorder),
    Route("GET", "/projects/:id/issues/:iid/participants", _participants),
)
