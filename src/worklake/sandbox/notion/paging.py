"""Pages of lists: cut by cursors that tell nothing, and at times shorter than asked for."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from typing import Any

from worklake.sandbox.notion.entities import Json
from worklake.sandbox.notion.errors import invalid

LARGEST = 100
_SHORT_EVERY = 3
_SHORT_BY = 2


def page_of(rows: Sequence[Any], size: Any, cursor: Any) -> tuple[Sequence[Any], str | None]:
    """The rows of a page and the cursor of the next one. Every third page is two rows short."""
    wanted = _size(size)
    start, number = _read(cursor)
    if number % _SHORT_EVERY == _SHORT_EVERY - 1 and wanted > 2 * _SHORT_BY:
        wanted -= _SHORT_BY
    end = start + wanted
    return rows[start:end], _written(end, number + 1) if end < len(rows) else None


def listed(results: Sequence[Json], cursor: str | None, kind: str) -> Json:
    """A page as it is answered."""
    return {
        "object": "list", "results": list(results), "next_cursor": cursor, "has_more": cursor is not None,
        "type": kind, kind: {},
    }  # fmt: skip


def _size(size: Any) -> int:
    if size is None:
        return LARGEST
    try:
        number = int(size)
    except (TypeError, ValueError):
        number = 0
    if not 1 <= number <= LARGEST:
        raise invalid(f"body failed validation: page_size should be from 1 to {LARGEST}, instead was `{size}`.")
    return number


def _written(start: int, number: int) -> str:
    return base64.urlsafe_b64encode(f"{start}/{number}".encode()).decode()


def _read(cursor: Any) -> tuple[int, int]:
    if cursor is None:
        return 0, 0
    try:
        start, _, number = base64.urlsafe_b64decode(str(cursor)).decode().partition("/")
        return int(start), int(number)
    except (ValueError, binascii.Error):
        raise invalid(f"The start_cursor provided is invalid: {cursor}") from None
