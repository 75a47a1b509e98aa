"""Whose token it is: a person's, or an App's, which has an account but no page of its own to read it from."""

from __future__ import annotations

from worklake.errors import AccessError, NotFoundError
from worklake.integrations.base import Payload
from worklake.integrations.github.client import GitHubClient

_VIEWER = "query Viewer { viewer { login } }"


def account_of(client: GitHubClient) -> Payload | None:
    """The account of the token; None where GitHub does not tell. Raises `AuthError`."""
    try:
        return client.get("/user")
    except AccessError:
        pass  # the token of an App's installation
    try:
        viewer = client.ask("Viewer", _VIEWER, {}).get("viewer")
        login = viewer.get("login") if isinstance(viewer, dict) else None
        return client.get(f"/users/{login}") if isinstance(login, str) else None
    except (AccessError, NotFoundError):
        return None
