"""What GitLab means when it refuses a write."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from worklake.errors import AccessError, RefusedValueError, RetryableError, WorklakeError
from worklake.integrations.gitlab.client import RefusedError

_OF_A_VALUE = frozenset({400, 413, 414, 422})
_OF_THE_MOMENT = frozenset({409, 412, 423})
_LABELLED = ("labels", "status", "priority")
_FIELDS_OF: Mapping[str, tuple[str, ...]] = {
    "title": ("title",),
    "description": ("description",),
    "labels": _LABELLED,
    "label": _LABELLED,
    "add_labels": _LABELLED,
    "remove_labels": _LABELLED,
    "state_event": ("status",),
    "state": ("status",),
    "assignee_ids": ("assignees",),
    "assignees": ("assignees",),
    "due_date": ("due_date",),
    "weight": ("estimate_points",),
    "milestone_id": ("milestone",),
    "milestone": ("milestone",),
    "duration": ("estimate_minutes",),
    "time_estimate": ("estimate_minutes",),
    "confidential": ("confidential",),
    "body": ("body",),
    "note": ("body",),
}
_NAMES = re.compile(r"([a-z_]+(?:, [a-z_]+)*) (?:is|are|does|must) ")


@contextmanager
def refusing(sent: Iterable[str]) -> Iterator[None]:
    """Raises what GitLab's refusal means for a write of these fields."""
    try:
        yield
    except RefusedError as error:
        raise refusal(error, sent) from error


def refusal(error: RefusedError, sent: Iterable[str]) -> WorklakeError:
    """A value that it does not take; another change at the same moment; or a project that is elsewhere by now."""
    if error.status in _OF_A_VALUE:
        return RefusedValueError(str(error), refused_fields(error.said, sent))
    if error.status in _OF_THE_MOMENT:
        return RetryableError(f"{error}. Somebody else was changing it; run it again.")
    return AccessError(f"{error}. If the project was renamed or moved, correct `projects` in conf/sources.yml.")


def refused_fields(said: Any, sent: Iterable[str]) -> tuple[str, ...]:
    """Which of the fields that were sent a refusal names: `{"title": ["is too long"]}` or `due_date is invalid`."""
    if isinstance(said, Mapping):
        names = [str(name) for name in said]
    else:
        found = _NAMES.match(str(said))
        names = found[1].split(", ") if found else []
    named = {field for name in names for field in _FIELDS_OF.get(name, ())}
    return tuple(field for field in sent if field in named)
