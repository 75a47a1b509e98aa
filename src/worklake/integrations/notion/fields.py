"""Each field as a property of a page: how it is read, what Notion can show of a value, and how it is set.

What a property holds is keyed by its type (`{"type": "select", "select": …}`), so each field lists the types that it
can be.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple

from worklake.integrations.base import Payload
from worklake.integrations.notion.richtext import MOST_ELEMENTS, PIECE, plain, shown_elements, text_elements
from worklake.integrations.notion.settings import DataSourceSettings
from worklake.integrations.reading import optional_date, optional_object, unreadable
from worklake.integrations.text import without_markers
from worklake.model.fields import FieldValue, Priority, Status

LONGEST_TITLE = 2000
LONGEST_TEXT = PIECE * MOST_ELEMENTS
LONGEST_OPTION = 100
LARGEST = 2**53
_UNITS = {"minutes": 1, "hours": 60}

NEAREST: Mapping[str, Sequence[Status]] = {
    Status.TRIAGE: (Status.BACKLOG, Status.UNSTARTED, Status.STARTED),
    Status.BACKLOG: (Status.UNSTARTED, Status.TRIAGE, Status.STARTED),
    Status.UNSTARTED: (Status.BACKLOG, Status.TRIAGE, Status.STARTED),
    Status.STARTED: (Status.UNSTARTED, Status.BACKLOG, Status.TRIAGE),
    Status.COMPLETED: (Status.CANCELED,),
    Status.CANCELED: (Status.COMPLETED,),
}
"""What stands for a status that no option means, the nearest first."""


class PropertyLens(NamedTuple):
    """One field as a property. `types` are those that the property may have, the one that is made first.

    `get` reads what stands under the property's type, `cut` says what Notion would show of a value where it now shows
    `shown`, and `put` gives what is sent for a cut value; `held` is what stands there.
    """

    types: tuple[str, ...]
    get: Callable[[Any, DataSourceSettings], FieldValue]
    cut: Callable[[Any, Any, DataSourceSettings], FieldValue]
    put: Callable[[Any, Any, DataSourceSettings], Any]


def _get_title(held: Any, _: DataSourceSettings) -> str:
    return plain(held, "title")


def _cut_title(title: str | None, shown: str, _: DataSourceSettings) -> str:
    """A title is one line."""
    cut = (title or "").replace("\0", "")[:LONGEST_TITLE]
    return cut if cut == shown else " ".join(cut.replace("\r", "\n").split("\n"))


def _get_text(held: Any, _: DataSourceSettings) -> str | None:
    return without_markers(plain(held)) or None


def _cut_text(text: str | None, _: Any, __: DataSourceSettings) -> str | None:
    return without_markers((text or "").replace("\0", ""))[:LONGEST_TEXT] or None


def _name(held: Any, where: str) -> str | None:
    if held is None:
        return None
    name = held.get("name") if type(held) is dict else None
    if type(name) is not str or not name or "\0" in name:
        unreadable(where, held, "an option with its name, or null")
    return name


def _get_status(held: Any, settings: DataSourceSettings) -> str:
    name = _name(held, "status")
    if name is None:
        return Status.BACKLOG.value
    meaning = settings.statuses.get(name)
    if meaning is None:
        known = ", ".join(settings.statuses)
        unreadable("status", name, f"one of the options that `statuses` gives a meaning ({known}): add it there")
    return meaning.value


def _cut_status(status: str | None, shown: Any, settings: DataSourceSettings) -> FieldValue:
    wanted = status or Status.BACKLOG.value
    if wanted == shown:
        return wanted
    known = set(settings.statuses.values())
    nearest = (one.value for one in (Status(wanted), *NEAREST[wanted]) if one in known)
    return next(nearest, shown or Status.BACKLOG.value)


def option_of(status: str, settings: DataSourceSettings) -> str | None:
    """The option that is set for a status, the first in the settings; None where there is none."""
    return next((name for name, meaning in settings.statuses.items() if meaning == status), None)


def _put_status(status: str, held: Any, settings: DataSourceSettings) -> Any:
    name = option_of(status, settings)
    return held if name is None else {"name": name}


def _get_priority(held: Any, settings: DataSourceSettings) -> str:
    """An option without a meaning is no priority."""
    return settings.priorities.get(_name(held, "priority") or "", Priority.NONE).value


def _cut_priority(priority: str | None, shown: Any, settings: DataSourceSettings) -> FieldValue:
    wanted = priority or Priority.NONE.value
    known = {*settings.priorities.values(), Priority.NONE}
    return wanted if wanted in known else shown or Priority.NONE.value


def _put_priority(priority: str, _: Any, settings: DataSourceSettings) -> Any:
    name = next((name for name, meaning in settings.priorities.items() if meaning == priority), None)
    return None if name is None else {"name": name}


def cut_option(name: str) -> str:
    """A name as an option can have it: no comma, no more than 100 characters."""
    return " ".join(name.replace("\0", "").replace(",", " ").split())[:LONGEST_OPTION].rstrip()


def _get_labels(held: Any, _: DataSourceSettings) -> list[str]:
    return sorted({str(_name(one, "labels")) for one in _array(held, "labels") if one is not None})


def _cut_labels(names: Iterable[str] | None, shown: Sequence[str] | None, _: DataSourceSettings) -> FieldValue:
    cut = {name if name in (shown or ()) else cut_option(name) for name in names or ()}
    return sorted(cut - {""})


def _put_labels(names: Sequence[str], held: Any, _: DataSourceSettings) -> Any:
    return [{"name": name} for name in names]


def _get_named(held: Any, _: DataSourceSettings) -> str | None:
    return _name(held, "select")


def _cut_named(name: str | None, shown: Any, _: DataSourceSettings) -> FieldValue:
    return name if name is not None and name == shown else cut_option(name or "") or None


def _put_named(name: str | None, _: Any, __: DataSourceSettings) -> Any:
    return None if name is None else {"name": name}


def _ids(held: Any, where: str) -> list[str]:
    ids = []
    for one in _array(held, where):
        identity = one.get("id") if type(one) is dict else None
        if type(identity) is not str or not identity:
            unreadable(where, one, "objects with an id")
        ids.append(identity)
    return ids


def _get_ids(held: Any, _: DataSourceSettings) -> list[str]:
    return sorted(set(_ids(held, "references")))


def _cut_ids(ids: Iterable[str] | None, _: Any, __: DataSourceSettings) -> FieldValue:
    return sorted({one for one in ids or () if one and "\0" not in one})


def _put_ids(ids: Sequence[str], _: Any, __: DataSourceSettings) -> Any:
    return [{"id": one} for one in ids]


def _get_parent(held: Any, _: DataSourceSettings) -> str | None:
    return next(iter(_ids(held, "parent")), None)


def _cut_parent(parent: str | None, _: Any, __: DataSourceSettings) -> FieldValue:
    return (parent or "").replace("\0", "") or None


def _put_parent(parent: str | None, _: Any, __: DataSourceSettings) -> Any:
    return [] if parent is None else [{"id": parent}]


def _day(held: Any, *keys: str) -> str | None:
    """The day of the first of these ends that is set, in the zone in which it is told."""
    if held is None:
        return None
    found = optional_object({"date": held}, "date") or {}
    text = next((found[key] for key in keys if found.get(key)), None)
    if text is not None and type(text) is not str:
        unreadable("date", text, "a date such as 2026-01-31")
    return optional_date({"date": text[:10] if text else None}, "date")


def _get_due(held: Any, _: DataSourceSettings) -> str | None:
    return _day(held, "end", "start")


def _get_start(held: Any, _: DataSourceSettings) -> str | None:
    return _day(held, "start")


def _cut_day(day: str | None, _: Any, __: DataSourceSettings) -> FieldValue:
    return day or None


def _put_due(day: str | None, held: Any, _: DataSourceSettings) -> Any:
    """A date that is a span ends then; it still begins when it did, unless that would be later."""
    start, end = _day(held, "start"), (held or {}).get("end")
    if day is None or not end or start is None or date.fromisoformat(start) > date.fromisoformat(day):
        return _date(day)
    return {"start": start, "end": day, "time_zone": None}


def _put_start(day: str | None, held: Any, _: DataSourceSettings) -> Any:
    end = _day(held, "end")
    if day is None or end is None or end < day:
        return _date(day)
    return {"start": day, "end": end, "time_zone": None}


def _date(day: str | None) -> Any:
    return None if day is None else {"start": day, "end": None, "time_zone": None}


def _number(held: Any) -> float | int | None:
    if held is not None and not (type(held) in (int, float) and abs(held) <= LARGEST):
        unreadable("number", held, "a number")
    return None if held is None else float(held)


def _get_points(held: Any, _: DataSourceSettings) -> FieldValue:
    return _number(held)


def _cut_points(points: float | None, _: Any, __: DataSourceSettings) -> FieldValue:
    return None if points is None else float(points)


def _put_number(number: float | None, _: Any, __: DataSourceSettings) -> Any:
    return number if number is None or number != int(number) else int(number)


def _get_minutes(held: Any, settings: DataSourceSettings) -> FieldValue:
    number = _number(held)
    return None if number is None else max(0, round(number * _UNITS[settings.estimate_unit]))


def _cut_minutes(minutes: int | None, _: Any, __: DataSourceSettings) -> FieldValue:
    return None if minutes is None else int(minutes)


def _put_minutes(minutes: int | None, _: Any, settings: DataSourceSettings) -> Any:
    return None if minutes is None else _put_number(minutes / _UNITS[settings.estimate_unit], _, settings)


def _array(held: Any, where: str) -> Sequence[Any]:
    if type(held) is not list:
        unreadable(where, held, "a list")
    return held


def _put_text(text: str | None, _: Any, __: DataSourceSettings) -> Any:
    return text_elements(text or "")


_NAMED = PropertyLens(("select",), _get_named, _cut_named, _put_named)

PROPERTY_LENSES: Mapping[str, PropertyLens] = {
    "title": PropertyLens(("title",), _get_title, _cut_title, _put_text),
    "description": PropertyLens(("rich_text",), _get_text, _cut_text, _put_text),
    "status": PropertyLens(("status", "select"), _get_status, _cut_status, _put_status),
    "priority": PropertyLens(("select", "status"), _get_priority, _cut_priority, _put_priority),
    "labels": PropertyLens(("multi_select",), _get_labels, _cut_labels, _put_labels),
    "assignees": PropertyLens(("people",), _get_ids, _cut_ids, _put_ids),
    "due_date": PropertyLens(("date",), _get_due, _cut_day, _put_due),
    "start_date": PropertyLens(("date",), _get_start, _cut_day, _put_start),
    "estimate_minutes": PropertyLens(("number",), _get_minutes, _cut_minutes, _put_minutes),
    "estimate_points": PropertyLens(("number",), _get_points, _cut_points, _put_number),
    "project": _NAMED,
    "milestone": _NAMED,
    "cycle": _NAMED,
    "parent_id": PropertyLens(("relation",), _get_parent, _cut_parent, _put_parent),
    "blocked_by": PropertyLens(("relation",), _get_ids, _cut_ids, _put_ids),
}
"""Every field that a property can hold."""

TYPES: Mapping[str, tuple[str, ...]] = {
    **{name: lens.types for name, lens in PROPERTY_LENSES.items()},
    "external_id": ("rich_text",),
}
"""Which types the property of a field may have; the first is the one that is made where there is none."""


def as_shown(kind: str, sent: Any, held: Any) -> Any:
    """What was sent for a property of this type, as a page then shows it; the ids of options and people are missing
    where `held` did not have them.
    """
    if kind in ("title", "rich_text"):
        return shown_elements(sent)
    if kind in ("multi_select", "people", "relation"):
        key = "name" if kind == "multi_select" else "id"
        known: Mapping[Any, Payload] = {one.get(key): one for one in held or () if type(one) is dict}
        return [known.get(one[key], one) for one in sent]
    return sent
