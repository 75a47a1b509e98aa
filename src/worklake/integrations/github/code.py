"""Pull requests and commits of a GitHub repository: what they show, and their items.

Pull requests come with the list of issues, under the ids of their issues. Their branches, and who merged them, a call
for each tells.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from worklake.errors import AccessError, NotFoundError
from worklake.integrations.base import Item, Payload
from worklake.integrations.branches import CommitMark, CommitRows, Newest, walk
from worklake.integrations.github.addresses import Addresses, place_of
from worklake.integrations.github.client import PAGE_SIZE, GitHubClient, RefusedError, external_id, updated_at
from worklake.integrations.github.fields import LONGEST
from worklake.integrations.github.position import shown_time
from worklake.integrations.github.texts import shown
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

PULL = "_pull"
"""Key under which a pull request, as the list of issues shows it, carries what only its own call tells."""
EMPTY = 409
"""How GitHub answers who asks for the commits of an empty repository."""
_COMMIT = re.compile(r"/repos/([^/]+/[^/]+)/commits/[^/]+\Z")


def is_pull(entry: Any) -> bool:
    """Whether a row of the list of issues is a pull request."""
    return isinstance(entry, dict) and entry.get("pull_request") is not None


def pull_item(entry: Payload) -> Item:
    """A pull request out of the list of issues."""
    return Item(Kind.MERGE_REQUEST, external_id(entry), entry, updated_at(entry))


def completed_pull(client: GitHubClient, item: Item) -> tuple[Item, Payload | None]:
    """The pull request with its branches, and who merged it; as it is where the token may not read pull requests."""
    place = place_of(item.payload)
    if place is None or PULL in item.payload:
        return item, None
    try:
        pull = client.get(f"/repos/{place.repository}/pulls/{place.number}")
    except (AccessError, NotFoundError):
        return item, None
    head, base, merger = pull.get("head"), pull.get("base"), pull.get("merged_by")
    repository = base.get("repo") if isinstance(base, dict) else None
    told = {
        "head": head.get("ref") if isinstance(head, dict) else None,
        "base": base.get("ref") if isinstance(base, dict) else None,
        "default_branch": repository.get("default_branch") if isinstance(repository, dict) else None,
        "merged_by": merger if isinstance(merger, dict) else None,
    }
    return item._replace(payload={**item.payload, PULL: told}), told["merged_by"]


def pull_view(payload: Payload, addresses: Addresses) -> MergeRequestView:
    """What a pull request shows. Raises `UnreadableError`."""
    number_id(payload)
    place = place_of(payload)
    if place is None:
        unreadable("repository_url", payload.get("repository_url"), "the address of a repository, and a number")
    state = optional_text(payload, "state", LONGEST)
    if state not in ("open", "closed"):
        unreadable("state", state, "open or closed")
    merged_at = optional_time(optional_object(payload, "pull_request") or {}, "merged_at")
    pull = optional_object(payload, PULL) or {}
    target, default = optional_text(pull, "base", LONGEST), optional_text(pull, "default_branch", LONGEST)
    author, merger = optional_object(payload, "user"), optional_object(pull, "merged_by")
    milestone = optional_object(payload, "milestone")
    return MergeRequestView(
        key=addresses.key(place),
        server=addresses.server,
        project=place.repository,
        title=text(payload, "title", LONGEST),
        description=shown(optional_text(payload, "body", LONGEST)),
        state="merged" if merged_at is not None else "opened" if state == "open" else "closed",
        draft=flag(payload, "draft"),
        source_branch=optional_text(pull, "head", LONGEST),
        target_branch=target,
        into_default=None if target is None or default is None else target == default,
        author=number_id(author) if author else None,
        milestone=text(milestone, "title", LONGEST) if milestone else None,
        url=optional_text(payload, "html_url", LONGEST),
        created_at=time(payload, "created_at"),
        updated_at=time(payload, "updated_at"),
        merged_at=merged_at,
        closed_at=optional_time(payload, "closed_at"),
        merged_by=number_id(merger) if merger else None,
    )


def commit_item(entry: Any, repository_id: int | None) -> Item | None:
    """A commit out of a list; None where its message names nothing, so that nothing of it is kept.

    Its id is the repository's, by which one that is renamed is the same, and its sha. The repository's name stands for
    an id that is not known.
    """
    if not isinstance(entry, dict):
        return Item(Kind.COMMIT, None, {"entry": entry})
    commit, sha, repository = entry.get("commit"), entry.get("sha"), _repository_of(entry)
    message = commit.get("message") if isinstance(commit, dict) else None
    if not isinstance(message, str) or not isinstance(sha, str) or repository is None:
        return Item(Kind.COMMIT, None, entry)
    owner = repository.lower() if repository_id is None else repository_id
    return Item(Kind.COMMIT, f"{owner}@{sha}".lower(), entry) if names_in(message) else None


def commit_view(payload: Payload, addresses: Addresses) -> CommitView:
    """What a commit shows. Raises `UnreadableError`."""
    repository, commit = _repository_of(payload), optional_object(payload, "commit") or {}
    if repository is None:
        unreadable("url", payload.get("url"), "the address of a commit of a repository")
    return CommitView(
        sha=text(payload, "sha", LONGEST),
        server=addresses.server,
        project=repository,
        message=text(commit, "message", LONGEST),
        author_name=optional_text(optional_object(commit, "author") or {}, "name", LONGEST),
        committed_at=optional_time(optional_object(commit, "committer") or {}, "date"),
        url=optional_text(payload, "html_url", LONGEST),
    )


def commit_pages(
    client: GitHubClient, repository: str, mark: CommitMark, now: datetime
) -> Iterator[tuple[Sequence[Any], CommitMark]]:
    """Pages of the commits that came into a repository's default branch; none of an empty repository."""
    path = f"/repos/{repository}/commits"

    def newest(etag: str | None) -> Newest | None:
        try:
            rows = client.page(path, {"per_page": "1"}, etag)
        except RefusedError as error:
            if error.status == EMPTY:
                return None
            raise
        if rows is None:
            return None
        first = rows.entries[0] if rows.entries else None
        found = first.get("sha") if isinstance(first, dict) else None
        return Newest(found if isinstance(found, str) else None, rows.etag)

    def read(since: datetime, number: int) -> CommitRows:
        query = {"since": shown_time(since), "per_page": str(PAGE_SIZE), "page": str(number)}
        rows = client.page(path, query)
        return CommitRows(rows.entries, rows.following is not None) if rows is not None else CommitRows((), more=False)

    return walk(mark, now, newest, read)


def _repository_of(commit: Payload) -> str | None:
    url = commit.get("url")
    found = _COMMIT.search(url) if isinstance(url, str) else None
    return found[1] if found else None
