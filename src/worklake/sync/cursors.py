"""Where pulls, merges and routing stand: the table `cursors`, asked once in a run.

Nobody but the holder of the lake's lease moves a cursor, so a run knows where they are from then on. The rules that all
tasks were routed by are apart: `routing` asks for that cursor and moves it by itself.
"""

from __future__ import annotations

from collections.abc import Mapping

from worklake.lake.lake import Lake
from worklake.lake.names import literal
from worklake.model.rows import Cursor
from worklake.sync.run import RunContext


def cursors_of(lake: Lake, run: RunContext) -> Mapping[tuple[str, str], Cursor]:
    """Every cursor, by source (empty where it is of all of them) and stage."""
    if not run.cursors:
        found = (Cursor(**row) for row in lake.rows("select * from {cursors}"))
        run.cursors.update({(one.source, one.stage): one for one in found})
    return run.cursors


def newest_batch(lake: Lake, run: RunContext) -> int:
    """The highest number of a commit that any cursor has come to."""
    return max((one.batch for one in cursors_of(lake, run).values()), default=0)


def move_cursors(lake: Lake, run: RunContext, source: str, positions: Mapping[str, str], batch: int = 0) -> None:
    """Keep that these stages have come to these positions, and through this commit of a pull."""
    now = run.clock()
    moved = [
        Cursor(source=source, stage=stage, position=position, batch=batch, run_id=run.run_id, moved_at=now)
        for stage, position in positions.items()
    ]
    lake.merge("cursors", moved)
    if run.cursors:
        run.cursors.update({(one.source, one.stage): one for one in moved})


def unmerged(lake: Lake, run: RunContext) -> set[str]:
    """The sources of this run of which something was pulled and is not merged yet."""
    merged = {source: one.batch for (source, stage), one in cursors_of(lake, run).items() if stage == "merge"}
    beyond = [f"(source = {literal(one.name)} and batch > {merged.get(one.name, 0):d})" for one in run.sources]
    found = lake.rows(f"select distinct source from {{records}} where {' or '.join(beyond)}") if beyond else ()  # noqa: S608
    return {row["source"] for row in found}
