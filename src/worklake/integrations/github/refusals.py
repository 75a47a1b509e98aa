"""What GitHub means when it refuses a write."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from worklake.errors import AccessError, NotFoundError, RefusedValueError, RetryableError, WorklakeError
from worklake.integrations.github.client import RefusedError

_OF_A_VALUE = frozenset({400, 413, 414, 422})
_OF_THE_MOMENT = frozenset({409, 412, 423})
_LABELLED = ("labels", "status", "priority")
_FIELDS_OF: Mapping[str, tuple[str, ...]] = {
    "title": ("title",),
    "body": ("description", "body"),
    "labels": _LABELLED,
    "label": _LABELLED,
    "state": ("status",),
    "state_reason": ("status",),
    "assignees": ("assignees",),
    "assignee": ("assignees",),
    "milestone": ("milestone",),
}


@contextmanager
def refusing(sent: Iterable[str]) -> Iterator[None]:
    """Raises what GitHub's refusal means for a write of these fields."""
    try:
        yield
    except RefusedError as error:
        raise refusal(error, sent) from error


@contextmanager
def refusing_reference(field: str) -> Iterator[None]:
    """The same for a relation to another issue, which may be the one that is not found."""
    try:
        yield
    except NotFoundError as error:
        raise RefusedValueError(f"{error} The issue that {field} refers to may be gone.", (field,)) from error
    except RefusedError as error:
        if error.status in _OF_A_VALUE:
            raise RefusedValueError(str(error), (field,)) from error
        raise refusal(error, (field,)) from error


def refusal(error: RefusedError, sent: Iterable[str]) -> WorklakeError:
    """A value that it does not take; another change at the same moment; or a repository that is elsewhere by now."""
    if error.status in _OF_A_VALUE:
        return RefusedValueError(str(error), refused_fields(error.said, sent))
    if error.status in _OF_THE_MOMENT:
        return RetryableError(f"{error}. Somebody else was changing it; run it again.")
    return AccessError(f"{error}. If the repository was renamed or moved, correct `repositories` in conf/sources.yml.")


def refused_fields(said: Any, sent: Iterable[str]) -> tuple[str, ...]:
    """Which of the fields that were sent a refusal names: `{"errors": [{"field": "title", …}]}`."""
    errors = said.get("errors") if isinstance(said, Mapping) else None
    named: set[str] = set()
    for one in errors if isinstance(errors, list) else ():
        if isinstance(one, Mapping):
            # A label that does not fit is named by its own field: `name` of the resource `Label`.
            key = "label" if one.get("resource") == "Label" else str(one.get("field"))
            named |= set(_FIELDS_OF.get(key, ()))
    return tuple(field for field in sent if field in named)
