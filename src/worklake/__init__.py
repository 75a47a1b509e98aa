"""Worklake keeps a team's work in one lakehouse and the tools it lives in, in agreement."""

from __future__ import annotations

import sys
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from worklake.api import (
        apply,
        check,
        conflicts,
        connect,
        explain,
        maintain,
        plan,
        pull,
        settle,
        status,
        sync,
        tasks,
        undo,
    )

__all__ = [
    "apply",
    "check",
    "conflicts",
    "connect",
    "explain",
    "maintain",
    "plan",
    "pull",
    "settle",
    "status",
    "sweep",
    "sync",
    "tasks",
    "undo",
]


def __getattr__(name: str) -> Any:
    """The public calls, imported at first use so that `import worklake` stays cheap."""
    if name in __all__:
        from worklake import api

        return getattr(api, name)
    raise AttributeError(f"module 'worklake' has no attribute {name!r}")


def __dir__() -> list[str]:
    """The public calls with the rest, also before their first use."""
    return sorted({*globals(), *__all__})


class _Package(ModuleType):
    """Keeps `worklake.sync` the call, also once the package of that name has been imported."""

    @property
    def sync(self) -> Any:
        """The call."""
        return __getattr__("sync")

    @sync.setter
    def sync(self, package: ModuleType) -> None:
        """The import system names a package at its parent; `from worklake.sync import …` finds it without that."""


sys.modules[__name__].__class__ = _Package
