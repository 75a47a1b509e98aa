"""Refusals in GitLab's shapes."""

from __future__ import annotations

from typing import Any


class ApiError(Exception):
    """A refusal: status and JSON body (a plain string is sent as text)."""

    def __init__(self, status: int, body: dict[str, Any] | str, headers: dict[str, str] | None = None) -> None:
        super().__init__(f"{status} {body}")
        self.status, self.body, self.headers = status, body, headers or {}


def not_found(what: str = "") -> ApiError:
    """404 as for a record that is missing or hidden from the caller: `404 Project Not Found`."""
    return ApiError(404, {"message": f"404 {what} Not Found" if what else "404 Not found"})


def no_route() -> ApiError:
    """404 as for a path that the API does not have."""
    return ApiError(404, {"error": "404 Not Found"})


def forbidden() -> ApiError:
    """403 as for a role that is too low."""
    return ApiError(403, {"message": "403 Forbidden"})


def invalid_parameter(text: str) -> ApiError:
    """400 as from parameter validation: `title is missing`, `state does not have a valid value`."""
    return ApiError(400, {"error": text})


def invalid_field(field: str, *problems: str) -> ApiError:
    """400 as from validation of the record: `{"message": {"title": ["can't be blank"]}}`."""
    return ApiError(400, {"message": {field: list(problems)}})
