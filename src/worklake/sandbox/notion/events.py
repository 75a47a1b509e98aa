"""Webhooks: what happens to a page is gathered for a minute, then sent, signed and in no order one could rely on."""

from __future__ import annotations

import hashlib
import hmac
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import orjson
import requests

from worklake.sandbox.notion.entities import Json, Page, User

GATHERED_FOR = timedelta(minutes=1)
_OPPOSITE = {"page.deleted": "page.undeleted", "page.undeleted": "page.deleted"}

Post = Callable[[str, bytes, dict[str, str]], None]


def post(url: str, body: bytes, headers: dict[str, str]) -> None:
    """Send without waiting for the answer, as Notion does not tell anybody what became of it."""

    def sending() -> None:
        try:
            requests.post(url, data=body, headers=headers, timeout=10)
        except requests.RequestException:
            return  # nobody listens: Notion would try again later

    threading.Thread(target=sending, daemon=True).start()


class Events:
    """What happened, until it is sent. Nothing is kept before somebody subscribes."""

    def __init__(self, clock: Callable[[], datetime], new_id: Callable[[str], str], send: Post = post) -> None:
        self._clock, self._new_id, self._send = clock, new_id, send
        self._url: str | None = None
        self._token = ""
        self.verified = False
        self._waiting: dict[tuple[str, str], tuple[datetime, Json]] = {}

    def subscribe(self, url: str) -> None:
        """Send the address the token that a person has to bring back."""
        self._url, self.verified = url, False
        self._token = f"secret_{self._new_id('verification').replace('-', '')}"
        body = orjson.dumps({"verification_token": self._token})
        self._send(url, body, {"Content-Type": "application/json"})

    def verify(self, token: str) -> bool:
        """Whether a person brought the right token; from then on events are sent."""
        self.verified = self._url is not None and hmac.compare_digest(token, self._token)
        return self.verified

    def note(self, kind: str, page: Page, author: User, entity: str | None = None, **data: object) -> None:
        """Something happened. Edits of one kind are one event, and what takes each other back is none."""
        if not self.verified:
            return
        key = (entity or page.id, kind)
        opposite = (key[0], _OPPOSITE.get(kind, ""))
        if self._waiting.pop(opposite, None) is not None:
            return
        event = {
            "id": self._new_id("event"),
            "timestamp": self._clock().astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "workspace_id": self._new_id("workspace"),
            "workspace_name": "Team",
            "subscription_id": "00000000-0000-4000-8000-000000000001",
            "integration_id": "00000000-0000-4000-8000-000000000002",
            "authors": [{"id": author.id, "type": "bot" if author.is_bot else "person"}],
            "attempt_number": 1,
            "api_version": "2026-03-11",
            "entity": {"id": key[0], "type": "comment" if entity else "page"},
            "type": kind,
            "data": {
                "parent": {"id": page.id, "type": "page"}
                if entity
                else {"id": page.data_source, "type": "database", "data_source_id": page.data_source},
                **data,
            },
        }
        first = self._waiting.get(key)
        self._waiting[key] = (first[0] if first else self._clock(), event)

    def send_due(self, *, all_of_them: bool = False) -> int:
        """Send what was gathered for long enough, the newest first; how many that were."""
        if self._url is None or not self._waiting:
            return 0
        now = self._clock()
        due = [key for key, (since, _) in self._waiting.items() if all_of_them or now - since >= GATHERED_FOR]
        for key in reversed(due):
            body = orjson.dumps(self._waiting.pop(key)[1])
            digest = hmac.new(self._token.encode(), body, hashlib.sha256).hexdigest()
            headers = {"Content-Type": "application/json", "X-Notion-Signature": f"sha256={digest}"}
            self._send(self._url, body, headers)
        return len(due)
