"""The contract of a provider: what it must say of itself and what it must do.

A provider package registers a subclass of `BaseIntegration` under the entry-point group `worklake.integrations`;
`worklake.testing` holds the contract tests that each one runs.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar, NamedTuple

from worklake.integrations.http import Http
from worklake.integrations.wire import Wire
from worklake.model.fields import FieldValue
from worklake.model.rows import Kind
from worklake.settings.models import SourceSettings

Payload = dict[str, Any]
"""A JSON object as the provider sent it."""


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a provider can do. `fields` are the canonical fields that it can show."""

    fields: frozenset[str]
    incremental: bool
    webhooks: bool
    deletes: bool
    archives: bool
    client_made_ids: bool


class Item(NamedTuple):
    """One payload out of a listing. `external_id` is None where the payload lacks a usable id."""

    kind: Kind
    external_id: str | None
    payload: Payload
    updated_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """Some items, and the position from which a later listing goes on when these have been kept.

    `position` is opaque to everyone but the integration that made it: JSON text without secrets.
    """

    items: Sequence[Item]
    position: str
    expected_total: int | None = None
    """How many items the whole listing will bring, where the provider says so. For progress only."""


@dataclass(slots=True)
class TaskView:
    """What a provider shows of a task, at its own resolution.

    `fields` holds every canonical field in `Capabilities.fields`, and no other; people are external ids of accounts,
    parent and blockers external ids of items. `blocks` are external ids of items that this one blocks, where the
    provider shows the relation from this side. `urls` are those that stand in the text or are attached, whatever they
    point at; `markers` are task ids out of Worklake's own markers in it.
    """

    fields: dict[str, FieldValue]
    key: str | None
    url: str | None
    created_at: datetime | None
    updated_at: datetime | None
    completed_at: datetime | None
    author: str | None
    blocks: list[str] = field(default_factory=list)
    urls: list[str] = field(default_factory=list)
    markers: list[str] = field(default_factory=list)
    deleted: bool = False


@dataclass(slots=True)
class CommentView:
    """What a provider shows of a comment. `task` is the external id of the task, `author` that of an account."""

    task: str
    author: str | None
    body: str
    created_at: datetime | None
    updated_at: datetime | None


@dataclass(slots=True)
class PersonView:
    """What a provider shows of an account."""

    name: str
    username: str | None
    email: str | None
    active: bool


@dataclass(slots=True)
class ProjectView:
    """What a provider shows of a project."""

    name: str
    path: str | None
    description: str | None
    url: str | None
    archived: bool


@dataclass(slots=True)
class MilestoneView:
    """What a provider shows of a milestone. `project` is the external id of its project; dates are ISO strings."""

    title: str
    project: str | None
    start_date: str | None
    due_date: str | None
    closed: bool


View = TaskView | CommentView | PersonView | ProjectView | MilestoneView


class Lens(ABC):
    """Translates between a provider's payloads and canonical fields. Pure: settings in, no I/O.

    Laws, for every payload p that the provider can send and all fields x: `get(put(x, p)) == project(x, p)`, and
    `put(get(p), p)` shows what p shows. Both are held by property tests.
    """

    @abstractmethod
    def view(self, kind: Kind, payload: Payload) -> View:
        """What the payload shows. Raises `UnreadableError` that names the field, what was found and expected."""

    @abstractmethod
    def put(self, fields: Mapping[str, FieldValue], payload: Payload) -> Payload:
        """The task payload that the provider would show once these fields are set on the item that `payload` shows."""

    @abstractmethod
    def project(self, fields: Mapping[str, FieldValue], payload: Payload) -> dict[str, FieldValue]:
        """How the provider would show these canonical fields: cut to what it can tell apart."""

    @abstractmethod
    def fingerprint(self) -> str:
        """Changes when a payload would be read differently: with the settings of the mapping, or its rules."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of `check`: what was looked at, whether it is well, and how to mend it where it is not."""

    subject: str
    ok: bool
    detail: str
    mend: str | None = None


class BaseIntegration(ABC):
    """One source: a configured account of a provider.

    Raises, from every call that reaches the provider: `AuthError`, `AccessError`, `NotFoundError`, `RetryableError`
    once its retries are spent.
    """

    provider: ClassVar[str]
    capabilities: ClassVar[Capabilities]
    settings_model: ClassVar[type[SourceSettings]]
    """The source's settings, validated when `conf/sources.yml` is loaded."""
    wire: ClassVar[Wire] = Wire()
    """Where the token goes on the wire and how the provider tells its limits; what `Http` is made with."""

    lens: Lens

    @abstractmethod
    def __init__(self, source: str, settings: SourceSettings, http: Http) -> None:
        """A source of this name. Reaches nothing; `http` carries the credentials."""

    @abstractmethod
    def check(self) -> Iterator[Finding]:
        """Whether the provider can be reached, as whom, with which permissions, and each configured project or team."""

    @abstractmethod
    def list_changed(self, position: str | None, now: datetime) -> Iterator[Page]:
        """Everything that changed since `position` (None: everything), archived items too, in pages.

        Items may come again that were brought before, within the overlap that makes up for clocks; none is left out.
        Stopping after any page and starting again at its position leaves nothing out either. When nothing changed, the
        last page's position equals the one given.
        """

    @abstractmethod
    def complete(self, items: Sequence[Item]) -> Iterator[Item]:
        """These listed items with what the listing leaves out (relations), and their comments and people as items.

        Called for new and changed items only. An item that needs nothing is given back as it is.
        """

    @abstractmethod
    def list_ids(self) -> Iterator[str]:
        """External ids of all live tasks, as cheaply as the provider can list them."""

    @abstractmethod
    def read(self, external_id: str) -> Item:
        """One task as it is now."""

    @abstractmethod
    def comments(self, external_id: str) -> Iterator[Item]:
        """The comments of a task, oldest first, without those that the provider itself wrote."""

    @abstractmethod
    def key_of(self, url: str) -> str | None:
        """The key of the task that this URL shows, or None where the URL is not one of this source's tasks."""
