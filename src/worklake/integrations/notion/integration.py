"""Some data sources of a Notion workspace as a source."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any, ClassVar, NamedTuple

from worklake.errors import (
    AccessError,
    InvalidInputError,
    LeftOutError,
    NotFoundError,
    RetryableError,
    SettingsError,
)
from worklake.integrations.base import (
    BaseIntegration,
    Capabilities,
    FieldEdit,
    Finding,
    Found,
    Item,
    LastSeen,
    Page,
    Vocabulary,
    Where,
)
from worklake.integrations.http import Http
from worklake.integrations.notion import checks
from worklake.integrations.notion.client import WIRE, NotionClient
from worklake.integrations.notion.comments import Comments
from worklake.integrations.notion.links import key_of_url
from worklake.integrations.notion.listing import Listing, Walk, hidden
from worklake.integrations.notion.mapping import FIELDS_SHOWN, NotionLens
from worklake.integrations.notion.pages import Pages
from worklake.integrations.notion.people import People
from worklake.integrations.notion.schema import Schemas
from worklake.integrations.notion.settings import NotionSettings
from worklake.integrations.notion.writing import PageWriter
from worklake.integrations.wire import Wire
from worklake.model.fields import Fields
from worklake.model.ids import CommentId, TaskId
from worklake.model.rows import Kind
from worklake.settings.models import SourceSettings

CALLS_AT_ONCE = 3
"""How many pages' bodies and comments are read at the same time: Notion grants three requests a second."""
MOST_LEFT_OUT = 3
"""Of so many pages at once body and comments may fail to come; where more fail, it is not for these pages."""


class _Extra(NamedTuple):
    """What the calls for one page brought; None for one that is gone since it was listed."""

    page: Item | None
    comments: Sequence[Item] = ()


class NotionIntegration(BaseIntegration):
    """The pages of some data sources of a Notion workspace, with their comments and the people they name.

    Facts that are not plain from the code: trash is what Notion has for an archive, and there is no deleting beyond
    it; what was deleted for good, and what is not shared with the connection any more, look the same; no listing tells
    of trashed pages, and a comment does not move its page's time.
    """

    provider: ClassVar[str] = "notion"
    capabilities: ClassVar[Capabilities] = Capabilities(
        fields=FIELDS_SHOWN,
        incremental=True,
        webhooks=True,
        deletes=True,
        archives=True,
        client_made_ids=False,
        writable=FIELDS_SHOWN,
        creatable=FIELDS_SHOWN - {"archived"},
        restores=True,
        lists_archived=False,
        tells_deleted=False,
    )
    settings_model: ClassVar[type[SourceSettings]] = NotionSettings
    wire: ClassVar[Wire] = WIRE

    def __init__(self, source: str, settings: SourceSettings, http: Http) -> None:
        if not isinstance(settings, NotionSettings):
            raise SettingsError(f"{source}: these are not the settings of a Notion source")
        self.source = source
        self.settings = settings
        self.lens: NotionLens = NotionLens(settings)
        self._client = NotionClient(http)
        self._pages = Pages(self._client, settings)
        self._schemas = Schemas(self._client, settings)
        self._people = People(self._client)
        self._comments = Comments(self._client)
        self._writer = PageWriter(self._client, settings, self.lens, self._pages, self._schemas)
        self._account: str | None = None

    def check(self) -> Iterator[Finding]:
        """The connection, the people it sees, and each data source with its properties and options."""
        return checks.findings(self._client, self.settings)

    def set_up(self) -> Iterator[Finding]:
        """Make the properties that the settings name and the data sources lack."""
        return checks.set_up(self._client, self.settings)

    def list_changed(self, position: str | None, now: datetime) -> Iterator[Page]:
        """The pages edited since, in the order in which they were made, one data source after the other.

        Raises `AccessError` after the last page when some data source does not show.
        """
        return Listing(self._client, self.settings, position, now).pages()

    def complete(self, items: Sequence[Item]) -> Iterator[Item]:
        """These pages with their bodies and all of their references, and after each its comments and people."""
        needing = [item for item in items if item.kind is Kind.TASK and self._pages.settings_of(item.payload)]
        left_out: dict[str, str] = {}
        with ThreadPoolExecutor(max(1, min(CALLS_AT_ONCE, len(needing))), thread_name_prefix="notion") as pool:
            reading = {id(item): pool.submit(self._read_extra, item) for item in needing}
            try:
                for item in items:
                    future = reading.pop(id(item), None)
                    if future is None:
                        yield item
                        continue
                    try:
                        extra = future.result()
                    except (AccessError, InvalidInputError, RetryableError) as error:
                        waits = isinstance(error, RetryableError) and error.retry_after_seconds is not None
                        if waits or len(left_out) == MOST_LEFT_OUT:
                            raise
                        left_out[item.external_id or ""] = str(error).removeprefix(f"{self.source}: ")
                        continue
                    if extra.page is not None:
                        yield from self._with_people([extra.page, *extra.comments])
            finally:
                for waiting in reading.values():
                    waiting.cancel()
        if left_out:
            told = "; ".join(f"page {one}: {reason}" for one, reason in left_out.items())
            raise LeftOutError(f"{self.source}: put aside until they can be read whole: {told}", left_out)

    def list_ids(self) -> Iterator[str]:
        """The ids of all pages that are not in the trash, a hundred to a call. Raises when a data source is hidden."""
        for one in self.settings.data_sources.values():
            try:
                for page in Walk(self._client, one.id, None, None, shown="title").pages():
                    yield from (str(row["id"]) for row in page.entries if isinstance(row, dict) and row.get("id"))
            except NotFoundError as error:
                raise hidden(self.source, self.settings, one.id) from error

    def read(self, external_id: str) -> Item:
        """One page as it is now, with its body: also from the trash."""
        return self._pages.read(external_id)

    def read_many(self, external_ids: Sequence[str]) -> Iterator[Item]:
        """Those of these pages that can be seen, one after the other: Notion gives one page a call."""
        return self._pages.read_many(external_ids)

    def outside(self, item: Item) -> str | None:
        """Where a page is that is in none of the settings' data sources."""
        if self._pages.settings_of(item.payload) is not None:
            return None
        parent: Any = item.payload.get("parent")
        parent = parent if isinstance(parent, dict) else {}
        key = next((key for key in _PARENTS if key in parent), None)
        place = f"{_PARENTS[key]} {parent[key]}" if key else "workspace"
        return f"it is in the {place}, which the settings do not name"

    def gone(self, one: LastSeen, why: str) -> Found:
        """Never deleted for certain: what is not shared with the connection any more looks the same."""
        return Found(
            one.external_id,
            Where.NO_ACCESS,
            None,
            f"{why} Notion tells what was deleted for good and what is not shared with the connection alike.",
        )

    def comments(self, external_id: str) -> Iterator[Item]:
        """The comments on a page that are not resolved, oldest first."""
        return self._comments.of(external_id)

    def key_of(self, url: str) -> str | None:
        """The key of the page that this URL shows. Whether it is one of the data sources' pages no URL tells."""
        return key_of_url(url)

    def account(self) -> str | None:
        """The bot of the connection."""
        if self._account is None:
            self._account = str(self._client.get("/users/me").get("id"))
        return self._account

    def made_id(self, marker: TaskId | CommentId) -> str | None:
        """None: Notion gives ids itself."""
        return None

    def create(self, fields: Fields, *, where: str | None, marker: TaskId, made_id: str | None) -> Item:
        """Make a page in the data source that the settings call `where`, with the marker in its "External ID"."""
        return self._writer.create(fields, where, marker)

    def find_created(self, marker: TaskId, made_id: str | None, since: datetime) -> Item | None:
        """The oldest page with this marker that is not in the trash, in any of the data sources."""
        for name in sorted(self.settings.data_sources, key=lambda one: one != self.settings.home):
            one = self.settings.data_sources[name]
            wanted = {"property": one.properties.external_id, "rich_text": {"equals": marker}}
            sorts = [{"timestamp": "created_time", "direction": "ascending"}]
            found = self._client.rows(one.id, {"filter": wanted, "sorts": sorts, "page_size": 1}).entries
            if found:
                return self._pages.whole(found[0])
        return None

    def update(self, external_id: str, fields: Fields, shown: Fields) -> Item:
        """Set exactly these fields: one call for all properties, and what the body takes."""
        return self._writer.update(external_id, fields, shown)

    def close(self, external_id: str) -> Item:
        """Give an open page the status that means canceled, or completed where none does."""
        return self._writer.close(external_id)

    def reopen(self, external_id: str) -> Item:
        """Give a closed page an open status."""
        return self._writer.reopen(external_id)

    def archive(self, external_id: str) -> Item:
        """Put a page into the trash, from which Notion removes it after 30 days."""
        return self._writer.set_in_trash(external_id, True)

    def restore(self, external_id: str) -> Item:
        """Bring a page back out of the trash."""
        return self._writer.set_in_trash(external_id, False)

    def delete(self, external_id: str) -> None:
        """Put a page into the trash: the API deletes nothing for good."""
        self._writer.delete(external_id)

    def add_comment(self, task: str, body: str, *, marker: CommentId, made_id: str | None) -> Item:
        """Write a comment under the name of the connection, with the marker as its last line."""
        return self._comments.add(task, body, marker)

    def find_comment(self, task: str, marker: CommentId, made_id: str | None) -> Item | None:
        """The comment with this marker on a page."""
        return self._comments.find(task, marker)

    def edit_comment(self, task: str, comment: str, body: str, *, marker: CommentId | None) -> Item:
        """Give a comment another text. Raises `AccessError` for one that the connection did not write."""
        return self._comments.edit(comment, body, marker)

    def delete_comment(self, task: str, comment: str) -> None:
        """Delete a comment. Raises `AccessError` for one that the connection did not write."""
        self._comments.delete(comment)

    def history(self, external_id: str, since: datetime, fields: AbstractSet[str] | None = None) -> Iterator[FieldEdit]:
        """Nothing: Notion's API tells no history."""
        return iter(())

    def vocabulary(self, fields: AbstractSet[str]) -> Vocabulary:
        """Statuses, and the options with a meaning that some data source lacks.

        Not people: guests, who may be assigned, are in no list.
        """
        known: dict[str, frozenset[str]] = {}
        missing: dict[str, tuple[str, ...]] = {}
        assumed: set[str] = set()
        if "status" in fields:
            known["status"] = frozenset(
                meaning.value for one in self.settings.data_sources.values() for meaning in one.statuses.values()
            ) | {"backlog"}
        if fields & {"status", "priority"}:
            for one, schema in self._schemas.all():
                for field in fields & {"status", "priority"}:
                    names = schema.missing_options(field, one)
                    if names:
                        missing[field] = tuple(dict.fromkeys((*missing.get(field, ()), *names)))
                    if field == "priority" and "priorities" not in one.model_fields_set:
                        assumed.add(field)
        return Vocabulary(known, missing, frozenset(assumed))

    def mapped_names(self) -> Mapping[str, tuple[str, ...]]:
        """The options with a meaning."""
        sources = self.settings.data_sources.values()
        return {
            "status": tuple(dict.fromkeys(name for one in sources for name in one.statuses)),
            "priority": tuple(dict.fromkeys(name for one in sources for name in one.priorities)),
        }

    def _read_extra(self, item: Item) -> _Extra:
        try:
            page = self._pages.completed(item.payload)
            comments = list(self._comments.of(str(item.external_id))) if self.settings.comments else []
        except NotFoundError:
            return _Extra(None)
        return _Extra(page, comments)

    def _with_people(self, items: Sequence[Item]) -> Iterator[Item]:
        for item in items:
            yield from self._people.named_in(item.payload)
            yield item


_PARENTS = {"data_source_id": "data source", "database_id": "database", "page_id": "page", "block_id": "block"}
