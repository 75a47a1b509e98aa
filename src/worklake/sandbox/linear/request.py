"""What every resolver and every change knows of the request it serves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from worklake.sandbox.linear.entities import User
from worklake.sandbox.linear.errors import not_served
from worklake.sandbox.linear.store import Store
from worklake.sandbox.linear.times import moment
from worklake.sandbox.linear.webhooks import Deliveries

Input = Mapping[str, Any]


@dataclass(slots=True)
class Request:
    """One request: who asks, when, and the workspace it is asked of."""

    store: Store
    deliveries: Deliveries
    actor: User
    now: datetime
    may_write: bool = True
    rate_limits: Mapping[str, Any] = field(default_factory=dict)

    @property
    def moment(self) -> str:
        """Now, as the store keeps it."""
        return moment(self.now)


def only(what: str, given: Input, served: frozenset[str]) -> None:
    """Refuse what `given` holds, nulls apart, beyond the `served` names; `what` is the input's type."""
    for name, value in given.items():
        if name not in served and value is not None:
            raise not_served(f"{what}.{name}")
