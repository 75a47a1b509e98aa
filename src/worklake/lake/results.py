"""What the verbs of the lake answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple


class Merged(NamedTuple):
    """What became of the rows of a merge."""

    inserted: int
    updated: int
    unchanged: int


class Size(NamedTuple):
    """How large a table is now; files that only older versions need are left out."""

    rows: int
    bytes: int
    files: int


@dataclass(frozen=True, slots=True)
class Commit:
    """One commit of a table, newest first in a history."""

    version: int
    at: datetime
    operation: str
    metrics: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Maintained:
    """What maintenance did to a table."""

    table: str
    files_before: int
    files_after: int
    files_deleted: int
