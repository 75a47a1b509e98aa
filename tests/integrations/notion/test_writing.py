"""Writing pages: what is sent, in how many calls, and what becomes of it where Notion is unwell."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import requests

from tests.integrations.notion.workspace import Workspace, marker, workspace
from tests.support.notion_schemas import problems_of_request
from worklake.errors import (
    InvalidInputError,
    NotFoundError,
    RefusedValueError,
    RetryableError,
    UnknownOutcomeError,
)
from worklake.integrations.base import LastSeen, Where
from worklake.integrations.http import TRIES
from worklake.model.ids import CommentId, digest

NOW = datetime.now(UTC) - timedelta(days=999)
BODY = "# Head\n\nOne.\n\nTwo.\n\n- a\n- b\n\nThree."


@pytest.fixture(scope="module")
def notion() -> Iterator[Workspace]:
    with workspace() as made:
        yield made


@pytest.fixture(autouse=True)
def well(notion: Workspace) -> Iterator[None]:
    notion.anew()
    yield
    requests.delete(f"{notion.served.control_url}/faults", timeout=10)
    notion.misfortunes.conflicts = notion.misfortunes.overloads = notion.misfortunes.saved_but_503 = 0


def test_new_page_with_all_its_fields_is_one_call_and_one_that_reads_its_body(notion: Workspace):
    notion.create("warm")
    notion.http.calls.clear()
    made = notion.create(
        "All", description=BODY, status="started", priority="high", labels=["x"], due_date="2026-04-01"
    )
    assert [(one.method, one.path.count("/")) for one in notion.http.calls] == [("POST", 2), ("GET", 4)]
    fields = notion.view(made).fields
    assert (fields["description"], fields["status"], fields["labels"]) == (BODY, "started", ["x"])
    assert notion.view(made).markers == [marker("All")]


def test_new_page_is_found_by_its_external_id_which_no_field_shows(notion: Workspace):
    made = notion.create("Found", description="text")
    found = notion.opened.find_created(marker("Found"), None, NOW)
    assert found is not None and found.external_id == made.external_id
    assert marker("Found") not in str(notion.view(found).fields)
    assert notion.opened.find_created(marker("Never"), None, NOW) is None


def test_of_a_page_that_a_person_duplicated_the_first_is_the_one_that_was_made(notion: Workspace):
    made = notion.create("Twice")
    notion.served.clock.forward(minutes=1)
    text = {"rich_text": [{"text": {"content": marker("Twice")}}]}
    notion.page("Twice, copied", properties={"External ID": text})
    found = notion.opened.find_created(marker("Twice"), None, NOW)
    assert found is not None and found.external_id == made.external_id


def test_body_longer_than_a_call_takes_is_written_in_several(notion: Workspace):
    text = "\n\n".join(f"Paragraph {number}" for number in range(250))
    notion.http.calls.clear()
    made = notion.create("Long", description=text)
    assert notion.view(made).fields["description"] == text
    assert notion.sent() == [("POST", "pages"), ("PATCH", "blocks/:id/children"), ("PATCH", "blocks/:id/children")]


def test_properties_alone_are_one_call_that_names_only_them(notion: Workspace):
    page = notion.page(description=BODY)
    notion.update(page, title="Other", due_date="2026-05-01")
    assert notion.sent() == [("PATCH", "pages/:id")]
    (call,) = [one for one in notion.http.calls if one.method == "PATCH"]
    assert set(call.body["properties"]) == {"Name", "Due"}


CHANGES = {
    "a paragraph": (BODY.replace("One.", "Uno."), ["PATCH blocks/:id"]),
    "a new last paragraph": (BODY + "\n\nFour.", ["PATCH blocks/:id/children"]),
    "a new first paragraph": ("Zero.\n\n" + BODY, ["PATCH blocks/:id/children"]),
    "one in between": (BODY.replace("Two.", "One and a half.\n\nTwo."), ["PATCH blocks/:id/children"]),
    "one less": (BODY.replace("Two.\n\n", ""), ["DELETE blocks/:id"]),
    "another kind of block": (BODY.replace("Two.", "> Two."), ["PATCH blocks/:id/children", "DELETE blocks/:id"]),
    "nothing left": ("", ["PATCH pages/:id"]),
    "nothing new": (BODY, []),
}


@pytest.mark.parametrize("kind", CHANGES)
def test_body_is_changed_block_by_block(notion: Workspace, kind: str):
    text, calls = CHANGES[kind]
    page = str(notion.create(f"Body {kind}", description=BODY).external_id)
    before = {one.id: one.content for one in notion.store.pages[page].body}
    shown = notion.update(page, description=text or None)
    assert (shown["description"] or "") == text
    assert [" ".join(one) for one in notion.sent()] == calls
    kept = [one.id for one in notion.store.pages[page].body if one.id in before]
    assert len(kept) >= len(before) - 1 or kind == "nothing left"


def _callout(notion: Workspace, page: str, at_start: bool) -> None:
    workspace = notion.served.provider._workspace  # type: ignore[attr-defined]
    text = [{"text": {"content": "Unknown here"}}]
    child = {"paragraph": {"rich_text": text}}
    person = notion.store.people()[0]
    sent = [{"callout": {"rich_text": text, "children": [child]}}]
    workspace.append(notion.store.pages[page], None, sent, None, at_start, person)


@pytest.mark.parametrize("text", ["Other text.\n\nAnd more.", BODY + "\n\nFour.", None, "Zero.\n\n" + BODY])
def test_blocks_that_are_not_known_are_neither_shown_nor_touched(notion: Workspace, text: str | None):
    page = notion.page(f"With callouts, {text}", description=BODY)
    _callout(notion, page, True)
    _callout(notion, page, False)
    unknown = [one for one in notion.store.pages[page].body if one.type == "callout"]
    assert notion.shown(page)["description"] == BODY
    assert notion.update(page, description=text)["description"] == text
    left = [one for one in notion.store.pages[page].body if one.type == "callout"]
    assert left == unknown and not any(one.in_trash or not one.children for one in left)


def test_new_page_of_which_only_the_first_part_of_the_body_came_is_given_as_it_is_and_on_the_way(notion: Workspace):
    text = "\n\n".join(f"Paragraph {number}" for number in range(250))
    for writes in (1, 2):
        notion.http.write_no_more_after(writes)
        made = notion.create(f"In part {writes}", description=text)
        notion.http.write_no_more_after(None)
        half = notion.view(made).fields["description"]
        assert half == "\n\n".join(text.split("\n\n")[: 100 * writes])
        assert notion.opened.lens.is_on_the_way("description", None, text, half)
        assert notion.update(str(made.external_id), description=text)["description"] == text
        assert len(notion.sent()) == 3 - writes


REWRITTEN = {
    "here and there": "# Head\n\nUno.\n\n> quoted\n\n- a\n- c\n\nThree.\n\nFour.",
    "all of it": "1. x\n2. y\n\n---\n\n```\nz\n```",
    "less": "Three.",
    "more than a call takes": "\n\n".join(f"Paragraph {number}" for number in range(150)),
}


@pytest.mark.parametrize("kind", REWRITTEN)
def test_body_whose_writing_stopped_anywhere_is_known_to_be_on_the_way(notion: Workspace, kind: str):
    sent, points = REWRITTEN[kind], 0
    while True:
        page = str(notion.create(f"Stopped {kind} {points}", description=BODY).external_id)
        shown = notion.shown(page)
        notion.http.write_no_more_after(points)
        try:
            notion.opened.update(page, {"description": sent}, shown)
        except (RetryableError, UnknownOutcomeError) as error:
            assert isinstance(error, UnknownOutcomeError) == (points > 0)
            half = notion.shown(page)["description"]
            lens = notion.opened.lens
            assert lens.is_on_the_way("description", BODY, sent, half) == (points > 0)
            assert not lens.is_on_the_way("description", BODY, sent, f"{half}\n\nTyped by a person.")
            assert not lens.is_on_the_way("title", BODY, sent, half)
            points += 1
        else:
            break
        finally:
            notion.http.write_no_more_after(None)
    assert points > 1
    assert notion.shown(page)["description"] == sent


def test_body_that_was_edited_since_it_was_read_is_left_to_the_next_run(notion: Workspace):
    page = notion.page(description="One.\n\nTwo.")
    shown = notion.shown(page)
    notion.edit(page, description="By a person.")
    block = notion.store.pages[page].body[0]
    gone = {"method": "PATCH", "path": "/blocks/", "status": 404, "body": {"message": "Could not find block"}}
    requests.post(f"{notion.served.control_url}/faults", json=[gone], timeout=10)
    with pytest.raises(RetryableError, match="edited the page's body meanwhile"):
        notion.opened.update(page, {"description": "Uno.\n\nTwo."}, shown)
    assert notion.store.pages[page].body == [block]


def test_text_that_notion_does_not_take_is_refused_as_the_description(notion: Workspace):
    refusal = {"object": "error", "code": "validation_error", "message": "body failed validation: body.children[0]"}
    rule = {"method": "PATCH", "path": "/children", "status": 400, "body": refusal, "times": 1}
    requests.post(f"{notion.served.control_url}/faults", json=[rule], timeout=10)
    with pytest.raises(RefusedValueError) as refused:
        notion.update(notion.page(), description="New.")
    assert refused.value.fields == ("description",)
    requests.delete(f"{notion.served.control_url}/faults", timeout=10)
    late = {**rule, "method": "DELETE", "path": "/blocks/", "body": {**refusal, "message": "Nope"}}
    requests.post(f"{notion.served.control_url}/faults", json=[late])
    with pytest.raises(UnknownOutcomeError, match=r"Nope.* A part was done"):
        notion.update(notion.page(description="Old."), description="> New.")
    requests.post(f"{notion.served.control_url}/faults", json=[{**rule, "method": "POST", "path": "/pages"}])
    with pytest.raises(RefusedValueError) as refused:
        notion.create("Refused", description="New.")
    assert refused.value.fields == ("description",)


def test_text_that_a_person_formatted_otherwise_stays_when_another_part_is_written(notion: Workspace):
    page = notion.page(description="One.\n\nTwo.")
    first = notion.store.pages[page].body[0]
    first.content["rich_text"][0]["annotations"]["underline"] = True
    notion.update(page, description="One.\n\nChanged.")
    assert notion.store.pages[page].body[0] is first
    assert first.content["rich_text"][0]["annotations"]["underline"] is True


def test_nested_lists_and_tables_come_back_as_they_went(notion: Workspace):
    text = "- [ ] one\n  - two\n    - three\n- [x] four\n\n| a | b |\n| --- | --- |\n| 1 | **2** |\n\n> q\n>\n> - z"
    made = notion.create("Nested", description=text)
    assert notion.view(made).fields["description"] == text
    assert notion.shown(str(made.external_id))["description"] == text


def test_writes_wait_out_conflicts_and_overload(notion: Workspace):
    page = notion.page()
    notion.misfortunes.conflicts, notion.misfortunes.overloads = 2, 1
    assert notion.update(page, title="Patient")["title"] == "Patient"
    assert len(notion.http.pauses) == 3


def test_conflict_that_does_not_end_was_not_done(notion: Workspace):
    page = notion.page("Before")
    notion.misfortunes.conflicts = TRIES
    with pytest.raises(RetryableError, match="another change was made at the same moment"):
        notion.update(page, title="After")
    assert notion.shown(page)["title"] == "Before"


@pytest.mark.parametrize("times", [1, 3])
def test_what_was_saved_although_the_answer_says_503_is_done_and_done_once(notion: Workspace, times: int):
    notion.create(f"warm 503 {times}")
    notion.misfortunes.saved_but_503 = times
    name = f"Saved {times}"
    text = "\n\n".join(f"Paragraph {number}" for number in range(250))
    made = notion.create(name, description=text)
    assert notion.view(made).fields["description"] == text
    titles = [one.values["title"][0]["plain_text"] for one in notion.store.pages.values()]
    assert titles.count(name) == 1
    notion.misfortunes.saved_but_503 = times
    shown = notion.update(str(made.external_id), title=f"{name}!", description="Zero.\n\n" + text)
    assert (shown["title"], shown["description"]) == (f"{name}!", "Zero.\n\n" + text)
    notion.misfortunes.saved_but_503 = 1
    said = notion.opened.add_comment(str(made.external_id), "Hm", marker=_comment("hm"), made_id=None)
    assert [one.external_id for one in notion.opened.comments(str(made.external_id))] == [said.external_id]


def _comment(name: str):

    return CommentId("comment_" + digest("notion tests", name))


def test_write_that_stops_half_way_is_not_known_to_be_undone(notion: Workspace):
    page = notion.page(description="One.")
    rule = {"method": "PATCH", "path": "/blocks/", "status": 429, "headers": {"Retry-After": "900"}}
    requests.post(f"{notion.served.control_url}/faults", json=[rule], timeout=10)
    with pytest.raises(UnknownOutcomeError, match="A part was done"):
        notion.update(page, title="Half", description="One.\n\nTwo.")
    with pytest.raises(RetryableError):
        notion.update(page, description="One.\n\nTwo.")


@pytest.mark.parametrize("status", [403, 404, 503])
def test_what_was_done_is_never_said_to_be_undone_because_it_cannot_be_read_back(notion: Workspace, status: int):
    page = notion.page(description="One.")
    shown = notion.shown(page)
    notion.create("warm unreadable")
    rule = {"method": "GET", "path": "/blocks/|/pages/", "status": status, "body": {"message": "not now"}}
    requests.post(f"{notion.served.control_url}/faults", json=[rule], timeout=10)
    with pytest.raises(UnknownOutcomeError):
        notion.create(f"Unreadable {status}", description="Text.")
    with pytest.raises(UnknownOutcomeError):
        notion.opened.update(page, {"description": "Two."}, shown)
    notion.misfortunes.saved_but_503 = 1
    with pytest.raises(UnknownOutcomeError):
        notion.create(f"Saved unreadable {status}")
    requests.delete(f"{notion.served.control_url}/faults", timeout=10)
    assert notion.shown(page)["description"] == "Two."
    for name in (f"Unreadable {status}", f"Saved unreadable {status}"):
        assert notion.opened.find_created(marker(name), None, NOW) is not None


def test_sets_keep_what_others_added_since_the_plan_and_lose_what_was_taken_out(notion: Workspace):
    page = notion.page(labels=["kept", "gone"])
    seen = notion.shown(page)
    notion.edit(page, labels=["kept", "gone", "theirs"])
    notion.opened.read(page)
    shown = notion.view(notion.opened.update(page, {"labels": ["kept", "ours"]}, seen)).fields
    assert shown["labels"] == ["kept", "ours", "theirs"]


def test_more_than_25_references_are_read_and_written_whole(notion: Workspace):
    others = sorted(notion.page(f"Other {number}") for number in range(31))
    page = notion.page("Blocked", blocked_by=others[:30])
    assert notion.shown(page)["blocked_by"] == others[:30]
    assert notion.update(page, blocked_by=others)["blocked_by"] == others


def test_long_title_of_many_pieces_is_read_whole(notion: Workspace):
    pieces = [{"text": {"content": str(number % 10)}, "annotations": {"bold": number % 2 == 0}} for number in range(40)]
    page = notion.page()
    patch = {"properties": {"Name": {"title": pieces}}}
    headers = {"Authorization": f"Bearer {notion.served.token}", "Notion-Version": "2026-03-11"}
    assert requests.patch(f"{notion.served.base_url}/v1/pages/{page}", json=patch, headers=headers, timeout=10).ok
    assert notion.shown(page)["title"] == "".join(str(number % 10) for number in range(40))


REFUSED = {
    "assignees": ["00000000-0000-4000-8000-000000000000"],
    "parent_id": "00000000-0000-4000-8000-000000000000",
    "blocked_by": ["00000000-0000-4000-8000-000000000000"],
    "title": "   ",
}


@pytest.mark.parametrize("field", REFUSED)
def test_value_that_notion_does_not_take_is_refused_by_name(notion: Workspace, field: str):
    page = notion.page(f"Refusing {field}")
    with pytest.raises(RefusedValueError) as refused:
        notion.update(page, **{field: REFUSED[field]})
    assert refused.value.fields == (field,)


def test_field_without_a_property_is_refused_by_name_and_left_out_of_new_pages(notion: Workspace):
    tasks = notion.settings.data_sources["tasks"]
    properties = tasks.properties.model_copy(update={"due_date": None})
    before = notion.settings
    notion.anew(data_sources={"tasks": tasks.model_copy(update={"properties": properties})})
    try:
        page = notion.page()
        assert "due_date" not in notion.shown(page)
        with pytest.raises(RefusedValueError, match="no property of the data source stands for due_date") as refused:
            notion.update(page, due_date="2026-04-01")
        assert refused.value.fields == ("due_date",)
        assert notion.view(notion.create("Without a day", due_date="2026-04-01")).fields["title"] == "Without a day"
    finally:
        notion.settings = before


def test_without_a_body_and_comments_a_page_is_read_in_one_call(notion: Workspace):
    tasks = notion.settings.data_sources["tasks"].model_copy(update={"body": False})
    before = notion.settings
    notion.anew(data_sources={"tasks": tasks}, comments=False)
    try:
        page = notion.page(description="Not ours")
        notion.http.calls.clear()
        assert "description" not in notion.shown(page)
        assert len(notion.http.calls) == 1
        made = str(notion.create("No body", description="left out").external_id)
        assert notion.store.pages[made].body == []
        listed = [one for part in notion.opened.list_changed(None, NOW) for one in part.items]
        notion.http.calls.clear()
        assert {str(one.kind) for one in notion.opened.complete(listed)} == {"task", "person"}
        paths = [one.path for one in notion.http.calls]
        assert not any("/blocks/" in path or "/comments" in path for path in paths)
    finally:
        notion.settings = before


def test_several_data_sources_and_a_select_as_status(notion: Workspace):
    other = next(one for one in notion.store.data_sources.values() if one.name == "Notes")
    headers = {"Authorization": f"Bearer {notion.served.token}", "Notion-Version": "2026-03-11"}
    stages = {"Stage": {"select": {}}, "External ID": {"rich_text": {}}}
    url = f"{notion.served.base_url}/v1/data_sources/{other.id}"
    assert requests.patch(url, json={"properties": stages}, headers=headers, timeout=10).ok
    tasks = notion.settings.data_sources["tasks"]
    statuses = {f"is {name}": meaning for name, meaning in tasks.statuses.items()}
    properties = type(tasks.properties)(status="Stage")
    notes = type(tasks)(id=other.id, properties=properties, statuses=statuses)
    before = notion.settings
    notion.anew(data_sources={"tasks": tasks, "notes": notes}, create_in="notes")
    try:
        made = notion.create("In the notes", status="started", priority="high")
        assert made.payload["parent"]["data_source_id"] == other.id
        assert dict(notion.view(made).fields) == {
            "title": "In the notes", "description": None, "status": "started", "archived": False,
        }  # fmt: skip
        assert made.payload["properties"]["Stage"]["select"]["name"] == "is In progress"
        assert notion.view(notion.opened.close(str(made.external_id))).fields["status"] == "canceled"
        task = notion.opened.create({"title": "A task"}, where="tasks", marker=marker("A task"), made_id=None)
        assert task.payload["parent"]["data_source_id"] == tasks.id
        found = notion.opened.find_created(marker("A task"), None, NOW)
        assert found is not None and found.external_id == task.external_id
        ids = {str(one.external_id) for part in notion.opened.list_changed(None, NOW) for one in part.items}
        assert {made.external_id, task.external_id} <= ids == set(notion.opened.list_ids())
    finally:
        notion.settings = before


def test_status_whose_option_is_gone_is_refused_and_missing_in_the_vocabulary(notion: Workspace):
    page = notion.page()
    status = next(one for one in next(iter(notion.store.data_sources.values())).properties if one.type == "status")
    option = next(one for one in status.options if one.name == "Backlog")
    status.options.remove(option)
    try:
        with pytest.raises(RefusedValueError) as refused:
            notion.update(page, status="backlog")
        assert refused.value.fields == ("status",)
        names = notion.opened.vocabulary(frozenset({"status"}))
        assert names.missing == {"status": ("Backlog",)} and "status" not in names.assumed
    finally:
        status.options.append(option)


def test_page_without_the_property_for_the_marker_is_not_made(notion: Workspace):
    source = next(iter(notion.store.data_sources.values()))
    prop = source.find("External ID")
    source.properties.remove(prop)
    try:
        with pytest.raises(RefusedValueError, match="worklake init --notion"):
            notion.create("Unmarked")
    finally:
        source.properties.append(prop)
    with pytest.raises(InvalidInputError, match="no data source 'elsewhere'"):
        notion.opened.create({"title": "x"}, where="elsewhere", marker=marker("x"), made_id=None)


def test_trash_is_the_archive_and_no_deletion(notion: Workspace):
    page = notion.page("To the trash", description="text")
    seen = LastSeen(page, None, notion.shown(page))
    assert notion.view(notion.opened.archive(page)).fields["archived"] is True
    view = notion.view(notion.opened.read(page))
    assert (view.deleted, view.fields["archived"], view.fields["description"]) == (False, True, "text")
    assert [one.where for one in notion.opened.find_out([seen])] == [Where.ARCHIVED]
    with pytest.raises(NotFoundError, match="trash"):
        notion.opened.update(page, {"title": "x"}, view.fields)
    assert notion.view(notion.opened.restore(page)).fields["archived"] is False
    assert notion.update(page, archived=True, title="Last words")["title"] == "Last words"
    assert notion.update(page, archived=False, title="Back")["title"] == "Back"


@pytest.mark.parametrize("status", [400, 404])
def test_trashed_page_that_does_not_show_its_body_has_none_to_compare(notion: Workspace, status: int):
    page = notion.page("In the trash", description="text")
    seen = LastSeen(page, None, notion.shown(page))
    notion.edit(page, in_trash=True)
    refusal = {"object": "error", "code": "validation_error", "message": "Can't read it."}
    rule = {"path": "/children", "status": status, "body": refusal}
    requests.post(f"{notion.served.control_url}/faults", json=[rule], timeout=10)
    (found,) = notion.opened.find_out([seen])
    assert found.where is Where.ARCHIVED and found.item is not None
    assert "description" not in notion.view(found.item).fields


def test_page_that_is_not_shared_any_more_is_not_taken_for_deleted(notion: Workspace):
    hidden, purged, moved = notion.page("Hidden"), notion.page("Purged"), notion.page("Moved")
    seen = [LastSeen(one, None, notion.shown(one)) for one in (hidden, purged, moved)]
    notion.edit(hidden, shared=False)
    notion.served.provider.delete_item(purged)
    other = next(one for one in notion.store.data_sources.values() if one.name == "Notes")
    headers = {"Authorization": f"Bearer {notion.served.token}", "Notion-Version": "2026-03-11"}
    url = f"{notion.served.base_url}/v1/pages/{moved}/move"
    parent = {"type": "data_source_id", "data_source_id": other.id}
    assert requests.post(url, json={"parent": parent}, headers=headers, timeout=10).ok
    found = {one.external_id: one for one in notion.opened.find_out(seen)}
    assert {one: found[one].where for one in found} == {
        hidden: Where.NO_ACCESS, purged: Where.NO_ACCESS, moved: Where.MOVED,
    }  # fmt: skip
    assert "shared" in found[hidden].why and f"data source {other.id}" in found[moved].why


def test_span_of_days_keeps_its_other_end(notion: Workspace):
    span = {"date": {"start": "2026-03-01", "end": "2026-03-10"}}
    page = notion.page(properties={"Due": span})
    assert notion.shown(page)["due_date"] == "2026-03-10"
    assert notion.update(page, due_date="2026-03-20")["due_date"] == "2026-03-20"
    prop = next(iter(notion.store.data_sources.values())).find("Due")
    assert notion.store.pages[page].values[prop.id]["start"] == "2026-03-01"
    assert notion.update(page, due_date="2026-02-01")["due_date"] == "2026-02-01"
    timed = {"date": {"start": "2026-03-01T23:30:00.000+09:00"}}
    assert notion.shown(notion.page(properties={"Due": timed}))["due_date"] == "2026-03-01"


def test_closing_and_opening_again_go_by_the_meanings_of_options(notion: Workspace):
    page = notion.page(status="In review")
    assert notion.view(notion.opened.close(page)).fields["status"] == "canceled"
    assert notion.view(notion.opened.reopen(page)).fields["status"] == "unstarted"


def test_every_call_of_ours_is_as_published(notion: Workspace):
    text = BODY + "\n\n```python\nx\n```\n\n```odd\ny\n```\n\n> q\n\n- [x] d\n\n1. n\n\n| a |\n| --- |\n| b |\n\n---"
    made = str(notion.create("Described", description=text, assignees=[notion.store.people()[0].id]).external_id)
    notion.opened.update(made, {"title": "Other", "description": "*New*.\n\n" + text}, {})
    said = notion.opened.add_comment(made, "Hm **so**", marker=_comment("described"), made_id=None)
    list(notion.opened.complete([item for page in notion.opened.list_changed(None, NOW) for item in page.items]))
    list(notion.opened.list_ids())
    list(notion.opened.check())
    notion.opened.find_created(marker("Described"), None, NOW)
    notion.opened.account()
    notion.opened.archive(made)
    assert said.external_id
    calls = [(one, problems_of_request(one.method, one.path.partition("?")[0], one.body)) for one in notion.http.calls]
    assert len(calls) > 20
    assert [(one.method, one.path, found) for one, found in calls if found] == []
