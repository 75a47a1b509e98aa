"""How many calls the sources' quotas leave to a run, by what their answers said or by what they allow themselves."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import timedelta

from worklake.integrations.base import Allowance
from worklake.integrations.http import LONGEST_WAIT_SECONDS
from worklake.model.heart_rows import SavedPlan
from worklake.sync.heart.patience import QuotaCheck
from worklake.sync.rules.plan import Budget
from worklake.sync.run import RunContext

RESERVE = 20
"""So many calls of every quota are left to the next pull and to people's own tools."""
READ_AT_ONCE = 50
"""How many items a source that reads many at once reads in a call, at least."""
WAITING_STEP = 2
"""How many calls a step that waits is taken for: one that reads, and one that writes."""


def budgets(run: RunContext) -> Mapping[str, Budget]:
    """What this run's plan may ask of the sources whose quota is short for longer than one would wait."""
    found = {}
    for source in run.sources:
        left = calls_left(run, source.name)
        if left is not None:
            at_once = READ_AT_ONCE if source.integration.capabilities.reads_many else 1
            found[source.name] = Budget(left, at_once)
    return found


def calls_left(run: RunContext, source: str) -> int | None:
    """How many more calls a source may be asked, its reserve aside; None where there is no need to count.

    Where the quota is whole again soon, the calls wait for that by themselves.
    """
    allowed = _allowances(run).get(source)
    if allowed is not None:
        return max(0, allowed.per_run - run.meter.count(source))
    told = run.meter.quota(source)
    if told is None or told.quota_left is None or told.quota_resets_at is None:
        return None
    if told.quota_resets_at - run.clock() <= timedelta(seconds=LONGEST_WAIT_SECONDS):
        return None
    return max(0, told.quota_left - RESERVE)


def quota_check(run: RunContext) -> QuotaCheck:
    """Says of a source, while a plan is applied, that its quota is used up but for the reserve."""

    def spent(source: str) -> str | None:
        if calls_left(run, source) != 0:
            return None
        allowed = _allowances(run).get(source)
        if allowed is not None:
            return f"this run has made the {allowed.per_run} requests that it may, at {allowed.per_minute:g} a minute"
        told = run.meter.quota(source)
        until = told.quota_resets_at if told is not None else None
        when = f" until {until:%H:%M} UTC" if until is not None else ""
        return f"its quota leaves no more calls than the {RESERVE} that the next pull needs{when}"

    return spent


def minutes_of(run: RunContext, plan: SavedPlan) -> dict[str, float]:
    """About how long the steps of a plan, those that wait included, take at what their sources allow themselves."""
    calls: Counter[str] = Counter()
    for step in plan.steps:
        calls[step.source] += 1 + (step.external_id is not None)
    for source, steps in plan.waiting.items():
        calls[source] += WAITING_STEP * steps
    allowed = _allowances(run)
    return {source: calls[source] / allowed[source].per_minute for source in sorted(calls) if source in allowed}


def _allowances(run: RunContext) -> dict[str, Allowance]:
    found = ((source.name, source.integration.allowance()) for source in run.sources)
    return {name: allowed for name, allowed in found if allowed is not None}
