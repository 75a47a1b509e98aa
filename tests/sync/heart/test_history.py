"""Who edited which field when: what the merge makes of the providers' own histories."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest

from tests.sync.heart.test_engine import Town, edit, outcomes, shown, sync, town
from worklake.errors import RetryableError, UnknownOutcomeError
from worklake.model.heart_rows import Outcome
from worklake.sync.rules.state import Change, Conflict, Decision
from worklake.testing.simulate import world as worlds
from worklake.testing.simulate.shapes import Shape

TELLS = Shape(history="values")
NAMES = Shape(history="editors")


def first(made: Town, source: str) -> str:
    return next(iter(made.sources[source].items))


def asked(made: Town, source: str) -> list[str]:
    """The histories that were read of a source from now on."""
    reads: list[str] = []

    def fault(name: str, what: str) -> bool:
        if (name, what) == (source, "history"):
            reads.append(what)
        return False

    made.fault = fault
    return reads


def last_changes(made: Town, count: int = 2) -> list[Change]:
    return made.store.changes(task_id=made.store.all_tasks()[0])[-count:]


def only_conflict(made: Town) -> Conflict:
    (conflict,) = made.store.all_conflicts()
    return conflict


def comment_on(made: Town, source: str) -> None:
    """Something that moves the item's time and none of its fields."""
    made.tick(600)
    item = made.sources[source].items[first(made, source)]
    item.updated_at = made.now


@pytest.mark.parametrize("shape", [TELLS, NAMES])
def test_the_latest_edit_of_the_field_wins_and_not_the_item_that_moved_last(shape: Shape) -> None:
    made = town(shape, shape)
    sync(made)
    edit(made, "A", "title", "the earlier title")
    edit(made, "B", "title", "the later title")
    comment_on(made, "A")
    sync(made)
    assert [shown(made, one) for one in "AB"] == ["the later title"] * 2


def test_without_a_history_the_time_of_the_item_decides() -> None:
    made = town(Shape(), Shape())
    sync(made)
    edit(made, "A", "title", "the earlier title")
    edit(made, "B", "title", "the later title")
    comment_on(made, "A")
    sync(made)
    assert [shown(made, one) for one in "AB"] == ["the earlier title"] * 2


def test_who_and_when_stand_with_each_value_of_a_conflict_and_with_each_change() -> None:
    made = town(TELLS, TELLS)
    sync(made)
    edit(made, "A", "title", "title of A")
    at_a = made.now
    edit(made, "B", "title", "title of B")
    at_b = made.now
    comment_on(made, "A")
    sync(made)
    said = {one.origin.source: (one.at, one.actor) for one in only_conflict(made).contenders if one.origin}
    assert {source: (at.replace(microsecond=0), who) for source, (at, who) in said.items() if at} == {
        "A": (at_a, "eve"), "B": (at_b, "eve"),
    }  # fmt: skip
    assert {change.actor for change in last_changes(made)} == {"eve"}


def test_an_edit_that_disputes_nothing_is_told_with_its_person() -> None:
    made = town(NAMES, Shape())
    sync(made)
    edit(made, "A", "title", "another title")
    sync(made)
    (change,) = last_changes(made, 1)
    assert (change.decision, change.actor) == (Decision.TAKEN, "eve")


def test_a_history_that_cannot_be_read_stops_nothing_and_the_reason_says_so() -> None:
    made = town(TELLS, TELLS)
    sync(made)
    edit(made, "A", "title", "the earlier title")
    edit(made, "B", "title", "the later title")
    comment_on(made, "A")

    def fails(source: str, what: str) -> bool:
        if what == "history":
            raise RetryableError("no answer")
        return False

    made.fault = fails
    sync(made)
    assert [shown(made, one) for one in "AB"] == ["the earlier title"] * 2
    assert "the history of A could not be read: no answer" in only_conflict(made).reason
    assert "the history of B could not be read: no answer" in only_conflict(made).reason
    assert all("could not be read" in change.reason for change in last_changes(made))


def test_a_history_that_lags_falls_back_to_the_time_of_the_item_and_says_so() -> None:
    made = town(replace(TELLS, history_lag_seconds=86_400), Shape())
    sync(made)
    edit(made, "A", "title", "another title")
    sync(made)
    assert shown(made, "B") == "another title"
    (change,) = last_changes(made, 1)
    assert "the history of A does not tell of it" in change.reason


def test_an_entry_of_another_value_is_not_taken_for_the_edit() -> None:
    made = town(TELLS, TELLS)
    sync(made)
    edit(made, "A", "title", "one")
    log = made.sources["A"].items[first(made, "A")].log
    log[-1] = log[-1]._replace(after="something else")
    sync(made)
    (change,) = last_changes(made, 1)
    assert "does not tell of it" in change.reason


def test_a_history_is_read_once_for_an_item_however_many_fields_were_edited() -> None:
    made = town(TELLS, Shape())
    sync(made)
    for name, value in (("title", "another title"), ("due_date", "2026-02-01"), ("status", "started")):
        edit(made, "A", name, value)
    reads = asked(made, "A")
    sync(made)
    assert len(reads) == 1


def test_a_first_load_and_a_quiet_run_read_no_history() -> None:
    made = town(TELLS, TELLS)
    for number in range(20):
        made.sources["A"].person_creates({"title": f"task {number}"})
    reads = asked(made, "A")
    sync(made)
    sync(made)
    assert reads == []


def test_the_value_of_the_task_contends_with_the_time_that_its_own_history_tells() -> None:
    """B had not got A's title yet: when A's item was merged, its time was later than its title's."""
    made = town(replace(TELLS, history_lag_seconds=500), TELLS)
    sync(made)
    edit(made, "A", "title", "the earlier title")
    edit(made, "B", "title", "the later title")
    comment_on(made, "A")
    made.sources["A"].shape = replace(TELLS, history_lag_seconds=86_400)
    worlds.pull(made, "A", Random(0))
    made.sources["A"].shape = TELLS
    made.tick(60)
    worlds.sync(made, Random(0))
    assert [shown(made, one) for one in "AB"] == ["the later title"] * 2


def lost_call(made: Town, *, done: bool) -> None:
    """A edits the title; what becomes of the write to B nobody learns, as B gives no answer for a while."""
    edit(made, "A", "title", "our title")

    def fault(source: str, what: str) -> bool:
        if source == "B" and what == "update" and not done:
            raise UnknownOutcomeError("no reply from B")
        if source == "B" and what == "read":
            raise RetryableError("B gives no answer")
        return what == "update"

    made.fault = fault
    sync(made)
    made.fault = None
    assert outcomes(made)[-1] is None


@pytest.mark.parametrize("shape", [TELLS, NAMES])
def test_a_person_who_typed_just_what_our_lost_write_was_setting_is_heard(shape: Shape) -> None:
    made = town(TELLS, shape)
    sync(made)
    lost_call(made, done=False)
    edit(made, "A", "title", "a newer title")
    edit(made, "B", "title", "our title")
    sync(made)
    assert [shown(made, one) for one in "AB"] == ["our title"] * 2
    assert outcomes(made)[-2:] != [Outcome.ACKNOWLEDGED] * 2


@pytest.mark.parametrize("shape", [TELLS, NAMES])
def test_a_person_who_put_the_old_value_back_after_our_lost_write_is_heard(shape: Shape) -> None:
    made = town(Shape(), shape)
    sync(made)
    lost_call(made, done=True)
    edit(made, "B", "title", "a title of some length")
    sync(made)
    assert [shown(made, one) for one in "AB"] == ["a title of some length"] * 2


@pytest.mark.parametrize("shape", [TELLS, NAMES, replace(TELLS, history_lag_seconds=86_400), Shape()])
@pytest.mark.parametrize("done", [False, True])
def test_a_lost_write_that_nobody_followed_is_settled_with_and_without_a_history(shape: Shape, done: bool) -> None:
    made = town(Shape(), shape)
    sync(made)
    lost_call(made, done=done)
    assert sync(made) == (0 if done else 1)
    assert [shown(made, one) for one in "AB"] == ["our title"] * 2
    assert sync(made) == 0
