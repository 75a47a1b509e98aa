"""Listing what changed at GitHub: of each repository its issues and pull requests, then all comments on issues, each in
one scan, and the commits that came into its default branch.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import structlog

from worklake.errors import AccessError, NotFoundError, RetryableError, WorklakeError
from worklake.integrations.base import Item, Page, Payload
from worklake.integrations.github import code
from worklake.integrations.github.addresses import place_in
from worklake.integrations.github.client import GitHubClient, external_id, updated_at
from worklake.integrations.github.issues import Issues, issue_item, people_of
from worklake.integrations.github.mapping import ISSUE_ID, REPOSITORY_ID
from worklake.integrations.github.position import Mark, Position, Standing
from worklake.integrations.github.scan import Scan
from worklake.integrations.github.settings import GitHubSettings
from worklake.model.rows import Kind

_ON_A_PULL = re.compile(r"/pull/[0-9]+(?:#|$)")
DETAILS_LAST = timedelta(days=1)
"""How long a repository's own details are taken as known."""

log = structlog.get_logger(__name__)


class Listing:
    """One listing of all repositories of a source."""

    def __init__(
        self,
        client: GitHubClient,
        issues: Issues,
        settings: GitHubSettings,
        position: str | None,
        now: datetime,
    ) -> None:
        self._client, self._issues, self._now, self._settings = client, issues, now, settings
        self._position = Position.parse(position, settings.repositories)
        self._seen: dict[tuple[Kind, str], Payload] = {}

    def pages(self) -> Iterator[Page]:
        """The pages of all repositories; one that cannot be read does not stop the others and is named in the end.

        Raises `AuthError`, and `RetryableError` when waiting is all that helps, as soon as they occur.
        """
        failures: dict[str, WorklakeError] = {}
        for name in self._position.standings:
            try:
                yield from self._repository(name)
            except (AccessError, NotFoundError) as error:
                failures[name] = error
            except RetryableError as error:
                if error.retry_after_seconds is not None or any(
                    isinstance(one, RetryableError) for one in failures.values()
                ):
                    raise
                failures[name] = error
        if failures:
            raise _combined(self._client.source, failures, len(self._position.standings))

    def _repository(self, name: str) -> Iterator[Page]:
        standing = self._position.standings[name]
        items: list[Item] = []
        if standing.read_at is None:
            standing = self._read_details(name, standing, items)
        if self._settings.merge_requests and not standing.pulls:  # those before the mark were left out
            standing = replace(standing, issues=Mark())
        standing = replace(standing, pulls=self._settings.merge_requests)
        path = f"/repos/{name}/issues"
        for scanned in Scan(self._client, path, {"state": "all"}, self._now).pages(standing.issues):
            if scanned.entries and standing.read_at is not None and standing.read_at + DETAILS_LAST <= self._now:
                standing = self._read_details(name, standing, items)
            items += self._issue_items(scanned.entries, standing)
            standing = replace(standing, issues=scanned.mark)
            yield self._page(name, standing, items)
            items = []
        if self._settings.comments:
            for scanned in Scan(self._client, f"{path}/comments", {}, self._now).pages(standing.comments):
                standing = replace(standing, comments=scanned.mark)
                yield self._page(name, standing, list(self._comment_items(scanned.entries)))
        if self._settings.commits:
            yield from self._commits(name, standing)

    def _commits(self, name: str, standing: Standing) -> Iterator[Page]:
        """Pages of commits; none where this token may not read the repository's contents."""
        try:
            for entries, mark in code.commit_pages(self._client, name, standing.commits, self._now):
                standing = replace(standing, commits=mark)
                commits = (code.commit_item(entry, standing.repository_id) for entry in entries)
                items = [item for item in commits if item is not None]
                yield self._page(name, standing, items)
        except (AccessError, NotFoundError) as error:
            log.info(
                "the repository does not show its commits", source=self._client.source, repository=name, said=str(error)
            )

    def _page(self, name: str, standing: Standing, items: list[Item]) -> Page:
        self._position = self._position.with_standing(name, standing)
        return Page(items, self._position.text())

    def _read_details(self, name: str, standing: Standing, items: list[Item]) -> Standing:
        answer = self._client.get_changed(f"/repos/{name}", standing.etag)
        if answer is None:
            return replace(standing, read_at=self._now)
        payload, etag = answer
        items.append(Item(Kind.PROJECT, external_id(payload), payload, updated_at(payload)))
        known = payload.get("id")
        return replace(standing, repository_id=known if isinstance(known, int) else None, etag=etag, read_at=self._now)

    def _issue_items(self, entries: Sequence[Any], standing: Standing) -> Iterator[Item]:
        """Issues, and pull requests, which GitHub lists as issues, after the milestones and people in them."""
        for entry in entries:
            if not isinstance(entry, dict):
                yield Item(Kind.TASK, None, {"entry": entry})
                continue
            is_pull = code.is_pull(entry)
            if is_pull and not self._settings.merge_requests:
                continue
            milestone = entry.get("milestone")
            if isinstance(milestone, dict):
                yield from self._once(Kind.MILESTONE, {**milestone, REPOSITORY_ID: standing.repository_id})
            for person in people_of(entry):
                yield from self._once(Kind.PERSON, person)
            if is_pull:
                yield code.pull_item(entry)
                continue
            self._issues.remember(entry)
            yield issue_item(entry)

    def _comment_items(self, entries: Sequence[Any]) -> Iterator[Item]:
        """Comments with the id of their issue, without those on pull requests and on issues that are gone."""
        for entry in entries:
            if not isinstance(entry, dict):
                yield Item(Kind.COMMENT, None, {"entry": entry})
                continue
            if _ON_A_PULL.search(str(entry.get("html_url"))):
                continue
            place = place_in(entry.get("issue_url"))
            issue = self._issues.id_at(place) if place is not None else None
            if place is not None and issue is None:
                continue
            for person in people_of(entry):
                yield from self._once(Kind.PERSON, person)
            yield comment_item(entry, issue)

    def _once(self, kind: Kind, payload: Payload) -> Iterator[Item]:
        """An item that stands in others, each distinct payload once in a listing."""
        known = external_id(payload)
        if known is not None and self._seen.get((kind, known)) != payload:
            self._seen[kind, known] = payload
            yield Item(kind, known, payload, updated_at(payload) if kind is Kind.MILESTONE else None)


def comment_item(comment: Payload, issue_id: str | None) -> Item:
    """The item of a comment on the issue with this id."""
    payload = {**comment, ISSUE_ID: int(issue_id)} if issue_id is not None else comment
    return Item(Kind.COMMENT, external_id(comment), payload, updated_at(comment))


def _combined(source: str, failures: Mapping[str, WorklakeError], repositories: int) -> WorklakeError:
    told = "; ".join(f"repository {name}: {str(error).removeprefix(f'{source}: ')}" for name, error in failures.items())
    kind = RetryableError if all(isinstance(error, RetryableError) for error in failures.values()) else AccessError
    others = "the other repositories were read, but not " if len(failures) < repositories else ""
    return kind(f"{source}: {others}{told}")
