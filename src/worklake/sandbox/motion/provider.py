"""Motion as a provider of the sandbox."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from starlette.types import ASGIApp

from worklake.sandbox.motion import rendering
from worklake.sandbox.motion.api import Api
from worklake.sandbox.motion.entities import Task
from worklake.sandbox.motion.errors import ApiError
from worklake.sandbox.motion.limits import Limits
from worklake.sandbox.motion.seed import TEAM, store_from
from worklake.sandbox.motion.site import SWITCHES, Site
from worklake.sandbox.motion.writes import KEYS, Writes, day
from worklake.sandbox.provider import Item, ItemError, Payload
from worklake.sandbox.world import World

PACE = 11
"""How many requests a minute a caller should allow itself of the twelve."""
_BY_HAND = frozenset({"startOn", "html"})
_CLEARED = {"dueDate": "due", "projectId": "project", "assigneeId": "assignee"}


class MotionSandbox:
    """Motion's REST API with one account's key: a team's workspace with the world's work, and a private one.

    `switches` choose among readings of Motion that no source has settled, and turn its reported faults on.
    """

    name = "motion"

    def __init__(self, world: World, *, quota_scale: float, clock: Callable[[], datetime]) -> None:
        if quota_scale <= 0:
            raise ValueError("quota_scale must be above 0")
        self.token = "motion_sandbox_" + hashlib.sha256(f"{world.seed}/motion/key".encode()).hexdigest()[:24]
        self.switches: dict[str, int] = dict.fromkeys(SWITCHES, 0)
        self._store = store_from(world, clock)
        writes = Writes(
            self._store,
            makes_labels=lambda: not self.switches["refuse_unknown_labels"],
            takes_null=lambda: not self.switches["refuse_null"],
        )
        self._site = Site(self._store, writes, self.switches)
        self._quota_scale = quota_scale
        self._limits = Limits(quota_scale, clock, lambda: bool(self.switches["lock_out"]))

    def app(self, base_url: str) -> ASGIApp:
        """The REST API under `/v1`."""
        return Api(self._site, frozenset({self.token}), self._limits)

    def items(self) -> list[Item]:
        """Every task, the oldest first, then those that were deleted."""
        self._store.schedule()
        living: list[Item] = [
            {"external_id": task.id, "deleted": False, "payload": rendering.task(self._store, task)}
            for task in reversed(list(self._store.in_order()))
        ]
        gone: list[Item] = [
            {"external_id": one, "deleted": True, "payload": payload} for one, payload in self._store.deleted.items()
        ]
        return living + gone

    def create_item(self, fields: Mapping[str, Any]) -> str:
        """Create a task as a person would, in the team's workspace unless `workspaceId` names another."""
        team = next(one.id for one in self._store.workspaces.values() if one.name == TEAM)
        body = {"workspaceId": team, **fields}
        with _as_item_error():
            task = self._site.writes.create({key: value for key, value in body.items() if key in KEYS})
            self._by_hand(task, fields)
        return task.id

    def edit_item(self, external_id: str, fields: Mapping[str, Any]) -> None:
        """Edit a task as a person would: with the keys of the API, `startOn`, `html` for the description as it is
        kept, and null to take away a due date, a project or an assignee.
        """
        with _as_item_error():
            task = self._store.task(external_id)
            cleared = [key for key in _CLEARED if key in fields and fields[key] is None]
            body = {key: value for key, value in fields.items() if key in KEYS and key not in cleared}
            self._site.writes.update(task, body)
            for key in cleared:
                setattr(task, _CLEARED[key], None)
            self._by_hand(task, fields)

    def delete_item(self, external_id: str) -> None:
        """Delete a task as a person would."""
        with _as_item_error():
            task = self._store.task(external_id)
            self._store.deleted[task.id] = rendering.task(self._store, task)
            del self._store.tasks[task.id]

    def conf(self, base_url: str) -> Payload:
        """The entry for `conf/sources.yml`."""
        return {
            "provider": "motion",
            "base_url": base_url,
            "workspaces": [TEAM],
            "requests_per_minute": max(1, int(PACE * self._quota_scale)),
        }

    def _by_hand(self, task: Task, fields: Mapping[str, Any]) -> None:
        unknown = sorted(set(fields) - KEYS - _BY_HAND)
        if unknown:
            raise ItemError(422, f"a task has no field {unknown[0]!r}; it has {', '.join(sorted(KEYS | _BY_HAND))}")
        if "startOn" in fields:
            task.start_on = day(fields["startOn"]) if fields["startOn"] else None
        if "html" in fields:
            task.html = str(fields["html"])


@contextmanager
def _as_item_error() -> Iterator[None]:
    """Tells a refusal of Motion's as one of the control calls."""
    try:
        yield
    except ApiError as error:
        raise ItemError(404 if error.status == 404 else 422, str(error.body.get("message"))) from error
