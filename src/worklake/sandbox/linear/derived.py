"""What Linear computes from rows: which cycle is active, how far a project is."""

from __future__ import annotations

from collections.abc import Iterable
from operator import attrgetter

from worklake.sandbox.linear.entities import Cycle, Issue, ProjectMilestone, Team
from worklake.sandbox.linear.request import Request
from worklake.sandbox.linear.store import Store


def cycle_is_active(cycle: Cycle, request: Request) -> bool:
    """Whether the cycle runs now."""
    return cycle.starts_at <= request.moment < cycle.ends_at


def cycle_is_future(cycle: Cycle, request: Request) -> bool:
    """Whether the cycle has not begun."""
    return cycle.starts_at > request.moment


def cycle_is_past(cycle: Cycle, request: Request) -> bool:
    """Whether the cycle is over."""
    return cycle.ends_at <= request.moment


def cycle_is_next(cycle: Cycle, request: Request) -> bool:
    """Whether the cycle is the first of its team's future ones."""
    future = [row for row in request.store.cycles.where("team_id", cycle.team_id) if cycle_is_future(row, request)]
    return min(future, key=attrgetter("starts_at"), default=None) is cycle


def cycle_is_previous(cycle: Cycle, request: Request) -> bool:
    """Whether the cycle is the last of its team's past ones."""
    past = [row for row in request.store.cycles.where("team_id", cycle.team_id) if cycle_is_past(row, request)]
    return max(past, key=attrgetter("ends_at"), default=None) is cycle


def active_cycle(team: Team, request: Request) -> Cycle | None:
    """The team's running cycle."""
    cycles = request.store.cycles.where("team_id", team.id)
    return next((cycle for cycle in cycles if cycle_is_active(cycle, request)), None)


def scope(issues: Iterable[Issue]) -> float:
    """The sum of the issues' estimates."""
    return sum(issue.estimate or 0 for issue in issues)


def progress(store: Store, issues: Iterable[Issue]) -> float:
    """Completed points and a quarter of the started ones over all points; 0 without points."""
    total = done = 0.0
    for issue in issues:
        points = issue.estimate or 0
        kind = store.states.need(issue.state_id).type
        if kind in ("canceled", "duplicate"):
            continue
        total += points
        done += points if kind == "completed" else points / 4 if kind == "started" else 0
    return done / total if total else 0


def milestone_status(milestone: ProjectMilestone, request: Request) -> str:
    """Linear's word for where a milestone stands: unstarted, next, overdue or done."""
    store = request.store
    if _is_done(milestone, store):
        return "done"
    if milestone.target_date is not None and milestone.target_date < request.moment[:10]:
        return "overdue"
    open_ones = [row for row in store.milestones.where("project_id", milestone.project_id) if not _is_done(row, store)]
    first = min(open_ones, key=lambda row: (row.target_date is None, row.target_date or "", row.sort_order))
    return "next" if first is milestone else "unstarted"


def _is_done(milestone: ProjectMilestone, store: Store) -> bool:
    issues = store.issues.where("project_milestone_id", milestone.id)
    closed = ("completed", "canceled", "duplicate")
    return bool(issues) and all(store.states.need(issue.state_id).type in closed for issue in issues)
