"""Reads the parts of Linear's payloads that have a shape of their own: references, connections, numbers."""

from __future__ import annotations

from collections.abc import Set

from worklake.errors import UnreadableError
from worklake.integrations import reading
from worklake.integrations.base import Payload
from worklake.integrations.reading import optional_object, unreadable

LONGEST = 1_000_000
"""Characters of a text that we take; Linear's own limits are far below."""
LARGEST = 2**53


def require(payload: Payload, keys: Set[str]) -> None:
    """Raise `UnreadableError` unless these keys are there: GraphQL answers null for what is empty, never nothing."""
    if not keys <= payload.keys():
        raise UnreadableError(f"{', '.join(sorted(keys - payload.keys()))}: missing")


def text(payload: Payload, key: str) -> str:
    """A text that is always there, perhaps empty."""
    return reading.text(payload, key, LONGEST)


def optional_text(payload: Payload, key: str) -> str | None:
    """A text, or None where it is null or empty."""
    return reading.optional_text(payload, key, LONGEST) or None


def text_id(payload: Payload, key: str = "id") -> str:
    """An id."""
    value = payload.get(key)
    if type(value) is not str or not value:
        unreadable(key, value, "an id")
    return value


def reference(payload: Payload, key: str) -> str | None:
    """The id of the object under `key`, or None where there is no object."""
    value = optional_object(payload, key)
    return None if value is None else text_id(value)


def some_object(payload: Payload, key: str) -> Payload:
    """An object that is always there."""
    value = payload.get(key)
    if type(value) is not dict:
        unreadable(key, value, "an object")
    return value


def optional_number(payload: Payload, key: str) -> int | float | None:
    """A number that a float holds exactly as far as its whole part goes, or None."""
    value: int | float | None = payload.get(key)
    if value is not None and not (type(value) in (int, float) and abs(value) <= LARGEST):
        unreadable(key, value, "a number")
    return value


def nodes(payload: Payload, key: str) -> list[Payload]:
    """The nodes of a connection, each an object."""
    found = some_object(payload, key).get("nodes")
    if type(found) is not list:
        unreadable(f"{key}.nodes", found, "a list of objects")
    for node in found:
        if type(node) is not dict:
            unreadable(f"{key}.nodes", node, "objects in the list")
    return found
