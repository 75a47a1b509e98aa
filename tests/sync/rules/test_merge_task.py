"""Merging one task, told as stories."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.sync.rules.sides import Exact, OpenOrClosed, at, side, task
from worklake.model.fields import Fields, FieldValue
from worklake.settings.models import Owner, Prefer
from worklake.sync.rules.plan import due
from worklake.sync.rules.state import Conflict, Decision, ItemKey, Pair, Side, TaskState
from worklake.sync.rules.task import Moment, TaskOutcome, born, fold, merge_task

NOW = Moment("run_1", at(100))


def merge(task_: TaskState, *sides: Side, conflicts: tuple[Conflict, ...] = (), **policies: Any) -> TaskOutcome:
    return merge_task(task_, sides, policies, conflicts, NOW)


def decisions(outcome: TaskOutcome) -> dict[str, Decision]:
    return {change.origin.source if change.origin else "": change.decision for change in outcome.changes}


def test_title_edited_in_one_and_due_date_in_another_are_both_taken() -> None:
    seen = {"title": "a", "due_date": None}
    outcome = merge(
        task(**seen), side("A", seen, seen | {"title": "b"}), side("B", seen, seen | {"due_date": "2026-02-01"})
    )
    assert outcome.task.values() == {"title": "b", "due_date": "2026-02-01"}
    assert not outcome.conflicts


def test_the_same_edit_in_two_is_taken_once_and_is_no_conflict() -> None:
    outcome = merge(
        task(title="a"), side("A", {"title": "a"}, {"title": "b"}), side("B", {"title": "a"}, {"title": "b"})
    )
    assert sorted(decisions(outcome).values()) == ["agreed", "taken"]
    assert not outcome.conflicts


def test_the_latest_of_two_edits_wins_and_the_other_is_kept_in_the_settled_conflict() -> None:
    outcome = merge(
        task(title="a"),
        side("A", {"title": "a"}, {"title": "b"}, minutes=5),
        side("B", {"title": "a"}, {"title": "c"}, minutes=6),
    )
    assert outcome.task.values()["title"] == "c"
    assert decisions(outcome) == {"A": Decision.LOST, "B": Decision.TAKEN}
    (conflict,) = outcome.conflicts
    assert not conflict.open
    assert {one.value for one in conflict.contenders} == {"b", "c"}


def test_equal_times_go_by_the_order_of_the_sources() -> None:
    outcome = merge(
        task(title="a"),
        side("B", {"title": "a"}, {"title": "c"}, minutes=5),
        side("A", {"title": "a"}, {"title": "b"}, minutes=5),
    )
    assert outcome.task.values()["title"] == "b"
    assert "order of the sources" in outcome.conflicts[0].reason


def test_an_older_edit_made_before_the_newer_had_arrived_loses() -> None:
    outcome = merge(task(0, title="new"), side("B", {"title": "old"}, {"title": "late"}, minutes=-1))
    assert outcome.task.values()["title"] == "new"
    assert decisions(outcome) == {"B": Decision.LOST}
    assert len(outcome.conflicts) == 1


def test_an_edit_made_with_the_newer_value_in_sight_is_taken_whatever_its_clock_says() -> None:
    outcome = merge(task(0, title="new"), side("B", {"title": "new"}, {"title": "late"}, minutes=-1))
    assert outcome.task.values()["title"] == "late"
    assert not outcome.conflicts


def test_an_item_opened_again_brings_back_the_open_status_it_had() -> None:
    state = TaskState("task_1", task(status="completed").fields, 3, last_open="started")
    outcome = merge(state, side("B", {"status": "completed"}, {"status": "unstarted"}, resolution=OpenOrClosed()))
    assert outcome.task.values()["status"] == "started"


def test_a_finer_status_does_not_concern_a_coarser_provider() -> None:
    coarse = side("B", {"status": "unstarted"}, resolution=OpenOrClosed())
    outcome = merge(task(status="started"), side("A", {"status": "started"}, {"status": "backlog"}), coarse)
    assert due(outcome.task, coarse, ()) == {}


def test_a_coarser_view_of_the_same_edit_agrees() -> None:
    outcome = merge(
        task(status="started"),
        side("A", {"status": "started"}, {"status": "canceled"}, minutes=1),
        side("B", {"status": "unstarted"}, {"status": "completed"}, minutes=2, resolution=OpenOrClosed()),
    )
    assert outcome.task.values()["status"] == "canceled"
    assert not outcome.conflicts


@pytest.mark.parametrize("coarse", ["A", "B", "C"])
def test_what_a_coarser_view_agrees_with_does_not_thereby_agree(coarse: str) -> None:
    """Closed in one may mean completed and canceled; who says completed and who says canceled differ all the same."""
    first, second = [name for name in "ABC" if name != coarse]
    outcome = merge(
        task(status="started"),
        side(first, {"status": "started"}, {"status": "completed"}, minutes=3),
        side(second, {"status": "started"}, {"status": "canceled"}, minutes=1),
        side(coarse, {"status": "unstarted"}, {"status": "completed"}, minutes=2, resolution=OpenOrClosed()),
    )
    assert outcome.task.values()["status"] == "completed"
    (conflict,) = outcome.conflicts
    assert {one.value for one in conflict.contenders} == {"completed", "canceled"}


def test_a_label_added_here_and_another_removed_there_are_both_taken() -> None:
    outcome = merge(
        task(labels=["x", "y"]),
        side("A", {"labels": ["x", "y"]}, {"labels": ["x", "y", "z"]}),
        side("B", {"labels": ["x", "y"]}, {"labels": ["y"]}),
    )
    assert outcome.task.values()["labels"] == ["y", "z"]


def test_an_element_that_a_source_cannot_show_is_not_removed_by_it() -> None:
    coarse = side("B", {"assignees": ["kim"]}, {"assignees": ["kim", "lee"]}, resolution=OpenOrClosed())
    outcome = merge(task(assignees=["eve", "kim"]), coarse)
    assert outcome.task.values()["assignees"] == ["eve", "kim", "lee"]


def test_lines_edited_in_different_places_are_both_taken() -> None:
    outcome = merge(
        task(description="1\n2\n3\n4"),
        side("A", {"description": "1\n2\n3\n4"}, {"description": "one\n2\n3\n4"}),
        side("B", {"description": "1\n2\n3\n4"}, {"description": "1\n2\n3\nfour"}),
    )
    assert outcome.task.values()["description"] == "one\n2\n3\nfour"
    assert not outcome.conflicts


def test_overlapping_edits_of_a_text_are_a_conflict_over_the_whole() -> None:
    outcome = merge(
        task(description="1\n2"),
        side("A", {"description": "1\n2"}, {"description": "1\nA"}, minutes=1),
        side("B", {"description": "1\n2"}, {"description": "1\nB"}, minutes=2),
    )
    assert outcome.task.values()["description"] == "1\nB"
    assert len(outcome.conflicts) == 1


def test_what_a_provider_cut_off_comes_back_when_the_rest_is_edited() -> None:
    whole, cut = "1\n2\n3\n4", "1\n2"
    pairs = {"description": (Pair(whole, cut),)}
    outcome = merge(task(description=whole), side("B", {"description": cut}, {"description": "1\nnew"}, adjusted=pairs))
    assert outcome.task.values()["description"] == "1\nnew\n3\n4"


def test_an_adjusted_form_means_the_canonical_value() -> None:
    pairs = {"title": (Pair("long title", "long"),)}
    shown = side("B", {"title": "older"}, {"title": "long"}, adjusted=pairs)
    outcome = merge(task(title="long title"), shown)
    assert outcome.task.values()["title"] == "long title"
    assert due(outcome.task, shown, ()) == {}


def test_only_the_owner_changes_an_owned_field() -> None:
    outcome = merge(
        task(start_date=None),
        side("A", {"start_date": None}, {"start_date": "2026-01-01"}),
        start_date=Owner(owner="B"),
    )
    assert outcome.task.values()["start_date"] is None
    assert decisions(outcome) == {"A": Decision.REFUSED}
    written_over = side("A", {"start_date": "2026-01-01"})
    assert due(outcome.task, written_over, ()) == {"start_date": None}


def test_an_edit_of_an_owned_field_is_told_also_where_it_says_what_the_task_says() -> None:
    current = task(start_date="2026-01-01", origin="B")
    late = side("A", {"start_date": None}, {"start_date": "2026-01-01"}, minutes=9)
    outcome = merge(current, late, start_date=Owner(owner="B"))
    assert decisions(outcome) == {"A": Decision.REFUSED}
    assert outcome.task.fields == current.fields


def test_a_preferred_source_wins_where_it_contends() -> None:
    outcome = merge(
        task(title="a"),
        side("A", {"title": "a"}, {"title": "b"}, minutes=5),
        side("B", {"title": "a"}, {"title": "c"}, minutes=6),
        title=Prefer(prefer="A"),
    )
    assert outcome.task.values()["title"] == "b"


def manual_conflict() -> tuple[TaskOutcome, Conflict]:
    outcome = merge(
        task(title="a"),
        side("A", {"title": "a"}, {"title": "b"}),
        side("B", {"title": "a"}, {"title": "c"}),
        default="manual",
    )
    return outcome, outcome.conflicts[0]


def test_a_manual_conflict_keeps_the_value_and_holds_the_field() -> None:
    outcome, conflict = manual_conflict()
    assert outcome.task.values()["title"] == "a"
    assert conflict.open
    assert due(outcome.task, side("A", {"title": "b"}), [conflict]) == {}


def test_a_manual_conflict_closes_when_its_contenders_agree() -> None:
    _, conflict = manual_conflict()
    outcome = merge(
        task(title="a"),
        side("A", {"title": "b"}, {"title": "c"}),
        side("B", {"title": "c"}),
        conflicts=(conflict,),
        default="manual",
    )
    assert outcome.task.values()["title"] == "c"
    assert [one.open for one in outcome.conflicts] == [False]


def test_a_further_edit_updates_an_open_conflict() -> None:
    _, conflict = manual_conflict()
    outcome = merge(
        task(title="a"), side("A", {"title": "b"}, {"title": "d"}), side("B", {"title": "c"}), conflicts=(conflict,)
    )
    (updated,) = outcome.conflicts
    assert updated.conflict_id == conflict.conflict_id
    assert {one.value for one in updated.contenders} == {"c", "d"}


def test_at_a_first_meeting_an_empty_value_never_beats_a_value_and_sets_unite() -> None:
    state = task(title="a", due_date="2026-01-01", labels=["x"], estimate_minutes=None)
    met = side("B", None, {"title": "a", "due_date": None, "labels": ["y"], "estimate_minutes": 30}, minutes=50)
    outcome = merge(state, met)
    assert outcome.task.values() == {
        "title": "a",
        "due_date": "2026-01-01",
        "labels": ["x", "y"],
        "estimate_minutes": 30,
    }
    assert not outcome.conflicts


def test_who_emptied_a_field_is_kept_where_an_item_and_an_edit_that_did_not_know_it_fill_it_together() -> None:
    emptied = task(5, due_date=None)
    edit = side("B", {"due_date": "2026-01-08"}, {"due_date": "2026-01-18"}, minutes=6)
    met = side("C", {}, {"due_date": "2026-01-15"}, minutes=7)
    outcome = merge(emptied, edit, met)
    assert outcome.task.values() == {"due_date": "2026-01-15"}
    (conflict,) = outcome.conflicts
    assert {one.value for one in conflict.contenders} == {None, "2026-01-18", "2026-01-15"}


def test_an_edit_that_is_older_than_who_emptied_the_field_does_not_win_because_an_item_fills_it() -> None:
    emptied = task(5, due_date=None)
    edit = side("B", {"due_date": "2026-01-08"}, {"due_date": "2026-01-18"}, minutes=4)
    outcome = merge(emptied, edit, side("C", {}, {"due_date": "2026-01-15"}, minutes=1))
    assert outcome.task.values() == {"due_date": "2026-01-15"}


def test_who_sets_a_parent_where_that_of_the_task_is_not_there_is_heard() -> None:
    class Alone(Exact):
        """Knows no task but one."""

        def project(self, canonical: Fields, shown: Fields | None) -> dict[str, FieldValue]:
            kept = (shown or {}).get("parent_id")
            return {name: value if value in (None, "task_9") else kept for name, value in canonical.items()}

    before, after = {"parent_id": None}, {"parent_id": "task_9"}
    outcome = merge(task(parent_id="task_8"), side("B", before, after, minutes=-5, resolution=Alone()))
    assert outcome.task.values() == after
    assert not outcome.conflicts
    assert due(task(parent_id="task_8"), side("B", after, after, resolution=Alone()), ()) == {}


def test_at_a_first_meeting_values_that_differ_go_by_policy_and_are_kept() -> None:
    outcome = merge(task(0, title="a"), side("B", None, {"title": "b"}, minutes=5))
    assert outcome.task.values()["title"] == "b"
    assert {one.value for one in outcome.conflicts[0].contenders} == {"a", "b"}


def test_an_emptied_field_is_emptied() -> None:
    outcome = merge(task(due_date="2026-01-01"), side("A", {"due_date": "2026-01-01"}, {"due_date": None}))
    assert outcome.task.values()["due_date"] is None


def test_a_task_is_born_as_its_first_item_shows_it() -> None:
    outcome = born("task_1", side("A", None, {"title": "a", "status": "started"}), NOW)
    assert outcome.task.values() == {"title": "a", "status": "started"}
    assert outcome.task.fields["title"].origin == ItemKey("A", "1")
    assert fold("task_1", outcome.changes) == outcome.task


@pytest.mark.parametrize("swapped", [False, True])
def test_a_merge_that_died_after_its_changes_adds_nothing_when_repeated(swapped: bool) -> None:
    sides = [
        side("A", {"title": "a"}, {"title": "b"}, minutes=5),
        side("B", {"title": "a"}, {"title": "c"}, minutes=6),
    ]
    first = merge(task(title="a"), *sides)
    again = merge(first.task, *(sides[::-1] if swapped else sides))
    assert again.task.values() == first.task.values()
    assert {one.change_id for one in again.changes} == {one.change_id for one in first.changes}
    assert {one.conflict_id for one in again.conflicts} == {one.conflict_id for one in first.conflicts}


class ShowsOnly(Exact):
    """Shows a start date that cannot be set there."""

    def project(self, canonical: Fields, shown: Fields | None) -> dict[str, FieldValue]:
        return {**canonical, "start_date": (shown or {}).get("start_date")}


def test_an_edit_of_a_field_that_only_people_can_set_there_is_taken() -> None:
    seen, news = {"start_date": None}, {"start_date": "2026-02-01"}
    outcome = merge(
        task(**seen), side("A", seen, news, resolution=ShowsOnly(writable=frozenset({"title"}))), side("B", seen)
    )
    assert outcome.task.values() == news


def test_who_says_the_same_later_counts_where_another_edit_comes_in_late() -> None:
    seen = {"title": "a"}
    affirmed = merge(
        task(minutes=5, title="b"), side("B", seen, {"title": "b"}, minutes=30), side("A", {"title": "b"})
    ).task
    outcome = merge(affirmed, side("C", seen, {"title": "c"}, minutes=20), side("A", {"title": "b"}))
    assert outcome.task.values() == {"title": "b"}
    assert decisions(outcome) == {"C": Decision.LOST}


def test_what_a_preferred_source_said_stays_its_own_when_another_says_the_same_later() -> None:
    seen, prefer = {"title": "a"}, Prefer(prefer="B")
    said = merge(task(**seen), side("B", seen, {"title": "b"}, minutes=5), default=prefer).task
    affirmed = merge(said, side("A", seen, {"title": "b"}, minutes=10), side("B", {"title": "b"}), default=prefer).task
    outcome = merge(affirmed, side("C", seen, {"title": "c"}, minutes=20), side("B", {"title": "b"}), default=prefer)
    assert outcome.task.values() == {"title": "b"}
    assert decisions(outcome) == {"C": Decision.LOST}


@pytest.mark.parametrize("together", [True, False])
def test_what_a_preferred_source_only_agrees_with_counts_as_its_own_where_another_edit_comes_in_late(
    together: bool,
) -> None:
    seen, prefer = {"title": "a"}, Prefer(prefer="B")
    first, agreeing = side("A", seen, {"title": "b"}, minutes=5), side("B", seen, {"title": "b"}, minutes=10)
    if together:
        agreed = merge(task(**seen), first, agreeing, default=prefer).task
    else:
        said = merge(task(**seen), first, default=prefer).task
        agreed = merge(said, agreeing, side("A", {"title": "b"}), default=prefer).task
    others = side("A", {"title": "b"}), side("B", {"title": "b"})
    outcome = merge(agreed, side("C", seen, {"title": "c"}, minutes=20), *others, default=prefer)
    assert outcome.task.values() == {"title": "b"}
    assert decisions(outcome) == {"C": Decision.LOST}
    (conflict,) = outcome.conflicts
    assert {one.origin.source for one in conflict.contenders if one.origin} == {"A", "B", "C"}


def test_what_a_preferred_source_agrees_with_by_a_coarse_value_is_not_lost_to_another_that_it_shows_alike() -> None:
    seen, prefer = {"status": "backlog"}, Prefer(prefer="B")
    coarse = side("B", {"status": "unstarted"}, {"status": "completed"}, minutes=3, resolution=OpenOrClosed())
    agreed = merge(task(**seen), side("A", seen, {"status": "canceled"}, minutes=9), coarse, default=prefer).task
    others = side("A", {"status": "canceled"}), side("B", {"status": "completed"}, resolution=OpenOrClosed())
    outcome = merge(agreed, side("C", seen, {"status": "completed"}, minutes=5), *others, default=prefer)
    assert outcome.task.values() == {"status": "canceled"}
    (conflict,) = outcome.conflicts
    assert {one.value for one in conflict.contenders} == {"canceled", "completed"}


def test_a_text_edited_again_where_its_last_edit_was_united_with_others_does_not_take_these_away() -> None:
    united = "top\none\ntwo\nend"
    again = side("A", {"description": "one\ntwo\nend"}, {"description": "new\none\ntwo\nend"}, minutes=9)
    outcome = merge(task(minutes=5, description=united), again)
    (conflict,) = outcome.conflicts
    assert {one.value for one in conflict.contenders} == {united, "new\none\ntwo\nend"}


def test_of_two_items_of_the_owner_the_value_that_loses_is_kept_in_a_conflict() -> None:
    other = replace(side("A", None, {"title": "c"}, minutes=5), key=ItemKey("A", "2"))
    outcome = merge(task(title="b"), side("A", {"title": "b"}), other, default=Owner(owner="A"))
    assert outcome.task.values() == {"title": "c"}
    (conflict,) = outcome.conflicts
    assert {one.value for one in conflict.contenders} == {"b", "c"}


def test_an_edit_after_a_call_of_unknown_outcome_is_not_taken_for_one_that_has_seen_everything() -> None:
    edited = replace(side("B", {"title": "a"}, {"title": "c"}, minutes=3), unsure=frozenset({"title"}))
    outcome = merge(task(minutes=9, title="a"), edited)
    assert outcome.task.values() == {"title": "a"}
    assert outcome.conflicts


def test_a_value_that_somebody_saw_and_replaced_contends_no_more_although_another_had_not_seen_it() -> None:
    standing = task(minutes=30, title="a")
    saw = side("B", {"title": "a"}, {"title": "b"}, minutes=2)
    overlooked = side("C", {"title": "old"}, {"title": "c"}, minutes=1)
    outcome = merge(standing, saw, overlooked)
    assert outcome.task.values() == {"title": "b"}
    assert decisions(outcome) == {"B": Decision.TAKEN, "C": Decision.LOST}
    assert {one.value for one in outcome.conflicts[0].contenders} == {"b", "c"}
    assert merge(standing, overlooked).task.values() == {"title": "a"}


def test_a_coarse_view_that_fits_two_edits_makes_neither_of_them_disappear() -> None:
    outcome = merge(
        task(status="started", title="a"),
        side("A", {"status": "completed"}, {"status": "unstarted"}, resolution=OpenOrClosed()),
        side("B", {"status": "completed"}, {"status": "backlog"}, minutes=5),
        side("D", {"status": "completed"}, {"status": "started"}, minutes=6),
    )
    (conflict,) = outcome.conflicts
    assert {"backlog", "started"} <= {one.value for one in conflict.contenders}
    assert outcome.task.values()["status"] == "started"


def test_a_reading_that_a_conflict_holds_has_no_time_and_no_person() -> None:
    reading = replace(side("B", {"title": "a"}, {"title": "b"}, minutes=5), reread=frozenset({"title"}))
    (conflict,) = merge(task(title="a"), reading).conflicts
    again = merge(task(title="a"), reading, conflicts=(conflict,))
    assert [one.changed_at for one in again.changes] == [None]
    assert [set(one.contenders) for one in again.conflicts] == [set(conflict.contenders)]


def test_a_merge_that_died_before_it_closed_a_conflict_over_a_text_closes_it_when_repeated() -> None:
    seen = {"description": "x"}
    a, b = side("A", seen, {"description": "p"}), side("B", seen, {"description": "q"})
    first = merge(task(**seen), a, b, default="manual")
    agreed = [replace(a, seen=a.view), replace(b, seen=b.view, view=a.view, merges=1)]
    held = tuple(first.conflicts)
    once = merge(first.task, *agreed, conflicts=held, default="manual")
    decided = {change.change_id for change in (*first.changes, *once.changes)}
    again = merge_task(once.task, agreed, {"default": "manual"}, held, NOW, decided)
    assert [one.open for one in (*once.conflicts, *again.conflicts)] == [False, False]
    assert again.task.values() == once.task.values()
