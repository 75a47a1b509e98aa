"""Comments that a tool does not take on an item, as where its discussion is locked: they wait, nothing else does."""

import pytest

from tests.sync.heart.test_engine import Town, edit, shown, sync, town
from tests.sync.heart.test_failures import breaks, open_conflicts, settle
from worklake.errors import AccessError, InvalidInputError, NotFoundError
from worklake.model.rows import LinkState
from worklake.sync.rules.comments import COMMENT
from worklake.sync.rules.state import ConflictKind
from worklake.testing.simulate.shapes import Shape


@pytest.fixture
def made() -> Town:
    """A task in two tools, whose item in B takes no comment since a person wrote one in A."""
    found = town(Shape(), Shape())
    sync(found)
    comment(found, "a remark")
    breaks(found, AccessError("the discussion is locked"), what="create")
    assert sync(found) == 1
    return found


def comment(made: Town, body: str) -> str:
    """A person comments on the task in A; gives the comment's id."""
    made.tick(60)
    return made.sources["A"].discussion.person_comments(next(iter(made.sources["A"].items)), "A.eve", body)


def copies(made: Town) -> list[str]:
    """The last lines of the comments in B."""
    return [one.body.splitlines()[-1] for one in made.sources["B"].discussion.comments.values()]


def states(made: Town) -> set[LinkState]:
    return {link.state for link in made.store.all_links()}


def test_the_fields_of_an_item_that_takes_no_comment_go_on_being_written(made: Town) -> None:
    assert states(made) == {LinkState.LINKED}
    edit(made, "A", "title", "another title")
    assert sync(made) == 1
    assert shown(made, "B") == "another title"


def test_the_comment_waits_for_a_person_and_is_not_tried_by_every_run(made: Town) -> None:
    (conflict,) = open_conflicts(made)
    assert (conflict.field, conflict.kind, conflict.reason) == (
        COMMENT, ConflictKind.REFUSED, "the discussion is locked",
    )  # fmt: skip
    made.fault = None
    assert [sync(made) for _ in range(3)] == [0, 0, 0]
    assert copies(made) == []
    assert open_conflicts(made) == [conflict]


def test_the_comment_is_tried_again_once_the_conflict_is_settled(made: Town) -> None:
    made.fault = None
    settle(made, open_conflicts(made)[0], take="A")
    assert sync(made) == 1
    assert copies(made) == ["a remark"]
    assert sync(made) == 0


def test_a_comment_that_is_refused_again_after_it_was_settled_waits_again(made: Town) -> None:
    settle(made, open_conflicts(made)[0], take="A")
    assert [sync(made) for _ in range(3)] == [1, 0, 0]
    assert len(open_conflicts(made)) == 1


def test_a_comment_that_its_author_edits_is_tried_again(made: Town) -> None:
    made.fault = None
    made.tick(60)
    (written,) = made.sources["A"].discussion.comments
    made.sources["A"].discussion.person_edits(written, "another remark")
    assert sync(made) == 1
    assert copies(made) == ["another remark"]
    assert open_conflicts(made) == []


def test_other_comments_on_the_item_are_tried_once_each(made: Town) -> None:
    comment(made, "one more")
    comment(made, "and another")
    assert [sync(made) for _ in range(4)] == [2, 1, 0, 0]
    assert len(open_conflicts(made)) == 3


@pytest.mark.parametrize("error", [AccessError("locked"), InvalidInputError("no")])
def test_the_edit_of_a_copy_that_is_not_allowed_leaves_the_item_as_it_is(error: Exception) -> None:
    made = town(Shape(), Shape())
    sync(made)
    written = comment(made, "a remark")
    sync(made)
    made.tick(60)
    made.sources["A"].discussion.person_edits(written, "another remark")
    breaks(made, error)
    assert sync(made) == 1
    assert states(made) == {LinkState.LINKED}
    made.fault = None
    edit(made, "A", "title", "another title")
    sync(made)
    assert shown(made, "B") == "another title"


def test_an_item_that_is_gone_when_it_is_commented_on_is_a_question_for_the_sweep() -> None:
    made = town(Shape(), Shape())
    sync(made)
    comment(made, "a remark")
    breaks(made, NotFoundError("no such item"), what="create")
    sync(made)
    assert states(made) == {LinkState.LINKED, LinkState.MISSING}
    assert open_conflicts(made) == []
