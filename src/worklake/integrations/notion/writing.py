"""Writes pages: one call for all properties, and what the body takes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import structlog

from worklake.errors import (
    InvalidInputError,
    NotFoundError,
    RefusedValueError,
    WorklakeError,
)
from worklake.integrations.base import Item, Payload
from worklake.integrations.notion.blocks import as_sent
from worklake.integrations.notion.body import BodyWriter, append, batches
from worklake.integrations.notion.client import NotionClient, RefusedError, at, done_already
from worklake.integrations.notion.fields import PROPERTY_LENSES, option_of
from worklake.integrations.notion.mapping import FIELDS_SHOWN, NotionLens
from worklake.integrations.notion.markdown import blocks_of
from worklake.integrations.notion.pages import Pages
from worklake.integrations.notion.richtext import text_elements
from worklake.integrations.notion.schema import Schemas
from worklake.integrations.notion.settings import DataSourceSettings, NotionSettings
from worklake.model.fields import FIELDS, OPEN_STATUSES, Fields, FieldValue, MergeKind, Status
from worklake.model.ids import TaskId
from worklake.model.rows import Kind

log = structlog.get_logger(__name__)

_REFERENCES = ("parent_id", "blocked_by")
_LISTS = frozenset({"title", "rich_text", "multi_select", "people", "relation"})


class PageWriter:
    """Makes and changes the pages of a source. Gives each as an item that holds the whole page."""

    def __init__(
        self, client: NotionClient, settings: NotionSettings, lens: NotionLens, pages: Pages, schemas: Schemas
    ) -> None:
        self._client, self._settings, self._lens = client, settings, lens
        self._pages, self._schemas = pages, schemas

    def create(self, fields: Fields, where: str | None, made_for: TaskId) -> Item:
        """Make a page in the data source with the name `where`, with the marker in its property for it."""
        name = where or self._settings.home
        settings = self._settings.data_sources.get(name)
        if settings is None:
            known = ", ".join(self._settings.data_sources)
            raise InvalidInputError(f"{self._client.source}: there is no data source {name!r} in the settings: {known}")
        _refuse_unwritable(fields)
        values = self._lens.project(fields, None)
        if not str(values.get("title") or "").strip():
            raise RefusedValueError("a page in Notion needs a title here", ("title",))
        properties = self._of_new(values, settings)
        properties[settings.properties.external_id] = {"rich_text": text_elements(made_for)}
        text = str(values.get("description") or "") if settings.has_body else ""
        first, *rest = [*batches(blocks_of(text))] or [[]]
        parent = {"type": "data_source_id", "data_source_id": settings.id}
        body: Payload = {"parent": parent, "properties": properties}
        if first:
            body["children"] = [as_sent(block) for block in first]
        page = self._write("POST", "/pages", body, values, settings)
        try:
            for batch in rest:
                for _ in append(self._client, str(page["id"]), batch, at_end=True):
                    continue
        except WorklakeError as error:  # what is missing is yet to be written: the page shows what there is
            log.info("a page was made in part", source=self._client.source, page=page["id"], why=str(error))
        with done_already():
            return self._pages.whole(page, None if first else [])

    def update(self, external_id: str, fields: Fields, shown: Fields) -> Item:
        """Set these fields. A page comes back from the trash before all else, and goes there last."""
        page = self._pages.known(external_id)
        settings = self._lens.settings_of(page)
        _refuse_unwritable(fields)
        values = self._wanted(fields, shown, page)
        if "title" in values and not str(values["title"] or "").strip():
            raise RefusedValueError("a page in Notion needs a title here", ("title",))
        done = False
        try:
            if values.get("archived") is False and page.get("in_trash"):
                page, done = self._trash(page, False), True
            properties = self._of_page(values, page, settings)
            if properties:
                path = f"/pages/{at(external_id)}"
                page = {**page, **self._write("PATCH", path, {"properties": properties}, values, settings)}
                done = True
            if "description" in values and settings.has_body:
                done = self._write_body(page, str(values["description"] or "")) or done
                page = {**page, "children": None}
            if values.get("archived") is True:
                page, done = self._trash(page, True), True
            return self._pages.whole(page, page.get("children")) if done else self._pages.read(external_id)
        except WorklakeError:
            self._pages.forget(external_id)
            if not done:
                raise
            with done_already():
                raise

    def close(self, external_id: str) -> Item:
        """Give an open page the status that means canceled, or the one for completed where there is none."""
        item = self._pages.read(external_id)
        if self._status(item) not in OPEN_STATUSES:
            return item
        return self._set_status(item, Status.CANCELED)

    def reopen(self, external_id: str) -> Item:
        """Give a closed page an open status: Notion does not tell which it had before."""
        item = self._pages.read(external_id)
        if self._status(item) in OPEN_STATUSES:
            return item
        return self._set_status(item, Status.UNSTARTED)

    def set_in_trash(self, external_id: str, in_trash: bool) -> Item:
        """Put a page into the trash or bring it back; where it is there already, nothing is sent."""
        item = self._pages.read(external_id)
        if item.payload.get("in_trash") is in_trash:
            return item
        page = self._trash(item.payload, in_trash)
        with done_already():
            return self._pages.whole(page, page.get("children"))

    def delete(self, external_id: str) -> None:
        """Put a page into the trash."""
        self._pages.forget(external_id)
        try:
            self._client.write("PATCH", f"/pages/{at(external_id)}", {"in_trash": True}, repeatable=True)
        except NotFoundError:
            return  # it is gone, which is what was asked for

    def _trash(self, page: Payload, in_trash: bool) -> Payload:
        path = f"/pages/{at(str(page['id']))}"
        answer = self._client.write("PATCH", path, {"in_trash": in_trash}, repeatable=True)
        return {**page, **self._whole_answer(answer)}

    def _write_body(self, page: Payload, text: str) -> bool:
        return BodyWriter(self._client, str(page["id"]), page.get("children") or []).write(text)

    def _wanted(self, fields: Fields, shown: Fields, page: Payload) -> dict[str, FieldValue]:
        """The values to set: of a set, what stands there now with what is put in and without what is taken out."""
        now = self._lens.view(Kind.TASK, page).fields  # type: ignore[union-attr]
        values: dict[str, FieldValue] = {}
        for name, value in fields.items():
            if name in FIELDS and FIELDS[name].merge is MergeKind.SET and name in now:
                seen = set(_list(shown.get(name, now[name])))
                value = sorted((set(_list(now[name])) - (seen - set(_list(value)))) | (set(_list(value)) - seen))
            values[name] = value
        return self._lens.project(values, {**now, **{name: now.get(name) for name in values}})

    def _of_page(self, values: Fields, page: Payload, settings: DataSourceSettings) -> Payload:
        """The properties of a page that hold these values, as they are sent."""
        sent: Payload = {}
        for name, value in values.items():
            if not _is_property(name, settings):
                continue
            found = self._lens.find(page, settings, name)
            if found is None:
                raise _no_property(name, settings)
            key, prop = found
            kind = prop["type"]
            sent[key] = {kind: _sent(name, value, prop[kind], settings)}
        return sent

    def _of_new(self, values: Fields, settings: DataSourceSettings) -> Payload:
        """The properties of a new page that hold these values; what is empty is left out."""
        sent: Payload = {}
        schema = self._schemas.of(settings.id)
        for name, value in values.items():
            if not _is_property(name, settings) or value == FIELDS[name].empty != Status.BACKLOG.value:
                continue
            prop = schema.of_field(name, settings)
            if prop is None:
                self._schemas.forget()
                raise _no_property(name, settings)
            held: Any = [] if prop.type in _LISTS else None
            sent[prop.name] = {prop.type: _sent(name, value, held, settings)}
        return sent

    def _write(self, method: str, path: str, body: Payload, values: Fields, settings: DataSourceSettings) -> Payload:
        try:
            return self._whole_answer(self._client.write(method, path, body))
        except RefusedError as error:
            self._schemas.forget()
            named = _named_in(error.said, values, settings)
            raise RefusedValueError(_with_mend(str(error), settings), named) from error
        except NotFoundError as error:
            referred = next((name for name in _REFERENCES if _mentions(str(error), values.get(name))), None)
            if referred is None:
                raise
            raise RefusedValueError(str(error), (referred,)) from error

    def _whole_answer(self, answer: Payload) -> Payload:
        """The page that a write answers; read where Notion only told that it is saved."""
        if "properties" in answer:
            return answer
        with done_already():
            return self._client.get(f"/pages/{at(str(answer['id']))}")

    def _status(self, item: Item) -> FieldValue:
        return self._lens.view(item.kind, item.payload).fields.get("status")  # type: ignore[union-attr]

    def _set_status(self, item: Item, status: Status) -> Item:
        if self._status(item) is None:
            raise InvalidInputError(
                f"{self._client.source}: the page has no status: name one under `properties` in conf/sources.yml"
            )
        return self.update(str(item.external_id), {"status": status.value}, {})


def _list(value: Any) -> list[str]:
    return value if isinstance(value, list) else []


def _is_property(name: str, settings: DataSourceSettings) -> bool:
    return name in PROPERTY_LENSES and not (name == "description" and settings.has_body)


def _refuse_unwritable(fields: Fields) -> None:
    for name in sorted(fields):
        if name not in FIELDS_SHOWN:
            raise RefusedValueError(f"a page in Notion has no {name}", (name,))


def _sent(name: str, value: FieldValue, held: Any, settings: DataSourceSettings) -> Any:
    if name == "status" and option_of(str(value), settings) is None:
        raise RefusedValueError(f"no option in `statuses` means {value}: add one in conf/sources.yml", ("status",))
    return PROPERTY_LENSES[name].put(value, held, settings)


def _no_property(name: str, settings: DataSourceSettings) -> RefusedValueError:
    wanted = settings.properties.named().get(name)
    if wanted is None:
        words = f"no property of the data source stands for {name}: name one under `properties` in conf/sources.yml"
        return RefusedValueError(words, (name,))
    return RefusedValueError(
        f"the data source has no property {wanted!r} for {name}: run worklake check, and worklake init --notion to"
        " make it",
        (name,),
    )


def _with_mend(words: str, settings: DataSourceSettings) -> str:
    marker = settings.properties.external_id
    if f"{marker} is not a property" in words:
        return f"{words} Run worklake init --notion to make it: without it a page could be made twice."
    return words


def _named_in(said: str, values: Fields, settings: DataSourceSettings) -> tuple[str, ...]:
    """The fields whose properties a refusal names."""
    if "status option" in said and "status" in values:
        return ("status",)
    if "body.children" in said:
        return ("description",)
    named: Mapping[str, str] = settings.properties.named()
    found = [name for name in values if name in named and named[name] in said]
    longest = max((len(named[name]) for name in found), default=0)
    return tuple(name for name in found if len(named[name]) == longest)


def _mentions(words: str, value: FieldValue) -> bool:
    return any(one and one in words for one in (value if isinstance(value, list) else [value]) if isinstance(one, str))
