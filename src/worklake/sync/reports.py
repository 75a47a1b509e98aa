"""What plan, apply, sync, undo and conflicts answer: the heart's rows as documents, with the names that people know."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from worklake.integrations.base import Where
from worklake.lake.lake import Lake
from worklake.model.documents import (
    PullDocument,
    PulledSource,
    SweepDocument,
    SweptItem,
    SweptSource,
)
from worklake.model.heart_rows import Outcome, PlannedStep, SavedPlan, Write
from worklake.model.ids import RunId
from worklake.model.plan_documents import (
    AdjustedField,
    ApplyDocument,
    ConflictDocument,
    ConflictValue,
    FieldChange,
    LeftDocument,
    PlanDocument,
    SettledDocument,
    SettledRunDocument,
    StepDocument,
    StillOpen,
    SyncDocument,
    TakenBackDocument,
    UndoDocument,
    WriteDocument,
)
from worklake.sync import cycle, notes
from worklake.sync.cycle import PlanResult, SweepResult, SyncResult, UndoResult
from worklake.sync.engine import PullResult
from worklake.sync.heart.applying import Applied
from worklake.sync.heart.ledger import adjusted
from worklake.sync.heart.sweeping import Swept
from worklake.sync.heart.undoing import but_closed
from worklake.sync.rules import brake
from worklake.sync.rules.state import BY_HAND, Conflict, ConflictKind, ItemKey
from worklake.sync.run import SourceCounts

_TITLES = "select task_id, title from {tasks} where {among}"
_WANTED = pa.schema([("source", pa.string()), ("external_id", pa.string())])
_SWEPT = """
    select l.source, l.external_id, l.key, l.task_id, t.title from {links} l
    join {wanted} w on l.source = w.source and l.external_id = w.external_id
    left join {tasks} t on l.task_id = t.task_id
    where l.kind = 'task'
"""
_UNDOES = "select undoes from {plans} where plan_id = :plan order by number desc limit 1"
_KEYS = "select source, external_id, key from {links} where kind = 'task' and {among}"
_ITEMS = """
    select task_id, source, external_id, key from {links}
    where kind = 'task' and state not in ('creating', 'deleted') and {among} order by source, key
"""


@dataclass(frozen=True, slots=True)
class _Names:
    """What people call tasks and items."""

    titles: Mapping[str, str]
    keys: Mapping[ItemKey, str]

    @classmethod
    def of(cls, lake: Lake, tasks: Collection[str], items: Collection[str] = ()) -> _Names:
        """The titles of these tasks, and the keys of the items of these external ids."""
        titles = {row["task_id"]: row["title"] for row in lake.rows_among(_TITLES, "task_id", tasks)}
        return cls(titles, _keys(lake.rows_among(_KEYS, "external_id", items)))

    def key(self, source: str, external_id: str | None) -> str:
        """What people call an item: `ENG-12`, `team/web#3`."""
        key = self.keys.get(ItemKey(source, external_id or ""))
        if key is None:
            return external_id or ""
        _, _, path = key.partition("/")
        return path if "#" in path else path.rpartition("/")[2]


def _keys(rows: Iterable[Mapping[str, Any]]) -> dict[ItemKey, str]:
    """By item the keys that have a host, a path and a number: gitlab.com/team/web#3, linear.app/team/ENG-12."""
    return {ItemKey(row["source"], row["external_id"]): row["key"] for row in rows if "/" in (row["key"] or "")}


def pull_document(run_id: RunId, pulled: PullResult) -> PullDocument:
    """What a pull did."""
    return PullDocument(run_id=run_id, state=pulled.state, sources=_sources(pulled))


def plan_document(lake: Lake, result: PlanResult) -> PlanDocument:
    """A plan that was just made, with all open conflicts."""
    return PlanDocument(
        **_plan_parts(lake, result.planned.plan),
        pulled=_sources(result.pulled),
        frozen=notes.frozen(result.pulled),
        no_access=dict(sorted(result.planned.no_access.items())),
        undecided=dict(sorted(result.planned.undecided.items())),
        takes_minutes=notes.minutes(result.planned),
        notes=notes.of_plan(result.planned, result.pulled),
    )


def apply_document(lake: Lake, applied: Applied) -> ApplyDocument:
    """What became of a plan's steps."""
    undoes = lake.rows(_UNDOES, {"plan": applied.plan_id})[0]["undoes"]
    return ApplyDocument(
        **_apply_parts(lake, applied),
        undoes=undoes,
        done_before=applied.done_before,
        conflicts=conflict_documents(lake) if undoes is not None else [],
        notes=[*notes.paused(applied), *_closed(applied)],
    )


def sync_document(lake: Lake, result: SyncResult, applied: Applied) -> SyncDocument:
    """What a sync pulled, planned and applied."""
    parts = _apply_parts(lake, applied)
    waiting = Counter(result.planned.plan.waiting) + Counter(parts.pop("waiting"))
    conflicts = conflict_documents(lake)
    return SyncDocument(
        **parts,
        waiting=dict(sorted(waiting.items())),
        pulled=_sources(result.pulled),
        conflicts=conflicts,
        open_conflicts=[one.conflict_id for one in conflicts],
        frozen=notes.frozen(result.pulled),
        no_access=dict(sorted(result.planned.no_access.items())),
        undecided=dict(sorted(result.planned.undecided.items())),
        notes=[*notes.of_plan(result.planned, result.pulled), *notes.paused(applied)],
    )


def sweep_document(lake: Lake, result: SweepResult) -> SweepDocument:
    """What a sweep found, item by item."""
    found = [(source, one) for source, swept in result.swept.items() for one in swept.found]
    wanted = {"source": [source for source, _ in found], "external_id": [one.external_id for _, one in found]}
    rows = lake.rows(_SWEPT, wanted=pa.table(wanted, _WANTED)) if found else []
    links = {(row["source"], row["external_id"]): row for row in rows}
    return SweepDocument(
        run_id=result.run_id,
        state=result.state,
        sources={name: _swept(swept, result.counts[name].requests) for name, swept in result.swept.items()},
        items=[
            SweptItem(
                source=source,
                external_id=one.external_id,
                key=links[source, one.external_id]["key"],
                task_id=links[source, one.external_id]["task_id"],
                title=links[source, one.external_id]["title"] or "",
                found=one.where.value,
                why=one.why,
            )
            for source, one in found
        ],
    )


def _swept(swept: Swept, requests: int) -> SweptSource:
    return SweptSource(
        requests=requests,
        listed=swept.listed,
        missing=swept.missing,
        deleted=swept.count(Where.DELETED),
        archived=swept.count(Where.ARCHIVED),
        moved=swept.count(Where.MOVED),
        no_access=swept.count(Where.NO_ACCESS),
        back=swept.back,
        error=swept.error,
    )


def undo_document(lake: Lake, undone_run: str, result: UndoResult) -> UndoDocument:
    """The plan that takes a run back, and what became of it where it was applied."""
    applied = _apply_parts(lake, result.applied) if result.applied is not None else {}
    return UndoDocument(
        **_plan_parts(lake, _with_closings(result)),
        undoes=undone_run,
        takes_back=[TakenBackDocument(**dict(one)) for one in result.plan.takes_back or ()],
        left=[LeftDocument(**one._asdict()) for one in result.left],
        **{name: applied.get(name) for name in ("applied", "stale", "failed", "writes")},
        pulled=_sources(result.pulled),
        frozen=notes.frozen(result.pulled),
        notes=[
            *notes.left_out(result.plan, {}),
            *notes.frozen(result.pulled),
            *(notes.paused(result.applied) if result.applied is not None else ()),
            *(_closed(result.applied) if result.applied is not None else ()),
        ],
    )


def _with_closings(result: UndoResult) -> SavedPlan:
    """The plan of an undo, with the steps that close in the place of those that may not delete."""
    plan, closing = result.plan, result.applied.closing if result.applied is not None else None
    if closing is None:
        return plan
    return plan.model_copy(update={"steps": (*but_closed(plan.steps, closing), *closing.steps)})


def _closed(applied: Applied) -> list[str]:
    """What was to be deleted and may not be, in words."""
    steps = applied.closing.steps if applied.closing is not None else ()
    counts = Counter(step.source for step in steps if step.comment_id is None)
    return [
        f"{source}: {count} {'item' if count == 1 else 'items'} may not be deleted with this token, and"
        f" {'is' if count == 1 else 'are'} closed instead"
        for source, count in sorted(counts.items())
    ]


def conflict_documents(lake: Lake) -> list[ConflictDocument]:
    """The conflicts that nobody has settled, oldest first."""
    found = cycle.open_conflicts(lake)
    tasks = {one.task_id for one in found}
    rows = lake.rows_among(_ITEMS, "task_id", tasks)
    names = _Names(_Names.of(lake, tasks).titles, _keys(rows))
    items: dict[str, list[str]] = {}
    for row in rows:
        items.setdefault(row["task_id"], []).append(f"{row['source']} {names.key(row['source'], row['external_id'])}")
    return [_conflict(one, names, items.get(one.task_id, [])) for one in found]


def settled_document(conflict: Conflict) -> SettledDocument:
    """A conflict that a person has just settled."""
    return SettledDocument(
        conflict_id=conflict.conflict_id,
        task_id=conflict.task_id,
        field=conflict.field,
        source=conflict.winner.source if conflict.winner else BY_HAND,
        value=conflict.value,
        left=conflict.at_item.source if conflict.kind is ConflictKind.LEFT and conflict.at_item else None,
    )


def settled_run_document(
    run_id: str, settled: Iterable[Conflict], left: Iterable[tuple[Conflict, str]]
) -> SettledRunDocument:
    """The conflicts of a run that a person has just settled at once, and those that stay open."""
    return SettledRunDocument(
        run_id=run_id,
        settled=[settled_document(one) for one in settled],
        left=[StillOpen(conflict_id=one.conflict_id, reason=reason) for one, reason in left],
    )


def _sources(pulled: PullResult) -> dict[str, PulledSource]:
    return {name: _counted(counts) for name, counts in pulled.counts.items()}


def _counted(counts: SourceCounts) -> PulledSource:
    return PulledSource(**{name: getattr(counts, name) for name in PulledSource.model_fields})


def _plan_parts(lake: Lake, plan: SavedPlan) -> dict[str, object]:
    """The keys that every document of a plan has."""
    return {
        "plan_id": plan.plan_id,
        "run_id": plan.run_id,
        "steps": _steps(plan.steps, _names_of_steps(lake, plan.steps)),
        "conflicts": conflict_documents(lake),
        "stopped_by": list(plan.stopped_by),
        "to_allow": brake.number(plan.steps, plan.stopped_by) if plan.stopped_by else None,
        "waiting": dict(sorted(plan.waiting.items())),
    }


def _apply_parts(lake: Lake, applied: Applied) -> dict[str, Any]:
    """The keys that every document of an applied plan has."""
    done, stale = applied.count(Outcome.ACKNOWLEDGED), applied.count(Outcome.STALE)
    waiting = dict(sorted(Counter(one.source for one in applied.writes if one.outcome is Outcome.WAITING).items()))
    names = _Names.of(
        lake, {one.task_id for one in applied.writes}, {one.external_id for one in applied.writes if one.external_id}
    )
    return {
        "run_id": applied.run_id,
        "plan_id": applied.plan_id,
        "applied": done,
        "stale": stale,
        "failed": len(applied.writes) - done - stale - sum(waiting.values()),
        "writes": [_write(one, names) for one in applied.writes],
        "waiting": waiting,
    }


def _names_of_steps(lake: Lake, steps: Sequence[PlannedStep]) -> _Names:
    return _Names.of(lake, {one.task_id for one in steps}, {one.external_id for one in steps if one.external_id})


def _steps(steps: Iterable[PlannedStep], names: _Names) -> list[StepDocument]:
    return [
        StepDocument(
            step_id=one.step_id,
            task_id=one.task_id,
            source=one.source,
            external_id=one.external_id,
            operation=one.operation,
            changes=[
                FieldChange(field=name, before=one.expected.get(name), after=value)
                for name, value in one.fields.items()
            ],
            why=one.why,
            expected_revision=one.expected_revision,
            comment_id=one.comment_id,
            title=names.titles.get(one.task_id, ""),
            key=names.key(one.source, one.external_id),
        )
        for one in steps
    ]


def _changes(step: PlannedStep) -> list[FieldChange]:
    return [FieldChange(field=name, before=step.expected.get(name), after=new) for name, new in step.fields.items()]


def _write(write: Write, names: _Names) -> WriteDocument:
    return WriteDocument(
        step_id=write.step_id,
        outcome=write.outcome.value if write.outcome is not None else "unknown",
        error=write.error,
        adjusted=[AdjustedField(field=name, sent=sent, shown=shown) for name, sent, shown in adjusted(write)],
        source=write.source,
        key=names.key(write.source, write.external_id) or names.titles.get(write.task_id, write.task_id),
    )


def _conflict(conflict: Conflict, names: _Names, items: list[str]) -> ConflictDocument:
    return ConflictDocument(
        conflict_id=conflict.conflict_id,
        task_id=conflict.task_id,
        field=conflict.field,
        values=[
            ConflictValue(
                source=one.origin.source if one.origin is not None else BY_HAND,
                value=one.value,
                changed_at=one.at,
                actor=one.actor,
            )
            for one in conflict.contenders
        ],
        opened_at=conflict.opened_at,
        kind=conflict.kind.value,
        run_id=conflict.run_id,
        title=names.titles.get(conflict.task_id, ""),
        reason=conflict.reason,
        items=items,
    )
