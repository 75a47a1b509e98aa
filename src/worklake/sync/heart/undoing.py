"""Undo: a plan that takes back what a run wrote, from the ledger's before-images."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from worklake.model.fields import FieldValue
from worklake.model.heart_rows import Operation, Outcome, PlannedStep, SavedPlan, Write
from worklake.model.ids import digest
from worklake.model.rows import LinkState
from worklake.sync.heart.ports import Ports
from worklake.sync.heart.sides import sides_of
from worklake.sync.heart.store import Loaded, Store, StoredLink
from worklake.sync.heart.views import Names, names_for
from worklake.sync.rules import plan, resolution
from worklake.sync.rules.state import (
    HOLDING,
    MOVING,
    Change,
    Conflict,
    ConflictKind,
    Contender,
    Decision,
    ItemKey,
    Standing,
)
from worklake.sync.rules.task import WHOLE_TASK, Moment, fold_onto, given
from worklake.sync.rules.values import same

_BACK = {
    Operation.CLOSE: Operation.REOPEN,
    Operation.REOPEN: Operation.CLOSE,
    Operation.ARCHIVE: Operation.RESTORE,
    Operation.RESTORE: Operation.ARCHIVE,
    Operation.DELETE: Operation.RESTORE,
}


class Left(NamedTuple):
    """What an undo leaves as it is, and why."""

    task_id: str
    source: str
    field: str
    reason: str


@dataclass(frozen=True, slots=True)
class Undoing:
    """The plan of an undo, saved, and what it leaves."""

    plan: SavedPlan
    left: Sequence[Left] = field(default_factory=tuple)


def plan_undo(store: Store, ports: Ports, undone_run: str, moment: Moment) -> Undoing:
    """Plan to write back what the items showed before a run wrote, wherever they still show what it wrote.

    What a person or a later run changed since is left. When the plan is applied, its fields are held, so that the
    next sync does not redo what was undone.
    """
    writes = [write for write in store.writes(undone_run) if write.outcome is Outcome.ACKNOWLEDGED]
    loaded = store.load({write.task_id for write in writes})
    names = names_for(
        store,
        {name: port.people for name, port in ports.items()},
        loaded.values(),
        [(write.source, write.before) for write in writes],
    )
    steps: list[PlannedStep] = []
    left: list[Left] = []
    for write in reversed(writes):
        link = _link_of(write, loaded.get(write.task_id))
        if link is None or write.source not in ports:
            left.append(Left(write.task_id, write.source, WHOLE_TASK, "the item is not there any more"))
        elif write.operation is Operation.UPDATE:
            steps += _restoring(write, link, names[write.source], left)
        else:
            steps += _putting_back(write, link, ports, left)
    saved = SavedPlan(
        plan_id=plan.Plan(tuple(steps)).plan_id,
        run_id=moment.run_id,
        made_at=moment.now,
        steps=tuple(steps),
        waiting={},
        stopped_by=(),
        undoes=undone_run,
    )
    store.save_plan(saved)
    return Undoing(saved, left)


def _link_of(write: Write, loaded: Loaded | None) -> StoredLink | None:
    links = loaded.links if loaded is not None else ()
    return next((link for link in links if link.key == (write.source, write.external_id)), None)


def _restoring(write: Write, link: StoredLink, names: Names, left: list[Left]) -> list[PlannedStep]:
    """The step that writes the before-image back, of the fields in which the item still shows what was written."""
    shown = write.shown or {}
    back: dict[str, FieldValue] = {}
    for name in write.sent:
        if name not in write.before or name not in shown or same(name, write.before[name], shown[name]):
            continue
        if same(name, link.seen.get(name), shown[name]):
            back[name] = write.before[name]
        else:
            left.append(Left(write.task_id, write.source, name, "it was changed since"))
    if not back:
        return []
    expected = names.canonical({name: shown[name] for name in back})
    step = plan.step(
        Operation.UPDATE,
        write.task_id,
        write.source,
        write.external_id,
        names.canonical(back),
        expected,
        f"takes back what run {write.run_id} wrote",
        link.revision,
    )
    return [step.model_copy(update={"undoes": write.write_id})]


def _putting_back(write: Write, link: StoredLink, ports: Ports, left: list[Left]) -> list[PlannedStep]:
    """The step that takes a creation back, or that brings back what was put away."""
    capabilities = ports[write.source].integration.capabilities
    operation = _BACK.get(write.operation)
    if write.operation is Operation.CREATE:
        if any(not same(name, value, link.seen.get(name)) for name, value in (write.shown or {}).items()):
            left.append(Left(write.task_id, write.source, WHOLE_TASK, "it was changed since it was created"))
            return []
        operation = Operation.DELETE if capabilities.deletes else Operation.CLOSE
    if operation is None or link.state is LinkState.MISSING:
        left.append(Left(write.task_id, write.source, WHOLE_TASK, "the provider has no way back"))
        return []
    why = f"takes back what run {write.run_id} wrote"
    step = plan.step(operation, write.task_id, write.source, write.external_id, {}, {}, why, link.revision)
    return [step.model_copy(update={"undoes": write.write_id})]


def hold(store: Store, ports: Ports, saved: SavedPlan, moment: Moment) -> None:
    """Before an undo is applied: hold its fields, or, where it takes back an undo, release those that that one held."""
    held = [one for one in store.conflicts_of(str(saved.undoes)) if one.kind is ConflictKind.UNDONE and one.open]
    if held:
        store.commit(
            conflicts=[replace(one, open=False, settled_at=moment.now, reason="the undo was undone") for one in held]
        )
        return
    loaded = store.load({step.task_id for step in saved.steps})
    people = {name: port.people for name, port in ports.items()}
    names = names_for(store, people, loaded.values())
    sides = {task: sides_of(one.links, ports, names) for task, one in loaded.items()}
    holds: dict[tuple[str, str], Conflict] = {}
    for step in saved.steps:
        fields: Mapping[str, FieldValue] = step.fields or {WHOLE_TASK: step.operation.value}
        for name, value in fields.items():
            key = (step.task_id, name)
            old = holds.get(key) or _open_hold(name, loaded[step.task_id], saved, moment)
            key_there = ItemKey(step.source, str(step.external_id))
            side = next((side for side in sides[step.task_id] if side.key == key_there), None)
            whole = value
            if side is not None and name != WHOLE_TASK:
                whole = resolution.meant(side, name, value, loaded[step.task_id].task)
            contender = Contender(key_there, whole, moment.now)
            others = [one for one in old.contenders if one.origin != contender.origin]
            holds[key] = replace(old, contenders=(*others, contender))
    if holds:
        store.commit(conflicts=list(holds.values()))


def _open_hold(name: str, loaded: Loaded, saved: SavedPlan, moment: Moment) -> Conflict:
    """The open conflict that holds the field already, else a new one in which the task's own value contends."""
    for one in loaded.conflicts:
        if one.open and one.field == name and one.kind in HOLDING:
            return one
    standing = loaded.task.fields.get(name, Standing(None))
    return Conflict(
        conflict_id="conflict_" + digest(loaded.task.task_id, name, "undone", moment.run_id),
        task_id=loaded.task.task_id,
        field=name,
        kind=ConflictKind.UNDONE,
        contenders=(Contender(standing.origin, standing.value, standing.at, standing.actor),),
        open=True,
        reason=f"run {saved.undoes} was undone",
        run_id=moment.run_id,
        opened_at=moment.now,
    )


def take_back(store: Store, undone_run: str, moment: Moment) -> list[Left]:
    """Take back the canonical changes of a run, so that the next plan brings every source to the values before it.

    What was changed since is left.
    """
    moves: dict[tuple[str, str], list[Change]] = {}
    for change in store.changes(run_id=undone_run):
        if change.decision in MOVING and change.field != WHOLE_TASK:
            moves.setdefault((change.task_id, change.field), []).append(change)
    loaded = store.load({task for task, _ in moves})
    left: list[Left] = []
    changes: list[Change] = []
    tasks = {task: one.task for task, one in loaded.items()}
    for (task, name), chain in sorted(moves.items()):
        old, new = chain[0].old, chain[-1].new
        if isinstance(old, dict) or isinstance(new, dict) or not same(name, tasks[task].fields[name].value, new):
            left.append(Left(task, "", name, "it was changed since"))
            continue
        why = f"run {undone_run} was undone everywhere"
        change = given(tasks[task], name, old, None, Decision.UNDONE, why, moment)
        tasks[task] = fold_onto(tasks[task], [change])
        changes.append(change)
    if changes:
        store.commit(changes, [tasks[task] for task in sorted({change.task_id for change in changes})])
    return left
