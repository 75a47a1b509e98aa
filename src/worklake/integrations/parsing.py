"""JSON as providers send it."""

from __future__ import annotations

import json
from typing import Any

import orjson


def parsed(content: bytes) -> Any:
    """The value of a JSON text in UTF-8. Raises `ValueError` with what is wrong where it is none.

    Half a surrogate pair, which is no text in UTF-8, becomes a question mark: only its own item shall suffer from it.
    """
    try:
        return orjson.loads(content)
    except orjson.JSONDecodeError as error:
        problem = str(error)
    try:
        text = json.dumps(json.loads(content), ensure_ascii=False, allow_nan=False)
        return orjson.loads(text.encode("utf-8", "replace"))
    except (ValueError, RecursionError):
        raise ValueError(problem) from None
