"""What was read of items: which of it counts, and what it shows."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from worklake.model.fields import Fields
from worklake.model.rows import LinkState
from worklake.sync.heart.ports import Observation, Port
from worklake.sync.heart.sides import REACHABLE
from worklake.sync.heart.store import StoredLink
from worklake.sync.rules.state import ItemKey


def newest_of(observations: Iterable[Observation]) -> dict[ItemKey, Observation]:
    """Of each item what was read of it last."""
    newest: dict[ItemKey, Observation] = {}
    for one in observations:
        known = newest.get(one.key)
        if known is None or one.age >= known.age:
            newest[one.key] = one
    return newest


def is_older(one: Observation, link: StoredLink | None) -> bool:
    """Whether an item was read before we last looked at it, or is an older state that came late."""
    if link is None:
        return False
    if one.batch < link.batch:
        return True
    updated = one.view.updated_at
    return link.revision is not None and updated is not None and updated < link.revision


def with_all_fields(one: Observation, link: StoredLink | None) -> Observation | None:
    """An observation with the fields of its item. Of a partial one they are those last seen; it is nothing of an item
    that is not there.
    """
    if not one.partial:
        return one
    if link is None or link.state not in REACHABLE:
        return None
    return replace(one, task_id=link.task_id, view=replace(one.view, fields=dict(link.seen)))


def is_not_made(link: StoredLink | None, one: Observation) -> bool:
    """Whether an item that is to be made (again) shows as it was deleted: there is nothing to see of it yet."""
    return one.view.deleted and link is not None and link.state is LinkState.CREATING


def with_blockers(one: Observation, seen: Fields) -> Fields:
    """The fields that an item shows, with the blockers that other items say it has."""
    if one.blocking is None:
        return one.view.fields
    return {**one.view.fields, "blocked_by": one.blocking.shown(seen.get("blocked_by"))}


def reread_fields(link: StoredLink, one: Observation, port: Port) -> frozenset[str]:
    """The fields that may differ from what was seen only because the settings changed.

    Where the payload is another as well, those are the fields whose values the settings name.
    """
    if one.reread:
        return frozenset(one.view.fields)
    if link.mapping is None or link.mapping == port.integration.lens.fingerprint():
        return frozenset()
    return frozenset(port.integration.mapped_names()) | {"labels"}
