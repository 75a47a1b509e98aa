"""The way of a call through GitLab: who asks, how often, may they, which endpoint, and the answer's headers."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial

import orjson
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.types import Receive, Scope, Send

from worklake.sandbox.gitlab.call import Call, Reply, Site
from worklake.sandbox.gitlab.entities import User
from worklake.sandbox.gitlab.errors import ApiError, no_method, no_route
from worklake.sandbox.gitlab.params import Params

Endpoint = Callable[[Call], Reply]
PREFIX = "/api/v4"
GRAPHQL = "/api/graphql"
_LONGEST_TARGET = 8192


@dataclass(frozen=True, slots=True)
class Token:
    """An access token: whose, and whether it may only read."""

    user: User
    read_only: bool = False
    revoked: bool = False


@dataclass(frozen=True, slots=True)
class Route:
    """An endpoint at a path such as `/projects/:id/issues/:iid`; a `slow` one runs beside the event loop.

    One that only `reads` may be called with a read-only token, although it is posted.
    """

    method: str
    path: str
    endpoint: Endpoint
    slow: bool = False
    reads: bool = False


class Api:
    """GitLab's REST API as an ASGI app."""

    def __init__(self, site: Site, tokens: Mapping[str, Token], routes: Iterable[Route]) -> None:
        self._site, self._tokens = site, tokens
        self._routes: dict[int, list[tuple[re.Pattern[str], Route]]] = {}
        for route in routes:
            whole = route.path if route.path == GRAPHQL else PREFIX + route.path
            pattern = re.compile(re.sub(r":(\w+)", r"(?P<\1>[^/]+)", whole) + r"\Z")
            self._routes.setdefault(whole.count("/"), []).append((pattern, route))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one call."""
        request = Request(scope, receive)
        path = (scope.get("raw_path") or scope["path"].encode()).decode("latin-1")
        try:
            reply = await self._answer(request, path)
        except ApiError as error:
            reply = _refusal(error)
        await _send(reply, scope["method"], send)

    async def _answer(self, request: Request, path: str) -> Reply:
        if len(path) + len(request.scope["query_string"]) > _LONGEST_TARGET:
            raise ApiError(414, "414 Request-URI Too Large")
        if path not in (PREFIX, GRAPHQL) and not path.startswith(PREFIX + "/"):
            raise no_route(f"{request.method} {path}")
        token = self._authenticate(request)
        usage = self._site.limits.count_call(token.user)
        quota = self._site.limits.headers(usage)
        if not usage.allowed:
            return Reply(b"Retry later\n", 429, quota, "text/plain")
        try:
            reply = await self._dispatch(request, path, token)
        except ApiError as error:
            reply = _refusal(error)
        if request.method in ("GET", "HEAD") and reply.status == 200:
            reply = _conditional(reply, request.headers.get("if-none-match"))
        reply.headers |= quota
        return reply

    def _authenticate(self, request: Request) -> Token:
        given = request.headers.get("private-token") or _token_in_query(request)
        if given is None:
            kind, _, value = request.headers.get("authorization", "").partition(" ")
            given = value.strip() if kind.lower() == "bearer" else None
        token = self._tokens.get(given or "")
        if token is None:
            raise ApiError(401, {"message": "401 Unauthorized"})
        if token.revoked:
            text = "Token was revoked. You have to re-authorize from the user."
            raise ApiError(401, {"error": "invalid_token", "error_description": text})
        return token

    async def _dispatch(self, request: Request, path: str, token: Token) -> Reply:
        method = "GET" if request.method == "HEAD" else request.method
        found = self._matches(path)
        if not found:
            raise no_route(f"{request.method} {path}")
        if method == "OPTIONS":
            return Reply(b"", 204, {"Allow": ", ".join(["OPTIONS", *found, *(["HEAD"] if "GET" in found else [])])})
        if method not in found:
            raise no_method(f"{request.method} {path}")
        route, segments = found[method]
        if token.read_only and method != "GET" and not route.reads:
            text = "The request requires higher privileges than provided by the access token."
            raise ApiError(403, {"error": "insufficient_scope", "error_description": text, "scope": "api read_api"})
        query_text = request.scope["query_string"].decode("latin-1")
        query = Params.from_pairs(query_text)
        body = Params({})
        if method != "GET":
            sent = Params.from_body(await request.body(), request.headers.get("content-type", ""))
            body = Params({**query.values, **sent.values})
        call = Call(self._site, token.user, method, path, query, query_text, body, request.headers, segments)
        if route.slow:
            return await run_in_threadpool(partial(route.endpoint, call))
        return route.endpoint(call)

    def _matches(self, path: str) -> dict[str, tuple[Route, dict[str, str]]]:
        """By method, the first route for this path, with the path's variable parts."""
        found: dict[str, tuple[Route, dict[str, str]]] = {}
        for pattern, route in self._routes.get(path.count("/"), ()):
            if route.method not in found and (match := pattern.match(path)):
                found[route.method] = (route, match.groupdict())
        return found


def _token_in_query(request: Request) -> str | None:
    if b"token=" not in request.scope["query_string"]:
        return None
    return request.query_params.get("private_token") or request.query_params.get("access_token")


def _refusal(error: ApiError) -> Reply:
    if isinstance(error.body, str):
        return Reply(error.body.encode(), error.status, dict(error.headers), "text/plain")
    return Reply(orjson.dumps(error.body), error.status, dict(error.headers))


def _conditional(reply: Reply, known: str | None) -> Reply:
    etag = f'W/"{hashlib.sha1(reply.body, usedforsecurity=False).hexdigest()[:32]}"'
    reply.headers["ETag"] = etag
    if known and (known.strip() == "*" or etag in known):
        return Reply(b"", 304, reply.headers)
    return reply


async def _send(reply: Reply, method: str, send: Send) -> None:
    headers = [(name.lower().encode(), value.encode()) for name, value in reply.headers.items()]
    if reply.status not in (204, 304):
        headers.append((b"content-type", reply.media_type.encode()))
        headers.append((b"content-length", str(len(reply.body)).encode()))
    headers.append((b"vary", b"Origin"))
    await send({"type": "http.response.start", "status": reply.status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if method == "HEAD" else reply.body})
