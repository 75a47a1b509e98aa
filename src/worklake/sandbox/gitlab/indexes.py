"""Issues in the orders in which they are listed, so that a page costs its own rows and not the whole list."""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

from worklake.sandbox.gitlab.entities import Issue

SortValue = int | str | None
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def microseconds(moment: datetime) -> int:
    """A moment as microseconds since the epoch."""
    return (moment - _EPOCH) // _MICROSECOND


SORT_VALUES: dict[str, Callable[[Issue], SortValue]] = {
    "id": lambda issue: issue.id,
    "created_at": lambda issue: microseconds(issue.created_at),
    "updated_at": lambda issue: microseconds(issue.updated_at),
    "title": lambda issue: issue.title.lower(),
    "weight": lambda issue: issue.weight,
    "due_date": lambda issue: issue.due_date.toordinal() if issue.due_date else None,
    "relative_position": lambda issue: issue.relative_position,
}
"""The value of each order that a keyset may have."""


class SortedIssues:
    """Issue ids in one order; issues without a value come last in both directions, ids decide between equals."""

    def __init__(self, column: str, issues: Iterator[Issue]) -> None:
        self._value = SORT_VALUES[column]
        self._rows: list[tuple[int | str, int]] = []
        self._empty: list[int] = []
        for issue in issues:
            value = self._value(issue)
            if value is None:
                self._empty.append(issue.id)
            else:
                self._rows.append((value, issue.id))
        self._rows.sort()
        self._empty.sort()

    def add(self, issue: Issue) -> None:
        """Take an issue in."""
        value = self._value(issue)
        if value is None:
            insort(self._empty, issue.id)
        else:
            insort(self._rows, (value, issue.id))

    def remove(self, issue: Issue) -> None:
        """Take an issue out; it must have the value that it was added with."""
        value = self._value(issue)
        if value is None:
            del self._empty[bisect_left(self._empty, issue.id)]
        else:
            del self._rows[bisect_left(self._rows, (value, issue.id))]

    def after(self, value: SortValue, issue_id: int, *, descending: bool) -> Iterator[int]:
        """Ids that come after a row in this direction, whether that row still exists or not."""
        if value is None:
            yield from self._empty_after(issue_id, descending=descending)
            return
        if descending:
            end = bisect_left(self._rows, (value, issue_id))
            for place in range(end - 1, -1, -1):
                yield self._rows[place][1]
        else:
            start = bisect_right(self._rows, (value, issue_id))
            for place in range(start, len(self._rows)):
                yield self._rows[place][1]
        yield from reversed(self._empty) if descending else self._empty

    def all(self, *, descending: bool) -> Iterator[int]:
        """Every id in this direction."""
        rows = reversed(self._rows) if descending else self._rows
        for row in rows:
            yield row[1]
        yield from reversed(self._empty) if descending else self._empty

    def from_value(self, value: int, *, descending: bool) -> Iterator[int]:
        """Ids in this direction beginning with the first row at (ascending: from, descending: down from) a value."""
        return self.after(value, 2**62 if descending else -1, descending=descending)

    def _empty_after(self, issue_id: int, *, descending: bool) -> Iterator[int]:
        if descending:
            for place in range(bisect_left(self._empty, issue_id) - 1, -1, -1):
                yield self._empty[place]
        else:
            for place in range(bisect_right(self._empty, issue_id), len(self._empty)):
                yield self._empty[place]


class IssueIndexes:
    """The orders of every project's issues and of all together (`project_id` None), each sorted when first asked for.

    A changed issue is taken out before and added after the change; `version` tells lists kept elsewhere that they are
    out of date.
    """

    def __init__(self, issues: Callable[[int | None], Iterator[Issue]]) -> None:
        self._issues = issues
        self._made: dict[tuple[int | None, str], SortedIssues] = {}
        self.version = 0

    def order(self, project_id: int | None, column: str) -> SortedIssues:
        """The issues of a project, or all, in the order of a column of `SORT_VALUES`."""
        key = (project_id, column)
        if key not in self._made:
            self._made[key] = SortedIssues(column, self._issues(project_id))
        return self._made[key]

    def add(self, issue: Issue) -> None:
        """Take an issue into every order made so far."""
        self.version += 1
        for (project_id, _), order in self._made.items():
            if project_id in (None, issue.project_id):
                order.add(issue)

    def remove(self, issue: Issue) -> None:
        """Take an issue, as yet unchanged, out of every order made so far."""
        self.version += 1
        for (project_id, _), order in self._made.items():
            if project_id in (None, issue.project_id):
                order.remove(issue)
