"""Reads single pages, whole: references beyond the 25 that a page shows, and the body."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from worklake.errors import NotFoundError
from worklake.integrations.base import Item, Payload
from worklake.integrations.notion.body import read_body
from worklake.integrations.notion.client import NotionClient, RefusedError, at, property_at
from worklake.integrations.notion.position import item_time
from worklake.integrations.notion.settings import DataSourceSettings, NotionSettings
from worklake.model.rows import Kind

CUT_AT = 25
"""So many references, people or pieces of text a page shows of a property."""
_CUT_TYPES = frozenset({"title", "rich_text", "people", "relation"})
REMEMBERED = 2_000
"""Of how many pages read last it is kept what they show: who reads before writing need not read twice."""


class Pages:
    """Reads pages and remembers them until they are written."""

    def __init__(self, client: NotionClient, settings: NotionSettings) -> None:
        self._client = client
        self._sources = settings.by_id()
        self._known: dict[str, Payload] = {}

    def read(self, external_id: str) -> Item:
        """The page as it is now, also from the trash. Raises `NotFoundError`."""
        return self.whole(self._client.get(f"/pages/{at(external_id)}"))

    def read_many(self, external_ids: Iterable[str]) -> Iterator[Item]:
        """Those of these pages that can be seen: Notion gives one page a call."""
        for external_id in external_ids:
            try:
                yield self.read(external_id)
            except NotFoundError:
                continue

    def whole(self, page: Payload, children: Any = None) -> Item:
        """The item of a page that a call answered, which is remembered; `children` are its blocks, where known."""
        item = self.completed(page, children)
        if len(self._known) >= REMEMBERED:
            self._known.clear()
        if item.external_id is not None:
            self._known[item.external_id] = item.payload
        return item

    def completed(self, page: Payload, children: Any = None) -> Item:
        """The item of a page with what its listing leaves out."""
        settings = self.settings_of(page)
        payload = steady(page)
        if settings is not None:
            payload = self._with_references(payload, settings)
            if settings.has_body:
                payload["children"] = self._body_of(page) if children is None else children
        return page_item(payload)

    def _body_of(self, page: Payload) -> Any:
        """The blocks of a page; None where it lies in the trash and does not show them."""
        try:
            return read_body(self._client, str(page.get("id")))
        except (NotFoundError, RefusedError):
            if page.get("in_trash") is not True:
                raise
            return None

    def known(self, external_id: str) -> Payload:
        """The page as it was last read or written; read now where it never was."""
        payload = self._known.get(external_id)
        return self.read(external_id).payload if payload is None else payload

    def forget(self, external_id: str) -> None:
        """What is known of a page does not hold any more."""
        self._known.pop(external_id, None)

    def settings_of(self, page: Payload) -> DataSourceSettings | None:
        """What the settings say of a page's data source, if they name it."""
        parent = page.get("parent")
        return self._sources.get(str(parent.get("data_source_id"))) if isinstance(parent, dict) else None

    def _with_references(self, page: Payload, settings: DataSourceSettings) -> Payload:
        properties = page.get("properties")
        if not isinstance(properties, dict):
            return page
        mapped = {*settings.properties.named().values(), settings.properties.title}
        for name, prop in properties.items():
            if not isinstance(prop, dict) or not ({name, prop.get("id")} & mapped or prop.get("type") == "title"):
                continue
            kind = prop.get("type")
            held = prop.get(str(kind))
            if kind in _CUT_TYPES and isinstance(held, list) and (prop.get("has_more") or len(held) == CUT_AT):
                path = f"/pages/{at(str(page.get('id')))}/properties/{property_at(str(prop.get('id')))}"
                items = [one.get(kind) for one in self._client.all(path) if isinstance(one, dict)]
                whole: Payload = {**prop, str(kind): items, "has_more": False}
                page = {**page, "properties": {**page["properties"], name: whole}}
        return page


def page_item(payload: Payload) -> Item:
    """The item of a page."""
    identity = payload.get("id")
    usable = isinstance(identity, str) and identity != ""
    return Item(Kind.TASK, identity if usable else None, payload, item_time(payload, "last_edited_time"))


def steady(page: Payload) -> Payload:
    """The page without the addresses of files, which Notion signs anew at each reading."""
    payload: Payload = {**page, **{key: _steady_file(page[key]) for key in ("icon", "cover") if key in page}}
    payload.pop("request_id", None)
    properties = payload.get("properties")
    if isinstance(properties, dict):
        payload["properties"] = {
            name: {**prop, "files": [_steady_file(one) for one in prop["files"]]}
            if isinstance(prop, dict) and isinstance(prop.get("files"), list)
            else prop
            for name, prop in properties.items()
        }
    return payload


def _steady_file(held: Any) -> Any:
    if not (isinstance(held, dict) and isinstance(held.get("file"), dict)):
        return held
    url = held["file"].get("url")
    return {**held, "file": {"url": url.partition("?")[0] if isinstance(url, str) else url}}
