"""Where a listing of Linear stands: for each stream, its high-water mark or the scan that is under way.

Linear lists newest first and has no other direction. So the high-water mark is the newest `updatedAt` on the *first*
page of a scan, and it counts only once the whole scan is done. A row that changes meanwhile moves to the front, past
the scan, and above the mark: the next listing, which asks for everything from the mark on, brings it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from worklake.errors import InvalidInputError, UnreadableError
from worklake.integrations.reading import optional_time

OVERLAP = timedelta(seconds=10)
"""How far a listing reaches back behind its mark, for rows that became visible out of order."""

FUTURE = timedelta(days=1)
"""A time further ahead of our own clock than this is a fault, and must not become a mark that hides later changes."""

BEGINNING = "1970-01-01T00:00:00.000Z"


@dataclass(frozen=True, slots=True)
class Mark:
    """How far one stream has been read. `after` is set while a scan is under way: its next page starts there.

    `high` is then the mark that the scan will leave, and `since` the time from which it reads.
    """

    high: str | None = None
    since: str | None = None
    after: str | None = None

    @property
    def from_time(self) -> str:
        """The time from which a fresh scan reads."""
        if self.high is None:
            return BEGINNING
        return _text(datetime.fromisoformat(self.high) - OVERLAP)

    def first_page(self, times: Iterable[datetime | None], after: str | None, now: datetime) -> Mark:
        """The mark after the first page of a fresh scan; `after` is where its second page starts, if it has one."""
        believed = [time for time in times if time is not None and time <= now + FUTURE]
        if self.high is not None:
            believed.append(datetime.fromisoformat(self.high))
        high = _text(max(believed)) if believed else None
        return Mark(high, self.from_time, after) if after is not None else Mark(high)

    def next_page(self, after: str | None) -> Mark:
        """The mark after a further page of the scan under way."""
        return replace(self, after=after) if after is not None else Mark(self.high)


@dataclass(frozen=True, slots=True)
class Position:
    """A mark for each stream, and the teams that could be seen when they were made."""

    teams: tuple[str, ...]
    marks: Mapping[str, Mark]

    @classmethod
    def beginning(cls, streams: Iterable[str]) -> Position:
        """Nothing has been read."""
        return cls((), {name: Mark() for name in streams})

    @classmethod
    def parse(cls, text: str, streams: Iterable[str]) -> Position:
        """The position that `text` holds. Raises `InvalidInputError` when it is not one."""
        try:
            held = json.loads(text)
            marks = {name: _mark(held["streams"].get(name, {"high": None})) for name in streams}
            return cls(tuple(map(str, held["teams"])), marks)
        except (ValueError, KeyError, TypeError, AttributeError, UnreadableError) as error:
            raise InvalidInputError(
                f"the stored position of a Linear source cannot be read ({error!r}): {text[:200]!r}"
            ) from error

    def moved(self, **marks: Mark) -> Position:
        """This position with these streams' marks replaced."""
        return replace(self, marks={**self.marks, **marks})

    def text(self) -> str:
        """The position as JSON, always the same text for the same position."""
        streams = {
            name: {"high": mark.high}
            if mark.after is None
            else {"high": mark.high, "from": mark.since, "after": mark.after}
            for name, mark in self.marks.items()
        }
        return json.dumps({"teams": list(self.teams), "streams": streams}, separators=(",", ":"))


def item_time(payload: Mapping[str, Any]) -> datetime | None:
    """When an item of whatever kind last changed, or None where that cannot be read."""
    try:
        return optional_time(payload, "updatedAt")
    except UnreadableError:
        return None


def _mark(held: Mapping[str, str | None]) -> Mark:
    for key in ("high", "from"):
        optional_time(held, key)
    return Mark(held["high"], held.get("from"), held.get("after"))


def _text(time: datetime) -> str:
    return time.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
