"""The status of issues in a project: what it shows, how a moved card is seen, and what is known while it is hidden."""

from __future__ import annotations

import json

import pytest

from tests.integrations.github.team import PROJECT, WEB, Team
from worklake.errors import AccessError, InvalidInputError
from worklake.integrations.base import Item
from worklake.integrations.github import board_listing
from worklake.integrations.github.board import Board, Card, Listed, Place
from worklake.model.rows import Kind

LISTED = ("graphql ProjectCards", 200)
QUIET = [
    LISTED,
    ("GET /repos/:repo/issues", 304),
    ("GET /repos/:repo/issues/comments", 304),
    ("GET /repos/:repo/commits", 304),
]


@pytest.fixture
def board(team: Team) -> Team:
    """The team's source with its project."""
    return team.with_project()


def statuses(team: Team, items: list[Item]) -> dict[str, object]:
    """What listed issues show, by external id."""
    return {one.external_id or "": team.view(one).fields.get("status") for one in items if one.kind is Kind.TASK}


def opened(team: Team, **fields: object) -> str:
    return team.served.provider.create_item({"title": "On the board", **fields})


def test_status_is_that_of_the_option_as_far_as_it_agrees_with_open_and_closed(board: Team):
    issue = opened(board)
    seen = [board.shown(issue)["status"]]
    for fields in (
        {"in_project": True}, {"project_option": "In Progress"}, {"project_option": "Todo"}, {"project_option": "Done"},
        {"state": "closed", "state_reason": "not_planned"}, {"project_option": "In Progress"},
        {"project_option": "Done"}, {"state": "open"}, {"project_option": "Todo"}, {"project_option": "Done"},
        {"project_option": None}, {"in_project": False},
    ):  # fmt: skip
        board.edits(issue, **fields)
        board.served.clock.forward(seconds=2)
        seen.append(board.shown(issue)["status"])
    assert seen == [
        "unstarted", "unstarted", "started", "unstarted", "completed",
        "canceled", "canceled",
        "canceled", "started", "unstarted", "completed",
        "unstarted", "unstarted",
    ], "opened again, it stands at Done from before"  # fmt: skip
    others = board.with_project(status={"Done": "completed"})
    board.edits(issue, project_option="In Progress")
    assert others.shown(issue)["status"] == "unstarted", "an option without a meaning says nothing"


def test_moved_card_comes_with_the_next_listing_although_its_issue_did_not_change(board: Team):
    moved, cleared, out, still = (opened(board, project_option="Todo") for _ in range(4))
    items, position = board.listed()
    assert {one: statuses(board, items)[one] for one in (moved, still)} == {moved: "unstarted", still: "unstarted"}
    board.served.clock.forward(minutes=5)
    board.asked()
    assert board.anew().listed(position) == ([], position)
    later = board.anew()
    later.listed(position)
    assert later.asked() == QUIET, "a call for each hundred cards"
    board.edits(moved, project_option="In Progress")
    board.edits(cleared, project_option=None)
    board.edits(out, in_project=False)
    board.asked()
    items, position = board.listed(position)
    assert statuses(board, items) == {moved: "started", cleared: "unstarted", out: "unstarted"}
    assert board.asked()[1:5] == [("GET /repos/:repo/issues/:id", 200)] * 3 + [("graphql CardsOfIssues", 200)]
    of_moved = next(one for one in items if one.external_id == moved)
    assert board.view(of_moved).updated_at == of_moved.updated_at
    assert of_moved.updated_at is not None and of_moved.updated_at >= board.served.clock().replace(microsecond=0)
    assert board.listed(position) == ([], position)
    read = board.source.read(moved)
    assert board.view(read) == board.view(of_moved)


def test_listing_that_is_taken_up_after_any_page_leaves_no_move_out(board: Team, monkeypatch: pytest.MonkeyPatch):
    issues = [opened(board, project_option="Todo") for _ in range(4)]
    _, start = board.listed()
    board.served.clock.forward(minutes=5)
    for issue in issues[:3]:
        board.edits(issue, project_option="In Progress")
    board.does("PATCH", f"{WEB}/issues/{board.source.read(issues[3]).payload['number']}", title="Edited")
    for most in (100, 2):  # read by themselves, or all issues listed anew
        monkeypatch.setattr(board_listing, "MOST_READ_ALONE", most)
        had: dict[str, object] = {}
        for page in list(board.source.list_changed(start, board.served.clock())):
            had |= statuses(board, list(page.items))
            again = statuses(board, board.listed(page.position)[0])
            assert (had | again).items() >= dict.fromkeys(issues[:3], "started").items()
            assert issues[3] in had | again


def test_position_from_before_the_project_brings_every_issue_with_its_card(team: Team):
    issue = opened(team, project_option="In Progress")
    _, old = team.listed()
    board = team.with_project()
    board.asked()
    items, position = board.listed(old)
    assert statuses(board, items)[issue] == "started"
    assert not any(call.startswith("GET /repos/:repo/issues/:id") for call, _ in board.asked())
    assert board.listed(position) == ([], position)
    assert team.listed(position)[0] == [], "and back again"
    assert board.with_project(owner="TEAM").listed(position) == ([], position)


def test_card_that_is_hidden_while_others_are_moved_is_not_taken_for_gone(board: Team, monkeypatch: pytest.MonkeyPatch):
    issue = opened(board, project_option="In Progress")
    _, position = board.listed()
    number = board.source.read(issue).payload["number"]
    whole = board.source._board.cards
    monkeypatch.setattr(board.source._board, "cards", lambda: (one for one in whole() if one.place.number != number))
    items, again = board.listed(position)
    assert statuses(board, items) == {issue: "started"}
    assert again == position
    of_issues = board.source._board.cards_of
    monkeypatch.setattr(board.source._board, "cards_of", lambda ids: {})
    items, later = board.listed(position)
    assert items == [], "nobody tells"
    monkeypatch.setattr(board.source._board, "cards_of", of_issues)
    items, again = board.listed(later)
    assert statuses(board, items) == {issue: "started"} and again == position


def test_issue_that_is_gone_with_its_card_stops_nothing(board: Team):
    issue = opened(board, project_option="In Progress")
    _, position = board.listed()
    board.served.provider.delete_item(issue)
    items, position = board.listed(position)
    assert issue not in statuses(board, items)
    assert board.listed(position) == ([], position)


@pytest.mark.parametrize(
    "text", ["x", "[]", "{}", '{"repositories": 5}', '{"repositories": {}, "project": {"of": "team/1 status"}}']
)
def test_text_that_is_no_position_is_refused(board: Team, text: str):
    with pytest.raises(InvalidInputError, match="position of a GitHub listing"):
        board.listed(text)


def test_cards_come_page_by_page(board: Team, monkeypatch: pytest.MonkeyPatch):
    whole = {one.place for one in board.source._board.cards()}
    monkeypatch.setattr("worklake.integrations.github.board.PAGE_SIZE", 5)
    board.asked()
    assert {one.place for one in board.source._board.cards()} == whole
    assert len(board.asked()) > 3


def test_project_that_cannot_be_read_stops_no_issue_and_changes_no_status(board: Team):
    known, closed = opened(board, project_option="In Progress"), opened(board, state="closed")
    _, position = board.listed()
    board.served.clock.forward(minutes=5)
    for issue in (known, closed):
        board.edits(issue, title="Edited")
    new = opened(board, project_option="In Progress")
    blind = board.with_project("no_projects")
    pages = []
    with pytest.raises(AccessError, match="the project team/1 could not be read, so the status of open issues is left"):
        for page in blind.source.list_changed(position, blind.served.clock()):
            pages.append(page)
    items = [item for page in pages for item in page.items]
    assert statuses(blind, items) == {known: None, closed: "completed", new: None}
    assert blind.shown(known)["title"] == "Edited" and "status" not in blind.shown(known)
    items, position = board.listed(pages[-1].position)
    assert statuses(board, items) == {known: "started", new: "started"}
    assert board.listed(position) == ([], position)


def test_field_that_is_gone_takes_no_status_away(board: Team):
    issue = opened(board, project_option="In Progress")
    _, position = board.listed()
    project = board.served.provider._store.projects[0]
    project.field_name = "Stage"
    with pytest.raises(AccessError, match="no single-select field 'Status'"):
        board.listed(position)
    assert "status" not in board.shown(issue)
    project.field_name = "Status"
    assert board.listed(position) == ([], position)


def test_moved_card_whose_issue_cannot_be_read_now_is_brought_once_it_can_be(board: Team):
    issue = opened(board, project_option="Todo")
    _, position = board.listed()
    board.edits(issue, project_option="In Progress")
    for status in (403, 404):
        board.suffers({"method": "GET", "path": "/issues/[0-9]+$", "status": status})
        items, position = board.listed(position)
        assert statuses(board, items) == {}
    board.suffers()
    items, position = board.listed(position)
    assert statuses(board, items) == {issue: "started"}
    assert board.listed(position) == ([], position)


def test_repository_and_project_that_both_fail_are_both_named(board: Team):
    blind = Team(board.served, "no_projects", project=PROJECT, repositories=["team/web", "team/nothing"])
    with pytest.raises(AccessError) as failed:
        blind.listed()
    assert "repository team/nothing" in str(failed.value) and "the project team/1 could not be read" in str(
        failed.value
    )


def test_renamed_repository_keeps_its_cards(board: Team):
    issue = opened(board, project_option="In Progress")
    _, position = board.listed()
    board.does("PATCH", WEB, name="shop")
    items, position = board.listed(position)
    assert set(statuses(board, items).values()) <= {"started", "unstarted", "completed", "canceled"}
    board.edits(issue, project_option="Todo")
    assert statuses(board, board.listed(position)[0])[issue] == "unstarted"


def test_card_of_a_repository_without_an_id_is_of_none_of_the_settings(board: Team, monkeypatch: pytest.MonkeyPatch):
    _, position = board.listed()
    known = json.loads(position)
    del known["repositories"]["team/web"]["repository_id"]
    card = Card("PVTI_1", "In Progress", None)
    hidden, cards = Listed(Place("elsewhere/hidden", None, 1), is_open=True, card=card), Board.cards
    monkeypatch.setattr(Board, "cards", lambda self: [*cards(self), hidden])
    board.asked()
    _, after = board.listed(json.dumps(known))
    assert "GET /repos/:repo/issues/:id" not in {endpoint for endpoint, _ in board.asked()}
    assert "elsewhere/hidden" not in json.loads(after)["project"]["options"]


def test_options_that_are_gone_are_told_and_what_is_left_without_them(board: Team):
    assert board.source.vocabulary(frozenset({"status"})).missing == {}
    some = board.with_project(status={"Doing": "started", "done": "completed"})
    assert some.source.mapped_names()["status"] == ("Doing", "done")
    assert some.source.vocabulary(frozenset({"status"})).missing == {"status": ("Doing",)}
    lens = board.source.lens
    assert lens.project({"status": "started"}, None) == {"status": "started"}
    assert lens.without({"status": ("In Progress",)}).project({"status": "started"}, None) == {"status": "unstarted"}


def test_history_is_not_asked_for_what_it_does_not_tell(board: Team):
    assert "status" not in board.source.capabilities.field_history
    assert "status" in Team(board.served).source.capabilities.field_history
