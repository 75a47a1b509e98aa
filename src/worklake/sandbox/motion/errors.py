"""Refusals in the shapes of Motion's server, which is a NestJS one."""

from __future__ import annotations

from typing import Any

NOT_SERVED = "X-Sandbox-Not-Served"
"""The header of every answer that Motion would give differently, because the sandbox serves only a part of it."""


class ApiError(Exception):
    """A refusal: status and JSON body."""

    def __init__(self, status: int, body: dict[str, Any], headers: dict[str, str] | None = None) -> None:
        super().__init__(f"{status} {body}")
        self.status, self.body, self.headers = status, body, headers or {}


def invalid_headers() -> ApiError:
    """400 as for a body that is not said to be JSON; it comes before everything else."""
    error = "Content-Type must be application/json"
    return ApiError(400, {"message": "Invalid Headers", "error": error, "statusCode": 400})


def unauthorized() -> ApiError:
    """401, the same for a key that is missing, wrong or revoked."""
    return ApiError(401, {"message": "Unauthorized", "statusCode": 401})


def invalid(*problems: str) -> ApiError:
    """400 as from validation of a body or query."""
    return ApiError(400, {"message": list(problems), "error": "Bad Request", "statusCode": 400})


def refused(problem: str) -> ApiError:
    """400 as from a rule of the application."""
    return ApiError(400, {"message": problem, "error": "Bad Request", "statusCode": 400})


def not_found(what: str) -> ApiError:
    """404 as for an id that does not exist or is not to be seen."""
    return ApiError(404, {"message": f"{what} not found", "error": "Not Found", "statusCode": 404})


def no_route(method: str, path: str) -> ApiError:
    """404 as from the router."""
    return ApiError(404, {"message": f"Cannot {method} {path}", "error": "Not Found", "statusCode": 404})


def too_many() -> ApiError:
    """429, bare: no header tells how much was left or when there will be more."""
    return ApiError(429, {"message": "Rate limit exceeded. Consult docs for rate limit information"})


def not_served(what: str) -> ApiError:
    """501 for what Motion does and the sandbox does not: said aloud, never left out in silence."""
    message = f"the sandbox does not serve {what}"
    return ApiError(501, {"message": message, "error": "Not Implemented", "statusCode": 501}, {NOT_SERVED: what})
