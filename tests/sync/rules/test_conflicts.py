"""First meetings and conflicts: every kind of field, every policy, and that nothing is asked twice."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.sync.rules.sides import at, side, task
from tests.sync.rules.test_merge_task import decisions, merge
from worklake.model.fields import FIELDS, FieldValue, MergeKind, Priority, Status
from worklake.settings.models import Owner, Prefer
from worklake.sync.rules.plan import due
from worklake.sync.rules.state import Conflict, Contender, Decision, ItemKey
from worklake.sync.rules.task import TaskOutcome
from worklake.sync.rules.values import is_empty, same

SCALARS = [name for name, spec in FIELDS.items() if spec.merge is MergeKind.SCALAR]
SETS = [name for name, spec in FIELDS.items() if spec.merge is MergeKind.SET]
_OF_TYPE: dict[object, st.SearchStrategy[FieldValue]] = {
    Status: st.sampled_from([one.value for one in Status]),
    Priority: st.sampled_from([one.value for one in Priority]),
    int: st.integers(1, 9),
    float: st.floats(1, 9),
    bool: st.booleans(),
}


def values(name: str) -> st.SearchStrategy[FieldValue]:
    """Values of a field, the empty one among them."""
    if name in SETS:
        return st.lists(st.sampled_from("abc"), unique=True).map(sorted)
    filled = _OF_TYPE.get(FIELDS[name].type, st.sampled_from(["2026-01-01", "2026-02-02", "one\ntwo"]))
    return st.one_of(filled, st.just(FIELDS[name].empty))


MEETINGS = st.sampled_from(list(FIELDS)).flatmap(lambda name: st.tuples(st.just(name), values(name), values(name)))


@given(MEETINGS)
def test_at_a_first_meeting_equal_fields_agree(meeting: tuple[str, FieldValue, FieldValue]) -> None:
    name, value, _ = meeting
    outcome = merge(task(**{name: value}), side("B", None, {name: value}, minutes=9))
    assert (*outcome.changes, *outcome.conflicts) == ()


@given(MEETINGS)
def test_at_a_first_meeting_nothing_is_emptied_sets_unite_and_what_differs_is_kept(
    meeting: tuple[str, FieldValue, FieldValue],
) -> None:
    name, here, there = meeting
    outcome = merge(task(**{name: here}), side("B", None, {name: there}, minutes=9))
    now = outcome.task.values()[name]
    if name in SETS:
        assert isinstance(here, list) and isinstance(there, list)
        assert (now, list(outcome.conflicts)) == (sorted({*here, *there}), [])
    elif same(name, here, there):
        assert same(name, now, here)
    elif is_empty(name, there) and name != "status":
        assert (now, list(outcome.conflicts)) == (here, [])
    elif is_empty(name, here):
        assert (now, list(outcome.conflicts)) == (there, [])
    else:
        assert now == there  # the later one
        assert {str(one.value) for one in outcome.conflicts[0].contenders} == {str(here), str(there)}


@given(MEETINGS)
def test_at_a_first_meeting_a_manual_field_keeps_its_value_and_waits(
    meeting: tuple[str, FieldValue, FieldValue],
) -> None:
    name, here, there = meeting
    met = side("B", None, {name: there}, minutes=9)
    outcome = merge(task(**{name: here}), met, default="manual")
    if outcome.conflicts:
        assert same(name, outcome.task.values()[name], here)
        assert outcome.conflicts[0].open
        assert due(outcome.task, replace(met, seen=met.view), outcome.conflicts) == {}


# Nobody has edited anything where items meet: that only the owner may change a field must not empty it elsewhere.
@given(MEETINGS)
def test_at_a_first_meeting_what_the_owner_says_stands_and_what_it_leaves_empty_is_filled(
    meeting: tuple[str, FieldValue, FieldValue],
) -> None:
    name, here, there = meeting
    met = side("B", None, {name: there}, minutes=9)
    outcome = merge(task(**{name: here}), side("A", {name: here}), met, default=Owner(owner="A"))
    _nothing_is_emptied(name, here, there, outcome, stands=here)


@given(MEETINGS)
def test_an_owner_that_meets_a_task_later_wins_and_empties_nothing(
    meeting: tuple[str, FieldValue, FieldValue],
) -> None:
    name, here, there = meeting
    met = side("A", None, {name: there}, minutes=-9)
    outcome = merge(task(origin="B", **{name: here}), side("B", {name: here}), met, default=Owner(owner="A"))
    _nothing_is_emptied(name, here, there, outcome, stands=there)


@given(MEETINGS)
def test_where_the_owner_does_not_hold_the_task_items_meet_as_if_nobody_owned_the_field(
    meeting: tuple[str, FieldValue, FieldValue],
) -> None:
    name, here, there = meeting
    sides = (side("B", {name: here}), side("C", None, {name: there}, minutes=9))
    outcome = merge(task(origin="B", **{name: here}), *sides, default=Owner(owner="A"))
    assert outcome == merge(task(origin="B", **{name: here}), *sides)
    _nothing_is_emptied(name, here, there, outcome, stands=there)


def _nothing_is_emptied(
    name: str, here: FieldValue, there: FieldValue, outcome: TaskOutcome, stands: FieldValue
) -> None:
    """Where an item that shows `there` meets a task that has `here`; `stands` where both say something."""
    now = outcome.task.values()[name]
    if name in SETS:
        assert isinstance(here, list) and isinstance(there, list)
        assert (now, list(outcome.conflicts)) == (sorted({*here, *there}), [])
    elif same(name, here, there) or (name != "status" and is_empty(name, there)):
        assert (now, list(outcome.conflicts)) == (here, [])
    elif is_empty(name, here) and not (name == "status" and stands == here):
        assert (now, list(outcome.conflicts)) == (there, [])
    else:
        assert now == stands
        (conflict,) = outcome.conflicts
        assert not conflict.open
        assert {str(one.value) for one in conflict.contenders} == {str(here), str(there)}


@given(MEETINGS)
def test_after_a_first_meeting_only_the_owner_changes_an_owned_field(
    meeting: tuple[str, FieldValue, FieldValue],
) -> None:
    name, here, there = meeting
    edited = side("B", {name: here}, {name: there}, minutes=9)
    outcome = merge(task(origin="B", **{name: here}), edited, default=Owner(owner="A"))
    assert same(name, outcome.task.values()[name], here)
    assert set(decisions(outcome).values()) <= {Decision.REFUSED}


def test_what_filled_an_owned_field_is_kept_where_the_owner_edits_it_without_having_seen_that() -> None:
    outcome = merge(task(origin="B", cycle="b"), side("A", {"cycle": None}, {"cycle": "a"}), default=Owner(owner="A"))
    assert outcome.task.values()["cycle"] == "a"
    (conflict,) = outcome.conflicts
    assert not conflict.open
    assert {one.value for one in conflict.contenders} == {"a", "b"}


def test_what_the_owner_empties_while_an_item_comes_with_a_value_is_filled() -> None:
    edited, met = side("A", {"cycle": "a"}, {"cycle": None}, minutes=9), side("B", None, {"cycle": "b"})
    outcome = merge(task(cycle="a"), edited, met, default=Owner(owner="A"))
    assert outcome.task.values()["cycle"] == "b"
    assert {one.value for one in outcome.conflicts[0].contenders} == {None, "b"}


@pytest.mark.parametrize("name", [name for name in SCALARS if name not in ("archived", "confidential")])
def test_a_preferred_source_wins_a_first_meeting_although_it_was_edited_earlier(name: str) -> None:
    one, other = ("started", "completed") if name == "status" else ("high", "low")
    outcome = merge(task(99, **{name: one}), side("B", None, {name: other}, minutes=1), default=Prefer(prefer="B"))
    assert outcome.task.values()[name] == other
    assert len(outcome.conflicts) == 1


def manual() -> Conflict:
    outcome = merge(
        task(title="a"),
        side("A", {"title": "a"}, {"title": "b"}, minutes=1),
        side("B", {"title": "a"}, {"title": "c"}, minutes=2),
        default="manual",
    )
    return outcome.conflicts[0]


def test_a_conflict_is_asked_once_however_often_the_items_are_looked_at() -> None:
    conflict = manual()
    for _ in range(2):
        outcome = merge(
            task(title="a"), side("A", {"title": "b"}), side("B", {"title": "c"}), conflicts=(conflict,),
            default="manual",
        )  # fmt: skip
        assert (*outcome.changes, *outcome.conflicts) == ()
    assert manual().conflict_id == conflict.conflict_id


def test_a_conflict_holds_each_value_with_its_time_and_item() -> None:
    assert {(one.origin, one.value, one.at) for one in manual().contenders} == {
        (ItemKey("A", "1"), "b", at(1)), (ItemKey("B", "1"), "c", at(2)),
    }  # fmt: skip


def test_further_edits_of_all_sides_leave_one_row_with_the_newest_values() -> None:
    conflict = manual()
    outcome = merge(
        task(title="a"),
        side("A", {"title": "b"}, {"title": "d"}, minutes=3),
        side("B", {"title": "c"}, {"title": "e"}, minutes=4),
        side("C", {"title": "a"}, {"title": "f"}, minutes=5),
        conflicts=(conflict,),
        default="manual",
    )
    (now,) = outcome.conflicts
    assert (now.conflict_id, now.opened_at, now.open) == (conflict.conflict_id, conflict.opened_at, True)
    assert {one.value for one in now.contenders} == {"d", "e", "f"}


@pytest.mark.parametrize("policy", ["latest", Prefer(prefer="A"), Owner(owner="A")])
def test_a_conflict_that_is_open_waits_for_a_person_whatever_the_settings_say_since(policy: object) -> None:
    outcome = merge(
        task(title="a"), side("A", {"title": "b"}, {"title": "d"}), side("B", {"title": "c"}),
        conflicts=(manual(),), default=policy,
    )  # fmt: skip
    assert outcome.task.values()["title"] == "a"
    assert [one.open for one in outcome.conflicts] == [True]


def test_a_settled_conflict_stays_settled_and_the_next_edit_is_a_new_one() -> None:
    settled = replace(manual(), open=False)
    state = task(2, title="c")
    quiet = merge(state, side("A", {"title": "c"}), side("B", {"title": "c"}), conflicts=(settled,), default="manual")
    assert (*quiet.changes, *quiet.conflicts) == ()
    edited = merge(state, side("A", {"title": "c"}, {"title": "d"}), side("B", {"title": "c"}), default="manual")
    assert (edited.task.values()["title"], list(edited.conflicts)) == ("d", [])


def test_a_newer_edit_that_agrees_with_the_task_closes_nothing_while_the_others_differ() -> None:
    outcome = merge(
        task(title="a"), side("A", {"title": "b"}, {"title": "a"}), side("B", {"title": "c"}),
        conflicts=(manual(),), default="manual",
    )  # fmt: skip
    assert [one.open for one in outcome.conflicts] == [True]
    assert {one.value for one in outcome.conflicts[0].contenders} == {"a", "c"}


def test_an_edit_with_no_time_never_wins_over_one_that_has_one() -> None:
    undated = replace(side("A", {"title": "a"}, {"title": "b"}), edited=side("A", {}).edited._replace(at=None))
    outcome = merge(task(title="a"), undated, side("B", {"title": "a"}, {"title": "c"}, minutes=-99))
    assert outcome.task.values()["title"] == "c"
    assert any(one == Contender(ItemKey("A", "1"), "b", None) for one in outcome.conflicts[0].contenders)
