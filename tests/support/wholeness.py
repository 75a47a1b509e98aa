"""What must hold of a lake after every run, however it ended."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from worklake.model.fields import FIELDS
from worklake.sync.rules.state import MOVING

Rows = Callable[[str], list[dict[str, Any]]]
"""Answers a query over a lake."""

_KEYS = {
    "changes": "change_id",
    "tasks": "task_id",
    "records": "record_hash, kind, external_id",
    "links": "source, kind, external_id",
    "writes": "write_id",
    "plans": "plan_id",
    "conflicts": "conflict_id",
    "merge_requests": "source, external_id",
    "commits": "source, external_id",
    "code_links": "source, kind, external_id, key",
}


def assert_nothing_twice(rows: Rows) -> None:
    """Every row is there once."""
    for table, key in _KEYS.items():
        twice = f"select {key}, count(*) as n from {{{table}}} group by {key} having count(*) > 1"
        assert rows(twice) == [], table


def assert_tasks_are_the_fold_of_changes(rows: Rows) -> None:
    """Every task is what its changes lead to."""
    folded: dict[str, dict[str, Any]] = {}
    # Changes of tasks that were copies of one item have no position, and came before all others.
    for change in rows("select * from {changes} order by coalesce(position, -1), batch, observed_at"):
        task, new = folded.setdefault(change["task_id"], {}), json.loads(change["new"] or "null")
        if change["decision"] not in MOVING:
            continue
        task |= new if change["field"] == "task" else {change["field"]: new} if change["field"] in FIELDS else {}
    stored = {row["task_id"]: row for row in rows("select * from {tasks}")}
    assert {task for task, fields in folded.items() if fields} == set(stored)
    for task, fields in folded.items():
        for name, value in fields.items():
            kept = stored[task][name]
            assert (kept.isoformat() if hasattr(kept, "isoformat") else kept) == value, (task, name)


def assert_the_ledger_is_complete(rows: Rows) -> None:
    """Every write has an outcome, and belongs to a step of a saved plan."""
    assert rows("select * from {writes} where outcome is null") == []
    orphans = "select w.* from {writes} w left anti join {steps} s on w.plan_id = s.plan_id and w.step_id = s.step_id"
    assert rows(orphans) == []
    planless = "select s.* from {steps} s left anti join {plans} p on s.plan_id = p.plan_id"
    assert rows(planless) == []
