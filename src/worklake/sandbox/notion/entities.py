"""What a Notion workspace holds."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

Json = dict[str, Any]


@dataclass(slots=True)
class User:
    """A member of the workspace, or the bot of a connection."""

    id: str
    name: str
    email: str | None = None
    is_bot: bool = False


@dataclass(slots=True)
class Option:
    """An option of a select, a multi-select or a status."""

    id: str
    name: str
    color: str = "default"


@dataclass(slots=True)
class Group:
    """A group of a status: To-do, In progress or Complete."""

    id: str
    name: str
    color: str
    option_ids: list[str]


@dataclass(slots=True)
class Property:
    """A column of a data source. `config` is what its type holds besides options and groups."""

    id: str
    name: str
    type: str
    options: list[Option] = field(default_factory=list)
    groups: list[Group] = field(default_factory=list)
    config: Json = field(default_factory=dict)

    def option(self, identity: str) -> Option | None:
        """The option with this id."""
        return next((one for one in self.options if one.id == identity), None)


@dataclass(slots=True)
class DataSource:
    """A table of a database."""

    id: str
    database_id: str
    name: str
    properties: list[Property]
    created_at: datetime
    edited_at: datetime
    shared: bool = True

    def find(self, key: str) -> Property | None:
        """The property with this name or id."""
        named = next((one for one in self.properties if one.name == key), None)
        return named or next((one for one in self.properties if one.id == key), None)


@dataclass(slots=True)
class Block:
    """A block of a page's body. `content` is what stands under its type, as it is shown."""

    id: str
    type: str
    content: Json
    created_at: datetime
    edited_at: datetime
    created_by: str
    edited_by: str
    children: list[Block] = field(default_factory=list)
    in_trash: bool = False


@dataclass(slots=True)
class Page:
    """A row of a data source. Values by property id: texts as they are shown, options, people and pages as ids.

    One that is not `shared` cannot be seen through the connection; one that is `purged` is gone from the trash too.
    """

    id: str
    data_source: str
    number: int
    created_at: datetime
    edited_at: datetime
    created_by: str
    edited_by: str
    values: Json = field(default_factory=dict)
    body: list[Block] = field(default_factory=list)
    in_trash: bool = False
    shared: bool = True
    purged: bool = False


@dataclass(slots=True)
class Comment:
    """A comment on a page."""

    id: str
    page: str
    discussion: str
    rich_text: list[Json]
    created_by: str
    created_at: datetime
    edited_at: datetime
    resolved: bool = False
