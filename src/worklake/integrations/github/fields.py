"""Each canonical field of a GitHub issue: how it is read, how it is set, and what of a value GitHub can show."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from worklake.integrations.base import Payload
from worklake.integrations.github.addresses import place_of
from worklake.integrations.github.labels import LabelFields
from worklake.integrations.github.options import OptionFields
from worklake.integrations.github.texts import MOST_MARKERS, fitted, fitted_title, shown, written
from worklake.integrations.reading import number_id, objects, optional_object, optional_text, optional_whole, text
from worklake.integrations.text import markers_in
from worklake.model.fields import FieldValue
from worklake.model.ids import TaskId

PARENT = "_parent"
"""Key under which an issue carries which one it is a part of: GitHub names that by its address alone."""
BLOCKERS = "_blocked_by"
"""Key under which an issue carries those that block it, of which GitHub tells how many there are."""
LONGEST = 1_000_000
MOST_ASSIGNEES = 10
_LARGEST = 2**63 - 1

Get = Callable[[Payload], FieldValue]
Put = Callable[[Payload, FieldValue], None]
Fit = Callable[[FieldValue, FieldValue], FieldValue]


@dataclass(frozen=True, slots=True)
class FieldLens:
    """One field: `get` reads it, `put` sets a value that `fit` has cut to what GitHub can show.

    `fit` is given the value and the one that is shown now. A field without `put` cannot be set. An issue of which `has`
    is false does not show the field.
    """

    get: Get
    put: Put | None = None
    fit: Fit | None = None
    has: Callable[[Payload], bool] = lambda payload: True


def issue_fields(labels: LabelFields, options: OptionFields | None = None) -> Mapping[str, FieldLens]:
    """Every field that GitHub has for an issue. Its status lives in labels, or in the options of a project."""
    status = FieldLens(labels.status, labels.put_status, labels.fit_status)
    if options is not None:
        status = FieldLens(options.status, options.put_status, options.fit_status, options.tells)
    return {
        "title": FieldLens(_title, _put_title, _fit_title),
        "description": FieldLens(_description, _put_description, _fit_description),
        "status": status,
        "priority": FieldLens(labels.priority, labels.put_priority, labels.fit_priority),
        "labels": FieldLens(labels.labels, labels.put_labels, labels.fit_labels),
        "assignees": FieldLens(_assignees, _put_assignees, _fit_assignees),
        "project": FieldLens(_project),
        "milestone": FieldLens(_milestone, _put_milestone, _fit_milestone),
        "parent_id": FieldLens(_parent, _put_parent, _fit_parent, _tells_parent),
        "blocked_by": FieldLens(_blocked_by, _put_blocked_by, _fit_blocked_by, _tells_blockers),
    }


def _title(payload: Payload) -> FieldValue:
    return text(payload, "title", LONGEST)


def _fit_title(title: FieldValue, now: FieldValue) -> FieldValue:
    return fitted_title(str(title)) or now or ""


def _put_title(payload: Payload, title: FieldValue) -> None:
    payload["title"] = title


def _description(payload: Payload) -> FieldValue:
    return shown(optional_text(payload, "body", LONGEST))


def _fit_description(description: FieldValue, now: FieldValue) -> FieldValue:
    return fitted(None if description is None else str(description))


def _put_description(payload: Payload, description: FieldValue) -> None:
    kept = [TaskId(one) for one in markers_in(optional_text(payload, "body", LONGEST))[:MOST_MARKERS]]
    payload["body"] = written(None if description is None else str(description), kept) or None


def _assignees(payload: Payload) -> FieldValue:
    return sorted({number_id(person) for person in objects(payload, "assignees")})


def _fit_assignees(assignees: FieldValue, now: FieldValue) -> FieldValue:
    """As many as an issue can have, before all those who are there."""
    assert isinstance(assignees, list)
    there = now if isinstance(now, list) else []
    people = {str(int(one)) for one in assignees if _is_id(one)}
    return sorted(sorted(people, key=lambda one: (one not in there, int(one)))[:MOST_ASSIGNEES])


def _put_assignees(payload: Payload, assignees: FieldValue) -> None:
    assert isinstance(assignees, list)
    kept = [person for person in objects(payload, "assignees") if number_id(person) in assignees]
    present = {number_id(person) for person in kept}
    payload["assignees"] = [*kept, *({"id": int(one)} for one in assignees if one not in present)]


def _project(payload: Payload) -> FieldValue:
    """The repository's name, without its owner."""
    place = place_of(payload)
    return place.repository.rpartition("/")[2] if place is not None else None


def _milestone(payload: Payload) -> FieldValue:
    milestone = optional_object(payload, "milestone")
    return text(milestone, "title", LONGEST) if milestone else None


def _fit_milestone(title: FieldValue, now: FieldValue) -> FieldValue:
    return now if title == now else fitted_title(str(title)) or None if title else None


def _put_milestone(payload: Payload, title: FieldValue) -> None:
    payload["milestone"] = {"title": title} if title else None


def _tells_parent(payload: Payload) -> bool:
    """Not where the parent is in a repository that the token does not see."""
    return PARENT in payload or payload.get("parent_issue_url") is None


def _parent(payload: Payload) -> FieldValue:
    parent = optional_object(payload, PARENT)
    return number_id(parent) if parent is not None else None


def _fit_parent(parent: FieldValue, now: FieldValue) -> FieldValue:
    return str(int(parent)) if isinstance(parent, str) and _is_id(parent) else None


def _put_parent(payload: Payload, parent: FieldValue) -> None:
    payload[PARENT] = {"id": int(parent)} if isinstance(parent, str) else None


def blockers(payload: Payload) -> int:
    """How many issues block one, the closed ones too."""
    summary = optional_object(payload, "issue_dependencies_summary")
    return (optional_whole(summary, "total_blocked_by") or 0) if summary else 0


def _tells_blockers(payload: Payload) -> bool:
    return BLOCKERS in payload or blockers(payload) == 0


def _blocked_by(payload: Payload) -> FieldValue:
    return sorted({number_id(one) for one in objects(payload, BLOCKERS)})


def _fit_blocked_by(issues: FieldValue, now: FieldValue) -> FieldValue:
    assert isinstance(issues, list)
    return sorted({str(int(one)) for one in issues if _is_id(one)})


def _put_blocked_by(payload: Payload, issues: FieldValue) -> None:
    assert isinstance(issues, list)
    payload[BLOCKERS] = [{"id": int(one)} for one in issues]


def _is_id(value: str) -> bool:
    return value.isdecimal() and value.isascii() and len(value) <= 19 and int(value) <= _LARGEST
