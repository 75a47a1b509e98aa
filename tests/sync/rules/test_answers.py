"""What an answer means, and what a look tells after a lost reply."""

from __future__ import annotations

import pytest

from worklake.model.fields import FieldValue
from worklake.sync.rules.answers import (
    Doubt,
    Verdict,
    after_creation,
    after_found,
    after_update,
    doubts_of_found,
    moved_fields,
    settle,
)
from worklake.sync.rules.resolution import KEPT_PAIRS, with_pair
from worklake.sync.rules.state import Pair
from worklake.sync.rules.values import loosely_same


def test_seen_moves_by_what_was_shown_and_only_where_something_was_sent() -> None:
    look = after_update(
        {"title": "a", "due_date": None}, {}, {"title": "long title"}, {"title": "long", "due_date": "2026-01-01"}
    )
    assert look.seen == {"title": "long", "due_date": None}
    assert look.adjusted == {"title": (Pair("long title", "long"),)}


@pytest.mark.parametrize(
    ("shown", "verdict"),
    [
        ("A longer title", Verdict.ACKNOWLEDGED),
        ("A longer ti", Verdict.ACKNOWLEDGED),
        ("a LONGER title ", Verdict.ACKNOWLEDGED),
        ("before", Verdict.NOT_SENT),
        ("somebody else's", Verdict.EDITED),
        ("A", Verdict.EDITED),
    ],
)
def test_a_look_settles_what_a_lost_reply_left_open(shown: str, verdict: Verdict) -> None:
    look = settle({"title": "before"}, {}, {"title": "A longer title"}, {"title": "before"}, {"title": shown})
    assert look.verdicts == {"title": verdict}
    assert look.seen["title"] == (shown if verdict is Verdict.ACKNOWLEDGED else "before")


def test_a_write_whose_link_was_kept_and_whose_outcome_was_not_is_acknowledged() -> None:
    pairs = {"title": (Pair("a", "rewritten"),)}
    look = settle({"title": "rewritten"}, pairs, {"title": "a"}, {"title": "before"}, {"title": "rewritten"})
    assert look.was_sent
    assert look.seen == {"title": "rewritten"}


def test_what_others_put_into_a_set_or_take_out_of_it_meanwhile_is_theirs() -> None:
    look = after_update({"labels": ["a", "b"]}, {}, {"labels": ["a", "b", "new"]}, {"labels": ["a", "new", "theirs"]})
    assert look.seen == {"labels": ["a", "b", "new"]}
    assert look.adjusted == {}


@pytest.mark.parametrize("known", ["Bug", "bug"])
def test_what_others_take_out_of_a_set_is_theirs_in_whatever_form_the_provider_had_shown_it(known: str) -> None:
    before, shown = {"labels": [known]}, {"labels": ["new", "theirs"]}
    look = settle(before, {}, {"labels": ["Bug", "New"]}, before, shown)
    assert look.verdicts == {"labels": Verdict.ACKNOWLEDGED}
    assert look.seen == {"labels": sorted([known, "new"])}


@pytest.mark.parametrize(
    ("sent", "shown", "known"),
    [
        (["a", "b", "dropped", "new"], ["a", "b", "new"], ["a", "b", "new"]),
        (["a", "b", "dropped", "new"], ["NEW", "a", "b", "theirs"], ["NEW", "a", "b"]),
        (["a", "dropped"], ["a"], ["a"]),
    ],
)
def test_a_set_that_shows_a_part_of_what_was_sent_was_sent_and_the_rest_is_due_and_told(
    sent: list[str], shown: list[str], known: list[str]
) -> None:
    before = {"labels": ["a", "b"]}
    look = settle(before, {}, {"labels": sent}, before, {"labels": shown})
    assert look.verdicts == {"labels": Verdict.ACKNOWLEDGED}
    assert look.seen == {"labels": known}
    assert look.doubts == {"labels": Doubt(["dropped"], [])}
    assert look.adjusted == {}


def test_what_was_sent_as_well_is_no_form_of_what_is_gone() -> None:
    look = settle(
        {"labels": []}, {}, {"labels": ["frontend", "frontend-bug"]}, {"labels": []}, {"labels": ["frontend"]}
    )
    assert look.doubts == {"labels": Doubt(["frontend-bug"], [])}


def test_a_set_that_shows_only_what_others_did_to_it_was_edited() -> None:
    before = {"labels": ["a", "b"]}
    look = settle(before, {}, {"labels": ["a", "b", "new"]}, before, {"labels": ["b", "theirs"]})
    assert look.verdicts == {"labels": Verdict.EDITED}
    assert look.seen == before


def test_an_element_that_the_provider_drops_or_rewrites_is_an_adjusted_form() -> None:
    look = after_update({"labels": ["a"]}, {}, {"labels": ["Bug", "a", "odd"]}, {"labels": ["a", "bug"]})
    assert look.seen == {"labels": ["a", "bug"]}
    assert look.adjusted == {"labels": (Pair(["Bug", "a", "odd"], ["a", "bug"]),)}


def test_a_found_item_shows_a_persons_edit_as_a_change() -> None:
    look = after_found({"title": "A longer title", "labels": ["x"]},
                       {"title": "A longer ti", "labels": ["y"], "due_date": "2026-01-01", "start_date": None},
                       {"due_date": None, "start_date": None})  # fmt: skip
    assert look.seen == {"title": "A longer ti", "labels": [], "start_date": None, "due_date": None}
    assert look.adjusted == {"title": (Pair("A longer title", "A longer ti"),)}


def test_what_was_not_sent_and_shows_in_a_found_item_is_an_edit_of_what_a_new_item_shows() -> None:
    look = after_found({"title": "a"}, {"title": "a", "status": "completed", "priority": "high"}, {"status": "backlog"})
    assert look.seen == {"title": "a", "status": "backlog", "priority": "none"}


def test_what_a_found_item_shows_meets_the_task_where_nobody_knows_what_it_was_made_with() -> None:
    look = after_found(None, {"title": "a", "priority": "none"}, {"title": "", "priority": "none"})
    assert look.seen == {"priority": "none"}


def test_what_a_found_item_lacks_of_a_set_was_taken_out_by_nobody() -> None:
    look = after_found({"labels": ["a", "odd"]}, {"labels": ["A", "theirs"]}, {})
    assert look.seen == {"labels": ["A"]}
    assert look.adjusted == {}


def test_what_a_found_item_lacks_of_a_set_may_have_been_taken_out_unless_a_new_one_lacks_it_as_well() -> None:
    sent = {"title": "a", "labels": ["Kept", "gone"], "assignees": ["eve"]}
    assert doubts_of_found(sent, {"title": "b", "labels": ["kept"], "assignees": []}, {"assignees": []}) == {
        "labels": Doubt(["gone"])
    }
    assert doubts_of_found(sent, {"title": "b"}, {}) == {}


def test_a_field_that_moved_makes_a_step_stale_and_others_do_not() -> None:
    assert moved_fields({"title": "a"}, {"title": "a", "due_date": "2026-01-01"}) == []
    assert moved_fields({"title": "a"}, {"title": "b"}) == ["title"]


def test_only_the_last_pairs_are_kept_each_once() -> None:
    pairs: tuple[Pair, ...] = ()
    for number in [*range(KEPT_PAIRS + 3), KEPT_PAIRS + 1]:
        pairs = with_pair(pairs, "title", str(number), "x")
    assert len(pairs) == KEPT_PAIRS
    assert pairs[-1].sent == str(KEPT_PAIRS + 1)


@pytest.mark.parametrize(
    ("field", "sent", "shown", "expected"),
    [
        ("description", "**bold** text\r\n", "bold  text", True),
        ("description", "- one\n- two", "* one\n* two", True),
        ("description", "one\ntwo and\nthree", "one\ntwo and", False),
        ("description", "words " * 900, "words " * 700, True),
        ("labels", ["Bug"], ["bug"], True),
        ("labels", ["Bug"], ["bug", "new"], False),
        ("estimate_minutes", 61, 60, True),
        ("estimate_minutes", 61, 120, False),
        ("due_date", "2026-01-01", "2026-01-02", False),
        ("title", "a title", None, False),
    ],
)
def test_loose_equality(field: str, sent: FieldValue, shown: FieldValue, expected: bool) -> None:
    assert loosely_same(field, sent, shown) is expected


def test_what_a_found_item_lacks_as_a_new_one_does_is_still_to_be_written() -> None:
    defaults = {"title": "", "labels": []}
    look = after_found({"title": "a", "labels": ["x"]}, {"title": "a", "labels": []}, defaults)
    assert look.seen == {"title": "a", "labels": []}


def test_text_of_a_new_item_that_is_there_in_part_is_due_and_no_form_of_what_was_sent():
    first = "A first paragraph of some length. " * 50 + "End."
    sent, part = {"title": "x", "description": f"{first}\n\nTwo."}, {"title": "x", "description": first}

    def on_the_way(name, before, sent, shown):
        return (name, before, shown) == ("description", None, first)

    for look in (after_creation(sent, part, on_the_way), after_found(sent, part, {}, on_the_way)):
        assert (look.seen["description"], look.adjusted) == (first, {})
    assert after_creation(sent, part).adjusted != {}


def test_text_that_is_on_the_way_is_nobodys_edit_and_stays_due():
    before, sent, half = {"description": "a"}, {"description": "b"}, {"description": "a b"}
    edited = settle(before, {}, sent, before, half)
    assert edited.verdicts == {"description": Verdict.EDITED} and edited.seen == before
    asked = []

    def on_the_way(*of):
        asked.append(of)
        return True

    part = settle(before, {}, sent, before, half, on_the_way=on_the_way)
    assert part.verdicts == {"description": Verdict.ACKNOWLEDGED}
    assert (part.seen, part.adjusted) == (half, {})
    assert asked == [("description", "a", "b", "a b")]
    assert settle(before, {}, sent, before, sent, on_the_way=on_the_way).verdicts == part.verdicts
    assert settle(before, {}, sent, before, before, on_the_way=on_the_way).verdicts["description"] is Verdict.NOT_SENT
    assert len(asked) == 1
