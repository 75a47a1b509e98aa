"""The workspace behind the API and the control calls: one at a time, at the clock's present moment."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime
from typing import TypeVar

from worklake.sandbox.linear.changes.issue_lifecycle import purge
from worklake.sandbox.linear.changes.webhooks import disable_given_up
from worklake.sandbox.linear.entities import User
from worklake.sandbox.linear.request import Request
from worklake.sandbox.linear.store import Store
from worklake.sandbox.linear.webhooks import Deliveries

Answer = TypeVar("Answer")


class Workspace:
    """Serves requests on one store, one after the other."""

    def __init__(self, store: Store, clock: Callable[[], datetime]) -> None:
        self.store = store
        self._clock = clock
        self._deliveries = Deliveries(clock)
        self._one_at_a_time = threading.RLock()
        self.owner = next(iter(store.users))
        """The person whose tokens the workspace knows."""

    def serve(self, work: Callable[[Request], Answer], actor: User | None = None) -> Answer:
        """Do `work` as `actor` (the tokens' owner if None), after what time has brought about."""
        with self._one_at_a_time:
            request = Request(self.store, self._deliveries, actor or self.owner, self._clock())
            purge(request)
            disable_given_up(request)
            return work(request)
