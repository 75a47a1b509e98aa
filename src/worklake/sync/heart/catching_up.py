"""Links that fell behind their task: a merge died after it had kept its changes, and before it kept its links."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import replace

from worklake.integrations.views import TaskView
from worklake.model.fields import FIELDS, Fields, FieldValue
from worklake.model.rows import LinkState
from worklake.sync.heart.ports import Observation
from worklake.sync.heart.store import Loaded, StoredLink
from worklake.sync.heart.views import ItemResolution, Names
from worklake.sync.rules.putaway import STATE
from worklake.sync.rules.state import Edited, Standing
from worklake.sync.rules.task import change_id
from worklake.sync.rules.values import same


def caught_up(link: StoredLink, one: Observation, loaded: Loaded, resolution: ItemResolution) -> StoredLink:
    """The link as that merge would have left it, where the item has since gone back to what it showed before.

    Without this, going back to just what the link remembers would look as if nobody had done anything, and what was
    taken back would be written to the item once more. Everything else is found out by repeating the merge.
    """
    if not loaded.decided:
        return link
    link, moved = _state(link, one.view, loaded.decided)
    fields = _fields(link, one, loaded, resolution, frozenset({"status", "archived"}) if moved else frozenset())
    return replace(link, seen={**link.seen, **fields}) if fields else link


def _state(link: StoredLink, view: TaskView, decided: Container[str]) -> tuple[StoredLink, bool]:
    """The link of an item that was seen put away and is back; and whether it was seen put away at all."""
    if _was_told(link, LinkState.DELETED, decided):
        return (link if view.deleted else replace(link, state=LinkState.DELETED)), True
    if _was_told(link, LinkState.ARCHIVED, decided):
        archived = bool(view.fields.get("archived"))
        return (link if archived else replace(link, seen={**link.seen, "archived": True})), True
    return link, False


def _was_told(link: StoredLink, state: LinkState, decided: Container[str]) -> bool:
    return change_id(link.task_id, STATE, link.key, state, LinkState.LINKED, link.merges) in decided


def _fields(
    link: StoredLink, one: Observation, loaded: Loaded, resolution: ItemResolution, aside: frozenset[str]
) -> dict[str, FieldValue]:
    """What the item had been seen to show, in its own ids, of the fields in which it shows the older value again."""
    names, view, found = resolution.names, one.view, dict[str, FieldValue]()
    for name, standing in loaded.task.fields.items():
        if standing.origin != link.key or name in aside or name not in FIELDS or name not in link.seen:
            continue
        if name not in view.fields or not same(name, view.fields[name], link.seen[name]):
            continue
        if _is_from_before(one, name, standing):
            continue
        seen = _canonical(names, name, link.seen[name])
        for value in (standing.value, _projected(resolution, name, standing.value, link.seen)):
            taken = change_id(link.task_id, name, link.key, value, seen, link.merges)
            if not same(name, value, seen) and taken in loaded.decided:
                found[name] = names.own({name: value})[name]
    return found


def _is_from_before(one: Observation, name: str, standing: Standing) -> bool:
    """Whether what was listed is how the item was before the edit that the task has of it: nobody went back to that."""
    if one.looked_at:
        return False
    read = (edit.at for edit in (one.edits.get(name), Edited(one.view.updated_at)) if edit is not None)
    times = [at for at in read if at is not None]
    return standing.at is not None and bool(times) and max(times) < standing.at


def _canonical(names: Names, name: str, value: FieldValue) -> FieldValue:
    return names.canonical({name: value})[name]


def _projected(resolution: ItemResolution, name: str, value: FieldValue, seen: Fields) -> FieldValue:
    """How the item shows a value of the task."""
    return resolution.project({name: value}, resolution.names.canonical(seen)).get(name, value)
