"""Reads Linear's payloads, value by value. Whatever is missing or of the wrong type is an `UnreadableError`."""

from __future__ import annotations

from datetime import date, datetime
from math import isfinite
from typing import Any

from worklake.errors import UnreadableError
from worklake.integrations.base import Payload

LONGEST_SHOWN = 80
LONGEST_TEXT = 1_000_000
"""Characters of a text that we take; Linear's own limit is far below."""
MISSING: Any = object()
"""Stands for a key that is not there, which is not the same as null."""


def unreadable(field: str, found: Any, expected: str) -> UnreadableError:
    """The error for a value that is not what Linear sends."""
    shown = repr(found[:LONGEST_SHOWN] if isinstance(found, str) else found)
    if len(shown) > LONGEST_SHOWN:
        shown = shown[:LONGEST_SHOWN] + "…"
    return UnreadableError(f"{field}: found {shown}, expected {expected}")


def required_text(payload: Payload, key: str) -> str:
    """A text that is always there, perhaps empty."""
    value = payload.get(key)
    if type(value) is not str or len(value) > LONGEST_TEXT:
        raise _not_read(payload, key, "text")
    return value


def optional_text(payload: Payload, key: str) -> str | None:
    """A text or null."""
    value = payload.get(key, MISSING)
    if value is None:
        return None
    if type(value) is not str or len(value) > LONGEST_TEXT:
        raise _not_read(payload, key, "text or null")
    return value


def required_id(payload: Payload, key: str = "id") -> str:
    """An id."""
    value = payload.get(key)
    if type(value) is not str or not value:
        raise _not_read(payload, key, "an id")
    return value


def optional_object(payload: Payload, key: str) -> Payload | None:
    """An object or null."""
    value = payload.get(key, MISSING)
    if value is not None and type(value) is not dict:
        raise _not_read(payload, key, "an object or null")
    return value


def required_object(payload: Payload, key: str) -> Payload:
    """An object that is always there."""
    value = payload.get(key)
    if type(value) is not dict:
        raise _not_read(payload, key, "an object")
    return value


def optional_id(payload: Payload, key: str) -> str | None:
    """The id of the object under `key`, or None where there is no object."""
    value = optional_object(payload, key)
    return None if value is None else required_id(value)


def optional_number(payload: Payload, key: str) -> int | float | None:
    """A finite number or null."""
    value = payload.get(key, MISSING)
    if value is None or type(value) is int or (type(value) is float and isfinite(value)):
        return value
    raise _not_read(payload, key, "a number or null")


def optional_date(payload: Payload, key: str) -> str | None:
    """A day as `YYYY-MM-DD`, or null."""
    value = payload.get(key, MISSING)
    if value is None:
        return None
    try:
        same = date.fromisoformat(value).isoformat() == value
    except (TypeError, ValueError):
        same = False
    if not same:
        raise _not_read(payload, key, "a date such as 2026-01-31, or null")
    return str(value)


def required_time(payload: Payload, key: str) -> datetime:
    """A moment, with its time zone."""
    value = optional_time(payload, key)
    if value is None:
        raise _not_read(payload, key, "a time")
    return value


def optional_time(payload: Payload, key: str) -> datetime | None:
    """A moment with its time zone, or null."""
    value = payload.get(key, MISSING)
    if value is None:
        return None
    time = read_time(value)
    if time is None:
        raise _not_read(payload, key, "a time such as 2026-01-31T09:30:00.000Z, or null")
    return time


def read_time(value: Any) -> datetime | None:
    """A time as Linear writes it, or None where the value is no such time."""
    try:
        time = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        return None
    return time if time.tzinfo is not None else None


def flag(payload: Payload, key: str) -> bool:
    """True, or False where it is false or null."""
    value = payload.get(key, MISSING)
    if value is None or type(value) is bool:
        return bool(value)
    raise _not_read(payload, key, "true, false or null")


def connection(payload: Payload, key: str) -> list[Payload]:
    """The nodes of a connection, each an object."""
    nodes = required_object(payload, key).get("nodes")
    if type(nodes) is not list:
        raise unreadable(f"{key}.nodes", nodes, "a list of objects")
    for node in nodes:
        if type(node) is not dict:
            raise unreadable(f"{key}.nodes", node, "objects in the list")
    return nodes


def _not_read(payload: Payload, key: str, expected: str) -> UnreadableError:
    value = payload.get(key, MISSING)
    if value is MISSING:
        return UnreadableError(f"{key}: missing, expected {expected}")
    if type(value) is str and len(value) > LONGEST_TEXT:
        return UnreadableError(f"{key}: found {len(value)} characters, expected at most {LONGEST_TEXT}")
    return unreadable(key, value, expected)
