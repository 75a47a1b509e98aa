"""The way of a call through Notion: the token, the limit, the version, which call it is, and the answer."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from email.utils import format_datetime
from typing import Any
from urllib.parse import parse_qsl, unquote

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from worklake.sandbox.notion.entities import Json, User
from worklake.sandbox.notion.errors import ApiError, invalid, not_served
from worklake.sandbox.notion.workspace import Workspace
from worklake.sandbox.quota import FixedWindow

PREFIX = "/v1"
NEWEST, WITH_ARCHIVED = "2026-03-11", "2025-09-03"
LARGEST_BODY = 500 * 1024
REQUESTS_A_MINUTE = 180
"""Of a connection, on other plans than Business and Enterprise."""
_UNSERVED = re.compile(
    r"/(search/.*|file_uploads|views|custom_emojis|oauth|pages/[^/]+/markdown|data_sources/[^/]+/templates)(/.*)?"
)


@dataclass(slots=True)
class Token:
    """A token of the connection: what it may do."""

    may_write: bool = True
    sees_people: bool = True
    revoked: bool = False


@dataclass(slots=True)
class Misfortunes:
    """What goes wrong with the next writes: so many are refused as conflicts or for overload, so many are saved and
    then answered with 503."""

    conflicts: int = 0
    overloads: int = 0
    saved_but_503: int = 0


@dataclass(slots=True)
class Call:
    """A call by the connection. `parts` are the variable parts of its path."""

    workspace: Workspace
    bot: User
    token: Token
    version: str
    parts: Mapping[str, str]
    query: Mapping[str, str]
    lists: Mapping[str, list[str]]
    body: Json

    @property
    def names_archived(self) -> bool:
        """Whether answers still have `archived` beside `in_trash`."""
        return self.version != NEWEST


Handler = Callable[[Call], Json]


@dataclass(frozen=True, slots=True)
class Route:
    """A call; one that only `reads` may be made with a token that may not write."""

    method: str
    path: str
    handler: Handler
    reads: bool = False


@dataclass(slots=True)
class NotionApi:
    """Notion's REST API as an ASGI app."""

    workspace: Workspace
    tokens: Mapping[str, Token]
    routes: list[Route]
    limit: FixedWindow
    misfortunes: Misfortunes = field(default_factory=Misfortunes)
    _known: list[tuple[re.Pattern[str], Route]] = field(init=False)

    def __post_init__(self) -> None:
        self._known = [(re.compile(re.sub(r":(\w+)", r"(?P<\1>[^/]+)", one.path) + r"\Z"), one) for one in self.routes]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one call."""
        request = Request(scope, receive)
        status, headers, body = 200, {}, {}
        try:
            body = self._answer(request, await request.body())
        except ApiError as error:
            status, headers = error.status, error.headers
            body = {"object": "error", "status": status, "code": error.code, "message": error.message, **error.more}
        self.workspace.events.send_due()
        identity = self.workspace.store.new_id("request")
        headers |= {"x-notion-request-id": identity, "Date": format_datetime(self.workspace.store.clock(), usegmt=True)}
        body = {**body, "request_id": identity}
        await Response(orjson.dumps(body), status, headers, "application/json")(scope, receive, send)

    def _answer(self, request: Request, raw: bytes) -> Json:
        path = (request.scope.get("raw_path") or request.scope["path"].encode()).decode("latin-1")
        if path.startswith("/_settings/"):
            return self._settings(path.removeprefix("/_settings/"), _json(raw))
        token = self._authenticate(request)
        version = self._version(request)
        self._count(request)
        route, parts = self._route(request.method, path)
        if not token.may_write and not route.reads:
            raise ApiError(403, "restricted_resource", "Insufficient permissions for this endpoint.")
        if len(raw) > LARGEST_BODY:
            raise invalid(f"body failed validation: body should be at most {LARGEST_BODY} bytes.")
        pairs = parse_qsl(request.scope["query_string"].decode("latin-1"), keep_blank_values=True)
        lists: dict[str, list[str]] = {}
        for name, value in pairs:
            lists.setdefault(name.removesuffix("[]"), []).append(value)
        call = Call(
            self.workspace, self.workspace.store.bot, token, version, parts, dict(pairs), lists,
            _json(raw) if request.method in ("POST", "PATCH") else {},
        )  # fmt: skip
        return route.handler(call) if route.reads else self._write(route, call)

    def _write(self, route: Route, call: Call) -> Json:
        bad = self.misfortunes
        if bad.conflicts:
            bad.conflicts -= 1
            raise ApiError(409, "conflict_error", "Conflict occurred while saving. Please try again.")
        if bad.overloads:
            bad.overloads -= 1
            raise ApiError(529, "service_overload", "Notion is overloaded. Please try again later.")
        answer = route.handler(call)
        if bad.saved_but_503:
            bad.saved_but_503 -= 1
            children = [one["id"] for one in answer.get("results", ())]
            raise ApiError(
                503,
                "service_unavailable",
                "The change was saved, but the response could not be built. Do not retry.",
                more={
                    "additional_data": {
                        "committed_resource_id": answer.get("id") or next(iter(call.parts.values()), None),
                        "committed_child_ids": children,
                        "retry_guidance": "do_not_retry",
                    }
                },
            )
        return answer

    def _authenticate(self, request: Request) -> Token:
        kind, _, value = request.headers.get("authorization", "").partition(" ")
        token = self.tokens.get(value.strip()) if kind.lower() == "bearer" else None
        if token is None or token.revoked:
            raise ApiError(401, "unauthorized", "API token is invalid.")
        return token

    def _count(self, request: Request) -> None:
        usage = self.limit.count("connection", self.workspace.store.clock().timestamp())
        if usage.allowed:
            return
        raise ApiError(
            429,
            "rate_limited",
            "You have been rate limited. Please try again in a few minutes.",
            headers={"Retry-After": str(usage.retry_after)},
            more={
                "additional_data": {
                    "rate_limit_reason": "public_api_request_rate_limit", "retry_after": usage.retry_after,
                }
            },
        )  # fmt: skip

    def _version(self, request: Request) -> str:
        version = request.headers.get("notion-version")
        if version is None:
            raise ApiError(
                400,
                "missing_version",
                "Notion-Version header failed validation: Notion-Version header should be defined, instead was"
                " `undefined`.",
            )
        if version not in (NEWEST, WITH_ARCHIVED):
            raise not_served(f"the version {version}: it has {NEWEST} and {WITH_ARCHIVED}")
        return version

    def _route(self, method: str, path: str) -> tuple[Route, dict[str, str]]:
        within = path.removeprefix(PREFIX) if path.startswith(PREFIX + "/") else ""
        matched = [(route, found) for pattern, route in self._known if (found := pattern.match(within))]
        for route, found in matched:
            if route.method == method:
                return route, {name: unquote(value) for name, value in found.groupdict().items()}
        if matched or _UNSERVED.fullmatch(within):
            raise not_served(f"{method} {path}")
        raise ApiError(400, "invalid_request_url", "Invalid request URL.")

    def _settings(self, page: str, given: Json) -> Json:
        """What a person does on the connection's settings page, and what goes wrong."""
        events = self.workspace.events
        match page:
            case "webhooks" if isinstance(given.get("url"), str):
                events.subscribe(given["url"])
                return {"verified": False}
            case "webhooks/verify":
                return {"verified": events.verify(str(given.get("token")))}
            case "webhooks/send":
                return {"sent": events.send_due(all_of_them=True)}
            case "misfortunes" if set(given) <= {"conflicts", "overloads", "saved_but_503"}:
                for name, times in given.items():
                    setattr(self.misfortunes, name, int(times))
                return dict(given)
        raise not_served(f"the settings page {page} with {', '.join(given) or 'nothing'}")


def _json(raw: bytes) -> Json:
    if not raw:
        return {}
    try:
        found: Any = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise ApiError(400, "invalid_json", "Error parsing JSON body.") from error
    if not isinstance(found, dict):
        raise invalid("body failed validation: body should be an object.")
    return found
