"""What `worklake check` says of a Notion source, and what `worklake init --notion` makes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from worklake.errors import AccessError, AuthError, NotFoundError, WorklakeError
from worklake.integrations.base import Finding, Payload
from worklake.integrations.notion.client import NotionClient, RefusedError, at
from worklake.integrations.notion.fields import TYPES
from worklake.integrations.notion.schema import STATUS_OF_GROUP, Misfit, Schema
from worklake.integrations.notion.settings import DataSourceSettings, NotionSettings

_TOKEN_MEND = (
    "make a connection at notion.so/profile/integrations, and put its secret where `token` in conf/sources.yml points"  # noqa: S105
)
_SHARE = "in Notion, open the database, choose ••• > Connections and add the connection"
_MAKE = "run worklake init --notion to make it, or correct `properties` in conf/sources.yml"


def findings(client: NotionClient, settings: NotionSettings) -> Iterator[Finding]:
    """The connection, what it may see of people, and each data source with its properties and options."""
    try:
        me = client.get("/users/me")
    except WorklakeError as error:
        about_token = isinstance(error, AuthError | AccessError)
        server = f"see that base_url ({settings.base_url}) in conf/sources.yml is right, and the network"
        yield Finding("connection", False, str(error), _TOKEN_MEND if about_token else server)
        return
    bot = me.get("bot")
    workspace = bot.get("workspace_name") if isinstance(bot, dict) else None
    yield Finding("connection", True, f"{me.get('name')}, workspace {workspace or 'of a name it does not tell'}")
    yield _people(client)
    for name, one in settings.data_sources.items():
        yield from _data_source(client, name, one)


def _people(client: NotionClient) -> Finding:
    try:
        users = [one for one in client.all("/users") if isinstance(one, dict) and one.get("type") == "person"]
    except WorklakeError as error:
        return Finding(
            "people", True, f"{error}; people are known by what pages show of them, and match by conf/people.yml alone"
        )
    with_address = sum(bool((one.get("person") or {}).get("email")) for one in users)
    detail = f"{len(users)} members, {with_address} with their e-mail address"
    if users and not with_address:
        detail += (
            "; they match other tools' people by conf/people.yml alone, unless the connection may read user"
            " information including email addresses"
        )
    return Finding("people", True, detail)


def _data_source(client: NotionClient, name: str, settings: DataSourceSettings) -> Iterator[Finding]:
    subject = f"data source {name}"
    try:
        schema = Schema(client.get(f"/data_sources/{at(settings.id)}"))
    except (NotFoundError, RefusedError) as error:
        yield Finding(subject, False, *_not_found(client, settings.id, error))
        return
    except WorklakeError as error:
        yield Finding(subject, False, str(error), _SHARE)
        return
    yield Finding(subject, True, f"{schema.title or 'without a name'}, {len(schema.properties)} properties")
    for one in schema.misfits(settings):
        yield _misfit(subject, one)
    for field in ("status", "priority"):
        yield from _options(subject, field, schema, settings)


def _not_found(client: NotionClient, identity: str, error: WorklakeError) -> tuple[str, str]:
    """What is wrong with an id: it may be a database's, which holds data sources."""
    try:
        database = client.get(f"/databases/{at(identity)}")
    except WorklakeError:
        return str(error), f"correct the id in `data_sources`; if it is right: {_SHARE}"
    held: Any = database.get("data_sources")
    told = ", ".join(f"{one.get('id')} ({one.get('name')})" for one in held or () if isinstance(one, dict))
    return f"{identity} is the id of a database, not of a data source", f"put the id of one of its data sources: {told}"


def _misfit(subject: str, one: Misfit) -> Finding:
    types = " or ".join(one.wanted)
    if one.found is None:
        return Finding(subject, False, f"there is no property {one.name!r} for {one.field} (a {types})", _MAKE)
    mend = f"name a property of the type {types} for {one.field} in `properties`, or leave {one.field} out"
    return Finding(subject, False, f"{one.name!r} is a {one.found} and cannot hold {one.field} (a {types})", mend)


def _options(subject: str, field: str, schema: Schema, settings: DataSourceSettings) -> Iterator[Finding]:
    setting = "statuses" if field == "status" else "priorities"
    missing = schema.missing_options(field, settings)
    if missing and (field == "status" or "priorities" in settings.model_fields_set):
        listed = ", ".join(map(repr, missing))
        detail = f"`{setting}` names {listed}, and {field} has no such option: {field} is left alone"
        yield Finding(subject, False, detail, f"make the option in Notion, or correct `{setting}`")
    unnamed = schema.unnamed_options(field, settings)
    if unnamed and field == "status":
        told = ", ".join(f"{name}: {STATUS_OF_GROUP.get(group or '', '…')}" for name, group in unnamed.items())
        detail = f"the options {', '.join(map(repr, unnamed))} of status have no meaning: pages with them are put aside"
        yield Finding(subject, False, detail, f"add to `statuses`, for example {{{told}}}")
    elif unnamed:
        yield Finding(
            subject, True, f"the options {', '.join(map(repr, unnamed))} of {field} have no meaning, and count as none"
        )


def missing_properties(schema: Schema, settings: DataSourceSettings) -> dict[str, Payload]:
    """The properties to make, by name, for fields that have none; one of a wrong type is not touched."""
    made: dict[str, Payload] = {}
    for one in schema.misfits(settings):
        if one.found is None and one.field != "title":
            kind = "select" if one.field == "status" else TYPES[one.field][0]  # a status is made by people alone
            made[one.name] = {"type": kind, kind: _shape(kind, one.field, settings)}
    return made


def _shape(kind: str, field: str, settings: DataSourceSettings) -> Payload:
    if kind == "relation":
        return {"data_source_id": settings.id, "type": "single_property", "single_property": {}}
    if field in ("status", "priority"):
        named = settings.statuses if field == "status" else settings.priorities
        return {"options": [{"name": name} for name in named]}
    if kind == "number":
        return {"format": "number"}
    return {}


def set_up(client: NotionClient, settings: NotionSettings) -> Iterator[Finding]:
    """Make the properties that the settings name and the data sources lack; says what was made."""
    for name, one in settings.data_sources.items():
        subject = f"data source {name}"
        try:
            path = f"/data_sources/{at(one.id)}"
            missing = missing_properties(Schema(client.get(path)), one)
            if missing:
                client.write("PATCH", path, {"properties": missing})
        except WorklakeError as error:
            yield Finding(subject, False, str(error), _SHARE)
            continue
        made = ", ".join(f"{prop} ({held['type']})" for prop, held in missing.items())
        yield Finding(subject, True, f"made {made}" if made else "has all properties that the settings name")
