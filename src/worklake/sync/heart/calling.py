"""One write: the call, and what its answer, or its lack, means for the link and the ledger."""

from __future__ import annotations

from collections.abc import Callable, Mapping
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
from worklake.integrations.base import BaseIntegration, Item
from worklake.integrations.http import LONGEST_WAIT_SECONDS
from worklake.integrations.views import TaskView
from worklake.model.fields import Fields, FieldValue
from worklake.model.heart_rows import Operation, Outcome, Write
from worklake.model.ids import TaskId
from worklake.model.rows import LinkState
from worklake.sync.heart.ledger import finished, meant, ours, settled_write
from worklake.sync.heart.looking import PASSING, seen_in, seen_of
from worklake.sync.heart.ports import Clock
from worklake.sync.heart.refusing import Refusal
from worklake.sync.heart.store import StoredLink, unreached
from worklake.sync.heart.views import new_item
from worklake.sync.rules import answers
from worklake.sync.rules.plan import WHOLE_TASK
from worklake.sync.rules.state import DELETED
from worklake.sync.rules.task import Moment
from worklake.sync.rules.values import same

KNOWN_FAILURES = (RetryableError, AuthError, AccessError, NotFoundError, InvalidInputError, UnreadableError)


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of one write. `refused` has what the provider does not take, by field; `fault` is what kept the call
    from an answer; `doubts` are about sets of an item that was looked at.
    """

    write: Write
    link: StoredLink | None = None
    refused: Mapping[str, Refusal] = field(default_factory=dict)
    fault: WorklakeError | None = None
    doubts: Mapping[str, answers.Doubt] = field(default_factory=dict)


def update(
    integration: BaseIntegration, write: Write, link: StoredLink, shown: Fields, batch: int, clock: Clock
) -> Answer:
    """Set the fields of an item. Those that the provider refuses are left out, and the others set without them."""
    refused, done = dict[str, Refusal](), dict[str, FieldValue]()
    parts, first = [dict(write.sent)], link
    while parts:
        part = parts.pop()
        try:
            item = integration.update(link.external_id, part, shown)
            view = seen_of(integration, item, link.external_id)
        except (UnknownOutcomeError, UnreadableError) as error:
            write = write.model_copy(update={"sent": done | part})
            return replace(_look(integration, write, link, batch, clock, error), refused=refused)
        except InvalidInputError as error:
            named = [name for name in error.fields if name in part] if isinstance(error, RefusedValueError) else []
            if not named and len(part) > 1:
                parts = [{name: value} for name, value in part.items()] + parts
                continue
            refused |= {name: Refusal(str(error), bool(named)) for name in named or part}
            rest = {name: value for name, value in part.items() if name not in refused}
            parts += [rest] if rest else []
        except KNOWN_FAILURES as error:
            return replace(_broken_off(failure(write, link, error, clock), link, done, shown), refused=refused)
        else:
            link, shown = _answered(link, part, view, batch), view.fields
            done |= part
    outcome = Outcome.ACKNOWLEDGED if done else Outcome.REFUSED
    write = write.model_copy(update={"sent": done or write.sent})
    finish = finished(write, outcome, _moment(write, clock), ours(link.seen, shown), error=_said(refused))
    return Answer(finish, link if link is not first else None, refused)


def _broken_off(failed: Answer, link: StoredLink, done: Fields, shown: Fields) -> Answer:
    """A failed update of which a part was done before: that part is acknowledged, the rest is still due."""
    if not done:
        return failed
    write = failed.write.model_copy(update={"sent": dict(done), "outcome": Outcome.ACKNOWLEDGED})
    known = ours(link.seen, shown)
    write = write.model_copy(update={"shown": {name: known[name] for name in done if name in known}})
    return replace(failed, write=write, link=replace(link, state=failed.link.state) if failed.link else link)


def _said(refused: Mapping[str, Refusal]) -> str | None:
    """What was refused, in words."""
    return "; ".join(f"{name}: {refusal.words}" for name, refusal in sorted(refused.items())) or None


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


def _look(
    integration: BaseIntegration, write: Write, link: StoredLink, batch: int, clock: Clock, fault: WorklakeError
) -> Answer:
    """After a lost reply: what does the item show? Where that cannot be read now, the outcome stays unknown."""
    try:
        view = seen_of(integration, integration.read(link.external_id), link.external_id)
    except (NotFoundError, *PASSING) as error:
        return Answer(write.model_copy(update={"error": str(fault)}), fault=error)
    on_the_way = integration.lens.is_on_the_way
    look = answers.settle(link.seen, link.adjusted, write.sent, write.before, view.fields, on_the_way=on_the_way)
    news = replace(
        link,
        seen=look.seen,
        adjusted=look.adjusted,
        merges=link.merges + 1,
        revision=view.updated_at or link.revision,
        batch=batch,
    )
    done = settled_write(write, look, view.fields, _moment(write, clock))
    if done.outcome is Outcome.ACKNOWLEDGED:
        return Answer(done, news, doubts=look.doubts)
    words = str(fault)
    if done.outcome is Outcome.NOT_SENT and isinstance(fault, UnknownOutcomeError):
        words = fault.not_done
    return Answer(done.model_copy(update={"error": words}), news, fault=fault)


def create(
    integration: BaseIntegration, write: Write, link: StoredLink, looks_first: bool, batch: int, clock: Clock
) -> Answer:
    """Make an item, or find it where an earlier run may have made it. Without the fields that the provider refuses;
    where it does not say which, with the title alone: what it then lacks is planned again.
    """
    marker, refused = TaskId(write.task_id), dict[str, Refusal]()
    try:
        found = integration.find_created(marker, link.made_id, write.intended_at) if looks_first else None
        if found is not None:
            return _made(integration, write, link, found, batch, clock, True)
        while True:
            try:
                item = integration.create(write.sent, where=None, marker=marker, made_id=link.made_id)
            except InvalidInputError as error:
                rest = _without_refused(write.sent, error, refused)
                if not rest:
                    return Answer(failure(write, link, error, clock).write, refused=refused)
                write = write.model_copy(update={"sent": rest})
            else:
                made = _made(integration, write, link, item, batch, clock, False)
                said = made.write.model_copy(update={"error": _said(refused)})
                return replace(made, write=said, refused=_certain(refused))
    except (UnknownOutcomeError, UnreadableError) as error:
        return Answer(write.model_copy(update={"error": str(error)}), fault=error)
    except KNOWN_FAILURES as error:
        return failure(write, link, error, clock)


def _without_refused(sent: Fields, error: InvalidInputError, refused: dict[str, Refusal]) -> dict[str, FieldValue]:
    """What may be tried next after a creation was refused, which `refused` then tells; nothing where it is no use."""
    named = [name for name in error.fields if name in sent] if isinstance(error, RefusedValueError) else []
    if named:
        refused |= {name: Refusal(str(error), True) for name in named}
        return {} if "title" in named else {name: value for name, value in sent.items() if name not in named}
    refused[WHOLE_TASK] = Refusal(str(error), False)
    return {"title": sent["title"]} if len(sent) > 1 and "title" in sent else {}


def _certain(refused: Mapping[str, Refusal]) -> dict[str, Refusal]:
    """Those that are about values; what else was said against an item that was made after all is history."""
    return {name: refusal for name, refusal in refused.items() if refusal.certain}


def _out_of_trash(integration: BaseIntegration, item: Item) -> tuple[Item, bool]:
    """An item that was to be made and is there; and whether it had to be brought back for that.

    What lies in the trash was made before, and a person has decided that it is to be there again.
    """
    if not seen_in(integration, item)[1].deleted:
        return item, False
    return integration.restore(str(item.external_id)), True


def _made(
    integration: BaseIntegration,
    write: Write,
    link: StoredLink,
    item: Item,
    batch: int,
    clock: Clock,
    found: bool,
) -> Answer:
    item, brought_back = _out_of_trash(integration, item)
    external_id, view = seen_in(integration, item)
    doubts: Mapping[str, answers.Doubt] = {}
    if found and not brought_back:
        doubts = answers.doubts_of_found(write.sent, view.fields, new_item(integration))
        look = answers.after_found(write.sent, view.fields, new_item(integration), integration.lens.is_on_the_way)
    else:
        look = answers.after_creation(write.sent, view.fields, integration.lens.is_on_the_way)
    news = StoredLink(
        link.source,
        external_id,
        link.task_id,
        LinkState.LINKED,
        look.seen,
        look.adjusted,
        1,
        view.updated_at,
        batch,
        mapping=integration.lens.fingerprint(),
        called=view.key,
        url=view.url,
    )
    done = finished(write, Outcome.ACKNOWLEDGED, _moment(write, clock), ours(look.seen, view.fields), external_id)
    return Answer(done, news, doubts=doubts)


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
        view = seen_of(integration, item, link.external_id) if item is not None else None
    except (UnknownOutcomeError, UnreadableError) as error:
        return Answer(write.model_copy(update={"error": str(error)}), fault=error)
    except (AccessError, InvalidInputError) as error:
        failed = failure(write, link, error, clock)
        if write.operation is not Operation.DELETE:
            return failed
        # Who may not delete an item may still see and edit it: it is closed instead.
        return replace(failed, link=None, refused={DELETED: Refusal(str(error), True)})
    except KNOWN_FAILURES as error:
        return failure(write, link, error, clock)
    shown = view.fields if view is not None else {}
    # What the call moved is ours: it is no edit of a person. Who closed the item otherwise just before is heard.
    sent = meant(write, shown, integration.lens)
    moved = {name: value for name, value in sent.items() if same(name, value, shown[name])}
    state = {Operation.ARCHIVE: LinkState.ARCHIVED, Operation.DELETE: LinkState.DELETED}.get(
        write.operation, LinkState.LINKED
    )
    revision = (view.updated_at if view is not None else None) or link.revision
    seen = {**link.seen, **moved}
    news = replace(link, seen=seen, state=state, merges=link.merges + 1, revision=revision, batch=batch)
    return Answer(finished(write, Outcome.ACKNOWLEDGED, _moment(write, clock), shown), news)


def failure(write: Write, link: StoredLink, error: WorklakeError, clock: Clock) -> Answer:
    """What a failed write means: the link's state, and whether the source is paused."""
    outcome, state = Outcome.FAILED, None
    if isinstance(error, AuthError):
        outcome = Outcome.PAUSED
    elif isinstance(error, RetryableError) and (error.retry_after_seconds or 0) > LONGEST_WAIT_SECONDS:
        outcome = Outcome.WAITING
    elif isinstance(error, AccessError):
        outcome, state = Outcome.NO_ACCESS, LinkState.NO_ACCESS
    elif isinstance(error, NotFoundError):
        outcome, state = Outcome.GONE, LinkState.MISSING
    elif isinstance(error, InvalidInputError):
        outcome = Outcome.REFUSED
    news = None if state is None or link.state is LinkState.CREATING else unreached(link, state)
    return Answer(finished(write, outcome, _moment(write, clock), error=str(error)), news, fault=error)


def _moment(write: Write, clock: Clock) -> Moment:
    return Moment(write.run_id, clock())
