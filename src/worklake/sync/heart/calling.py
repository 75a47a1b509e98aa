"""One write: the call, and what its answer, or its lack, means for the link and the ledger."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from worklake.errors import (
    AccessError,
    AuthError,
    InvalidInputError,
    NotFoundError,
    RefusedValueError,
    RetryableError,
    UnknownOutcomeError,
    UnreadableError,
    WorklakeError,
)
from worklake.integrations.base import BaseIntegration, Item, TaskView
from worklake.model.fields import Fields
from worklake.model.heart_rows import Operation, Outcome, PlannedStep, Write
from worklake.model.ids import TaskId, digest
from worklake.model.rows import LinkState
from worklake.sync.heart.looking import PASSING, seen_in
from worklake.sync.heart.merging import PUT_AWAY_BY, finished, settled_write
from worklake.sync.heart.ports import Clock
from worklake.sync.heart.store import Loaded, StoredLink
from worklake.sync.heart.views import Names, new_item
from worklake.sync.rules import answers
from worklake.sync.rules.state import Conflict, ConflictKind, Contender, ItemKey
from worklake.sync.rules.task import Moment
from worklake.sync.rules.values import same

KNOWN_FAILURES = (RetryableError, AuthError, AccessError, NotFoundError, InvalidInputError, UnreadableError)


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of one write. `refused` has the provider's words for each field that it does not take."""

    write: Write
    link: StoredLink | None = None
    refused: Mapping[str, str] = field(default_factory=dict)
    pauses: bool = False
    error: str | None = None


def pauses(error: Exception) -> bool:
    """Whether an error keeps us from the whole source for this run."""
    return isinstance(error, AuthError)


def update(
    integration: BaseIntegration, write: Write, link: StoredLink, shown: Fields, batch: int, clock: Clock
) -> Answer:
    """Set the fields of an item. Those that the provider refuses are left out, and the others set without them."""
    sent, refused, first = dict(write.sent), dict[str, str](), link
    parts = [sent]
    while parts:
        part = parts.pop()
        try:
            item = integration.update(link.external_id, part, shown)
            _, view = seen_in(integration, item)
        except (UnknownOutcomeError, UnreadableError) as error:
            write = write.model_copy(update={"sent": sent})
            return replace(_look(integration, write, link, batch, clock, str(error)), refused=refused)
        except InvalidInputError as error:
            named = [name for name in error.fields if name in part] if isinstance(error, RefusedValueError) else []
            if not named and len(part) > 1:
                parts = [{name: value} for name, value in part.items()] + parts
                continue
            for name in named or list(part):
                refused[name] = str(error)
                del sent[name]
            rest = {name: value for name, value in part.items() if name in sent}
            parts += [rest] if rest else []
        except KNOWN_FAILURES as error:
            failed = failure(write, link, error, clock)
            return replace(failed, refused=refused, link=failed.link or (link if link is not first else None))
        else:
            link = _answered(link, part, view, batch)
            shown = view.fields
    write = write.model_copy(update={"sent": sent})
    outcome = Outcome.ACKNOWLEDGED if sent else Outcome.REFUSED
    said = "; ".join(f"{name}: {words}" for name, words in sorted(refused.items())) or None
    done = finished(write, outcome, _moment(write, clock), shown, error=said)
    return Answer(done, link if sent else None, refused, error=said)


def _answered(link: StoredLink, sent: Fields, view: TaskView, batch: int) -> StoredLink:
    look = answers.after_update(link.seen, link.adjusted, sent, view.fields)
    return replace(
        link,
        seen=look.seen,
        adjusted=look.adjusted,
        merges=link.merges + 1,
        revision=view.updated_at or link.revision,
        batch=batch,
    )


def _look(integration: BaseIntegration, write: Write, link: StoredLink, batch: int, clock: Clock, why: str) -> Answer:
    """After a lost reply: what does the item show? Where that cannot be read now, the outcome stays unknown."""
    try:
        _, view = seen_in(integration, integration.read(link.external_id))
    except (NotFoundError, *PASSING) as error:
        return Answer(write, None, pauses=pauses(error), error=why)
    look = answers.settle(link.seen, link.adjusted, write.sent, write.before, view.fields)
    news = replace(link, seen=look.seen, adjusted=look.adjusted, merges=link.merges + 1, batch=batch)
    return Answer(settled_write(write, look, view.fields, _moment(write, clock)), news, error=why)


def create(
    integration: BaseIntegration, write: Write, link: StoredLink, looks_first: bool, batch: int, clock: Clock
) -> Answer:
    """Make an item, or find it where an earlier run may have made it."""
    marker = TaskId(write.task_id)
    try:
        item, found = None, False
        if looks_first:
            item = integration.find_created(marker, link.made_id, write.intended_at)
            found = item is not None
        if item is None:
            item = integration.create(write.sent, where=None, marker=marker, made_id=link.made_id)
        return _made(integration, write, link, item, batch, clock, found)
    except (UnknownOutcomeError, UnreadableError) as error:
        return Answer(write, None, error=str(error))
    except RefusedValueError as error:
        refused = {name: str(error) for name in error.fields if name in write.sent}
        return replace(failure(write, link, error, clock), refused=refused)
    except KNOWN_FAILURES as error:
        return failure(write, link, error, clock)


def _made(
    integration: BaseIntegration,
    write: Write,
    link: StoredLink,
    item: Item,
    batch: int,
    clock: Clock,
    found: bool,
) -> Answer:
    external_id, view = seen_in(integration, item)
    if found:
        look = answers.after_found(write.sent, view.fields, new_item(integration))
    else:
        look = answers.after_creation(write.sent, view.fields)
    news = StoredLink(
        link.source, external_id, link.task_id, LinkState.LINKED, look.seen, look.adjusted, 1, view.updated_at, batch
    )
    done = finished(write, Outcome.ACKNOWLEDGED, _moment(write, clock), view.fields, external_id)
    return Answer(done, news)


def put_away(integration: BaseIntegration, write: Write, link: StoredLink, batch: int, clock: Clock) -> Answer:
    """Close, archive or delete an item, or bring it back."""
    calls: Mapping[Operation, Callable[[str], Item | None]] = {
        Operation.CLOSE: integration.close,
        Operation.REOPEN: integration.reopen,
        Operation.ARCHIVE: integration.archive,
        Operation.RESTORE: integration.restore,
        Operation.DELETE: integration.delete,
    }
    try:
        item = calls[write.operation](link.external_id)
        view = seen_in(integration, item)[1] if item is not None else None
    except (UnknownOutcomeError, UnreadableError) as error:
        return Answer(write, None, error=str(error))
    except KNOWN_FAILURES as error:
        return failure(write, link, error, clock)
    shown = view.fields if view is not None else {}
    # All that the call moved is ours: it is no edit of a person.
    moved = {name: value for name, value in shown.items() if name in PUT_AWAY_BY}
    state = {Operation.ARCHIVE: LinkState.ARCHIVED, Operation.DELETE: LinkState.DELETED}.get(
        write.operation, LinkState.LINKED
    )
    news = replace(link, seen={**link.seen, **moved}, state=state, merges=link.merges + 1, batch=batch)
    return Answer(finished(write, Outcome.ACKNOWLEDGED, _moment(write, clock), shown), news)


def failure(write: Write, link: StoredLink, error: WorklakeError, clock: Clock) -> Answer:
    """What a failed write means: the link's state, and whether the source is paused."""
    outcome, state = Outcome.FAILED, None
    if isinstance(error, AuthError):
        outcome = Outcome.PAUSED
    elif isinstance(error, AccessError):
        outcome, state = Outcome.NO_ACCESS, LinkState.NO_ACCESS
    elif isinstance(error, NotFoundError):
        outcome, state = Outcome.GONE, LinkState.MISSING
    elif isinstance(error, InvalidInputError):
        outcome = Outcome.REFUSED
    news = None if state is None or link.state is LinkState.CREATING else replace(link, state=state)
    done = finished(write, outcome, _moment(write, clock), error=str(error))
    return Answer(done, news, pauses=pauses(error), error=str(error))


def conflicts_of(answer: Answer, step: PlannedStep, loaded: Loaded, names: Names, moment: Moment) -> Sequence[Conflict]:
    """The conflicts that an answer opens, for what was refused, and closes, for what was refused before and is taken
    now.
    """
    key = ItemKey(step.source, step.external_id or f"creating:{step.task_id}")
    before = names.canonical(answer.write.before)
    opened = [
        Conflict(
            conflict_id="conflict_" + digest(step.task_id, name, *key, str(step.fields[name])),
            task_id=step.task_id,
            field=name,
            kind=ConflictKind.REFUSED,
            contenders=(
                Contender(None, step.fields[name], moment.now),
                Contender(key, before.get(name), answer.link.revision if answer.link else None),
            ),
            open=True,
            reason=words,
            run_id=moment.run_id,
            opened_at=moment.now,
            value=step.fields[name],
            at_item=key,
        )
        for name, words in answer.refused.items()
    ]
    taken = answer.write.sent if answer.write.outcome is Outcome.ACKNOWLEDGED else {}
    closed = [
        replace(one, open=False, settled_at=moment.now, reason="another value was taken there")
        for one in loaded.conflicts
        if one.kind is ConflictKind.REFUSED and one.at_item == key and one.field in taken
        and not same(one.field, one.value, step.fields.get(one.field))
    ]  # fmt: skip
    return [*opened, *closed]


def _moment(write: Write, clock: Clock) -> Moment:
    return Moment(write.run_id, clock())
