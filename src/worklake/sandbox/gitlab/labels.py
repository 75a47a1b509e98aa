"""Rules about label names."""

from __future__ import annotations

from collections.abc import Iterable


def with_scopes(names: Iterable[str]) -> list[str]:
    """Names in alphabetical order, of every scope (`status::…`) only the last one given."""
    kept: dict[str, str] = {}
    for name in names:
        scope, mark, _ = name.rpartition("::")
        kept[scope + mark if mark else "=" + name] = name
    return sorted(kept.values())
