"""How Notion's pages and the canonical fields translate into each other (the lens)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from worklake.errors import UnreadableError
from worklake.integrations.base import Lens, Payload
from worklake.integrations.notion.blocks import is_known
from worklake.integrations.notion.body import is_on_the_way
from worklake.integrations.notion.fields import PROPERTY_LENSES, as_shown
from worklake.integrations.notion.links import key_of_id
from worklake.integrations.notion.markdown import blocks_of
from worklake.integrations.notion.rendering import fitted, inline, markdown_of
from worklake.integrations.notion.richtext import plain, spans_of
from worklake.integrations.notion.settings import DataSourceSettings, NotionSettings
from worklake.integrations.reading import flag, optional_object, optional_text, text, time, unreadable
from worklake.integrations.text import comment_markers_in, urls_in, without_markers
from worklake.integrations.views import CommentView, PersonView, TaskView, View
from worklake.model.fields import FIELDS, Fields, FieldValue
from worklake.model.ids import digest
from worklake.model.rows import Kind

RULES = "1"
"""Counts up when a payload would be read differently."""

FIELDS_SHOWN = frozenset({*PROPERTY_LENSES, "archived"})
LONGEST = 100_000
_MARKER = re.compile(r"task_[0-9a-f]{16}")


class NotionLens(Lens):
    """Notion's pages as canonical fields and back, by what the settings say of their data source."""

    def __init__(self, settings: NotionSettings) -> None:
        self._settings = settings
        self._sources = settings.by_id()

    def view(self, kind: Kind, payload: Payload) -> View:
        """What the payload shows. Raises `UnreadableError`."""
        match kind:
            case Kind.TASK:
                return self._task(payload)
            case Kind.COMMENT:
                return _comment(payload)
            case Kind.PERSON:
                return _person(payload)
        raise UnreadableError(f"Notion has no items of the kind {kind}")

    def put(self, fields: Fields, payload: Payload) -> Payload:
        """The page as Notion would show it with these fields. What already shows the wished value stays as it is."""
        settings = self.settings_of(payload)
        shown = self._shown(payload, settings)
        changed = dict(payload, properties=dict(payload["properties"]))
        here = {name: value for name, value in fields.items() if name in shown}
        for name, value in self._cut(here, shown, settings).items():
            if value == shown[name]:
                continue
            if name == "archived":
                changed["in_trash"] = value
            elif name == "description" and settings.has_body:
                others = [block for block in payload["children"] if not is_known(block)]
                changed["children"] = [*blocks_of(str(value or "")), *others]
            else:
                key, prop = self._property(payload, settings, name)
                kind = prop["type"]
                sent = PROPERTY_LENSES[name].put(value, prop[kind], settings)
                changed["properties"][key] = {**prop, kind: as_shown(kind, sent, prop[kind])}
        return changed

    def project(self, fields: Fields, shown: Fields | None) -> dict[str, FieldValue]:
        """How Notion would show these fields on a page that now shows `shown`; a new one is made in `create_in`.

        Where several data sources have other options, a page's own are not known here: those of the first count.
        """
        settings = self._settings.data_sources[self._settings.home]
        if shown is None:
            here = {name for name in PROPERTY_LENSES if _is_mapped(settings, name)}
            return self._cut({name: value for name, value in fields.items() if name in here}, None, settings)
        return self._cut({name: value for name, value in fields.items() if name in shown}, shown, settings)

    def without(self, names: Mapping[str, Sequence[str]]) -> Lens:
        """The lens where options with these names do not exist: a page that had one has none."""
        return _WithoutOptions(self._settings, names)

    def is_on_the_way(self, field: str, before: FieldValue, sent: FieldValue, shown: FieldValue) -> bool:
        """A body is written block by block."""
        if field != "description" or not self._settings.data_sources[self._settings.home].has_body:
            return False
        return is_on_the_way(str(before or ""), str(sent or ""), str(shown or ""))

    def fingerprint(self) -> str:
        """Changes with the rules of this package, and with what the settings say of properties and options."""
        told = {name: one.model_dump(mode="json") for name, one in self._settings.data_sources.items()}
        return digest("notion", RULES, repr(sorted(told.items())), self._settings.home)

    def settings_of(self, payload: Payload) -> DataSourceSettings:
        """What the settings say of a page's data source. Raises `UnreadableError` where they do not name it."""
        parent = optional_object(payload, "parent") or {}
        identity = parent.get("data_source_id")
        settings = self._sources.get(identity) if type(identity) is str else None
        if settings is None:
            known = ", ".join(self._settings.data_sources)
            unreadable("parent", parent, f"a page of one of the data sources in the settings ({known})")
        return settings

    def _task(self, payload: Payload) -> TaskView:
        settings = self.settings_of(payload)
        identity = text(payload, "id", 40)
        fields = self._shown(payload, settings)
        noted = _property_of(payload, settings.properties.external_id)
        marks = plain(noted[1].get("rich_text"), "external_id") if noted and "rich_text" in noted[1] else ""
        return TaskView(
            fields=fields,
            key=key_of_id(identity),
            url=text(payload, "url", LONGEST),
            created_at=time(payload, "created_time"),
            updated_at=time(payload, "last_edited_time"),
            completed_at=None,
            author=_user_id(payload, "created_by"),
            urls=urls_in(_text_of(fields.get("description"))),
            markers=list(dict.fromkeys(_MARKER.findall(marks))),
        )

    def _shown(self, payload: Payload, settings: DataSourceSettings) -> dict[str, FieldValue]:
        fields: dict[str, FieldValue] = {}
        for name, lens in PROPERTY_LENSES.items():
            if name == "description" and settings.has_body:
                if payload.get("in_trash") is not True or payload.get("children") is not None:
                    fields[name] = without_markers(markdown_of(_blocks(payload))) or None
            elif _is_mapped(settings, name) and (found := self.find(payload, settings, name)) is not None:
                prop = found[1]
                fields[name] = lens.get(prop[prop["type"]], settings)
        if "title" not in fields:
            unreadable("properties", payload.get("properties"), "properties with a title")
        fields["archived"] = flag(payload, "in_trash")
        return fields

    def _cut(self, fields: Fields, shown: Fields | None, settings: DataSourceSettings) -> dict[str, FieldValue]:
        now = shown or {}
        cut: dict[str, FieldValue] = {}
        for name, value in fields.items():
            before = now.get(name, FIELDS[name].empty) if name in FIELDS else None
            if name == "archived":
                cut[name] = bool(value)
            elif name == "description" and settings.has_body:
                cut[name] = value if shown is not None and value == before else _fitted(value)
            elif name in PROPERTY_LENSES:
                cut[name] = PROPERTY_LENSES[name].cut(value, before, settings)
        return cut

    def find(self, payload: Payload, settings: DataSourceSettings, name: str) -> tuple[str, Payload] | None:
        """The property of a page that stands for a field, with its name. Raises `UnreadableError` for a wrong type."""
        if name == "title" and settings.properties.title is None:
            return _title_of(payload)
        wanted = settings.properties.named().get(name)
        found = None if wanted is None else _property_of(payload, wanted)
        if found is not None and found[1].get("type") not in PROPERTY_LENSES[name].types:
            types = " or ".join(PROPERTY_LENSES[name].types)
            unreadable(found[0], found[1].get("type"), f"a property of the type {types}, as it stands for {name}")
        return found

    def _property(self, payload: Payload, settings: DataSourceSettings, name: str) -> tuple[str, Payload]:
        found = self.find(payload, settings, name)
        if found is None:
            raise UnreadableError(f"{name}: the page has no property {settings.properties.named().get(name)!r}")
        return found


class _WithoutOptions(NotionLens):
    """A lens for which some options are gone."""

    def __init__(self, settings: NotionSettings, names: Mapping[str, Sequence[str]]) -> None:
        super().__init__(settings)
        self._gone = {field: frozenset(gone) for field, gone in names.items()}

    def _shown(self, payload: Payload, settings: DataSourceSettings) -> dict[str, FieldValue]:
        properties = dict(payload["properties"])
        for field, gone in self._gone.items():
            found = self.find(payload, settings, field) if _is_mapped(settings, field) else None
            held = found[1].get(found[1]["type"]) if found else None
            if found and type(held) is dict and held.get("name") in gone:
                properties[found[0]] = {**found[1], found[1]["type"]: None}
        return super()._shown({**payload, "properties": properties}, settings)


def _is_mapped(settings: DataSourceSettings, name: str) -> bool:
    if name == "title" or (name == "description" and settings.has_body):
        return True
    return getattr(settings.properties, name) is not None


def _fitted(value: Any) -> str | None:
    return fitted(str(value or "")) or None


def _properties(payload: Payload) -> Mapping[str, Payload]:
    properties = optional_object(payload, "properties") or {}
    for key, prop in properties.items():
        if type(prop) is not dict or type(prop.get("type")) is not str or prop["type"] not in prop:
            unreadable(f"properties.{key}", prop, "a property with its type and value")
    return properties


def _title_of(payload: Payload) -> tuple[str, Payload] | None:
    return next(((key, prop) for key, prop in _properties(payload).items() if prop["type"] == "title"), None)


def _property_of(payload: Payload, name: str) -> tuple[str, Payload] | None:
    """The property with this name, else with this id."""
    properties = _properties(payload)
    if name in properties:
        return name, properties[name]
    return next(((key, prop) for key, prop in properties.items() if prop.get("id") == name), None)


def _blocks(payload: Payload) -> list[Payload]:
    blocks = payload.get("children")
    if type(blocks) is not list:
        unreadable("children", blocks, "the blocks of the page")
    for block in blocks:
        if type(block) is not dict:
            unreadable("children", block, "blocks in the list")
    return blocks


def _user_id(payload: Payload, key: str) -> str | None:
    user = optional_object(payload, key)
    return None if user is None else text(user, "id", 100)


def _text_of(value: FieldValue) -> str | None:
    return value if isinstance(value, str) else None


def _comment(payload: Payload) -> CommentView:
    text(payload, "id", 40)
    parent = optional_object(payload, "parent") or {}
    body = inline(spans_of(payload.get("rich_text")))
    return CommentView(
        task=text(parent, "page_id", 40),
        author=_user_id(payload, "created_by"),
        body=without_markers(body),
        created_at=time(payload, "created_time"),
        updated_at=time(payload, "last_edited_time"),
        markers=comment_markers_in(body),
    )


def _person(payload: Payload) -> PersonView:
    identity = text(payload, "id", 40)
    person = optional_object(payload, "person") or {}
    return PersonView(
        name=optional_text(payload, "name", LONGEST) or f"Notion account {identity[:8]}",
        username=None,
        email=optional_text(person, "email", LONGEST),
        active=True,
    )
