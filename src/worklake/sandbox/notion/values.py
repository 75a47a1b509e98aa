"""Values of properties: as they are sent, kept and shown."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

from worklake.sandbox.notion import richtext
from worklake.sandbox.notion.entities import DataSource, Json, Option, Page, Property
from worklake.sandbox.notion.errors import ApiError, invalid
from worklake.sandbox.notion.store import Store, shown_time, wire_id

REFERENCES = 25
"""So many people, relations or pieces of text an answer that shows a whole page holds."""
MOST = 100
LONGEST_OPTION = 100
READ_ONLY = frozenset(
    {"created_time", "last_edited_time", "created_by", "last_edited_by", "unique_id", "formula", "rollup"}
)
EMPTY: dict[str, Callable[[], Any]] = {
    "title": list, "rich_text": list, "multi_select": list, "people": list, "relation": list, "files": list,
    "checkbox": lambda: False,
}  # fmt: skip


def empty(kind: str) -> Any:
    """The value of a property in which nothing stands."""
    return EMPTY.get(kind, lambda: None)()


def kept(store: Store, source: DataSource, prop: Property, sent: Any) -> Any:
    """The value to keep of what was sent for a property. Raises `ApiError`."""
    if prop.type in READ_ONLY:
        raise invalid(f"{prop.name} is a {prop.type} property, whose value cannot be set.")
    if not isinstance(sent, dict):
        raise invalid(f"body failed validation: body.properties.{prop.name} should be an object.")
    if prop.type not in sent:
        raise invalid(f"{prop.name} is expected to be {prop.type}.")
    value = sent[prop.type]
    match prop.type:
        case "title" | "rich_text":
            return richtext.shown(value, f"body.properties.{prop.name}.{prop.type}", name_of(store))
        case "select" | "status":
            return _option_id(store, prop, value)
        case "multi_select":
            return list(dict.fromkeys(_option_id(store, prop, one) for one in _array(prop, value)))
        case "people":
            return [_user(store, prop, one) for one in _array(prop, value)]
        case "relation":
            return [_page(store, prop, one) for one in _array(prop, value)]
        case "number":
            return _number(prop, value)
        case "date":
            return None if value is None else _date(prop, value)
        case "checkbox":
            return bool(value)
        case "url" | "email" | "phone_number":
            return value if value is None else str(value)
    raise invalid(f"{prop.name}: a value of type {prop.type} cannot be set through the sandbox.")


def name_of(store: Store) -> richtext.NameOf:
    """The names of the workspace's users."""
    return lambda identity: store.users[identity].name if identity in store.users else None


def shown(store: Store, source: DataSource, page: Page, prop: Property) -> Json:
    """A property as a page shows it, cut to 25 references."""
    value = whole(store, source, page, prop)
    if isinstance(value, list) and prop.type in ("title", "rich_text", "people", "relation"):
        cut = len(value) > REFERENCES
        value = value[:REFERENCES]
        if prop.type == "relation":
            return {"id": prop.id, "type": prop.type, prop.type: value, "has_more": cut}
    return {"id": prop.id, "type": prop.type, prop.type: value}


def whole(store: Store, source: DataSource, page: Page, prop: Property) -> Any:
    """A property's value as it is shown, all of it."""
    value = page.values.get(prop.id)
    match prop.type:
        case "select" | "status":
            return _shown_option(prop.option(value)) if value else None
        case "multi_select":
            return [_shown_option(one) for each in value or () if (one := prop.option(each))]
        case "people":
            return [user(store, one) for one in value or ()]
        case "relation":
            return [{"id": one} for one in value or () if _visible(store, one)]
        case "created_time":
            return shown_time(page.created_at)
        case "last_edited_time":
            return shown_time(page.edited_at)
        case "created_by":
            return user(store, page.created_by)
        case "last_edited_by":
            return user(store, page.edited_by)
        case "unique_id":
            return {"prefix": prop.config.get("prefix"), "number": page.number}
    return empty(prop.type) if value is None else value


def user(store: Store, identity: str) -> Json:
    """A user as it is shown; one who is no member any more by id alone."""
    known = store.users.get(identity)
    if known is None:
        return {"object": "user", "id": identity}
    base: Json = {"object": "user", "id": known.id, "name": known.name, "avatar_url": None}
    if known.is_bot:
        return base | {"type": "bot", "bot": {}}
    return base | {"type": "person", "person": {"email": known.email}}


def _visible(store: Store, page: str) -> bool:
    known = store.pages.get(page)
    return known is not None and known.shared and not known.purged and not known.in_trash


def _shown_option(option: Option | None) -> Json | None:
    return None if option is None else {"id": option.id, "name": option.name, "color": option.color}


def _option_id(store: Store, prop: Property, sent: Any) -> str | None:
    if sent is None:
        return next((one.id for one in prop.options if one.id == prop.config.get("default")), None)
    if not isinstance(sent, dict) or not (sent.get("id") or sent.get("name")):
        raise invalid(f"body failed validation: body.properties.{prop.name} should have an option's name or id.")
    by_id = prop.option(str(sent.get("id")))
    if by_id is not None:
        return by_id.id
    name = str(sent.get("name") or "")
    known = next((one for one in prop.options if one.name == name), None)
    if known is not None:
        return known.id
    if prop.type == "status":
        raise invalid(f'Invalid status option. Status option "{name}" does not exist.')
    return add_option(store, prop, name).id


def add_option(store: Store, prop: Property, name: str) -> Option:
    """A new option of a select or a multi-select. Raises `ApiError` for a name that Notion does not take."""
    if "," in name:
        raise invalid(f"Invalid {prop.type} option, commas not allowed: {name}")
    if not name or len(name) > LONGEST_OPTION:
        raise invalid(f"body failed validation: {prop.name}: an option's name has 1 to {LONGEST_OPTION} characters.")
    option = Option(store.new_id("option"), name)
    prop.options.append(option)
    return option


def _array(prop: Property, value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise invalid(f"body failed validation: body.properties.{prop.name}.{prop.type} should be an array.")
    if len(value) > MOST:
        raise invalid(
            f"body failed validation: body.properties.{prop.name}.{prop.type}.length should be ≤ `{MOST}`,"
            f" instead was `{len(value)}`."
        )
    return value


def _reference(prop: Property, sent: Any) -> str:
    identity = wire_id(str(sent.get("id"))) if isinstance(sent, dict) else None
    if identity is None:
        raise invalid(f"body failed validation: body.properties.{prop.name}.{prop.type}[].id should be a valid uuid.")
    return identity


def _user(store: Store, prop: Property, sent: Any) -> str:
    identity = _reference(prop, sent)
    if identity not in store.users:
        raise ApiError(400, "validation_error", f"{prop.name}: {identity} is no user of this workspace.")
    return identity


def _page(store: Store, prop: Property, sent: Any) -> str:
    identity = _reference(prop, sent)
    page = store.pages.get(identity)
    if page is None or page.purged or not page.shared:
        raise ApiError(404, "object_not_found", f"Could not find page with ID: {identity}.")
    if page.data_source != prop.config.get("data_source_id"):
        raise invalid(f"{prop.name}: the page {identity} is not in the related data source.")
    return identity


def _number(prop: Property, value: Any) -> float | int | None:
    if value is not None and (isinstance(value, bool) or not isinstance(value, int | float)):
        raise invalid(f"body failed validation: body.properties.{prop.name}.number should be a number or `null`.")
    return value


def _date(prop: Property, value: Any) -> Json:
    where = f"body.properties.{prop.name}.date"
    if not isinstance(value, dict):
        raise invalid(f"body failed validation: {where} should be an object or `null`.")
    start, end = (_moment(where, value.get(name)) for name in ("start", "end"))
    if start is None:
        raise invalid(f"body failed validation: {where}.start should be a valid ISO 8601 date string.")
    if end is not None and end < start:
        raise invalid(f"{prop.name}: the end date is before the start date.")
    return {"start": value["start"], "end": value.get("end"), "time_zone": value.get("time_zone")}


def _moment(where: str, text: Any) -> datetime | None:
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
        return moment.replace(tzinfo=None) if len(text) > len(date.min.isoformat()) else moment
    except (TypeError, ValueError):
        raise invalid(f"body failed validation: {where} should be a valid ISO 8601 date string.") from None
