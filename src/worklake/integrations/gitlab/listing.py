"""Listing what changed at GitLab: per project a scan of its issues in the order of changes, one of its merge requests,
and a walk over the commits of its default branch. Each can stop after any page.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import structlog

from worklake.errors import AccessError, NotFoundError, RetryableError, WorklakeError
from worklake.integrations.base import Item, Page, Payload
from worklake.integrations.gitlab import code
from worklake.integrations.gitlab.addresses import Addresses
from worklake.integrations.gitlab.client import GitLabClient, external_id, project_path
from worklake.integrations.gitlab.fields import PROJECT_NAME
from worklake.integrations.gitlab.position import Mark, Position
from worklake.integrations.gitlab.scan import Scan, updated_at
from worklake.integrations.gitlab.settings import GitLabSettings
from worklake.model.rows import Kind

DETAILS_LAST = timedelta(days=1)
"""How long a project's own details are taken as known."""

log = structlog.get_logger(__name__)


class Listing:
    """One listing of all projects of a source."""

    def __init__(
        self, client: GitLabClient, source: str, settings: GitLabSettings, position: str | None, now: datetime
    ) -> None:
        self._client = client
        self._source = source
        self._settings = settings
        self._addresses = Addresses(settings.base_url)
        self._position = Position.parse(position, settings.projects)
        self._now = now
        self._seen: dict[tuple[Kind, str], Payload] = {}
        self._read: set[str] = set()

    def pages(self) -> Iterator[Page]:
        """The pages of all projects; one that cannot be read does not stop the others and is named in the end.

        Raises `AuthError`, and `RetryableError` when waiting is all that helps, as soon as they occur.
        """
        failures: dict[str, WorklakeError] = {}
        for project, mark in self._position.marks.items():
            try:
                yield from self._project(project, mark)
            except (AccessError, NotFoundError) as error:
                failures[project] = error
            except RetryableError as error:
                gone = [one for one in failures.values() if isinstance(one, RetryableError)]
                if error.retry_after_seconds is not None or gone:
                    raise
                failures[project] = error
        if failures:
            raise _combined(self._source, failures, len(self._position.marks))

    def _project(self, project: str, mark: Mark) -> Iterator[Page]:
        path = f"{project_path(project)}/issues"
        items: list[Item] = []
        if mark.read_at is None:
            mark = self._read_details(project, mark, items)
        for entries, following, answered_at in Scan(self._client, self._source, path).pages(mark):
            issues = [issue_item(entry, mark.name) for entry in entries]
            times = [issue.updated_at for issue in issues]
            if mark.moved(times) and self._are_old(mark):
                mark = self._read_details(project, mark, items)
                issues = [issue_item(entry, mark.name) for entry in entries]
            items += [*self._embedded(entries), *issues]
            mark = mark.seen(times, following, self._now, answered_at or self._now)
            yield self._page(project, mark, items)
            items = []
        if self._settings.merge_requests:
            yield from self._where_there_are_any(project, self._merge_requests)
        if self._settings.commits:
            yield from self._where_there_are_any(project, self._commits)

    def _page(self, project: str, mark: Mark, items: list[Item]) -> Page:
        self._position = self._position.with_mark(project, mark)
        return Page(items, self._position.text())

    def _where_there_are_any(self, project: str, pages: Callable[[str], Iterator[Page]]) -> Iterator[Page]:
        """Pages of what a project may have switched off, or hide from this token although it shows its issues."""
        try:
            yield from pages(project)
        except (AccessError, NotFoundError) as error:
            log.info("the project does not show this", source=self._source, project=project, said=str(error))

    def _merge_requests(self, project: str) -> Iterator[Page]:
        mark = self._position.marks[project]
        path, standing = f"{project_path(project)}/merge_requests", mark.merge_requests or Mark()
        for entries, following, answered_at in Scan(self._client, self._source, path, by_key=False).pages(standing):
            items: list[Item] = []
            if entries and mark.default_branch is None:  # a position of a version that did not read it
                mark = self._read_details(project, replace(mark, etag=None), items)
            elif project not in self._read and self._may_have_another_default(mark, standing, entries):
                mark = self._read_details(project, mark, items)
            requests = [code.merge_request_item(entry, mark.default_branch) for entry in entries]
            items += [*self._embedded(entries, code.people_of), *requests]
            times = [one.updated_at for one in requests]
            standing = standing.seen(times, following, self._now, answered_at or self._now)
            mark = replace(mark, merge_requests=standing)
            yield self._page(project, mark, items)

    def _commits(self, project: str) -> Iterator[Page]:
        mark = self._position.marks[project]
        for entries, standing in code.commit_pages(self._client, project, mark.commits, self._now):
            items: list[Item] = []
            if entries and mark.project_id is None and project not in self._read:  # of a version that did not read it
                mark = self._read_details(project, replace(mark, etag=None), items)
            mark = replace(mark, commits=standing)
            commits = (code.commit_item(entry, self._addresses, mark.project_id) for entry in entries)
            items += [item for item in commits if item is not None]
            yield self._page(project, mark, items)

    def _are_old(self, mark: Mark) -> bool:
        return mark.read_at is not None and mark.read_at + DETAILS_LAST <= self._now

    def _may_have_another_default(self, mark: Mark, standing: Mark, entries: Sequence[Any]) -> bool:
        """Whether merge requests that are new ask for the project's details: one was merged into a branch that was not
        the default one when they were read, or that was long ago. Each is judged once, so it may not be by an old name.
        """
        moved = [one for one in entries if isinstance(one, dict) and standing.moved([updated_at(one)])]
        elsewhere = any(
            one.get("state") == "merged" and one.get("target_branch") != mark.default_branch for one in moved
        )
        return elsewhere or (bool(moved) and self._are_old(mark))

    def _read_details(self, project: str, mark: Mark, items: list[Item]) -> Mark:
        self._read.add(project)
        answer = self._client.get_changed(project_path(project), mark.etag)
        if answer is None:
            return replace(mark, read_at=self._now)
        payload, etag = answer
        items.append(Item(Kind.PROJECT, external_id(payload), payload, updated_at(payload)))
        name, branch, known = payload.get("name"), payload.get("default_branch"), payload.get("id")
        return replace(
            mark,
            name=name if isinstance(name, str) else None,
            etag=etag,
            read_at=self._now,
            default_branch=branch if isinstance(branch, str) else None,
            project_id=known if isinstance(known, int) else None,
        )

    def _embedded(
        self, entries: Sequence[Any], people: Callable[[Payload], Iterator[Payload]] | None = None
    ) -> Iterator[Item]:
        """Milestones and people within issues or merge requests, each distinct payload once in a listing."""
        for entry in entries:
            if not isinstance(entry, dict):
                continue
            milestone = entry.get("milestone")
            if isinstance(milestone, dict):
                yield from self._once(Kind.MILESTONE, milestone)
            for person in (people or people_of)(entry):
                yield from self._once(Kind.PERSON, person)

    def _once(self, kind: Kind, payload: Payload) -> Iterator[Item]:
        known = external_id(payload)
        if known is not None and self._seen.get((kind, known)) != payload:
            self._seen[kind, known] = payload
            yield Item(kind, known, payload, updated_at(payload) if kind is Kind.MILESTONE else None)


def issue_item(entry: Any, project_name: str | None) -> Item:
    """An issue out of a list, with the name of its project."""
    if not isinstance(entry, dict):
        return Item(Kind.TASK, None, {"entry": entry})
    if project_name is not None:
        entry[PROJECT_NAME] = project_name
    return Item(Kind.TASK, external_id(entry), entry, updated_at(entry))


def people_of(issue: Mapping[str, Any]) -> Iterator[Payload]:
    """The accounts that stand in an issue or note."""
    author, assignees = issue.get("author"), issue.get("assignees")
    if isinstance(author, dict):
        yield author
    if isinstance(assignees, list):
        for person in assignees:
            if isinstance(person, dict):
                yield person


def _combined(source: str, failures: Mapping[str, WorklakeError], projects: int) -> WorklakeError:
    told = "; ".join(
        f"project {project}: {str(error).removeprefix(f'{source}: ')}" for project, error in failures.items()
    )
    kind = RetryableError if all(isinstance(error, RetryableError) for error in failures.values()) else AccessError
    others = "the other projects were read, but not " if len(failures) < projects else ""
    return kind(f"{source}: {others}{told}")
