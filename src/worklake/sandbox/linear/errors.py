"""What Linear answers when it refuses: `errors[]` entries with its `extensions`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from graphql import GraphQLError


class LinearError(GraphQLError):
    """An error with the extensions that Linear's clients decide on; `http_status` counts only outside the execution."""

    def __init__(
        self,
        message: str,
        *,
        code: str,
        kind: str,
        status: int = 400,
        presentable: str | None = None,
        user_error: bool = True,
        http_status: int = 200,
        more: Mapping[str, Any] | None = None,
    ) -> None:
        extensions: dict[str, Any] = {"type": kind, "code": code, "statusCode": status, "userError": user_error}
        if presentable is not None:
            extensions["userPresentableMessage"] = presentable
        super().__init__(message, extensions={**extensions, **(more or {})})
        self.http_status = http_status


def entity_not_found(entity: str) -> LinearError:
    """A reference to a row that does not exist; `entity` is the GraphQL type's name."""
    return LinearError(
        f"Entity not found: {entity}",
        code="INPUT_ERROR",
        kind="invalid input",
        presentable=f"Could not find referenced {entity}.",
    )


def invalid_argument(explanation: str) -> LinearError:
    """An argument of the right type and a value that Linear refuses."""
    return LinearError("Argument Validation Error", code="INVALID_INPUT", kind="invalid input", presentable=explanation)


def refused(message: str, presentable: str | None = None) -> LinearError:
    """A request that is well formed and contradicts what the workspace holds."""
    return LinearError(message, code="INPUT_ERROR", kind="invalid input", presentable=presentable or message)


def already_exists(entity: str, identity: str) -> LinearError:
    """A client-made id that is taken: for a client that repeats a create, this means success."""
    return refused(f"conflict on insert of {entity}", f"Entity {entity} with id {identity} already exists.")


def not_authenticated() -> LinearError:
    """No token, or one that Linear does not know."""
    return LinearError(
        "Authentication required, not authenticated",
        code="AUTHENTICATION_ERROR",
        kind="authentication error",
        status=401,
        presentable="You need to authenticate to access this operation.",
        http_status=401,
    )


def scope_missing(scope: str) -> LinearError:
    """A token that may not do this."""
    return LinearError(
        f"Invalid scope: `{scope}` required", code="FORBIDDEN", kind="forbidden", status=403, presentable="Forbidden."
    )


def rate_limited(allowed: int, what: str, period: str) -> LinearError:
    """A bucket is empty: HTTP 400, although the extensions say 429."""
    message = f"Rate limit exceeded. Only {allowed} {what} are allowed per {period}."
    return LinearError(
        message, code="RATELIMITED", kind="ratelimited", status=429, presentable=message, http_status=400
    )


def too_complex(complexity: float, limit: int) -> LinearError:
    """One query that costs more than Linear allows a query to cost."""
    return LinearError(
        "Query too complex",
        code="INPUT_ERROR",
        kind="invalid input",
        presentable=f"The query is too complex. Complexity: {complexity}. Maximum allowed complexity: {limit}.",
        http_status=400,
        more={"http": {"status": 400}},
    )


def invalid_request(message: str, code: str, more: Mapping[str, Any] | None = None) -> LinearError:
    """A request that is no valid GraphQL operation of the schema."""
    return LinearError(
        message, code=code, kind="graphql error", http_status=400, more={"http": {"status": 400}, **(more or {})}
    )


def persisted_query_not_supported() -> LinearError:
    """A hash in place of a query's text: clients that know persisted queries then send the text."""
    return LinearError(
        "PersistedQueryNotSupported", code="PERSISTED_QUERY_NOT_SUPPORTED", kind="graphql error", http_status=200
    )


def not_served(what: str) -> LinearError:
    """Something that Linear has and the sandbox does not: said aloud, never answered with a silent null."""
    return LinearError(
        f"{what} is not served by the sandbox",
        code="NOT_SERVED_BY_SANDBOX",
        kind="feature not accessible",
        status=501,
        user_error=False,
        http_status=400,
    )
