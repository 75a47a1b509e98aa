"""Looking at items after calls whose outcome is unknown, before anything is planned for them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from worklake.errors import AccessError, AuthError, NotFoundError, RetryableError, UnreadableError
from worklake.integrations.base import BaseIntegration, Item
from worklake.integrations.views import TaskView
from worklake.model.heart_rows import Operation, Outcome, Write
from worklake.model.ids import TaskId
from worklake.model.rows import LinkState
from worklake.sync.heart.ledger import finished
from worklake.sync.heart.merging import Merged, merge_tasks
from worklake.sync.heart.ports import Clock, Observation, Ports, Rules
from worklake.sync.heart.store import Store, unreached
from worklake.sync.rules.state import ItemKey
from worklake.sync.rules.task import Moment

PASSING = (RetryableError, AuthError, AccessError, UnreadableError)
"""What keeps us from looking at an item for now."""


@dataclass(slots=True)
class Looked:
    """What looking came to. `failed` has what kept us from it, per source."""

    merged: Merged = field(default_factory=Merged)
    failed: dict[str, str] = field(default_factory=dict)


def look_again(store: Store, ports: Ports, rules: Rules, run_id: str, clock: Clock) -> Looked:
    """Read every item that was called with unknown outcome, settle those calls by what it shows, and merge it.

    An item that cannot be read now stays as it is, and nothing is planned for it.
    """
    looked = Looked()
    observations: dict[tuple[str, str], Observation] = {}
    absent: list[Write] = []
    unresolved = [write for write in store.unresolved() if write.comment_id is None]
    if not unresolved:
        return looked
    batch = store.last_batch() + 1
    for write in unresolved:
        port = ports.get(write.source)
        if port is None or (write.source, write.task_id) in observations:
            continue
        try:
            view = _look(port.integration, write)
        except NotFoundError:
            absent.append(write)
        except PASSING as error:
            looked.failed[write.source] = str(error)
        else:
            if view is None or (write.operation is Operation.CREATE and view[1].deleted):
                absent.append(write)
            else:
                external_id, shown = view
                one = Observation(write.source, external_id, shown, batch, write.task_id, looked_at=True)
                observations[write.source, write.task_id] = one
    moment = Moment(run_id, clock())
    if observations:
        try:
            looked.merged = merge_tasks(store, ports, list(observations.values()), rules, moment)
        except PASSING as error:
            looked.failed |= {source: str(error) for source, _ in observations}
    if absent:
        _keep_absent(store, absent, moment)
    return looked


def _look(integration: BaseIntegration, write: Write) -> tuple[str, TaskView] | None:
    if write.operation is not Operation.CREATE:
        asked = str(write.external_id)
        return asked, seen_of(integration, integration.read(asked), asked)
    marker = TaskId(write.task_id)
    item = integration.find_created(marker, integration.made_id(marker), write.intended_at)
    return None if item is None else seen_in(integration, item)


def seen_in(integration: BaseIntegration, item: Item) -> tuple[str, TaskView]:
    """The external id of a task that was read, and what it shows. Raises `UnreadableError`."""
    view = integration.lens.view(item.kind, item.payload)
    if not isinstance(view, TaskView) or item.external_id is None:
        raise UnreadableError(f"expected a task, found a {item.kind.value} {item.external_id or 'without an id'}")
    return item.external_id, view


def seen_of(integration: BaseIntegration, item: Item, external_id: str) -> TaskView:
    """What this item shows. Raises `UnreadableError` where an answer is of another item, as a cache that mixes answers
    up gives it: it tells nothing of the one that was asked for.
    """
    found, view = seen_in(integration, item)
    if found != external_id:
        raise UnreadableError(f"the answer is of {found}, expected {external_id}")
    return view


def _keep_absent(store: Store, absent: Sequence[Write], moment: Moment) -> None:
    """Items that are not there: deleted by us, or a question for the sweep; or never made."""
    keys = {ItemKey(write.source, str(write.external_id)): write for write in absent if write.external_id is not None}
    links = [
        unreached(link, LinkState.DELETED if keys[key].operation is Operation.DELETE else LinkState.MISSING)
        for key, link in store.find(keys).items()
    ]
    if links:
        store.commit(links=links)
    store.finish([_absent(write, moment) for write in absent])


def _absent(write: Write, moment: Moment) -> Write:
    if write.operation is Operation.CREATE:
        return finished(write, Outcome.NOT_SENT, moment)
    outcome = Outcome.ACKNOWLEDGED if write.operation is Operation.DELETE else Outcome.GONE
    return finished(write, outcome, moment, error=None if outcome is Outcome.ACKNOWLEDGED else "the item is gone")
