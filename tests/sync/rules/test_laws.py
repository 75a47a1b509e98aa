"""Laws of the merge, for random tasks and items."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.sync.rules.sides import Exact, OpenOrClosed, at, side, task
from worklake.model.fields import FIELDS, FieldValue, Status
from worklake.settings.models import FieldPolicy, Owner, Prefer
from worklake.sync.rules.plan import Missing, Planning, make_plan
from worklake.sync.rules.state import Side, TaskState
from worklake.sync.rules.task import Moment, fold_onto, merge_task
from worklake.sync.rules.texts import merge_texts
from worklake.sync.rules.values import same

NOW = Moment("run_1", at(100))
TITLES = st.sampled_from(["a", "b", "c", ""])
TEXTS = st.lists(st.sampled_from(["1", "2", "3", ""]), max_size=4).map("\n".join)
SETS = st.frozensets(st.sampled_from(["eve", "kim", "lee"])).map(sorted)
DATES = st.sampled_from([None, "2026-01-01", "2026-02-01"])
STATUSES = st.sampled_from([status.value for status in Status])
FIELD_VALUES: dict[str, st.SearchStrategy[FieldValue]] = {
    "title": TITLES, "description": TEXTS, "status": STATUSES, "assignees": SETS, "due_date": DATES,
}  # fmt: skip
VIEWS = st.fixed_dictionaries(FIELD_VALUES)
POLICIES = st.sampled_from(["latest", "manual", Owner(owner="A"), Prefer(prefer="B")])


@st.composite
def situations(draw: st.DrawFn, most: int = 4) -> tuple[TaskState, list[Side]]:
    state = task(draw(st.integers(0, 9)), **draw(VIEWS))
    sides = []
    for name in draw(st.lists(st.sampled_from("ABCD"), min_size=1, max_size=most, unique=True)):
        lens = draw(st.sampled_from([Exact(), OpenOrClosed()]))
        seen = lens.project(state.values() if draw(st.booleans()) else draw(VIEWS), None)
        news = lens.project(draw(st.fixed_dictionaries({}, optional=FIELD_VALUES)), None)
        sides.append(side(name, seen, seen | news, draw(st.integers(0, 9)), lens))
    return state, sides


@given(situations(), POLICIES, st.randoms(use_true_random=False))
@settings(max_examples=150, deadline=None)
def test_the_order_of_the_sources_items_does_not_matter(
    situation: tuple[TaskState, list[Side]], policy: FieldPolicy, random: object
) -> None:
    state, sides = situation
    shuffled = list(sides)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    policies = {"default": policy}
    assert merge_task(state, sides, policies, (), NOW) == merge_task(state, shuffled, policies, (), NOW)


@given(situations(), POLICIES)
@settings(max_examples=150, deadline=None)
def test_merging_the_result_again_changes_nothing(situation: tuple[TaskState, list[Side]], policy: FieldPolicy) -> None:
    state, sides = situation
    once = merge_task(state, sides, {"default": policy}, (), NOW)
    conflicts = [one for one in once.conflicts if one.open]
    seen = [replace(one, seen=one.view) for one in sides]
    again = merge_task(once.task, seen, {"default": policy}, conflicts, NOW)
    assert again.task == once.task
    assert not again.changes


@given(situations(), POLICIES)
@settings(max_examples=150, deadline=None)
def test_a_merge_killed_after_its_changes_comes_to_the_same_when_repeated(
    situation: tuple[TaskState, list[Side]], policy: FieldPolicy
) -> None:
    state, sides = situation
    once = merge_task(state, sides, {"default": policy}, (), NOW)
    decided = {change.change_id for change in once.changes}
    again = merge_task(once.task, sides, {"default": policy}, (), NOW, decided)
    assert {name: again.task.values()[name] for name in once.task.values()} == once.task.values()


@given(situations(), POLICIES)
@settings(max_examples=150, deadline=None)
def test_a_field_that_nobody_changed_never_changes(
    situation: tuple[TaskState, list[Side]], policy: FieldPolicy
) -> None:
    state, sides = situation
    outcome = merge_task(state, sides, {"default": policy}, (), NOW)
    for name, standing in state.fields.items():
        if all(same(name, one.seen[name], one.view[name]) for one in sides):
            assert outcome.task.fields[name] == standing


@given(VIEWS, VIEWS)
@settings(deadline=None)
def test_with_one_source_only_the_task_is_a_copy(before: dict[str, FieldValue], after: dict[str, FieldValue]) -> None:
    outcome = merge_task(task(**before), [side("A", before, after)], {}, (), NOW)
    assert all(same(name, value, after[name]) for name, value in outcome.task.values().items())


@given(situations(), POLICIES)
@settings(max_examples=150, deadline=None)
def test_the_task_is_the_fold_of_its_changes(situation: tuple[TaskState, list[Side]], policy: FieldPolicy) -> None:
    state, sides = situation
    outcome = merge_task(state, sides, {"default": policy}, (), NOW)
    assert fold_onto(state, sorted(outcome.changes, key=lambda change: change.position)) == outcome.task


@given(situations(), POLICIES)
@settings(max_examples=150, deadline=None)
def test_no_value_stands_that_nobody_showed(situation: tuple[TaskState, list[Side]], policy: FieldPolicy) -> None:
    state, sides = situation
    outcome = merge_task(state, sides, {"default": policy}, (), NOW)
    for name in ("title", "due_date", "status"):
        typed = [state.values()[name], state.last_open, *(one.view[name] for one in sides)]
        assert outcome.task.values()[name] in typed


@given(situations(), POLICIES)
@settings(max_examples=100, deadline=None)
def test_two_plans_of_the_same_state_are_equal_byte_for_byte(
    situation: tuple[TaskState, list[Side]], policy: FieldPolicy
) -> None:
    state, sides = situation
    outcome = merge_task(state, sides, {"default": policy}, (), NOW)
    missing = [Missing("E", Exact(), frozenset(FIELDS), "it is routed there")]
    seen = [replace(one, seen=one.view) for one in sides]
    one, other = (
        make_plan([Planning(outcome.task, order, outcome.conflicts, missing)]) for order in (seen, seen[::-1])
    )
    assert one.to_json() == other.to_json()
    assert one.plan_id == other.plan_id


@given(TEXTS, TEXTS, TEXTS)
@settings(max_examples=300, deadline=None)
def test_texts_merge_the_same_from_both_sides(base: str, ours: str, theirs: str) -> None:
    assert merge_texts(base, ours, theirs) == merge_texts(base, theirs, ours)
    assert merge_texts(base, base, theirs) == theirs
    assert merge_texts(base, ours, ours) == ours
