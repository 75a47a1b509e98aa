"""Elements of sets that an item shows in a form of its own."""

from __future__ import annotations

import pytest

from tests.sync.rules.sides import Exact, at, side, task
from worklake.model.fields import Fields, FieldValue
from worklake.sync.rules.state import Pair, Side
from worklake.sync.rules.task import Moment, merge_task


class WithoutCommas(Exact):
    """Shows a space where a label has a comma."""

    def project(self, canonical: Fields, shown: Fields | None) -> dict[str, FieldValue]:
        labels = canonical.get("labels")
        if not isinstance(labels, list):
            return dict(canonical)
        return {**canonical, "labels": sorted({one.replace(",", " ") for one in labels})}


COMMAS = WithoutCommas()
OTHER_CASE = {"labels": (Pair(["BUG", "frontend", "x"], ["Bug", "Frontend", "x"]),)}


def labels(before: list[str], shown: list[str], after: list[str], resolution: Exact | None = None) -> FieldValue:
    """The task's labels after an item that showed some was edited."""
    adjusted = None if resolution else OTHER_CASE
    edited = side("B", {"labels": shown}, {"labels": after}, resolution=resolution, adjusted=adjusted)
    return merged(before, edited)


def merged(before: list[str], *sides: Side) -> FieldValue:
    """The task's labels after these items were edited."""
    return merge_task(task(labels=before), sides, {}, (), Moment("run_1", at(100))).task.values()["labels"]


def test_a_label_that_a_provider_shows_in_another_form_can_be_removed_there() -> None:
    assert labels(["a,b", "x"], ["a b", "x"], ["x"], COMMAS) == ["x"]


def test_a_label_that_a_provider_has_in_another_case_can_be_removed_there() -> None:
    assert labels(["frontend", "x"], ["Frontend", "x"], ["x"]) == ["x"]
    assert labels(["BUG", "frontend"], ["Bug", "Frontend"], ["Bug"]) == ["BUG"]


def test_a_label_renamed_where_it_is_shown_in_another_form_is_renamed() -> None:
    assert labels(["a,b"], ["a b"], ["c"], COMMAS) == ["c"]
    assert labels(["frontend"], ["Frontend"], ["FRONTEND"]) == ["FRONTEND"]


def test_another_case_that_no_provider_is_known_to_make_is_another_label() -> None:
    assert labels(["Y"], ["y"], []) == ["Y"]


def test_a_form_that_stands_for_two_labels_removes_neither() -> None:
    assert labels(["a b,c", "a,b c"], ["a b c"], [], COMMAS) == ["a b,c", "a,b c"]


def test_a_label_that_is_shown_as_it_is_goes_alone() -> None:
    assert labels(["a b", "a,b"], ["a b"], [], COMMAS) == ["a,b"]


def test_a_label_added_in_a_form_of_one_that_the_task_has_adds_none() -> None:
    assert labels(["a,b"], [], ["a b"], COMMAS) == ["a,b"]
    assert labels(["frontend"], [], ["Frontend"]) == ["frontend"]


@pytest.mark.parametrize("swapped", [False, True])
def test_a_label_added_in_another_form_stays_although_another_item_removes_it(swapped: bool) -> None:
    removing = side("A", {"labels": ["a,b"]}, {"labels": []})
    adding = side("B", {"labels": []}, {"labels": ["a b"]}, resolution=COMMAS)
    both = (adding, removing) if swapped else (removing, adding)
    assert merged(["a,b"], *both) == ["a,b"]
