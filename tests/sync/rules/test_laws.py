"""Laws of the merge, for random tasks and items.

`--hypothesis-profile deep` tries each of them many thousand times.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import replace
from functools import partial
from random import Random

import pytest
from hypothesis import HealthCheck, Phase, assume, event, find, given, settings
from hypothesis import strategies as st
from hypothesis.errors import NoSuchExample

from tests.sync.rules.sides import Exact
from tests.sync.rules.situations import (
    LATER,
    NOW,
    VALUES,
    Situation,
    is_among,
    is_scalar,
    is_set,
    is_text,
    open_after,
    situations,
    taken_in,
    typed,
)
from worklake.model.fields import FIELDS, FieldValue, Status
from worklake.settings.models import Owner
from worklake.sync.rules import resolution
from worklake.sync.rules.plan import Missing, Planning, make_plan
from worklake.sync.rules.state import HOLDING, MOVING, Conflict, ConflictKind, Contender, Decision, ItemKey, Side
from worklake.sync.rules.task import TaskOutcome, fold_onto, merge_task
from worklake.sync.rules.texts import merge_texts
from worklake.sync.rules.values import elements, is_empty, same

_LAW = settings(
    max_examples=max(100, settings.default.max_examples if settings.default else 0),
    deadline=None,
    suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow],
)
_ANY = situations()
_SETTLED = situations(settled=True)
_RANDOMS = st.randoms(use_true_random=False)


@given(_ANY, _RANDOMS)
@_LAW
def test_the_order_of_the_sources_items_and_of_conflicts_does_not_matter(situation: Situation, random: Random) -> None:
    sides, conflicts = list(situation.sides), list(situation.conflicts)
    random.shuffle(sides)
    random.shuffle(conflicts)
    shuffled = replace(situation, sides=tuple(sides), conflicts=tuple(conflicts))
    outcome = situation.merged()
    for change in outcome.changes:
        event(change.decision.value)
    assert shuffled.merged() == outcome


@given(_ANY)
@_LAW
def test_merging_the_result_again_changes_nothing(situation: Situation) -> None:
    once = situation.merged()
    sides = tuple(taken_in(side) for side in situation.sides)
    again = replace(situation, task=once.task, sides=sides, conflicts=open_after(situation.conflicts, once)).merged()
    assert again == TaskOutcome(once.task)


@given(_ANY)
@_LAW
def test_a_repeated_merge_gives_the_same_ids_whenever_it_runs(situation: Situation) -> None:
    once, again = situation.merged(), situation.merged(LATER)
    assert [one.change_id for one in again.changes] == [one.change_id for one in once.changes]
    assert [one.conflict_id for one in again.conflicts] == [one.conflict_id for one in once.conflicts]
    assert len({one.change_id for one in once.changes}) == len(once.changes)
    assert again.task == once.task


@given(_ANY)
@_LAW
def test_a_merge_killed_after_its_conflicts_comes_to_the_same_when_repeated(situation: Situation) -> None:
    once = situation.merged()
    known = {one.conflict_id for one in situation.conflicts}
    kept = {one.conflict_id: one for one in situation.conflicts}
    kept |= {one.conflict_id: one for one in once.conflicts if one.open or one.conflict_id not in known}
    event(f"{len(once.conflicts)} conflicts")
    again = replace(situation, conflicts=tuple(one for one in kept.values() if one.open)).merged(LATER)
    before = _holding(situation, open_after(situation.conflicts, once))
    after = _holding(situation, open_after(kept.values(), again))
    assert after == before
    for name in filter(partial(_is_plain, situation), once.task.fields):
        assert again.task.values()[name] == once.task.values()[name]


@given(_ANY)
@_LAW
def test_a_merge_killed_after_its_changes_comes_to_the_same_when_repeated(situation: Situation) -> None:
    once = situation.merged()
    known = {one.conflict_id for one in situation.conflicts}
    kept = {one.conflict_id: one for one in situation.conflicts}
    kept |= {one.conflict_id: one for one in once.conflicts if one.open or one.conflict_id not in known}
    left = replace(situation, task=once.task, conflicts=tuple(one for one in kept.values() if one.open))
    again = left.merged(LATER, {change.change_id for change in once.changes})
    for name in filter(partial(_is_plain, situation), once.task.fields):
        assert again.task.values()[name] == once.task.values()[name]
    before = _holding(situation, open_after(situation.conflicts, once))
    assert _holding(situation, open_after(kept.values(), again)).keys() == before.keys()


@given(_ANY)
@_LAW
def test_a_field_that_nobody_changed_never_changes(situation: Situation) -> None:
    outcome = situation.merged()
    untouched = [name for name in situation.task.fields if not _is_shown_otherwise(situation, name)]
    event(f"{len(untouched)} untouched")
    for name in untouched:
        assert outcome.task.fields[name] == situation.task.fields[name]
    assert not [one for one in (*outcome.changes, *outcome.conflicts) if one.field in untouched]


@given(situations(most=1, settled=True))
@_LAW
def test_with_one_source_only_the_task_is_a_copy(situation: Situation) -> None:
    (side,) = situation.sides
    values = situation.task.values()
    seen = {
        name: shown
        for name, shown in side.seen.items()
        if name in values and resolution.shows(side, name, values[name], shown)
    }
    followed = [name for name in side.view if name in seen and not _is_owned_elsewhere(situation, name, side)]
    side = replace(side, seen=seen, view={name: side.view[name] for name in followed})
    outcome = replace(situation, sides=(side,)).merged()
    event(f"{len(outcome.changes)} changes")
    for name in followed:
        value = outcome.task.values()[name]
        if name in side.resolution.writable:
            assert resolution.shows(side, name, value, side.view[name])
        else:
            assert is_set(name) or same(name, value, side.view[name])
    assert not outcome.conflicts


@given(_ANY)
@_LAW
def test_the_task_is_the_fold_of_its_changes(situation: Situation) -> None:
    outcome = situation.merged()
    assert fold_onto(situation.task, sorted(outcome.changes, key=lambda change: change.position)) == outcome.task
    positions = [change.position for change in outcome.changes]
    assert positions == list(range(situation.task.version, situation.task.version + len(positions)))


@given(_ANY)
@_LAW
def test_no_value_stands_that_nobody_showed(situation: Situation) -> None:
    outcome = situation.merged()
    for name in filter(is_scalar, situation.names):
        if name in outcome.task.fields:
            assert is_among(name, outcome.task.values()[name], typed(situation, name))


@given(_ANY)
@_LAW
def test_what_is_held_is_not_moved_until_those_who_contend_agree(situation: Situation) -> None:
    outcome = situation.merged()
    closed = {one.conflict_id: one for one in outcome.conflicts if not one.open}
    for name in situation.names:
        for conflict in situation.holds(name) if not situation.is_reread(name) else ():
            if conflict.conflict_id in closed:
                event("agreed")
                said = {one.origin: one.value for one in conflict.contenders}
                # Who shows for the first time what the task says has nothing to add.
                said |= {
                    side.key: side.view[name]
                    for side in situation.changers(name)
                    if name in side.seen or not _shows(side, name, situation.current(name))
                }
                by_key = {side.key: side for side in situation.sides}
                for origin, value in said.items():
                    stands = outcome.task.values().get(name)
                    agrees = same(name, value, stands) or is_set(name) or is_text(name)
                    assert agrees or (origin in by_key and _shows(by_key[origin], name, stands))
            else:
                event("held")
                assert outcome.task.fields.get(name) == situation.task.fields.get(name)


@given(_ANY)
@_LAW
def test_an_adjusted_form_never_spreads(situation: Situation) -> None:
    outcome = situation.merged()
    for name in filter(is_scalar, situation.names):
        current = situation.current(name)
        forms = [
            side
            for side in situation.sides
            if name in side.adjusted and same(name, side.view[name], side.adjusted[name][0].shown)
        ]
        others = [side.view[name] for side in situation.sides if side not in forms and name in side.view]
        others += [one.value for open_ in situation.conflicts if open_.field == name for one in open_.contenders]
        for side in forms:
            event("a form is shown")
            told = [change for change in outcome.changes if (change.field, change.origin) == (name, side.key)]
            assert all(same(name, change.new, current) for change in told)
            if not is_among(name, side.view[name], others):
                assert not same(name, outcome.task.values().get(name), side.view[name])
                said = [one for conflict in outcome.conflicts if conflict.field == name for one in conflict.contenders]
                assert not is_among(name, side.view[name], [one.value for one in said])


@given(situations(settled=True, about=("description",)))
@_LAW
def test_a_line_that_a_provider_rewrote_spreads_only_where_somebody_typed_it(situation: Situation) -> None:
    name = "description"
    sides = [side for side in situation.sides if name in side.view]
    assume(sides and situation.current(name))
    assume(all(name in side.seen and not resolution.is_behind(side, name, situation.current(name)) for side in sides))
    outcome = situation.merged()
    said = set(_lines(situation.current(name)))
    for side in sides:
        said |= set(_lines(side.view[name])) - set(_lines(side.seen[name]))
    event(f"{sum(name in side.adjusted for side in sides)} rewritten")
    assert set(_lines(outcome.task.values()[name])) <= said


@given(_SETTLED)
@_LAW
def test_sets_unite_what_was_added_and_lose_what_was_only_taken_out(situation: Situation) -> None:
    outcome = situation.merged()
    for name in filter(is_set, situation.names):
        if isinstance(situation.policy(name), Owner):
            continue
        added, removed = frozenset[str](), frozenset[str]()
        for side in situation.changers(name):
            seen, view = elements(side.seen.get(name)), elements(side.view[name])
            added, removed = added | (view - seen), removed | (seen - view)
        event(f"added {bool(added)}, removed {bool(removed)}")
        current, stands = elements(situation.current(name)), elements(outcome.task.values().get(name))
        met = [elements(side.view[name]) for side in situation.changers(name) if name not in side.seen]
        assert stands <= (current - removed) | added
        # What a first meeting finds as it is says nothing, so it may keep nothing either.
        assert stands >= ((current - removed) | added) - (frozenset().union(*met) & current & removed)


@given(_ANY)
@_LAW
def test_where_items_meet_an_empty_value_takes_nothing_away(situation: Situation) -> None:
    edited = [
        name
        for name in situation.names
        if any(name in side.seen or not is_empty(name, side.view[name]) for side in situation.changers(name))
    ]
    outcome = situation.merged()
    for name in situation.names:
        if name not in edited and not situation.is_reread(name) and FIELDS[name].type is not Status:
            event("only empty values meet it")
            assert outcome.task.fields.get(name) == situation.task.fields.get(name)


@given(_ANY)
@_LAW
def test_every_edit_is_told_and_what_is_lost_is_in_a_conflict(situation: Situation) -> None:
    outcome = situation.merged()
    for name in situation.names:
        rows = [conflict for conflict in outcome.conflicts if conflict.field == name]
        for side in situation.changers(name):
            told = [change for change in outcome.changes if (change.field, change.origin) == (name, side.key)]
            if name in side.seen:
                event("an edit")
                assert told
            if any(change.decision in (Decision.LOST, Decision.HELD) for change in told):
                event("lost or held")
                values = [change.new for change in told if change.decision in (Decision.LOST, Decision.HELD)]
                said = [one.value for row in rows for one in row.contenders if one.origin == side.key]
                assert all(not isinstance(one, dict) and is_among(name, one, said) for one in values)


@given(_SETTLED)
@_LAW
def test_who_wins_is_who_the_policy_lets_win(situation: Situation) -> None:
    outcome = situation.merged()
    ranks: dict[ItemKey | None, int] = {side.key: side.rank for side in situation.sides}
    for name in situation.names:
        policy = situation.policy(name)
        moving = [one for one in outcome.changes if one.field == name and one.decision in MOVING]
        if isinstance(policy, Owner):
            # Where items meet nobody has edited, and others may fill what is empty.
            meets = {side.key for side in situation.sides if name not in side.seen}
            assert all(one.origin in meets or (one.origin and one.origin.source == policy.owner) for one in moving)
        for conflict in outcome.conflicts:
            if conflict.field != name:
                continue
            assert conflict.open == (policy == "manual")
            if conflict.open:
                assert not moving
                continue
            winner = next(one for one in conflict.contenders if one.origin == conflict.winner)
            first = getattr(policy, "prefer", None) or getattr(policy, "owner", None)
            said = [one for one in conflict.contenders if _counts_for(situation, name, one, conflict, first)]
            preferred = [one for one in said if one.origin is not None and one.origin.source == first]
            if preferred:
                event("preferred")
                assert is_among(name, winner.value, [one.value for one in preferred]) or any(
                    _agree(situation, name, winner.value, one.origin) for one in preferred
                )
                continue
            same_side = [
                one.at or at_first
                for one in conflict.contenders
                if one == winner or same(name, one.value, winner.value)
                or _agree(situation, name, winner.value, one.origin)
            ]  # fmt: skip
            for one in said:
                if same(name, one.value, winner.value) or _agree(situation, name, winner.value, one.origin):
                    continue
                assert max(same_side) >= (one.at or at_first)
                if max(same_side) == (one.at or at_first) and len(conflict.contenders) == 2:
                    event("equal times")
                    assert ranks.get(winner.origin, -1) <= ranks.get(one.origin, -1)


at_first = NOW.now.replace(year=1)


def _counts_for(situation: Situation, name: str, one: Contender, conflict: Conflict, first: str | None) -> bool:
    """Whether a value could win. Where items meet, an empty one never beats a value, and may have beaten the edits of
    others before.
    """
    met = {side.key for side in situation.sides if name in side.view and name not in side.seen}
    if not met or name == "status":
        return True
    edits = [each for each in conflict.contenders if each.origin not in met]
    emptied = one in edits and any(is_empty(name, each.value) for each in edits)
    is_first = one.origin is not None and one.origin.source == first
    return not is_empty(name, one.value) and (is_first or not emptied)


@given(_ANY)
@_LAW
def test_two_plans_of_the_same_state_are_equal_byte_for_byte(situation: Situation) -> None:
    outcome = situation.merged()
    missing = [Missing("E", Exact(), frozenset(FIELDS), "it is routed there")]
    seen = [taken_in(side) for side in situation.sides]
    conflicts = open_after(situation.conflicts, outcome)
    one, other = (
        make_plan([Planning(outcome.task, order, said, missing)])
        for order, said in ((seen, conflicts), (seen[::-1], conflicts[::-1]))
    )
    event(f"{len(one.steps)} steps")
    assert one.to_json() == other.to_json()
    assert one.plan_id == other.plan_id


@given(_ANY)
@_LAW
def test_what_is_planned_brings_every_item_up_to_date_and_writes_nothing_that_is_held(situation: Situation) -> None:
    outcome = situation.merged()
    conflicts = open_after(situation.conflicts, outcome)
    held = {one.field for one in conflicts if one.kind in (ConflictKind.DIFFERS, ConflictKind.UNDONE)}
    values = outcome.task.values()
    for side in map(taken_in, situation.sides):
        news = resolution.pending(values, side, held, {})
        assert not news.keys() & (held | side.frozen)
        assert news.keys() <= side.resolution.writable
        for name in side.view.keys() & values.keys() & side.resolution.writable - held - side.frozen:
            kept = _keeps_what_it_refers_to(side, name, values[name])
            assert (name in news) is not (kept or resolution.shows(side, name, values[name], side.view[name]))
        event(f"{len(news)} fields are due")
        done = taken_in(replace(side, view={**side.view, **news}))
        assert not resolution.pending(values, done, held, {})
        after = merge_task(outcome.task, [done], situation.policies, conflicts, LATER)
        assert after == TaskOutcome(outcome.task)


def _keeps_what_it_refers_to(side: Side, name: str, value: FieldValue) -> bool:
    """Whether what the task refers to is not there: an item then refers to what it did before."""
    if name != "parent_id" or value is None:
        return False
    return side.resolution.project({name: value}, {**side.view, name: None})[name] is None


_TEXTS = st.lists(st.sampled_from(["1", "2", "3", ""]), max_size=4).map("\n".join)


@given(_TEXTS, _TEXTS, _TEXTS)
@_LAW
def test_texts_merge_the_same_from_both_sides(base: str, ours: str, theirs: str) -> None:
    assert merge_texts(base, ours, theirs) == merge_texts(base, theirs, ours)
    assert merge_texts(base, base, theirs) == theirs
    assert merge_texts(base, ours, ours) == ours


def _closes(situation: Situation) -> bool:
    return any(not one.open and one.reason == "all agree" for one in situation.merged().conflicts)


def _decides(*decisions: Decision) -> Callable[[Situation], bool]:
    return lambda situation: {one.decision for one in situation.merged().changes} >= set(decisions)


def _disputes(name: str, *, open: bool) -> Callable[[Situation], bool]:
    return lambda situation: any(
        one.field == name and one.open == open and one.kind is ConflictKind.DIFFERS
        and one.conflict_id not in {each.conflict_id for each in situation.conflicts}
        for one in situation.merged().conflicts
    )  # fmt: skip


_REACHED: dict[str, Callable[[Situation], bool]] = {
    **{f"{name} is disputed": _disputes(name, open=True) for name in VALUES if name not in ("assignees", "archived")},
    **{f"{name} is settled": _disputes(name, open=False) for name in VALUES if name not in ("assignees", "archived")},
    "an open conflict closes itself": _closes,
    "an edit is taken and one lost": _decides(Decision.TAKEN, Decision.LOST),
    "an edit is taken and one agrees": _decides(Decision.TAKEN, Decision.AGREED),
    "an edit is refused": _decides(Decision.REFUSED),
    "an edit is held": _decides(Decision.HELD),
    "three edits of one field": lambda one: any(len(one.changers(name)) > 2 for name in one.names),
    "a field is read anew": lambda one: any(one.is_reread(name) for name in one.names) and bool(one.merged().changes),
    "equal times decide": lambda one: any("times are equal" in each.reason for each in one.merged().conflicts),
    "an item is unsure": lambda one: any(
        one.changers(name) and any(name in side.unsure for side in one.changers(name)) for name in one.names
    ),
    "items meet with other values": lambda one: any(
        name not in side.seen and not same(name, side.view[name], one.current(name))
        for name in one.names
        for side in one.changers(name)
    ),
    "the last open status comes back": lambda one: any(
        change.field == "status" and change.new == one.task.last_open
        and not is_among("status", change.new, [side.view["status"] for side in one.sides if "status" in side.view])
        for change in one.merged().changes
    ),
    "two items of one source": lambda one: len({side.key.source for side in one.sides}) < len(one.sides),
}  # fmt: skip


@pytest.mark.timeout(600)
def test_the_situations_reach_what_is_interesting() -> None:
    left = dict(_REACHED)

    def reaches_the_last(situation: Situation) -> bool:
        for case in [case for case, is_reached in left.items() if is_reached(situation)]:
            del left[case]
        return not left

    quick = settings(max_examples=3000, phases=[Phase.generate], deadline=None, database=None)
    with suppress(NoSuchExample):
        find(_ANY, reaches_the_last, settings=quick, random=Random(1))
    assert not left


def _is_plain(situation: Situation, name: str) -> bool:
    """Whether items only show edits of a field. What is read anew or met for the first time may be asked again."""
    return not situation.is_reread(name) and all(name in side.seen for side in situation.sides if name in side.view)


def _holding(situation: Situation, conflicts: Iterable[Conflict]) -> dict[str, dict[ItemKey | None, FieldValue]]:
    """The conflicts that hold plain fields, with those who contend."""
    return {
        one.conflict_id: {each.origin: each.value for each in one.contenders}
        for one in conflicts
        if one.kind in HOLDING and _is_plain(situation, one.field)
    }


def _is_shown_otherwise(situation: Situation, name: str) -> bool:
    return any(
        name in side.view and (name not in side.seen or not same(name, side.seen[name], side.view[name]))
        for side in situation.sides
    )


def _is_owned_elsewhere(situation: Situation, name: str, side: Side) -> bool:
    policy = situation.policy(name)
    return isinstance(policy, Owner) and policy.owner != side.key.source


def _shows(side: Side, name: str, value: FieldValue) -> bool:
    return name in side.view and resolution.shows(side, name, value, side.view[name])


def _agree(situation: Situation, name: str, value: FieldValue, origin: ItemKey | None) -> bool:
    return any(side.key == origin and _shows(side, name, value) for side in situation.sides)


def _lines(value: FieldValue) -> list[str]:
    return str(value or "").split("\n")
