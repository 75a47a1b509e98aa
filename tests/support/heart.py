"""Rows of the heart for tests."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from worklake.model.heart_rows import Operation, Outcome, PlannedStep, SavedPlan, Write
from worklake.model.rows import LinkState
from worklake.sync.heart.store import StoredLink
from worklake.sync.rules.state import Change, Conflict, ConflictKind, Contender, Decision, ItemKey, Pair, TaskState
from worklake.sync.rules.task import fold_onto

NOON = datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)
ITEM = ItemKey("linear", "L-1")
FIELDS: dict[str, Any] = {
    "title": "Mend the gate",
    "description": "Line one\nit's {braced} \\ 'quoted' ✓",
    "status": "started",
    "priority": "high",
    "labels": ["garden", "iron"],
    "assignees": [],
    "due_date": "2026-03-09",
    "estimate_points": 3.0,
    "estimate_minutes": 90,
    "parent_id": None,
    "archived": False,
}


def change(position: int, **values: Any) -> Change:
    """A change of a task's title; at position 0, the one that brings the task."""
    born = position == 0
    usual: dict[str, Any] = {
        "change_id": f"change_{values.get('task_id', 'task_1')}_{position}",
        "task_id": "task_1",
        "field": "task" if born else "title",
        "old": None if born else "Mend the gate",
        "new": FIELDS if born else f"Mend the gate, {position}",
        "origin": ITEM,
        "actor": None if born else "kim@x.example",
        "changed_at": NOON + timedelta(minutes=position),
        "decision": Decision.CREATED if born else Decision.TAKEN,
        "reason": "first seen in linear" if born else "changed in linear",
        "position": position,
        "run_id": "run_1",
        "observed_at": NOON,
    }
    return Change(**usual | values)


def born(task: str = "task_1", **fields: Any) -> tuple[Change, TaskState]:
    """The change that brings a task, and the task."""
    first = change(0, task_id=task, new=FIELDS | fields)
    return first, fold_onto(TaskState(task, {}), [first])


def link(source: str = "linear", external_id: str = "L-1", **values: Any) -> StoredLink:
    """A link of a task."""
    usual: dict[str, Any] = {
        "task_id": "task_1",
        "state": LinkState.LINKED,
        "seen": {"title": "Mend the gate", "labels": ["garden"], "due_date": None},
        "adjusted": {"title": (Pair("Mend the gate ", "Mend the gate"),), "labels": (Pair(["x"], []),)},
        "merges": 3,
        "revision": NOON,
        "batch": 7,
    }
    return StoredLink(source, external_id, **usual | values)


def creating(source: str = "web", task: str = "task_1") -> StoredLink:
    """A link that stands for an item which is being made."""
    return StoredLink(source, f"creating:{task}", task, LinkState.CREATING, {})


def conflict(number: int = 1, **values: Any) -> Conflict:
    """An open conflict over a title."""
    usual: dict[str, Any] = {
        "conflict_id": f"conflict_{number}",
        "task_id": "task_1",
        "field": "title",
        "kind": ConflictKind.DIFFERS,
        "contenders": (
            Contender(ITEM, "Mend the gate", NOON, "kim@x.example"),
            Contender(ItemKey("web", "7"), "Mend the fence", None),
            Contender(None, "Mend it", NOON + timedelta(hours=1)),
        ),
        "open": True,
        "reason": "edited in both",
        "run_id": "run_1",
        "opened_at": NOON + timedelta(seconds=number),
    }
    return Conflict(**usual | values)


def settled(one: Conflict) -> Conflict:
    """The conflict once a person took the second value."""
    winner = one.contenders[1]
    return replace(one, open=False, settled_at=NOON, winner=winner.origin, value=winner.value)


def step(number: int, **values: Any) -> PlannedStep:
    """A step of a plan."""
    usual: dict[str, Any] = {
        "step_id": f"step_{number}",
        "task_id": "task_1",
        "source": "web",
        "external_id": str(number),
        "operation": Operation.UPDATE,
        "fields": {"title": f"Title {number}", "labels": [], "due_date": None},
        "expected": {"title": "Old"},
        "expected_revision": NOON,
        "why": "edited in linear",
    }
    return PlannedStep(**usual | values)


def saved_plan(name: str, *steps: PlannedStep, **values: Any) -> SavedPlan:
    """A plan of these steps."""
    usual: dict[str, Any] = {
        "plan_id": f"plan_{name}",
        "run_id": "run_1",
        "made_at": NOON,
        "steps": steps,
        "waiting": {"web": 2},
        "stopped_by": (),
    }
    return SavedPlan(**usual | values)


def write(number: int, **values: Any) -> Write:
    """An intent; with an outcome, a write."""
    usual: dict[str, Any] = {
        "write_id": f"write_{number}",
        "run_id": "run_1",
        "plan_id": "plan_1",
        "step_id": f"step_{number}",
        "task_id": "task_1",
        "source": "web",
        "external_id": "7",
        "operation": Operation.UPDATE,
        "sent": {"title": "New", "labels": ["a"]},
        "before": {"title": "Old", "labels": []},
        "shown": None,
        "outcome": None,
        "error": None,
        "batch": 3,
        "intended_at": NOON,
        "finished_at": None,
    }
    return Write(**usual | values)


def done(intent: Write, outcome: Outcome = Outcome.ACKNOWLEDGED) -> Write:
    """The write with its outcome."""
    return intent.model_copy(update={"outcome": outcome, "shown": {"title": "New"}, "finished_at": NOON})
