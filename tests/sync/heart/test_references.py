"""What tasks refer to that nobody has met yet, or that is another item of the same task: stories over simulated
sources.
"""

from __future__ import annotations

import pytest

from tests.sync.heart.test_engine import Town, sync, town
from worklake.model.fields import FieldValue
from worklake.sync.rules.state import ItemKey
from worklake.testing.simulate import world as worlds
from worklake.testing.simulate.shapes import Shape


def read_alone(made: Town, external_id: str) -> None:
    """Only this item of its source is read and merged."""
    made.tick(100)
    made.store.batch += 1
    source = made.sources[external_id[0]]
    for page in source.list_changed(None, made.now):
        for item in page.items:
            if item.external_id == external_id:
                worlds._read(made, source, item)
    worlds._merge(made, made.run_id())


def shows(made: Town, external_id: str, name: str) -> FieldValue:
    return made.sources[external_id[0]].items[external_id].fields[name]


def titled(made: Town, source: str, title: str) -> str:
    """The item of this title."""
    (found,) = (key for key, item in made.sources[source].items.items() if item.fields["title"] == title)
    return found


def blocked_by_what_is_not_read(made: Town) -> str:
    """The item that blocks the first one, which is read before it."""
    other = made.sources["A"].person_creates({"title": "another one"})
    made.sources["A"].person_edits("A1", "blocked_by", [other])
    read_alone(made, "A1")
    return other


def test_what_a_task_refers_to_before_it_is_read_is_referred_to_elsewhere_once_it_is() -> None:
    made = town(Shape(), Shape())
    blocked_by_what_is_not_read(made)
    sync(made)
    assert sync(made) == 0
    assert shows(made, titled(made, "B", "a title of some length"), "blocked_by") == [titled(made, "B", "another one")]


def test_a_parent_that_is_read_later_is_the_parent_elsewhere() -> None:
    made = town(Shape(), Shape())
    made.sources["A"].person_edits("A1", "parent_id", made.sources["A"].person_creates({"title": "another one"}))
    read_alone(made, "A1")
    sync(made)
    assert sync(made) == 0
    assert shows(made, titled(made, "B", "a title of some length"), "parent_id") == titled(made, "B", "another one")


def test_who_takes_out_a_blocker_that_was_not_read_when_it_was_put_in_is_heard() -> None:
    made = town(Shape(), Shape())
    other = blocked_by_what_is_not_read(made)
    read_alone(made, other)
    made.sources["A"].person_edits("A1", "blocked_by", [])
    sync(made)
    assert sync(made) == 0
    assert shows(made, "A1", "blocked_by") == []
    assert shows(made, titled(made, "B", "a title of some length"), "blocked_by") == []


@pytest.mark.parametrize("is_read_before", [False, True])
def test_of_two_items_of_a_task_one_may_block_the_other_and_no_task_blocks_itself(is_read_before: bool) -> None:
    made = town(Shape(), Shape())
    sync(made)
    made.matched[ItemKey("B", "B2")] = ItemKey("A", "A1")
    made.sources["B"].person_creates({"title": "a title of some length"})
    if is_read_before:
        sync(made)
    made.sources["B"].person_edits("B1", "blocked_by", ["B2"])
    read_alone(made, "B1")
    sync(made)
    assert sync(made) == 0
    assert [shows(made, one, "blocked_by") for one in ("A1", "B1", "B2")] == [[], ["B2"], []]
    made.sources["B"].person_edits("B1", "blocked_by", [])
    sync(made)
    assert sync(made) == 0
    assert shows(made, "B1", "blocked_by") == []


def test_who_sets_a_parent_in_a_tool_that_has_not_the_one_of_the_task_is_heard() -> None:
    made = town(Shape(), Shape())
    made.sources["A"].person_edits("A1", "parent_id", made.sources["A"].person_creates({"title": "another one"}))
    made.routes = {"A": (), "B": ("A",)}
    sync(made)
    theirs = ItemKey("B", made.sources["B"].person_creates({"title": "a title of some length"}))
    made.matched[theirs] = ItemKey("A", "A1")
    other = made.sources["B"].person_creates({"title": "a third one"})
    sync(made)
    made.tick(60)
    made.sources["B"].person_edits(theirs.external_id, "parent_id", other)
    sync(made)
    assert sync(made) == 0
    assert shows(made, theirs.external_id, "parent_id") == other
    assert shows(made, "A1", "parent_id") == titled(made, "A", "a third one")
