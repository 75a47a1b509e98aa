"""What holds after an undo what it took back, until a person decides or the undo is undone."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace

import orjson

from worklake.model.fields import FieldValue
from worklake.model.heart_rows import Operation, Outcome, PlannedStep, SavedPlan, Write
from worklake.model.ids import digest
from worklake.model.rows import LinkState
from worklake.sync.heart.comments.undoing import hold_comment
from worklake.sync.heart.ports import Ports
from worklake.sync.heart.sides import sides_of
from worklake.sync.heart.store import NOT_THERE, Loaded, Store, StoredLink
from worklake.sync.heart.views import names_for
from worklake.sync.rules import resolution
from worklake.sync.rules.comments import COMMENT
from worklake.sync.rules.state import HOLDING, Change, Conflict, ConflictKind, Contender, Decision, ItemKey, Standing
from worklake.sync.rules.task import WHOLE_TASK, Moment
from worklake.sync.rules.values import same

BACK: Mapping[Operation, Operation] = {
    Operation.CLOSE: Operation.REOPEN,
    Operation.REOPEN: Operation.CLOSE,
    Operation.ARCHIVE: Operation.RESTORE,
    Operation.RESTORE: Operation.ARCHIVE,
    Operation.DELETE: Operation.RESTORE,
}
"""What takes back what was done to an item as a whole."""

UNDO_UNDONE = "the undo was undone"
"""Why a hold of an undo is over."""


def hold(store: Store, ports: Ports, saved: SavedPlan, moment: Moment) -> None:
    """Before an undo is applied: hold its fields, or, where it takes back an undo, release those that that one held,
    and the items that it had closed for good. What somebody has edited while it was held still waits for a person.

    Items that are to be made anew are no longer deleted, but in the making.
    """
    opened = held_by(store, str(saved.undoes))
    held = [one for one in opened if one.kind is ConflictKind.UNDONE]
    left = [one for one in opened if one.kind is ConflictKind.LEFT]
    loaded = store.load({step.task_id for step in saved.steps} | {one.task_id for one in held})
    making = [step for step in saved.steps if step.operation is Operation.CREATE and step.comment_id is None]
    anew = {(step.source, step.task_id) for step in making}
    links = [
        link
        for one in loaded.values()
        for link in in_the_making(one, (it for it in one.links if (it.source, it.task_id) in anew))
    ]
    over = [replace(one, open=False, settled_at=moment.now, reason=UNDO_UNDONE) for one in left]
    if held:
        released = [_released(one, loaded[one.task_id], store.changes(task_id=one.task_id), moment) for one in held]
        store.commit(links=links, conflicts=[*released, *over])
        return
    holds = _holds(store, ports, saved, loaded, moment, {one.at_item for one in left})
    if holds or over or links:
        store.commit(links=links, conflicts=[*holds, *over])


def held_by(store: Store, undone_run: str) -> list[Conflict]:
    """What a run that was an undo holds or leaves closed still. What another run did of the same plan, when it was
    applied once more, that run holds, whichever of the two opened the hold before its calls.
    """
    its_own = store.writes(undone_run)
    plans = {write.plan_id for write in its_own}
    done = [
        write for plan in sorted(plans) for write in store.writes_of_plan(plan) if write.outcome is Outcome.ACKNOWLEDGED
    ]
    runs = sorted({undone_run, *(write.run_id for write in done)})
    opened = [one for run in runs for one in store.conflicts_of(run) if one.open]
    return [
        one
        for one in opened
        if (one.kind is ConflictKind.UNDONE and _is_held_by(undone_run, one, done))
        or (one.kind is ConflictKind.LEFT and one.run_id == undone_run)
    ]


def _is_held_by(run: str, hold: Conflict, done: Iterable[Write]) -> bool:
    """Whether a run holds this: it wrote it back, or meant to and nobody did."""
    by = {write.run_id for write in done if _is_of(write, hold)}
    return run in by or (not by and hold.run_id == run)


def _is_of(write: Write, hold: Conflict) -> bool:
    """Whether a hold is of what this wrote."""
    if write.task_id != hold.task_id:
        return False
    if write.comment_id is not None:
        return hold.at_item == ItemKey(write.source, write.comment_id)
    names = set(write.sent) if write.operation is Operation.UPDATE else {WHOLE_TASK}
    key = ItemKey(write.source, str(write.external_id))
    return hold.field in names and any(one.origin == key for one in hold.contenders)


def _released(hold: Conflict, loaded: Loaded, changes: Iterable[Change], moment: Moment) -> Conflict:
    """The hold of an undo that is undone. It is over, unless the field was edited meanwhile: that edit then contends
    with the value that comes back, as writing that over it would decide against a person.
    """
    standing = loaded.task.fields.get(hold.field, Standing(None))
    waiting = {
        (one.origin, one.changed_at, orjson.dumps(one.new))
        for one in changes
        if one.field == hold.field and one.decision is Decision.HELD
    }
    edited = [
        one
        for one in hold.contenders
        if (one.origin, one.at, orjson.dumps(one.value)) in waiting and not same(hold.field, one.value, standing.value)
    ]
    if not edited:
        return replace(hold, open=False, settled_at=moment.now, reason=UNDO_UNDONE)
    origin = standing.origin if all(one.origin != standing.origin for one in edited) else None
    whole = Contender(origin, standing.value, standing.at, standing.actor)
    return replace(hold, contenders=(whole, *edited), reason=f"{UNDO_UNDONE}, but the field was edited meanwhile")


def in_the_making(loaded: Loaded, links: Iterable[StoredLink]) -> list[StoredLink]:
    """Those of these links whose items were deleted, as of items to be made again: where the task has no other item."""
    there = {link.source for link in loaded.links if link.state not in NOT_THERE}
    return [
        replace(link, state=LinkState.CREATING)
        for link in links
        if link.state is LinkState.DELETED and link.source not in there
    ]


def _holds(
    store: Store,
    ports: Ports,
    saved: SavedPlan,
    loaded: Mapping[str, Loaded],
    moment: Moment,
    free: Collection[ItemKey | None],
) -> list[Conflict]:
    """What holds the fields of an undo, and the items that it brings back or puts away, but those that are `free`."""
    people = {name: port.people for name, port in ports.items()}
    names = names_for(store, people, loaded.values())
    sides = {task: sides_of(one.links, ports, names) for task, one in loaded.items()}
    holds: dict[tuple[str, str], Conflict] = {}
    comments = store.comments({step.task_id for step in saved.steps if step.comment_id is not None})
    for step in saved.steps:
        if step.comment_id is not None:
            hold = hold_comment(step, comments.get(step.task_id, ()), saved, moment)
            holds[hold.conflict_id, COMMENT] = hold
            continue
        if step.operation is Operation.CREATE or (step.source, step.external_id) in free or step.task_id not in loaded:
            continue  # of a task that went since the plan was made, nothing is done
        fields: Mapping[str, FieldValue] = step.fields or {WHOLE_TASK: step.operation.value}
        for name, value in fields.items():
            key = (step.task_id, name)
            key_there = ItemKey(step.source, str(step.external_id))
            side = next((side for side in sides[step.task_id] if side.key == key_there), None)
            whole = value
            if side is not None and name != WHOLE_TASK:
                if not same(name, side.seen.get(name), step.expected.get(name)):
                    continue  # it was edited since the plan was made, or is back already: nothing is written there
                whole = resolution.meant(side, name, value, loaded[step.task_id].task)
            old = holds.get(key) or _open_hold(name, step, loaded[step.task_id], saved, moment)
            contender = Contender(key_there, whole, moment.now)
            others = [one for one in old.contenders if one.origin != contender.origin]
            holds[key] = replace(old, contenders=(*others, contender))
    return list(holds.values())


def _open_hold(name: str, step: PlannedStep, loaded: Loaded, saved: SavedPlan, moment: Moment) -> Conflict:
    """The open conflict that holds the field already, else a new one in which the task's own value contends."""
    for one in loaded.conflicts:
        if one.open and one.field == name and one.kind in HOLDING:
            return one
    done = next((was.value for was, back in BACK.items() if back is step.operation), None)
    whole = Standing(Operation.CREATE.value if step.operation is Operation.DELETE else done)
    standing = whole if name == WHOLE_TASK else loaded.task.fields.get(name, Standing(None))
    return Conflict(
        conflict_id="conflict_" + digest(loaded.task.task_id, name, "undone", moment.run_id),
        task_id=loaded.task.task_id,
        field=name,
        kind=ConflictKind.UNDONE,
        contenders=(Contender(standing.origin, standing.value, standing.at, standing.actor),),
        open=True,
        reason=f"{saved.undoes} was undone",
        run_id=moment.run_id,
        opened_at=moment.now,
    )
