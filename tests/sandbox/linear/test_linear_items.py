"""The control calls: issues in the hands of a person."""

from __future__ import annotations

import pytest

from worklake.sandbox.provider import ItemError

EMAIL = "{ users(first: 50) { nodes { email name } } }"


def item(linear, external_id):
    return next(one for one in linear.sandbox.items() if one["external_id"] == external_id)


def test_items_show_issues_as_the_api_shows_them(linear):
    issue = linear.create_issue(title="Seen twice", estimate=3, dueDate="2026-08-01", stateId=linear.state("Todo"))[
        "id"
    ]
    payload = item(linear, issue)["payload"]
    shown = """id identifier number title description priority priorityLabel estimate dueDate createdAt updatedAt
      url labelIds trashed archivedAt state { id name type color } team { id key name } creator { id name email }
      labels { nodes { id name color } } previousIdentifiers"""
    found = linear.issue(issue, shown)
    assert {name: payload[name] for name in found} == found


def test_item_is_created_with_the_words_of_the_app(linear):
    people = linear.data(EMAIL)["users"]["nodes"]
    created = linear.sandbox.create_item(
        {"title": "By hand", "state": "In Progress", "assignee": people[0]["email"], "labels": ["bug", "docs"],
         "team": "ENG", "project": "Web", "priority": 1, "as": people[1]["email"]},
    )  # fmt: skip
    payload = item(linear, created)["payload"]
    assert payload["state"]["name"] == "In Progress"
    assert payload["startedAt"] == "2026-07-22T10:00:00.000Z"
    assert payload["assignee"]["email"] == people[0]["email"]
    assert payload["creator"]["email"] == people[1]["email"]
    assert {label["name"] for label in payload["labels"]["nodes"]} == {"bug", "docs"}
    assert (payload["team"]["key"], payload["project"]["name"], payload["priority"]) == ("ENG", "Web", 1)


def test_item_is_edited_and_its_history_names_the_person(linear):
    issue = linear.create_issue()["id"]
    linear.clock.advance(minutes=10)
    linear.sandbox.edit_item(issue, {"state": "Done", "assignee": None, "title": "Done by hand"})
    payload = item(linear, issue)["payload"]
    assert payload["completedAt"] == payload["updatedAt"] == "2026-07-22T10:10:00.000Z"
    [entry] = linear.issue(issue, "history { nodes { actor { isMe } toTitle } }")["history"]["nodes"]
    assert entry == {"actor": {"isMe": False}, "toTitle": "Done by hand"}


def test_deleted_item_stays_listed_as_deleted_even_when_it_is_gone(linear):
    issue = linear.create_issue()["id"]
    linear.sandbox.delete_item(issue)
    assert item(linear, issue)["deleted"] is True
    assert item(linear, issue)["payload"]["trashed"] is True
    linear.clock.advance(days=31)
    assert item(linear, issue)["deleted"] is True
    with pytest.raises(ItemError) as caught:
        linear.sandbox.edit_item(issue, {"title": "x"})
    assert caught.value.status == 404


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"state": "Doing"}, "In Progress"),
        ({"assignee": "nobody@example.com"}, "@team.example"),
        ({"labels": ["nonsense"]}, "tech debt"),
        ({"team": "XYZ"}, "ENG"),
        ({"project": "Nonsense"}, "Web"),
        ({"priority": 9}, "between 0 and 4"),
        ({"colour": "red"}, "colour"),
        ({"dueDate": "someday"}, "someday"),
        ({"as": "nobody@example.com"}, "@team.example"),
    ],
)
def test_fields_that_do_not_fit_are_refused_and_told_what_does(linear, fields, told):
    issue = linear.create_issue()["id"]
    with pytest.raises(ItemError) as caught:
        linear.sandbox.edit_item(issue, fields)
    assert caught.value.status == 422
    assert told in str(caught.value)


def test_conf_names_every_team(linear):
    assert linear.sandbox.conf(linear.url) == {"provider": "linear", "base_url": linear.url, "teams": ["ENG", "OPS"]}
