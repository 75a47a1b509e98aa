"""Status: how each source and the lake itself stand."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

from worklake.lake.lake import Lake
from worklake.lake.tables import TABLES
from worklake.model.documents import QuarantineDocument, RunStatus, SourceStatus, StatusDocument, TableStatus
from worklake.settings.models import SourceSettings
from worklake.sync.outstanding import Outstanding, outstanding
from worklake.sync.proposed import OPEN_PROPOSALS

_RUNS = "select run_id, command, state, started_at, finished_at, counts from {runs} order by started_at desc limit 500"
_RUNS_TOLD = 10
_TASKS = """
    select source, count(distinct task_id) as tasks, max(remote_updated_at) as last_change_at from {links}
    where kind = 'task' group by source
"""
_CURSORS = "select source, position, moved_at from {cursors} where stage = 'pull'"
_BACKLOG = """
    select r.source, count(*) as backlog from {records} r
    left join (select source, batch from {cursors} where stage = 'merge') m on r.source = m.source
    where r.batch > coalesce(m.batch, 0) group by r.source
"""
_QUARANTINE = """
    select source, kind, external_id, reason, quarantined_at from {quarantine} where resolved_at is null
    order by quarantined_at desc, source, external_id
"""
_PROPOSED = f"select count(*) as number {OPEN_PROPOSALS}"


def status(lake: Lake, sources: Mapping[str, SourceSettings], *, engine: str, location: str) -> StatusDocument:
    """How the configured sources and the lake stand. A run under way while nobody holds the lake has died."""
    runs = _runs(lake)
    tasks = {row["source"]: row for row in lake.rows(_TASKS)}
    cursors = {row["source"]: row for row in lake.rows(_CURSORS)}
    backlog = {row["source"]: row["backlog"] for row in lake.rows(_BACKLOG)}
    left = outstanding(lake)
    quarantine = [QuarantineDocument(**row) for row in lake.rows(_QUARANTINE)]
    return StatusDocument(
        lake=location,
        engine=engine,
        last_run=_run(runs[0]) if runs else None,
        runs=[_run(row) for row in runs[:_RUNS_TOLD]],
        open_conflicts=left.open_conflicts,
        proposed_links=lake.rows(_PROPOSED)[0]["number"],
        sources=[
            SourceStatus(
                source=name,
                provider=settings.provider,
                tasks=tasks.get(name, {}).get("tasks", 0),
                last_change_at=tasks.get(name, {}).get("last_change_at"),
                cursor=cursors.get(name, {}).get("position"),
                cursor_moved_at=cursors.get(name, {}).get("moved_at"),
                backlog=backlog.get(name, 0),
                quarantined=sum(row.source == name for row in quarantine),
                pending=left.pending.get(name, 0),
                no_access=left.no_access.get(name, 0),
                outside=left.outside.get(name, 0),
                paused=_paused(runs, name, left),
                **_last_pull(runs, name),
            )
            for name, settings in sources.items()
        ],
        quarantine=quarantine,
        failures=left.failures,
        no_access=left.kept_out,
        tables=[_table(lake, name) for name in TABLES],
    )


def _run(row: Mapping[str, Any]) -> RunStatus:
    return RunStatus(**{name: row[name] for name in RunStatus.model_fields})


def _runs(lake: Lake) -> list[dict[str, Any]]:
    """Runs newest first, those included that had nothing to commit."""
    rows: list[dict[str, Any]] = lake.rows(_RUNS) + lake.deferred("runs").to_pylist()
    rows.sort(key=lambda row: row["started_at"], reverse=True)
    held = lake.is_held()
    for number, row in enumerate(rows):
        if row["state"] == "running" and not (held and number == 0):
            row["state"] = "died"
    return rows


def _paused(runs: list[dict[str, Any]], source: str, left: Outstanding) -> str | None:
    """Why a source is paused, unless a later run read it well."""
    if source not in left.paused:
        return None
    at, why = left.paused[source]
    counts = ((run, orjson.loads(run["counts"]).get(source)) for run in runs)
    read = next((run["started_at"] for run, told in counts if told is not None and told["error"] is None), None)
    return why if read is None or read <= at else None


def _last_pull(runs: list[dict[str, Any]], source: str) -> dict[str, Any]:
    last_pulled_at = last_error = None
    frozen: list[str] = []
    newest = True
    for run in runs:
        counts = orjson.loads(run["counts"]).get(source)
        if counts is None or run["command"] == "sweep":
            continue
        if newest:
            last_error, frozen, newest = counts["error"], counts.get("frozen", []), False
        if counts["error"] is None or counts["seen"] or counts["comments"]:
            last_pulled_at = run["finished_at"]
            break
    return {"last_pulled_at": last_pulled_at, "last_error": last_error, "frozen": frozen}


def _table(lake: Lake, name: str) -> TableStatus:
    size = lake.size(name)
    return TableStatus(table=name, rows=size.rows, bytes=size.bytes, files=size.files)
