"""Values as JSON text columns and back."""

from __future__ import annotations

from typing import Any

import orjson


def to_text(value: Any) -> str:
    """A value as JSON."""
    return orjson.dumps(value).decode()


def from_text(text: str) -> Any:
    """The value that a JSON text stands for."""
    return orjson.loads(text)


def to_nullable(value: Any) -> str | None:
    """A value as JSON; None is null."""
    return None if value is None else to_text(value)


def from_nullable(text: str | None) -> Any:
    """The value that a JSON text stands for; null is None."""
    return None if text is None else from_text(text)
