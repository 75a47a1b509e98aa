"""Plans, their steps and writes as rows of `plans`, `steps` and `writes`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from worklake.model.heart_rows import Operation, Outcome, PlannedStep, SavedPlan, TakenBack, Write
from worklake.sync.lake_store.texts import from_nullable, from_text, to_nullable, to_text

_STEP_TEXTS = ("fields", "expected")
_WRITE_TEXTS = ("sent", "before", "shown")


def plan_row(plan: SavedPlan, number: int) -> dict[str, Any]:
    """The row of a plan."""
    return {
        "plan_id": plan.plan_id,
        "run_id": plan.run_id,
        "made_at": plan.made_at,
        "steps": len(plan.steps),
        "waiting": to_text(plan.waiting),
        "stopped_by": to_text(plan.stopped_by),
        "undoes": plan.undoes,
        "number": number,
        "takes_back": None if plan.takes_back is None else to_text([dict(one) for one in plan.takes_back]),
    }


def step_rows(plan: SavedPlan) -> list[dict[str, Any]]:
    """The rows of a plan's steps."""
    return [
        dict(step)
        | {"plan_id": plan.plan_id, "position": position, "operation": step.operation.value}
        | {name: to_text(getattr(step, name)) for name in _STEP_TEXTS}
        for position, step in enumerate(plan.steps)
    ]


def saved_plan(row: Mapping[str, Any], steps: Iterable[Mapping[str, Any]]) -> SavedPlan:
    """A plan as it stands in its row and those of its steps, in order."""
    takes_back = from_nullable(row["takes_back"])
    return SavedPlan(
        plan_id=row["plan_id"],
        run_id=row["run_id"],
        made_at=row["made_at"],
        steps=tuple(_step(step) for step in steps),
        waiting=from_text(row["waiting"]),
        stopped_by=tuple(from_text(row["stopped_by"])),
        undoes=row["undoes"],
        takes_back=None if takes_back is None else tuple(TakenBack(**one) for one in takes_back),
    )


def _step(row: Mapping[str, Any]) -> PlannedStep:
    values = {name: row[name] for name in PlannedStep.model_fields}
    texts = {name: from_text(row[name]) for name in _STEP_TEXTS}
    return PlannedStep(**values | texts | {"operation": Operation(row["operation"])})


def write_row(write: Write, number: int) -> dict[str, Any]:
    """The row of a write."""
    texts = {name: to_nullable(getattr(write, name)) for name in _WRITE_TEXTS}
    words = {"operation": write.operation.value, "outcome": write.outcome and write.outcome.value}
    return dict(write) | texts | words | {"number": number}


def write_of(row: Mapping[str, Any]) -> Write:
    """A write as it stands in its row."""
    values = {name: row[name] for name in Write.model_fields}
    texts = {name: from_nullable(row[name]) for name in _WRITE_TEXTS}
    outcome = Outcome(row["outcome"]) if row["outcome"] is not None else None
    return Write(**values | texts | {"operation": Operation(row["operation"]), "outcome": outcome})
