"""The settings changed, and items are read otherwise: nobody edited anything."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.sync.rules.sides import at, side, task
from tests.sync.rules.test_merge_task import merge
from worklake.model.fields import FieldValue
from worklake.settings.models import Owner
from worklake.sync.rules.plan import due
from worklake.sync.rules.rereading import REASON, other_forms
from worklake.sync.rules.state import Decision, Side


def reread(seen: dict[str, FieldValue], view: dict[str, FieldValue], source: str = "B") -> Side:
    return replace(side(source, seen, view, minutes=50), reread=frozenset(view))


def test_a_label_that_now_means_a_priority_fills_the_one_that_is_lacking_and_takes_no_label_away() -> None:
    here = reread({"priority": "none", "labels": ["P1", "x"]}, {"priority": "urgent", "labels": ["x"]})
    there = side("A", {"priority": "none", "labels": ["P1", "x"]})
    outcome = merge(task(priority="none", labels=["P1", "x"]), there, here)
    assert outcome.task.values() == {"priority": "urgent", "labels": ["P1", "x"]}
    (change,) = outcome.changes
    assert (change.decision, change.reason) == (Decision.TAKEN, REASON)
    assert (change.changed_at, change.actor, outcome.task.fields["priority"].at) == (None, None, None)
    assert due(outcome.task, there, ()) == {"priority": "urgent"}


def test_a_reading_that_says_otherwise_than_the_task_waits_for_a_person_and_nothing_is_written() -> None:
    state = task(priority="high")
    here, there = reread({"priority": "high"}, {"priority": "urgent"}), side("A", {"priority": "high"})
    outcome = merge(state, there, here)
    (conflict,) = outcome.conflicts
    assert (outcome.task.values(), conflict.open) == ({"priority": "high"}, True)
    assert {one.value for one in conflict.contenders} == {"high", "urgent"}
    now = replace(here, seen=here.view)
    assert (due(outcome.task, there, [conflict]), due(outcome.task, now, [conflict])) == ({}, {})


def test_that_question_closes_by_itself_when_the_settings_are_put_back() -> None:
    state = task(priority="high")
    (conflict,) = merge(
        state, side("A", {"priority": "high"}), reread({"priority": "high"}, {"priority": "urgent"})
    ).conflicts
    back = merge(
        state,
        side("A", {"priority": "high"}),
        reread({"priority": "urgent"}, {"priority": "high"}),
        conflicts=(conflict,),
    )
    assert [one.open for one in back.conflicts] == [False]
    assert back.task.values() == {"priority": "high"}


def test_a_value_of_the_same_item_and_a_reading_of_it_are_two_contenders() -> None:
    outcome = merge(task(origin="B", status="unstarted"), reread({"status": "unstarted"}, {"status": "started"}))
    (conflict,) = outcome.conflicts
    assert {one.value for one in conflict.contenders} == {"unstarted", "started"}


def test_a_mapping_that_is_removed_empties_nothing_and_its_label_is_a_label_again() -> None:
    here = reread({"priority": "high", "labels": []}, {"priority": "none", "labels": ["P2"]})
    there = side("A", {"priority": "high", "labels": []})
    outcome = merge(task(priority="high", labels=[]), there, here)
    assert outcome.task.values() == {"priority": "high", "labels": ["P2"]}
    assert not outcome.conflicts
    assert due(outcome.task, there, ()) == {"labels": ["P2"]}


def test_a_reading_does_not_contend_with_an_edit_and_has_no_time_to_win_by() -> None:
    here = reread({"due_date": None}, {"due_date": "2026-03-01"})
    outcome = merge(task(due_date=None), side("A", {"due_date": None}, {"due_date": "2026-02-01"}, minutes=1), here)
    assert outcome.task.values() == {"due_date": "2026-02-01"}


def test_what_was_removed_elsewhere_and_is_still_due_here_does_not_come_back() -> None:
    here = reread({"labels": ["gone", "x"]}, {"labels": ["gone", "x"], "priority": "urgent"})
    outcome = merge(task(labels=["x"], priority="none"), here)
    assert outcome.task.values()["labels"] == ["x"]


@pytest.mark.parametrize("current", ["none", "high"])
def test_a_field_that_another_source_owns_waits_for_a_person(current: str) -> None:
    outcome = merge(
        task(priority=current), reread({"priority": "none"}, {"priority": "urgent"}), priority=Owner(owner="A")
    )
    assert outcome.task.values()["priority"] == current
    assert [one.open for one in outcome.conflicts] == [True]


def test_a_text_that_is_read_in_another_form_means_what_it_meant() -> None:
    here = reread({"description": "- a"}, {"description": "* a"})
    ((name, pair),) = other_forms(here, task(description="- a")).items()
    assert (name, *pair) == ("description", "- a", "* a")
    outcome = merge(task(description="- a"), replace(here, adjusted={name: (pair,)}))
    assert (outcome.changes, outcome.conflicts) == ([], [])
    assert due(outcome.task, replace(here, seen=here.view, adjusted={name: (pair,)}), ()) == {}


def test_a_text_of_which_something_was_still_due_has_no_other_form() -> None:
    here = reread({"description": "old"}, {"description": "old!"})
    assert other_forms(here, task(at(0).minute, description="new")) == {}
