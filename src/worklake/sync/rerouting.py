"""Routing within a run: decides for the tasks that changed since the last time, and for all where that is not known.

The mark that is kept holds the version of `tasks` up to which everything is decided for. Where the table stands at it
when a run begins, only what the run itself changes has to be looked at; else somebody changed tasks without routing
them (`pull` does), or a run died, and all tasks are.
"""

from __future__ import annotations

from worklake.lake.lake import Lake
from worklake.model.ids import digest
from worklake.model.rows import Watched
from worklake.sync.cursors import cursors_of, move_cursors
from worklake.sync.routing import route, unmet
from worklake.sync.run import RunContext

STAGE = "routed"
"""The stage under which `cursors` holds the version of `tasks` up to which all are routed, and for which sources."""


def version_of_tasks(lake: Lake, run: RunContext) -> int | None:
    """The version of `tasks` before the run changes any; None where no rule asks for it."""
    return lake.history("tasks", 1)[0].version if run.routing.rules else None


def keep_routes(lake: Lake, run: RunContext, before: int | None) -> None:
    """Bring the decisions up to date, and watch the tasks that a source must hold and does not.

    `before` is the version of `tasks` when the run began (None: not known). What is decided otherwise is kept first
    and the mark last, so a killed run is simply repeated.
    """
    rules = run.routing.rules
    stood = cursors_of(lake, run).get(("", STAGE)) if rules else None
    known = stood.position if stood is not None else None
    only = run.touched if before is not None and known == _mark(run, before) else None
    decided = route(lake, rules, only, run_id=run.run_id, now=run.clock())
    if not rules:
        return
    lacking = unmet(lake, None if only is None else {*only, *decided})
    lake.merge("watched", [Watched(task_id=task) for task in sorted(lacking)])
    mark = _mark(run, lake.history("tasks", 1)[0].version)
    if mark != known:
        move_cursors(lake, run, "", {STAGE: mark})


def _mark(run: RunContext, version: int) -> str:
    """Other sources than the last time make all tasks be looked at: a run does not watch what it cannot ask for."""
    reached = sorted(one.name for one in run.sources if one.unreachable is None)
    return f"{version} {digest(*reached)}"
