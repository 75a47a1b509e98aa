"""What `worklake check` says of a GitHub source."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from worklake.errors import AccessError, AuthError, NotFoundError, WorklakeError
from worklake.integrations.base import Finding, Payload
from worklake.integrations.github.account import account_of
from worklake.integrations.github.board import Board
from worklake.integrations.github.board_checks import project_findings
from worklake.integrations.github.client import GitHubClient, RefusedError
from worklake.integrations.github.code import EMPTY
from worklake.integrations.github.names import Names
from worklake.integrations.github.settings import GitHubSettings

_TOKEN_MEND = (
    "make a fine-grained token with access to the repositories and the permission Issues (read, or read and write), and"  # noqa: S105
    " put it where `token` in conf/sources.yml points"
)
_ISSUES_MEND = "give the token the permission Issues for this repository; a fine-grained one names its repositories"


def findings(
    client: GitHubClient, settings: GitHubSettings, names: Names, board: Board | None = None
) -> Iterator[Finding]:
    """The server, the account, each repository and the project; stops at what makes the rest pointless."""
    try:
        limits = _limits(client)
        account = account_of(client)
    except WorklakeError as error:
        about_token = isinstance(error, AuthError | AccessError)
        server_mend = f"see that base_url ({settings.base_url}) in conf/sources.yml is right, and the network"
        yield Finding("server", False, str(error), _TOKEN_MEND if about_token else server_mend)
        return
    yield Finding("server", True, f"{settings.base_url}{_left(limits)}")
    whose = f"{account.get('name') or account.get('login')} (@{account.get('login')})" if account else "an App's"
    yield Finding("account", True, whose)
    for repository in settings.repositories:
        yield _repository(client, settings, repository)
    if board is not None:
        yield from project_findings(client, board)
    try:
        vocabulary = names.vocabulary(frozenset({"priority"} if board is not None else {"status", "priority"}))
    except WorklakeError as error:
        yield Finding("labels", False, str(error), "let the token's account read the labels of each repository")
        return
    for field, labels in vocabulary.missing.items():
        if field not in vocabulary.assumed:
            listed = ", ".join(map(repr, labels))
            detail = f"the settings give {listed} a meaning, and no repository has such a label: {field} is left alone"
            yield Finding(f"labels of {field}", False, detail, f"make the label, or correct `{field}_labels`")


def _limits(client: GitHubClient) -> Payload:
    """What is left of the limits; nothing on an Enterprise server that has none."""
    try:
        return client.get("/rate_limit")
    except NotFoundError:
        return {}


def _left(limits: Any) -> str:
    core = (limits.get("resources") or {}).get("core") if isinstance(limits, dict) else None
    if not isinstance(core, dict):
        return ""
    return f", {core.get('remaining')} of {core.get('limit')} calls left in this hour"


def _hidden(client: GitHubClient, settings: GitHubSettings, name: str) -> str:
    """Which of the code this token may not see, in words; nothing of it stops anything."""
    hidden = []
    for wanted, kind, permission in (
        (settings.merge_requests, "pulls", "Pull requests"),
        (settings.commits, "commits", "Contents"),
    ):
        try:
            if wanted:
                client.page(f"/repos/{name}/{kind}", {"per_page": "1"})
        except (AccessError, NotFoundError):
            hidden.append(permission)
        except RefusedError as error:
            if error.status != EMPTY:
                raise
    if not hidden:
        return ""
    return f"; without the permission {' and '.join(hidden)} (read) less is known of what names issues in code"


def _repository(client: GitHubClient, settings: GitHubSettings, name: str) -> Finding:
    subject = f"repository {name}"
    try:
        payload = client.get(f"/repos/{name}")
    except WorklakeError as error:
        return Finding(
            subject, False, str(error), "correct `repositories` in conf/sources.yml, or give the token access to it"
        )
    full_name = str(payload.get("full_name"))
    if full_name.lower() != name.lower():
        detail = f"it is called {full_name} by now; every call is sent on, which takes another one"
        return Finding(subject, False, detail, f"write {full_name} in its place")
    try:
        client.page(f"/repos/{name}/issues", {"state": "all", "per_page": "1"})
        hidden = _hidden(client, settings, name)
    except WorklakeError as error:
        return Finding(subject, False, str(error), _ISSUES_MEND)
    permissions = payload.get("permissions") or {}
    detail = f"{full_name}, access to {'read and push' if permissions.get('push') else 'read'}"
    if not permissions.get("push"):
        detail += "; without push access labels, people and milestones cannot be written"
    if payload.get("archived"):
        detail += "; it is archived, so nothing can be written there"
    detail += hidden
    return Finding(subject, True, detail)
