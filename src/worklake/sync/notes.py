"""What is said beside the documents of plan, apply and sync: what waits and for how long, what is left out and why."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping

from worklake.model.heart_rows import Outcome, SavedPlan
from worklake.sync.engine import PullResult
from worklake.sync.heart.applying import Applied
from worklake.sync.heart.planning import Planned


def of_plan(planned: Planned, pulled: PullResult) -> list[str]:
    """All that is said of a plan and the pull before it."""
    return [
        *left_out(planned.plan, planned.failed),
        *_backlog(planned),
        *frozen(pulled),
        *_kept_out(planned),
        *_unread(planned),
    ]


def left_out(plan: SavedPlan, failed: Mapping[str, str]) -> list[str]:
    """What a plan leaves out, in words."""
    waiting = [
        f"{source}: {count} {'step waits' if count == 1 else 'steps wait'} for a later plan, its quota is short"
        for source, count in sorted(plan.waiting.items())
    ]
    return waiting + [f"{source}: could not be looked at: {why}" for source, why in sorted(failed.items())]


def minutes(planned: Planned) -> dict[str, int]:
    """How long the plan takes where requests are paced, by source, in whole minutes."""
    return {source: math.ceil(minutes) for source, minutes in planned.minutes.items() if minutes >= 1}


def _backlog(planned: Planned) -> list[str]:
    """How long a plan takes where requests are paced, where that is worth waiting for."""
    waiting = planned.plan.waiting
    return [
        f"{source}: all of this takes about {minutes} min at its quota"
        + (f", of which later runs do what waits ({waiting[source]})" if waiting.get(source) else "")
        for source, minutes in minutes(planned).items()
    ]


def _kept_out(planned: Planned) -> list[str]:
    """Which items may not be written, and how they come to be written again."""
    return [
        f"{source}: {count} {'item' if count == 1 else 'items'} may not be written (worklake status says why); once the"
        " permission is mended, run: worklake sweep"
        for source, count in sorted(planned.no_access.items())
    ]


def _unread(planned: Planned) -> list[str]:
    """What is not made where nobody knows yet what is there."""
    return [
        f"{source}: {count} {'creation waits' if count == 1 else 'creations wait'} until all of it was read once"
        for source, count in sorted(planned.unread.items())
    ]


def frozen(pulled: PullResult) -> list[str]:
    """What the drift of a mapping keeps from being written or taken."""
    return [f"{source}: {words}" for source, counts in sorted(pulled.counts.items()) for words in counts.frozen]


def paused(applied: Applied) -> list[str]:
    """Which sources were not called any further, and why."""
    left = Counter(one.source for one in applied.writes if one.outcome in (Outcome.PAUSED, Outcome.WAITING))
    told = {**applied.makes_none, **applied.waiting, **applied.paused}
    return [
        f"{source}: {'paused for this run' if source in applied.paused else 'left to the next run'}"
        f" ({left[source]} {'step waits' if left[source] == 1 else 'steps wait'}): {_bare(source, why)}"
        for source, why in sorted(told.items())
        if left[source]
    ]


def _bare(source: str, why: str) -> str:
    return why.removeprefix(f"{source}: ")
