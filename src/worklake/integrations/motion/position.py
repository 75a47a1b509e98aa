"""Where the listing of a source's workspaces stands, as JSON text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import orjson

from worklake.errors import InvalidInputError


@dataclass(frozen=True, slots=True)
class Position:
    """`ids` are the workspaces by what the settings call them. `whole` says that each was read to its end once.

    In the middle of a scan `workspace` is the one that is being read, and `cursor` where its next page begins.
    """

    ids: Mapping[str, str] = field(default_factory=dict)
    whole: bool = False
    workspace: str | None = None
    cursor: str | None = None

    @staticmethod
    def parse(text: str | None) -> Position:
        """The position in a text. Raises `InvalidInputError`."""
        if not text:
            return Position()
        try:
            told = orjson.loads(text)
            ids = {str(name): str(one) for name, one in told["ids"].items()}
            return Position(ids, bool(told.get("whole")), told.get("workspace"), told.get("cursor"))
        except (orjson.JSONDecodeError, KeyError, TypeError, AttributeError):
            raise InvalidInputError(f"this is not a position of a Motion listing: {text[:80]!r}") from None

    def text(self) -> str:
        """The position as JSON, the same text for the same position."""
        told = {"ids": dict(self.ids), "whole": self.whole, "workspace": self.workspace, "cursor": self.cursor}
        return orjson.dumps({key: value for key, value in told.items() if value}, option=orjson.OPT_SORT_KEYS).decode()

    def at(self, workspace: str, cursor: str | None) -> Position:
        """In the middle of a scan."""
        return replace(self, workspace=workspace, cursor=cursor)

    def over(self) -> Position:
        """Behind the end of a scan."""
        return Position(self.ids, True)
