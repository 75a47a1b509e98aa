"""Listing what changed: minutes, caps, cursors, hidden data sources, and what cannot be seen to change."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import requests

from tests.integrations.notion.workspace import Workspace, workspace
from worklake.errors import AccessError, InvalidInputError, LeftOutError, RetryableError
from worklake.integrations.base import Item, Page
from worklake.integrations.notion.pages import steady
from worklake.integrations.notion.position import Mark, Position
from worklake.model.rows import Kind


@pytest.fixture
def notion() -> Iterator[Workspace]:
    with workspace() as made:
        yield made


def pages(notion: Workspace, position: str | None = None) -> list[Page]:
    return list(notion.opened.list_changed(position, datetime.now(UTC)))


def ids(listed: list[Page]) -> list[str]:
    return [str(item.external_id) for page in listed for item in page.items]


def test_what_was_edited_in_the_minute_of_the_listing_is_brought_again(notion: Workspace):
    page = notion.page()
    first = pages(notion)
    notion.edit(page, title="The same minute")
    second = pages(notion, first[-1].position)
    assert ids(second) == [page]
    (task,) = [one for one in notion.opened.complete(second[-1].items) if one.kind is Kind.TASK]
    assert notion.view(task).fields["title"] == "The same minute"


def test_edit_of_the_body_that_the_times_do_not_tell_makes_another_payload(notion: Workspace):
    page = notion.page(description="One")
    (during,) = pages(notion)[-1].items
    notion.edit(page, description="Two")
    notion.served.clock.forward(minutes=2)
    (after,) = pages(notion)[-1].items
    assert during.payload["last_edited_time"] == after.payload["last_edited_time"]
    assert during.payload != after.payload
    (again,) = pages(notion)[-1].items
    assert again.payload == after.payload


def test_quiet_listing_is_one_call_and_brings_nothing_once_the_minute_is_long_over(notion: Workspace):
    notion.page()
    position = pages(notion)[-1].position
    assert pages(notion, position)[-1].position == position
    notion.served.clock.forward(minutes=5)
    settled = pages(notion, position)[-1].position
    notion.http.calls.clear()
    quiet = pages(notion, settled)
    assert (ids(quiet), quiet[-1].position, len(notion.http.calls)) == ([], settled, 1)
    later = notion.page("Later")
    assert ids(pages(notion, settled)) == [later]


def test_scan_is_not_led_astray_by_edits_during_it(notion: Workspace):
    made = [notion.page(f"Page {number}") for number in range(250)]
    notion.served.clock.forward(minutes=10)
    listing = notion.opened.list_changed(None, datetime.now(UTC))
    first = next(listing)
    for page in made[95:130]:
        notion.edit(page, title="Edited meanwhile")
    rest = [first, *listing]
    assert sorted(ids(rest)) == sorted(made)
    again = ids(pages(notion, rest[-1].position))
    assert set(made[95:130]) <= set(again)


def test_listing_that_was_stopped_goes_on_where_it_was_also_much_later(notion: Workspace):
    made = []
    for number in range(6):
        made += [notion.page(f"{number}/{one}") for one in range(50)]
        notion.served.clock.forward(minutes=1)
    for stop in range(1, 4):
        had = pages(notion)[:stop]
        notion.served.clock.forward(minutes=30)
        rest = pages(notion, had[-1].position)
        assert set(ids(had)) | set(ids(rest)) == set(made)
        assert len(ids(rest)) < len(made) - 50 * (stop - 1)


def test_more_rows_than_a_query_gives_are_read_in_windows(notion: Workspace):
    made = []
    for number in range(8):
        made += [notion.page(f"{number}/{one}") for one in range(10)]
        notion.served.clock.forward(minutes=1)
    notion.store.query_limit = 25
    assert sorted(ids(pages(notion))) == sorted(made)
    assert sorted(notion.opened.list_ids()) == sorted(made)
    asked = [one.body.get("filter") for one in notion.http.calls if one.path.endswith("/query")]
    assert sum(one is not None for one in asked) >= 6


def test_more_rows_of_one_minute_than_a_query_gives_are_an_error_that_says_so(notion: Workspace):
    for number in range(30):
        notion.page(str(number))
    notion.store.query_limit = 25
    with pytest.raises(RetryableError, match="in one minute"):
        pages(notion)
    with pytest.raises(RetryableError, match="in one minute"):
        list(notion.opened.list_ids())


def test_cursor_that_is_not_accepted_any_more_costs_no_row(notion: Workspace, monkeypatch):
    made = []
    for number in range(4):
        made += [notion.page(f"{number}/{one}") for one in range(60)]
        notion.served.clock.forward(minutes=1)
    listing = notion.opened.list_changed(None, datetime.now(UTC))
    first = next(listing)
    rule = {"method": "POST", "path": "/query", "status": 400, "times": 1}
    body = {"object": "error", "status": 400, "code": "validation_error", "message": "The start_cursor is invalid"}
    requests.post(f"{notion.served.control_url}/faults", json=[{**rule, "body": body}], timeout=10)
    assert sorted(ids([first, *listing])) == sorted(made)


def test_hidden_data_source_is_named_and_the_others_are_read(notion: Workspace):
    tasks = next(iter(notion.settings.data_sources.values()))
    other = next(one for one in notion.store.data_sources if one != tasks.id)
    both = {"notes": tasks.model_copy(update={"id": other}), "tasks": tasks}
    notion.anew(data_sources=both)
    page = notion.page()
    notion.store.data_sources[other].shared = False
    listing = notion.opened.list_changed(None, datetime.now(UTC))
    brought = []
    with pytest.raises(AccessError, match=r"no data source notes \(.*Connections"):
        brought.extend(listing)
    assert ids(brought) == [page]
    with pytest.raises(AccessError, match="notes"):
        list(notion.opened.list_ids())


def test_what_is_no_page_is_no_task(notion: Workspace, monkeypatch):
    page = notion.page()
    rows = notion.opened._client.rows

    def with_a_data_source(*asked):
        listed = rows(*asked)
        return listed._replace(entries=[{"object": "data_source", "id": "other"}, *listed.entries])

    monkeypatch.setattr(notion.opened._client, "rows", with_a_data_source)
    assert ids(pages(notion)) == [page] == list(notion.opened.list_ids())


def test_trashed_and_unshared_pages_are_in_no_list(notion: Workspace):
    there, trashed, hidden = notion.page("a"), notion.page("b"), notion.page("c")
    position = pages(notion)[-1].position
    notion.edit(trashed, in_trash=True)
    notion.edit(hidden, shared=False)
    assert list(notion.opened.list_ids()) == [there]
    assert ids(pages(notion, position)) == [there]


def test_list_of_ids_asks_for_no_more_than_the_title(notion: Workspace):
    notion.page()
    rows = notion.opened._client.rows(next(iter(notion.settings.data_sources.values())).id, {}, "title").entries
    assert [list(row["properties"]) for row in rows] == [["Name"]]
    notion.http.calls.clear()
    assert len(list(notion.opened.list_ids())) == len(notion.http.calls) == 1


def test_items_of_which_body_and_comments_do_not_come_are_named_and_the_rest_comes(notion: Workspace):
    good, bad = notion.page("good"), notion.page("bad")
    items = [item for page in pages(notion) for item in page.items]
    rule = {"path": f"/blocks/{bad}/children", "status": 403, "body": {"message": "no"}}
    requests.post(f"{notion.served.control_url}/faults", json=[rule], timeout=10)
    completed: list[Item] = []
    with pytest.raises(LeftOutError) as left:
        completed.extend(notion.opened.complete(items))
    assert list(left.value.reasons) == [bad]
    assert [one.external_id for one in completed if one.kind is Kind.TASK] == [good]


def test_page_that_goes_while_it_is_completed_is_left_to_the_sweep(notion: Workspace):
    page = notion.page()
    items = [item for one in pages(notion) for item in one.items]
    notion.served.provider.delete_item(page)
    assert [one for one in notion.opened.complete(items) if one.kind is Kind.TASK] == []


def test_addresses_of_files_which_are_signed_anew_each_time_are_no_change():
    def page(sign: str) -> dict[str, Any]:
        file = {"type": "file", "file": {"url": f"https://files.example/a.png?sign={sign}", "expiry_time": sign}}
        return {"icon": file, "cover": None, "properties": {"Files": {"type": "files", "files": [file]}, "X": None}}

    assert steady(page("1")) == steady(page("2"))
    assert steady(page("1"))["icon"]["file"] == {"url": "https://files.example/a.png"}


@pytest.mark.parametrize("text", ["", "[]", '{"x": 7}', '{"x": {"since": "yesterday"}}', '{"x": {"started": "2026"}}'])
def test_position_that_is_none_is_refused(text: str):
    with pytest.raises(InvalidInputError, match="stored position of a Notion source"):
        Position.parse(text)


def test_position_is_the_same_text_again():
    text = Position(
        {"b": Mark("2026-03-18T09:30:00.000Z"), "a": Mark().begun(datetime(2026, 3, 18, tzinfo=UTC))}
    ).text()
    assert Position.parse(text).text() == text
    assert list(json.loads(text)) == ["a", "b"]
