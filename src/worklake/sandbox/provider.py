"""What the sandbox server needs of a provider: its protocol as an ASGI app, and a person's hands on its items."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol, TypedDict, runtime_checkable

from starlette.types import ASGIApp

Payload = dict[str, Any]


class Item(TypedDict):
    """A task-like item as `GET items` of the control calls shows it."""

    external_id: str
    deleted: bool
    payload: Payload


class ItemError(Exception):
    """A control call named an item that does not exist (404) or fields that the provider refuses (422)."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class SandboxProvider(Protocol):
    """One provider of the sandbox. Its app is served at the root of a port of its own."""

    name: str
    """The provider's kind: `gitlab`, `linear`, `motion`."""
    token: str
    """An access token that the provider accepts and that may do everything.

    One that has `tells_date = True` sends the header `Date` itself, of its own clock.
    """

    def app(self, base_url: str) -> ASGIApp:
        """The wire protocol, rooted at `/`; its own links and URLs begin with `base_url` (no trailing slash)."""
        ...

    def items(self) -> list[Item]:
        """Every task-like item, deleted ones too, payload as the provider's API shows it."""
        ...

    def create_item(self, fields: Mapping[str, Any]) -> str:
        """Create an item as a person would; answers its external id. Raises `ItemError`."""
        ...

    def edit_item(self, external_id: str, fields: Mapping[str, Any]) -> None:
        """Edit an item as a person would: timestamps move, webhooks fire. Raises `ItemError`."""
        ...

    def delete_item(self, external_id: str) -> None:
        """Delete an item as a person would. Raises `ItemError`."""
        ...

    def conf(self, base_url: str) -> Payload:
        """This provider's entry for `conf/sources.yml`, without its token."""
        ...


@runtime_checkable
class TokenHolder(Protocol):
    """A provider with several access tokens, shown and revoked through the control calls `tokens`."""

    tokens: Mapping[str, str]
    """What each token may do, in a word (`owner`, `read_only`), and the token."""

    def revoke_token(self, name: str) -> None:
        """From now on the provider answers this token as it answers a revoked one."""
        ...


@runtime_checkable
class Switched(Protocol):
    """A provider with oddities that are off unless they are switched on, through the control call `switches`."""

    switches: dict[str, int]
    """Each switch by name: 0 for off, 1 for on, or how many times it still works."""
