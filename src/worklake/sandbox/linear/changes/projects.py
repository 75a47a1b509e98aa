"""Projects and their milestones."""

from __future__ import annotations

from typing import Any

from worklake.sandbox.linear import events
from worklake.sandbox.linear.changes.rows import copied, require_name, write
from worklake.sandbox.linear.entities import Project, ProjectMilestone
from worklake.sandbox.linear.errors import already_exists, entity_not_found, invalid_argument
from worklake.sandbox.linear.markdown import normalised
from worklake.sandbox.linear.request import Input, Request, only
from worklake.sandbox.linear.times import read_date

_COPIED = (
    "name color icon priority prioritySortOrder sortOrder startDate startDateResolution targetDate targetDateResolution"
)
_NEVER_NULL = {"name", "color", "priority", "priority_sort_order", "sort_order"}
_CREATE = frozenset(_COPIED.split()) | {
    "id", "description", "content", "leadId", "memberIds", "statusId", "teamIds",
}  # fmt: skip
_UPDATE = (_CREATE - {"id"}) | {"trashed"}
_MILESTONE = frozenset({"name", "description", "targetDate", "sortOrder", "projectId"})


def create_project(request: Request, input: Input) -> Project:
    """`projectCreate`; without `statusId` the project begins as planned in the backlog."""
    store = request.store
    only("ProjectCreateInput", input, _CREATE)
    identity = store.chosen_id("project", input.get("id"))
    if store.projects.get(identity) is not None:
        raise already_exists("Project", identity)
    columns = _project_columns(request, input)
    if "status_id" not in columns:
        statuses = sorted(store.project_statuses, key=lambda status: status.position)
        columns["status_id"] = next(status.id for status in statuses if status.type == "backlog")
    project = Project(
        id=identity,
        created_at=request.moment,
        updated_at=request.moment,
        slug_id=identity.replace("-", "")[:12],
        creator_id=request.actor.id,
        **columns,
    )
    _enter_status(request, project, project.status_id)
    store.projects.insert(project)
    events.tell(request, "create", project)
    return project


def update_project(request: Request, id: str, input: Input) -> Project:
    """`projectUpdate`: what is omitted stays, null clears."""
    only("ProjectUpdateInput", input, _UPDATE)
    project = request.store.projects.need(id)
    columns = _project_columns(request, input)
    status_id = columns.get("status_id")
    before = write(request, request.store.projects, project, columns)
    if before is not None and "statusId" in before:
        _enter_status(request, project, str(status_id))
    if before is not None:
        events.tell(request, "update", project, before)
    if input.get("trashed") and not project.trashed:
        delete_project(request, project.id)
    elif "trashed" in input and not input["trashed"] and project.trashed:
        unarchive_project(request, project.id)
    return project


def delete_project(request: Request, id: str) -> Project:
    """`projectDelete`: to the trash; its issues stay."""
    project = request.store.projects.need(id)
    if not project.trashed:
        write(request, request.store.projects, project, {"trashed": True, "archived_at": request.moment})
        events.tell(request, "remove", project)
    return project


def archive_project(request: Request, id: str, trash: bool | None = None) -> Project:
    """`projectArchive`."""
    if trash:
        return delete_project(request, id)
    project = request.store.projects.need(id)
    if project.archived_at is None:
        before = write(request, request.store.projects, project, {"archived_at": request.moment})
        events.tell(request, "update", project, before)
    return project


def unarchive_project(request: Request, id: str) -> Project:
    """`projectUnarchive`: back from the archive or the trash."""
    project = request.store.projects.need(id)
    before = write(request, request.store.projects, project, {"trashed": None, "archived_at": None})
    if before is not None:
        events.tell(request, "update", project, before)
    return project


def create_milestone(request: Request, input: Input) -> ProjectMilestone:
    """`projectMilestoneCreate`."""
    store = request.store
    only("ProjectMilestoneCreateInput", input, _MILESTONE | {"id"})
    columns = _milestone_columns(request, input)
    siblings = store.milestones.where("project_id", columns["project_id"])
    columns.setdefault("sort_order", max((one.sort_order for one in siblings), default=0) + 1)
    identity = store.chosen_id("milestone", input.get("id"))
    return store.milestones.insert(
        ProjectMilestone(id=identity, created_at=request.moment, updated_at=request.moment, **columns)
    )


def update_milestone(request: Request, id: str, input: Input) -> ProjectMilestone:
    """`projectMilestoneUpdate`; moved to another project, it leaves its issues."""
    store = request.store
    only("ProjectMilestoneUpdateInput", input, _MILESTONE)
    milestone = store.milestones.need(id)
    columns = _milestone_columns(request, input)
    if columns.get("project_id", milestone.project_id) != milestone.project_id:
        _leave_issues(request, milestone)
    write(request, store.milestones, milestone, columns)
    return milestone


def delete_milestone(request: Request, id: str) -> str:
    """`projectMilestoneDelete`: its issues stay without one."""
    milestone = request.store.milestones.need(id)
    _leave_issues(request, milestone)
    request.store.milestones.delete(milestone)
    return milestone.id


def _resolve_dates(request: Request, columns: dict[str, Any]) -> None:
    for name in ("start_date", "target_date"):
        if columns.get(name) is not None:
            columns[name] = read_date(columns[name], request.now)


def _leave_issues(request: Request, milestone: ProjectMilestone) -> None:
    for issue in request.store.issues.where("project_milestone_id", milestone.id):
        request.store.issues.change(issue, project_milestone_id=None, updated_at=request.moment)


def _milestone_columns(request: Request, given: Input) -> dict[str, Any]:
    require_name(given)
    columns = copied(given, "name targetDate sortOrder")
    _resolve_dates(request, columns)
    for name in ("name", "sort_order"):
        if columns.get(name, 0) is None:
            del columns[name]
    if "description" in given:
        columns["description"] = normalised(given["description"] or "") or None
    if given.get("projectId") is not None:
        columns["project_id"] = request.store.projects.need(given["projectId"]).id
    return columns


def _project_columns(request: Request, given: Input) -> dict[str, Any]:
    store = request.store
    require_name(given)
    columns = {
        name: value for name, value in copied(given, _COPIED).items() if value is not None or name not in _NEVER_NULL
    }
    _resolve_dates(request, columns)
    if not 0 <= columns.get("priority", 0) <= 4:
        raise invalid_argument("priority must be between 0 and 4.")
    if "description" in given:
        columns["description"] = (given["description"] or "").strip()
    if "content" in given:
        columns["content"] = normalised(given["content"] or "") or None
    if "leadId" in given:
        if given["leadId"] is not None and store.users.get(given["leadId"]) is None:
            raise entity_not_found("User")
        columns["lead_id"] = given["leadId"]
    if given.get("statusId") is not None:
        columns["status_id"] = store.project_statuses.need(given["statusId"]).id
    if "memberIds" in given:
        columns["member_ids"] = [store.users.need(one).id for one in given["memberIds"] or []]
    if given.get("teamIds") is not None:
        columns["team_ids"] = [store.teams.need(one).id for one in dict.fromkeys(given["teamIds"])]
        if not columns["team_ids"]:
            raise invalid_argument("teamIds must contain at least 1 element.")
    return columns


def _enter_status(request: Request, project: Project, status_id: str) -> None:
    """The timestamps that a status sets and clears."""
    kind = request.store.project_statuses.need(status_id).type
    project.completed_at = request.moment if kind == "completed" else None
    project.canceled_at = request.moment if kind == "canceled" else None
    if kind in ("backlog", "planned"):
        project.started_at = None
    elif kind == "started":
        project.started_at = project.started_at or request.moment
