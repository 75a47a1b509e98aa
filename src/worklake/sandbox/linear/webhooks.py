"""Webhook deliveries: signed, really sent (to loopback addresses only), and repeated as Linear repeats them."""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit

import requests

RETRIES_AFTER = (timedelta(minutes=1), timedelta(hours=1), timedelta(hours=6))
ANSWER_WITHIN_SECONDS = 5.0
_LOOK_EVERY_SECONDS = 0.1


@dataclass(slots=True)
class Delivery:
    """One event for one webhook, and when to try it next."""

    webhook_id: str
    url: str
    headers: dict[str, str]
    body: bytes
    due: datetime
    attempts: int = 0


def signature(secret: str, body: bytes) -> str:
    """`Linear-Signature`: hex HMAC-SHA256 of the raw body."""
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def is_loopback(url: str) -> bool:
    """Whether `url` is an http(s) URL of this machine itself, the only kind that the sandbox sends to."""
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


class Deliveries:
    """Sends what is due from a thread of its own, which lives only while something waits.

    The first attempt comes at once, then three more after 1 minute, 1 hour and 6 hours by `clock`. A retry carries the
    same body, signature and timestamp as the first attempt. A webhook whose last retry failed is told by `given_up`.
    """

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._session = requests.Session()
        self._session.trust_env = False
        self._wake = threading.Condition()
        self._waiting: list[Delivery] = []
        self._given_up: list[str] = []
        self._sending = False

    def send(self, delivery: Delivery) -> None:
        """Send as soon as it is due, from the background."""
        with self._wake:
            self._waiting.append(delivery)
            if not self._sending:
                self._sending = True
                threading.Thread(target=self._work, name="linear-sandbox-webhooks", daemon=True).start()
            self._wake.notify()

    def given_up(self) -> list[str]:
        """The ids of webhooks whose last retry failed since the last call."""
        with self._wake:
            found, self._given_up = self._given_up, []
        return found

    def forget(self, webhook_id: str) -> None:
        """Send nothing more to a deleted webhook."""
        with self._wake:
            self._waiting = [delivery for delivery in self._waiting if delivery.webhook_id != webhook_id]

    def _work(self) -> None:
        while True:
            with self._wake:
                if not self._waiting:
                    self._sending = False
                    return
                now = self._clock()
                due = [delivery for delivery in self._waiting if delivery.due <= now]
                self._waiting = [delivery for delivery in self._waiting if delivery.due > now]
                if not due:
                    self._wake.wait(_LOOK_EVERY_SECONDS)
            for delivery in due:
                self._attempt(delivery, now)

    def _attempt(self, delivery: Delivery, now: datetime) -> None:
        delivery.attempts += 1
        if self._accepted(delivery):
            return
        with self._wake:
            if delivery.attempts > len(RETRIES_AFTER):
                self._given_up.append(delivery.webhook_id)
            else:
                delivery.due = now + RETRIES_AFTER[delivery.attempts - 1]
                self._waiting.append(delivery)

    def _accepted(self, delivery: Delivery) -> bool:
        try:
            answer = self._session.post(
                delivery.url,
                data=delivery.body,
                headers=delivery.headers,
                timeout=ANSWER_WITHIN_SECONDS,
                allow_redirects=False,
            )
        except requests.RequestException:
            return False
        return answer.status_code == 200
