"""Writing comments on issues."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import pytest

from tests.integrations.linear.team import Team
from tests.support.sandbox import InProcess, sandbox_thread
from worklake.errors import NotFoundError, RefusedValueError, UnknownOutcomeError
from worklake.integrations.base import Item
from worklake.integrations.views import CommentView
from worklake.model.ids import CommentId, comment_id
from worklake.model.rows import Kind

pytestmark = pytest.mark.xdist_group("linear-comments")


@pytest.fixture(scope="module")
def sandbox() -> Iterator[InProcess]:
    with sandbox_thread("linear", tasks=10) as served:
        yield served


@pytest.fixture
def team(sandbox: InProcess) -> Iterator[Team]:
    sandbox.clock.forward(minutes=5)
    team = Team(sandbox)
    yield team
    team.suffers()


def a_comment() -> CommentId:
    return comment_id("elsewhere", str(uuid.uuid4()))


def written(team: Team, issue: str, body: str, marker: CommentId | None = None) -> Item:
    marker = marker or a_comment()
    return team.source.add_comment(issue, body, marker=marker, made_id=team.source.made_id(marker))


def body_of(team: Team, item: Item) -> str:
    view = team.source.lens.view(Kind.COMMENT, item.payload)
    assert isinstance(view, CommentView)
    return view.body


def test_a_comment_is_written_for_one_request_and_listed_as_it_was_answered(team: Team) -> None:
    issue = team.creates()
    item = written(team, issue, "Mara Lind: **please** look @ this /close 🎉")
    assert team.asked() == ["mutation AddComment"]
    assert list(team.source.comments(issue)) == [item]
    assert body_of(team, item) == "Mara Lind: **please** look @ this /close 🎉"
    assert team.shown(issue)["status"] == "backlog"


@pytest.mark.parametrize("drop", ["before", "after"])
def test_a_comment_is_written_once_even_if_the_reply_is_lost(team: Team, drop: str) -> None:
    issue, marker = team.creates(), a_comment()
    made_id = team.source.made_id(marker)
    assert team.source.find_comment(issue, marker, made_id) is None
    team.suffers({"drop": drop, "times": 1})
    first = written(team, issue, "Once", marker)
    assert written(team, issue, "Twice", marker) == first
    assert team.source.find_comment(issue, marker, made_id) == first
    assert list(team.source.comments(issue)) == [first]


def test_a_comment_that_cannot_be_written_is_refused(team: Team) -> None:
    with pytest.raises(RefusedValueError):
        written(team, team.creates(), "  ")
    with pytest.raises(NotFoundError):
        written(team, str(uuid.uuid4()), "On nothing")


def test_a_comment_gets_another_text_for_one_request(team: Team) -> None:
    issue = team.creates()
    comment = str(written(team, issue, "First").external_id)
    team.asked()
    item = team.source.edit_comment(issue, comment, "Second", marker=None)
    assert team.asked() == ["mutation EditComment"]
    assert body_of(team, item) == "Second"
    assert list(team.source.comments(issue)) == [item]


def test_an_edit_whose_reply_is_lost_is_not_sent_again(team: Team) -> None:
    issue = team.creates()
    comment = str(written(team, issue, "First").external_id)
    team.suffers({"drop": "after", "times": 1})
    with pytest.raises(UnknownOutcomeError):
        team.source.edit_comment(issue, comment, "Second", marker=None)


def test_a_deleted_comment_is_gone_and_deleting_it_again_is_no_fault(team: Team) -> None:
    issue = team.creates()
    comment = str(written(team, issue, "First").external_id)
    team.source.delete_comment(issue, comment)
    team.source.delete_comment(issue, comment)
    assert list(team.source.comments(issue)) == []
    with pytest.raises(NotFoundError):
        team.source.edit_comment(issue, comment, "Second", marker=None)


def test_markers_are_no_part_of_a_comments_text(team: Team) -> None:
    marker = a_comment()
    item = written(team, team.creates(), f"<!-- worklake:{marker} -->\n\nThe text")
    view = team.source.lens.view(Kind.COMMENT, item.payload)
    assert isinstance(view, CommentView)
    assert (view.body, view.markers) == ("The text", [marker])
