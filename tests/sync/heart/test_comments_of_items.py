"""Comments and the items on which they stand: items with which they go and come back, and items made anew."""

import pytest

from tests.sync.heart.test_engine import Town, sync, town
from tests.sync.heart.test_failures import open_conflicts, settle
from worklake.sync.rules.state import Decision
from worklake.testing.simulate import world as worlds
from worklake.testing.simulate.shapes import Shape


def discussed(shape: Shape) -> Town:
    """A task in two tools, with a comment that a person wrote in A and its copy in B."""
    made = town(Shape(), shape)
    made.sources["A"].discussion.person_comments("A1", "A.kim", "a remark")
    sync(made)
    assert copies(made) == ["a remark"]
    return made


def copies(made: Town) -> list[str]:
    """The last lines of the comments on the items that there are in B."""
    talk = made.sources["B"].discussion
    return [one.body.splitlines()[-1] for one in talk.comments.values() if not talk.is_gone(one)]


def author_edits(made: Town) -> None:
    made.tick(60)
    made.sources["A"].discussion.person_edits("Ac1", "another remark")


def delete_item(made: Town, deleted: bool = True) -> None:
    """A person deletes the item in B, or brings it back."""
    (item,) = made.sources["B"].items.values()
    made.tick(60)
    item.deleted, item.updated_at = deleted, made.sources["B"].now()


def refused(made: Town) -> list[str]:
    return [one.reason for one in made.store.comment_changes() if one.decision is Decision.REFUSED]


def made_anew(made: Town) -> None:
    """The undo of an undo makes the item in B anew, as B keeps nothing that was deleted."""
    undone = worlds.undo(made, made.store.all_writes()[0].run_id, everywhere=True)
    worlds.undo(made, undone, everywhere=False)


@pytest.mark.parametrize("makes_ids", [False, True])
def test_comments_stand_again_on_an_item_that_is_made_anew(makes_ids: bool) -> None:
    made = discussed(Shape(restores=False, makes_ids=makes_ids))
    made_anew(made)
    sync(made)
    assert sync(made) == 0
    assert copies(made) == ["a remark"]


@pytest.mark.parametrize("makes_ids", [False, True])
def test_a_comment_on_an_item_made_anew_whose_reply_is_lost_stands_there_once(makes_ids: bool) -> None:
    made = discussed(Shape(restores=False, makes_ids=makes_ids))
    made_anew(made)
    made.fault = lambda source, what: (source, what) == ("B", "create")
    sync(made)
    made.fault = None
    sync(made)
    assert sync(made) == 0
    assert copies(made) == ["a remark"]
    assert not any(one.is_born for one in made.store.all_comments() if one.source == "B")


def test_a_copy_that_was_undone_and_is_made_again_gets_an_id_that_was_never_given() -> None:
    made = discussed(Shape(makes_ids=True))
    made.sources["A"].discussion.person_comments("A1", "A.kim", "one more")
    sync(made)
    worlds.undo(made, made.store.all_writes()[-1].run_id, everywhere=False)
    assert copies(made) == ["a remark"]
    settle(made, open_conflicts(made)[0], take="A")
    assert (sync(made), sync(made)) == (1, 0)
    assert copies(made) == ["a remark", "one more"]
    assert len(made.sources["B"].discussion.comments) == 3


@pytest.mark.parametrize("lost", [False, True])
def test_a_copy_that_went_with_its_item_was_deleted_by_nobody_and_comes_back_with_it(lost: bool) -> None:
    made = discussed(Shape())
    author_edits(made)
    if lost:
        made.fault = lambda source, what: (source, what) == ("B", "update")
        sync(made)
        made.fault = None
    delete_item(made)
    sync(made)
    assert refused(made) == []
    delete_item(made, deleted=False)
    sync(made)
    assert sync(made) == 0
    assert copies(made) == ["another remark"]
