"""Sweep: finds out which items are gone, by listing what there is and asking for each one that is not listed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from worklake.errors import InvalidInputError, NotFoundError, UnknownOutcomeError
from worklake.integrations.base import Found, LastSeen, Where
from worklake.integrations.views import TaskView
from worklake.model.rows import LinkState
from worklake.sync.heart.looking import PASSING, seen_in
from worklake.sync.heart.merging import merge_tasks
from worklake.sync.heart.ports import Observation, Port, Ports, Rules
from worklake.sync.heart.store import KnownItem, Store
from worklake.sync.rules.state import ItemKey
from worklake.sync.rules.task import Moment

PROBES = 5
"""So many of the items that a listing leaves out are asked for first: where all of them are there, the listing is
wrong, and no more are asked for."""
AT_ONCE = 100
"""How many items are asked for, and kept, together."""
_PREVENTING = (*PASSING, NotFoundError, InvalidInputError, UnknownOutcomeError)
_LIVE = frozenset({LinkState.LINKED, LinkState.ARCHIVED})
_AWAY = frozenset({LinkState.DELETED})
_ASKED = frozenset({LinkState.MISSING, LinkState.NO_ACCESS, LinkState.PAUSED})

Told = Callable[[int, int], None]
"""Told how many of how many items were asked for."""


@dataclass(slots=True)
class Swept:
    """What a sweep of a source came to. `missing` items were not listed; `found` has what became of those that were
    asked for, but for the ones that are as they were. `back` items were put away before and are there again. `error`
    says why the sweep was given up; what was found before stands.
    """

    listed: int = 0
    missing: int = 0
    back: int = 0
    there: int = 0
    found: list[Found] = field(default_factory=list)
    error: str | None = None

    def count(self, where: Where) -> int:
        """How many items were found to be so."""
        return sum(one.where is where for one in self.found)


def sweep(store: Store, ports: Ports, port: Port, rules: Rules, moment: Moment, told: Told) -> Swept:
    """List a source, ask for each item that should be there and is not, and merge what became of it.

    Nothing follows from a listing alone. One that cannot be read to its end, or that leaves out what is there, is
    given up.
    """
    swept = Swept()
    known = store.items_of(port.name)
    try:
        listed = set(port.integration.list_ids())
        swept.listed = len(listed)
        missing = [one for one in known if one.state in _LIVE and one.external_id not in listed]
        swept.missing = len(missing)
        unsure = [one for one in known if one.state in _ASKED]
        away = _AWAY if port.integration.capabilities.lists_archived else _AWAY | {LinkState.ARCHIVED}
        back = [one for one in known if one.state in away and one.external_id in listed]
        done, whole = 0, len(missing) + len(unsure) + len(back)
        for batch in _batches(missing, [*unsure, *back]):
            found = _ask(store, port, batch)
            if done == 0 and missing and all(one.where is Where.THERE for one in found):
                swept.error = (
                    f"{port.name}: the list of items leaves out {len(missing)} of {_count_live(known)} that are known,"
                    f" and all of the {len(found)} that were asked for are there. The list is not complete, so nothing"
                    " was concluded from it; run the sweep again later"
                )
                break
            _take(store, ports, port, rules, moment, found, swept)
            done += len(batch)
            told(done, whole)
    except _PREVENTING as error:
        swept.error = str(error)
    return swept


def _count_live(known: Iterable[KnownItem]) -> int:
    return sum(one.state in _LIVE for one in known)


def _batches(missing: Sequence[KnownItem], others: Sequence[KnownItem]) -> Iterator[Sequence[KnownItem]]:
    """A few of the missing items first, from all over the list; then everything else."""
    stride = max(1, len(missing) // PROBES)
    probes = missing[::stride][:PROBES]
    if probes:
        yield probes
    first = {one.external_id for one in probes}
    rest = [*(one for one in missing if one.external_id not in first), *others]
    for start in range(0, len(rest), AT_ONCE):
        yield rest[start : start + AT_ONCE]


def _ask(store: Store, port: Port, batch: Sequence[KnownItem]) -> list[Found]:
    """What became of these items. Raises where nobody can tell now."""
    links = store.find([ItemKey(port.name, one.external_id) for one in batch])
    seen = [
        LastSeen(one.external_id, one.key, links[key].seen)
        for one in batch
        if (key := ItemKey(port.name, one.external_id)) in links
    ]
    return list(port.integration.find_out(seen))


def _take(
    store: Store, ports: Ports, port: Port, rules: Rules, moment: Moment, found: Sequence[Found], swept: Swept
) -> None:
    """Merge what became of items. What cannot be seen, or lies where the settings do not look, stays as it was, and is
    not written before it is back.
    """
    links = store.find([ItemKey(port.name, one.external_id) for one in found])
    batch = store.last_batch() + 1
    observations, hidden = [], []
    for one in found:
        link = links[ItemKey(port.name, one.external_id)]
        if one.where is Where.NO_ACCESS:
            swept.found.append(one)
            if link.state is not LinkState.NO_ACCESS:
                hidden.append(replace(link, state=LinkState.NO_ACCESS))
        elif one.where is Where.MOVED:
            swept.found.append(one)
            if link.state is not LinkState.PAUSED and _is_outside(port, one):
                hidden.append(replace(link, state=LinkState.PAUSED))
        elif one.where is Where.THERE and link.state is LinkState.LINKED:
            swept.there += 1
        elif one.where is not Where.ARCHIVED or link.state is not LinkState.ARCHIVED:
            observations.append(Observation(port.name, one.external_id, _view(port, one), max(batch, link.batch)))
            if one.where is Where.THERE:
                swept.back += 1
            else:
                swept.found.append(one)
    if observations:
        merge_tasks(store, ports, observations, rules, moment)
    if hidden:
        store.commit(links=hidden)


def _is_outside(port: Port, one: Found) -> bool:
    return one.item is not None and port.integration.outside(one.item) is not None


def _view(port: Port, one: Found) -> TaskView:
    if one.item is not None:
        return seen_in(port.integration, one.item)[1]
    return TaskView({}, None, None, None, None, None, None, deleted=True)
