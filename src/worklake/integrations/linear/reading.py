"""Reads Linear's payloads, value by value. Whatever is missing or of the wrong type is an `UnreadableError`."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from worklake.errors import UnreadableError
from worklake.integrations.base import Payload

LONGEST_SHOWN = 80
LONGEST_TEXT = 1_000_000
"""Characters of a text that we take; Linear's own limit is far below."""


def unreadable(field: str, found: Any, expected: str) -> UnreadableError:
    """The error for a value that is not what Linear sends."""
    shown = repr(found[:LONGEST_SHOWN] if isinstance(found, str) else found)
    if len(shown) > LONGEST_SHOWN:
        shown = shown[:LONGEST_SHOWN] + "…"
    return UnreadableError(f"{field}: found {shown}, expected {expected}")


def _present(payload: Payload, key: str, expected: str) -> Any:
    try:
        return payload[key]
    except KeyError:
        raise UnreadableError(f"{key}: missing, expected {expected}") from None


def required_text(payload: Payload, key: str) -> str:
    """A text that is always there, perhaps empty."""
    text = optional_text(payload, key)
    if text is None:
        raise unreadable(key, None, "text")
    return text


def optional_text(payload: Payload, key: str) -> str | None:
    """A text or null."""
    value = _present(payload, key, "text or null")
    if value is None:
        return None
    if not isinstance(value, str):
        raise unreadable(key, value, "text")
    if len(value) > LONGEST_TEXT:
        raise UnreadableError(f"{key}: found {len(value)} characters, expected at most {LONGEST_TEXT}")
    return value


def required_id(payload: Payload, key: str = "id") -> str:
    """An id."""
    value = _present(payload, key, "an id")
    if not isinstance(value, str) or not value:
        raise unreadable(key, value, "an id")
    return value


def optional_object(payload: Payload, key: str) -> Payload | None:
    """An object or null."""
    value = _present(payload, key, "an object or null")
    if value is not None and not isinstance(value, dict):
        raise unreadable(key, value, "an object or null")
    return value


def required_object(payload: Payload, key: str) -> Payload:
    """An object that is always there."""
    value = optional_object(payload, key)
    if value is None:
        raise unreadable(key, None, "an object")
    return value


def optional_id(payload: Payload, key: str) -> str | None:
    """The id of the object under `key`, or None where there is no object."""
    value = optional_object(payload, key)
    return None if value is None else required_id(value)


def optional_number(payload: Payload, key: str) -> int | float | None:
    """A finite number or null."""
    value = _present(payload, key, "a number or null")
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, (int, float)) or value != value or value in (_INF, -_INF):
        raise unreadable(key, value, "a number or null")
    return value


_INF = float("inf")


def optional_date(payload: Payload, key: str) -> str | None:
    """A day as `YYYY-MM-DD`, or null."""
    value = _present(payload, key, "a date or null")
    if value is None:
        return None
    try:
        same = date.fromisoformat(value).isoformat() == value
    except (TypeError, ValueError):
        same = False
    if not same:
        raise unreadable(key, value, "a date such as 2026-01-31, or null")
    return str(value)


def required_time(payload: Payload, key: str) -> datetime:
    """A moment, with its time zone."""
    value = optional_time(payload, key)
    if value is None:
        raise unreadable(key, None, "a time")
    return value


def optional_time(payload: Payload, key: str) -> datetime | None:
    """A moment with its time zone, or null."""
    value = _present(payload, key, "a time or null")
    if value is None:
        return None
    try:
        time = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        raise unreadable(key, value, "a time such as 2026-01-31T09:30:00.000Z, or null") from None
    if time.tzinfo is None:
        raise unreadable(key, value, "a time with its zone")
    return time


def flag(payload: Payload, key: str) -> bool:
    """True, or False where it is false or null."""
    value = _present(payload, key, "true, false or null")
    if value is not None and not isinstance(value, bool):
        raise unreadable(key, value, "true, false or null")
    return bool(value)


def connection(payload: Payload, key: str) -> list[Payload]:
    """The nodes of a connection, each an object."""
    nodes = required_object(payload, key).get("nodes")
    if not isinstance(nodes, list) or not all(isinstance(node, dict) for node in nodes):
        raise unreadable(f"{key}.nodes", nodes, "a list of objects")
    return nodes
