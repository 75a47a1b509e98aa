"""The way of a call through GitHub: who asks, in which version, how often, which endpoint, and the answer's headers."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal
from urllib.parse import parse_qsl

import orjson
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.types import Receive, Scope, Send

from worklake.sandbox.github.call import Call, ProjectAccess, Reply, Site, json_reply
from worklake.sandbox.github.entities import User
from worklake.sandbox.github.errors import ApiError, not_served

Endpoint = Callable[[Call], Reply]
VERSIONS = ("2022-11-28", "2026-03-10")
"""The versions of the API: the default one, and the first with breaking changes."""
_REPOSITORY = "/repos/:owner/:repo"
_DROPPED_SINCE = {"2026-03-10": ("assignee",)}
"""Members that issues do not have any more in a version."""
_READING = frozenset({"GET", "HEAD"})


@dataclass(frozen=True, slots=True)
class Token:
    """An access token: whose, what it may do with issues and projects, and whether it is an App's."""

    user: User
    kind: Literal["classic", "fine-grained", "installation"] = "fine-grained"
    read_only: bool = False
    revoked: bool = False
    projects: ProjectAccess = "write"

    @property
    def scopes(self) -> str | None:
        """The scopes of a classic token."""
        more = {"none": "", "read": ", read:project", "write": ", project"}[self.projects]
        return f"repo{more}" if self.kind == "classic" else None


@dataclass(frozen=True, slots=True)
class Route:
    """An endpoint at a path such as `/repos/:owner/:repo/issues`; a `slow` one runs beside the event loop.

    One that only `reads` may be called with a read-only token although it is posted; a `free` one counts against no
    limit. Without `installations`, Apps are refused.
    """

    method: str
    path: str
    endpoint: Endpoint
    slow: bool = False
    reads: bool = False
    free: bool = False
    installations: bool = True


class Api:
    """GitHub's API as an ASGI app."""

    def __init__(self, site: Site, tokens: Mapping[str, Token], routes: Iterable[Route]) -> None:
        self._site, self._tokens = site, tokens
        self._routes: list[tuple[re.Pattern[str], Route]] = []
        for route in routes:
            paths = [route.path]
            if route.path.startswith(_REPOSITORY):
                paths.append(route.path.replace(_REPOSITORY, "/repositories/:repository_id", 1))
            for path in paths:
                pattern = re.compile(re.sub(r":(\w+)", r"(?P<\1>[^/]+)", path) + r"\Z")
                self._routes.append((pattern, route))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one call."""
        request = Request(scope, receive)
        path = (scope.get("raw_path") or scope["path"].encode()).decode("latin-1")
        reply = await self._answer(request, path)
        await _send(reply, scope["method"], send)

    async def _answer(self, request: Request, path: str) -> Reply:
        resource = "graphql" if path == "/graphql" else "core"
        try:
            version = _version(request)
            token = self._authenticate(request)
        except ApiError as error:
            return _refusal(error)
        reply = await self._limited(request, path, token, resource)
        if request.method in _READING and reply.status == 200:
            reply = _dropping(reply, _DROPPED_SINCE.get(version, ()))
            reply = _conditional(reply, request.headers.get("if-none-match"))
            if reply.status == 304:
                self._site.limits.give_back(token.user, resource)
        reply.headers |= self._site.limits.headers(token.user, resource)
        reply.headers |= {"X-GitHub-Media-Type": "github.v3; format=json", "X-GitHub-Api-Version-Selected": version}
        if token.kind == "classic":
            reply.headers["X-OAuth-Scopes"] = token.scopes or ""
        elif token.kind == "fine-grained":
            reply.headers["GitHub-Authentication-Token-Expiration"] = "2027-03-01 00:00:00 UTC"
        return reply

    def _authenticate(self, request: Request) -> Token:
        if not request.headers.get("user-agent"):
            text = "Request forbidden by administrative rules. Please make sure your request has a User-Agent header"
            raise ApiError(403, text)
        kind, _, given = request.headers.get("authorization", "").partition(" ")
        if not given:
            raise ApiError(401, "Requires authentication")
        token = self._tokens.get(given.strip()) if kind.lower() in ("bearer", "token") else None
        if token is None or token.revoked:
            raise ApiError(401, "Bad credentials")
        return token

    async def _limited(self, request: Request, path: str, token: Token, resource: str) -> Reply:
        """The answer of the endpoint, or the refusal of a limit."""
        try:
            route, segments = self._route(request, path)
            body = await _body(request)
            writes = request.method not in _READING and not route.reads and not _only_asks(path, body)
            if not route.free:
                self._site.limits.count(token.user, resource, writes=writes)
            _check_permission(token, route, writes=writes)
            query = dict(parse_qsl(request.scope["query_string"].decode("latin-1"), keep_blank_values=True))
            call = Call(
                self._site, token.user, request.method, path, query, body, segments, token.projects, token.scopes
            )
            if call.method == "HEAD":
                call = replace(call, method="GET")
            return await run_in_threadpool(route.endpoint, call) if route.slow else route.endpoint(call)
        except ApiError as error:
            return _refusal(error)

    def _route(self, request: Request, path: str) -> tuple[Route, dict[str, str]]:
        method = "GET" if request.method == "HEAD" else request.method
        for pattern, route in self._routes:
            if route.method == method and (found := pattern.match(path)):
                return route, found.groupdict()
        raise not_served(f"{request.method} {path}", 404)


def _only_asks(path: str, body: dict[str, Any]) -> bool:
    """Whether this is a GraphQL query: it is posted, and changes nothing."""
    return path == "/graphql" and not str(body.get("query")).lstrip().startswith("mutation")


def _check_permission(token: Token, route: Route, *, writes: bool) -> None:
    """Refuse what a token may not do, whoever it belongs to."""
    if (token.read_only and writes) or (token.kind == "installation" and not route.installations):
        what = "integration" if token.kind == "installation" else "personal access token"
        accepted = {"X-Accepted-GitHub-Permissions": "issues=write"}
        raise ApiError(403, f"Resource not accessible by {what}", headers=accepted)


def _version(request: Request) -> str:
    version = request.headers.get("x-github-api-version") or VERSIONS[0]
    if version not in VERSIONS:
        raise ApiError(400, f"{version!r} is not a supported version of the REST API")
    return version


async def _body(request: Request) -> dict[str, Any]:
    text = await request.body()
    if not text.strip():
        return {}
    try:
        body = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise ApiError(400, "Problems parsing JSON") from error
    if isinstance(body, list):  # labels and assignees may be sent as a bare list
        return {"": body}
    if not isinstance(body, dict):
        raise ApiError(400, "Body should be a JSON object")
    return body


def _refusal(error: ApiError) -> Reply:
    return json_reply(error.body, error.status, dict(error.headers))


def _dropping(reply: Reply, names: tuple[str, ...]) -> Reply:
    if not names:
        return reply
    return replace(reply, body=orjson.dumps(_without(orjson.loads(reply.body), names)))


def _without(value: Any, names: tuple[str, ...]) -> Any:
    if isinstance(value, list):
        return [_without(one, names) for one in value]
    if isinstance(value, dict):
        is_issue = "assignees" in value
        return {key: _without(one, names) for key, one in value.items() if not (is_issue and key in names)}
    return value


def _conditional(reply: Reply, known: str | None) -> Reply:
    etag = f'W/"{hashlib.sha256(reply.body).hexdigest()}"'
    reply.headers["ETag"] = etag
    if known and (known.strip() == "*" or etag in known):
        return Reply(b"", 304, reply.headers)
    return reply


async def _send(reply: Reply, method: str, send: Send) -> None:
    headers = [(name.lower().encode(), value.encode()) for name, value in reply.headers.items()]
    if reply.status not in (204, 304):
        headers.append((b"content-type", b"application/json; charset=utf-8"))
        headers.append((b"content-length", str(len(reply.body)).encode()))
    await send({"type": "http.response.start", "status": reply.status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if method == "HEAD" else reply.body})
