"""Refusals in Notion's shape."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

NOT_SERVED = "X-Sandbox-Not-Served"
"""The header of answers that Notion would not give: the sandbox lacks the call or the filter."""


class ApiError(Exception):
    """An answer that refuses: `{"object": "error", "status", "code", "message", …}`."""

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        headers: Mapping[str, str] | None = None,
        more: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message
        self.headers = dict(headers or {})
        self.more = dict(more or {})


def invalid(message: str) -> ApiError:
    """A body, a path or a value that Notion does not take."""
    return ApiError(400, "validation_error", message)


def not_found(kind: str, identity: str) -> ApiError:
    """What does not exist, or was not shared with the connection: Notion does not tell the two apart."""
    return ApiError(
        404,
        "object_not_found",
        f"Could not find {kind} with ID: {identity}. Make sure the relevant pages and databases are shared with your"
        " connection.",
    )


def not_served(what: str) -> ApiError:
    """What Notion has and the sandbox does not."""
    message = f"the sandbox does not serve {what}"
    return ApiError(501, "not_served_by_sandbox", message, headers={NOT_SERVED: "1"})
