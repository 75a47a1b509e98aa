"""Creating and editing issues."""

from __future__ import annotations

from typing import Any

from worklake.sandbox.linear import events
from worklake.sandbox.linear.changes import history, issue_lifecycle
from worklake.sandbox.linear.changes.issue_values import SERVED, Columns, read_columns
from worklake.sandbox.linear.entities import Issue, Team
from worklake.sandbox.linear.errors import already_exists, entity_not_found, invalid_argument
from worklake.sandbox.linear.names import camel
from worklake.sandbox.linear.request import Input, Request, only
from worklake.sandbox.linear.times import moment, read_moment

LARGEST_BATCH = 50

_CREATE = SERVED | {"id", "createdAt", "completedAt"}
_UPDATE = SERVED | {"addedLabelIds", "removedLabelIds", "trashed", "snoozedUntilAt", "snoozedById"}
_POSITIONS = {"sort_order", "priority_sort_order", "sub_issue_sort_order"}


def create_issue(request: Request, input: Input) -> Issue:
    """`issueCreate`."""
    return _insert(request, _new_columns(request, input))


def create_issues(request: Request, input: Input) -> list[Issue]:
    """`issueBatchCreate`: all of them or none."""
    inputs = input["issues"]
    if len(inputs) > LARGEST_BATCH:
        raise invalid_argument(f"issues must contain no more than {LARGEST_BATCH} elements.")
    chosen = [one["id"] for one in inputs if one.get("id")]
    for identity in {one for one in chosen if chosen.count(one) > 1}:
        raise already_exists("Issue", identity)
    return [_insert(request, columns) for columns in [_new_columns(request, one) for one in inputs]]


def update_issue(request: Request, id: str, input: Input) -> Issue:
    """`issueUpdate`: what is omitted stays, null clears."""
    issue = request.store.find_issue(id)
    _apply(request, issue, _changed_columns(request, issue, input), input)
    return issue


def update_issues(request: Request, ids: list[str], input: Input) -> list[Issue]:
    """`issueBatchUpdate`: the same input for all of them, or for none."""
    if len(ids) > LARGEST_BATCH:
        raise invalid_argument(f"ids must contain no more than {LARGEST_BATCH} elements.")
    issues = [request.store.find_issue(one) for one in dict.fromkeys(ids)]
    planned = [_changed_columns(request, issue, input) for issue in issues]
    for issue, columns in zip(issues, planned, strict=True):
        _apply(request, issue, columns, input)
    return issues


def add_label(request: Request, id: str, labelId: str) -> Issue:
    """`issueAddLabel`."""
    return update_issue(request, id, {"addedLabelIds": [labelId]})


def remove_label(request: Request, id: str, labelId: str) -> Issue:
    """`issueRemoveLabel`."""
    request.store.labels.need(labelId)
    return update_issue(request, id, {"removedLabelIds": [labelId]})


def _new_columns(request: Request, given: Input) -> Columns:
    store = request.store
    only("IssueCreateInput", given, _CREATE)
    team = store.teams.need(given["teamId"])
    if "title" not in given:
        raise invalid_argument("title should not be empty.")
    columns = read_columns(request, None, team, given)
    columns["id"] = store.chosen_id("issue", given.get("id"))
    if store.issues.get(columns["id"]) is not None or columns["id"] in store.deleted_issues:
        raise already_exists("Issue", columns["id"])
    columns["team_id"] = team.id
    columns["state_id"] = columns.get("state_id") or team.default_state_id
    columns["created_at"] = _past(request, given, "createdAt") or request.moment
    columns.update(state_moments(request, None, columns["state_id"]))
    completed = _past(request, given, "completedAt")
    if completed is not None:
        if store.states.need(columns["state_id"]).type != "completed" or completed < columns["created_at"]:
            raise invalid_argument("completedAt must be after createdAt and needs a completed state.")
        columns["completed_at"] = completed
    return columns


def _past(request: Request, given: Input, name: str) -> str | None:
    value = given.get(name)
    if value is None:
        return None
    at = read_moment(value, request.now)
    if at > request.moment:
        raise invalid_argument(f"{name} must be a time in the past.")
    return at


def _insert(request: Request, columns: Columns) -> Issue:
    store = request.store
    number, identifier = store.give_identifier(store.teams.need(columns["team_id"]))
    columns.setdefault("subscriber_ids", [request.actor.id])
    columns.setdefault("sort_order", -number)
    issue = Issue(
        number=number, identifier=identifier, updated_at=request.moment, creator_id=request.actor.id,
        added_to_team_at=request.moment, **columns, **_additions(request, None, columns),
    )  # fmt: skip
    store.issues.insert(issue)
    store.remember_identifier(issue)
    _mark_labels(request, issue.label_ids)
    events.tell(request, "create", issue)
    return issue


def _changed_columns(request: Request, issue: Issue, given: Input) -> Columns:
    store = request.store
    only("IssueUpdateInput", given, _UPDATE)
    team: Team = store.teams.need(given.get("teamId") or issue.team_id)
    columns = read_columns(request, issue, team, given)
    if "snoozedUntilAt" in given:
        until = given["snoozedUntilAt"]
        columns["snoozed_until_at"] = None if until is None else read_moment(until, request.now)
        columns["snoozed_by_id"] = None if until is None else given.get("snoozedById") or request.actor.id
        if columns["snoozed_by_id"] is not None and store.users.get(columns["snoozed_by_id"]) is None:
            raise entity_not_found("User")
    changed = {column: value for column, value in columns.items() if value != getattr(issue, column)}
    if "state_id" in changed:
        changed |= state_moments(request, issue, changed["state_id"])
    return changed | _additions(request, issue, changed)


def _apply(request: Request, issue: Issue, columns: Columns, given: Input) -> None:
    if columns:
        _write(request, issue, columns)
    if given.get("trashed") and not issue.trashed:
        issue_lifecycle.trash(request, issue)
    elif "trashed" in given and not given["trashed"] and issue.trashed:
        issue_lifecycle.restore(request, issue)


def _write(request: Request, issue: Issue, columns: Columns) -> None:
    store = request.store
    if "team_id" in columns:
        number, identifier = store.give_identifier(store.teams.need(columns["team_id"]))
        columns |= {
            "number": number,
            "identifier": identifier,
            "previous_identifiers": [*issue.previous_identifiers, issue.identifier],
            "added_to_team_at": request.moment,
        }
    meaningful = not columns.keys() <= _POSITIONS
    if meaningful:
        columns["updated_at"] = request.moment
    before = {column: getattr(issue, column) for column in columns}
    store.issues.change(issue, **columns)
    if "identifier" in columns:
        store.remember_identifier(issue)
    if meaningful:
        history.record(request, issue, history.changes_between(before, columns))
    _mark_labels(request, [one for one in columns.get("label_ids", []) if one not in before["label_ids"]])
    events.tell(request, "update", issue, {camel(column): value for column, value in before.items()})


def _additions(request: Request, issue: Issue | None, columns: Columns) -> Columns:
    """When the issue came into its cycle and its project."""
    found: dict[str, Any] = {}
    for column, at in (("cycle_id", "added_to_cycle_at"), ("project_id", "added_to_project_at")):
        if column in columns and columns[column] != getattr(issue, column, None):
            found[at] = request.moment if columns[column] is not None else None
    return found


def _mark_labels(request: Request, label_ids: list[str]) -> None:
    for identity in label_ids:
        request.store.labels.change(request.store.labels.need(identity), last_applied_at=request.moment)


def state_moments(request: Request, issue: Issue | None, state_id: str) -> Columns:
    """The timestamps that entering a state sets and clears."""
    now = moment(request.now)
    kind = request.store.states.need(state_id).type
    before = request.store.states.need(issue.state_id).type if issue else None
    columns: Columns = {"started_at": issue.started_at if issue else None, "completed_at": None, "canceled_at": None}
    match kind:
        case "started":
            columns["started_at"] = columns["started_at"] or now
        case "completed":
            columns["completed_at"] = issue.completed_at if issue and before == kind else now
        case "canceled" | "duplicate":
            columns["canceled_at"] = issue.canceled_at if issue and issue.canceled_at else now
        case _:
            columns["started_at"] = None
    if kind == "triage" and before != kind:
        columns["started_triage_at"] = now
    if before == "triage" and kind != "triage":
        columns["triaged_at"] = now
    return columns
