"""Finding what other tools call nearly the same: a repository is `data-platform` where a project is `Data Platform`."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

Row = TypeVar("Row")


def called(rows: Iterable[Row], name: str, name_of: Callable[[Row], str]) -> list[Row]:
    """Those of this very name; else of the same in small or capital letters; else of the same letters and digits."""
    all_rows = list(rows)
    for likeness in (str, _without_case, _letters):
        wanted = likeness(name)
        found = [row for row in all_rows if wanted and likeness(name_of(row)) == wanted]
        if found:
            return found
    return []


def _without_case(name: str) -> str:
    return name.strip().casefold()


def _letters(name: str) -> str:
    return "".join(one for one in name.casefold() if one.isalnum())
