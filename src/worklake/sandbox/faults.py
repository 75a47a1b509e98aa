"""Misfortunes on request, and a log of every call: ASGI middleware around a provider's app."""

from __future__ import annotations

import asyncio
import re
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, NotRequired, TypedDict

import orjson
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_LOG_LENGTH = 200_000
_METHODS = frozenset({"*", "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_OPERATION = re.compile(r"\b(?:query|mutation|subscription)\s+([A-Za-z_]\w*)")


class LoggedRequest(TypedDict):
    """One call as `GET requests` shows it; `status` is None when the connection was cut instead of an answer."""

    method: str
    path: str
    query: str
    status: int | None
    at: str
    operation: NotRequired[str | None]
    fault: NotRequired[str]


class FaultError(ValueError):
    """A fault rule that cannot be understood."""


@dataclass(slots=True)
class Fault:
    """One rule. `times` None means until the rules are deleted; without `status` and `drop` it only delays.

    `drop` cuts the connection before the work is done, after it, or inside the reply. `operation` means
    calls of GraphQL operations with such a name, and no others.
    """

    method: str = "*"
    path: re.Pattern[str] = field(default_factory=lambda: re.compile(""))
    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Any = None
    times: int | None = None
    delay_seconds: float = 0.0
    drop: Literal["before", "inside", "after"] | None = None
    operation: re.Pattern[str] | None = None

    def matches(self, method: str, path: str, operation: str | None) -> bool:
        """Whether the rule still has a turn left and means this call."""
        if self.operation is not None and self.operation.search(operation or "") is None:
            return False
        return self.times != 0 and self.method in ("*", method) and self.path.search(path) is not None

    def use(self) -> None:
        """Take one of the rule's turns."""
        if self.times is not None:
            self.times -= 1

    def shown(self) -> dict[str, Any]:
        """The rule as JSON, with the turns that are left."""
        return {
            "method": self.method, "path": self.path.pattern, "status": self.status, "headers": dict(self.headers),
            "body": self.body, "times": self.times, "delay_seconds": self.delay_seconds, "drop": self.drop,
            "operation": self.operation.pattern if self.operation else None,
        }  # fmt: skip


def parse_fault(rule: object) -> Fault:
    """A rule from its JSON form. Raises `FaultError` that names the key and what is allowed."""
    if not isinstance(rule, dict):
        raise FaultError(f"a fault is an object, not {type(rule).__name__}")
    known = {"method", "path", "operation", "status", "headers", "body", "times", "delay_seconds", "drop"}
    if unknown := sorted(set(rule) - known):
        raise FaultError(f"unknown key {unknown[0]!r} in a fault; allowed are {', '.join(sorted(known))}")
    method = str(rule.get("method") or "*").upper()
    if method not in _METHODS:
        raise FaultError(f"method {method!r} is none of {', '.join(sorted(_METHODS))}")
    path = _pattern(rule, "path") or re.compile("")
    headers = rule.get("headers") or {}
    if not isinstance(headers, dict):
        raise FaultError("headers must be an object of names and values")
    drop = rule.get("drop")
    if drop not in (None, "before", "inside", "after"):
        raise FaultError(f"drop {drop!r} is none of 'before', 'inside' and 'after'")
    return Fault(
        method, path, _number(rule, "status", 100, 599), {str(name): str(value) for name, value in headers.items()},
        rule.get("body"), _number(rule, "times", 1, None), _seconds(rule), drop, _pattern(rule, "operation"),
    )  # fmt: skip


def _pattern(rule: dict[str, Any], key: str) -> re.Pattern[str] | None:
    if not rule.get(key):
        return None
    try:
        return re.compile(str(rule[key]))
    except re.error as error:
        raise FaultError(f"{key} {rule[key]!r} is not a regular expression: {error}") from error


def _number(rule: dict[str, Any], key: str, low: int, high: int | None) -> int | None:
    value = rule.get(key)
    if value is None:
        return None
    if not isinstance(value, int) or isinstance(value, bool) or value < low or (high is not None and value > high):
        raise FaultError(f"{key} must be a whole number from {low}{f' to {high}' if high else ''}, not {value!r}")
    return value


def _seconds(rule: dict[str, Any]) -> float:
    value = rule.get("delay_seconds") or 0
    if not isinstance(value, int | float) or isinstance(value, bool) or value < 0:
        raise FaultError(f"delay_seconds must be a number of seconds from 0, not {value!r}")
    return float(value)


class Faults:
    """The rules and the log of one provider, and the middleware that applies them.

    `abort` cuts the connection that a scope belongs to.
    """

    def __init__(self, app: ASGIApp, clock: Callable[[], datetime], abort: Callable[[Scope], None]) -> None:
        self._app, self._clock, self._abort = app, clock, abort
        self.rules: list[Fault] = []
        self.log: deque[LoggedRequest] = deque(maxlen=_LOG_LENGTH)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Log one call and let it through, or let it meet the first rule that means it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        path = (scope.get("raw_path") or scope["path"].encode()).decode("latin-1")
        entry: LoggedRequest = {
            "method": scope["method"], "path": path, "query": scope["query_string"].decode("latin-1"), "status": None,
            "at": self._clock().isoformat().replace("+00:00", "Z"),
        }  # fmt: skip
        self.log.append(entry)
        if scope["method"] == "POST" and path.rstrip("/").endswith("/graphql"):
            receive = await _with_operation(entry, receive)
        fault = self._take(scope["method"], entry.get("operation"), path, scope["path"])
        if fault is None:
            await self._app(scope, receive, _noting_status(entry, send))
        else:
            await self._misfortune(fault, entry, scope, receive, send)

    def _take(self, method: str, operation: str | None, *paths: str) -> Fault | None:
        for rule in self.rules:
            if any(rule.matches(method, path, operation) for path in paths):
                rule.use()
                return rule
        return None

    async def _misfortune(self, fault: Fault, entry: LoggedRequest, scope: Scope, receive: Receive, send: Send) -> None:
        entry["fault"] = f"drop {fault.drop}" if fault.drop else f"status {fault.status}" if fault.status else "delay"
        if fault.delay_seconds:
            await asyncio.sleep(fault.delay_seconds)
        if fault.drop is None and fault.status is None:
            await self._app(scope, receive, _noting_status(entry, send))
        elif fault.drop is None:
            entry["status"] = fault.status
            await _answer(fault, send)
        else:
            if fault.drop != "before":
                await self._app(scope, receive, _first_half(send) if fault.drop == "inside" else _nowhere)
            self._abort(scope)
            while (await receive())["type"] != "http.disconnect":
                pass


async def _nowhere(message: Message) -> None:
    """Take a reply that nobody will see."""


def _first_half(send: Send) -> Send:
    async def halving(message: Message) -> None:
        if message["type"] == "http.response.body":
            body = message.get("body", b"")
            message = {"type": "http.response.body", "body": body[: len(body) // 2], "more_body": True}
        await send(message)

    return halving


def _noting_status(entry: LoggedRequest, send: Send) -> Send:
    async def noting(message: Message) -> None:
        if message["type"] == "http.response.start":
            entry["status"] = message["status"]
        await send(message)

    return noting


async def _answer(fault: Fault, send: Send) -> None:
    if isinstance(fault.body, str):
        body, kind = fault.body.encode(), "text/plain; charset=utf-8"
    elif fault.body is None:
        body, kind = b"", "text/plain; charset=utf-8"
    else:
        body, kind = orjson.dumps(fault.body), "application/json"
    headers = {"content-type": kind, **{name.lower(): value for name, value in fault.headers.items()}}
    headers["content-length"] = str(len(body))
    raw = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": fault.status, "headers": raw})
    await send({"type": "http.response.body", "body": body})


async def _with_operation(entry: LoggedRequest, receive: Receive) -> Receive:
    """Note the GraphQL operation's name, and give the app the body that was read for it."""
    messages: list[Message] = []
    while True:
        message = await receive()
        messages.append(message)
        if message["type"] != "http.request" or not message.get("more_body"):
            break
    body = b"".join(message.get("body", b"") for message in messages)
    entry["operation"] = operation_name(body)
    waiting = iter(messages)

    async def replayed() -> Message:
        return next(waiting, None) or await receive()

    return replayed


def operation_name(body: bytes) -> str | None:
    """The name of the operation in a GraphQL request's JSON body; None for an unnamed one or another body."""
    try:
        request = orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
    if not isinstance(request, dict):
        return None
    if isinstance(name := request.get("operationName"), str) and name:
        return name
    found = _OPERATION.search(str(request.get("query") or ""))
    return found.group(1) if found else None
