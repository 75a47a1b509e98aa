"""Tasks that went: a person said that they are others, and all that they had moved there."""

from __future__ import annotations

from collections.abc import Collection

from worklake.lake.lake import Lake
from worklake.sync.lake_store.texts import from_text

WENT = "field = 'task' and decision = 'linked' and new like '\"%'"
"""Which changes say where a task went. Those that tell of a link have the fields of its item there."""
_WENT = f"select task_id, new from {{changes}} where {WENT} and {{among}} order by observed_at"  # noqa: S608


def went(lake: Lake, task_ids: Collection[str]) -> dict[str, str]:
    """Those of these tasks that went, each with the one that holds now what it held. Nothing is asked of none."""
    next_of: dict[str, str] = {}
    asked, asking = set[str](), set(task_ids)
    while asking:
        found = {row["task_id"]: str(from_text(row["new"])) for row in lake.rows_among(_WENT, "task_id", asking)}
        asked |= asking
        next_of |= found
        asking = set(found.values()) - asked
    homes = {}
    for task in set(task_ids) & next_of.keys():
        now = next_of[task]
        while now in next_of:
            now = next_of[now]
        homes[task] = now
    return homes
