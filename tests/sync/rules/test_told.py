"""Which entry of a provider's history is behind what an item shows."""

from __future__ import annotations

import pytest

from tests.sync.rules.sides import at
from worklake.model.fields import FieldValue
from worklake.sync.rules.told import SLACK, Told, edit_behind, last_word, overwritten


def told(minutes: int, after: FieldValue = None, before: FieldValue = None, *, ours: bool = False) -> Told:
    known = after is not None
    return Told("title", at(minutes), "worklake" if ours else "kim", ours, before, after, known)


def test_the_last_edit_to_the_shown_value_is_behind_it() -> None:
    entries = [told(1, "a"), told(2, "b"), told(3, "a"), told(4, "c")]
    assert edit_behind("title", "a", entries, at(0), at(3)) == entries[2]


def test_an_edit_after_the_item_was_read_is_behind_nothing_that_was_read() -> None:
    assert edit_behind("title", "a", [told(9)], at(0), at(3)) is None


def test_a_history_with_values_that_lacks_the_shown_one_lags_or_is_cut() -> None:
    assert edit_behind("title", "a", [told(1, "b")], at(0), at(3)) is None


def test_without_values_the_last_edit_of_a_person_is_taken_and_not_our_own_last_write() -> None:
    ours = Told("title", at(0) + SLACK / 2, "worklake", ours=True)
    assert edit_behind("title", "a", [ours, told(2)], at(0), at(3)) == told(2)
    assert edit_behind("title", "a", [ours], at(0), at(3)) is None


def test_without_values_the_last_entry_says_whether_a_call_or_a_person_was_last() -> None:
    call = told(3, ours=True)
    assert last_word("title", "a longer title", "a longer ti", [told(2), call]) == call
    assert last_word("title", "a longer title", "a longer ti", [call, told(4)]) == told(4)
    assert last_word("title", "a longer title", "by a person", [told(2), call]) == told(2)


def test_a_person_who_works_with_our_account_is_found_by_the_value() -> None:
    by_hand = told(2, "a", ours=True)
    assert edit_behind("title", "a", [by_hand], at(0), at(3)) == by_hand


def test_elements_put_in_and_taken_out_are_behind_a_set_that_shows_both() -> None:
    entry = Told("labels", at(2), "kim", before=["x"], after=["y"], known=True)
    assert edit_behind("labels", ["y", "z"], [entry], at(0), at(3)) == entry
    assert edit_behind("labels", ["x", "y"], [entry], at(0), at(3)) is None


@pytest.mark.parametrize("ours", [False, True])
def test_our_own_entry_says_what_it_went_over_whoever_had_typed_it(ours: bool) -> None:
    entries = [told(1, "theirs", "old", ours=ours), told(2, "new", "theirs", ours=True)]
    assert overwritten("title", "old", "new", entries, at(0)) == entries[0]


def test_a_write_of_what_it_had_read_went_over_nothing() -> None:
    entries = [told(1, "old", "older"), told(2, "new", "old", ours=True)]
    assert overwritten("title", "old", "new", entries, at(0)) is None


def test_a_write_that_left_a_field_as_it_was_went_over_nothing() -> None:
    earlier = told(1, "old", "older", ours=True)  # of several calls ours was cut short before the one for the title
    assert overwritten("title", "old", "old", [earlier], at(1)) is None


def test_where_the_typed_edit_is_not_told_its_value_still_is() -> None:
    lost = overwritten("title", "old", "new", [told(2, "new", "theirs", ours=True)], at(0))
    assert lost is not None and (lost.after, lost.actor) == ("theirs", None)


def test_two_writes_of_the_same_value_are_told_apart_by_their_time() -> None:
    entries = [told(1, "b", "a", ours=True), told(2, "c", "b", ours=True), told(3, "b", "c", ours=True)]
    assert overwritten("title", "a", "b", entries, at(0)) is None
    assert overwritten("title", "c", "b", entries, at(2)) is None


def test_an_earlier_write_of_the_same_value_in_the_same_minute_is_not_taken_for_this_one() -> None:
    earlier, later = told(3, "a", "b", ours=True), told(4, "a", "c", ours=True)
    entries = [told(3, "b", "a"), earlier, told(3, "c", "a"), later]
    assert overwritten("title", "c", "a", entries, at(3)) is None
    assert overwritten("title", "b", "a", entries, at(3)) is None


def test_without_values_an_edit_of_another_after_the_reading_was_gone_over() -> None:
    entries = [told(0), told(2), told(3, ours=True)]
    assert overwritten("title", "old", "new", entries, at(0)) == entries[1]
    assert overwritten("title", "old", "new", [told(0), told(3, ours=True)], at(0)) is None
    assert overwritten("title", "old", "new", [told(2)], at(0)) is None


def test_an_entry_that_holds_several_of_our_writes_does_not_say_what_the_last_one_replaced() -> None:
    several = told(3, "new", "oldest", ours=True)._replace(began=at(1))
    assert overwritten("title", "old", "new", [several], at(2)) is None
    theirs = told(3, "theirs", "old")
    assert overwritten("title", "old", "new", [theirs, several], at(2)) == theirs
