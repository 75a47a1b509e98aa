"""Worklake keeps a team's work in one lakehouse and the tools it lives in, in agreement."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from worklake.api import check, connect, explain, maintain, pull, status, tasks

__all__ = ["check", "connect", "explain", "maintain", "pull", "status", "tasks"]


def __getattr__(name: str) -> Any:
    """The public calls, imported at first use so that `import worklake` stays cheap."""
    if name in __all__:
        from worklake import api

        return getattr(api, name)
    raise AttributeError(f"module 'worklake' has no attribute {name!r}")
