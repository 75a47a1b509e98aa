"""Counting of calls against a provider's limits."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Usage:
    """Where a caller stands after one call: `reset_at` is the end of the window in epoch seconds."""

    limit: int
    observed: int
    reset_at: int
    retry_after: int

    @property
    def allowed(self) -> bool:
        """Whether the call that was counted is within the limit."""
        return self.observed <= self.limit

    @property
    def remaining(self) -> int:
        """Calls left in the window."""
        return max(0, self.limit - self.observed)


class FixedWindow:
    """So many calls per caller in each window of `period_seconds`, windows counted from the epoch."""

    def __init__(self, limit: int, period_seconds: int, scale: float = 1.0) -> None:
        self.limit = max(1, round(limit * scale))
        self._period = period_seconds
        self._window = -1
        self._observed: dict[str, int] = {}

    def count(self, caller: str, at: float) -> Usage:
        """Count one call at epoch seconds `at`."""
        window = int(at // self._period)
        if window != self._window:
            self._window = window
            self._observed.clear()
        observed = self._observed[caller] = self._observed.get(caller, 0) + 1
        reset_at = (window + 1) * self._period
        return Usage(self.limit, observed, reset_at, max(1, int(reset_at - at)))


class LeakyBucket:
    """`limit` points that refill steadily over `period_seconds`; a call that costs more than is left is refused."""

    def __init__(self, limit: float, period_seconds: float, scale: float = 1.0) -> None:
        self.limit = max(1, round(limit * scale))
        self._per_second = self.limit / period_seconds
        self._spent: dict[str, tuple[float, float]] = {}

    def take(self, caller: str, at: float, cost: float = 1) -> bool:
        """Take `cost` points at epoch seconds `at`; False, and nothing taken, when too few are left."""
        spent = self._spent_at(caller, at)
        if spent + cost > self.limit:
            return False
        self._spent[caller] = (spent + cost, at)
        return True

    def remaining(self, caller: str, at: float) -> float:
        """Points left at epoch seconds `at`."""
        return self.limit - self._spent_at(caller, at)

    def full_at(self, caller: str, at: float) -> float:
        """The epoch second at which nothing will be spent any more."""
        return at + self._spent_at(caller, at) / self._per_second

    def _spent_at(self, caller: str, at: float) -> float:
        spent, since = self._spent.get(caller, (0.0, at))
        return max(0.0, spent - (at - since) * self._per_second)
