"""Tasks that went: a person said that they are others, and all that they had moved there."""

from __future__ import annotations

from collections.abc import Collection

from worklake.lake.lake import Lake
from worklake.sync.lake_store.texts import from_text

_WENT = """
    select c.task_id, c.new from {changes} c left anti join {tasks} t on c.task_id = t.task_id
    where c.field = 'task' and c.decision = 'linked' and c.new like '"%' and {among} order by c.observed_at
"""
"""The changes that say where a task went have its id; those that tell of a link, the fields of its item."""


def went(lake: Lake, task_ids: Collection[str]) -> dict[str, str]:
    """Those of these tasks that went, each with the one that holds now what it held. Nothing is asked of none."""
    next_of: dict[str, str] = {}
    asked, asking = set[str](), set(task_ids)
    while asking:
        found = {row["task_id"]: str(from_text(row["new"])) for row in lake.rows_among(_WENT, "c.task_id", asking)}
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
