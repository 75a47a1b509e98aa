"""Linear over HTTP: one endpoint, its authentication, its rate limits and their headers."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import orjson
from graphql import GraphQLError, OperationType
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request as HttpRequest
from starlette.responses import Response
from starlette.routing import Route

from worklake.sandbox.linear.errors import (
    LinearError,
    invalid_request,
    not_authenticated,
    not_served,
    persisted_query_not_supported,
    rate_limited,
)
from worklake.sandbox.linear.execution import Operation, Refused, prepare, run
from worklake.sandbox.linear.limits import Limits, headers, limits_for
from worklake.sandbox.linear.request import Request
from worklake.sandbox.linear.workspace import Workspace

Body = Mapping[str, Any]


class LinearApi:
    """`/graphql` on one workspace. `tokens` says of each token whether it may write."""

    def __init__(
        self, workspace: Workspace, tokens: Mapping[str, bool], quota_scale: float, clock: Callable[[], datetime]
    ) -> None:
        self._workspace = workspace
        self._tokens = tokens
        self._quota_scale = quota_scale
        self._clock = clock
        self._limits: dict[tuple[str, str], Limits] = {}

    def app(self) -> Starlette:
        """The ASGI app, rooted at `/`."""
        routes = [
            Route("/graphql", _options, methods=["OPTIONS"]),
            Route("/graphql", self._serve, methods=["GET", "POST"]),
        ]
        return Starlette(routes=routes, exception_handlers={404: _no_such_call, 405: _no_such_call})

    async def _serve(self, http: HttpRequest) -> Response:
        token = _token(http)
        limits = self._limits_of(http, token)
        try:
            body = await _body(http)
        except LinearError as error:
            return _refusal((error,), error.http_status, headers(limits, 0, searching=False))
        return self._answer(http, body, token, limits)

    def _answer(self, http: HttpRequest, body: Body, token: str | None, limits: Limits) -> Response:
        operation, searching, complexity = None, False, 0
        try:
            operation = prepare(body["query"], body["variables"], body.get("operationName"))
            searching, complexity = "searchIssues" in operation.roots, math.ceil(operation.complexity)
            self._authenticate(operation, token)
            _charge(limits, complexity, searching=searching)
            if http.method == "GET" and operation.node.operation is OperationType.MUTATION:
                raise invalid_request(
                    "GET requests only support query operations, not mutation operations", "BAD_REQUEST"
                )
            answer = self._workspace.serve(lambda request: self._run(operation, body, token, limits, request))
        except Refused as refused:
            if operation is None:
                limits.requests.used += 1
            return _refusal(refused.errors, 400, headers(limits, complexity, searching=searching))
        except LinearError as error:
            return _refusal((error,), error.http_status, headers(limits, complexity, searching=searching))
        return _json(answer, 200, headers(limits, complexity, searching=searching))

    def _run(
        self, operation: Operation, body: Body, token: str | None, limits: Limits, request: Request
    ) -> dict[str, Any]:
        request.may_write = self._tokens.get(token or "", False)
        request.rate_limits = _status(limits, request.actor.id)
        return run(operation, body.get("operationName"), request)

    def _authenticate(self, operation: Operation, token: str | None) -> None:
        if token not in self._tokens and not operation.only_introspects:
            raise not_authenticated()

    def _limits_of(self, http: HttpRequest, token: str | None) -> Limits:
        if token in self._tokens:
            kind = "oauthApp" if _is_bearer(http.headers["authorization"]) else "apiKey"
            caller = str(token)
        else:
            kind, caller = "ip", http.client.host if http.client else "unknown"
        now = self._clock()
        limits = self._limits.setdefault((kind, caller), limits_for(kind, now, self._quota_scale))
        limits.leak(now)
        return limits


async def _options(http: HttpRequest) -> Response:
    return Response(status_code=204, headers={"Allow": "OPTIONS, GET, HEAD, POST"})


async def _no_such_call(http: HttpRequest, error: Exception) -> Response:
    """The sandbox serves one endpoint: for Linear's others (OAuth, uploads) it answers its own error."""
    status = error.status_code if isinstance(error, HTTPException) else 404
    return _refusal((not_served(f"{http.method} {http.url.path}"),), status, {})


def _is_bearer(header: str) -> bool:
    return header[:7].lower() == "bearer "


def _token(http: HttpRequest) -> str | None:
    """The personal key (bare) or the OAuth token (`Bearer …`)."""
    header = http.headers.get("authorization")
    if header is None:
        return None
    return (header[7:] if _is_bearer(header) else header).strip()


async def _body(http: HttpRequest) -> Body:
    if http.method == "POST":
        body = _json_object(await http.body())
    else:
        body = {name: http.query_params.get(name) for name in ("query", "operationName")}
        for name in ("variables", "extensions"):
            raw = http.query_params.get(name)
            body[name] = _json_object(raw.encode()) if raw else None
    if not isinstance(body.get("query"), str) or not body["query"].strip():
        raise _no_query(body)
    if body.get("variables") is None:
        body["variables"] = {}
    if not isinstance(body["variables"], dict):
        raise invalid_request("`variables` in a POST body must be an object if provided.", "BAD_REQUEST")
    if not isinstance(body.get("operationName"), str | None):
        raise invalid_request("`operationName` in a POST body must be a string if provided.", "BAD_REQUEST")
    body["operationName"] = body.get("operationName") or None
    return body


def _no_query(body: Body) -> LinearError:
    """No text of a query; a client that sent its hash instead is told to send the text."""
    extensions = body.get("extensions")
    if isinstance(extensions, dict) and "persistedQuery" in extensions:
        return persisted_query_not_supported()
    return invalid_request("GraphQL operations must contain a non-empty `query`.", "BAD_REQUEST")


def _json_object(raw: bytes) -> dict[str, Any]:
    try:
        found = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise invalid_request("The request is not valid JSON.", "BAD_REQUEST") from error
    if isinstance(found, list):
        raise invalid_request("Operation batching disabled.", "BAD_REQUEST")
    if not isinstance(found, dict):
        raise invalid_request("The request must be one JSON object.", "BAD_REQUEST")
    return found


def _charge(limits: Limits, complexity: int, *, searching: bool) -> None:
    """Take one request and its complexity, or refuse and take nothing."""
    if not limits.requests.fits(1):
        raise rate_limited(limits.requests.allowed, "requests", "1 hour")
    if not limits.complexity.fits(complexity):
        raise rate_limited(limits.complexity.allowed, "complexity points", "1 hour")
    if searching:
        if not limits.search.fits(1):
            raise rate_limited(limits.search.allowed, "requests", "1 minute")
        limits.search.used += 1
    limits.requests.used += 1
    limits.complexity.used += complexity


def _status(limits: Limits, identifier: str) -> dict[str, Any]:
    buckets = (("requests", limits.requests), ("complexity", limits.complexity))
    return {
        "identifier": identifier,
        "kind": limits.kind,
        "limits": [
            {
                "type": name,
                "period": bucket.seconds * 1000,
                "allowedAmount": bucket.allowed,
                "requestedAmount": math.ceil(bucket.used),
                "remainingAmount": bucket.remaining,
                "reset": bucket.reset,
            }
            for name, bucket in buckets
        ],
    }


def _refusal(errors: tuple[GraphQLError, ...], status: int, extra: Mapping[str, str]) -> Response:
    return _json({"errors": [error.formatted for error in errors]}, status, extra)


def _json(content: Any, status: int, extra: Mapping[str, str]) -> Response:
    return Response(orjson.dumps(content), status, dict(extra), media_type="application/json; charset=utf-8")
