"""Walks over the commits of a default branch, so that one which has not moved costs one request of one commit."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

FIRST_DAYS = 90
"""How far back the first walk goes. Older commits are not read."""
BACK = timedelta(days=7)
"""How far before the walk before a walk begins: providers filter by the time at which something was committed, which
may be long before it came into the branch.
"""


class Newest(NamedTuple):
    """The newest commit of a branch, None of an empty one, and the tag by which that is known again."""

    sha: str | None
    etag: str | None = None


class CommitRows(NamedTuple):
    """A page of a list of commits, newest first, and whether another follows."""

    entries: Sequence[Any]
    more: bool


@dataclass(frozen=True, slots=True)
class CommitMark:
    """Where the walk stands: everything up to `head` was read, at `read_at`. While a walk goes on, `coming` will be the
    head, `page` is its next page, and `since` and `started` are where and when it began.
    """

    head: str | None = None
    etag: str | None = None
    read_at: datetime | None = None
    coming: str | None = None
    since: datetime | None = None
    started: datetime | None = None
    page: int | None = None

    def shown(self) -> dict[str, Any]:
        """The mark as JSON values."""
        values = {name: getattr(self, name) for name in self.__slots__}
        return {
            name: value.astimezone(UTC).isoformat() if isinstance(value, datetime) else value
            for name, value in values.items()
            if value is not None
        }

    @staticmethod
    def parse(values: Mapping[str, Any]) -> CommitMark:
        """The mark that these values show; a new one where there are none."""
        moments = {"read_at", "since", "started"} & values.keys()
        times = {name: datetime.fromisoformat(values[name]) for name in moments}
        return CommitMark(**{**values, **times})


def walk(
    mark: CommitMark,
    now: datetime,
    newest: Callable[[str | None], Newest | None],
    read: Callable[[datetime, int], CommitRows],
) -> Iterator[tuple[Sequence[Any], CommitMark]]:
    """Pages of commits that came since, each with where the walk stands then; none where the branch has not moved.

    `newest` is asked with the tag of the last time, and answers None where it is still the same; `read` gives a page of
    what was committed since. A commit that comes while pages are read moves others to later ones, and hides none.
    """
    if mark.page is None:
        found = newest(mark.etag)
        if found is None or found.sha is None or found.sha == mark.head:
            return
        since = now - timedelta(days=FIRST_DAYS) if mark.read_at is None else mark.read_at - BACK
        mark = replace(mark, coming=found.sha, etag=found.etag, since=since, started=now, page=1)
    while mark.page is not None and mark.since is not None:
        rows = read(mark.since, mark.page)
        if rows.more and rows.entries:
            mark = replace(mark, page=mark.page + 1)
        else:
            mark = CommitMark(mark.coming, mark.etag, mark.started)
        yield rows.entries, mark
