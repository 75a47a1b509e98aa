"""Each canonical field of a GitLab issue: how it is read, how it is set, and what of a value GitLab can show."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date

from worklake.integrations.base import Payload
from worklake.integrations.gitlab.labels import LabelFields
from worklake.integrations.gitlab.texts import (
    LONGEST_TEXT,
    LONGEST_TITLE,
    MOST_MARKERS,
    fitted,
    fitted_title,
    shown,
    written,
)
from worklake.integrations.reading import (
    flag,
    number_id,
    objects,
    optional_date,
    optional_object,
    optional_text,
    optional_whole,
    text,
)
from worklake.integrations.text import markers_in
from worklake.model.fields import FieldValue
from worklake.model.ids import TaskId

PROJECT_NAME = "_project_name"
"""Key under which a listed issue carries the name of its project, which GitLab leaves out."""
ISSUE_LINKS = "_issue_links"
"""Key under which an issue carries its links to other issues, read by a call of their own."""

_LARGEST = 2**31 - 1

Get = Callable[[Payload], FieldValue]
Put = Callable[[Payload, FieldValue], None]
Fit = Callable[[FieldValue, FieldValue], FieldValue]


@dataclass(frozen=True, slots=True)
class FieldLens:
    """One field: `get` reads it, `put` sets a value that `fit` has cut to what GitLab can show.

    `fit` is given the value and the one that is shown now. A field without `put` cannot be set by an issue's own calls:
    it stays as it is. An issue whose payload lacks the `key` does not have the field.
    """

    get: Get
    put: Put | None = None
    fit: Fit | None = None
    key: str | None = None


def issue_fields(labels: LabelFields) -> Mapping[str, FieldLens]:
    """Every field that GitLab has for an issue."""
    return {
        "title": FieldLens(_title, _put_title, _fit_title),
        "description": FieldLens(_description, _put_description, _fit_description),
        "status": FieldLens(labels.status, labels.put_status, labels.fit_status),
        "priority": FieldLens(labels.priority, labels.put_priority, labels.fit_priority),
        "labels": FieldLens(labels.labels, labels.put_labels, labels.fit_labels),
        "assignees": FieldLens(_assignees, _put_assignees, _fit_assignees),
        "due_date": FieldLens(_due_date, _put_due_date, _fit_date),
        "start_date": FieldLens(_start_date, key="start_date"),
        "estimate_minutes": FieldLens(_estimate, _put_estimate, _fit_estimate, "time_stats"),
        "estimate_points": FieldLens(_weight, _put_weight, _fit_weight, "weight"),
        "project": FieldLens(_project),
        "milestone": FieldLens(_milestone, _put_milestone, _fit_milestone),
        "cycle": FieldLens(_iteration, key="iteration"),
        "confidential": FieldLens(_confidential, _put_confidential, _fit_confidential),
    }


def _title(payload: Payload) -> FieldValue:
    return text(payload, "title", LONGEST_TITLE)


def _fit_title(title: FieldValue, now: FieldValue) -> FieldValue:
    return fitted_title(str(title)) or now or ""


def _put_title(payload: Payload, title: FieldValue) -> None:
    payload["title"] = title


def _description(payload: Payload) -> FieldValue:
    return shown(optional_text(payload, "description", LONGEST_TEXT))


def _fit_description(description: FieldValue, now: FieldValue) -> FieldValue:
    return fitted(None if description is None else str(description))


def _put_description(payload: Payload, description: FieldValue) -> None:
    kept = [TaskId(one) for one in markers_in(optional_text(payload, "description", LONGEST_TEXT))[:MOST_MARKERS]]
    payload["description"] = written(None if description is None else str(description), kept) or None


def _assignees(payload: Payload) -> FieldValue:
    people = objects(payload, "assignees")
    return sorted({number_id(person) for person in people}) if people else []


def _fit_assignees(assignees: FieldValue, now: FieldValue) -> FieldValue:
    assert isinstance(assignees, list)
    return sorted({str(int(one)) for one in assignees if one.isdecimal() and one.isascii() and int(one) <= _LARGEST})


def one_assignee(assignees: FieldValue, now: FieldValue) -> FieldValue:
    """The one of these people whom an issue can have where it can have one: who is there already, if anybody is."""
    people = assignees if isinstance(assignees, list) else []
    there = [one for one in people if isinstance(now, list) and one in now]
    return sorted(there or people, key=int)[:1]


def _put_assignees(payload: Payload, assignees: FieldValue) -> None:
    assert isinstance(assignees, list)
    wanted = set(assignees)
    kept = [person for person in objects(payload, "assignees") if number_id(person) in wanted]
    present = {number_id(person) for person in kept}
    people = [*kept, *({"id": int(one)} for one in sorted(wanted - present, key=int))]
    payload["assignees"] = people
    payload["assignee"] = people[0] if people else None


def _due_date(payload: Payload) -> FieldValue:
    return optional_date(payload, "due_date")


def _fit_date(day: FieldValue, now: FieldValue) -> FieldValue:
    return date.fromisoformat(str(day)).isoformat() if day else None


def _put_due_date(payload: Payload, day: FieldValue) -> None:
    payload["due_date"] = day


def _start_date(payload: Payload) -> FieldValue:
    return optional_date(payload, "start_date")


def _estimate(payload: Payload) -> FieldValue:
    """Minutes, a part of one counted whole, so that a short estimate is not none."""
    stats = optional_object(payload, "time_stats")
    seconds = optional_whole(stats, "time_estimate") if stats else None
    return -(-seconds // 60) if seconds else None


def _fit_estimate(minutes: FieldValue, now: FieldValue) -> FieldValue:
    assert minutes is None or isinstance(minutes, int)
    return min(minutes, _LARGEST // 60) if minutes and minutes > 0 else None


def _put_estimate(payload: Payload, minutes: FieldValue) -> None:
    assert minutes is None or isinstance(minutes, int)
    told = {"time_estimate": (minutes or 0) * 60, "human_time_estimate": _in_words(minutes) if minutes else None}
    payload["time_stats"] = (optional_object(payload, "time_stats") or {}) | told


def _in_words(minutes: int) -> str:
    """A duration in GitLab's words: months of four weeks of five days of eight hours."""
    words = []
    for unit, size in (("mo", 4 * 5 * 8 * 60), ("w", 5 * 8 * 60), ("d", 8 * 60), ("h", 60), ("m", 1)):
        count, minutes = divmod(minutes, size)
        if count:
            words.append(f"{count}{unit}")
    return " ".join(words)


def _weight(payload: Payload) -> FieldValue:
    weight = optional_whole(payload, "weight")
    return None if weight is None else float(weight)


def _fit_weight(points: FieldValue, now: FieldValue) -> FieldValue:
    """Whole points from 0."""
    assert points is None or isinstance(points, int | float)
    if points is None or not math.isfinite(points):
        return None
    return float(min(max(0, math.floor(points + 0.5)), _LARGEST))


def _put_weight(payload: Payload, points: FieldValue) -> None:
    assert points is None or isinstance(points, float)
    payload["weight"] = None if points is None else int(points)


def _project(payload: Payload) -> FieldValue:
    return optional_text(payload, PROJECT_NAME, LONGEST_TITLE) or project_path(payload)


def project_path(payload: Payload) -> str | None:
    """The full path of an issue's project, out of its reference `team/web#12`."""
    references = optional_object(payload, "references")
    full = optional_text(references, "full", LONGEST_TEXT) if references else None
    return full.rpartition("#")[0] or None if full else None


def _milestone(payload: Payload) -> FieldValue:
    milestone = optional_object(payload, "milestone")
    return text(milestone, "title", LONGEST_TITLE) if milestone else None


def _fit_milestone(title: FieldValue, now: FieldValue) -> FieldValue:
    return fitted_title(str(title)) or None if title else None


def _put_milestone(payload: Payload, title: FieldValue) -> None:
    payload["milestone"] = {"title": title} if title else None


def _iteration(payload: Payload) -> FieldValue:
    """The iteration's title; one that a cadence made has only its days."""
    iteration = optional_object(payload, "iteration")
    if not iteration:
        return None
    title = optional_text(iteration, "title", LONGEST_TITLE)
    if title:
        return title
    start, end = optional_date(iteration, "start_date"), optional_date(iteration, "due_date")
    return f"{start} to {end}" if start and end else number_id(iteration)


def _confidential(payload: Payload) -> FieldValue:
    return flag(payload, "confidential")


def _fit_confidential(confidential: FieldValue, now: FieldValue) -> FieldValue:
    return bool(confidential)


def _put_confidential(payload: Payload, confidential: FieldValue) -> None:
    payload["confidential"] = confidential
