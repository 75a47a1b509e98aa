"""Relations that the blocking item shows, as what is shown of the items that are blocked. Pure.

GitLab tells of a relation at the item that blocks. A task of several items takes its blockers as any other set: so what
one item says is turned round, and merged as a view of the other.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import orjson

from worklake.integrations.views import TaskView
from worklake.sync.fold import RowDict
from worklake.sync.pending import Observed


@dataclass(slots=True)
class Blocked:
    """What other items of its source say of an item: which block it, and which do no more; the latest at `at`."""

    by: set[str] = field(default_factory=set)
    no_more_by: set[str] = field(default_factory=set)
    at: datetime | None = None


def blocked_items(
    items: Sequence[Observed[TaskView]], links: Mapping[str, RowDict], waiting: Iterable[RowDict] = ()
) -> dict[str, Blocked]:
    """By external id, what these items, and earlier ones that wait for an item, say of the items that they block.

    Whatever is said now is told each time, so that a merge that died loses none; what is said no more is told once.
    """
    found: defaultdict[str, Blocked] = defaultdict(Blocked)
    for item in items:
        before = _blocks(links.get(item.external_id))
        for target in item.view.blocks:
            _note(found[target], item.external_id, item.view.updated_at, blocks=True)
        for target in before - set(item.view.blocks):
            _note(found[target], item.external_id, item.view.updated_at, blocks=False)
    for link in waiting:
        for target in _blocks(link) if link["kind"] == "task" else ():
            _note(found[target], link["external_id"], link["remote_updated_at"], blocks=True)
    return dict(found)


def _note(blocked: Blocked, by: str, at: datetime | None, *, blocks: bool) -> None:
    (blocked.by if blocks else blocked.no_more_by).add(by)
    if at is not None and (blocked.at is None or at > blocked.at):
        blocked.at = at


def _blocks(link: RowDict | None) -> set[str]:
    if link is None or '"blocks":[]' in link["seen"]:
        return set()
    return set(orjson.loads(link["seen"]).get("blocks", ()))
