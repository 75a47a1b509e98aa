"""Listing what changed at GitLab: one scan per project in the order of changes, which can stop after any page."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog

from worklake.errors import AccessError, NotFoundError, RetryableError, WorklakeError
from worklake.integrations.base import Item, Page, Payload
from worklake.integrations.gitlab.client import PAGE_SIZE, GitLabClient, Query, RefusedError, project_path
from worklake.integrations.gitlab.fields import PROJECT_NAME
from worklake.integrations.gitlab.position import Mark, Position, shown_time
from worklake.model.rows import Kind

DETAILS_LAST = timedelta(days=1)
"""How long a project's own details are taken as known."""

_KEYSET = {"pagination": "keyset"}
_SCAN = {"order_by": "updated_at", "sort": "asc", "scope": "all", "state": "all", "per_page": str(PAGE_SIZE)}


log = structlog.get_logger(__name__)


class Listing:
    """One listing of all projects of a source."""

    def __init__(
        self, client: GitLabClient, source: str, projects: Sequence[str], position: str | None, now: datetime
    ) -> None:
        self._client = client
        self._source = source
        self._position = Position.parse(position, projects)
        self._now = now
        self._seen: dict[tuple[Kind, str], Payload] = {}

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
            raise _combined(self._source, failures, others=len(failures) < len(self._position.marks))

    def _project(self, project: str, mark: Mark) -> Iterator[Page]:
        path = f"{project_path(project)}/issues"
        items: list[Item] = []
        if mark.read_at is None:
            mark = self._read_details(project, mark, items)
        for entries, following in self._scan(path, mark):
            issues = [issue_item(entry, mark.name) for entry in entries]
            times = [issue.updated_at for issue in issues]
            if mark.moved(times) and mark.read_at is not None and mark.read_at + DETAILS_LAST <= self._now:
                mark = self._read_details(project, mark, items)
                issues = [issue_item(entry, mark.name) for entry in entries]
            items += [*self._embedded(entries), *issues]
            mark = mark.seen(times, following, self._now)
            self._position = self._position.with_mark(project, mark)
            yield Page(items, self._position.text())
            items = []

    def _read_details(self, project: str, mark: Mark, items: list[Item]) -> Mark:
        answer = self._client.get_changed(project_path(project), mark.etag)
        if answer is None:
            return replace(mark, read_at=self._now)
        payload, etag = answer
        items.append(Item(Kind.PROJECT, external_id(payload), payload, updated_at(payload)))
        name = payload.get("name")
        return replace(mark, name=name if isinstance(name, str) else None, etag=etag, read_at=self._now)

    def _scan(self, path: str, mark: Mark) -> Iterator[tuple[list[Any], Query | None]]:
        """Pages of entries, each with the query of the next."""
        entries, following = self._first_page(path, mark)
        while following is not None:
            yield entries, following
            entries, following = self._page(path, following)
        yield entries, None

    def _first_page(self, path: str, mark: Mark) -> tuple[list[Any], Query | None]:
        if mark.following is not None:
            try:
                return self._page(path, mark.following)
            except RefusedError:  # a way on that is no longer accepted
                log.info("listing starts again", source=self._source, path=path)
        return self._page(path, self._first_query(mark.since))

    def _page(self, path: str, query: Query) -> tuple[list[Any], Query | None]:
        page = self._client.page(path, query)
        if page.following is not None and page.by_number:
            return page.entries, _seek(query, page.entries)
        return page.entries, page.following

    def _first_query(self, since: datetime | None) -> Query:
        return {**_SCAN, **_KEYSET, **({"updated_after": shown_time(since)} if since else {})}

    def _embedded(self, entries: Sequence[Any]) -> Iterator[Item]:
        """Milestones and people within issues, each distinct payload once in a listing."""
        for entry in entries:
            if not isinstance(entry, dict):
                continue
            milestone = entry.get("milestone")
            if isinstance(milestone, dict):
                yield from self._once(Kind.MILESTONE, milestone)
            for person in people_of(entry):
                yield from self._once(Kind.PERSON, person)

    def _once(self, kind: Kind, payload: Payload) -> Iterator[Item]:
        known = external_id(payload)
        if known is not None and self._seen.get((kind, known)) != payload:
            self._seen[kind, known] = payload
            yield Item(kind, known, payload, updated_at(payload) if kind is Kind.MILESTONE else None)


def _seek(query: Query, entries: Sequence[Any]) -> Query:
    """The next page on a server that only counts pages: from the last change seen, so that moving rows hide none.

    Only where a whole page has one time the next number is asked for.
    """
    query = {key: value for key, value in query.items() if key != "pagination"}
    times = [time for entry in entries if isinstance(entry, dict) and (time := updated_at(entry)) is not None]
    last = shown_time(max(times)) if times else None
    if last is None or last == query.get("updated_after"):
        return {**query, "page": str(int(query.get("page", "1")) + 1)}
    return {**{key: value for key, value in query.items() if key != "page"}, "updated_after": last}


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


def external_id(payload: Mapping[str, Any]) -> str | None:
    """GitLab's id of a thing as text; None where it is not a whole number."""
    found = payload.get("id")
    return str(found) if type(found) is int and found >= 0 else None


def updated_at(payload: Mapping[str, Any]) -> datetime | None:
    """When a thing last changed; None where that cannot be read."""
    try:
        moment = datetime.fromisoformat(payload["updated_at"])
        return moment if moment.tzinfo is UTC else moment.astimezone(UTC) if moment.tzinfo else None
    except (KeyError, TypeError, ValueError, OverflowError):
        return None


def _combined(source: str, failures: Mapping[str, WorklakeError], *, others: bool) -> WorklakeError:
    told = "; ".join(f"project {name}: {str(error).removeprefix(f'{source}: ')}" for name, error in failures.items())
    kind = RetryableError if all(isinstance(error, RetryableError) for error in failures.values()) else AccessError
    return kind(f"{source}: the other projects were read, but not {told}" if others else f"{source}: {told}")
