"""Relay paging, newest first."""

from __future__ import annotations

import pytest

PAGE = """query($after: String, $first: Int, $order: PaginationOrderBy, $archived: Boolean) {
  issues(after: $after, first: $first, orderBy: $order, includeArchived: $archived) {
    nodes { id createdAt updatedAt archivedAt } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }"""


def pages(linear, **arguments):
    after = None
    while True:
        page = linear.data(PAGE, after=after, **arguments)["issues"]
        yield page
        if not page["pageInfo"]["hasNextPage"]:
            return
        after = page["pageInfo"]["endCursor"]


@pytest.mark.parametrize("order", ["createdAt", "updatedAt"])
def test_all_pages_together_hold_every_issue_once_and_newest_first(linear, order):
    rows = [row for page in pages(linear, first=7, order=order, archived=True) for row in page["nodes"]]
    assert {row["id"] for row in rows} == {item["external_id"] for item in linear.sandbox.items()}
    assert len({row["id"] for row in rows}) == len(rows)
    assert [row[order] for row in rows] == sorted((row[order] for row in rows), reverse=True)


def test_pages_stay_whole_when_rows_change_and_come_and_go_meanwhile(linear):
    expected = {item["external_id"] for item in linear.sandbox.items()}
    seen = []
    for number, page in enumerate(pages(linear, first=5, archived=True)):
        seen += [row["id"] for row in page["nodes"]]
        linear.clock.advance(seconds=1)
        linear.create_issue(title=f"Meanwhile {number}")
        linear.update_issue(seen[-1], title=f"Changed {number}")
        linear.sandbox.delete_item(page["nodes"][0]["id"])
    assert sorted(seen) == sorted(expected)


def test_row_updated_during_a_scan_by_update_jumps_to_the_front(linear):
    first = linear.data(PAGE, first=5, order="updatedAt")["issues"]
    *_, last = [row for page in pages(linear, first=50, order="updatedAt") for row in page["nodes"]]
    linear.clock.advance(seconds=1)
    linear.update_issue(last["id"], title="Jumps")
    rest, after = [], first["pageInfo"]["endCursor"]
    while after:
        page = linear.data(PAGE, first=5, order="updatedAt", after=after)["issues"]
        rest += [row["id"] for row in page["nodes"]]
        after = page["pageInfo"]["endCursor"] if page["pageInfo"]["hasNextPage"] else None
    assert last["id"] not in rest


def test_last_and_before_walk_backwards(linear):
    forwards = linear.data("{ issues(first: 250) { nodes { id } } }")["issues"]["nodes"]
    backwards, before = [], None
    while True:
        page = linear.data(
            """query($before: String) { issues(last: 6, before: $before) {
            nodes { id } pageInfo { hasPreviousPage hasNextPage startCursor } } }""",
            before=before,
        )["issues"]
        backwards = page["nodes"] + backwards
        assert page["pageInfo"]["hasNextPage"] is (before is not None)
        if not page["pageInfo"]["hasPreviousPage"]:
            break
        before = page["pageInfo"]["startCursor"]
    assert backwards == forwards


def test_page_holds_50_unless_told_otherwise(make_linear):
    linear = make_linear(tasks=200)
    found = linear.data("{ issues { nodes { id } pageInfo { hasNextPage } } }")["issues"]
    assert len(found["nodes"]) == 50
    assert found["pageInfo"]["hasNextPage"] is True


def test_edges_carry_the_same_rows_with_their_cursors(linear):
    found = linear.data("{ issues(first: 3) { nodes { id } edges { cursor node { id } } pageInfo { endCursor } } }")
    edges = found["issues"]["edges"]
    assert [edge["node"] for edge in edges] == found["issues"]["nodes"]
    assert edges[-1]["cursor"] == found["issues"]["pageInfo"]["endCursor"]


@pytest.mark.parametrize(
    "arguments",
    ["first: 251", "last: 251", "first: 0", "first: -1", "first: 5, last: 5", 'after: "nonsense"', 'before: "bnVsbA"'],
)
def test_impossible_paging_is_an_argument_validation_error(linear, arguments):
    error = linear.error(f"{{ issues({arguments}) {{ nodes {{ id }} }} }}")
    assert error["message"] == "Argument Validation Error"
    assert error["extensions"]["code"] == "INVALID_INPUT"


def test_cursor_of_another_order_is_refused(linear):
    end = linear.data(PAGE, first=1, order="updatedAt")["issues"]["pageInfo"]["endCursor"]
    assert linear.error(PAGE, after=end, order="createdAt")["extensions"]["code"] == "INVALID_INPUT"


def test_archived_and_trashed_issues_show_only_when_asked_for(linear):
    archived, trashed = linear.create_issue()["id"], linear.create_issue()["id"]
    linear.result("issueArchive", "success", id=("String!", archived))
    linear.result("issueDelete", "success", id=("String!", trashed))
    shown = {row["id"] for page in pages(linear, first=50) for row in page["nodes"]}
    everything = {row["id"] for page in pages(linear, first=50, archived=True) for row in page["nodes"]}
    assert not shown & {archived, trashed}
    assert {archived, trashed} <= everything
    assert linear.issue(trashed, "trashed")["trashed"] is True


def test_nested_connections_page_like_any_other(linear):
    issue = linear.create_issue()["id"]
    for number in range(3):
        linear.clock.advance(seconds=1)
        linear.result(
            "commentCreate", "success", input=("CommentCreateInput!", {"issueId": issue, "body": f"{number}"})
        )
    page = linear.issue(issue, "comments(first: 2) { nodes { body } pageInfo { hasNextPage } }")["comments"]
    assert [comment["body"] for comment in page["nodes"]] == ["2", "1"]
    assert page["pageInfo"]["hasNextPage"] is True
