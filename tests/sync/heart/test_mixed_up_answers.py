"""Answers that are of another item than the call was about, as a cache or proxy that mixes them up gives them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sync.heart.test_engine import Town, sync, town
from worklake.integrations.base import Item
from worklake.model.heart_rows import Outcome
from worklake.testing.simulate.shapes import Shape


@pytest.fixture
def made() -> Town:
    """Two tasks that stand in two tools."""
    found = town(Shape(), Shape())
    found.sources["A"].person_creates({"title": "a second title"})
    sync(found)
    return found


def titles(made: Town, source: str) -> list[object]:
    return sorted(str(one.fields["title"]) for one in made.sources[source].items.values())


def test_an_update_that_is_answered_with_another_item_is_looked_at_and_done_again(
    made: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = made.sources["B"]

    def mixed_up(external_id: str, *_: Any) -> Item:
        return source.read("B2" if external_id == "B1" else "B1")

    made.tick(60)
    made.sources["A"].person_edits("A1", "title", "edited")
    with monkeypatch.context() as patch:
        patch.setattr(source, "update", mixed_up)
        sync(made)
    assert made.store.all_writes()[-1].outcome is Outcome.NOT_SENT
    sync(made)
    assert titles(made, "B") == titles(made, "A") == ["a second title", "edited"]
    assert sync(made) == 0


@pytest.mark.parametrize("is_made", [False, True])
def test_a_creation_that_is_answered_with_an_item_of_another_task_takes_nothing_from_that(
    made: Town, monkeypatch: pytest.MonkeyPatch, is_made: bool
) -> None:
    source = made.sources["B"]
    create = source.create

    def mixed_up(*arguments: Any, **more: Any) -> Item:
        if is_made:
            create(*arguments, **more)
        return source.read("B1")

    made.tick(60)
    made.sources["A"].person_creates({"title": "a third title"})
    with monkeypatch.context() as patch:
        patch.setattr(source, "create", mixed_up)
        sync(made)
    assert made.store.all_writes()[-1].outcome is None
    sync(made)
    sync(made)
    assert titles(made, "B") == titles(made, "A") == ["a second title", "a third title", "a title of some length"]
    assert sync(made) == 0


def test_of_two_creations_that_are_answered_with_the_same_item_both_are_made(
    made: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = made.sources["B"]
    create = source.create
    answered = list[Item]()

    def mixed_up(*arguments: Any, **more: Any) -> Item:
        answered.append(create(*arguments, **more))
        return answered[0]

    made.tick(60)
    for title in ("a third title", "a fourth title"):
        made.sources["A"].person_creates({"title": title})
    with monkeypatch.context() as patch:
        patch.setattr(source, "create", mixed_up)
        sync(made)
    sync(made)
    sync(made)
    assert titles(made, "B") == titles(made, "A")
    assert len(made.sources["B"].items) == 4
    assert sync(made) == 0
