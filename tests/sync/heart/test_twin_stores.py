"""The simulator runs over the lake as over the store in memory: crashes, lost replies, undo and all."""

from __future__ import annotations

import pytest

from tests.support.twin import TwinStore
from worklake.lake.lake import Lake
from worklake.testing.simulate import world
from worklake.testing.simulate.schedule import run, schedule

SEED = 294
"""A short schedule in which processes die before keeping changes, a task and a plan."""


def test_a_schedule_goes_over_the_lake_as_over_memory(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(world, "MemoryStore", lambda before: TwinStore(before, lake))
    assert run(SEED, schedule(SEED)) is None
