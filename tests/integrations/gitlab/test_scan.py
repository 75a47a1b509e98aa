"""A scan leaves no issue out, whatever a server says of its pages and however its list moves meanwhile; and it ends."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest

from tests.integrations.gitlab.lean import SAME_TIME, Lean, rows_of_one_time, serving
from worklake.errors import RetryableError
from worklake.integrations.gitlab import GitLabIntegration
from worklake.integrations.gitlab.settings import GitLabSettings
from worklake.integrations.rounds import EMPTY_PAGES
from worklake.testing.source import Opened, SourceToTest, open_for_test, task_ids

NOW = datetime(2026, 3, 18, 9, 30, tzinfo=UTC)


def opened(lean: Lean) -> Opened:
    settings = GitLabSettings(
        base_url=lean.url, token="env:X", projects=("team/web",), merge_requests=False, commits=False
    )
    return open_for_test(SourceToTest(GitLabIntegration, settings, "glpat-lean"))


def listed(lean: Lean, position: str | None = None) -> tuple[set[str], str]:
    pages = list(opened(lean).integration.list_changed(position, NOW))
    return set(task_ids([item for page in pages for item in page.items])), pages[-1].position


def numbers(count: int) -> set[str]:
    return {str(number) for number in range(1, count + 1)}


@pytest.mark.parametrize("tells", [{"Link", "X-Next-Page"}, {"X-Next-Page"}, {"Link"}, set()])
@pytest.mark.parametrize("refuses", [405, 400, 422, None])
@pytest.mark.parametrize("spread", [True, False])
def test_every_page_is_read_however_the_next_one_is_told(tells: set[str], refuses: int | None, spread: bool) -> None:
    rows = rows_of_one_time(350)
    if spread:
        for row in rows:
            row["updated_at"] = f"2026-03-18T08:{row['id'] // 60:02}:{row['id'] % 60:02}.000Z"
    with serving(Lean(rows, frozenset(tells), refuses)) as lean:
        assert listed(lean)[0] == numbers(350)


def test_comments_are_read_to_their_end_however_the_next_page_is_told() -> None:
    with serving(Lean(rows_of_one_time(250), frozenset(), None)) as lean:
        source = opened(lean)
        assert set(source.integration.list_ids()) >= numbers(100)
        client = source.integration._client
        assert [row["id"] for row in client.all("/projects/7/issues")] == list(range(1, 251))


@pytest.mark.parametrize(("largest_page", "smallest_page"), [(100, 1), (50, 1), (100, 100)])
def test_issues_of_one_time_that_move_while_they_are_counted_hide_none(largest_page: int, smallest_page: int) -> None:
    def edit_what_was_read(lean: Lean, query: Mapping[str, str]) -> None:
        if int(query.get("page", 1)) in (3, 5) and query["per_page"] == "100":
            earlier = [row["id"] for row in lean.rows if row["updated_at"] == SAME_TIME]
            if len(earlier) > 598:
                lean.edit(earlier[7], f"2026-03-18T09:10:{len(lean.asked) % 60:02}.000Z")

    moving = Lean(
        rows_of_one_time(600), largest_page=largest_page, smallest_page=smallest_page, between=edit_what_was_read
    )
    with serving(moving) as lean:
        found, position = listed(lean)
        assert len([row for row in lean.rows if row["updated_at"] != SAME_TIME]) >= 2
        assert found == numbers(600)
        assert listed(lean, position)[0] <= numbers(600)


def test_a_listing_stopped_amid_issues_of_one_time_hides_none_that_moved_since() -> None:
    with serving(Lean(rows_of_one_time(450))) as lean:
        pages = opened(lean).integration.list_changed(None, NOW)
        read = [next(pages) for _ in range(4)]
        found = set(task_ids([item for page in read for item in page.items]))
        for number in (3, 5, 8):
            lean.edit(number, "2026-03-18T09:10:00.000Z")
        assert found | listed(lean, read[-1].position)[0] == numbers(450)


def test_a_full_last_page_by_key_costs_no_request_more() -> None:
    class ByKey(Lean):
        def page(self, query: dict[str, str]) -> tuple[int, dict[str, str], Any]:
            at = int(query.get("cursor", 0))
            link = {"Link": f'<{self.url}/x?cursor={at + 100}>; rel="next"'} if at + 100 < len(self.rows) else {}
            return 200, link, self.rows[at : at + 100]

    with serving(ByKey(rows_of_one_time(500))) as lean:
        assert listed(lean)[0] == numbers(500)
        assert len(lean.asked) == 5


def test_a_list_that_never_rests_is_given_up_and_says_so() -> None:
    def edit_the_first(lean: Lean, query: Mapping[str, str]) -> None:
        lean.edit(min(row["id"] for row in lean.rows if row["updated_at"] == SAME_TIME), "2026-03-18T09:10:00.000Z")

    moving = Lean(rows_of_one_time(900), between=edit_the_first)
    with serving(moving) as lean, pytest.raises(RetryableError, match="moves while it is read"):
        listed(lean)


@pytest.mark.parametrize("length", [2, 3])
def test_pages_that_lead_back_to_each_other_end(length: int) -> None:
    class Circle(Lean):
        def page(self, query: dict[str, str]) -> tuple[int, dict[str, str], Any]:
            at = int(query.get("cursor", 0))
            link = f'<{self.url}/x?cursor={at % length + 1}>; rel="next"'
            return 200, {"Link": link}, [row | {"id": row["id"] + at * 10} for row in self.rows]

    with serving(Circle(rows_of_one_time(5))) as lean:
        with pytest.raises(RetryableError, match=r"projects/team%2Fweb/issues has no end: .*same page.* run it again"):
            listed(lean)
        with pytest.raises(RetryableError, match="has no end"):
            list(opened(lean).integration.list_ids())


def test_empty_pages_without_end_end_and_some_are_taken() -> None:
    class Empty(Lean):
        most = 10**9

        def page(self, query: dict[str, str]) -> tuple[int, dict[str, str], Any]:
            at = int(query.get("cursor", 0))
            return (200, {"Link": f'<{self.url}/x?cursor={at + 1}>; rel="next"'}, []) if at < self.most else (
                200, {}, self.rows
            )  # fmt: skip

    with serving(Empty(rows_of_one_time(5))) as lean:
        with pytest.raises(RetryableError, match="one empty page after the other"):
            listed(lean)
        lean.most = EMPTY_PAGES // 2
        assert listed(lean)[0] == numbers(5)


def test_next_page_without_a_query_does_not_change_what_is_asked_for() -> None:
    class Bare(Lean):
        def page(self, query: dict[str, str]) -> tuple[int, dict[str, str], Any]:
            return 200, {"Link": f'<{self.url}/x>; rel="next"'}, self.rows

    with serving(Bare(rows_of_one_time(5))) as lean:
        with pytest.raises(RetryableError, match="its own next"):
            listed(lean)
        assert all(query["scope"] == "all" for query in lean.asked)


@pytest.mark.parametrize("hours", [-26, -1, 1, 26])
def test_clock_of_ours_that_is_wrong_neither_hides_what_becomes_visible_late_nor_repeats_all(hours: int) -> None:
    real = NOW - timedelta(hours=hours)  # our clock says NOW
    just_now = (real - timedelta(seconds=30)).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    rows = [row | {"updated_at": just_now} for row in rows_of_one_time(3)]
    with serving(Lean(rows, refuses_keyset=None, date=format_datetime(real, usegmt=True))) as lean:
        _, position = listed(lean)
        mark = json.loads(position)["projects"]["team/web"]
        since = datetime.fromisoformat(mark["since"])
        assert since <= datetime.fromisoformat(just_now) - timedelta(seconds=10)
        if abs(hours) <= 1:
            assert since >= real - timedelta(hours=2)
