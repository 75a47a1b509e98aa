"""The Notion sandbox as the sandbox's server uses it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from starlette.types import ASGIApp

from worklake.sandbox.notion.api import REQUESTS_A_MINUTE, Misfortunes, NotionApi, Token
from worklake.sandbox.notion.calls import ROUTES
from worklake.sandbox.notion.events import Events
from worklake.sandbox.notion.items import Items
from worklake.sandbox.notion.seed import PRIORITIES, STATUSES, build_store
from worklake.sandbox.notion.workspace import Workspace
from worklake.sandbox.provider import Item, Payload
from worklake.sandbox.quota import FixedWindow
from worklake.sandbox.world import World


class NotionSandbox:
    """Notion's REST API over the seeded world: one database, whose rows are the work.

    Tokens, all of one connection: `full` may do everything, `read_only` may not write, `no_emails` does not see
    people's addresses. `quota_scale` multiplies Notion's rate limit.
    """

    name = "notion"
    tells_date = True

    def __init__(self, world: World, *, quota_scale: float, clock: Callable[[], datetime]) -> None:
        if quota_scale <= 0:
            raise ValueError("quota_scale must be above 0")
        self.store = build_store(world, clock)
        self.misfortunes = Misfortunes()
        self._workspace = Workspace(self.store, Events(clock, self.store.new_id))
        self._items = Items(self._workspace)
        self._limit = FixedWindow(REQUESTS_A_MINUTE, 60, quota_scale)
        self.tokens: Mapping[str, str] = {
            name: f"ntn_sandbox{_digest(world.seed, name)}" for name in ("full", "read_only", "no_emails")
        }
        self._tokens = {
            self.tokens["full"]: Token(),
            self.tokens["read_only"]: Token(may_write=False),
            self.tokens["no_emails"]: Token(sees_people=False),
        }
        self.token = self.tokens["full"]

    def app(self, base_url: str) -> ASGIApp:
        """The API under `/v1`; Notion's own links never name the API's address."""
        return NotionApi(self._workspace, self._tokens, list(ROUTES), self._limit, self.misfortunes)

    def items(self) -> list[Item]:
        """Every page of the tasks, those in the trash and those gone from it as deleted."""
        return self._items.all()

    def create_item(self, fields: Mapping[str, Any]) -> str:
        """Make a page as a person would; answers its id."""
        return self._items.create(fields)

    def edit_item(self, external_id: str, fields: Mapping[str, Any]) -> None:
        """Edit a page as a person would."""
        self._items.edit(external_id, fields)

    def delete_item(self, external_id: str) -> None:
        """Delete a page for good, out of the trash: the API cannot do that."""
        self._items.delete(external_id)

    def conf(self, base_url: str) -> Payload:
        """The entry for `conf/sources.yml`."""
        source = self._items.source
        return {
            "provider": self.name,
            "base_url": base_url,
            "data_sources": {
                "tasks": {
                    "id": source.id,
                    "properties": {
                        "status": "Status", "priority": "Priority", "labels": "Tags", "assignees": "Assignee",
                        "due_date": "Due", "start_date": "Start", "estimate_minutes": "Estimate",
                        "estimate_points": "Points", "project": "Project", "milestone": "Milestone",
                        "cycle": "Sprint", "parent_id": "Parent task", "blocked_by": "Blocked by",
                    },
                    "statuses": {name: status for status, name in STATUSES.items()} | {"In review": "started"},
                    "priorities": {name: priority for priority, name in PRIORITIES.items()},
                    "estimate_unit": "hours",
                }
            },
        }  # fmt: skip

    def revoke_token(self, name: str) -> None:
        """The token is answered with 401 from now on."""
        self._tokens[self.tokens[name]].revoked = True


def _digest(seed: int, purpose: str) -> str:
    return hashlib.sha256(f"{seed}/notion/{purpose}".encode()).hexdigest()[:36]
