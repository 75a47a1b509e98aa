"""GitHub's rate limits: requests an hour, and the secondary limits of points and of what is written."""

from __future__ import annotations

from collections.abc import Callable

from worklake.sandbox.github.entities import User
from worklake.sandbox.github.errors import ApiError
from worklake.sandbox.quota import FixedWindow, LeakyBucket

_PRIMARY, _HOUR = 5000, 3600
_POINTS, _WRITES, _WRITES_AN_HOUR = 900, 80, 500
_SECONDARY = "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."


class Limits:
    """Counts the calls of every user; `wall_clock` gives epoch seconds, since clients compare with their own."""

    def __init__(self, scale: float, wall_clock: Callable[[], float]) -> None:
        self._clock = wall_clock
        self.writes_per_minute = max(1, round(_WRITES * scale))
        self._primary = {name: _Hour(scale) for name in ("core", "graphql")}
        self._points = LeakyBucket(_POINTS, 60, scale)
        self._writes = (FixedWindow(_WRITES, 60, scale), FixedWindow(_WRITES_AN_HOUR, 3600, scale))

    def count(self, user: User, resource: str, *, writes: bool) -> None:
        """Count a call. Raises the refusal of whichever limit it breaks; one of a spent hour is not counted."""
        now, caller = self._clock(), str(user.id)
        hour = self._primary[resource]
        if hour.left(caller, now) == 0:
            raise ApiError(403, f"API rate limit exceeded for user ID {user.id}.")
        hour.take(caller, now)
        if not self._points.take(caller, now, 5 if writes else 1):
            raise ApiError(403, _SECONDARY, headers={"Retry-After": "60"})
        for window in self._writes if writes else ():
            usage = window.count(caller, now)
            if not usage.allowed:
                raise ApiError(403, _SECONDARY, headers={"Retry-After": str(usage.retry_after)})

    def give_back(self, user: User, resource: str) -> None:
        """A call that was answered with 304 does not count against the hour."""
        self._primary[resource].take(str(user.id), self._clock(), -1)

    def headers(self, user: User, resource: str) -> dict[str, str]:
        """What every answer tells about the hour."""
        told = self.shown(user, resource)
        return {f"X-RateLimit-{name.title()}": str(value) for name, value in told.items()}

    def shown(self, user: User, resource: str) -> dict[str, int | str]:
        """A limit as `/rate_limit` shows it."""
        now = self._clock()
        hour = self._primary[resource]
        left = hour.left(str(user.id), now)
        return {
            "limit": hour.limit, "used": hour.limit - left, "remaining": left, "reset": hour.reset(now),
            "resource": resource,
        }  # fmt: skip


class _Hour:
    """So many calls of each caller in every hour."""

    def __init__(self, scale: float) -> None:
        self.limit = max(1, round(_PRIMARY * scale))
        self._window, self._used = -1, dict[str, int]()

    def left(self, caller: str, now: float) -> int:
        if int(now // _HOUR) != self._window:
            self._window = int(now // _HOUR)
            self._used.clear()
        return self.limit - self._used.get(caller, 0)

    def take(self, caller: str, now: float, calls: int = 1) -> None:
        left = self.left(caller, now)
        self._used[caller] = self.limit - left + calls

    def reset(self, now: float) -> int:
        return (int(now // _HOUR) + 1) * _HOUR
