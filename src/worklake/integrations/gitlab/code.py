"""Merge requests and commits of a GitLab project: what they show, and their items."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from worklake.integrations.base import Item, Payload
from worklake.integrations.branches import CommitMark, CommitRows, Newest, walk
from worklake.integrations.gitlab.addresses import Addresses
from worklake.integrations.gitlab.client import PAGE_SIZE, GitLabClient, external_id, project_path
from worklake.integrations.gitlab.position import shown_time
from worklake.integrations.gitlab.scan import updated_at
from worklake.integrations.gitlab.texts import LONGEST_TEXT, LONGEST_TITLE, shown
from worklake.integrations.naming import names_in
from worklake.integrations.reading import (
    flag,
    number_id,
    optional_object,
    optional_text,
    optional_time,
    text,
    time,
    unreadable,
)
from worklake.integrations.views import CommitView, MergeRequestView
from worklake.model.rows import Kind

DEFAULT_BRANCH = "_default_branch"
"""Key under which a merge request carries the name of its project's default branch, which its payload does not tell."""
_STATES = {"opened": "opened", "locked": "opened", "merged": "merged", "closed": "closed"}
"""A merge request is locked while it is being merged."""
_COMMIT = "/-/commit/"


def merge_request_item(entry: Any, default_branch: str | None) -> Item:
    """A merge request out of a list."""
    if not isinstance(entry, dict):
        return Item(Kind.MERGE_REQUEST, None, {"entry": entry})
    if default_branch is not None:
        entry[DEFAULT_BRANCH] = default_branch
    return Item(Kind.MERGE_REQUEST, external_id(entry), entry, updated_at(entry))


def people_of(request: Payload) -> Iterator[Payload]:
    """The accounts of who opened and who merged a merge request."""
    yield from (one for role in ("author", "merge_user") if isinstance(one := request.get(role), dict))


def merge_request_view(payload: Payload, addresses: Addresses) -> MergeRequestView:
    """What a merge request shows. Raises `UnreadableError`."""
    number_id(payload)
    full = text(optional_object(payload, "references") or {}, "full", LONGEST_TEXT)
    state = optional_text(payload, "state", LONGEST_TITLE)
    if state not in _STATES:
        unreadable("state", state, "opened, locked, merged or closed")
    target = text(payload, "target_branch", LONGEST_TEXT)
    default = optional_text(payload, DEFAULT_BRANCH, LONGEST_TEXT)
    author = optional_object(payload, "author")
    merger = optional_object(payload, "merge_user") or optional_object(payload, "merged_by")
    milestone = optional_object(payload, "milestone")
    return MergeRequestView(
        key=addresses.key(full),
        server=addresses.server,
        project=full.rpartition("!")[0],
        title=text(payload, "title", LONGEST_TEXT),
        description=shown(optional_text(payload, "description", LONGEST_TEXT)),
        state=_STATES[state],
        draft=flag(payload, "draft"),
        source_branch=text(payload, "source_branch", LONGEST_TEXT),
        target_branch=target,
        into_default=None if default is None else target == default,
        author=number_id(author) if author else None,
        milestone=text(milestone, "title", LONGEST_TITLE) if milestone else None,
        url=optional_text(payload, "web_url", LONGEST_TEXT),
        created_at=time(payload, "created_at"),
        updated_at=time(payload, "updated_at"),
        merged_at=optional_time(payload, "merged_at"),
        closed_at=optional_time(payload, "closed_at"),
        merged_by=number_id(merger) if merger else None,
    )


def commit_item(entry: Any, addresses: Addresses, project_id: int | None) -> Item | None:
    """A commit out of a list; None where its message names nothing, so that nothing of it is kept.

    Its id is the project's, by which one that is renamed is the same, and its sha. The project's path stands for an id
    that is not known.
    """
    if not isinstance(entry, dict):
        return Item(Kind.COMMIT, None, {"entry": entry})
    message, sha, project = entry.get("message"), entry.get("id"), _project_of(entry, addresses)
    if not isinstance(message, str) or not isinstance(sha, str) or project is None:
        return Item(Kind.COMMIT, None, entry)
    owner = project if project_id is None else project_id
    return Item(Kind.COMMIT, f"{owner}@{sha}", entry) if names_in(message) else None


def commit_view(payload: Payload, addresses: Addresses) -> CommitView:
    """What a commit shows. Raises `UnreadableError`."""
    project = _project_of(payload, addresses)
    if project is None:
        unreadable("web_url", payload.get("web_url"), "the address of a commit on this server")
    return CommitView(
        sha=text(payload, "id", LONGEST_TITLE),
        server=addresses.server,
        project=project,
        message=text(payload, "message", LONGEST_TEXT),
        author_name=optional_text(payload, "author_name", LONGEST_TEXT),
        committed_at=optional_time(payload, "committed_date"),
        url=optional_text(payload, "web_url", LONGEST_TEXT),
    )


def commit_pages(
    client: GitLabClient, project: str, mark: CommitMark, now: datetime
) -> Iterator[tuple[Sequence[Any], CommitMark]]:
    """Pages of the commits that came into a project's default branch."""
    path = f"{project_path(project)}/repository/commits"

    def newest(etag: str | None) -> Newest:
        entries = client.page(path, {"per_page": "1"}).entries
        first = entries[0] if entries else None
        found = first.get("id") if isinstance(first, dict) else None
        return Newest(found if isinstance(found, str) else None)

    def read(since: datetime, number: int) -> CommitRows:
        query = {"since": shown_time(since), "per_page": str(PAGE_SIZE), "page": str(number)}
        page = client.page(path, query)
        return CommitRows(page.entries, page.following is not None)

    return walk(mark, now, newest, read)


def _project_of(commit: Payload, addresses: Addresses) -> str | None:
    url = commit.get("web_url")
    return addresses.project_of(url.partition(_COMMIT)[0]) if isinstance(url, str) and _COMMIT in url else None
