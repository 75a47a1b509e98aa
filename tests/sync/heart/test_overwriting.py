"""A person edits between our reading of an item and the answer of our write: what the history tells of it later."""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from dataclasses import replace
from datetime import datetime
from random import Random

import pytest

from tests.sync.heart.test_engine import Town, edit, shown, sync, town
from tests.sync.heart.test_history import NAMES, TELLS, asked, first, only_conflict
from worklake.errors import NotFoundError
from worklake.integrations.base import FieldEdit
from worklake.sync.heart import settling
from worklake.sync.heart.overwriting import look_for_overwritten
from worklake.sync.rules.state import ConflictKind
from worklake.sync.rules.task import Moment
from worklake.testing.simulate import world as worlds
from worklake.testing.simulate.shapes import Shape


def raced(shape: Shape, name: str = "title", ours: str = "our title", theirs: str = "their title") -> Town:
    """A edits a field, and while that is written to B, a person edits it there."""
    made = town(Shape(), shape)
    sync(made)
    edit(made, "A", name, ours)

    def fault(source: str, what: str) -> bool:
        if (source, what) == ("B", "update"):
            made.fault = None
            made.sources["B"].person_edits(first(made, "B"), name, theirs)
        return False

    made.fault = fault
    sync(made)
    assert [shown(made, one, name) for one in "AB"] == [ours] * 2
    return made


def test_an_overwritten_edit_is_shown_as_a_conflict_with_its_value_and_who_and_when() -> None:
    made = raced(TELLS)
    assert made.store.all_conflicts() == []
    edited_at = made.sources["B"].items[first(made, "B")].log[-2].at
    sync(made)
    conflict = only_conflict(made)
    assert (conflict.kind, conflict.open) == (ConflictKind.OVERWRITTEN, True)
    lost = next(one for one in conflict.contenders if one.origin and one.origin.source == "B")
    assert (lost.value, lost.at, lost.actor) == ("their title", edited_at, "eve")
    assert "went over" in conflict.reason


def test_the_time_from_reading_to_the_answer_is_kept_with_the_write() -> None:
    made = raced(TELLS)
    write = made.store.all_writes()[-1]
    assert write.read_at is not None and write.finished_at is not None
    assert write.read_at < write.intended_at < write.finished_at


def test_it_holds_nothing_and_a_person_may_bring_the_value_back() -> None:
    made = raced(TELLS)
    sync(made)
    edit(made, "A", "due_date", "2026-02-01")
    assert sync(made) == 1
    choice = settling.Choice(take="B")
    settling.settle(made.store, made.ports(), only_conflict(made).conflict_id, choice, Moment("run_9999", made.clock()))
    sync(made)
    assert [shown(made, one) for one in "AB"] == ["their title"] * 2
    assert sync(made) == 0
    assert not only_conflict(made).open


def test_a_later_edit_of_the_field_closes_it() -> None:
    made = raced(TELLS)
    sync(made)
    edit(made, "B", "title", "a newer title")
    sync(made)
    conflict = only_conflict(made)
    assert (conflict.open, conflict.reason, conflict.value) == (False, "edited since", "a newer title")


def test_the_history_of_an_item_is_read_once_after_a_write_and_never_again() -> None:
    made = town(Shape(), TELLS)
    sync(made)
    edit(made, "A", "title", "our title")
    sync(made)
    reads = asked(made, "B")
    sync(made)
    assert len(reads) == 1
    for _ in range(3):
        sync(made)
    assert len(reads) == 1
    assert made.store.all_conflicts() == []


def test_a_history_that_lags_is_read_again_until_it_tells_of_our_own_write() -> None:
    made = raced(replace(TELLS, history_lag_seconds=600))
    sync(made)
    assert made.store.all_conflicts() == []
    made.tick(700)
    sync(made)
    assert only_conflict(made).kind is ConflictKind.OVERWRITTEN


@pytest.mark.parametrize("shape", [TELLS, NAMES])
def test_a_write_that_a_person_had_just_made_by_hand_goes_over_nothing_that_came_later(shape: Shape) -> None:
    made = raced(replace(shape, history_lag_seconds=600), ours="the same", theirs="the same")
    edit(made, "B", "title", "of B")
    edit(made, "A", "title", "of A")
    sync(made)
    assert [shown(made, name) for name in "AB"] == ["of A"] * 2
    made.tick(700)
    sync(made)
    assert not [one for one in made.store.all_conflicts() if one.kind is ConflictKind.OVERWRITTEN]


def test_a_history_without_values_tells_who_and_when_and_that_the_value_is_not_known() -> None:
    made = raced(NAMES)
    sync(made)
    conflict = only_conflict(made)
    assert conflict.reason.startswith("eve edited title in B")
    assert "does not tell what it was" in conflict.reason
    assert [one.value for one in conflict.contenders] == ["our title"]


@pytest.mark.parametrize("shape", [TELLS, NAMES])
def test_an_edit_that_was_read_before_the_write_is_not_overwritten(shape: Shape) -> None:
    made = town(Shape(), shape)
    sync(made)
    edit(made, "B", "title", "an earlier title")
    sync(made)
    edit(made, "A", "title", "our title")
    sync(made)
    sync(made)
    assert made.store.all_conflicts() == []


def test_an_edit_after_our_write_is_an_edit_like_any_other() -> None:
    made = town(Shape(), TELLS)
    sync(made)
    edit(made, "A", "title", "our title")
    worlds.sync(made, Random(0))
    edit(made, "B", "title", "a later title")
    sync(made)
    assert [shown(made, one) for one in "AB"] == ["a later title"] * 2
    assert made.store.all_conflicts() == []


def test_without_a_history_nothing_is_asked_and_nothing_is_known() -> None:
    made = raced(Shape())
    reads = asked(made, "B")
    sync(made)
    assert (reads, made.store.all_conflicts()) == ([], [])


def test_the_history_of_an_item_that_is_gone_is_not_asked_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    made = town(Shape(), TELLS)
    sync(made)
    edit(made, "A", "title", "another title")
    sync(made)
    made.sources["B"].items[first(made, "B")].deleted = True

    def history(external_id: str, since: datetime, fields: AbstractSet[str] | None = None) -> Iterator[FieldEdit]:
        raise NotFoundError(f"there is no {external_id}")

    monkeypatch.setattr(made.sources["B"], "history", history)
    assert look_for_overwritten(made.store, made.ports(), "run_9000", made.clock) == {}
    made.tick(7200)
    look_for_overwritten(made.store, made.ports(), "run_9001", made.clock)
    assert made.store.unchecked() == []
