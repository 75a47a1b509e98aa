"""Listing a source: full scans, newest first, which later runs go on with where one run's share of requests is used.

Motion tells nobody what changed. So everything is read, again and again, fifty tasks to a request, and what is as it
was is known again by its values.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import structlog

from worklake.errors import UnreadableError
from worklake.integrations.base import Item, Page, Payload
from worklake.integrations.motion.client import MotionClient, RefusedError, Rows
from worklake.integrations.motion.directory import Directory
from worklake.integrations.motion.position import Position
from worklake.integrations.reading import optional_time
from worklake.integrations.rounds import Rounds
from worklake.model.rows import Kind

EVERYTHING = {"includeAllStatuses": "true"}
"""Without it Motion hides what is done, and a task that was just done would look deleted."""

log = structlog.get_logger(__name__)


class Listing:
    """One listing of all workspaces. `most_pages` is how many a run takes once each workspace was read to its end."""

    def __init__(
        self,
        client: MotionClient,
        directory: Directory,
        names: Sequence[str],
        position: str | None,
        most_pages: int,
    ) -> None:
        self._client, self._directory, self._names = client, directory, names
        self._position = Position.parse(position)
        self._most_pages, self._pages_read = most_pages, 0
        self._seen: dict[tuple[Kind, str], Payload] = {}

    def pages(self) -> Iterator[Page]:
        """The pages of this run's share. Where a scan is taken up, what is newest comes before it goes on.

        Raises `AccessError` after the last page when some workspaces do not show.
        """
        people = self._find_workspaces()
        if people:
            yield Page(people, self._position.text())
        begin = self._position.workspace
        names = [name for name in self._names if name in self._position.ids]
        if begin in names:
            yield from self._newest(names)
            names = names[names.index(begin) :]
        for name in names:
            for page in self._scan(name, last=name == names[-1]):
                yield page
                if self._is_enough():
                    return
        hidden = [name for name in self._names if name not in self._position.ids]
        if hidden:
            raise self._directory.hidden(hidden)

    def _find_workspaces(self) -> list[Item]:
        """Find the workspaces where the position does not know them, and the people in those that are new."""
        if set(self._position.ids) == set(self._names):
            return []
        self._directory.forget()
        found = {name: str(one.get("id")) for name, one in self._directory.found().items()}
        if not found:
            raise self._directory.hidden(self._names)
        news = [one for one in found.values() if one not in self._position.ids.values()]
        self._position = Position(found) if news else replace(self._position, ids=found)
        return [item for one in news for user in self._directory.users(one) for item in self._once(Kind.PERSON, user)]

    def _is_enough(self) -> bool:
        """Whether this run has had its share. The first scan is read to its end: what is not known yet might be made
        again.
        """
        return self._position.whole and self._pages_read >= self._most_pages and self._position.workspace is not None

    def _newest(self, names: Sequence[str]) -> Iterator[Page]:
        """The first page of each workspace: what was made since the scan began stands there."""
        for name in names:
            yield Page(self._items(self._page(name, None)), self._position.text())

    def _scan(self, name: str, *, last: bool) -> Iterator[Page]:
        """A workspace from where the position stands on."""
        rounds = Rounds(f"{self._client.source}: the tasks of {name}")
        cursor = self._position.cursor if self._position.workspace == name else None
        while True:
            try:
                page = self._page(name, cursor)
            except RefusedError as refused:
                if cursor is None:
                    raise
                log.info("listing starts again", source=self._client.source, workspace=name, why=str(refused))
                cursor = None
                continue
            rounds.note(str(one.get("id")) if isinstance(one, dict) else str(one) for one in page.rows)
            cursor = page.cursor
            self._position = self._position.over() if last and cursor is None else self._position.at(name, cursor)
            if cursor is None and not last:
                self._position = self._position.at(self._after(name), None)
            yield Page(self._items(page), self._position.text())
            if cursor is None or self._is_enough():
                return

    def _after(self, name: str) -> str:
        known = [one for one in self._names if one in self._position.ids]
        return known[known.index(name) + 1]

    def _page(self, name: str, cursor: str | None) -> Rows:
        self._pages_read += 1
        return tasks_page(self._client, self._position.ids[name], cursor)

    def _items(self, page: Rows) -> list[Item]:
        items: list[Item] = []
        for row in page.rows:
            if isinstance(row, dict):
                for person in people_of(row):
                    items += self._once(Kind.PERSON, person)
                project = row.get("project")
                items += self._once(Kind.PROJECT, project) if isinstance(project, dict) else ()
            items.append(task_item(row))
        return items

    def _once(self, kind: Kind, payload: Payload) -> Iterator[Item]:
        """People and projects that stand in tasks, each distinct payload once in a listing."""
        known = external_id(payload)
        if known is not None and self._seen.get((kind, known)) != payload:
            self._seen[kind, known] = payload
            yield Item(kind, known, payload)


def tasks_page(client: MotionClient, workspace: str, cursor: str | None) -> Rows:
    """A page of a workspace's tasks, newest first, done ones too."""
    return client.page("/v1/tasks", "tasks", {"workspaceId": workspace, **EVERYTHING}, cursor)


def task_item(row: Any) -> Item:
    """A task out of a list."""
    if not isinstance(row, dict):
        return Item(Kind.TASK, None, {"entry": row})
    return Item(Kind.TASK, external_id(row), row, moment(row, "updatedTime"))


def people_of(payload: Payload) -> Iterator[Payload]:
    """The accounts that stand in a task or comment."""
    assignees = payload.get("assignees")
    for one in (payload.get("creator"), *(assignees if isinstance(assignees, list) else ())):
        if isinstance(one, dict):
            yield one


def external_id(payload: Payload) -> str | None:
    """Motion's id of a thing; None where it has none that could be used."""
    found = payload.get("id")
    return found if isinstance(found, str) and 0 < len(found) <= 255 else None


def moment(payload: Payload, key: str) -> datetime | None:
    """A time of a payload; None where that cannot be read."""
    try:
        return optional_time(payload, key)
    except UnreadableError:
        return None
