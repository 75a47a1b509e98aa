"""A whole sync: pull, merge, route, plan, apply; and what a person does about it: settle, undo."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from types import MappingProxyType
from typing import NamedTuple

from worklake.errors import AuthError, InvalidInputError, NotFoundError, StoppedError, WorklakeError
from worklake.lake.lake import Lake
from worklake.model.heart_rows import Operation, SavedPlan
from worklake.model.ids import RunId
from worklake.model.rows import RunState
from worklake.sync.engine import Account, PullResult, merge_pulled, pull_into
from worklake.sync.heart import applying, planning, settling, sweeping, undoing
from worklake.sync.heart.applying import Applied
from worklake.sync.heart.everywhere import plan_everywhere
from worklake.sync.heart.lanes import in_threads
from worklake.sync.heart.patience import Patience
from worklake.sync.heart.planning import Planned
from worklake.sync.heart.ports import Ports
from worklake.sync.heart.settling import Choice
from worklake.sync.heart.sweeping import Swept
from worklake.sync.heart.undoing import Left
from worklake.sync.lake_store.decisions import conflict_of
from worklake.sync.lake_store.texts import from_text
from worklake.sync.ports import ports_of, rules_of, store_of, with_unknowns
from worklake.sync.quotas import budgets, minutes_of, quota_check
from worklake.sync.rerouting import keep_routes, version_of_tasks
from worklake.sync.routing import route_for, routes_of
from worklake.sync.rules import brake
from worklake.sync.rules.state import Conflict
from worklake.sync.rules.task import Moment
from worklake.sync.run import Counts, RunContext, SourceCounts

_KNOWN = "select source, external_id, key, seen from {links} where kind = 'task' and {among}"
_OPEN = "select * from {conflicts} where is_open and kind <> 'left' order by opened_at, conflict_id"
_FIELD = "select field from {conflicts} where conflict_id = :id"


class PlanResult(NamedTuple):
    """What was pulled, and the plan that was made and saved."""

    pulled: PullResult
    planned: Planned


class SyncResult(NamedTuple):
    """What was pulled and planned, and what became of the plan; None where the brake stopped it."""

    pulled: PullResult
    planned: Planned
    applied: Applied | None


class SweepResult(NamedTuple):
    """How a sweep ended, the calls it took, and what it found, per source."""

    run_id: RunId
    state: RunState
    counts: Mapping[str, SourceCounts]
    swept: Mapping[str, Swept]


class UndoResult(NamedTuple):
    """What was pulled, the plan that takes a run back, what it leaves as it is, and what became of it if it was
    applied.
    """

    pulled: PullResult
    plan: SavedPlan
    left: Sequence[Left]
    applied: Applied | None


def plan(lake: Lake, run: RunContext, *, allow: int | None = None) -> PlanResult:
    """Pull, merge and route, then plan what is pending and save the plan. Writes to no provider.

    `allow` lets exactly that many items pass the brake. Whoever calls this, or any other function here, holds the
    lake's lease.
    """
    lake.ensure()
    before = version_of_tasks(lake, run)
    with Account(lake, run) as account:
        counts = pull_into(lake, run, account)
        planned = _plan(lake, run, allow, before, account.open)
        _note_drift(run, counts)
        return PlanResult(PullResult(account.close(counts), counts), planned)


def sync(lake: Lake, run: RunContext, *, allow: int | None = None) -> SyncResult:
    """Pull, merge, route, plan, and apply that plan unless the brake stops it."""
    lake.ensure()
    before = version_of_tasks(lake, run)
    with Account(lake, run) as account:
        counts = pull_into(lake, run, account)
        planned = _plan(lake, run, allow, before, account.open)
        applied = None if planned.plan.stopped_by else _apply(lake, run, planned.plan, account.open, counts)
        _note_drift(run, counts)
        return SyncResult(PullResult(account.close(counts), counts), planned, applied)


def sweep(lake: Lake, run: RunContext) -> SweepResult:
    """Find out, source by source, what was deleted or archived, and merge it; the next plan brings the other tools
    along. A source that cannot be swept does not stop the others.
    """
    lake.ensure()
    counts = {source.name: SourceCounts() for source in run.sources}
    swept: dict[str, Swept] = {}
    with Account(lake, run) as account:
        account.open()
        for source in run.sources:
            merge_pulled(lake, source, run, counts[source.name])
        store, ports, moment = store_of(lake, run), ports_of(lake, run), Moment(run.run_id, run.clock())
        for source in run.sources:
            # Of what is not merged yet, nobody can say whether it should be there.
            left_out = source.unreachable or counts[source.name].error
            if left_out is not None:
                swept[source.name] = Swept(error=str(left_out))
            else:
                told = partial(run.progress, source.name, "sweep")
                swept[source.name] = sweeping.sweep(store, ports, ports[source.name], rules_of(run), moment, told)
            counts[source.name].requests = run.meter.count(source.name)
            if (error := swept[source.name].error) is not None and counts[source.name].error is None:
                counts[source.name].fail(WorklakeError(error))
            account.keep_calls()
        return SweepResult(run.run_id, account.close(counts), counts, swept)


def apply(lake: Lake, run: RunContext, plan_id: str | None = None, *, allow: int | None = None) -> Applied:
    """Apply exactly this saved plan, by default the newest, but for the steps that were applied already.

    Raises `NotFoundError` where there is none, `StoppedError` where the brake stops it.
    """
    lake.ensure()
    saved = store_of(lake, run).plan(plan_id)
    if saved is None:
        found = "there is no plan yet" if plan_id is None else f"there is no plan {plan_id or 'of an empty id'}"
        raise NotFoundError(f"{found}; make one with: worklake plan")
    rest = applying.without_done(store_of(lake, run), saved)
    done_before = len(saved.steps) - len(rest.steps)
    if done_before and not rest.steps:
        return Applied(run.run_id, saved.plan_id, done_before=done_before)
    _check_brake(lake, run, saved, allow)
    with Account(lake, run) as account:
        applied = _apply(lake, run, rest, account.open)
        _close_instead(lake, run, rest, applied, account.open, {})
        applied.done_before = done_before
        account.close({})
        return applied


def undo(
    lake: Lake,
    run: RunContext,
    undone_run: str,
    *,
    everywhere: bool = False,
    apply_it: bool = False,
    allow: int | None = None,
) -> UndoResult:
    """Pull and merge, then plan to take back what a run wrote, leaving what was changed since; with `apply_it`, apply
    that plan at once.

    With `everywhere` the canonical changes of the run are taken back as well, once the plan is applied, so that all
    tools come to the values before it. `allow` lets exactly that many items pass the brake. Raises `NotFoundError`
    where the run wrote and changed nothing.
    """
    lake.ensure()
    known = store_of(lake, run)
    if not known.writes(undone_run) and not known.changes(run_id=undone_run):
        raise NotFoundError(f"there is no run {undone_run} that wrote or merged anything; worklake status shows runs")
    with Account(lake, run) as account:
        counts = pull_into(lake, run, account)
        account.open()
        store, ports, moment = store_of(lake, run), _reached(lake, run), Moment(run.run_id, run.clock())
        if everywhere:
            undone = plan_everywhere(store, ports, rules_of(run), undone_run, moment, allow)
        else:
            undone = undoing.plan_undo(store, ports, undone_run, moment, run.policy.brake, allow)
        saved, left = undone.plan, undone.left
        applied = _apply(lake, run, saved, account.open, counts) if apply_it and not saved.stopped_by else None
        if applied is not None:
            _close_instead(lake, run, saved, applied, account.open, counts)
        _note_drift(run, counts)
        return UndoResult(PullResult(account.close(counts), counts), saved, left, applied)


def settle(lake: Lake, run: RunContext, conflict_id: str, choice: Choice) -> Conflict:
    """Settle an open conflict; the next plan writes its value everywhere. Raises as `settling.settle`."""
    lake.ensure()
    with Account(lake, run) as account:
        moment = Moment(run.run_id, run.clock())
        settled = settling.settle(store_of(lake, run), ports_of(lake, run), conflict_id, choice, moment)
        account.open()
        account.close({})
        return settled


def settle_run(
    lake: Lake, run: RunContext, opened_by: str, choice: Choice
) -> tuple[list[Conflict], list[tuple[Conflict, str]]]:
    """Settle all open conflicts that a run opened in the same way; those where that cannot be are given with the
    reason, and stay open. Raises `NotFoundError` where there are none. Killed in the middle, repeat it.
    """
    lake.ensure()
    opened = [one for one in open_conflicts(lake) if one.run_id == opened_by]
    if not opened:
        raise NotFoundError(f"no conflict is open that {opened_by} opened; conflicts list shows those that are open")
    settled, left = list[Conflict](), list[tuple[Conflict, str]]()
    with Account(lake, run) as account:
        store, ports, moment = store_of(lake, run), ports_of(lake, run), Moment(run.run_id, run.clock())
        account.open()
        for one in opened:
            try:
                settled.append(settling.settle(store, ports, one.conflict_id, choice, moment))
            except InvalidInputError as error:
                left.append((one, str(error)))
        account.close({})
    return settled, left


def field_of(lake: Lake, conflict_id: str) -> str | None:
    """What a conflict is about; None where there is no such conflict."""
    found = lake.rows(_FIELD, {"id": conflict_id})
    return str(found[0]["field"]) if found else None


def open_conflicts(lake: Lake) -> list[Conflict]:
    """The conflicts that nobody has settled, oldest first."""
    return [conflict_of(row) for row in lake.rows(_OPEN)]


def _plan(lake: Lake, run: RunContext, allow: int | None, before: int | None, begin: Callable[[], None]) -> Planned:
    store = store_of(lake, run, begin)
    keep_routes(lake, run, before)
    rules = rules_of(run, route_for(routes_of(lake, store.watched())))
    if run.routing.rules:
        rules = with_unknowns(lake, run, rules)
    limits = budgets(run) or None
    planned = planning.plan_tasks(store, _reached(lake, run), rules, run.run_id, run.clock, limits, allow)
    return replace(planned, minutes=minutes_of(run, planned.plan))


def _apply(
    lake: Lake,
    run: RunContext,
    saved: SavedPlan,
    begin: Callable[[], None],
    pulled: Counts = MappingProxyType({}),
) -> Applied:
    """Apply a plan. A source that refused the credentials when it was `pulled` is not asked again."""
    store, ports = store_of(lake, run, begin), _reached(lake, run)
    refused = {name: one.error or "" for name, one in pulled.items() if one.error_kind == AuthError.__name__}
    told = partial(_tell, run)
    patience = Patience(quota_check(run), paused=refused)
    _recall(lake, run, saved)
    rules = rules_of(run)
    if any(step.operation is Operation.CREATE for step in saved.steps):
        rules = with_unknowns(lake, run, rules)
    return applying.apply_plan(store, ports, saved, rules, run.run_id, run.clock, in_threads, patience, told)


def _close_instead(
    lake: Lake, run: RunContext, saved: SavedPlan, applied: Applied, begin: Callable[[], None], pulled: Counts
) -> None:
    """Where an undo may not delete what it was to, close that by a plan of its own, and put what became of it in the
    place of what became of deleting.
    """
    if saved.undoes is None:
        return
    moment = Moment(run.run_id, run.clock())
    closing = undoing.plan_closing(store_of(lake, run), _reached(lake, run), saved, applied.writes, moment)
    if closing is None:
        return
    closed = _apply(lake, run, closing, begin, pulled)
    applied.writes, applied.closing = [*undoing.but_closed(applied.writes, closing), *closed.writes], closing
    applied.paused, applied.waiting = {**applied.paused, **closed.paused}, {**applied.waiting, **closed.waiting}


def _tell(run: RunContext, source: str, done: int, total: int) -> None:
    run.progress(source, "apply", done, total)


def _recall(lake: Lake, run: RunContext, saved: SavedPlan) -> None:
    """Tell the sources what was known of the items that a plan writes to, which spares them calls."""
    integrations = {one.name: one.integration for one in run.sources}
    items = {one.external_id for one in saved.steps if one.external_id is not None}
    for row in lake.rows_among(_KNOWN, "external_id", items):
        if row["source"] in integrations and row["key"]:
            shown = from_text(row["seen"]).get("fields", {})
            integrations[row["source"]].recall(row["external_id"], row["key"], shown)


def _note_drift(run: RunContext, counts: Mapping[str, SourceCounts]) -> None:
    """Tell with each source what is frozen there."""
    for name, drift in run.drifts.items():
        if name in counts:
            counts[name].frozen = [words for _, words in sorted(drift.told.items())]


def _check_brake(lake: Lake, run: RunContext, saved: SavedPlan, allow: int | None) -> None:
    if not saved.stopped_by:
        return
    live = store_of(lake, run).live_items([one.name for one in run.sources])
    found = brake.stops(saved.steps, live, run.policy.brake, allow)
    if found:
        raise StoppedError("; ".join(map(str, found)), sum(one.items for one in found))


def _reached(lake: Lake, run: RunContext) -> Ports:
    """The sources that this run can ask."""
    reached = {one.name for one in run.sources if one.unreachable is None}
    return {name: port for name, port in ports_of(lake, run).items() if name in reached}
