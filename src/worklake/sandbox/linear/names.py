"""GraphQL's camelCase names and the snake_case columns of the rows."""

from __future__ import annotations

import re
from functools import lru_cache

_CAPITAL = re.compile(r"(?<=[a-z0-9])([A-Z])")


@lru_cache(maxsize=1024)
def snake(name: str) -> str:
    """`createdAt` as `created_at`."""
    return _CAPITAL.sub(r"_\1", name).lower()


@lru_cache(maxsize=1024)
def camel(name: str) -> str:
    """`created_at` as `createdAt`."""
    head, *rest = name.split("_")
    return head + "".join(part.capitalize() for part in rest)
