"""Data sources and their schemas: as they are shown and changed."""

from __future__ import annotations

from typing import Any

from worklake.sandbox.notion import richtext
from worklake.sandbox.notion.entities import DataSource, Group, Json, Option, Property
from worklake.sandbox.notion.errors import invalid, not_served
from worklake.sandbox.notion.store import Store, shown_time

_PLAIN = frozenset({"rich_text", "number", "date", "people", "checkbox", "url", "email", "phone_number", "files"})


def data_source(source: DataSource, *, names_archived: bool) -> Json:
    """A data source with its schema."""
    shown: Json = {
        "object": "data_source",
        "id": source.id,
        "title": richtext.of_text(source.name),
        "description": [],
        "parent": {"type": "database_id", "database_id": source.database_id},
        "database_parent": {"type": "workspace", "workspace": True},
        "is_inline": False,
        "in_trash": False,
        "created_time": shown_time(source.created_at),
        "last_edited_time": shown_time(source.edited_at),
        "icon": None,
        "cover": None,
        "url": f"https://www.notion.so/{source.database_id.replace('-', '')}",
        "public_url": None,
        "properties": {prop.name: schema_of(prop) for prop in source.properties},
    }
    return shown | {"archived": False} if names_archived else shown


def database(sources: list[DataSource], *, names_archived: bool) -> Json:
    """A database with its data sources."""
    first = sources[0]
    shown = data_source(first, names_archived=names_archived)
    for name in ("properties", "database_parent"):
        del shown[name]
    return shown | {
        "object": "database",
        "id": first.database_id,
        "parent": {"type": "workspace", "workspace": True},
        "data_sources": [{"id": one.id, "name": one.name} for one in sources],
    }


def schema_of(prop: Property) -> Json:
    """A property as a schema shows it."""
    held: Json = {}
    if prop.type in ("select", "multi_select", "status"):
        held["options"] = [
            {"id": one.id, "name": one.name, "color": one.color, "description": None} for one in prop.options
        ]
    if prop.type == "status":
        held["groups"] = [
            {"id": one.id, "name": one.name, "color": one.color, "option_ids": one.option_ids} for one in prop.groups
        ]
    if prop.type == "number":
        held["format"] = prop.config.get("format", "number")
    if prop.type == "relation":
        held = {"data_source_id": prop.config["data_source_id"], "type": "single_property", "single_property": {}}
    if prop.type == "unique_id":
        held["prefix"] = prop.config.get("prefix")
    return {"id": prop.id, "name": prop.name, "description": None, "type": prop.type, prop.type: held}


def change(store: Store, source: DataSource, sent: Any) -> None:
    """Add, rename or take away properties. Raises `ApiError`, and changes nothing then."""
    if not isinstance(sent, dict):
        raise invalid("body failed validation: body.properties should be an object.")
    kept, added = list(source.properties), []
    renamed: list[tuple[Property, str]] = []
    for name, given in sent.items():
        known = source.find(name)
        if known is None:
            added.append(_new(store, source, name, given))
        elif given is None:
            if known.type == "title":
                raise invalid("Cannot delete the title property.")
            kept.remove(known)
        elif given.get("name"):
            renamed.append((known, str(given["name"])))
        else:
            _change_options(store, known, given)
    for prop, name in renamed:
        prop.name = name
    source.properties = [*kept, *added]
    source.edited_at = store.now()


def _new(store: Store, source: DataSource, name: str, given: Any) -> Property:
    kind = next((one for one in given if one not in ("name", "type", "description")), None) if given else None
    if not isinstance(kind, str) or not isinstance(given[kind], dict):
        raise invalid(f"body failed validation: body.properties.{name} should have a type.")
    identity = f"{store.new_id('property')[:3]}%3B"
    prop = Property(identity, name, kind)
    if kind in ("select", "multi_select"):
        prop.options = [
            Option(store.new_id("option"), str(one["name"]), one.get("color", "default"))
            for one in given[kind].get("options", ())
        ]
    elif kind == "status":
        _default_status(store, prop)
    elif kind == "relation":
        if given[kind].get("data_source_id") not in store.data_sources:
            raise invalid(f"body failed validation: body.properties.{name}.relation.data_source_id is not known.")
        prop.config = {"data_source_id": given[kind]["data_source_id"]}
    elif kind in _PLAIN:
        prop.config = dict(given[kind])
    else:
        raise not_served(f"making a property of the type {kind}")
    return prop


def _default_status(store: Store, prop: Property) -> None:
    """The options of a new status; a write cannot name others."""
    for group, name, color in (
        ("To-do", "Not started", "gray"), ("In progress", "In progress", "blue"), ("Complete", "Done", "green"),
    ):  # fmt: skip
        option = Option(store.new_id("option"), name, color)
        prop.options.append(option)
        prop.groups.append(Group(store.new_id("group"), group, color, [option.id]))
    prop.config["default"] = prop.options[0].id


def _change_options(store: Store, prop: Property, given: Json) -> None:
    """The options of a select; those that are not named any more go."""
    held = given.get(prop.type)
    if prop.type not in ("select", "multi_select") or not isinstance(held, dict) or "options" not in held:
        raise not_served(f"changing the schema of a {prop.type} property")
    options = []
    for one in held["options"]:
        known = prop.option(str(one.get("id"))) or next(
            (each for each in prop.options if each.name == one["name"]), None
        )
        options.append(known or Option(store.new_id("option"), str(one["name"]), one.get("color", "default")))
    prop.options = options
