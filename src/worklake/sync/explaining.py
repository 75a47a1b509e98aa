"""What explain tells besides changes: every write of a task, edits that one went over, and where its items differ."""

from __future__ import annotations

from collections.abc import Iterator
from textwrap import shorten
from typing import Any

import orjson

from worklake.lake.lake import Lake
from worklake.model.documents import ChangeDocument, DifferenceDocument
from worklake.model.fields import FIELDS, Fields
from worklake.model.heart_rows import Operation, Outcome, Write
from worklake.sync.heart.sides import sides_of
from worklake.sync.heart.views import Names, names_for
from worklake.sync.lake_store import ledger
from worklake.sync.lake_store.decisions import conflict_of
from worklake.sync.ports import ports_of, store_of
from worklake.sync.rules import plan, resolution
from worklake.sync.rules.state import BY_HAND, Conflict, ConflictKind, Side
from worklake.sync.rules.values import elements, same
from worklake.sync.run import RunContext

_WRITES = """
    select w.*, s.fields as step_fields, s.expected as step_expected, s.why as step_why from {writes} w
    left join {steps} s on w.plan_id = s.plan_id and w.step_id = s.step_id
    where w.task_id = :task order by w.number
"""
_OVERWRITTEN = "select * from {conflicts} where task_id = :task and kind = 'overwritten' order by opened_at"


def writes_told(lake: Lake, task_id: str) -> Iterator[ChangeDocument]:
    """Each field of each write, and of each step that was not written, as rows beside the changes."""
    for row in lake.rows(_WRITES, {"task": task_id}):
        write = ledger.write_of(row)
        wanted: Fields = orjson.loads(row["step_fields"] or "{}") or write.sent
        before: Fields = orjson.loads(row["step_expected"] or "{}") or write.before
        if write.operation is not Operation.UPDATE and write.comment_id is None:
            wanted = {"task": write.operation.value}
        for name, value in wanted.items():
            yield _write_told(write, name, value, before.get(name), row["step_why"] or "")


def _write_told(write: Write, name: str, value: Any, before: Any, why: str) -> ChangeDocument:
    decision, new, reason = _outcome(write, name, value, why)
    window = None
    if write.read_at is not None and write.finished_at is not None and write.outcome is Outcome.ACKNOWLEDGED:
        window = (write.finished_at - write.read_at).total_seconds()
        reason += f"; {window:.1f} s from reading to the answer"
    return ChangeDocument(
        field=name,
        old=before,
        new=new,
        source=write.source,
        external_id=write.external_id,
        actor=None,
        changed_at=write.finished_at or write.intended_at,
        decision=decision,
        reason=reason,
        run_id=write.run_id,
        observed_at=write.finished_at or write.intended_at,
        window_seconds=window,
    )


def _outcome(write: Write, name: str, value: Any, why: str) -> tuple[str, Any, str]:
    """What became of one field of a write, what it came to, and why."""
    said = f"{why}: {write.error}" if write.error and why else write.error or why
    if write.outcome is None:
        return "unknown", value, f"{why}; what became of the call is not known yet"
    if write.outcome is not Outcome.ACKNOWLEDGED:
        return write.outcome.value, value, said
    if write.operation is Operation.UPDATE and name not in write.sent:
        return Outcome.REFUSED.value, value, said
    decision = "undone" if write.undoes is not None else "written"
    shown = write.shown or {}
    if name in shown and name in write.sent and not same(name, write.sent[name], shown[name]):
        sent = shorten(repr(write.sent[name]), 80, placeholder=" …'")
        return "adjusted", shown[name], f"{why}; sent was {sent}, and this is what {write.source} made of it"
    return decision, value, why


def overwritten_told(lake: Lake, task_id: str) -> Iterator[ChangeDocument]:
    """Each edit that a write went over."""
    for row in lake.rows(_OVERWRITTEN, {"task": task_id}):
        conflict = conflict_of(row)
        lost = next((one for one in conflict.contenders if one.origin == conflict.at_item), None)
        standing = next((one for one in conflict.contenders if one.origin != conflict.at_item), None)
        yield ChangeDocument(
            field=conflict.field,
            old=lost.value if lost else None,
            new=standing.value if standing else conflict.value,
            source=conflict.at_item.source if conflict.at_item else BY_HAND,
            external_id=conflict.at_item.external_id if conflict.at_item else None,
            actor=lost.actor if lost else None,
            changed_at=lost.at if lost else None,
            decision=ConflictKind.OVERWRITTEN.value,
            reason=conflict.reason,
            run_id=conflict.run_id,
            observed_at=conflict.opened_at,
        )


def differences(lake: Lake, task_id: str, run: RunContext) -> list[DifferenceDocument]:
    """What the items of a task show otherwise than the task, at each one's resolution, and why that stands."""
    ports = ports_of(lake, run)
    loaded = store_of(lake, run).load([task_id]).get(task_id)
    if loaded is None or len(loaded.links) < 2:
        return []
    names = names_for(store_of(lake, run), {name: port.people for name, port in ports.items()}, [loaded])
    values, found = loaded.task.values(), []
    for side in sides_of(loaded.links, ports, names):
        due = resolution.outstanding(values, side)
        for name in FIELDS:
            if name not in side.view or name not in values:
                continue
            adjusted = _is_adjusted(side, name, values)
            strangers = _strangers(names[side.key.source], values) if name == "assignees" else []
            if name in due or adjusted or strangers:
                found.append(
                    DifferenceDocument(
                        source=side.key.source,
                        external_id=side.key.external_id,
                        field=name,
                        shown=side.view[name],
                        task=values[name],
                        why=_why(side, name, values, loaded.conflicts, adjusted)
                        if name in due or adjusted
                        else f"{', '.join(strangers)} has no account there that is known",
                    )
                )
    return found


def _strangers(names: Names, values: Fields) -> list[str]:
    """Those of a task's people who have no account in a source."""
    return sorted(one for one in elements(values.get("assignees")) if not names.own({"assignees": [one]})["assignees"])


def _is_adjusted(side: Side, name: str, values: Fields) -> bool:
    projected = resolution.project_one(side, name, values[name], side.view[name])
    shown = side.view[name]
    return not same(name, projected, shown) and resolution.is_adjusted(side, name, projected, shown)


def _why(side: Side, name: str, values: Fields, conflicts: tuple[Conflict, ...], adjusted: bool) -> str:
    if adjusted:
        return "the same in meaning: it is what the provider made of the task's value"
    if name in plan.held_fields(conflicts):
        return "held: a conflict waits for a person to decide"
    if any(
        same(name, values[name], one) for one in plan.refused_values(conflicts, side.key, side.mapping).get(name, ())
    ):
        if any((one.kind, one.field, one.at_item) == (ConflictKind.LEFT, name, side.key) for one in conflicts):
            return "left as it is there, until either value moves: a person wanted it so, or an undo closed the item"
        return "refused: the provider does not take the task's value, which waits for a person to decide"
    if not side.reachable:
        return "the item cannot be reached now"
    return "due: the next plan writes it"


def by_time(rows: list[ChangeDocument]) -> list[ChangeDocument]:
    """Rows oldest first; what brought the task comes before what happened to it at the same time."""
    return sorted(
        rows,
        key=lambda row: (row.changed_at or row.observed_at, row.observed_at, row.decision != "created", row.field),
    )
