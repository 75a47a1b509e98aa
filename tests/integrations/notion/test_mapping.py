"""How single things of a page are read, and what cannot be read says why."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from tests.integrations.notion.payloads import IDS, SOURCE, settings_with
from worklake.errors import UnreadableError
from worklake.integrations.notion.links import key_of_url
from worklake.integrations.notion.mapping import NotionLens
from worklake.integrations.views import CommentView, PersonView, TaskView
from worklake.model.rows import Kind

LENS = NotionLens(settings_with())
PAGE: dict[str, Any] = {
    "object": "page", "id": IDS[0], "created_time": "2026-03-18T09:30:00.000Z",
    "last_edited_time": "2026-03-18T09:31:00.000Z", "created_by": {"object": "user", "id": IDS[1]}, "in_trash": False,
    "parent": {"type": "data_source_id", "data_source_id": SOURCE, "database_id": IDS[2]},
    "url": f"https://www.notion.so/team/A-page-{IDS[0].replace('-', '')}",
    "properties": {
        "Name": {"id": "title", "type": "title", "title": [{"plain_text": "A "}, {"plain_text": "page"}]},
        "Status": {"id": "st", "type": "status", "status": {"id": "1", "name": "In review"}},
        "Due": {"id": "du", "type": "date", "date": {"start": "2026-03-01", "end": "2026-03-09", "time_zone": None}},
    },
    "children": [],
}  # fmt: skip


def view(**changed: Any) -> TaskView:
    found = LENS.view(Kind.TASK, {**copy.deepcopy(PAGE), **changed})
    assert isinstance(found, TaskView)
    return found


def with_property(name: str, prop: Any) -> dict[str, Any]:
    return {"properties": {**PAGE["properties"], name: prop}}


def test_page_shows_what_it_has_and_nothing_that_its_data_source_lacks():
    found = view()
    assert found.fields == {
        "title": "A page", "description": None, "status": "started", "due_date": "2026-03-09", "archived": False,
    }  # fmt: skip
    assert (found.author, found.deleted, found.markers) == (IDS[1], False, [])
    assert found.key == f"notion.so/{IDS[0].replace('-', '')}" == key_of_url(str(found.url))


def test_property_that_was_renamed_is_found_by_its_id():
    lens = NotionLens(settings_with(properties={"due_date": "du"}))
    found = lens.view(Kind.TASK, PAGE)
    assert isinstance(found, TaskView) and found.fields["due_date"] == "2026-03-09"


UNREADABLE = {
    "option without a meaning": (
        with_property("Status", {"id": "st", "type": "status", "status": {"name": "Blocked"}}),
        r"status: found 'Blocked', expected one of .*\(Not started, In progress, In review, Done\): add it there",
    ),
    "property of another type": (
        with_property("Due", {"id": "du", "type": "number", "number": 7}),
        "Due: found 'number', expected a property of the type date, as it stands for due_date",
    ),
    "another data source": ({"parent": {"type": "page_id", "page_id": IDS[3]}}, "one of the data sources .*tasks"),
    "no title": ({"properties": {}}, "properties with a title"),
    "no body": ({"children": None}, "children: found nothing, expected the blocks of the page"),
    "a day that is none": (
        with_property("Due", {"id": "du", "type": "date", "date": {"start": "2026-13-45"}}),
        "date: found '2026-13-45'",
    ),
}


@pytest.mark.parametrize("kind", UNREADABLE)
def test_what_cannot_be_read_says_what_was_found_and_what_to_do(kind: str):
    changed, words = UNREADABLE[kind]
    with pytest.raises(UnreadableError, match=words):
        view(**changed)


def test_comment_is_read_without_its_marker():
    found = LENS.view(
        Kind.COMMENT,
        {
            "id": IDS[4],
            "parent": {"type": "page_id", "page_id": IDS[0]},
            "created_by": {"id": IDS[1]},
            "created_time": "2026-03-18T09:30:00.000Z",
            "last_edited_time": "2026-03-18T09:30:00.000Z",
            "rich_text": [
                {"plain_text": "Said ", "annotations": {"bold": True}},
                {"plain_text": "\n\n<!-- worklake:comment_0123456789abcdef -->"},
            ],
        },
    )
    assert isinstance(found, CommentView)
    assert (found.task, found.body, found.markers) == (IDS[0], "**Said** ", ["comment_0123456789abcdef"])


def test_person_of_whom_only_the_id_is_known_has_a_name_all_the_same():
    found = LENS.view(Kind.PERSON, {"object": "user", "id": IDS[0]})
    assert found == PersonView(f"Notion account {IDS[0][:8]}", None, None, True)
    known = LENS.view(Kind.PERSON, {"id": IDS[0], "name": "Kim", "person": {"email": "kim@team.example"}})
    assert known == PersonView("Kim", None, "kim@team.example", True)


URLS = {
    "https://www.notion.so/team/A-page-0123456789abcdef0123456789abcdef?pvs=4#x": True,
    "https://notion.so/0123456789abcdef0123456789abcdef": True,
    "https://app.notion.com/p/team/0123456789abcdef0123456789abcdef": True,
    "https://team.notion.site/A-page-0123456789ABCDEF0123456789ABCDEF": True,
    "www.notion.so/01234567-89ab-cdef-0123-456789abcdef": True,
    "https://www.notion.so/team": False,
    "https://notion.so.evil.example/0123456789abcdef0123456789abcdef": False,
    "https://elsewhere.example/0123456789abcdef0123456789abcdef": False,
    "https://[": False,
}


@pytest.mark.parametrize("url", URLS)
def test_url_leads_to_its_page(url: str):
    assert key_of_url(url) == ("notion.so/0123456789abcdef0123456789abcdef" if URLS[url] else None)


def test_without_an_option_a_page_that_has_it_has_none():
    gone = LENS.without({"status": ("In review",)})
    found = gone.view(Kind.TASK, PAGE)
    assert isinstance(found, TaskView) and found.fields["status"] == "backlog"
    assert LENS.without({"status": ("Done",)}).view(Kind.TASK, PAGE) == view()


def test_fingerprint_changes_with_the_meaning_of_an_option_and_not_with_the_token():
    other = settings_with(statuses={"Not started": "unstarted", "Done": "canceled"})
    assert NotionLens(other).fingerprint() != LENS.fingerprint()
    elsewhere = settings_with().model_copy(update={"token": "env:OTHER"})
    assert NotionLens(elsewhere).fingerprint() == LENS.fingerprint()
