"""The simulator runs over the lake as over the store in memory: crashes, lost replies, undo and all."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.support.twin import TwinStore
from tests.sync.heart.test_engine import edited_silently, outcomes, shown_there, sync, town
from worklake.lake.lake import Lake
from worklake.model.heart_rows import Outcome
from worklake.testing.simulate import world
from worklake.testing.simulate.schedule import run, schedule
from worklake.testing.simulate.shapes import Shape
from worklake.testing.simulate.trouble import Crash

SEED = 761
"""A short schedule in which processes die between commits."""


def test_a_schedule_goes_over_the_lake_as_over_memory(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    died = set[str]()

    def twin(before: Callable[[str], None]) -> TwinStore:
        def told(table: str) -> None:
            try:
                before(table)
            except Crash:
                died.add(table)
                raise

        return TwinStore(told, lake)

    monkeypatch.setattr(world, "MemoryStore", twin)
    assert run(SEED, schedule(SEED)) is None
    assert died == {"changes", "links"}


@pytest.mark.slow
def test_what_a_stale_step_has_read_is_merged_into_the_lake_as_into_memory(lake: Lake) -> None:
    made = town(Shape(), Shape())
    made.store = TwinStore(lambda table: None, lake)
    edited_silently(made, "title of B")
    assert [sync(made) for _ in range(3)] == [1, 1, 0]
    assert outcomes(made)[-2:] == [Outcome.STALE, Outcome.ACKNOWLEDGED]
    assert shown_there(made) == "title of A"
