"""GitLab's rate limits: one throttle over all calls of a user, and limits of single features."""

from __future__ import annotations

from collections.abc import Callable
from email.utils import formatdate

from worklake.sandbox.gitlab.entities import User
from worklake.sandbox.gitlab.errors import ApiError
from worklake.sandbox.quota import FixedWindow, Usage

_THROTTLE = ("throttle_authenticated_api", 2000, 60)
_FEATURES = {
    "issue_create": (200, 60),
    "note_create": (60, 60),
    "search": (100, 60),
    "project": (400, 60),
    "groups": (50, 60),
    "users": (300, 600),
    "projects": (2000, 600),
}


class Limits:
    """Counts the calls of every user; `wall_clock` gives epoch seconds, since clients compare with their own."""

    def __init__(self, scale: float, wall_clock: Callable[[], float]) -> None:
        name, limit, period = _THROTTLE
        self._name, self._clock = name, wall_clock
        self._throttle = FixedWindow(limit, period, scale)
        self._features = {key: FixedWindow(limit, period, scale) for key, (limit, period) in _FEATURES.items()}

    def count_call(self, user: User) -> Usage:
        """Count a call at the HTTP layer."""
        return self._throttle.count(str(user.id), self._clock())

    def headers(self, usage: Usage) -> dict[str, str]:
        """What every answer tells about the throttle; an answer that refuses tells more."""
        headers = {
            "RateLimit-Limit": str(usage.limit), "RateLimit-Name": self._name,
            "RateLimit-Observed": str(usage.observed), "RateLimit-Remaining": str(usage.remaining),
            "RateLimit-Reset": str(usage.reset_at),
        }  # fmt: skip
        if not usage.allowed:
            headers["Retry-After"] = str(usage.retry_after)
            headers["RateLimit-ResetTime"] = _http_date(usage.reset_at)
        return headers

    def use(self, feature: str, user: User) -> None:
        """Count the use of a feature. Raises the application's 429, which no header announces."""
        if not self._features[feature].count(str(user.id), self._clock()).allowed:
            message = "This endpoint has been requested too many times. Try again later."
            raise ApiError(429, {"message": {"error": message}})


def _http_date(epoch: int) -> str:
    return formatdate(epoch, usegmt=True)
