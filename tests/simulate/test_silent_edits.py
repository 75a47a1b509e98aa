"""Random schedules over tools that do not tell of every edit: it leaves the item's own time as it was."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest

from worklake.testing.simulate import schedule, world
from worklake.testing.simulate.shapes import Shape, beside, random_shape

_SCHEDULES = 150
_PARTS = 2
_SILENT = ((), ("assignees",), ("assignees", "labels"), ("title", "status"))


def with_silent_edits(random: Random) -> Shape:
    """A provider as ever, with edits of its own choice that it does not tell, so that seeds stay what they are. Of two
    states of the same time nobody can tell which is older, so none lags; and a history that is asked since an item's
    own time tells of such edits of sets alone.
    """
    shape = random_shape(random)
    silent = beside(random).choice(_SILENT)
    history = "none" if "title" in silent else shape.history
    return replace(shape, silent=frozenset(silent), lags=shape.lags and not silent, history=history)


@pytest.mark.parametrize("part", range(_PARTS))
def test_everything_holds_where_listings_do_not_bring_every_edit(part: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(world, "random_kind", with_silent_edits)
    broken = [
        f"seed {seed}: {found}"
        for seed in range(part, _SCHEDULES, _PARTS)
        if (found := schedule.run(seed, schedule.schedule(seed))) is not None
    ]
    assert not broken, "\n".join(broken)
