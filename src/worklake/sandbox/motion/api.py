"""Motion over HTTP: content type, key and limit come first, in this order, then the calls."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from worklake.sandbox.motion.errors import ApiError, invalid, invalid_headers, no_route, unauthorized
from worklake.sandbox.motion.limits import Limits
from worklake.sandbox.motion.routes import Answer, Call, handler_of
from worklake.sandbox.motion.site import Site

_WITH_BODY = frozenset({"POST", "PATCH"})


class Api:
    """The calls of one account. `keys` are those that are accepted."""

    def __init__(self, site: Site, keys: frozenset[str], limits: Limits) -> None:
        self._site, self._keys, self._limits = site, keys, limits

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one call."""
        if scope["type"] != "http":
            return
        request = Request(scope, receive)
        try:
            status, body = await self._answer(request)
            response = _json(status, body, {})
        except ApiError as error:
            response = _json(error.status, error.body, error.headers)
        await response(scope, receive, send)

    async def _answer(self, request: Request) -> Answer:
        path = (request.scope.get("raw_path") or request.scope["path"].encode()).decode("latin-1")
        if request.method in _WITH_BODY and not _says_json(request):
            raise invalid_headers()
        handler, names = handler_of(request.method, path)
        if handler is None:
            raise no_route(request.method, unquote(path))
        key = request.headers.get("X-API-Key", "")
        if key not in self._keys:
            raise unauthorized()
        self._limits.count(key)
        self._site.store.schedule()
        body = await _body(request) if request.method in _WITH_BODY else {}
        return handler(Call(self._site, names, request.query_params, body))


def _says_json(request: Request) -> bool:
    return request.headers.get("Content-Type", "").partition(";")[0].strip().lower() == "application/json"


async def _body(request: Request) -> Mapping[str, Any]:
    try:
        body = orjson.loads(await request.body())
    except orjson.JSONDecodeError as error:
        raise invalid(f"Unexpected token in JSON: {error}") from error
    if not isinstance(body, dict):
        raise invalid("the body must be an object")
    return body


def _json(status: int, body: Any, headers: Mapping[str, str]) -> Response:
    content = b"" if body is None else orjson.dumps(body)
    return Response(content, status, dict(headers), media_type=None if body is None else "application/json")
