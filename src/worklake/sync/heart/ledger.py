"""How a write of the ledger ends, and what it tells."""

from __future__ import annotations

from collections.abc import Iterator

from worklake.model.fields import Fields, FieldValue
from worklake.model.heart_rows import Outcome, Write
from worklake.sync.rules import answers
from worklake.sync.rules.task import Moment
from worklake.sync.rules.values import elements, same


def adjusted(write: Write) -> Iterator[tuple[str, FieldValue, FieldValue]]:
    """The fields of which the provider made something else than what was sent: field, sent, shown."""
    if write.outcome is not Outcome.ACKNOWLEDGED or write.shown is None:
        return
    for name, sent in sorted(write.sent.items()):
        shown = write.shown.get(name)
        if name in write.shown and not same(name, sent, shown) and not elements(sent) < elements(shown):
            yield name, sent, shown  # what others put into a set meanwhile is no form of what was sent


def settled_write(write: Write, look: answers.Look, shown: Fields, moment: Moment) -> Write:
    """A write whose outcome has become known by a look at the item."""
    verdicts = set(look.verdicts.values())
    outcome = Outcome.OVERWRITTEN
    if look.was_sent:
        outcome = Outcome.ACKNOWLEDGED
    elif verdicts <= {answers.Verdict.NOT_SENT}:
        outcome = Outcome.NOT_SENT
    return finished(write, outcome, moment, shown)


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
