"""Undo: a plan that takes back what a run wrote, from the ledger's before-images."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, TypeVar

import orjson

from worklake.model.fields import Fields, FieldValue
from worklake.model.heart_rows import Operation, Outcome, PlannedStep, SavedPlan, TakenBack, Write
from worklake.model.ids import digest
from worklake.model.rows import LinkState
from worklake.settings.models import Brake
from worklake.sync.heart.comments.undoing import take_back_comment
from worklake.sync.heart.holding import BACK, held_by
from worklake.sync.heart.joined import followed
from worklake.sync.heart.ports import Ports
from worklake.sync.heart.store import NOT_THERE, Loaded, Store, StoredLink
from worklake.sync.heart.views import ItemResolution, Names, names_for
from worklake.sync.rules import brake, plan
from worklake.sync.rules.comments import COMMENT
from worklake.sync.rules.plan import Missing
from worklake.sync.rules.state import (
    DELETED,
)
from worklake.sync.rules.task import WHOLE_TASK, Moment
from worklake.sync.rules.values import same

_REFUSED = (Outcome.NO_ACCESS, Outcome.REFUSED)


_StepOrWrite = TypeVar("_StepOrWrite", PlannedStep, Write)


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


def plan_undo(
    store: Store,
    ports: Ports,
    undone_run: str,
    moment: Moment,
    limits: Brake | None = None,
    allow: int | None = None,
) -> Undoing:
    """Plan to write back what the items showed before a run wrote, wherever they still show what it wrote.

    What a person or a later run changed since is left. When the plan is applied, its fields are held, so that the
    next sync does not redo what was undone. `limits` are those of the brake, which `allow` lets so many items pass.
    """
    done = (Outcome.ACKNOWLEDGED, Outcome.OVERWRITTEN)  # of what was edited since, all is left
    writes, loaded = followed(store, [write for write in store.writes(undone_run) if write.outcome in done])
    names = names_for(
        store,
        {name: port.people for name, port in ports.items()},
        loaded.values(),
        [(write.source, write.before) for write in writes],
    )
    steps: list[PlannedStep] = []
    left: list[Left] = []
    comments = store.comments({write.task_id for write in writes if write.comment_id is not None})
    for write in reversed(writes):
        one = loaded.get(write.task_id)
        link = one.link_of((write.source, write.external_id)) if one is not None else None
        if write.comment_id is not None:
            made = take_back_comment(write, comments.get(write.task_id, ()), ports)
            if isinstance(made, str):
                left.append(Left(write.task_id, write.source, COMMENT, made))
            else:
                steps.append(made)
        elif write.operation is not Operation.UPDATE:
            steps += put_back(store, ports, loaded, [write], left)
        elif link is None or write.source not in ports:
            left.append(Left(write.task_id, write.source, WHOLE_TASK, "the item is not there any more"))
        else:
            steps += _restoring(write, link, names[write.source].at(link), left)
    steps = _without_comments_of_deleted(steps)
    return Undoing(saved_undo(store, steps, undone_run, moment, limits or Brake(), allow), left)


def _without_comments_of_deleted(steps: Sequence[PlannedStep]) -> list[PlannedStep]:
    """The steps without those about comments that go with their items, as the same steps delete these."""
    items = [step for step in steps if step.comment_id is None]
    deleted = {(step.source, step.external_id) for step in items if step.operation is Operation.DELETE}
    return [step for step in steps if step.comment_id is None or (step.source, step.external_id) not in deleted]


def saved_undo(
    store: Store,
    steps: Sequence[PlannedStep],
    undone_run: str,
    moment: Moment,
    limits: Brake | None,
    allow: int | None = None,
    takes_back: tuple[TakenBack, ...] | None = None,
) -> SavedPlan:
    """The plan of an undo, kept unless there is nothing in it, as it would then hide a plan that waits to be applied.
    The brake holds it as any other, unless there are no limits.
    """
    threatened = {step.source for step in steps if any(brake.destroyed(step))}
    live = store.live_items(sorted(threatened)) if limits is not None else {}
    found = brake.stops(steps, live, limits, allow) if limits is not None else []
    plan_id = plan.Plan(tuple(steps)).plan_id
    if takes_back is not None:
        taken = [[one.task_id, one.field, one.now, one.back] for one in takes_back]
        plan_id = "plan_" + digest(plan_id, orjson.dumps(taken).decode())
    saved = SavedPlan(
        plan_id=plan_id,
        run_id=moment.run_id,
        made_at=moment.now,
        steps=tuple(steps),
        waiting={},
        stopped_by=tuple(str(one) for one in found),
        undoes=undone_run,
        takes_back=takes_back,
    )
    if steps or takes_back or (takes_back is None and held_by(store, undone_run)):
        store.save_plan(saved)
    return saved


def _restoring(write: Write, link: StoredLink, names: Names, left: list[Left]) -> list[PlannedStep]:
    """The step that writes the before-image back, of the fields in which the item still shows what was written."""
    shown = write.shown or {}
    back: dict[str, FieldValue] = {}
    for name in write.sent:
        if name not in write.before or (name in shown and same(name, write.before[name], shown[name])):
            continue
        now = link.seen.get(name)
        if name in shown and same(name, now, shown[name]):
            back[name] = write.before[name]
        elif not same(name, now, write.before[name]):
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
        f"takes back what {write.run_id} wrote",
        link.revision,
    )
    return [step.model_copy(update={"undoes": write.write_id})]


def put_back(
    store: Store, ports: Ports, loaded: Mapping[str, Loaded], writes: Iterable[Write], left: list[Left]
) -> list[PlannedStep]:
    """The steps that take creations back, or that bring back what was put away; none where the provider cannot."""
    steps: list[PlannedStep] = []
    for write in reversed(list(writes)):
        one = loaded.get(write.task_id)
        link = one.link_of((write.source, write.external_id)) if one is not None else None
        if link is None or write.source not in ports:
            left.append(Left(write.task_id, write.source, WHOLE_TASK, "the item is not there any more"))
            continue
        made = _putting_back(store, ports, write, link, loaded[write.task_id])
        if isinstance(made, str):
            left.append(Left(write.task_id, write.source, WHOLE_TASK, made))
        else:
            steps.append(made.model_copy(update={"undoes": write.write_id}))
    return steps


def _putting_back(store: Store, ports: Ports, write: Write, link: StoredLink, loaded: Loaded) -> PlannedStep | str:
    """The step that takes this write back, or why there is none."""
    port, operation = ports[write.source], BACK.get(write.operation)
    capabilities = port.integration.capabilities
    why = f"takes back what {write.run_id} wrote"
    if write.operation is Operation.CREATE:
        if link.state in (LinkState.DELETED, LinkState.MISSING):
            return "the item is not there any more"
        if any(not same(name, value, link.seen.get(name)) for name, value in (write.shown or {}).items()):
            return "it was changed since it was created"
        refused = any(one.field == DELETED for one in plan.refused_at(loaded.conflicts, link.key))
        operation = Operation.DELETE if capabilities.deletes and not refused else Operation.CLOSE
    if write.operation is Operation.DELETE:
        if any(each.source == write.source and each.state not in NOT_THERE for each in loaded.links):
            return "the item is there again"
        if not capabilities.restores:
            fields = _anew(store, ports, write, loaded)
            if fields is None:
                return "it was deleted, and the provider keeps nothing to bring back"
            return plan.step(Operation.CREATE, write.task_id, write.source, None, fields, {}, why, None)
    if operation is None or link.state is LinkState.MISSING:
        return "the provider has no way back"
    expected: Fields = {}
    if write.operation is Operation.CREATE:  # whatever a person edited there since stops it
        people = {name: each.people for name, each in ports.items()}
        expected = names_for(store, people, [loaded])[write.source].at(link).canonical(link.seen)
    return plan.step(operation, write.task_id, write.source, write.external_id, {}, expected, why, link.revision)


def plan_closing(
    store: Store, ports: Ports, saved: SavedPlan, writes: Iterable[Write], moment: Moment
) -> SavedPlan | None:
    """The plan, saved, that closes what an undo was to delete where the provider refused that; None where it did not.

    `writes` are what became of the undo's steps. The brake let these items pass already.
    """
    refused = {one.undoes for one in writes if one.operation is Operation.DELETE and one.outcome in _REFUSED}
    if not refused:
        return None
    acknowledged = [one for one in store.writes(str(saved.undoes)) if one.outcome is Outcome.ACKNOWLEDGED]
    done, loaded = followed(store, acknowledged)
    made = [one for one in done if one.write_id in refused and one.comment_id is None]
    steps = put_back(store, ports, loaded, made, [])
    closings = [step for step in steps if step.operation is Operation.CLOSE]
    if not closings:
        return None
    if saved.takes_back is not None:  # what a person said is nothing of the run's
        return saved_undo(store, closings, str(saved.undoes), moment, None, takes_back=())
    closed = {(step.source, step.external_id) for step in closings}
    comments = store.comments({step.task_id for step in closings})
    said = [
        take_back_comment(one, comments.get(one.task_id, ()), ports)
        for one in reversed(done)
        if one.comment_id is not None and (one.source, one.external_id) in closed
    ]
    steps = [*closings, *(one for one in said if not isinstance(one, str))]
    return saved_undo(store, steps, str(saved.undoes), moment, None)


def but_closed(ones: Iterable[_StepOrWrite], closing: SavedPlan) -> list[_StepOrWrite]:
    """These steps, or what became of them, but for the deletions in whose place this plan closes items."""
    instead = {(step.source, step.external_id) for step in closing.steps}
    return [
        one for one in ones if one.operation is not Operation.DELETE or (one.source, one.external_id) not in instead
    ]


def _anew(store: Store, ports: Ports, write: Write, loaded: Loaded) -> dict[str, FieldValue] | None:
    """What an item is made with anew whose deletion, itself an undo of its creation, is undone; else None."""
    if write.undoes is None:
        return None
    port = ports[write.source]
    names = names_for(store, {name: each.people for name, each in ports.items()}, [loaded])
    integration = port.integration
    missing = Missing(
        write.source,
        ItemResolution(integration, names[write.source]),
        integration.capabilities.creatable - port.frozen,
        "",
        integration.lens.fingerprint(),
    )
    return plan.creation(loaded.task, missing, ()) or None
