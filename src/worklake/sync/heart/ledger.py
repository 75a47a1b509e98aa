"""How a write of the ledger begins and ends, and what it tells."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from worklake.integrations.base import Lens
from worklake.model.fields import Fields, FieldValue, Status
from worklake.model.heart_rows import Operation, Outcome, PlannedStep, Write
from worklake.model.ids import digest
from worklake.sync.rules import answers
from worklake.sync.rules.putaway import is_open
from worklake.sync.rules.task import Moment
from worklake.sync.rules.values import same


def adjusted(write: Write) -> Iterator[tuple[str, FieldValue, FieldValue]]:
    """The fields of which the provider made something else than what was sent: field, sent, shown."""
    if write.outcome is not Outcome.ACKNOWLEDGED or write.shown is None:
        return
    for name, sent in sorted(write.sent.items()):
        shown = write.shown.get(name)
        if name in write.shown and not same(name, sent, shown):
            yield name, sent, shown


def intent(
    step: PlannedStep,
    run_id: str,
    plan_id: str,
    external_id: str | None,
    sent: Fields,
    before: Fields,
    batch: int,
    now: datetime,
) -> Write:
    """The intent to do a step of a plan at an item, which shows `before`."""
    return Write(
        write_id="write_" + digest(run_id, plan_id, step.step_id),
        run_id=run_id,
        plan_id=plan_id,
        step_id=step.step_id,
        task_id=step.task_id,
        source=step.source,
        external_id=external_id,
        operation=step.operation,
        sent=dict(sent),
        before=dict(before),
        shown=None,
        outcome=None,
        error=None,
        batch=batch,
        intended_at=now,
        finished_at=None,
        undoes=step.undoes,
        comment_id=step.comment_id,
    )


def meant(write: Write, shown: Fields, lens: Lens) -> Fields:
    """What a write sent to an item that shows this now.

    Closing and the like send no fields, but move one. Where it stood so before, they did nothing: who has closed the
    item otherwise since, or otherwise than we close, has edited it.
    """
    before, operation = write.before, write.operation
    if operation is Operation.UPDATE:
        return write.sent
    name = "status" if operation in (Operation.CLOSE, Operation.REOPEN) else "archived"
    if name not in shown or not _is_done(operation, shown[name]):
        return {}
    if name in before and _is_done(operation, before[name]):
        return {name: before[name]}
    made = lens.project({name: Status.CANCELED.value}, shown) if operation is Operation.CLOSE else shown
    return {name: made.get(name, shown[name])}


def _is_done(operation: Operation, value: FieldValue) -> bool:
    """Whether this is what closing, archiving and their ways back leave."""
    if operation in (Operation.CLOSE, Operation.REOPEN):
        return is_open(value) is (operation is Operation.REOPEN)
    return bool(value) is (operation is Operation.ARCHIVE)


def settled_write(write: Write, look: answers.Look, shown: Fields, moment: Moment) -> Write:
    """A write whose outcome has become known by a look at the item. What others have edited since is not of it."""
    verdicts = set(look.verdicts.values())
    outcome = Outcome.OVERWRITTEN
    if look.was_sent:
        outcome = Outcome.ACKNOWLEDGED
    elif verdicts <= {answers.Verdict.NOT_SENT}:
        outcome = Outcome.NOT_SENT
    edited = {name for name, verdict in look.verdicts.items() if verdict is answers.Verdict.EDITED}
    return finished(write, outcome, moment, ours(look.seen, {name: shown[name] for name in shown.keys() - edited}))


def ours(seen: Fields, shown: Fields) -> dict[str, FieldValue]:
    """What a link has seen of the fields that an answer shows: what others did meanwhile is not in it."""
    return {name: seen[name] for name in shown if name in seen}


def finished(
    write: Write,
    outcome: Outcome,
    moment: Moment,
    shown: Fields | None = None,
    external_id: str | None = None,
    error: str | None = None,
) -> Write:
    """A write with its outcome."""
    return write.model_copy(
        update={
            "outcome": outcome,
            "shown": None if shown is None else {name: shown[name] for name in write.sent if name in shown},
            "external_id": external_id or write.external_id,
            "error": error,
            "finished_at": moment.now,
        }
    )
