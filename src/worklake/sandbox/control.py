"""The control calls of a provider, under `<base_url>/_control`: a person's hands, faults, and the log of requests."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import unquote

import orjson
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route, Router
from starlette.types import ASGIApp, Receive, Scope, Send

from worklake.sandbox.faults import FaultError, Faults, parse_fault
from worklake.sandbox.provider import ItemError, SandboxProvider, Switched, TokenHolder

PREFIX = "/_control"
_Endpoint = Callable[[Request], Awaitable[Response]]


def with_control(provider: SandboxProvider, faults: Faults) -> ASGIApp:
    """The provider behind its faults, with the control calls beside it (these meet no faults and are not logged)."""
    control = _control_app(provider, faults)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and (scope["path"] == PREFIX or scope["path"].startswith(PREFIX + "/")):
            # Ids may hold an encoded '/', '#' or '?', so routes are matched on the path as it was sent.
            raw = (scope.get("raw_path") or scope["path"].encode()).decode("latin-1")
            await control({**scope, "path": raw[len(PREFIX) :] or "/"}, receive, send)
        else:
            await faults(scope, receive, send)

    return app


def _control_app(provider: SandboxProvider, faults: Faults) -> ASGIApp:
    async def list_items(request: Request) -> Response:
        return _json(provider.items())

    async def create_item(request: Request) -> Response:
        return _json({"external_id": provider.create_item(await _object(request))}, 201)

    async def edit_item(request: Request) -> Response:
        external_id = unquote(request.path_params["external_id"])
        provider.edit_item(external_id, await _object(request))
        return _json({"external_id": external_id})

    async def delete_item(request: Request) -> Response:
        provider.delete_item(unquote(request.path_params["external_id"]))
        return Response(status_code=204)

    async def list_faults(request: Request) -> Response:
        return _json([rule.shown() for rule in faults.rules])

    async def add_faults(request: Request) -> Response:
        body = await _body(request)
        try:
            rules = [parse_fault(rule) for rule in (body if isinstance(body, list) else [body])]
        except FaultError as error:
            raise HTTPException(422, str(error)) from error
        faults.rules.extend(rules)
        return _json({"faults": len(faults.rules)}, 201)

    async def delete_faults(request: Request) -> Response:
        faults.rules.clear()
        return Response(status_code=204)

    async def list_requests(request: Request) -> Response:
        return _json(list(faults.log))

    async def delete_requests(request: Request) -> Response:
        faults.log.clear()
        return Response(status_code=204)

    routes = [
        Route("/items", _plain_errors(list_items), methods=["GET"]),
        Route("/items", _plain_errors(create_item), methods=["POST"]),
        Route("/items/{external_id:path}", _plain_errors(edit_item), methods=["PATCH"]),
        Route("/items/{external_id:path}", _plain_errors(delete_item), methods=["DELETE"]),
        Route("/faults", _plain_errors(list_faults), methods=["GET"]),
        Route("/faults", _plain_errors(add_faults), methods=["POST"]),
        Route("/faults", _plain_errors(delete_faults), methods=["DELETE"]),
        Route("/requests", _plain_errors(list_requests), methods=["GET"]),
        Route("/requests", _plain_errors(delete_requests), methods=["DELETE"]),
        *(_token_routes(provider) if isinstance(provider, TokenHolder) else ()),
        *(_switch_routes(provider) if isinstance(provider, Switched) else ()),
    ]
    return Router(routes, default=_no_such_call)


def _token_routes(provider: TokenHolder) -> list[Route]:
    async def list_tokens(request: Request) -> Response:
        return _json(dict(provider.tokens))

    async def revoke_token(request: Request) -> Response:
        name = request.path_params["name"]
        if name not in provider.tokens:
            raise HTTPException(404, f"no token {name!r}; there are {', '.join(provider.tokens)}")
        provider.revoke_token(name)
        return Response(status_code=204)

    return [
        Route("/tokens", _plain_errors(list_tokens), methods=["GET"]),
        Route("/tokens/{name}", _plain_errors(revoke_token), methods=["DELETE"]),
    ]


def _switch_routes(provider: Switched) -> list[Route]:
    async def list_switches(request: Request) -> Response:
        return _json(provider.switches)

    async def turn_switches(request: Request) -> Response:
        wanted = await _object(request)
        for name, value in wanted.items():
            if name not in provider.switches:
                raise HTTPException(422, f"no switch {name!r}; there are {', '.join(provider.switches)}")
            if not isinstance(value, int) or value < 0:
                raise HTTPException(422, f"{name} must be true, false or a number from 0, not {value!r}")
        provider.switches.update({name: int(value) for name, value in wanted.items()})
        return _json(provider.switches)

    return [
        Route("/switches", _plain_errors(list_switches), methods=["GET"]),
        Route("/switches", _plain_errors(turn_switches), methods=["PATCH"]),
    ]


def _plain_errors(endpoint: _Endpoint) -> _Endpoint:
    async def answered(request: Request) -> Response:
        try:
            return await endpoint(request)
        except ItemError as error:
            return _json({"error": str(error)}, error.status)
        except HTTPException as error:
            return _json({"error": error.detail}, error.status_code)

    return answered


async def _no_such_call(scope: Scope, receive: Receive, send: Send) -> None:
    calls = "items, faults, requests"
    await _json({"error": f"no control call {scope['path']!r}; there are {calls}"}, 404)(scope, receive, send)


async def _body(request: Request) -> object:
    try:
        return orjson.loads(await request.body())
    except orjson.JSONDecodeError as error:
        raise HTTPException(400, f"the body is not JSON: {error}") from error


async def _object(request: Request) -> dict[str, Any]:
    body = await _body(request)
    if not isinstance(body, dict):
        raise HTTPException(400, f"the body must be a JSON object, not {type(body).__name__}")
    return body


def _json(value: object, status: int = 200) -> Response:
    return Response(orjson.dumps(value, default=str), status, media_type="application/json")
