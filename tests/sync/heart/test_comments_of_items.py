"""Comments and the items on which they stand: items with which they go and come back, and items made anew."""

from dataclasses import replace
from datetime import timedelta
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.sync.heart.test_engine import Town, sync, town
from tests.sync.heart.test_failures import open_conflicts, settle
from worklake.errors import AccessError
from worklake.integrations.views import CommentView, TaskView
from worklake.model.heart_rows import Operation, Outcome
from worklake.model.rows import Kind, LinkState
from worklake.sync.heart.comments.taking import CommentObservation, take_comments
from worklake.sync.heart.merging import merge_tasks
from worklake.sync.heart.ports import Observation
from worklake.sync.rules.state import Decision, ItemKey
from worklake.sync.rules.task import Moment
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


def test_comments_stand_again_on_an_item_made_anew_also_where_the_old_copies_could_not_be_reached() -> None:
    made = discussed(Shape(restores=False))
    (copy,) = (one for one in made.store.all_comments() if not one.is_born)
    made.store.keep_comments([replace(copy, state=LinkState.NO_ACCESS)])
    made_anew(made)
    sync(made)
    assert sync(made) == 0
    assert copies(made) == ["a remark"]


def test_comments_stand_on_an_item_made_anew_also_where_the_plan_that_made_it_is_applied_again() -> None:
    made = discussed(Shape(restores=False))
    made_anew(made)
    saved = made.store.plan(made.plans[-1])
    assert saved is not None
    worlds.apply(made, saved)
    sync(made)
    assert sync(made) == 0
    assert copies(made) == ["a remark"]
    assert sorted(link.state for link in made.store.all_links() if link.source == "B") == ["deleted", "linked"]


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


def person_makes(made: Town) -> None:
    """A person makes the item of the task in B."""
    made.tick(60)
    theirs = made.sources["B"].person_creates({"title": "a title of some length"})
    made.matched[ItemKey("B", theirs)] = ItemKey("A", "A1")


def test_a_copy_that_may_have_gone_with_its_item_before_its_reply_came_gets_another_id_on_the_next_item() -> None:
    made = town(Shape(), Shape(makes_ids=True))
    sync(made)
    made.sources["A"].discussion.person_comments("A1", "A.kim", "a remark")
    made.fault = lambda source, what: (source, what) == ("B", "create")
    sync(made)
    made.fault = None
    delete_item(made)
    person_makes(made)
    sync(made)  # finds out that the first item is gone
    sync(made)
    assert sync(made) == 0
    assert copies(made) == ["a remark"]
    assert len(made.sources["B"].discussion.comments) == 2


def test_comments_stand_on_the_item_that_a_person_made_in_the_place_of_one_that_was_to_be_made_again() -> None:
    made = discussed(Shape(restores=False))

    def refuses(source: str, what: str) -> bool:
        if (source, what) == ("B", "create"):
            raise AccessError("B does not allow this")
        return False

    undone = worlds.undo(made, made.store.all_writes()[0].run_id, everywhere=True)
    made.fault = refuses
    worlds.undo(made, undone, everywhere=False)
    made.fault = None
    person_makes(made)
    sync(made)
    assert sync(made) == 0
    assert copies(made) == ["a remark"]


@pytest.mark.parametrize("deletes", [False, True])
def test_the_undo_of_an_item_made_with_its_comments_is_done_to_its_end(deletes: bool) -> None:
    made = town(Shape(), Shape(deletes=deletes, restores=False))
    made.sources["A"].discussion.person_comments("A1", "A.kim", "a remark")
    made.tick(120)
    worlds.pull(made, "AB", Random(0))
    run = worlds.apply(made, worlds.plan(made))
    assert copies(made) == ["a remark"]
    undone = worlds.undo(made, run, everywhere=False)
    saved = made.store.plan(made.plans[-1])
    assert saved is not None
    assert [(one.operation, one.comment_id is None) for one in saved.steps] == (
        [(Operation.DELETE, True)] if deletes else [(Operation.DELETE, False), (Operation.CLOSE, True)]
    )
    assert {write.outcome for write in made.store.writes(undone)} == {Outcome.ACKNOWLEDGED}
    assert len(made.store.writes(undone)) == len(saved.steps)
    assert copies(made) == []
    assert sync(made) == 0


@pytest.mark.parametrize("lost", [False, True])
def test_a_copy_that_a_person_deleted_before_it_was_undone_stays_deleted_when_the_undo_is_undone(lost: bool) -> None:
    made = discussed(Shape())
    made.sources["A"].discussion.person_comments("A1", "A.kim", "one more")
    sync(made)
    made.sources["B"].discussion.comments["Bc2"].deleted = True
    made.fault = lambda source, what: lost and what == "delete"
    undone = worlds.undo(made, made.store.all_writes()[-1].run_id, everywhere=False)
    made.fault = None
    sync(made)
    assert refused(made) == ["the copy was deleted in B: it stays deleted there"]
    worlds.undo(made, undone, everywhere=False)
    sync(made)
    assert sync(made) == 0
    assert copies(made) == ["a remark"]


@pytest.mark.parametrize("lost", [False, True])
def test_a_copy_that_went_went_with_its_item_was_deleted_by_nobody_and_comes_back_with_it(lost: bool) -> None:
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


@pytest.fixture
def moved() -> Town:
    """A task that people talked about in both tools, and whose issue A moved: it closed it and made it anew."""
    made = discussed(Shape())
    made.sources["B"].discussion.person_comments("B1", "B.lee", "an answer")
    sync(made)
    move(made)
    return made


def move(made: Town) -> None:
    source, (task,) = made.sources["A"], made.store.all_tasks()
    view = source.lens.view(Kind.TASK, source.read("A1").payload)
    assert isinstance(view, TaskView)
    new = source.person_creates({"title": "a title of some length"})
    source.items["A1"].deleted = True  # the old one is there, but is not looked at any more
    made.store.batch += 1
    observations = [
        Observation("A", "A1", replace(view, moved_to=new), made.store.batch),
        Observation("A", new, view, made.store.batch, task),
    ]
    merge_tasks(made.store, made.ports(), observations, made.rules(), Moment("run_move", made.clock()))
    talk = source.discussion
    for key, one in list(talk.comments.items()):
        talk.comments[f"{key} moved"] = replace(one, item=new)


def said_in(made: Town, source: str) -> list[str]:
    """The last lines of the comments on the items that there are in a source."""
    talk = made.sources[source].discussion
    return sorted(one.body.splitlines()[-1] for one in talk.comments.values() if not talk.is_gone(one))


def test_the_comments_of_an_item_that_was_moved_are_the_same_comments(moved: Town) -> None:
    before = {one.comment_id for one in moved.store.all_comments()}
    assert sync(moved) == 0
    assert {one.comment_id for one in moved.store.all_comments()} == before
    assert said_in(moved, "A") == said_in(moved, "B") == ["a remark", "an answer"]


def test_edits_of_comments_that_came_along_with_a_moved_item_follow(moved: Town) -> None:
    sync(moved)
    moved.tick(60)
    moved.sources["A"].discussion.person_edits("Ac1 moved", "another remark")
    moved.sources["B"].discussion.person_edits("Bc2", "another answer")
    assert (sync(moved), sync(moved)) == (2, 0)
    assert said_in(moved, "A") == said_in(moved, "B") == ["another answer", "another remark"]
    assert [one.decision for one in moved.store.comment_changes() if one.new == "another remark"] == [Decision.TAKEN]


def test_what_its_provider_rewrote_of_a_comment_as_it_moved_the_item_is_the_same_comment_edited(moved: Town) -> None:
    moved.sources["A"].discussion.comments["Ac1 moved"].body = "a remark, rewritten"
    assert (sync(moved), sync(moved)) == (1, 0)
    assert said_in(moved, "A") == said_in(moved, "B") == ["a remark, rewritten", "an answer"]


@pytest.mark.parametrize("other", [{"author": "A.eve"}, {"seconds": 1}])
def test_a_comment_of_somebody_else_or_of_another_time_on_the_new_item_is_another_comment(
    moved: Town, other: dict[str, Any]
) -> None:
    came = moved.sources["A"].discussion.comments["Ac1 moved"]
    came.author = other.get("author", came.author)
    came.created_at += timedelta(seconds=other.get("seconds", 0))
    sync(moved)
    assert sync(moved) == 0
    assert said_in(moved, "B") == ["a remark", "a remark", "an answer"]


@given(st.permutations(range(8)), st.integers(0, 8))
def test_comments_of_a_moved_item_are_known_once_in_whatever_order_the_old_and_the_new_are_read(
    order: list[int], first: int
) -> None:
    made = discussed(Shape())
    made.sources["B"].discussion.person_comments("B1", "B.lee", "an answer")
    sync(made)
    made.sources["B"].discussion.person_comments("B1", "B.kim", "an answer whose copy is not known")
    made.fault = lambda source, what: (source, what) == ("A", "create")
    sync(made)
    made.fault = None
    made.sources["A"].discussion.person_comments("A1", "A.eve", "never read before")
    move(made)
    made.store.batch += 1
    talk, (task,) = made.sources["A"].discussion, made.store.all_tasks()
    read = [
        CommentObservation(
            "A",
            key,
            CommentView(one.item, one.author, one.body, one.created_at, one.updated_at, one.markers),
            made.store.batch,
            task,
        )
        for key, one in talk.comments.items()
    ]
    for some in (order[:first], order[first:]):
        take_comments(made.store, made.ports(), [read[one] for one in some], Moment("run_read", made.clock()))
    here = [one for one in made.store.all_comments() if one.source == "A" and one.state is LinkState.LINKED]
    assert sorted((one.body.splitlines()[-1], one.is_born, one.item) for one in here) == [
        ("a remark", True, "A2"),
        ("an answer", False, "A2"),
        ("an answer whose copy is not known", False, "A2"),
        ("never read before", True, "A2"),
    ]
    assert len({one.comment_id for one in made.store.all_comments()}) == 4
    assert made.store.unresolved() == []
