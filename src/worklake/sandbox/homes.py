"""Where a team keeps its work once it has more than two tools: engineering in Linear, code in GitLab and GitHub,
documentation in Notion, deadlines in Motion; and some of it in two or three, each pointing at the first.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, timedelta

_SHARES = {"linear": 6, "gitlab": 5, "github": 3, "notion": 3, "motion": 3}
_IN_SEVERAL = 0.15
_IN_THREE = 0.4
_TIED_BY_TITLE = 0.25
_DOCUMENTATION = "docs"


def holders(draw: Callable[[], float], providers: Sequence[str]) -> tuple[str, ...]:
    """The providers that hold a piece of work, where it was first written down before the others."""
    first = _weighted(draw(), providers)
    several = 0 if draw() >= _IN_SEVERAL else 2 if draw() < _IN_THREE else 1
    held = [first]
    for _ in range(several):
        held.append(_weighted(draw(), [one for one in providers if one not in held]))
    return tuple(held)


def tie(draw: float, held_by: Sequence[str]) -> str | None:
    """How one can see that items are the same work (see `Work.tie`)."""
    if len(held_by) < 2:
        return None
    if draw < _TIED_BY_TITLE:
        return "title"
    is_attached = held_by[1:] == ("linear",) and held_by[0] != "motion"
    return "attachment" if is_attached and draw > 0.6 else "url"


def labels(held_by: Sequence[str], drawn: tuple[str, ...]) -> tuple[str, ...]:
    """The labels of a piece of work, of which documentation is what was first written down in Notion."""
    return drawn if held_by[0] != "notion" or _DOCUMENTATION in drawn else (*drawn, _DOCUMENTATION)


def due_date(held_by: Sequence[str], drawn: date | None, number: int, today: date) -> date | None:
    """When a piece of work is due, which all of it is that was first written down in Motion."""
    return today + timedelta(days=number % 40 - 5) if drawn is None and held_by[0] == "motion" else drawn


def _weighted(draw: float, providers: Sequence[str]) -> str:
    shares = [_SHARES.get(one, 1) for one in providers]
    left = draw * sum(shares)
    for one, share in zip(providers, shares, strict=True):
        left -= share
        if left < 0:
            return one
    return providers[-1]
