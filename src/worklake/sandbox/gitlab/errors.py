"""Refusals in GitLab's shapes."""

from __future__ import annotations

from typing import Any

NOT_SERVED = "X-Sandbox-Not-Served"
"""The header of every answer that GitLab would give differently, because the sandbox serves only a part of it."""


class ApiError(Exception):
    """A refusal: status and JSON body (a plain string is sent as text)."""

    def __init__(self, status: int, body: dict[str, Any] | str, headers: dict[str, str] | None = None) -> None:
        super().__init__(f"{status} {body}")
        self.status, self.body, self.headers = status, body, headers or {}


def not_found(what: str = "") -> ApiError:
    """404 as for a record that is missing or hidden from the caller: `404 Project Not Found`."""
    return ApiError(404, {"message": f"404 {what} Not Found" if what else "404 Not found"})


def no_route(call: str) -> ApiError:
    """404 as for a path that the API does not have; GitLab may have it, so the answer says who refuses."""
    return _unserved(404, "404 Not Found", call)


def no_method(call: str) -> ApiError:
    """405 as for a path that has other methods; the answer says who refuses."""
    return _unserved(405, "405 Not Allowed", call)


def not_served(what: str) -> ApiError:
    """501 for what GitLab does and the sandbox does not: said aloud, never left out in silence."""
    return _unserved(501, f"501 Not Implemented: the sandbox does not serve {what}", what)


def _unserved(status: int, error: str, what: str) -> ApiError:
    body = {"error": error, "sandbox": f"the sandbox does not serve {what}"}
    return ApiError(status, body, {NOT_SERVED: what})


def forbidden() -> ApiError:
    """403 as for a role that is too low."""
    return ApiError(403, {"message": "403 Forbidden"})


def invalid_parameter(text: str) -> ApiError:
    """400 as from parameter validation: `title is missing`, `state does not have a valid value`."""
    return ApiError(400, {"error": text})


def invalid_field(field: str, *problems: str) -> ApiError:
    """400 as from validation of the record: `{"message": {"title": ["can't be blank"]}}`."""
    return ApiError(400, {"message": {field: list(problems)}})
