"""Nothing is closed or deleted that no person closed or deleted, and what people put away ends as they meant."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import pytest

from worklake.integrations.base import Found, LastSeen, Where
from worklake.sync.rules import putaway
from worklake.sync.rules.putaway import Departure
from worklake.testing.simulate.deletions import DeletingSource, operations, run, simulate

_PARTS = 2
_SCHEDULES = 600


@pytest.mark.parametrize("part", range(_PARTS))
def test_everything_holds_after_deletions_and_sweeps(part: int) -> None:
    broken = [found for seed in range(part, _SCHEDULES, _PARTS) if (found := simulate(seed)) is not None]
    assert not broken, "\n".join(broken)


def _takes_every_item_that_is_not_listed_for_deleted(patch: pytest.MonkeyPatch) -> None:
    def certain(self: DeletingSource, items: Sequence[LastSeen]) -> Iterator[Found]:
        return (Found(one.external_id, Where.DELETED) for one in items)

    patch.setattr(DeletingSource, "find_out", certain)


def _closes_whatever_the_policy_says(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Departure, "means", property(lambda self: "close"))


def _never_brings_a_task_back(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(putaway._Following, "bring_back", lambda self, one, held: None)


def _does_not_close(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(putaway, "as_edit", lambda departure, task, lacks_archive: departure.side)


def _keeps_wanting_a_deletion_when_a_task_is_opened_again(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(putaway, "is_open", lambda status: False)


@pytest.mark.parametrize(
    "breaks",
    [
        _takes_every_item_that_is_not_listed_for_deleted,
        _closes_whatever_the_policy_says,
        _never_brings_a_task_back,
        _does_not_close,
        _keeps_wanting_a_deletion_when_a_task_is_opened_again,
    ],
)
def test_a_deliberate_break_is_caught(breaks: Callable[[pytest.MonkeyPatch], None]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        breaks(patch)
        caught = next((seed for seed in range(_SCHEDULES) if run(seed, operations(seed)) is not None), None)
    assert caught is not None
