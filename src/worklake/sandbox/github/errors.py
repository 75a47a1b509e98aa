"""Refusals in GitHub's shapes."""

from __future__ import annotations

from typing import Any

NOT_SERVED = "X-Sandbox-Not-Served"
"""The header of every answer that GitHub would give differently, because the sandbox serves only a part of it."""
DOCUMENTATION = "https://docs.github.com/rest"


class ApiError(Exception):
    """A refusal: status, message, and what else its body and headers say."""

    def __init__(self, status: int, message: str, *, headers: dict[str, str] | None = None, **more: Any) -> None:
        super().__init__(f"{status} {message}")
        self.status, self.headers = status, headers or {}
        self.body = {"message": message, **more, "documentation_url": DOCUMENTATION, "status": str(status)}


def not_found() -> ApiError:
    """404, as for what is missing or hidden from the caller."""
    return ApiError(404, "Not Found")


def not_served(what: str, status: int = 501) -> ApiError:
    """For what GitHub does and the sandbox does not: said aloud, never left out in silence."""
    return ApiError(
        status, f"the sandbox does not serve {what}", headers={NOT_SERVED: what.encode("ascii", "replace").decode()}
    )


def forbidden(message: str = "Must have push access to repository") -> ApiError:
    """403, as for a role that is too low."""
    return ApiError(403, message)


def invalid(field: str, code: str, resource: str = "Issue", **more: Any) -> ApiError:
    """422 as from validation: one error that names the field and what is wrong with it."""
    return ApiError(422, "Validation Failed", errors=[{**more, "resource": resource, "field": field, "code": code}])


def gone(message: str) -> ApiError:
    """410, as for an issue that was deleted or a repository without issues."""
    return ApiError(410, message)
