"""The schemas of data sources, read once a run, and how the settings fit them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple, TypeGuard

from worklake.integrations.base import Payload
from worklake.integrations.notion.client import NotionClient, at
from worklake.integrations.notion.fields import TYPES
from worklake.integrations.notion.settings import DataSourceSettings, NotionSettings

STATUS_OF_GROUP: Mapping[str, str] = {"To-do": "unstarted", "In progress": "started", "Complete": "completed"}
"""What the options of a group of a status property mean unless the settings say otherwise."""


class Property(NamedTuple):
    """A property of a schema: its name, type and the names of its options, with the group of each where it has one."""

    name: str
    identity: str
    type: str
    options: Mapping[str, str | None]


class Misfit(NamedTuple):
    """A field whose property is not there (`found` is None), or has a type that cannot hold it."""

    field: str
    name: str
    wanted: tuple[str, ...]
    found: str | None


class Schema:
    """The properties of one data source."""

    def __init__(self, payload: Payload) -> None:
        self.title = "".join(str(one.get("plain_text", "")) for one in payload.get("title") or () if _is_object(one))
        held = payload.get("properties")
        self.properties = [
            _property(name, prop) for name, prop in (held.items() if _is_object(held) else ()) if _is_object(prop)
        ]

    def find(self, name: str | None) -> Property | None:
        """The property with this name, else with this id."""
        named = next((one for one in self.properties if one.name == name), None)
        return named or next((one for one in self.properties if one.identity == name), None)

    def of_field(self, field: str, settings: DataSourceSettings) -> Property | None:
        """The property that stands for a field."""
        if field == "title" and settings.properties.title is None:
            return next((one for one in self.properties if one.type == "title"), None)
        return self.find(settings.properties.named().get(field))

    def misfits(self, settings: DataSourceSettings) -> Iterator[Misfit]:
        """The fields of the settings that the schema cannot hold."""
        for field, name in settings.properties.named().items():
            found = self.find(name)
            if found is None or found.type not in TYPES[field]:
                yield Misfit(field, name, TYPES[field], found.type if found else None)

    def missing_options(self, field: str, settings: DataSourceSettings) -> tuple[str, ...]:
        """The options that the settings give a meaning for `status` or `priority` and that do not exist."""
        prop = self.of_field(field, settings)
        named = settings.statuses if field == "status" else settings.priorities
        return () if prop is None else tuple(name for name in named if name not in prop.options)

    def unnamed_options(self, field: str, settings: DataSourceSettings) -> Mapping[str, str | None]:
        """The options without a meaning, with their groups."""
        prop = self.of_field(field, settings)
        named = settings.statuses if field == "status" else settings.priorities
        return {} if prop is None else {name: group for name, group in prop.options.items() if name not in named}


class Schemas:
    """The schemas of a source's data sources, each asked for when it is first needed."""

    def __init__(self, client: NotionClient, settings: NotionSettings) -> None:
        self._client, self._settings = client, settings
        self._known: dict[str, Schema] = {}

    def of(self, data_source: str) -> Schema:
        """The schema of a data source. Raises `NotFoundError` for one that does not show."""
        if data_source not in self._known:
            self._known[data_source] = Schema(self._client.get(f"/data_sources/{at(data_source)}"))
        return self._known[data_source]

    def all(self) -> Iterator[tuple[DataSourceSettings, Schema]]:
        """Each data source of the settings with its schema as it is now."""
        self.forget()
        for one in self._settings.data_sources.values():
            yield one, self.of(one.id)

    def forget(self) -> None:
        """Ask again: somebody may have changed them."""
        self._known.clear()


def _property(name: str, prop: Mapping[str, Any]) -> Property:
    kind = str(prop.get("type"))
    held = prop.get(kind)
    held = held if _is_object(held) else {}
    groups = {
        identity: str(group.get("name"))
        for group in held.get("groups") or ()
        if _is_object(group)
        for identity in group.get("option_ids") or ()
    }
    options = {str(one.get("name")): groups.get(one.get("id")) for one in held.get("options") or () if _is_object(one)}
    return Property(name, str(prop.get("id")), kind, options)


def _is_object(value: Any) -> TypeGuard[dict[str, Any]]:
    return isinstance(value, dict)
