"""From `IssueCreateInput` and `IssueUpdateInput` to the columns of an issue, checked against the workspace."""

from __future__ import annotations

from typing import Any

from worklake.sandbox.linear.entities import Issue, Team
from worklake.sandbox.linear.errors import entity_not_found, invalid_argument, refused
from worklake.sandbox.linear.markdown import normalised
from worklake.sandbox.linear.request import Input, Request
from worklake.sandbox.linear.store import Store
from worklake.sandbox.linear.times import read_date

Columns = dict[str, Any]

DEEPEST_SUB_ISSUE = 10

SERVED = frozenset({
    "title", "description", "priority", "estimate", "dueDate", "stateId", "assigneeId", "delegateId", "labelIds",
    "subscriberIds", "projectId", "projectMilestoneId", "cycleId", "parentId", "teamId", "sortOrder",
    "prioritySortOrder", "subIssueSortOrder",
})  # fmt: skip

_COPIED = {
    "estimate": "estimate", "sortOrder": "sort_order", "prioritySortOrder": "priority_sort_order",
    "subIssueSortOrder": "sub_issue_sort_order",
}  # fmt: skip
_REFERENCES = {
    "assigneeId": ("assignee_id", "users"), "delegateId": ("delegate_id", "users"), "stateId": ("state_id", "states"),
    "projectId": ("project_id", "projects"), "projectMilestoneId": ("project_milestone_id", "milestones"),
    "cycleId": ("cycle_id", "cycles"), "parentId": ("parent_id", "issues"),
}  # fmt: skip


def read_columns(request: Request, issue: Issue | None, team: Team, given: Input) -> Columns:
    """The columns that `given` sets on `issue` (None: a new one) in `team`. Raises Linear's errors."""
    columns = {column: given[name] for name, column in _COPIED.items() if name in given}
    for name in ("sortOrder", "prioritySortOrder"):
        if given.get(name, 0) is None:
            raise invalid_argument(f"{name} must be a number.")
    if "dueDate" in given:
        columns["due_date"] = None if given["dueDate"] is None else read_date(given["dueDate"], request.now)
    _read_texts(columns, given)
    _read_numbers(columns, given)
    for name, (column, table) in _REFERENCES.items():
        if name in given:
            columns[column] = _resolve(request.store, table, given[name])
    if columns.get("state_id", "") is None:
        raise invalid_argument("stateId must be a UUID.")
    if "subscriberIds" in given:
        columns["subscriber_ids"] = [request.store.users.need(one).id for one in given["subscriberIds"] or []]
    if issue is not None and team.id != issue.team_id:
        columns["team_id"] = team.id
        _move_to_team(request.store, issue, team, columns)
    _read_labels(request.store, issue, team, columns, given)
    _fit_state(request.store, team, columns)
    _fit_project(request.store, issue, team, columns)
    _fit_cycle(request.store, team, columns)
    _fit_parent(request.store, issue, columns)
    return columns


def _read_texts(columns: Columns, given: Input) -> None:
    if "title" in given:
        title = (given["title"] or "").strip()
        if not title:
            raise invalid_argument("title should not be empty.")
        columns["title"] = " ".join(title.split("\n"))
    if "description" in given:
        columns["description"] = normalised(given["description"] or "") or None


def _read_numbers(columns: Columns, given: Input) -> None:
    if "priority" in given:
        priority = given["priority"] or 0
        if not 0 <= priority <= 4:
            raise invalid_argument("priority must be between 0 and 4.")
        columns["priority"] = priority
    if (given.get("estimate") or 0) < 0:
        raise invalid_argument("estimate must not be less than 0.")


def _resolve(store: Store, table: str, identity: str | None) -> str | None:
    if identity is None:
        return None
    if table == "issues":
        return store.find_issue(identity).id
    row: Any = getattr(store, table).need(identity)
    if getattr(row, "trashed", None) or (table == "states" and row.archived_at):
        raise entity_not_found(type(row).__name__)
    return str(row.id)


def _read_labels(store: Store, issue: Issue | None, team: Team, columns: Columns, given: Input) -> None:
    added, removed = given.get("addedLabelIds"), given.get("removedLabelIds")
    if "labelIds" in given:
        if added or removed:
            raise invalid_argument("labelIds must not be used together with addedLabelIds or removedLabelIds.")
        labels = list(dict.fromkeys(given["labelIds"] or []))
    elif added or removed or "label_ids" in columns:
        present = columns.get("label_ids", issue.label_ids if issue else [])
        labels = [one for one in dict.fromkeys([*present, *(added or [])]) if one not in (removed or [])]
    else:
        return
    _check_labels(store, team, labels, issue.label_ids if issue else [])
    columns["label_ids"] = labels


def _check_labels(store: Store, team: Team, labels: list[str], present: list[str]) -> None:
    groups: set[str] = set()
    for identity in labels:
        label = store.labels.need(identity)
        if label.team_id not in (None, team.id):
            raise refused("Label and issue belong to different teams", f"The label {label.name} is of another team.")
        if label.is_group:
            raise refused("The label is a group and cannot be applied", f"{label.name} is a label group.")
        if label.retired_at is not None and identity not in present:
            raise refused("The label is retired and cannot be applied", f"{label.name} is retired.")
        if label.parent_id in groups:
            raise refused("labelIds not exclusive child labels", "Only one label of a group can be applied.")
        if label.parent_id is not None:
            groups.add(label.parent_id)


def _move_to_team(store: Store, issue: Issue, team: Team, columns: Columns) -> None:
    """What cannot follow the issue into the other team is left behind, unless the input says it anew."""
    if "state_id" not in columns:
        old = store.states.need(issue.state_id)
        states = store.states_of(team.id)
        peers = [one for one in states if (one.name, one.type) == (old.name, old.type)]
        peers += [one for one in states if one.type == old.type]
        columns["state_id"] = peers[0].id if peers else team.default_state_id
    columns.setdefault("cycle_id", None)
    project = store.projects.get(issue.project_id)
    if "project_id" not in columns and project is not None and team.id not in project.team_ids:
        columns["project_id"] = None
    columns["label_ids"] = [
        one for one in issue.label_ids if store.labels.need(one).team_id in (None, team.id)
    ]  # fmt: skip


def _fit_state(store: Store, team: Team, columns: Columns) -> None:
    state_id = columns.get("state_id")
    if state_id is not None and store.states.need(state_id).team_id != team.id:
        raise refused("Discrepancy between issue state and team", "The state belongs to another team than the issue.")


def _fit_project(store: Store, issue: Issue | None, team: Team, columns: Columns) -> None:
    if "project_id" in columns:
        project = store.projects.get(columns["project_id"])
        if project is not None and team.id not in project.team_ids:
            raise refused("Discrepancy between issue project and team", "The project is not of the issue's team.")
        if issue is None or columns["project_id"] != issue.project_id:
            columns.setdefault("project_milestone_id", None)
    milestone = store.milestones.get(columns.get("project_milestone_id"))
    if milestone is not None:
        project_id = columns.get("project_id", issue.project_id if issue else None)
        if milestone.project_id != project_id:
            raise refused("Discrepancy between project milestone and project", "The milestone is of another project.")


def _fit_cycle(store: Store, team: Team, columns: Columns) -> None:
    cycle = store.cycles.get(columns.get("cycle_id"))
    if cycle is not None and cycle.team_id != team.id:
        raise refused("Discrepancy between issue cycle and team", "The cycle belongs to another team than the issue.")


def _fit_parent(store: Store, issue: Issue | None, columns: Columns) -> None:
    above = store.issues.get(columns.get("parent_id"))
    depth = 0
    while above is not None:
        if issue is not None and above.id == issue.id:
            raise refused("Circular parent relation", "An issue cannot be its own parent.")
        depth += 1
        above = store.issues.get(above.parent_id)
    if depth and depth + (_height(store, issue) if issue else 0) > DEEPEST_SUB_ISSUE:
        raise refused("Sub-issues nested too deep", f"Sub-issues go at most {DEEPEST_SUB_ISSUE} levels deep.")


def _height(store: Store, issue: Issue) -> int:
    """How many levels of sub-issues hang below the issue."""
    level, height = store.issues.where("parent_id", issue.id), 0
    while level:
        height += 1
        level = [child for one in level for child in store.issues.where("parent_id", one.id)]
    return height
