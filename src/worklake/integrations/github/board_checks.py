"""What `worklake check` says of the project of a GitHub source."""

from __future__ import annotations

from collections.abc import Iterator

from worklake.errors import WorklakeError
from worklake.integrations.base import Finding
from worklake.integrations.github.board import Board, Details
from worklake.integrations.github.client import GitHubClient
from worklake.integrations.github.names import Names

_MENDS = {
    "Organization": (
        "give the token's account access to the project, and the token the permission for it: a fine-grained one of"
        " this organisation the organisation permission Projects (read, or read and write), a classic one the scope"
        " read:project, or project to write"
    ),
    "User": (
        "use a classic token with the scope read:project, or project to write: as far as is known, a fine-grained one"
        " does not reach the project of a user"
    ),
}
_WRITE_MEND = (
    "to write the status, give the token's account the role Write in the project, and the token the organisation"
    " permission Projects (read and write) or the scope project"
)


def project_findings(client: GitHubClient, board: Board) -> Iterator[Finding]:
    """Whether the project can be read and written, and its field has the options that the settings name."""
    subject = board.settings.name
    try:
        details = board.details()
    except WorklakeError as error:
        mend = f"correct `project` in conf/sources.yml, or {_access_mend(client, board.settings.owner)}"
        yield Finding(subject, False, str(error), mend)
        return
    access = "read and write" if details.writable else f"read; {_WRITE_MEND}"
    closed = ", closed" if details.closed else ""
    yield Finding(subject, True, f"{details.title}{closed}, access to {access}")
    yield from _field(board, details)


def _field(board: Board, details: Details) -> Iterator[Finding]:
    field = board.settings.field
    subject = f"field {field} of {board.settings.name}"
    if details.options is None:
        known = ", ".join(map(repr, details.fields))
        what = "is no single select" if field in details.fields else f"does not exist; there are {known}"
        mend = "name a single-select field of the project as `field`"
        yield Finding(subject, False, f"the field {field!r} {what}", mend)
        return
    missing = Names.missing_options(details.options, board.settings.status)
    if missing:
        has = ", ".join(map(repr, details.options))
        listed = ", ".join(map(repr, missing))
        detail = f"the settings give {listed} a meaning, and the field has only {has}: status is left alone"
        yield Finding(
            subject, False, detail, "make the option, or write into `project: {status: …}` what the field has"
        )
        return
    others = Names.missing_options(board.settings.status, details.options)
    unmapped = f"; without a meaning, so that an open issue is unstarted there: {', '.join(map(repr, others))}"
    yield Finding(subject, True, f"all {len(board.settings.status)} options exist{unmapped if others else ''}")


def _access_mend(client: GitHubClient, owner: str) -> str:
    """What gives access, by whose project it is, where GitHub tells that."""
    try:
        kind = str(client.get(f"/users/{owner}").get("type"))
    except WorklakeError:
        kind = ""
    return _MENDS.get(kind, f"{_MENDS['Organization']}; for the project of a user, {_MENDS['User']}")
