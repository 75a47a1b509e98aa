"""Where a listing stands: a mark for every project, as JSON text."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson

from worklake.errors import InvalidInputError
from worklake.integrations.branches import CommitMark

OVERLAP = timedelta(seconds=10)
"""How far back the next listing reaches: clocks differ, and what is written first may become visible later."""
SETTLED = timedelta(hours=1)
"""What was this old when it was listed has nothing before it that could still become visible."""
AHEAD = timedelta(days=1)
"""A time further ahead than clocks can differ is a broken one, and moves no mark."""


@dataclass(frozen=True, slots=True)
class Mark:
    """Where the listing of one project stands.

    `since` is where the running scan, or else the next one, begins; `high` the latest change seen. While a scan runs,
    `following` is the query of its next page and `started` the moment it began.
    """

    since: datetime | None = None
    high: datetime | None = None
    following: Mapping[str, str] | None = None
    started: datetime | None = None
    name: str | None = None
    etag: str | None = None
    read_at: datetime | None = None
    default_branch: str | None = None
    project_id: int | None = None
    merge_requests: Mark | None = None
    """Where the listing of its merge requests stands, once it has begun."""
    commits: CommitMark = field(default_factory=CommitMark)

    def seen(
        self,
        times: Iterable[datetime | None],
        following: Mapping[str, str] | None,
        now: datetime,
        answered_at: datetime | None = None,
    ) -> Mark:
        """The mark after a page with these times; unchanged when nothing moved and the scan is over.

        The server's clock may differ from ours. What counts is the earlier of `now` and `answered_at` where something
        must be long past, and the later where nothing can be in the future.
        """
        clocks = (now, answered_at or now)
        started = self.started or min(clocks)
        believable = [time for time in times if time is not None and time <= max(clocks) + AHEAD]
        high = max([*believable, *([self.high] if self.high else [])], default=None)
        if following is not None:
            return replace(self, high=high, following=dict(following), started=started)
        if self.following is None and high == self.high:
            return self
        return replace(self, since=_next_since(high, started), high=high, following=None, started=None)

    def moved(self, times: Iterable[datetime | None]) -> bool:
        """Whether any of these times is later than what was seen before."""
        return any(time is not None and (self.high is None or time > self.high) for time in times)


def _next_since(high: datetime | None, started: datetime) -> datetime | None:
    if high is None:
        return None
    return high if high <= started - SETTLED else min(high, started) - OVERLAP


@dataclass(frozen=True, slots=True)
class Position:
    """The marks of all projects, by the name that the settings give them."""

    marks: Mapping[str, Mark] = field(default_factory=dict)

    @staticmethod
    def parse(text: str | None, projects: Iterable[str]) -> Position:
        """The position in a text; a project that is new begins at its beginning. Raises `InvalidInputError`."""
        try:
            known = orjson.loads(text)["projects"] if text else {}
            return Position({name: _mark(known.get(name, {})) for name in projects})
        except (orjson.JSONDecodeError, KeyError, TypeError, ValueError, AttributeError):
            raise InvalidInputError(f"this is not a position of a GitLab listing: {str(text)[:80]!r}") from None

    def text(self) -> str:
        """The position as JSON, the same text for the same position."""
        marks = {name: _shown(mark) for name, mark in self.marks.items()}
        return orjson.dumps({"projects": marks}, option=orjson.OPT_SORT_KEYS).decode()

    def with_mark(self, name: str, mark: Mark) -> Position:
        """The position with one project's mark moved."""
        return Position({**self.marks, name: mark})


def shown_time(moment: datetime) -> str:
    """A moment as GitLab writes it, to the millisecond."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _shown(mark: Mark) -> dict[str, Any]:
    values: dict[str, Any] = {
        "since": mark.since,
        "high": mark.high,
        "following": mark.following,
        "started": mark.started,
        "name": mark.name,
        "etag": mark.etag,
        "read_at": mark.read_at,
        "default_branch": mark.default_branch,
        "project_id": mark.project_id,
        "merge_requests": (mark.merge_requests and _shown(mark.merge_requests)) or None,
        "commits": mark.commits.shown() or None,
    }
    return {
        key: shown_time(value) if isinstance(value, datetime) else value
        for key, value in values.items()
        if value is not None
    }


def _mark(values: Mapping[str, Any]) -> Mark:
    def moment(key: str) -> datetime | None:
        return datetime.fromisoformat(values[key]) if key in values else None

    return Mark(
        since=moment("since"),
        high=moment("high"),
        following=values.get("following"),
        started=moment("started"),
        name=values.get("name"),
        etag=values.get("etag"),
        read_at=moment("read_at"),
        default_branch=values.get("default_branch"),
        project_id=values.get("project_id"),
        merge_requests=_mark(values["merge_requests"]) if "merge_requests" in values else None,
        commits=CommitMark.parse(values.get("commits", {})),
    )
