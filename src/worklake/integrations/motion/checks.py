"""What `worklake check` says of a Motion source."""

from __future__ import annotations

from collections.abc import Iterator

from worklake.errors import AccessError, AuthError, WorklakeError
from worklake.integrations.base import Finding, Payload
from worklake.integrations.motion.client import MotionClient
from worklake.integrations.motion.directory import Directory
from worklake.integrations.motion.settings import MotionSettings
from worklake.integrations.motion.statuses import StatusNames

_KEY_MEND = "make an API key in Motion under Settings and put it where `token` in conf/sources.yml points"


def findings(
    client: MotionClient, directory: Directory, settings: MotionSettings, statuses: StatusNames
) -> Iterator[Finding]:
    """The server, the account and each workspace with its statuses; stops at what makes the rest pointless."""
    try:
        user = client.get("/v1/users/me")
        directory.forget()
        found = directory.found()
    except WorklakeError as error:
        about_key = isinstance(error, AuthError | AccessError)
        server_mend = f"see that base_url ({settings.base_url}) in conf/sources.yml is right, and the network"
        yield Finding("server", False, str(error), _KEY_MEND if about_key else server_mend)
        return
    yield Finding("server", True, settings.base_url)
    yield Finding("account", True, f"{user.get('name')} <{user.get('email')}>; its key may do all that it may do")
    pace = f"{settings.requests_per_minute:g} requests a minute, {settings.requests_per_run} in a run"
    yield Finding("quota", True, f"Motion does not tell it; Worklake keeps to {pace}")
    for name in settings.workspaces:
        yield _workspace(name, found.get(name), directory, statuses)


def _workspace(name: str, found: Payload | None, directory: Directory, statuses: StatusNames) -> Finding:
    subject = f"workspace {name}"
    if found is None:
        what, _, mend = str(directory.hidden([name])).partition(". ")
        return Finding(subject, False, what, mend)
    try:
        unnamed, lacking = statuses.unnamed(found), statuses.lacking(found)
    except WorklakeError as error:
        return Finding(subject, False, str(error), "see the workspace's statuses in Motion")
    told = [f"{found.get('name')} ({found.get('id')})"]
    if unnamed:
        told.append(f"`statuses` does not say what {', '.join(map(repr, unnamed))} mean: open or completed")
    if lacking:
        told.append(f"it has no status for {', '.join(lacking)}, which cannot be written there")
    return Finding(subject, True, "; ".join(told))
