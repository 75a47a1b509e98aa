"""Motion's limit: twelve requests a minute and key, told by nothing but a bare 429."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from worklake.sandbox.motion.errors import too_many
from worklake.sandbox.quota import FixedWindow

REQUESTS, PERIOD_SECONDS = 12, 60
LOCKED_SECONDS = 3600
"""How long a key is locked out that went over the limit, where the sandbox is told to do that."""


class Limits:
    """Counts the calls of every key."""

    def __init__(self, scale: float, clock: Callable[[], datetime], locks_out: Callable[[], bool]) -> None:
        self._window = FixedWindow(REQUESTS, PERIOD_SECONDS, scale)
        self._clock, self._locks_out = clock, locks_out
        self._locked_until: dict[str, float] = {}

    def count(self, key: str) -> None:
        """Count a call. Raises the 429 of one too many, or of a key that is locked out."""
        now = self._clock().timestamp()
        if now < self._locked_until.get(key, 0.0):
            raise too_many()
        if not self._window.count(key, now).allowed:
            if self._locks_out():
                self._locked_until[key] = now + LOCKED_SECONDS
            raise too_many()
