"""The history that GitLab keeps of issues and merge requests: changes of state, labels and milestone."""

from __future__ import annotations

from datetime import datetime

from worklake.sandbox.gitlab.entities import Noteable, ResourceEvent, User
from worklake.sandbox.gitlab.store import Store


def record_events(store: Store, on: Noteable, before: Noteable, actor: User, now: datetime) -> None:
    """Write down how an issue or merge request differs from what it was."""
    found: list[tuple[str, str, str | int]] = []
    if on.state != before.state:
        found.append(("state", "state", "reopened" if on.state == "opened" else on.state))
    found += [("label", "add", name) for name in on.labels if name not in before.labels]
    found += [("label", "remove", name) for name in before.labels if name not in on.labels]
    if on.milestone_id != before.milestone_id:
        if before.milestone_id is not None:
            found.append(("milestone", "remove", before.milestone_id))
        if on.milestone_id is not None:
            found.append(("milestone", "add", on.milestone_id))
    for kind, action, subject in found:
        event = ResourceEvent(store.next_id("event"), kind, actor.id, now, action, subject)
        store.events_of(on).append(event)
