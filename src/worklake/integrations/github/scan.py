"""One pass over a list in the order of changes, which leaves none out however the list moves meanwhile."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from hashlib import blake2b
from typing import Any, NamedTuple

import orjson

from worklake.errors import RetryableError
from worklake.integrations.github.client import PAGE_SIZE, GitHubClient, Rows, marks_of, updated_at
from worklake.integrations.github.position import Mark, shown_time
from worklake.integrations.rounds import Rounds

STEP_BACK = timedelta(seconds=1)
"""Times have seconds, and whether `since` includes its own second is told in two ways."""
OVERLAP = timedelta(seconds=10)
"""How far back the next listing reaches: what is written first may become visible later."""
AHEAD = timedelta(days=1)
"""A time further ahead than clocks can differ is a broken one, and moves no mark."""
MOST_STARTS = 4
"""How often rows that share one time are read from their first page, because they moved meanwhile."""
MOST_ENDS = 3
"""How often the end of a list is looked at once more, because something was changed since."""

_SCAN = {"sort": "updated", "direction": "asc", "per_page": str(PAGE_SIZE)}


class Scanned(NamedTuple):
    """A page's entries that were not brought before, and where the scan stands after them."""

    entries: list[Any]
    mark: Mark


class Scan:
    """The list at `path`, asked for with `query`.

    A page that is counted moves when a row before it does. So the next page is asked for by the time of the last change
    seen, and by its address only where a whole page shares one time. Then the page before must still be as it was,
    which its tag tells for nothing; where it is not, the rows of that time are read again. At the end the list since
    then is asked for once more, so that its tag tells the next time that nothing changed.
    """

    def __init__(self, client: GitHubClient, path: str, query: Mapping[str, str], now: datetime) -> None:
        self._client, self._path, self._query = client, path, query
        self._what = f"{client.source}: the list {path}"
        self._latest = now + AHEAD
        self._seen: set[bytes] = set()
        self._high: datetime | None = None
        self._starts = 0

    def pages(self, mark: Mark) -> Iterator[Scanned]:
        """Pages from where the mark stands on. Raises `RetryableError` where they have no end."""
        first = self._ask(mark.since, mark.etag)
        if first is None:
            yield Scanned([], mark)
            return
        rows, since, is_first, ends, rounds = first, mark.since, True, 0, Rounds(self._what)
        while True:
            rounds.note(marks_of(rows.entries))
            fresh, leads = self._fresh(rows.entries), self._leads_to(rows, since)
            if rows.following is None and leads == since:
                yield Scanned(fresh, Mark(since, rows.etag if is_first else None))
                return
            if rows.following is None or (leads is not None and (since is None or leads > since)):
                yield Scanned(fresh, Mark(leads))
                ends += rows.following is None
                if ends > MOST_ENDS:
                    return
                since, is_first, rounds = leads, True, Rounds(self._what)
                rows = self._asked(since)
            else:
                yield Scanned(fresh, Mark(since))
                rows, is_first = self._next(rows, since)
                rounds = Rounds(self._what) if is_first else rounds

    def _ask(self, since: datetime | None, etag: str | None = None) -> Rows | None:
        query = {**_SCAN, **self._query, **({"since": shown_time(since)} if since is not None else {})}
        self._at: tuple[str, Mapping[str, str] | None] = (self._path, query)
        return self._client.page(self._path, query, etag)

    def _asked(self, since: datetime | None) -> Rows:
        rows = self._ask(since)
        if rows is None:
            raise RetryableError(f"{self._what} is said to be unchanged, which was not asked. Run it again later.")
        return rows

    def _leads_to(self, rows: Rows, since: datetime | None) -> datetime | None:
        """From when on the next query asks: the end of this page, or at the end of all what is not settled yet."""
        if rows.following is None:
            return since if self._high is None else self._high - OVERLAP
        high = self._latest_of(rows.entries)
        return since if high is None else high - STEP_BACK

    def _next(self, rows: Rows, since: datetime | None) -> tuple[Rows, bool]:
        """The page behind these rows by its address, or the first one where they moved; whether it is that."""
        assert rows.following is not None
        page = self._client.page(rows.following)
        counted = "after=" not in rows.following
        unmoved = page is not None and (not counted or self._client.page(*self._at, rows.etag) is None)
        if page is not None and unmoved:
            self._at = (rows.following, None)
            return page, False
        self._starts += 1
        if self._starts >= MOST_STARTS:
            raise RetryableError(
                f"{self._what} moves while it is read: what changed since {since} was begun {MOST_STARTS} times. Run it"
                " again when less is changed there."
            )
        return self._asked(since), True

    def _fresh(self, entries: Sequence[Any]) -> list[Any]:
        """The entries that this scan has not brought yet as they are.

        Their whole content tells: what is edited twice in a second shows one time of change.
        """
        fresh = []
        for entry in entries:
            content = blake2b(orjson.dumps(entry, option=orjson.OPT_SORT_KEYS), digest_size=16).digest()
            if content not in self._seen:
                self._seen.add(content)
                fresh.append(entry)
        latest = self._latest_of(entries)
        self._high = latest if self._high is None else max(self._high, latest or self._high)
        return fresh

    def _latest_of(self, entries: Sequence[Any]) -> datetime | None:
        times = [updated_at(entry) for entry in entries if isinstance(entry, dict)]
        return max((time for time in times if time is not None and time <= self._latest), default=None)
