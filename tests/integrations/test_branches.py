"""The walk over a default branch: nothing where it has not moved, and nothing left out where it is stopped."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from worklake.integrations.branches import BACK, FIRST_DAYS, CommitMark, CommitRows, Newest, walk

NOW = datetime(2026, 3, 18, 9, 30, tzinfo=UTC)


class Branch:
    """A branch whose lists have two commits to a page."""

    def __init__(self, **committed_days_ago: float) -> None:
        self.commits = {sha: NOW - timedelta(days=days) for sha, days in committed_days_ago.items()}
        self.asked: list[datetime] = []

    def newest(self, etag: str | None) -> Newest | None:
        found = max(self.commits, key=lambda sha: self.commits[sha], default=None)
        return None if etag is not None and etag == found else Newest(found, found)

    def read(self, since: datetime, number: int) -> CommitRows:
        self.asked.append(since)
        rows = sorted((sha for sha, at in self.commits.items() if at >= since), key=lambda sha: self.commits[sha])[::-1]
        return CommitRows(rows[2 * number - 2 : 2 * number], len(rows) > 2 * number)

    def walk(self, mark: CommitMark, now: datetime = NOW) -> Iterator[tuple[list[str], CommitMark]]:
        for entries, after in walk(mark, now, self.newest, self.read):
            yield list(entries), CommitMark.parse(after.shown())


def walked(branch: Branch, mark: CommitMark, now: datetime = NOW) -> tuple[list[str], CommitMark]:
    pages = list(branch.walk(mark, now))
    return [sha for entries, _ in pages for sha in entries], pages[-1][1] if pages else mark


def test_the_first_walk_reaches_back_a_while_and_the_next_ones_ask_for_the_newest_alone():
    branch = Branch(old=FIRST_DAYS + 1, one=30, two=20, three=10)
    found, mark = walked(branch, CommitMark())
    assert found == ["three", "two", "one"]
    branch.asked.clear()
    assert walked(branch, mark) == ([], mark)
    assert branch.asked == []


def test_what_was_committed_before_the_last_walk_and_came_into_the_branch_since_is_found():
    branch = Branch(one=30)
    _, mark = walked(branch, CommitMark())
    branch.commits |= {"feature": NOW - timedelta(days=6), "merge": NOW + timedelta(hours=1)}
    found, mark = walked(branch, mark, NOW + timedelta(hours=2))
    assert found == ["merge", "feature"]
    assert branch.asked[-1] == NOW - BACK
    assert mark.read_at == NOW + timedelta(hours=2)


def test_a_walk_that_is_stopped_goes_on_at_its_next_page_and_reads_what_came_meanwhile_afterwards():
    branch = Branch(one=3, two=2, three=1)
    entries, mark = next(branch.walk(CommitMark()))
    assert entries == ["three", "two"]
    branch.commits["four"] = NOW + timedelta(minutes=1)
    rest, mark = walked(branch, mark)
    assert rest == ["two", "one"], "one row has moved to the page"
    assert walked(branch, mark)[0] == ["four", "three", "two", "one"]


def test_an_empty_branch_has_nothing():
    assert walked(Branch(), CommitMark()) == ([], CommitMark())
