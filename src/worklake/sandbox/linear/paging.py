"""Relay paging over rows ordered newest first, with cursors made of values, so that they survive rows changing."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

from worklake.sandbox.linear.entities import Entity
from worklake.sandbox.linear.errors import invalid_argument

DEFAULT_PAGE = 50
LARGEST_PAGE = 250
ARGUMENTS = frozenset({"first", "after", "last", "before", "orderBy", "includeArchived"})

_COLUMNS = {"createdAt": "created_at", "updatedAt": "updated_at"}
Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a connection."""

    rows: list[Any]
    order: str
    has_next: bool = False
    has_previous: bool = False
    total: int = 0

    def cursor(self, row: Entity) -> str:
        """The cursor of a row of this page."""
        text = json.dumps([self.order, getattr(row, _COLUMNS[self.order]), row.id], separators=(",", ":"))
        return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


EMPTY = Page(rows=[], order="createdAt")


def page(rows: Iterable[Entity], arguments: Mapping[str, Any]) -> Page:
    """The page of `rows` that the arguments ask for; archived rows only with `includeArchived`."""
    order = arguments.get("orderBy") or "createdAt"
    first, last = _size(arguments, "first"), _size(arguments, "last")
    if first is not None and last is not None:
        raise invalid_argument("first and last must not be used together.")
    if not arguments.get("includeArchived"):
        rows = [row for row in rows if row.archived_at is None]
    key = attrgetter(_COLUMNS[order], "id")
    ordered = sorted(rows, key=key, reverse=True)
    after, before = _cursor(arguments, "after", order), _cursor(arguments, "before", order)
    within = [
        row for row in ordered if (after is None or key(row) < after) and (before is None or key(row) > before)
    ] if after or before else ordered  # fmt: skip
    older_left = before is not None and any(key(row) <= before for row in ordered)
    newer_left = after is not None and any(key(row) >= after for row in ordered)
    size = last if last is not None else first or DEFAULT_PAGE
    shown = within[-size:] if last is not None else within[:size]
    cut = len(within) > size
    return Page(
        rows=shown,
        order=order,
        has_next=(cut and last is None) or older_left,
        has_previous=(cut and last is not None) or newer_left,
        total=len(ordered),
    )


def _size(arguments: Mapping[str, Any], name: str) -> int | None:
    size = arguments.get(name)
    if size is None:
        return None
    if size < 1:
        raise invalid_argument(f"{name} must not be less than 1.")
    if size > LARGEST_PAGE:
        raise invalid_argument(f"{name} must not be greater than {LARGEST_PAGE}.")
    return int(size)


def _cursor(arguments: Mapping[str, Any], name: str, order: str) -> Key | None:
    cursor = arguments.get(name)
    if cursor is None:
        return None
    try:
        made_for, value, identity = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (binascii.Error, ValueError, TypeError) as error:
        raise invalid_argument(f"{name} is not a valid cursor.") from error
    if made_for != order:
        raise invalid_argument(f"{name} is a cursor of a list ordered by {made_for}.")
    return str(value), str(identity)
