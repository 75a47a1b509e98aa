"""Nothing is closed or deleted that no person closed or deleted, and what people put away ends as they meant."""

from __future__ import annotations

import pytest

from worklake.testing.simulate.deletions import simulate

_PARTS = 2
_SCHEDULES = 600


@pytest.mark.parametrize("part", range(_PARTS))
def test_everything_holds_after_deletions_and_sweeps(part: int) -> None:
    broken = [found for seed in range(part, _SCHEDULES, _PARTS) if (found := simulate(seed)) is not None]
    assert not broken, "\n".join(broken)
