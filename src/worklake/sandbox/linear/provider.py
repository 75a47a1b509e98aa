"""The Linear sandbox as the sandbox's server uses it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from starlette.types import ASGIApp

from worklake.sandbox.linear.app import LinearApi
from worklake.sandbox.linear.items import Items
from worklake.sandbox.linear.schema import linear_schema
from worklake.sandbox.linear.seed import build_store
from worklake.sandbox.linear.workspace import Workspace
from worklake.sandbox.provider import Item, Payload
from worklake.sandbox.world import World


class LinearSandbox:
    """Linear's GraphQL API over the seeded world, reading and writing.

    `quota_scale` multiplies Linear's rate limits. Both tokens belong to the workspace's first person, who is an admin;
    `read_only_token` lacks the `write` scope. Each is accepted as a personal key (bare) and as OAuth token (`Bearer`).
    """

    name = "linear"

    def __init__(self, world: World, *, quota_scale: float, clock: Callable[[], datetime]) -> None:
        if quota_scale <= 0:
            raise ValueError("quota_scale must be above 0")
        self.token = f"lin_api_sandbox{_digest(world.seed, 'write')}"
        self.read_only_token = f"lin_api_sandbox{_digest(world.seed, 'read')}"
        self._quota_scale = quota_scale
        self._clock = clock
        self._workspace = Workspace(build_store(world), clock)
        self._items = Items(self._workspace)

    def app(self, base_url: str) -> ASGIApp:
        """The API, rooted at `/` with its endpoint at `/graphql`; Linear's own links never name the API's address."""
        linear_schema()
        tokens = {self.token: True, self.read_only_token: False}
        return LinearApi(self._workspace, tokens, self._quota_scale, self._clock).app()

    def items(self) -> list[Item]:
        """Every issue, deleted ones too."""
        return self._items.all()

    def create_item(self, fields: Mapping[str, Any]) -> str:
        """Create an issue as a person would; answers its UUID."""
        return self._items.create(fields)

    def edit_item(self, external_id: str, fields: Mapping[str, Any]) -> None:
        """Edit an issue as a person would."""
        self._items.edit(external_id, fields)

    def delete_item(self, external_id: str) -> None:
        """Put an issue into the trash as a person would."""
        self._items.delete(external_id)

    def conf(self, base_url: str) -> Payload:
        """The entry for `conf/sources.yml`."""
        return {
            "provider": "linear",
            "base_url": base_url,
            "teams": [team.key for team in self._workspace.store.teams],
        }


def _digest(seed: int, purpose: str) -> str:
    return hashlib.sha256(f"{seed}/linear/{purpose}".encode()).hexdigest()[:24]
