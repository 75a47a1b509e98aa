"""Listing what changed in data sources, oldest page first, in windows of creation times that no cap cuts."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import structlog

from worklake.errors import AccessError, NotFoundError, RetryableError
from worklake.integrations.base import Item, Page, Payload
from worklake.integrations.notion.client import Entries, NotionClient, RefusedError
from worklake.integrations.notion.pages import page_item, steady
from worklake.integrations.notion.position import Mark, Position, item_time, moment_text, to_the_minute
from worklake.integrations.notion.settings import NotionSettings
from worklake.integrations.rounds import Rounds

UNSETTLED = "edited_this_minute"
"""The key by which a listed page says that the minute of its last edit was not over: Notion's times do not tell
whether it was edited again in it, so the next listing brings it as another one."""
UNSURE = timedelta(seconds=10)
"""So long before its answer came a query may have looked."""
_BY_CREATION: list[Payload] = [{"timestamp": "created_time", "direction": "ascending"}]

log = structlog.get_logger(__name__)


class Listing:
    """One listing of a source: the data sources one after the other, each in a scan of its own."""

    def __init__(self, client: NotionClient, settings: NotionSettings, position: str | None, now: datetime) -> None:
        self._client, self._settings, self._now = client, settings, now
        self._position = Position.parse(position)
        self._hidden: dict[str, str] = {}

    def pages(self) -> Iterator[Page]:
        """The pages. One that cannot be seen does not stop the others: `AccessError` after the last names it."""
        for one in self._settings.data_sources.values():
            try:
                yield from self._scan(one.id)
            except NotFoundError as error:
                self._hidden[one.id] = str(error)
        if self._hidden:
            raise hidden(self._client.source, self._settings, *self._hidden)

    def _scan(self, data_source: str) -> Iterator[Page]:
        mark = self._position.marks.get(data_source, Mark())
        walk = Walk(self._client, data_source, mark.since, mark.scan.created if mark.scan else None)
        for page in walk.pages():
            answered_at = page.answered_at or self._now
            mark = mark.begun(answered_at)
            rows = [row for row in page.entries if isinstance(row, dict)]
            edits = [at for row in rows if (at := item_time(row, "last_edited_time")) is not None]
            mark = mark.seen(edits, walk.reached)
            if walk.is_done:
                mark = mark.done()
            self._position = self._position.moved(data_source, mark)
            yield Page([_listed(row, answered_at) for row in page.entries], self._position.text())


class Walk:
    """The rows of a data source in the order of their creation, each once.

    Notion gives at most 10,000 rows of a query: where it stops there, another query goes on at the creation time that
    was reached. So does one whose cursor is not accepted any more.
    """

    def __init__(
        self, client: NotionClient, data_source: str, since: str | None, created: str | None, shown: str | None = None
    ) -> None:
        self._client, self._data_source, self._shown = client, data_source, shown
        self._since, self._created = since, created
        self._brought: set[str] = set()
        self.reached: datetime | None = None
        self.is_done = False

    def pages(self) -> Iterator[Entries]:
        """The pages; `reached` and `is_done` are as of the one that was given last."""
        cursor: str | None = None
        rounds = Rounds(f"{self._client.source}: the rows of the data source {self._data_source}")
        while not self.is_done:
            page = self._page(cursor)
            rounds.note(str(row.get("id")) if isinstance(row, dict) else str(row) for row in page.entries)
            fresh = [row for row in page.entries if self._is_new(row)]
            times = [at for row in page.entries if isinstance(row, dict) and (at := item_time(row, "created_time"))]
            self.reached = max([*times, *([self.reached] if self.reached else [])], default=None)
            cursor = page.cursor
            if cursor is None and page.cut:
                self._go_on()
            elif cursor is None:
                self.is_done = True
            yield page._replace(entries=fresh)

    def _page(self, cursor: str | None) -> Entries:
        body: Payload = {"sorts": _BY_CREATION}
        conditions = []
        if self._since is not None:
            edited = {"timestamp": "last_edited_time", "last_edited_time": {"on_or_after": self._since}}
            conditions.append(edited)
        if self._created is not None:
            conditions.append({"timestamp": "created_time", "created_time": {"on_or_after": self._created}})
        if conditions:
            body["filter"] = conditions[0] if len(conditions) == 1 else {"and": conditions}
        if cursor:
            body["start_cursor"] = cursor
        try:
            return self._client.rows(self._data_source, body, self._shown)
        except RefusedError as error:
            if cursor is None:
                raise
            log.info("a cursor is not accepted any more", source=self._client.source, why=error.said[:200])
            self._created = self._created if self.reached is None else moment_text(self.reached)
            return self._page(None)

    def _go_on(self) -> None:
        reached = None if self.reached is None else moment_text(to_the_minute(self.reached))
        if reached is None or reached == self._created:
            raise RetryableError(
                f"{self._client.source}: more rows of the data source {self._data_source} were made in one minute"
                f" ({self._created}) than Notion gives of one query. What came before is kept; move some of them to"
                " another data source."
            )
        self._created = reached

    def _is_new(self, row: Any) -> bool:
        identity = row.get("id") if isinstance(row, dict) else None
        if isinstance(row, dict) and row.get("object", "page") != "page":
            return False  # a data source in a wiki is listed among the pages
        if not isinstance(identity, str):
            return True
        if identity in self._brought:
            return False
        self._brought.add(identity)
        return True


def _listed(row: Any, answered_at: datetime) -> Item:
    payload: Payload = steady(row) if isinstance(row, dict) else {"row": row}
    edited = item_time(payload, "last_edited_time")
    if edited is not None and edited >= to_the_minute(answered_at - UNSURE):
        payload[UNSETTLED] = True
    return page_item(payload)


def hidden(source: str, settings: NotionSettings, *data_sources: str) -> AccessError:
    """The error for data sources that Notion does not show."""
    named = ", ".join(f"{settings.name_of(one)} ({one})" for one in data_sources)
    return AccessError(
        f"{source}: Notion shows no data source {named}: it does not exist, or its database is not shared with the"
        " connection. In Notion, open the database, choose ••• > Connections and add the connection; or correct"
        " `data_sources` in conf/sources.yml."
    )
