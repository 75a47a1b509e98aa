"""The members of a workspace, read once a run and only where somebody is named."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from worklake.errors import AccessError
from worklake.integrations.base import Item, Payload
from worklake.integrations.notion.client import NotionClient
from worklake.model.rows import Kind


class People:
    """Who is who. Guests are in no list: of them no more is known than what a page shows."""

    def __init__(self, client: NotionClient) -> None:
        self._client = client
        self._members: dict[str, Payload] | None = None
        self._brought: dict[str, Payload] = {}

    def members(self) -> dict[str, Payload]:
        """The members and bots, by id; none where the connection may not see them."""
        if self._members is None:
            try:
                users = list(self._client.all("/users"))
            except AccessError:
                users = []
            self._members = {str(one["id"]): one for one in users if isinstance(one, dict) and "id" in one}
        return self._members

    def named_in(self, payload: Payload) -> Iterator[Item]:
        """The people whom a page or a comment names, each once a run and as well as they are known."""
        for user in _users_in(payload):
            identity = str(user["id"])
            known = self.members().get(identity) or (user if user.get("name") else self._brought.get(identity, user))
            if self._brought.get(identity) != known:
                self._brought[identity] = known
                yield Item(Kind.PERSON, identity, known)


def _users_in(payload: Payload) -> Iterator[Payload]:
    if _is_user(payload.get("created_by")):
        yield payload["created_by"]
    properties = payload.get("properties")
    for prop in properties.values() if isinstance(properties, dict) else ():
        people = prop.get("people") if isinstance(prop, dict) else None
        yield from (one for one in (people if isinstance(people, list) else ()) if _is_user(one))


def _is_user(value: Any) -> bool:
    return isinstance(value, dict) and isinstance(value.get("id"), str) and value["id"] != ""
