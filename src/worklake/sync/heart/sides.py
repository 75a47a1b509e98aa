"""From kept links to the sides that the rules reckon with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from worklake.model.fields import Fields
from worklake.model.rows import LinkState
from worklake.sync.heart.ports import Port, Ports
from worklake.sync.heart.store import StoredLink
from worklake.sync.heart.views import ItemResolution, Names
from worklake.sync.rules.state import Edited, Pair, Side

REACHABLE = frozenset({LinkState.LINKED, LinkState.ARCHIVED})


def side_of(
    link: StoredLink,
    port: Port,
    names: Names,
    view: Fields | None = None,
    edited: Edited | None = None,
    edits: Mapping[str, Edited] | None = None,
) -> Side:
    """An item in canonical ids, that shows `view`, or, without one, what was last seen of it."""
    names = names.at(link)
    seen = names.canonical(link.seen)
    return Side(
        key=link.key,
        resolution=ItemResolution(port.integration, names),
        seen=seen,
        view=seen if view is None else names.canonical(view),
        rank=port.rank,
        adjusted={name: _canonical_pairs(names, name, pairs) for name, pairs in link.adjusted.items()},
        edited=edited or Edited(link.revision),
        edits=edits or {},
        merges=link.merges,
        frozen=port.frozen,
        reachable=link.state in REACHABLE,
        revision=link.revision,
        mapping=port.integration.lens.fingerprint(),
        deletes=port.integration.capabilities.deletes,
    )


def sides_of(links: Sequence[StoredLink], ports: Ports, names: Mapping[str, Names]) -> list[Side]:
    """The items of a task as they were last seen, of the sources that there still are."""
    return [
        side_of(link, ports[link.source], names[link.source])
        for link in links
        if link.source in ports and link.state is not LinkState.CREATING
    ]


def _canonical_pairs(names: Names, name: str, pairs: Sequence[Pair]) -> list[Pair]:
    return [Pair(names.canonical({name: sent})[name], names.canonical({name: shown})[name]) for sent, shown in pairs]
