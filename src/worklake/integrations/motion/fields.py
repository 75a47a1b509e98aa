"""Each canonical field of a Motion task: how it is read, how it is set, and what of a value Motion can show."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

from worklake.integrations.base import Payload
from worklake.integrations.motion import texts
from worklake.integrations.motion.statuses import LONGEST_NAME, StatusNames
from worklake.integrations.reading import objects, optional_date, optional_object, optional_time, text, unreadable
from worklake.model.fields import FieldValue, Priority
from worklake.model.ids import CommentId, TaskId

LONGEST_TITLE = 10_000
LONGEST_ID = 255
MOST_MINUTES = 10**6
END_OF_DAY = time(23, 59, 59)
"""The time of a due day that nobody gave one."""

PRIORITIES: Mapping[str, str] = {
    "ASAP": Priority.URGENT.value,
    "HIGH": Priority.HIGH.value,
    "MEDIUM": Priority.MEDIUM.value,
    "LOW": Priority.LOW.value,
}
PRIORITY_NAMES = {value: name for name, value in PRIORITIES.items()} | {Priority.NONE.value: "MEDIUM"}
"""Motion has no task without a priority; a new one is MEDIUM."""
_WITHOUT_MINUTES = ("NONE", "REMINDER")
_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")

Get = Callable[[Payload], FieldValue]
Put = Callable[[Payload, FieldValue], None]
Fit = Callable[[FieldValue, FieldValue], FieldValue]


@dataclass(frozen=True, slots=True)
class FieldLens:
    """One field: `get` reads it, `put` sets a value that `fit` has cut to what Motion can show.

    `fit` is given the value and the one that is shown now. A field without `put` cannot be set.
    """

    get: Get
    put: Put | None = None
    fit: Fit | None = None


def task_fields(statuses: StatusNames, zone: ZoneInfo) -> Mapping[str, FieldLens]:
    """Every field that Motion has for a task."""
    return {
        "title": FieldLens(_title, _put_title, _fit_title),
        "description": FieldLens(_description, _put_description, _fit_description),
        "status": FieldLens(statuses.of, statuses.put, lambda status, now: statuses.fitted(status)),
        "priority": FieldLens(_priority, _put_priority, _fit_priority),
        "labels": FieldLens(_labels, _put_labels, _fit_labels),
        "assignees": FieldLens(_assignees, _put_assignees, _fit_assignees),
        "due_date": FieldLens(
            lambda payload: due_day(payload, zone),
            lambda payload, day: payload.update(dueDate=due_time(day, payload, zone)),
            lambda day, now: _fit_due(day, now, zone),
        ),
        "start_date": FieldLens(lambda payload: optional_date(payload, "startOn")),
        "estimate_minutes": FieldLens(_minutes, _put_minutes, _fit_minutes),
        "project": FieldLens(_project, _put_project, _fit_project),
    }


def text_id(payload: Payload, key: str = "id") -> str:
    """An id, which is a text to Motion."""
    value = text(payload, key, LONGEST_ID)
    return value or unreadable(key, value, "an id")


def marked(payload: Payload) -> list[TaskId | CommentId]:
    """What Worklake's markers in a task's description name."""
    html = payload.get("description")
    return list(map(TaskId, texts.markers_in(html if isinstance(html, str) else None)))


def due_day(payload: Payload, zone: ZoneInfo) -> str | None:
    """The day of a due time where the source's people are."""
    moment = optional_time(payload, "dueDate")
    if moment is None:
        return None
    try:
        return moment.astimezone(zone).date().isoformat()
    except (OverflowError, ValueError):
        unreadable("dueDate", payload.get("dueDate"), "a time between the years 1 and 9999")


def due_time(day: FieldValue, payload: Payload, zone: ZoneInfo) -> str | None:
    """The time of a due day: that of the day before, where there is one, else the end of the day."""
    if not day:
        return None
    before = optional_time(payload, "dueDate")
    at = END_OF_DAY if before is None else before.astimezone(zone).time()
    wanted = date.fromisoformat(str(day))
    try:
        moment = datetime.combine(wanted, at, zone).astimezone(UTC)
    except OverflowError:  # at the ends of the calendar
        moment = datetime.combine(wanted, END_OF_DAY, zone).astimezone(UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def label_names(payload: Payload) -> list[str]:
    """The labels of a task in Motion's order."""
    return [text(one, "name", LONGEST_NAME) for one in objects(payload, "labels")]


def _title(payload: Payload) -> FieldValue:
    return text(payload, "name", LONGEST_TITLE)


def _fit_title(title: FieldValue, now: FieldValue) -> FieldValue:
    return texts.fitted_title(str(title))[:LONGEST_TITLE].rstrip() or now or ""


def _put_title(payload: Payload, title: FieldValue) -> None:
    payload["name"] = title


def _description(payload: Payload) -> FieldValue:
    return texts.shown(text(payload, "description", texts.LONGEST_TEXT))


def _fit_description(description: FieldValue, now: FieldValue) -> FieldValue:
    return texts.settled(None if description is None else str(description))


def _put_description(payload: Payload, description: FieldValue) -> None:
    payload["description"] = texts.as_html(None if description is None else str(description), marked(payload))


def _priority(payload: Payload) -> FieldValue:
    word = payload.get("priority")
    found = PRIORITIES.get(word) if type(word) is str else None
    return found or unreadable("priority", word, f"one of {', '.join(PRIORITIES)}")


def _fit_priority(priority: FieldValue, now: FieldValue) -> FieldValue:
    return PRIORITIES[PRIORITY_NAMES[str(priority or Priority.NONE)]]


def _put_priority(payload: Payload, priority: FieldValue) -> None:
    payload["priority"] = PRIORITY_NAMES[str(priority)]


def _labels(payload: Payload) -> FieldValue:
    return sorted(set(label_names(payload)))


def _fit_labels(labels: FieldValue, now: FieldValue) -> FieldValue:
    shown = now if isinstance(now, list) else []
    names = labels if isinstance(labels, list) else []
    fitted = (one if one in shown else " ".join(one.replace("\0", "").split())[:LONGEST_NAME] for one in names)
    return sorted({one for one in fitted if one})


def _put_labels(payload: Payload, labels: FieldValue) -> None:
    assert isinstance(labels, list)
    kept = [one for one in label_names(payload) if one in labels]
    payload["labels"] = [{"name": one} for one in [*kept, *(one for one in labels if one not in kept)]]


def _assignees(payload: Payload) -> FieldValue:
    return sorted({text_id(one) for one in objects(payload, "assignees")})


def _fit_assignees(assignees: FieldValue, now: FieldValue) -> FieldValue:
    """One of these people: who is there already, if anybody is."""
    people = [one for one in assignees if _ID.fullmatch(one)] if isinstance(assignees, list) else []
    there = [one for one in people if isinstance(now, list) and one in now]
    return sorted(there or people)[:1]


def _put_assignees(payload: Payload, assignees: FieldValue) -> None:
    assert isinstance(assignees, list)
    known = [one for one in objects(payload, "assignees") if one.get("id") in assignees]
    payload["assignees"] = known or [{"id": one} for one in assignees]


def _fit_due(day: FieldValue, now: FieldValue, zone: ZoneInfo) -> FieldValue:
    """A day on which something can be due there."""
    if not day:
        return None
    wanted = date.fromisoformat(str(day))
    try:
        return datetime.combine(wanted, END_OF_DAY, zone).astimezone(UTC).astimezone(zone).date().isoformat()
    except (OverflowError, ValueError):
        return now


def _minutes(payload: Payload) -> FieldValue:
    duration = payload.get("duration")
    if duration is None or (type(duration) is str and duration in _WITHOUT_MINUTES):
        return None
    if type(duration) is not int or not 0 <= duration <= 2**31:
        unreadable("duration", duration, f"minutes, or one of {', '.join(_WITHOUT_MINUTES)}")
    return duration or None


def _fit_minutes(minutes: FieldValue, now: FieldValue) -> FieldValue:
    assert minutes is None or isinstance(minutes, int)
    return min(minutes, MOST_MINUTES) if minutes and minutes > 0 else None


def _put_minutes(payload: Payload, minutes: FieldValue) -> None:
    payload["duration"] = minutes or "NONE"


def _project(payload: Payload) -> FieldValue:
    project = optional_object(payload, "project")
    return text(project, "name", LONGEST_NAME) or None if project else None


def _fit_project(name: FieldValue, now: FieldValue) -> FieldValue:
    return " ".join(str(name).replace("\0", "").split())[:LONGEST_NAME].rstrip() or None if name else None


def _put_project(payload: Payload, name: FieldValue) -> None:
    payload["project"] = {"name": name} if name else None
