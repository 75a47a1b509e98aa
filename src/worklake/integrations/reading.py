"""Reads provider payloads, value by value: what is not as expected is an `UnreadableError` that names the field.

Every function takes the object and the key. `optional_…` gives None for null and for a key that is not there, as
older servers leave out what newer ones send. They run once per field and item, so they are plain.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any, NoReturn

from worklake.errors import UnreadableError

_SHOWN = 80
_LARGEST = 2**63 - 1


def unreadable(field: str, found: Any, expected: str) -> NoReturn:
    """Raises the error for a value that is not as expected."""
    raise UnreadableError(unexpected(field, found, expected))


def unexpected(field: str, found: Any, expected: str) -> str:
    """That a value is not as expected, in words."""
    shown = "nothing" if found is None else repr(found[:_SHOWN] if isinstance(found, str) else found)
    return f"{field}: found {shown[:_SHOWN]}{'…' * (len(shown) > _SHOWN)}, expected {expected}"


def text(payload: Mapping[str, Any], key: str, longest: int) -> str:
    """A text of at most `longest` characters, without NUL."""
    value = payload.get(key)
    if type(value) is not str:
        unreadable(key, value, "text")
    return value if len(value) <= longest and "\0" not in value else _refuse_text(key, value, longest)


def optional_text(payload: Mapping[str, Any], key: str, longest: int) -> str | None:
    """A text of at most `longest` characters, without NUL, or None."""
    value = payload.get(key)
    if value is None:
        return None
    if type(value) is not str:
        unreadable(key, value, "text or null")
    return value if len(value) <= longest and "\0" not in value else _refuse_text(key, value, longest)


def _refuse_text(key: str, value: str, longest: int) -> NoReturn:
    if len(value) > longest:
        raise UnreadableError(f"{key}: found {len(value)} characters, expected at most {longest}")
    unreadable(key, value[max(0, value.index("\0") - 20) :], "text without NUL characters")


def number_id(payload: Mapping[str, Any], key: str = "id") -> str:
    """A whole-number id, as text."""
    value = payload.get(key)
    if type(value) is not int or not 0 <= value <= _LARGEST:
        unreadable(key, value, "a whole number as id")
    return str(value)


def optional_whole(payload: Mapping[str, Any], key: str) -> int | None:
    """A whole number from 0, or None."""
    value = payload.get(key)
    if value is None:
        return None
    if type(value) is not int or not 0 <= value <= _LARGEST:
        unreadable(key, value, "a whole number from 0")
    return value


def flag(payload: Mapping[str, Any], key: str) -> bool:
    """True or false; false where there is nothing."""
    value = payload.get(key)
    if value is not None and type(value) is not bool:
        unreadable(key, value, "true or false")
    return value is True


def optional_date(payload: Mapping[str, Any], key: str) -> str | None:
    """A day as `YYYY-MM-DD`, or None."""
    value = payload.get(key)
    if value is None:
        return None
    try:
        if date.fromisoformat(value).isoformat() != value:
            unreadable(key, value, "a date such as 2026-01-31")
    except (TypeError, ValueError):
        unreadable(key, value, "a date such as 2026-01-31")
    return str(value)


def time(payload: Mapping[str, Any], key: str) -> datetime:
    """A moment in UTC."""
    moment = optional_time(payload, key)
    if moment is None:
        unreadable(key, None, "a time such as 2026-01-31T09:30:00.000Z")
    return moment


def optional_time(payload: Mapping[str, Any], key: str) -> datetime | None:
    """A moment in UTC, or None."""
    value = payload.get(key)
    if value is None:
        return None
    try:
        moment = datetime.fromisoformat(value)
        if moment.tzinfo is UTC:
            return moment
        if moment.tzinfo is not None:
            return moment.astimezone(UTC)
    except (TypeError, ValueError, OverflowError):
        pass
    unreadable(key, value, "a time with its zone, such as 2026-01-31T09:30:00.000Z")


def optional_object(payload: Mapping[str, Any], key: str) -> dict[str, Any] | None:
    """An object, or None."""
    value = payload.get(key)
    if value is not None and type(value) is not dict:
        unreadable(key, value, "an object")
    return value


def objects(payload: Mapping[str, Any], key: str) -> list[dict[str, Any]]:
    """A list of objects; empty where there is nothing."""
    value = payload.get(key)
    if value is None:
        return []
    if type(value) is not list:
        unreadable(key, value, "a list of objects")
    for one in value:
        if type(one) is not dict:
            unreadable(key, one, "objects in the list")
    return value


def texts(payload: Mapping[str, Any], key: str) -> list[str]:
    """A list of texts; empty where there is nothing."""
    value = payload.get(key)
    if value is None:
        return []
    if type(value) is not list:
        unreadable(key, value, "a list of texts")
    for one in value:
        if type(one) is not str:
            unreadable(key, one, "texts in the list")
    return value
