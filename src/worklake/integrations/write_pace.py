"""How fast a source may be written to, where its provider wants writes to be few."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable


class WritePace:
    """At most `most` turns in any `seconds`. Safe to use from several threads at once."""

    def __init__(self, most: int, seconds: float, timer: Callable[[], float]) -> None:
        self._most, self._seconds, self._timer = most, seconds, timer
        self._turns: deque[float] = deque()
        self._lock = threading.Lock()

    def wait_seconds(self) -> float:
        """Take the next turn; how long it is until then."""
        with self._lock:
            now = self._timer()
            while self._turns and self._turns[0] <= now - self._seconds:
                self._turns.popleft()
            ahead = len(self._turns) - self._most
            turn = max(now, self._turns[ahead] + self._seconds) if ahead >= 0 else now
            self._turns.append(turn)
            return turn - now
