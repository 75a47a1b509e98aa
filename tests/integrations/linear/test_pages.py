"""Answers that are no pages, and pages that have no end: named, and no obstacle to what else can be read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from worklake.errors import RetryableError
from worklake.integrations.base import Item
from worklake.integrations.linear.listing import STREAM_KINDS, Listing
from worklake.integrations.linear.pages import all_nodes
from worklake.integrations.linear.queries import Call
from worklake.integrations.linear.rest import completed
from worklake.model.rows import Kind

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
EMPTY: Mapping[str, Any] = {"nodes": [], "pageInfo": {"hasNextPage": False, "endCursor": None}}
Answer = Callable[[str, Mapping[str, Any]], dict[str, Any]]


def issue(name: str, second: int = 0) -> dict[str, Any]:
    return {"id": name, "updatedAt": f"2026-03-01T11:00:{second:02}.000Z", "team": {"key": "ENG"}}


def page(*nodes: Any, after: str | None = None) -> dict[str, Any]:
    return {"nodes": list(nodes), "pageInfo": {"hasNextPage": after is not None, "endCursor": after}}


def changes(**streams: Any) -> dict[str, Any]:
    about = {"organization": {"urlKey": "acme"}, "teams": {"nodes": [{"key": "ENG"}]}}
    return {**about, **dict.fromkeys(STREAM_KINDS, EMPTY), **streams}


def listing(answer: Answer, position: str | None = None) -> Listing:
    def ask(call: Call) -> dict[str, Any]:
        return answer(str(call.operation_name), call.variable_values or {})

    return Listing(ask, "linear", ["ENG"], position, NOW)


def read(answer: Answer, position: str | None = None) -> tuple[list[str | None], str | None, str | None]:
    """The ids that came, the last position, and what was raised in the end."""
    found: list[str | None] = []
    try:
        for one in listing(answer, position).pages():
            found += [item.external_id for item in one.items]
            position = one.position
    except RetryableError as error:
        return found, position, str(error)
    return found, position, None


@pytest.mark.parametrize(
    ("broken", "told"),
    [
        (None, "comments: found nothing, expected a page"),
        ([], r"comments: found [], expected a page"),
        ({"nodes": None, "pageInfo": {"hasNextPage": False}}, "comments.nodes: found nothing, expected a page"),
        ({"nodes": []}, "comments.pageInfo: found nothing, expected a page"),
        ({"nodes": [], "pageInfo": None}, "comments.pageInfo: found nothing, expected a page"),
    ],
)
def test_a_stream_that_is_no_page_is_named_and_the_others_are_read(broken: Any, told: str) -> None:
    found, position, raised = read(lambda *_: changes(issues=page(issue("a")), comments=broken))
    assert found == ["a"]
    assert raised is not None and raised.startswith("linear: ") and told in raised and "un it again later" in raised
    comment = {"id": "c", "updatedAt": "2026-02-01T00:00:00.000Z"}
    assert read(lambda *_: changes(comments=page(comment)), position)[0] == ["c"]


def test_parts_of_an_answer_that_are_null_are_no_obstacle() -> None:
    teams = {"nodes": [None, {"key": "ENG"}]}
    answer = changes(teams=teams, organization=None, issues=page(None, issue("a")))
    assert sorted(map(str, read(lambda *_: answer)[0])) == ["None", "a"]


def circling(operation: str, given: Mapping[str, Any]) -> dict[str, Any]:
    if operation == "Changes":
        return changes(issues=page(issue("a", 30), after="1"), comments=page(after="1"))
    if operation == "Issues":
        return {"issues": page(issue("b", 20), after="2" if given["after"] == "1" else "1")}
    comment = {"id": "c", "updatedAt": "2026-03-01T11:00:00.000Z"}
    return {"comments": page(comment)}


def endless(operation: str, given: Mapping[str, Any]) -> dict[str, Any]:
    if operation == "Issues":
        return {"issues": page(after=str(int(given["after"]) + 1))}
    return circling(operation, given)


def still(operation: str, given: Mapping[str, Any]) -> dict[str, Any]:
    if operation == "Issues":
        return {"issues": page(issue("b", 20), after=given["after"])}
    return circling(operation, given)


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (circling, "the same page again and again"),
        (endless, "one empty page after the other"),
        (still, "more issues after the cursor '1', but not where they start"),
    ],
)
def test_a_stream_without_an_end_is_given_up_and_the_others_are_read(answer: Answer, told: str) -> None:
    found, position, raised = read(answer)
    assert {"a", "c"} <= set(found)
    assert raised is not None and raised.startswith("linear: ") and told in raised

    def mended(operation: str, given: Mapping[str, Any]) -> dict[str, Any]:
        if operation == "Changes":
            return changes(issues=page(issue("new", 40)))
        return {"issues": page(issue("b", 20), issue("old", 10))}

    assert set(read(mended, position)[0]) == {"new", "b", "old"}


def test_a_stream_that_stays_without_an_end_hides_nothing_new() -> None:
    _, position, _ = read(circling)

    def later(operation: str, given: Mapping[str, Any]) -> dict[str, Any]:
        if operation == "Changes":
            return changes(issues=page(issue("new", 40), after="1"))
        return circling(operation, given)

    found, position, raised = read(later, position)
    assert "new" in found and raised is not None

    def mended(operation: str, _: Mapping[str, Any]) -> dict[str, Any]:
        return {"issues": page(issue("old", 10))} if operation == "Issues" else changes()

    assert "old" in read(mended, position)[0]


def test_the_nodes_of_a_list_without_an_end_are_given_up() -> None:
    with pytest.raises(RetryableError, match="Linear's list of issues has no end"):
        list(all_nodes(lambda after: {"issues": page(issue("a"), after="2" if after == "1" else "1")}, "issues"))
    with pytest.raises(RetryableError, match="comments: found nothing"):
        list(all_nodes(lambda after: None, "comments"))


def test_issues_that_the_rest_does_not_show_stay_as_they_were_listed() -> None:
    short = {"nodes": [], "pageInfo": {"hasNextPage": True}}
    item = Item(Kind.TASK, "a", {**issue("a"), "labels": short})
    assert list(completed(lambda call: {"issues": {"nodes": [None, {"id": "b"}]}}, [item])) == [item]
