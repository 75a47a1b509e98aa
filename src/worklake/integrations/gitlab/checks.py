"""What `worklake check` says of a GitLab source."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from worklake.errors import AccessError, AuthError, NotFoundError, WorklakeError
from worklake.integrations.base import Finding, Payload
from worklake.integrations.gitlab.client import GitLabClient, project_path
from worklake.integrations.gitlab.names import Names
from worklake.integrations.gitlab.settings import GitLabSettings

_ROLES = {
    5: "Minimal access",
    10: "Guest",
    15: "Planner",
    20: "Reporter",
    30: "Developer",
    40: "Maintainer",
    50: "Owner",
}
_GUEST = 10
_TOKEN_MEND = "make a token with the scope read_api (or api) and put it where `token` in conf/sources.yml points"  # noqa: S105


def findings(client: GitLabClient, settings: GitLabSettings) -> Iterator[Finding]:
    """The server, the account, the token's scopes and each project; stops at what makes the rest pointless."""
    try:
        user = client.get("/user")
    except WorklakeError as error:
        about_token = isinstance(error, AuthError | AccessError)
        server_mend = f"see that base_url ({settings.base_url}) in conf/sources.yml is right, and the network"
        yield Finding("server", False, str(error), _TOKEN_MEND if about_token else server_mend)
        return
    yield Finding("server", True, f"{settings.base_url}, {_version(client)}")
    yield Finding("account", True, f"{user.get('name')} (@{user.get('username')})")
    yield from _token(client)
    for project in settings.projects:
        yield _project(client, settings, project)
    try:
        vocabulary = Names(client, settings).vocabulary(frozenset({"status", "priority"}))
    except WorklakeError as error:
        yield Finding("labels", False, str(error), "let the token's account read the labels of each project")
        return
    for field, labels in vocabulary.missing.items():
        if field not in vocabulary.assumed:
            listed = ", ".join(map(repr, labels))
            detail = f"the settings give {listed} a meaning, and no project has such a label: {field} is left alone"
            yield Finding(f"labels of {field}", False, detail, f"make the label, or correct `{field}_labels`")


def _version(client: GitLabClient) -> str:
    for path in ("/metadata", "/version"):
        try:
            return f"GitLab {client.get(path).get('version')}"
        except (AccessError, NotFoundError):
            continue
    return "GitLab of a version it does not tell"


def _token(client: GitLabClient) -> Iterator[Finding]:
    """Nothing for OAuth tokens and old servers, which do not tell."""
    try:
        token = client.get("/personal_access_tokens/self")
    except (AccessError, NotFoundError):
        return
    scopes = [str(scope) for scope in token.get("scopes") or []]
    detail = f"scopes {', '.join(scopes) or 'none'}; expires {token.get('expires_at') or 'never'}"
    enough = "api" in scopes or "read_api" in scopes
    if enough and "api" not in scopes:
        detail += "; it may read and not write, which takes the scope api"
    yield Finding("token", enough, detail, None if enough else _TOKEN_MEND)


def _hidden(client: GitLabClient, settings: GitLabSettings, project: str) -> str:
    """Which of the code a project does not show, in words; nothing of it stops anything."""
    hidden = []
    for wanted, path, words in (
        (settings.merge_requests, "merge_requests", "merge requests"),
        (settings.commits, "repository/commits", "commits"),
    ):
        try:
            if wanted:
                client.page(f"{project_path(project)}/{path}", {"per_page": "1"})
        except (AccessError, NotFoundError):
            hidden.append(words)
    return f"; it has no {' and no '.join(hidden)}, or does not show them to this token" if hidden else ""


def _project(client: GitLabClient, settings: GitLabSettings, project: str) -> Finding:
    subject = f"project {project}"
    try:
        payload = client.get(project_path(project))
    except WorklakeError as error:
        return Finding(
            subject, False, str(error), "correct `projects` in conf/sources.yml, or add the token's account as a member"
        )
    level = _access_level(payload)
    detail = f"{payload.get('path_with_namespace')}, access as {_ROLES.get(level, 'a visitor')}"
    if payload.get("issues_enabled") is False:
        return Finding(subject, False, f"{detail}; its issues are switched off", "switch them on, or leave it out")
    if level <= _GUEST:
        detail += "; confidential issues stay hidden (Planner and Reporter see them)"
    try:
        detail += _hidden(client, settings, project)
    except WorklakeError as error:
        return Finding(subject, False, str(error), "run the check again later")
    return Finding(subject, True, detail)


def _access_level(payload: Payload) -> int:
    permissions: Any = payload.get("permissions") or {}
    levels = [permissions.get(key) or {} for key in ("project_access", "group_access")]
    return max(int(level.get("access_level") or 0) for level in levels)
