"""What of the newest plan is not written yet, and what stands in its way, by source."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from worklake.lake.lake import Lake
from worklake.model.documents import FailureDocument, NoAccessDocument
from worklake.sync.lake_store.texts import from_text

MOST_TOLD = 50
"""So many failures are told, the newest first, and so many items that may not be written."""

_NEWEST = "select plan_id, waiting from {plans} where undoes is null order by number desc limit 1"
_LEFT = """
    select s.source, s.task_id, s.external_id, s.operation, w.step_id is not null as is_tried, w.outcome, w.error,
        coalesce(w.finished_at, w.intended_at) as at, l.key, coalesce(t.title, '') as title
    from {steps} s left join (select source, external_id, key from {links} where kind = 'task') l
        on s.source = l.source and s.external_id = l.external_id
    left join {tasks} t on s.task_id = t.task_id left join (
        select step_id, outcome, error, finished_at, intended_at,
            row_number() over (partition by step_id order by number desc) as place
        from {writes} where plan_id = :plan
    ) w on s.step_id = w.step_id and w.place = 1
    where s.plan_id = :plan and (w.outcome is null or w.outcome <> 'acknowledged')
    order by at desc, s.position
"""
_PAUSED = """
    select source, error, finished_at from (
        select source, outcome, error, finished_at,
            row_number() over (partition by source order by number desc) as place
        from {writes} where outcome is not null
    ) where place = 1 and outcome = 'paused'
"""
_NO_ACCESS = "select source, count(*) as n from {links} where kind = 'task' and state = 'no_access' group by source"

_KEPT_OUT = """
    select l.source, l.external_id, l.key, l.task_id, coalesce(t.title, '') as title, w.error, w.finished_at as at
    from {links} l left join {tasks} t on l.task_id = t.task_id left join (
        select source, external_id, error, finished_at,
            row_number() over (partition by source, external_id order by number desc) as place
        from {writes} where outcome = 'no_access' and comment_id is null
    ) w on l.source = w.source and l.external_id = w.external_id and w.place = 1
    where l.kind = 'task' and l.state = 'no_access' order by l.source, l.key, l.external_id
"""
_OUTSIDE = "select source, count(*) as n from {links} where kind = 'task' and state = 'paused' group by source"
_CONFLICTS = "select count(*) as n from {conflicts} where is_open and kind <> 'left'"


@dataclass(frozen=True, slots=True)
class Outstanding:
    """What is still to be written. `pending` counts steps, `no_access` and `outside` items, by source; `paused` has
    when and why.
    """

    pending: Mapping[str, int] = field(default_factory=dict)
    failures: list[FailureDocument] = field(default_factory=list)
    paused: Mapping[str, tuple[datetime, str]] = field(default_factory=dict)
    no_access: Mapping[str, int] = field(default_factory=dict)
    outside: Mapping[str, int] = field(default_factory=dict)
    kept_out: list[NoAccessDocument] = field(default_factory=list)
    open_conflicts: int = 0


def outstanding(lake: Lake) -> Outstanding:
    """What the newest plan has left, as the ledger tells."""
    plans = lake.rows(_NEWEST)
    left = lake.rows(_LEFT, {"plan": plans[0]["plan_id"]}) if plans else []
    waiting = Counter(from_text(plans[0]["waiting"])) if plans else Counter[str]()
    no_access = {row["source"]: row["n"] for row in lake.rows(_NO_ACCESS)}
    return Outstanding(
        pending=Counter(row["source"] for row in left) + waiting,
        failures=[_failure(row) for row in left if row["is_tried"] and row["outcome"] != "stale"][:MOST_TOLD],
        paused={row["source"]: (row["finished_at"], row["error"]) for row in lake.rows(_PAUSED)},
        no_access=no_access,
        outside={row["source"]: row["n"] for row in lake.rows(_OUTSIDE)},
        kept_out=[NoAccessDocument(**row) for row in lake.rows(_KEPT_OUT)[:MOST_TOLD]] if no_access else [],
        open_conflicts=lake.rows(_CONFLICTS)[0]["n"],
    )


def _failure(row: Mapping[str, Any]) -> FailureDocument:
    return FailureDocument(
        source=row["source"],
        task_id=row["task_id"],
        external_id=row["external_id"],
        operation=row["operation"],
        outcome=row["outcome"] or "unknown",
        error=row["error"],
        at=row["at"],
        key=row["key"],
        title=row["title"],
    )
