"""Writing the status to a project: by which calls, in which order, and what shows where one of them is lost."""

from __future__ import annotations

import pytest

from tests.integrations.github.team import Team
from worklake.errors import RefusedValueError, RetryableError, UnknownOutcomeError
from worklake.sandbox.github.boards import CLOSED_IS_DONE, DONE_CLOSES

ADD, MOVE, CLEAR = "graphql AddCard", "graphql MoveCard", "graphql ClearCard"
PATCH = "PATCH /repos/:repo/issues/:id"


@pytest.fixture
def board(team: Team) -> Team:
    """The team's source with its project."""
    return team.with_project()


def opened(team: Team, **fields: object) -> tuple[str, dict]:
    """A new issue, just read: its id and what it shows."""
    made = team.served.provider.create_item({"title": "On the board", **fields})
    return made, team.shown(made)


def writes(team: Team) -> list[str]:
    """The calls since this was last asked that change something."""
    reading = ("GET", "graphql ProjectDetails", "graphql CardsOfIssues")
    return [call for call, _ in team.asked() if not call.startswith(reading)]


@pytest.mark.parametrize("workflow", [1, 0], ids=["closed is done", "no workflow"])
def test_card_goes_with_the_status_whatever_workflows_there_are(board: Team, workflow: int):
    board.served.provider.switches[CLOSED_IS_DONE] = workflow
    issue, shown = opened(board)
    made = []
    for status in ("started", "completed", "started", "unstarted", "canceled", "completed", "unstarted"):
        shown = board.view(board.source.update(issue, {"status": status}, shown)).fields
        made.append((status, shown["status"], writes(board), board.card(issue)))
        assert board.shown(issue) == shown
    follows = [] if workflow else [MOVE]
    assert made == [
        ("started", "started", [ADD, MOVE], "In Progress"),
        ("completed", "completed", [PATCH, *follows], "Done"),
        ("started", "started", [MOVE, PATCH], "In Progress"),
        ("unstarted", "unstarted", [MOVE], "Todo"),
        ("canceled", "canceled", [PATCH], "Done" if workflow else "Todo"),
        ("completed", "completed", [PATCH, PATCH, PATCH, *follows], "Done"),
        ("unstarted", "unstarted", [MOVE, PATCH], "Todo"),
    ]


def test_all_else_is_written_as_without_a_project(board: Team):
    issue, shown = opened(board, project_option="Todo")
    view = board.view(board.source.update(issue, {"title": "New", "labels": ["bug"], "status": "started"}, shown))
    assert (view.fields["title"], view.fields["labels"], view.fields["status"]) == ("New", ["bug"], "started")
    assert writes(board) == ["POST /repos/:repo/issues/:id/labels", MOVE, PATCH]
    board.source.update(issue, {"title": "Newer"}, view.fields)
    assert writes(board) == [PATCH] and board.card(issue) == "In Progress"


def test_option_for_canceled_is_taken_where_there_is_one_and_none_where_open_needs_none(board: Team):
    source = board.with_project(status={"Todo": "canceled", "Done": "completed", "In Progress": "started"})
    issue, shown = opened(source, project_option="In Progress")
    shown = source.view(source.source.update(issue, {"status": "canceled"}, shown)).fields
    assert (shown["status"], source.card(issue)) == ("canceled", "Todo")
    shown = source.view(source.source.update(issue, {"status": "unstarted"}, shown)).fields
    assert (shown["status"], source.card(issue)) == ("unstarted", None)
    assert CLEAR in writes(source)


def test_a_new_issue_is_taken_into_the_project_if_it_is_to_say_more_than_open(board: Team):
    statuses = {"unstarted": [], "started": [ADD, MOVE], "completed": [PATCH]}
    for number, (status, calls) in enumerate(statuses.items()):
        board.asked()
        view = board.creates(f"task_{number:016x}", status=status)
        assert view.fields["status"] == status
        assert writes(board) == ["POST /repos/:repo/issues", *calls]


def test_a_new_issue_whose_card_cannot_be_moved_is_given_as_it_was_made_and_on_the_way(board: Team):
    board.suffers({"method": "POST", "path": "/graphql", "status": 500, "times": 5})
    assert board.creates(status="started").fields["status"] == "unstarted"
    assert board.source.lens.is_on_the_way("status", "backlog", "started", "unstarted")
    assert not board.source.lens.is_on_the_way("status", "started", "completed", "unstarted")


@pytest.mark.parametrize(("before", "after"), [("open", "completed"), ("closed", "started"), ("open", "started")])
@pytest.mark.parametrize("lost", [PATCH.split()[0], "POST"])
def test_status_whose_writing_stopped_anywhere_shows_the_one_before_or_the_one_sent(
    board: Team, before: str, after: str, lost: str
):
    board.served.provider.switches[CLOSED_IS_DONE] = 0
    issue, shown = opened(board, state=before, project_option="Todo")
    board.source._board.details()
    for drop in ("before", "after"):
        board.suffers({"method": lost, "path": "issues/|graphql", "drop": drop})
        ended = None
        try:
            board.source.update(issue, {"status": after}, shown)
        except (UnknownOutcomeError, RetryableError) as error:
            ended = error
        board.suffers()
        now = board.shown(issue)["status"]
        assert now in (shown["status"], after)
        assert now == after or ended is not None
        assert now == shown["status"] or not isinstance(ended, RetryableError)
    board.source.update(issue, {"status": after}, board.shown(issue))
    assert board.shown(issue)["status"] == after


def test_card_that_was_taken_out_meanwhile_is_put_in_again(board: Team):
    issue, shown = opened(board, project_option="Todo")
    board.edits(issue, in_project=False)
    assert board.view(board.source.update(issue, {"status": "started"}, shown)).fields["status"] == "started"
    assert writes(board) == [MOVE, ADD, MOVE]


def test_card_that_moved_as_its_issue_was_closed_is_moved_back_when_it_is_opened(board: Team):
    issue, _ = opened(board, project_option="In Progress")
    board.edits(issue, state="closed")
    shown = board.shown(issue)
    assert board.card(issue) == "Done"
    board.source.update(issue, {"status": "started"}, shown)
    assert (board.card(issue), board.shown(issue)["status"]) == ("In Progress", "started")


def test_status_that_the_project_does_not_take_is_refused_by_its_name_and_all_else_written(board: Team):
    issue, shown = opened(board, project_option="Todo")
    for source in (board.with_project("read_only"), board.with_project(status={"Doing": "started"})):
        with pytest.raises(RefusedValueError) as refused:
            source.source.update(issue, {"status": "started"}, source.shown(issue))
        assert refused.value.fields == ("status",)
    assert board.card(issue) == "Todo"
    blind = board.with_project("no_projects")
    blind.source.update(issue, {"status": "completed", "title": "New"}, {**shown, "status": "unstarted"})
    assert (blind.shown(issue)["status"], blind.shown(issue)["title"]) == ("completed", "New")


def test_closing_and_opening_show_what_the_project_then_says(board: Team):
    issue, _ = opened(board, project_option="In Progress")
    assert board.view(board.source.close(issue)).fields["status"] == "canceled"
    assert board.view(board.source.reopen(issue)).fields["status"] == "started", "it stands at Done"
    board.served.provider.switches[DONE_CLOSES] = 1
    other, _ = opened(board, project_option="In Progress")
    board.edits(other, project_option="Done")
    assert board.shown(other)["status"] == "completed"
    assert board.source.read(other).payload["state"] == "closed"
