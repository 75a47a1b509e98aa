"""One pass over a project's issues or merge requests in the order of changes, which leaves none out however the list
moves meanwhile.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

import structlog

from worklake.errors import RetryableError
from worklake.integrations.base import Payload
from worklake.integrations.gitlab.client import PAGE_SIZE, Entries, GitLabClient, Query, RefusedError, marks_of
from worklake.integrations.gitlab.position import Mark, shown_time
from worklake.integrations.rounds import Rounds

MOST_STARTS = 4
"""How often issues that share one time are read from their first page, because they moved meanwhile."""

_KEYSET = {"pagination": "keyset"}
_SCAN = {"order_by": "updated_at", "sort": "asc", "scope": "all", "state": "all", "per_page": str(PAGE_SIZE)}

log = structlog.get_logger(__name__)


class Scanned(NamedTuple):
    """A page of issues, the query of the next one, and the server's own time where it tells it."""

    entries: list[Any]
    following: Query | None
    answered_at: datetime | None


class Scan:
    """The issues at `path`, or anything else that is listed like them; `by_key` says that there are pages by key of it.

    Pages by key follow each other by themselves; counted ones are made to.

    Counted pages move when a row before them does. So the next page is asked for by the time of the last change seen,
    and only where a whole page has one time by its number. Then the last row of the page before must still be where it
    was; where it is not, the issues of that time are read again.
    """

    def __init__(self, client: GitLabClient, source: str, path: str, *, by_key: bool = True) -> None:
        self._client = client
        self._source = source
        self._path = path
        self._by_key = _KEYSET if by_key else {}
        self._what = f"{source}: the list {path}"

    def pages(self, mark: Mark) -> Iterator[Scanned]:
        """Pages from where the mark stands on. Raises `RetryableError` where they have no end."""
        rounds, starts = Rounds(self._what), 1
        query, page = self._first(mark)
        tells = "cursor" in query
        while True:
            rounds.note(marks_of(page.entries))
            if page.guessed and tells:  # a server that names its next pages has none where it names none
                page = page._replace(following=None)
            tells = tells or (page.following is not None and not page.guessed)
            following = _seek(query, page.entries) if page.following and page.by_number else page.following
            yield Scanned(page.entries, following, page.answered_at)
            if following is None:
                return
            before, query = page.entries, following
            page = self._client.page(self._path, query)
            if int(query.get("page", "1")) > 1 and not self._joins(before, query):
                starts += 1
                if starts > MOST_STARTS:
                    raise RetryableError(
                        f"{self._what} moves while it is read: the issues changed at {query.get('updated_after')}"
                        f" were begun {MOST_STARTS} times. Run it again when less is changed there."
                    )
                rounds, query = Rounds(self._what), _from_its_start(query)
                page = self._client.page(self._path, query)

    def _first(self, mark: Mark) -> tuple[Query, Entries]:
        if mark.following is not None:
            query = _from_its_start(mark.following)
            try:
                return query, self._client.page(self._path, query)
            except RefusedError:  # a way on that is no longer accepted
                log.info("listing starts again", source=self._source, path=self._path)
        since = {"updated_after": shown_time(mark.since)} if mark.since else {}
        query = {**_SCAN, **self._by_key, **since}
        return query, self._client.page(self._path, query)

    def _joins(self, before: Sequence[Any], query: Query) -> bool:
        """Whether the last row of the page before is still the one before this page."""
        if not before:
            return False
        number = int(query["page"]) - 1
        rows = self._client.page(self._path, {**query, "per_page": "1", "page": str(number * len(before))}).entries
        if len(rows) != 1:  # a server whose pages have a size of its own
            rows = self._client.page(self._path, {**query, "page": str(number)}).entries[-1:]
        return [_id(row) for row in rows] == [_id(before[-1])]


def updated_at(payload: Payload) -> datetime | None:
    """When a thing last changed; None where that cannot be read."""
    try:
        moment = datetime.fromisoformat(payload["updated_at"])
        return moment if moment.tzinfo is UTC else moment.astimezone(UTC) if moment.tzinfo else None
    except (KeyError, TypeError, ValueError, OverflowError):
        return None


def _from_its_start(query: Query) -> Query:
    """The query of the first of its pages, where they are counted."""
    return query if "cursor" in query else {key: value for key, value in query.items() if key != "page"}


def _seek(query: Query, entries: Sequence[Any]) -> Query:
    """The page behind these entries, by the time of the last of them if that leads on, else by its number."""
    query = {key: value for key, value in query.items() if key != "pagination"}
    times = [time for entry in entries if isinstance(entry, dict) and (time := updated_at(entry)) is not None]
    last = shown_time(max(times)) if times else None
    if last is None or last == query.get("updated_after"):
        return {**query, "page": str(int(query.get("page", "1")) + 1)}
    return {**_from_its_start(query), "updated_after": last}


def _id(row: Any) -> Any:
    return row.get("id") if isinstance(row, dict) else row
