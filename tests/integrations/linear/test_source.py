"""A Linear source against the sandbox: what a team does there is what the source brings."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import timedelta

import pytest
import requests

from tests.integrations.linear.payloads import KINDS
from tests.integrations.linear.team import Team
from tests.support.sandbox import InProcess, sandbox_thread
from worklake.errors import AccessError, AuthError, NotFoundError
from worklake.integrations.base import Item
from worklake.integrations.views import CommentView
from worklake.model.rows import Kind

TASKS = 120
pytestmark = pytest.mark.xdist_group("linear-source")


@pytest.fixture(scope="module")
def sandbox() -> Iterator[InProcess]:
    with sandbox_thread("linear", tasks=TASKS) as served:
        yield served


@pytest.fixture
def team(sandbox: InProcess) -> Team:
    sandbox.clock.forward(minutes=5)
    return Team(sandbox)


def tasks(items: list[Item]) -> dict[str | None, Item]:
    return {item.external_id: item for item in items if item.kind is Kind.TASK}


def test_the_first_listing_brings_every_issue_comment_person_project_and_milestone(team: Team) -> None:
    items, _ = team.listed()
    shown = requests.get(f"{team.served.control_url}/items", timeout=10).json()
    assert set(tasks(items)) == {item["external_id"] for item in shown}
    assert {item.kind for item in items} == KINDS
    for item in team.source.complete(items):
        team.source.lens.view(item.kind, item.payload)


def test_views_show_what_the_provider_shows(team: Team) -> None:
    items, _ = team.listed()
    listed = tasks(items)
    for shown in requests.get(f"{team.served.control_url}/items", timeout=10).json():
        payload, view = shown["payload"], team.view(listed[shown["external_id"]])
        assert view.fields["title"] == payload["title"]
        assert view.fields["due_date"] == payload["dueDate"]
        assert view.fields["labels"] == sorted(node["name"] for node in payload["labels"]["nodes"])
        assert view.fields["assignees"] == ([payload["assignee"]["id"]] if payload["assignee"] else [])
        assert view.fields["parent_id"] == (payload["parent"] and payload["parent"]["id"])
        assert view.deleted == shown["deleted"]


def test_a_listing_that_finds_nothing_is_one_request_and_keeps_the_position(team: Team) -> None:
    _, position = team.listed()
    team.calls.clear()
    assert team.listed(position)[1] == position
    assert [call.endpoint for call in team.calls] == ["query Changes"]


def test_an_edit_a_comment_and_a_relation_are_found(team: Team) -> None:
    first, second = team.creates(title="First"), team.creates(title="Second")
    team.served.clock.forward(minutes=1)
    _, position = team.listed()
    team.served.clock.forward(minutes=1)
    team.served.provider.edit_item(first, {"title": "First, renamed"})
    comment = team.comments(first, "Please look")
    team.lets_block(first, second)
    items, _ = team.listed(position)
    found = tasks(items)
    assert team.view(found[first]).fields["title"] == "First, renamed"
    assert team.view(found[second]).fields["blocked_by"] == [first]
    remark = next(item for item in items if item.external_id == comment)
    view = team.source.lens.view(Kind.COMMENT, remark.payload)
    assert isinstance(view, CommentView)
    assert (view.task, view.body) == (first, "Please look")


def test_an_attachment_brings_its_issue_with_the_url(team: Team) -> None:
    issue = team.creates(title="Attached to")
    team.served.clock.forward(minutes=1)
    team.creates(title="Newer")
    _, position = team.listed()
    team.served.clock.forward(minutes=1)
    team.attaches(issue, "https://gitlab.example/team/web/-/issues/7")
    items, _ = team.listed(position)
    assert team.view(tasks(items)[issue]).urls == ["https://gitlab.example/team/web/-/issues/7"]


def test_an_issue_edited_behind_a_scan_under_way_is_found_by_the_next_listing(team: Team) -> None:
    before, _ = team.listed()
    oldest = [item for item in before if item.kind is Kind.TASK][-1].external_id
    assert oldest is not None
    pages = team.source.list_changed(None, team.served.clock())
    position = next(pages).position
    team.served.clock.forward(seconds=30)
    team.served.provider.edit_item(oldest, {"title": "Edited meanwhile"})
    items: list[Item] = []
    for page in pages:
        items, position = [*items, *page.items], page.position
    assert oldest not in tasks(items)
    more, _ = team.listed(position)
    assert team.view(tasks(more)[oldest]).fields["title"] == "Edited meanwhile"


def test_a_listing_stopped_after_any_page_goes_on_from_its_position(team: Team) -> None:
    pages = list(team.source.list_changed(None, team.served.clock()))
    everything = {item.external_id for page in pages for item in page.items}
    for stop in range(len(pages)):
        kept = {item.external_id for page in pages[: stop + 1] for item in page.items}
        rest, _ = team.listed(pages[stop].position)
        assert kept | {item.external_id for item in rest} == everything


def test_a_trashed_issue_is_listed_as_deleted_and_is_no_longer_among_the_live_ids(team: Team) -> None:
    issue = team.creates(title="To be deleted")
    _, position = team.listed()
    assert issue in set(team.source.list_ids())
    team.served.clock.forward(minutes=1)
    team.served.provider.delete_item(issue)
    items, _ = team.listed(position)
    assert team.view(tasks(items)[issue]).deleted
    assert issue not in set(team.source.list_ids())
    assert team.view(team.source.read(issue)).deleted


def test_an_archived_issue_is_listed_and_stays_among_the_live_ids(team: Team) -> None:
    issue = team.creates(title="To be archived")
    _, position = team.listed()
    team.served.clock.forward(minutes=1)
    team.does("mutation ($id: String!) { issueArchive(id: $id) { success } }", id=issue)
    view = team.view(tasks(team.listed(position)[0])[issue])
    assert (view.fields["archived"], view.deleted) == (True, False)
    assert issue in set(team.source.list_ids())


@pytest.mark.parametrize("count", [6, 45])
def test_more_labels_relations_and_attachments_than_a_listing_brings_are_read_on(team: Team, count: int) -> None:
    labels = []
    for number in range(count):
        name = f"label {count} {number:02}"
        made = team.does(
            "mutation ($input: IssueLabelCreateInput!) { issueLabelCreate(input: $input) { issueLabel { id } } }",
            input={"name": name},
        )
        labels.append(made["issueLabelCreate"]["issueLabel"]["id"])
    blockers = sorted(team.creates(title=f"Blocker {number}") for number in range(4))
    issue = team.creates(labelIds=labels)
    for blocker in blockers:
        team.lets_block(blocker, issue)
    for number in range(4):
        team.attaches(issue, f"https://docs.example/{number}")
    items, _ = team.listed()
    team.calls.clear()
    (whole,) = [item for item in team.source.complete(items) if item.external_id == issue]
    view = team.view(whole)
    assert view.fields["labels"] == [f"label {count} {number:02}" for number in range(count)]
    assert view.fields["blocked_by"] == blockers
    assert sorted(view.urls) == [f"https://docs.example/{number}" for number in range(4)]
    assert {call.endpoint for call in team.calls} <= {"query Rest", "query RestOfOne"}
    assert team.view(team.source.read(issue)).fields == view.fields


def test_items_that_need_nothing_cost_no_request(team: Team) -> None:
    items = [item for item in team.listed()[0] if item.kind is not Kind.TASK]
    team.calls.clear()
    assert list(team.source.complete(items)) == items
    assert team.calls == []


def test_comments_come_oldest_first_and_as_the_listing_shows_them(team: Team) -> None:
    issue = team.creates()
    for body in ("one", "two", "three"):
        team.served.clock.forward(seconds=1)
        team.comments(issue, body)
    found = list(team.source.comments(issue))
    assert [item.payload["body"] for item in found] == ["one", "two", "three"]
    listed = {item.external_id: item for item in team.listed()[0]}
    assert all(listed[item.external_id] == item for item in found)


def test_an_issue_is_read_as_it_is_listed(team: Team) -> None:
    issue = team.creates(title="Alone")
    assert team.source.read(issue) == tasks(team.listed()[0])[issue]


def test_an_issue_that_does_not_exist_is_not_found(team: Team) -> None:
    missing = str(uuid.uuid4())
    with pytest.raises(NotFoundError):
        team.source.read(missing)
    with pytest.raises(NotFoundError):
        list(team.source.comments(missing))


def test_a_wrong_key_is_an_auth_error_everywhere(sandbox: InProcess) -> None:
    source = Team(sandbox, token="lin_api_wrong").source
    with pytest.raises(AuthError):
        next(source.list_changed(None, sandbox.clock()))
    with pytest.raises(AuthError):
        next(source.list_ids())
    with pytest.raises(AuthError):
        source.read(str(uuid.uuid4()))


def test_a_team_that_does_not_exist_is_named_after_the_pages_of_the_others(sandbox: InProcess) -> None:
    team = Team(sandbox, teams=("ENG", "NOPE"))
    items: list[Item] = []
    with pytest.raises(AccessError, match="NOPE"):
        for page in team.source.list_changed(None, sandbox.clock()):
            items += page.items
    assert len(tasks(items)) >= TASKS
    with pytest.raises(AccessError, match="NOPE"):
        list(team.source.list_ids())
    assert [finding.subject for finding in team.source.check() if not finding.ok] == ["team NOPE"]


def test_a_check_of_a_good_source_is_all_well(team: Team) -> None:
    findings = list(team.source.check())
    assert all(finding.ok for finding in findings)
    assert [finding.subject for finding in findings] == ["connection", "account", "permissions", "team ENG"]


def test_what_lies_before_the_overlap_is_not_brought_again(team: Team) -> None:
    _, position = team.listed()
    team.served.clock.forward(minutes=10)
    issue = team.creates(title="New")
    items, _ = team.listed(position)
    assert issue in tasks(items)
    assert all(item.updated_at and item.updated_at > team.served.clock.now - timedelta(days=400) for item in items)
    assert len(tasks(items)) < 20
