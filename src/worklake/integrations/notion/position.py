"""Where a listing of Notion stands: for each data source the time from which it reads, and a scan that is under way.

Notion keeps times to the minute, and rows of one time have no order. So a scan goes by the time of creation, which
nothing moves, and asks for all that was edited since a minute; whatever is edited during a scan is brought by the next
one, which reads from before its beginning.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from worklake.errors import InvalidInputError, UnreadableError
from worklake.integrations.reading import optional_time

MINUTE = timedelta(minutes=1)
OVERLAP = MINUTE
"""How far a listing reaches back behind the newest edit, for rows that became visible late."""
SETTLED = timedelta(minutes=3)
"""So long after an edit nothing of its minute is still to come."""


@dataclass(frozen=True, slots=True)
class Scan:
    """A scan under way: when it began, the newest edit it has seen, and the creation time at which it goes on."""

    started: str
    newest: str | None = None
    created: str | None = None


@dataclass(frozen=True, slots=True)
class Mark:
    """How far one data source has been read. `since` is None before the first scan is done."""

    since: str | None = None
    scan: Scan | None = None

    def begun(self, at: datetime) -> Mark:
        """The mark at the beginning of a scan, or of what is left of one."""
        return self if self.scan is not None else replace(self, scan=Scan(moment_text(at)))

    def seen(self, edits: Iterable[datetime], created: datetime | None) -> Mark:
        """The mark after a page with rows that were edited and, the last of them, created at these times."""
        scan = self.scan
        if scan is None:
            raise ValueError("no scan of this data source has begun")
        newest = [*edits, *([_moment(scan.newest)] if scan.newest else [])]
        return replace(
            self,
            scan=Scan(
                scan.started,
                moment_text(max(newest)) if newest else None,
                scan.created if created is None else moment_text(created),
            ),
        )

    def done(self) -> Mark:
        """The mark after the last page. Where nothing newer was seen it is the one before the scan."""
        scan = self.scan
        if scan is None:
            return self
        started = to_the_minute(_moment(scan.started))
        if scan.newest is None:
            return Mark(self.since or moment_text(started - SETTLED))
        newest = min(_moment(scan.newest), started)
        since = newest + MINUTE if started - newest >= SETTLED else newest - OVERLAP
        return Mark(max(moment_text(since), self.since or ""))


@dataclass(frozen=True, slots=True)
class Position:
    """A mark for each data source."""

    marks: Mapping[str, Mark] = field(default_factory=dict)

    @classmethod
    def parse(cls, text: str | None) -> Position:
        """The position that `text` holds. Raises `InvalidInputError` when it is not one."""
        if text is None:
            return cls()
        try:
            return cls({str(name): _mark(held) for name, held in json.loads(text).items()})
        except (ValueError, KeyError, TypeError, AttributeError, UnreadableError) as error:
            raise InvalidInputError(
                f"the stored position of a Notion source cannot be read ({error!r}): {text[:200]!r}"
            ) from error

    def moved(self, name: str, mark: Mark) -> Position:
        """This position with another mark."""
        return Position({**self.marks, name: mark})

    def text(self) -> str:
        """The position as JSON, always the same text for the same position."""
        return json.dumps({name: _told(mark) for name, mark in sorted(self.marks.items())}, separators=(",", ":"))


def to_the_minute(moment: datetime) -> datetime:
    """The minute that a moment lies in."""
    return moment.replace(second=0, microsecond=0)


def moment_text(moment: datetime) -> str:
    """A moment as Notion writes it."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def item_time(payload: Mapping[str, Any], key: str) -> datetime | None:
    """A time of a page or comment, or None where it cannot be read."""
    try:
        return optional_time(payload, key)
    except UnreadableError:
        return None


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _told(mark: Mark) -> Mapping[str, Any]:
    if mark.scan is None:
        return {"since": mark.since}
    scan = mark.scan
    return {"since": mark.since, "started": scan.started, "newest": scan.newest, "created": scan.created}


def _mark(held: Mapping[str, Any]) -> Mark:
    for key in ("since", "started", "newest", "created"):
        optional_time(held, key)
    scan = Scan(held["started"], held["newest"], held["created"]) if "started" in held else None
    return Mark(held["since"], scan)
