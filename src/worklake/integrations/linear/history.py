"""Linear's issue history as edits of fields.

Linear writes what one person changes within some minutes as one entry, which begins with the first of these changes
and is updated with the last: every edit in it is given the time of the last, so it may be told up to that much late,
never early. What was changed and changed back meanwhile is not told.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from worklake.integrations.base import FieldEdit, Payload
from worklake.integrations.linear import lookups
from worklake.integrations.linear.listing import Ask
from worklake.integrations.linear.mapping import PRIORITIES, STATUS_OF_TYPE
from worklake.integrations.linear.pages import all_nodes
from worklake.integrations.reading import optional_time, time
from worklake.model.fields import FieldValue

FIELDS_TOLD = frozenset(
    {
        "title", "description", "status", "priority", "labels", "assignees", "due_date", "estimate_points", "project",
        "cycle", "parent_id", "archived",
    }
)  # fmt: skip
"""The fields whose edits Linear's history tells.

Not the milestone, of which it tells only where it came from, nor blockers: which of the letters that it has for a
change of relations means that the issue blocks, and which that it is blocked, is documented nowhere.
"""

LONGEST_ENTRY = timedelta(hours=1)
"""An entry that began this long before a time is not updated after it."""


class _Told(NamedTuple):
    """A field before and after an entry; `known` is false where the entry does not hold the values."""

    before: FieldValue = None
    after: FieldValue = None
    known: bool = True


def edits(ask: Ask, external_id: str, since: datetime, fields: AbstractSet[str] | None = None) -> Iterator[FieldEdit]:
    """The issue's edits at or after `since`, oldest first, of these fields. Raises `NotFoundError`."""
    if fields is not None and not fields & FIELDS_TOLD:
        return
    begin = since.replace(microsecond=since.microsecond // 1000 * 1000)  # Linear tells milliseconds
    entries: list[Payload] = []
    for entry in entries_of(ask, external_id):
        if time(entry, "createdAt") < begin - LONGEST_ENTRY:
            break
        entries.append(entry)
    entries.reverse()
    for entry in sorted(entries, key=lambda one: time(one, "updatedAt")):
        if time(entry, "updatedAt") >= begin:
            yield from (edit for edit in edits_of(entry) if fields is None or edit.field in fields)


def entries_of(ask: Ask, external_id: str) -> Iterator[Payload]:
    """The entries of an issue's history, newest first, a page at a time."""

    def page(after: str | None) -> Payload | None:
        return ask(lookups.HISTORY.call(id=external_id, after=after)).get("issue")

    return all_nodes(page, "history")


def edits_of(entry: Payload) -> Iterator[FieldEdit]:
    """The edits in one entry. A change that no view shows, such as between two started states, is none."""
    at, actor, began = time(entry, "updatedAt"), entry["actorId"], optional_time(entry, "createdAt")
    for name, tell in _TELLERS.items():
        told = tell(entry)
        if told is not None and (told.before != told.after or not told.known):
            several = began if began is not None and began < at else None
            yield FieldEdit(name, at, actor, told.before, told.after, told.known, several)


def _pair(key: str, shown: Callable[[Any], FieldValue]) -> Callable[[Payload], _Told | None]:
    """A plain value: `shown` is how a view shows it."""

    def tell(entry: Payload) -> _Told | None:
        before, after = entry[f"from{key}"], entry[f"to{key}"]
        return None if before is None and after is None else _Told(shown(before), shown(after))

    return tell


def _named(key: str, name_of: Callable[[Payload], str]) -> Callable[[Payload], _Told | None]:
    """A reference that a view shows by name. Of one that is gone Linear tells no more than that there was one."""

    def tell(entry: Payload) -> _Told | None:
        ids = entry[f"from{key}Id"], entry[f"to{key}Id"]
        if ids == (None, None):
            return None
        rows = entry[f"from{key}"], entry[f"to{key}"]
        if any(row is None and identity is not None for row, identity in zip(rows, ids, strict=True)):
            return _Told(known=False)
        before, after = (None if row is None else name_of(row) for row in rows)
        return _Told(before, after)

    return tell


def _description(entry: Payload) -> _Told | None:
    return _Told(known=False) if entry["updatedDescription"] else None


def _labels(entry: Payload) -> _Told | None:
    added, removed = entry["addedLabelIds"] or [], entry["removedLabelIds"] or []
    if not added and not removed:
        return None
    put_in, taken_out = entry["addedLabels"] or [], entry["removedLabels"] or []
    if (len(put_in), len(taken_out)) != (len(added), len(removed)):
        return _Told(known=False)
    return _Told(sorted(label["name"] for label in taken_out), sorted(label["name"] for label in put_in))


def _archived(entry: Payload) -> _Told | None:
    archived = entry["archived"] if entry["archived"] is not None else entry["trashed"]
    return None if archived is None else _Told(not archived, archived)


def _status(state: Payload | None) -> FieldValue:
    return None if state is None else STATUS_OF_TYPE.get(state["type"])


_TELLERS: Mapping[str, Callable[[Payload], _Told | None]] = {
    "title": _pair("Title", lambda title: title or ""),
    "description": _description,
    "status": _pair("State", _status),
    "priority": _pair("Priority", lambda number: PRIORITIES[int(number or 0)]),
    "labels": _labels,
    "assignees": _pair("AssigneeId", lambda person: [person] if person else []),
    "due_date": _pair("DueDate", lambda day: day),
    "estimate_points": _pair("Estimate", lambda points: None if points is None else float(points)),
    "project": _named("Project", lambda project: project["name"]),
    "cycle": _named("Cycle", lambda cycle: cycle["name"] or f"{cycle['number']:g}"),
    "parent_id": _pair("ParentId", lambda parent: parent),
    "archived": _archived,
}
