"""Webhooks: what happened is posted to the addresses that asked for it, once, and failures are counted."""

from __future__ import annotations

import base64
import hashlib
import hmac
import ipaddress
import queue
import threading
import time
import uuid
from collections.abc import Callable
from datetime import datetime, timedelta
from urllib.parse import urlsplit

import orjson
import requests

from worklake.sandbox.gitlab.entities import Delivery, Hook

VERSION = "18.9.0-ee"
_TIMEOUT_SECONDS = 10
_WORKERS = 4
_FAILURES_TO_PAUSE, _FAILURES_TO_STOP = 4, 40
_LONGEST_PAUSE = timedelta(hours=24)
_Job = tuple[Hook, str, str, bytes, str]


def is_loopback(url: str) -> bool:
    """Whether an address is on this machine: the sandbox sends nothing elsewhere."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    if parts.scheme not in ("http", "https") or not parts.hostname:
        return False
    if parts.hostname == "localhost":
        return True
    try:
        return ipaddress.ip_address(parts.hostname).is_loopback
    except ValueError:
        return False


def signature(signing_token: str, message_id: str, timestamp: str, body: bytes) -> str:
    """The `webhook-signature` header of a body (Standard Webhooks; the key follows `whsec_` in base64)."""
    key = base64.b64decode(signing_token.removeprefix("whsec_"))
    signed = f"{message_id}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()


class HookSender:
    """Delivers in the background; `next_id` numbers deliveries, `wall_clock` gives epoch seconds for signatures."""

    def __init__(
        self, clock: Callable[[], datetime], wall_clock: Callable[[], float], next_id: Callable[[], int]
    ) -> None:
        self.instance = "http://localhost"
        self._clock, self._wall_clock, self._next_id = clock, wall_clock, next_id
        self._jobs: queue.SimpleQueue[_Job] = queue.SimpleQueue()
        self._workers: list[threading.Thread] = []

    def send_later(self, hook: Hook, trigger: str, event: str, payload: object, event_uuid: str) -> None:
        """Deliver when a worker is free, unless the hook is disabled."""
        if self.status(hook) != "executable":
            return
        while len(self._workers) < _WORKERS:
            worker = threading.Thread(target=self._work, name="gitlab-hooks", daemon=True)
            self._workers.append(worker)
            worker.start()
        self._jobs.put((hook, trigger, event, orjson.dumps(payload), event_uuid))

    def send_now(self, hook: Hook, trigger: str, event: str, body: bytes, key: str | None = None) -> Delivery:
        """Deliver and wait for the answer; a repetition gives the `key` of the first delivery."""
        return self._deliver(hook, trigger, event, body, str(uuid.uuid4()), key or str(uuid.uuid4()))

    def status(self, hook: Hook) -> str:
        """`executable`, `temporarily_disabled` or `disabled`."""
        if hook.disabled_for_good:
            return "disabled"
        if hook.disabled_until and hook.disabled_until > self._clock():
            return "temporarily_disabled"
        return "executable"

    def _work(self) -> None:
        while True:
            hook, trigger, event, body, event_uuid = self._jobs.get()
            if self.status(hook) == "executable":
                self._deliver(hook, trigger, event, body, event_uuid, str(uuid.uuid4()))

    def _deliver(self, hook: Hook, trigger: str, event: str, body: bytes, event_uuid: str, key: str) -> Delivery:
        begun = time.monotonic()
        try:
            answer = requests.post(
                hook.url,
                data=body,
                headers=self._headers(hook, event, body, event_uuid, key),
                timeout=_TIMEOUT_SECONDS,
                allow_redirects=False,
                verify=hook.enable_ssl_verification,
                proxies={"http": "", "https": ""},
            )
            status: int | None = answer.status_code
        except requests.RequestException:
            # No answer is a result like any other here: it counts against the hook.
            status = None
        seconds = time.monotonic() - begun
        delivery = Delivery(self._next_id(), trigger, key, body, status, seconds, self._clock())
        hook.deliveries.append(delivery)
        del hook.deliveries[:-200]
        self._count(hook, ok=status is not None and 200 <= status < 300)
        return delivery

    def _headers(self, hook: Hook, event: str, body: bytes, event_uuid: str, key: str) -> dict[str, str]:
        headers = {
            **hook.custom_headers, "Content-Type": "application/json", "User-Agent": f"GitLab/{VERSION}",
            "X-Gitlab-Event": event, "X-Gitlab-Event-UUID": event_uuid, "X-Gitlab-Webhook-UUID": hook.uuid,
            "X-Gitlab-Instance": self.instance, "Idempotency-Key": key,
        }  # fmt: skip
        if hook.token:
            headers["X-Gitlab-Token"] = hook.token
        if hook.signing_token:
            timestamp = str(int(self._wall_clock()))
            headers["webhook-id"] = key
            headers["webhook-timestamp"] = timestamp
            headers["webhook-signature"] = signature(hook.signing_token, key, timestamp, body)
        return headers

    def _count(self, hook: Hook, *, ok: bool) -> None:
        if ok:
            hook.failures, hook.disabled_until, hook.disabled_for_good = 0, None, False
            return
        hook.failures += 1
        if hook.failures >= _FAILURES_TO_STOP:
            hook.disabled_for_good = True
        elif hook.failures >= _FAILURES_TO_PAUSE:
            pause = timedelta(minutes=2 ** (hook.failures - _FAILURES_TO_PAUSE))
            hook.disabled_until = self._clock() + min(pause, _LONGEST_PAUSE)
