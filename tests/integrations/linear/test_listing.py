"""Listing what changed leaves nothing out: whatever is edited meanwhile, and wherever it is stopped and taken up again.

The double stands at the port that the listing asks through. It pages as Linear does: newest first, by value cursors.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from worklake.errors import AccessError, InvalidInputError, RetryableError
from worklake.integrations.base import Item, Page
from worklake.integrations.linear.listing import HINTS, STREAM_KINDS, Listing
from worklake.integrations.linear.queries import Call

START = datetime(2026, 3, 1, tzinfo=UTC)
PLAIN = [stream for stream in STREAM_KINDS if stream not in HINTS]
STREAM_OF = {
    "Users": "users",
    "Projects": "projects",
    "Milestones": "projectMilestones",
    "Relations": "issueRelations",
    "Attachments": "attachments",
    "Issues": "issues",
    "Comments": "comments",
}
SINCE = {
    "users": "usersSince",
    "projects": "projectsSince",
    "projectMilestones": "milestonesSince",
    "issues": "issuesSince",
    "comments": "commentsSince",
}


class Double:
    """A small Linear in memory, of one workspace, with pages of two."""

    def __init__(self, teams: tuple[str, ...] = ("ENG",), page_size: int = 2) -> None:
        self.now = START
        self.teams = list(teams)
        self.page_size = page_size
        self.rows: dict[str, dict[str, dict[str, Any]]] = {stream: {} for stream in STREAM_KINDS}
        self.asked: list[str] = []
        self.refuse_cursors = False

    def edit(self, stream: str, name: str, *, after: float = 1.0, team: str = "ENG") -> None:
        """Change a row, or make it, `after` seconds from the last edit."""
        self.now += timedelta(seconds=after)
        row = self.rows[stream].setdefault(name, {"id": name, "version": 0, "team": {"key": team}})
        row["version"] += 1
        row["updatedAt"] = stamp(self.now)

    def relate(self, name: str, issue: str, kind: str = "blocks", *, after: float = 1.0) -> None:
        """Let something block an issue, which does not move the issue's own time."""
        self._hang("issueRelations", name, issue, after)["type"] = kind

    def attach(self, name: str, issue: str, *, after: float = 1.0) -> None:
        """Attach something to an issue, which does not move the issue's own time."""
        self._hang("attachments", name, issue, after)

    def _hang(self, stream: str, name: str, issue: str, after: float) -> dict[str, Any]:
        self.now += timedelta(seconds=after)
        self.rows["issues"][issue]["version"] += 1
        row = {"id": name, "updatedAt": stamp(self.now), "issue name": issue}
        self.rows[stream][name] = row
        return row

    def ask(self, call: Call) -> dict[str, Any]:
        assert call.operation_name is not None
        assert call.variable_values is not None
        self.asked.append(call.operation_name)
        given = call.variable_values
        if call.operation_name == "Changes":
            assert given["teams"]
            shown = {"organization": {"urlKey": "acme"}, "teams": {"nodes": [{"key": key} for key in self.teams]}}
            return shown | {
                stream: self._page(stream, given.get(SINCE.get(stream, "")), None, given["teams"])
                for stream in STREAM_KINDS
            }
        stream = STREAM_OF[call.operation_name]
        if given["after"] is not None and self.refuse_cursors:
            raise InvalidInputError("Argument Validation Error")
        return {stream: self._page(stream, given.get("since"), given["after"], given.get("teams"))}

    def _page(self, stream: str, since: str | None, after: str | None, teams: list[str] | None) -> dict[str, Any]:
        found = sorted(self.rows[stream].values(), key=lambda row: (row["updatedAt"], row["id"]), reverse=True)
        if stream in ("issues", "comments", "projects", "projectMilestones"):
            assert teams is not None
            found = [row for row in found if row["team"]["key"] in teams and row["team"]["key"] in self.teams]
        if since is not None:
            found = [row for row in found if row["updatedAt"] >= since]
        if after is not None:
            found = [row for row in found if f"{row['updatedAt']}/{row['id']}" < after]
        page = found[: self.page_size]
        more = len(found) > len(page)
        end = f"{page[-1]['updatedAt']}/{page[-1]['id']}" if page else None
        return {
            "nodes": [self._shown(stream, row) for row in page],
            "pageInfo": {"hasNextPage": more, "endCursor": end},
        }

    def _shown(self, stream: str, row: dict[str, Any]) -> dict[str, Any]:
        if stream not in HINTS:
            return dict(row)
        return row | {HINTS[stream]: dict(self.rows["issues"][row["issue name"]])}

    def pages(self, position: str | None, teams: tuple[str, ...] = ("ENG",)) -> Iterator[Page]:
        return Listing(self.ask, "linear", teams, position, self.now).pages()

    def versions(self) -> dict[tuple[str, str], int]:
        """What each row is at now."""
        return {
            (STREAM_KINDS[stream], row["id"]): row["version"] for stream in PLAIN for row in self.rows[stream].values()
        }


def stamp(time: datetime) -> str:
    return time.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def versions(items: list[Item]) -> dict[tuple[str, str], int]:
    """The newest version of each item that was brought."""
    newest: dict[tuple[str, str], int] = {}
    for item in items:
        assert item.external_id is not None
        key = (item.kind, item.external_id)
        newest[key] = max(newest.get(key, 0), item.payload["version"])
    return newest


def filled(issues: int = 7) -> Double:
    double = Double()
    for number in range(issues):
        double.edit("issues", f"issue-{number}")
    for stream in PLAIN:
        double.edit(stream, f"{stream}-0")
    return double


def brought(pages: Iterator[Page]) -> tuple[list[Item], str]:
    found = list(pages)
    return [item for page in found for item in page.items], found[-1].position


def test_the_first_listing_brings_everything_once() -> None:
    double = filled()
    items, _ = brought(double.pages(None))
    assert versions(items) == double.versions()
    assert len(items) == len(double.versions())


def test_a_listing_that_finds_nothing_is_one_request_and_leaves_the_position_as_it_was() -> None:
    double = filled()
    double.relate("r1", "issue-0")
    _, position = brought(double.pages(None))
    double.asked.clear()
    double.page_size = 50
    assert [page.position for page in double.pages(position)] == [position]
    assert double.asked == ["Changes"]


def test_a_quiet_listing_brings_only_what_lies_within_the_overlap() -> None:
    double = Double(page_size=50)
    double.edit("issues", "old")
    double.edit("issues", "new", after=60)
    _, position = brought(double.pages(None))
    items, _ = brought(double.pages(position))
    assert [item.external_id for item in items] == ["new"]


def test_a_row_that_shows_up_late_within_the_overlap_is_found() -> None:
    double = filled()
    _, position = brought(double.pages(None))
    late = {"id": "late", "version": 1, "team": {"key": "ENG"}, "updatedAt": stamp(double.now - timedelta(seconds=9))}
    double.rows["issues"]["late"] = late
    items, _ = brought(double.pages(position))
    assert "late" in {item.external_id for item in items}


def test_further_pages_are_asked_only_of_streams_that_have_more() -> None:
    double = filled(issues=5)
    list(double.pages(None))
    assert double.asked == ["Changes", "Issues", "Issues"]


def test_a_row_edited_behind_the_scan_is_brought_by_the_next_listing() -> None:
    double = filled()
    items: list[Item] = []
    position = None
    for number, page in enumerate(double.pages(None)):
        items += page.items
        position = page.position
        if number == 0:
            double.edit("issues", "issue-0")  # the oldest: it jumps to the front, past the scan
    assert versions(items).get(("task", "issue-0")) is None
    more, _ = brought(double.pages(position))
    assert versions(items + more) == double.versions()


moves = st.lists(
    st.tuples(
        st.sampled_from(["edit", "edit", "relate", "attach", "stop", "rest"]),
        st.sampled_from(PLAIN),
        st.integers(0, 6),
        st.sampled_from([0.0, 0.001, 1.0, 15.0]),
    ),
    max_size=30,
)


@settings(deadline=None)
@given(moves=moves)
def test_whatever_is_edited_between_pages_and_wherever_it_stops_nothing_is_left_out(
    moves: list[tuple[str, str, int, float]],
) -> None:
    double = filled()
    items: list[Item] = []
    position: str | None = None
    pages = double.pages(None)
    for number, (move, stream, row, seconds) in enumerate(moves):
        if move == "edit":
            double.edit(stream, f"{stream}-{row}" if stream != "issues" else f"issue-{row}", after=seconds)
        elif move == "relate":
            double.relate(f"relation-{number}", f"issue-{row}", after=seconds)
        elif move == "attach":
            double.attach(f"attachment-{number}", f"issue-{row}", after=seconds)
        elif move == "stop":
            pages = double.pages(position)
        page = next(pages, None)
        if page is None:
            pages = double.pages(position)
        else:
            items += page.items
            position = page.position
    last, position = brought(double.pages(position))
    rest, _ = brought(double.pages(position))
    assert versions(items + last + rest) == double.versions()


@pytest.mark.parametrize("stop", range(1, 5))
def test_stopping_after_any_page_and_taking_up_its_position_leaves_nothing_out(stop: int) -> None:
    double = filled()
    first = [page for page, _ in zip(double.pages(None), range(stop), strict=False)]
    items = [item for page in first for item in page.items]
    more, _ = brought(double.pages(first[-1].position))
    assert versions(items + more) == double.versions()


def test_the_position_of_a_scan_under_way_holds_where_it_goes_on() -> None:
    double = filled()
    page = next(double.pages(None))
    held = json.loads(page.position)["streams"]["issues"]
    assert held.keys() == {"high", "from", "after"}
    assert held["high"] == stamp(double.now - timedelta(seconds=1)), "the newest issue of the first page"


def test_a_refused_cursor_starts_the_scan_again_and_leaves_nothing_out() -> None:
    double = filled()
    page = next(double.pages(None))
    double.refuse_cursors = True
    resumed = double.pages(page.position)
    items = [*page.items, *next(resumed).items]
    double.refuse_cursors = False
    for page in resumed:
        items += page.items
    assert versions(items) == double.versions()


def test_cursors_that_are_always_refused_end_in_an_error_and_not_in_a_loop() -> None:
    double = filled()
    double.refuse_cursors = True
    with pytest.raises(InvalidInputError):
        list(double.pages(None))


def test_a_page_that_leads_nowhere_is_an_error_and_not_an_end() -> None:
    double = filled()
    answer = double.ask

    def lost(call: Call) -> dict[str, Any]:
        data = answer(call)
        data["issues"]["pageInfo"]["endCursor"] = None
        return data

    with pytest.raises(RetryableError):
        list(Listing(lost, "linear", ("ENG",), None, double.now).pages())


@pytest.mark.parametrize("hang", [Double.relate, Double.attach])
def test_what_is_hung_on_an_issue_brings_it_without_another_request(hang: Callable[..., None]) -> None:
    double = filled()
    _, position = brought(double.pages(None))
    double.now += timedelta(minutes=5)
    hang(double, "r1", "issue-0")
    double.asked.clear()
    double.page_size = 50
    items, _ = brought(double.pages(position))
    assert ("task", "issue-0") in versions(items)
    assert double.asked == ["Changes"]


@pytest.mark.parametrize("hang", [Double.relate, Double.attach])
def test_the_very_first_relation_or_attachment_of_a_workspace_counts(hang: Callable[..., None]) -> None:
    double = filled()
    _, position = brought(double.pages(None))
    _, position = brought(double.pages(position))
    hang(double, "r1", "issue-0", after=100)
    items, _ = brought(double.pages(position))
    assert ("task", "issue-0") in versions(items)


def test_relations_of_other_kinds_or_to_other_teams_bring_nothing() -> None:
    double = filled()
    double.teams.append("OPS")
    double.edit("issues", "foreign", team="OPS")
    double.edit("issues", "newest", after=100)
    _, position = brought(double.pages(None))
    double.relate("r1", "issue-0", "related", after=100)
    double.relate("r2", "foreign")
    items, _ = brought(double.pages(position))
    assert {"issue-0", "foreign"}.isdisjoint(item.external_id for item in items)


def test_many_new_relations_are_read_back_to_the_last_known_one_and_no_further() -> None:
    double = filled()
    for number in range(20):
        double.relate(f"old-{number}", "issue-1", after=100)
    _, position = brought(double.pages(None))
    for number in range(4):
        double.relate(f"new-{number}", f"issue-{number + 2}", after=100)
    double.asked.clear()
    items, _ = brought(double.pages(position))
    assert {f"issue-{number + 2}" for number in range(4)} <= {item.external_id for item in items}
    assert double.asked.count("Relations") == 2


def test_the_other_teams_pages_still_come_before_the_error_that_names_the_missing_team() -> None:
    double = filled()
    pages = double.pages(None, ("ENG", "NOPE"))
    items: list[Item] = []
    with pytest.raises(AccessError, match="NOPE") as refused:
        for page in pages:
            items += page.items
    assert "ENG" not in str(refused.value)
    assert versions(items) == double.versions()


def test_no_visible_team_is_an_error_and_not_an_empty_source() -> None:
    double = filled()
    double.teams.clear()
    with pytest.raises(AccessError, match="ENG"):
        next(double.pages(None))


def test_a_team_that_shows_later_is_read_from_its_beginning() -> None:
    double = filled()
    double.edit("issues", "ops-old", team="OPS")
    double.edit("issues", "issue-0", after=3600)
    pages = double.pages(None, ("ENG", "OPS"))
    position = None
    with pytest.raises(AccessError, match="OPS"):
        for page in pages:
            position = page.position
    double.teams.append("OPS")
    items, position = brought(double.pages(position, ("ENG", "OPS")))
    assert ("task", "ops-old") in versions(items)
    double.page_size = 50
    assert [page.position for page in double.pages(position, ("ENG", "OPS"))] == [position]


def test_a_time_far_ahead_does_not_hide_later_changes() -> None:
    double = filled()
    double.edit("issues", "broken")
    double.rows["issues"]["broken"]["updatedAt"] = "2999-01-01T00:00:00.000Z"
    _, position = brought(double.pages(None))
    double.edit("issues", "issue-0", after=100)
    items, _ = brought(double.pages(position))
    assert ("task", "issue-0") in versions(items)


def test_items_without_a_usable_id_or_time_are_brought_all_the_same() -> None:
    double = Double(page_size=50)
    double.rows["issues"] = {
        "a": {"id": None, "version": 1, "team": {"key": "ENG"}, "updatedAt": "2026-13-45"},
        "b": {"id": 7, "version": 1, "team": {"key": "ENG"}, "updatedAt": "2026-03-01T00:00:00.000Z"},
    }
    double.rows["issues"]["a"]["id"] = ""
    double.rows["issues"]["b"]["id"] = "7"
    answer = double.ask

    def broken(call: Call) -> dict[str, Any]:
        data = answer(call)
        for node, external_id in zip(data["issues"]["nodes"], (None, 7), strict=True):
            node["id"] = external_id
        return data

    items, _ = brought(Listing(broken, "linear", ("ENG",), None, double.now).pages())
    assert [item.external_id for item in items] == [None, None]
    assert [item.updated_at for item in items] == [None, START]


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"teams":["ENG"],"streams":{"issues":{"high":"soon"}}}'])
def test_a_position_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(InvalidInputError, match="position"):
        next(Double().pages(text))
