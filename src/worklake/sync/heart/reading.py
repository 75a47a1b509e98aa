"""Reading the items of steps before anything is written to them, as few calls as the providers let."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from worklake.errors import AccessError, NotFoundError, OutsideError, RetryableError, UnreadableError, WorklakeError
from worklake.integrations.base import BaseIntegration, Item
from worklake.integrations.views import TaskView
from worklake.model.heart_rows import PlannedStep
from worklake.sync.heart.lanes import Together
from worklake.sync.heart.looking import PASSING, seen_in, seen_of
from worklake.sync.heart.patience import Patience
from worklake.sync.heart.ports import Ports
from worklake.sync.heart.readiness import Views
from worklake.sync.rules.state import ItemKey

_Read = tuple[ItemKey, TaskView | WorklakeError]


def items_of(steps: Sequence[PlannedStep], ports: Ports, patience: Patience, together: Together) -> Views:
    """What the items of these steps show, or why nobody can tell. Those that are gone are left out."""
    wanted: dict[str, list[str]] = {}
    for step in steps:
        wanted.setdefault(step.source, []).append(str(step.external_id))
    followed = together({source: _items(source, ids, ports, patience) for source, ids in wanted.items()})
    followed.raise_what_stopped()
    views: dict[ItemKey, TaskView | WorklakeError] = {}
    for lane in followed.lanes.values():
        for key, view in lane.results:
            views.setdefault(key, view)
    return views


def _items(source: str, ids: Sequence[str], ports: Ports, patience: Patience) -> Iterator[_Read]:
    integration, left = ports[source].integration, dict.fromkeys(ids)
    try:
        for item in integration.read_many(list(left)):
            view = _view_of(integration, item)
            left.pop(item.external_id or "", None)
            yield ItemKey(source, item.external_id or ""), view
    except AccessError:
        # One item, or one project, may not be read: that says nothing of the others.
        for external_id in left:
            yield from _item(source, external_id, ports, patience)
    except PASSING as error:
        patience.note(source, error)
        for external_id in left:
            yield ItemKey(source, external_id), error


def _item(source: str, external_id: str, ports: Ports, patience: Patience) -> Iterator[_Read]:
    integration, left = ports[source].integration, patience.leaves(source)
    if left is not None:
        yield ItemKey(source, external_id), RetryableError(left[1])
        return
    try:
        item = integration.read(external_id)
        view = seen_of(integration, item, external_id)
        yield ItemKey(source, external_id), _unless_outside(integration, item, view)
    except NotFoundError:
        return
    except PASSING as error:
        patience.note(source, error)
        yield ItemKey(source, external_id), error


def _view_of(integration: BaseIntegration, item: Item) -> TaskView | UnreadableError | OutsideError:
    """What an item shows, or why nothing is written to it: it cannot be read, which says nothing of those that are read
    with it, or it lies where the settings do not look.
    """
    try:
        return _unless_outside(integration, item, seen_in(integration, item)[1])
    except UnreadableError as error:
        return error


def _unless_outside(integration: BaseIntegration, item: Item, view: TaskView) -> TaskView | OutsideError:
    outside = integration.outside(item)
    return view if outside is None else OutsideError(outside)
