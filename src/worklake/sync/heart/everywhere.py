"""Undo everywhere: a plan that takes back what a run changed about tasks, so that all tools come to the values before.

Nothing of a task moves before the plan is applied: the plan remembers what it takes back.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from worklake.model.fields import FIELDS
from worklake.model.heart_rows import Operation, Outcome, PlannedStep, SavedPlan, TakenBack, Write
from worklake.model.rows import LinkState
from worklake.sync.heart.joined import followed
from worklake.sync.heart.leaving import stays_closed
from worklake.sync.heart.planning import planning_of
from worklake.sync.heart.ports import Ports, Rules
from worklake.sync.heart.store import Loaded, Store
from worklake.sync.heart.undoing import Left, Undoing, plan_undo, put_back, saved_undo
from worklake.sync.rules import plan
from worklake.sync.rules.putaway import STATE
from worklake.sync.rules.state import MOVING, Change, Conflict, ConflictKind, Decision, ItemKey, TaskState
from worklake.sync.rules.task import WHOLE_TASK, Moment, fold_onto, given
from worklake.sync.rules.values import same


def plan_everywhere(
    store: Store, ports: Ports, rules: Rules, undone_run: str, moment: Moment, allow: int | None = None
) -> Undoing:
    """Plan to take back what a run changed about tasks, and what its writes carried on, in all tools.

    What was changed since is left. Items that the run made are taken away, and those that it put away, or saw put
    away, are brought back, where the provider can. Fields that an undo of the run had held are free then. An undo
    that changed nothing about tasks is taken back as any undo.
    """
    done = [write for write in store.writes(undone_run) if write.outcome is Outcome.ACKNOWLEDGED]
    writes = [write for write in done if write.comment_id is None]  # what a person said is nothing of the run's
    changes = store.changes(run_id=undone_run)
    if not changes and any(write.undoes is not None for write in done):
        return plan_undo(store, ports, undone_run, moment, rules.brake, allow)
    left: list[Left] = []
    loaded, changes, writes = _without_joined(store, changes, writes, left)
    takes = _takes(store, loaded, changes, writes, left)
    before = {
        task: _as_taken_back(one, [take for take in takes if take.task_id == task], moment)
        for task, one in loaded.items()
    }
    unsure = {(write.source, write.task_id) for write in store.unresolved(loaded) if write.comment_id is None}
    planning = planning_of(store, ports, rules, before, unsure)
    made = plan.make_plan([replace(one, missing=()) for one in planning.values()])
    whole = put_back(store, ports, loaded, [one for one in writes if one.operation is not Operation.UPDATE], left)
    whole += _restorations(ports, loaded, changes, left)
    touched = {(step.source, step.external_id) for step in whole}
    steps = [*whole, *(step for step in made.steps if (step.source, step.external_id) not in touched)]
    saved = saved_undo(store, steps, undone_run, moment, rules.brake, allow, tuple(takes))
    return Undoing(saved, left)


def _without_joined(
    store: Store, changes: Sequence[Change], writes: Sequence[Write], left: list[Left]
) -> tuple[dict[str, Loaded], list[Change], list[Write]]:
    """The tasks of a run, and the changes and writes of it that can be taken back everywhere.

    Of a task that a person said since is another one, no field can: the other had a value of its own, so there is none
    that all tools had before. Items that were made or put away are at that other task now.
    """
    wanted = {write.task_id for write in writes} | {change.task_id for change in changes}
    loaded = store.load(wanted)
    went = store.went(wanted - loaded.keys())
    if not went:
        return loaded, list(changes), list(writes)
    updates = [write for write in writes if write.operation is Operation.UPDATE]
    fields = {(one.task_id, one.field) for one in changes if one.decision in MOVING and one.field != WHOLE_TASK}
    fields |= {(write.task_id, name) for write in updates for name in write.sent}
    for task, name in sorted(fields):
        if task in went:
            why = f"{task} became a part of this task since; without --everywhere, what its items had is written back"
            left.append(Left(went[task], "", name, why))
    whole, now = followed(store, [write for write in writes if write.operation is not Operation.UPDATE])
    changes = [change for change in changes if change.task_id in loaded]
    return loaded | now, changes, [*(write for write in updates if write.task_id in loaded), *whole]


def _takes(
    store: Store,
    loaded: Mapping[str, Loaded],
    changes: Sequence[Change],
    writes: Sequence[Write],
    left: list[Left],
) -> list[TakenBack]:
    """The fields of tasks that go back to what they were before the run, or before what it carried on."""
    chains: dict[tuple[str, str], list[Change]] = {}
    given_back = [change for change in changes if change.decision is Decision.UNDONE]
    for change in given_back or changes:  # of an undo only that: what else it carried on is a person's
        if change.decision in MOVING and change.field != WHOLE_TASK:
            chains.setdefault((change.task_id, change.field), []).append(change)
    carried: dict[tuple[str, str], datetime] = {}
    for write in writes:
        if write.operation is Operation.UPDATE and not given_back:
            carried |= {(write.task_id, name): write.intended_at for name in write.sent}
    for (task, name), at in sorted(carried.items()):
        moves = [one for one in store.changes(task_id=task) if one.field == name and one.decision in MOVING]
        before = [one for one in moves if one.observed_at <= at]  # what it carried on, and nothing that came later
        if (task, name) not in chains and before:
            chains[task, name] = before[-1:]
    takes = []
    for (task, name), chain in sorted(chains.items()):
        old, new = chain[0].old, chain[-1].new
        standing = loaded[task].task.fields.get(name)
        if isinstance(old, dict) or isinstance(new, dict) or standing is None or not _same(name, standing.value, new):
            left.append(Left(task, "", name, "it was changed since"))
        elif not _same(name, old, new):
            takes.append(TakenBack(task_id=task, field=name, now=new, back=old))
    return takes


def _same(name: str, one: object, other: object) -> bool:
    return same(name, one, other) if name in FIELDS else one == other  # type: ignore[arg-type]


def _as_taken_back(loaded: Loaded, takes: Sequence[TakenBack], moment: Moment) -> Loaded:
    task = fold_onto(loaded.task, _changes(loaded.task, takes, "", moment))
    free = {one.conflict_id for one in _freed(loaded, takes)}
    return replace(loaded, task=task, conflicts=tuple(one for one in loaded.conflicts if one.conflict_id not in free))


def _freed(loaded: Loaded, takes: Iterable[TakenBack]) -> list[Conflict]:
    """What holds fields since an undo, and has nothing to decide any more once the tools agree on the values before."""
    back = {take.field for take in takes}
    return [one for one in loaded.conflicts if one.open and one.kind is ConflictKind.UNDONE and one.field in back]


def _changes(task: TaskState, takes: Iterable[TakenBack], why: str, moment: Moment) -> list[Change]:
    """The changes by which a task goes back; none for what has moved since, or is back already."""
    made: list[Change] = []
    for take in takes:
        standing = task.fields.get(take.field)
        if standing is None or not _same(take.field, standing.value, take.now):
            continue
        change = given(task, take.field, take.back, None, Decision.UNDONE, why, moment)
        made.append(change)
        task = fold_onto(task, [change])
    return made


def _restorations(
    ports: Ports, loaded: Mapping[str, Loaded], changes: Iterable[Change], left: list[Left]
) -> list[PlannedStep]:
    """The steps that bring back items which the run saw deleted, where their providers can."""
    steps = []
    for change in changes:
        if change.field != STATE or change.new != LinkState.DELETED or change.origin is None:
            continue
        link = loaded[change.task_id].link_of(change.origin)
        if link is None or link.state is not LinkState.DELETED or link.source not in ports:
            continue
        if not ports[link.source].integration.capabilities.restores:
            why = "it was deleted there, and the provider keeps nothing to bring back"
            left.append(Left(change.task_id, link.source, WHOLE_TASK, why))
            continue
        why = f"brings back what {change.run_id} found deleted"
        steps.append(
            plan.step(Operation.RESTORE, change.task_id, link.source, link.external_id, {}, {}, why, link.revision)
        )
    return steps


def take_back(store: Store, ports: Ports, saved: SavedPlan, moment: Moment) -> None:
    """Before the plan is applied: the tasks go back, and what it closes is to stay closed. Applied again, as after a
    crash, it leaves what went back then, whatever it has become since.
    """
    takes = saved.takes_back or ()
    closings = [step for step in saved.steps if step.operation is Operation.CLOSE]
    loaded = store.load({take.task_id for take in takes} | {step.task_id for step in closings})
    closed = [
        left
        for step in closings
        if step.task_id in loaded  # else it went since the plan was made, and the step is stale
        for left in stays_closed(
            store, ports, loaded[step.task_id], ItemKey(step.source, str(step.external_id)), moment
        )
    ]
    changes: list[Change] = []
    tasks, freed = list[TaskState](), list[Conflict]()
    why = f"{saved.undoes} was undone everywhere"
    for task, one in sorted(loaded.items()):
        done = {
            change.field
            for change in store.changes(task_id=task)
            if change.decision is Decision.UNDONE and change.reason == why and change.observed_at >= saved.made_at
        }
        its_own = [take for take in takes if take.task_id == task and take.field not in done]
        moved = _changes(one.task, its_own, why, moment)
        now = fold_onto(one.task, moved)
        back = [take for take in its_own if _same(take.field, now.fields[take.field].value, take.back)]
        freed += [replace(it, open=False, settled_at=moment.now, reason=why) for it in _freed(one, back)]
        if moved:
            changes += moved
            tasks.append(now)
    if changes or freed or closed:
        store.commit(changes, tasks, conflicts=[*freed, *closed])
