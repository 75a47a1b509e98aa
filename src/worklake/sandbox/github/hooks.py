"""Webhooks: what happened is posted to the addresses that asked for it, once; repetitions are for people to ask for."""

from __future__ import annotations

import hmac
import ipaddress
import queue
import threading
import time
import uuid
from collections.abc import Callable
from datetime import datetime
from urllib.parse import urlsplit

import orjson
import requests

from worklake.sandbox.github.entities import Delivery, Hook

TIMEOUT_SECONDS = 10
_KEPT = 200
_Job = tuple[Hook, str, str | None, bytes]


def is_loopback(url: str) -> bool:
    """Whether an address is on this machine: the sandbox sends nothing elsewhere."""
    try:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            return False
        return parts.hostname == "localhost" or ipaddress.ip_address(parts.hostname).is_loopback
    except ValueError:
        return False


def signature(secret: str, body: bytes, algorithm: str = "sha256") -> str:
    """What `X-Hub-Signature-256` (and, with `sha1`, `X-Hub-Signature`) says of a body."""
    return f"{algorithm}={hmac.new(secret.encode(), body, algorithm).hexdigest()}"


class HookSender:
    """Delivers in the background; `next_id` numbers deliveries. What is not answered in ten seconds has failed."""

    def __init__(self, clock: Callable[[], datetime], next_id: Callable[[], int]) -> None:
        self._clock, self._next_id = clock, next_id
        self._jobs: queue.SimpleQueue[_Job] = queue.SimpleQueue()
        self._worker: threading.Thread | None = None

    def send_later(self, hook: Hook, event: str, action: str | None, payload: object) -> None:
        """Deliver when the worker is free."""
        if self._worker is None:
            self._worker = threading.Thread(target=self._work, name="github-hooks", daemon=True)
            self._worker.start()
        self._jobs.put((hook, event, action, orjson.dumps(payload)))

    def send_again(self, hook: Hook, delivery: Delivery) -> None:
        """Deliver the same body once more, under the same GUID."""
        self._deliver(hook, delivery.event, delivery.action, delivery.body, delivery.guid, redelivery=True)

    def _work(self) -> None:
        while True:
            hook, event, action, body = self._jobs.get()
            self._deliver(hook, event, action, body, str(uuid.uuid4()))

    def _deliver(
        self, hook: Hook, event: str, action: str | None, body: bytes, guid: str, *, redelivery: bool = False
    ) -> None:
        begun = time.monotonic()
        try:
            answer = requests.post(
                hook.url,
                data=body,
                headers=_headers(hook, event, body, guid),
                timeout=TIMEOUT_SECONDS,
                allow_redirects=False,
                proxies={"http": "", "https": ""},
            )
            status = answer.status_code
        except requests.RequestException:
            status = 0  # no answer is a result like any other here
        seconds = time.monotonic() - begun
        made = Delivery(
            self._next_id(), guid, event, action, body, self._clock(), status, seconds, redelivery=redelivery
        )
        hook.deliveries.append(made)
        del hook.deliveries[:-_KEPT]


def _headers(hook: Hook, event: str, body: bytes, guid: str) -> dict[str, str]:
    headers = {
        "Content-Type": "application/json", "User-Agent": "GitHub-Hookshot/sandbox",
        "X-GitHub-Event": event, "X-GitHub-Delivery": guid, "X-GitHub-Hook-ID": str(hook.id),
        "X-GitHub-Hook-Installation-Target-Type": "repository",
        "X-GitHub-Hook-Installation-Target-ID": str(hook.repository_id),
    }  # fmt: skip
    if hook.secret:
        headers["X-Hub-Signature-256"] = signature(hook.secret, body)
        headers["X-Hub-Signature"] = signature(hook.secret, body, "sha1")
    return headers
