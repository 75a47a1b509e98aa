"""How the link of an item moves: met for the first time, merged, gone, made anew."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from worklake.model.fields import FIELDS, Fields, FieldValue, MergeKind
from worklake.model.rows import LinkState
from worklake.sync.heart.observed import with_blockers
from worklake.sync.heart.ports import Observation, Port
from worklake.sync.heart.store import Loaded, Store, StoredLink
from worklake.sync.heart.views import Names
from worklake.sync.rules.plan import creating_key
from worklake.sync.rules.state import MOVING, Change, ChangeValue, ItemKey, Pair, Side, TaskState
from worklake.sync.rules.task import WHOLE_TASK
from worklake.sync.rules.values import elements


def first_link(one: Observation, task: str, state: TaskState | None, names: Names, store: Store) -> StoredLink:
    """The link of an item that is met for the first time.

    What an item brought to its task in a merge that died before it kept the link was seen. A set has what others
    brought as well, so of that it is what the changes of this item put into it.
    """
    key, known = one.key, state.fields if state else {}
    brought = {name: known[name].value for name in FIELDS if name in known and known[name].origin == key}
    sets = [name for name in brought if FIELDS[name].merge is MergeKind.SET]
    if sets:
        its_own = [change for change in store.changes(task_id=task) if change.origin == key]
        brought |= {name: _put_in(name, its_own) for name in sets}
    return StoredLink(one.source, one.external_id, task, LinkState.LINKED, names.own(brought))


def _put_in(name: str, changes: Iterable[Change]) -> FieldValue:
    """The elements that these changes, in their order, put into a set and left there."""
    found = frozenset[str]()
    for change in changes:
        if change.decision in MOVING and change.field in (name, WHOLE_TASK):
            new, old = _elements(change.new, name), _elements(change.old, name)
            found = (found - (old - new)) | (new - old)
    return sorted(found)


def _elements(value: ChangeValue, name: str) -> frozenset[str]:
    return elements(value.get(name) if isinstance(value, dict) else value)


def meets_as_it_is(one: Observation, loaded: Loaded, names: Names) -> bool:
    """Whether an item comes to a task, that has none of its source yet, and shows just what the task says."""
    key, view, known = one.key, one.view, loaded.task.fields
    if view.deleted or view.moved_to is not None or one.reread or one.partial:
        return False
    if any(link.source == one.source for link in loaded.links):
        return False
    if any(standing.origin == key for standing in known.values()):
        return False  # what it brought before a merge died
    shown = names.canonical(with_blockers(one, {}))
    return all(value == (known[name].value if name in known else FIELDS[name].empty) for name, value in shown.items())


def link_moved(link: StoredLink, one: Observation, port: Port) -> StoredLink:
    """The link once a merge has taken the item's view into account."""
    seen: Fields = {**link.seen, **with_blockers(one, link.seen)}
    # A field whose names the settings exchanged, and that could not be read yet, is still to be read anew.
    unread = port.integration.mapped_names().keys() & link.seen.keys() - one.view.fields.keys()
    return replace(
        link,
        state=LinkState.ARCHIVED if one.view.fields.get("archived") else LinkState.LINKED,
        seen=seen,
        merges=link.merges + 1,
        revision=one.view.updated_at or link.revision,
        batch=one.batch,
        mapping=link.mapping if unread else port.integration.lens.fingerprint(),
        called=one.view.key or link.called,
        url=one.view.url or link.url,
    )


def link_with_forms(link: StoredLink, side: Side, names: Names) -> StoredLink:
    """The link with the pairs that a new reading brought."""
    fresh = {name: pairs for name, pairs in side.adjusted.items() if len(pairs) > len(link.adjusted.get(name, ()))}
    if not side.reread or not fresh:
        return link
    own = {
        name: tuple(Pair(names.own({name: sent})[name], names.own({name: shown})[name]) for sent, shown in pairs)
        for name, pairs in fresh.items()
    }
    return replace(link, adjusted={**link.adjusted, **own})


def link_gone(link: StoredLink, one: Observation) -> StoredLink:
    """The link of an item that is deleted. What was seen of it stays, for the day it comes back."""
    revision = one.view.updated_at or link.revision
    moved = link.state is not LinkState.DELETED
    return replace(
        link,
        state=LinkState.DELETED,
        merges=link.merges + moved,
        revision=revision,
        batch=max(one.batch, link.batch),
        called=one.view.key or link.called,
        url=one.view.url or link.url,
    )


def made_anew(made: StoredLink, links: Iterable[StoredLink]) -> tuple[list[StoredLink], list[ItemKey]]:
    """What the making of an item does to the others in the making of its task and source: an item that was deleted
    and is made anew stays known as deleted, and what only stood for the new one ends.
    """
    waiting = {
        link.key: link
        for link in links
        if link.state is LinkState.CREATING and link.source == made.source and link.key != made.key
    }
    stands_for = creating_key(made.source, made.task_id)
    gone = [replace(link, state=LinkState.DELETED) for key, link in waiting.items() if link.seen and key != stands_for]
    return gone, sorted(waiting.keys() - {link.key for link in gone})
