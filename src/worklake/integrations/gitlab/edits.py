"""What is sent to GitLab to set canonical fields. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from worklake.integrations.gitlab.labels import LabelFields
from worklake.integrations.gitlab.texts import written
from worklake.model.fields import OPEN_STATUSES, Fields, FieldValue
from worklake.model.ids import TaskId

Params = dict[str, Any]

NOBODY = [0]
"""What takes away all assignees: an empty list does not reach every GitLab."""


class Edit(NamedTuple):
    """What an update sends: first the labels to take away alone, then the rest.

    A label goes alone where only its case differs from one that is added: GitLab may take the two for one.
    """

    params: Params
    labels_before: list[str]


def creating(fields: Fields, labels: LabelFields, marker: TaskId) -> Params:
    """The parameters of a new issue, without milestone, estimate and state."""
    params: Params = {"description": written(_text(fields.get("description")), [marker])}
    params |= {name: value for name, value in _plain(fields).items() if value not in ("", None, NOBODY)}
    names = labels.written(fields)
    return params | ({"labels": names} if names else {})


def editing(fields: Fields, shown: Fields, labels: LabelFields, markers: Iterable[TaskId]) -> Edit:
    """The parameters that make an issue that shows `shown` show these fields, without milestone and estimate."""
    params = _plain(fields)
    if "description" in fields:
        params["description"] = written(_text(fields["description"]), markers)
    if "status" in fields and is_open(fields["status"]) != is_open(shown.get("status")):
        params["state_event"] = "reopen" if is_open(fields["status"]) else "close"
    added, removed = labels.edited(fields, shown)
    folded = {name.casefold() for name in added}
    alone = [name for name in removed if name.casefold() in folded]
    params |= {"add_labels": added} if added else {}
    params |= {"remove_labels": rest} if (rest := [name for name in removed if name not in alone]) else {}
    return Edit(params, alone)


def is_open(status: FieldValue) -> bool | None:
    """Whether an issue of this status is open; None where none is told."""
    return None if status is None else status in OPEN_STATUSES


def _plain(fields: Fields) -> Params:
    """Those that have a parameter of their own."""
    return {name: send(fields[field]) for field, (name, send) in _PARAMS.items() if field in fields}


def _text(value: FieldValue) -> str | None:
    return None if value is None else str(value)


def _ids(people: FieldValue) -> list[int]:
    assert isinstance(people, list)
    return [int(one) for one in people] or NOBODY


def _whole(points: FieldValue) -> int | None:
    assert points is None or isinstance(points, int | float)
    return None if points is None else int(points)


_PARAMS: Mapping[str, tuple[str, Callable[[FieldValue], Any]]] = {
    "title": ("title", str),
    "assignees": ("assignee_ids", _ids),
    "due_date": ("due_date", lambda day: day or ""),
    "estimate_points": ("weight", _whole),
    "confidential": ("confidential", bool),
}
