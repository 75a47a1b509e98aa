"""The simulator finds nothing in the heart, and finds every deliberate break of it."""

from __future__ import annotations

import pytest

from tests.simulate.mutations import MUTATIONS
from worklake.testing.simulate import world
from worklake.testing.simulate.schedule import Operation, run, schedule, shrink, simulate
from worklake.testing.simulate.shapes import random_shape

_PARTS = 4
_SCHEDULES = 2000
_TRIES = 4000
_CAUGHT_BY = {
    "looks_away_from_what_is_pending": 3183,
    "echoes_copies": 222,
    "does_not_settle_unknown_outcomes": 723,
    "writes_comments_without_looking_first": 892,
    "leaves_comments_behind_on_items_that_are_gone": 863,
    "gives_an_id_to_two_comments": 1861,
    "skips_the_stale_check": 147,
    "takes_a_whole_answer_as_seen": 118,
    "merges_what_was_read_before_a_write": 306,
    "keeps_no_finer_detail": 340,
    "takes_a_failed_write_for_done": 153,
    "keeps_what_was_seen_before_the_changes": 329,
    "lets_an_empty_value_beat_a_value_where_items_meet": 180,
}
"""Seeds that caught breaks which few schedules catch. They come first; any other seed may do."""
_IN_VAIN = 3
_ONCE_MISJUDGED = {
    "what another tool says of an owned field as its owner does is kept with the owner's": (
        70_027_206,
        schedule(70_027_206),
    ),
    "what another tool says of an owned field as the task does is kept with who said it": (
        90_005_833,
        schedule(90_005_833),
    ),
    "who opens what an undo has closed need not have seen what another tool says": (
        760_002_124,
        schedule(760_002_124),
    ),
    "an element of a set waits in an open conflict of an undo": (
        760_004_314,
        schedule(760_004_314),
    ),
    "what a person typed is what an update that never arrived would have shown": (
        800_007_912,
        schedule(800_007_912),
    ),
    "a step waits for an item that is refused in every run, and is itself refused in every run": (
        810_065_448,
        schedule(810_065_448),
    ),
    "an element that a person put in is a part of what an update that never arrived would have put in": (
        810_070_031,
        schedule(810_070_031),
    ),
    "whom only one tool knows stays there, where the task has again somebody whom that tool does not know": (
        82_006_410,
        [
            Operation("create", 646817021),
            Operation("edit", 1004190615),
            Operation("sync", 354659336),
            Operation("edit", 480105451),
            Operation("sync", 534889474),
            Operation("undo everywhere", 303160830),
        ],
    ),
}
"""Schedules that are right, with the seeds of their worlds, and that the simulator took for broken."""


@pytest.mark.parametrize("part", range(_PARTS))
def test_everything_holds_after_every_schedule(part: int) -> None:
    broken = [found for seed in range(part, _SCHEDULES, _PARTS) if (found := simulate(seed)) is not None]
    assert not broken, "\n".join(map(str, broken))


@pytest.mark.parametrize("name", MUTATIONS)
def test_a_deliberate_break_is_caught(name: str) -> None:
    """By what does not hold: an error that a patch raises itself is no catch, and fails this test."""
    with MUTATIONS[name]():
        seeds = (_CAUGHT_BY.get(name, 0), *range(_TRIES))
        caught = next((seed for seed in seeds if run(seed, schedule(seed)) is not None), None)
    assert caught is not None, f"{_TRIES} schedules did not catch: {name}"


def test_a_violation_is_shrunk_and_replays_by_its_seed() -> None:
    with MUTATIONS["takes_what_was_sent_for_what_is_shown"]():
        seed = next(seed for seed in range(_TRIES) if run(seed, schedule(seed)) is not None)
        found = simulate(seed)
        assert found is not None
        assert len(found.operations) < len(schedule(seed))
        assert run(seed, found.operations) == found.message
        assert shrink(seed, found.operations) == found.operations


@pytest.mark.parametrize("why", _ONCE_MISJUDGED)
def test_what_is_right_is_not_taken_for_broken(why: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(world, "random_kind", random_shape)  # they were found before there were kinds
    assert run(*_ONCE_MISJUDGED[why]) is None


def test_a_schedule_runs_alike_every_time() -> None:
    assert schedule(_IN_VAIN) == schedule(_IN_VAIN)
    assert run(_IN_VAIN, schedule(_IN_VAIN)) is None
