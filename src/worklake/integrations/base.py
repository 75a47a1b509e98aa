"""The contract of a provider: what it must say of itself and what it must do.

A provider package registers a subclass of `BaseIntegration` under the entry-point group `worklake.integrations`;
`worklake.testing` holds the contract tests that each one runs.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar, NamedTuple

from worklake.errors import AccessError, NotFoundError
from worklake.integrations.http import Http
from worklake.integrations.views import TaskView, View
from worklake.integrations.wire import Wire
from worklake.model.fields import Fields, FieldValue
from worklake.model.ids import CommentId, TaskId
from worklake.model.rows import Kind
from worklake.settings.models import SourceSettings

Payload = dict[str, Any]
"""A JSON object as the provider sent it."""


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a provider can do. `fields` are the canonical fields that it can show.

    Of these, `update` takes those in `writable`, `create` those in `creatable`, and `history` tells of those in
    `field_history`. `reads_many` says that `read_many` takes fewer calls than there are items, `tells_editor` that
    the history names who made an edit. `closes`, `archives` and `deletes` are the ways to put a task away, each with
    its way back where `reopen` and `restore` say so; `restores` says that `restore` brings back what was deleted.
    `lists_archived` says that `list_changed` brings what was archived since or brought back; elsewhere `list_ids`
    leaves it out, and `find_out` tells of it.
    `tells_deleted` says that what was deleted can be told from what may not be seen; elsewhere `find_out` says of both
    that it has no access.
    Without `addresses` no URL shows a task.
    """

    fields: frozenset[str]
    incremental: bool
    webhooks: bool
    deletes: bool
    archives: bool
    client_made_ids: bool
    writable: frozenset[str] = frozenset()
    creatable: frozenset[str] = frozenset()
    closes: bool = True
    comments_editable: bool = True
    reads_many: bool = False
    field_history: frozenset[str] = frozenset()
    tells_editor: bool = False
    restores: bool = False
    lists_archived: bool = True
    tells_deleted: bool = True
    comments_deletable: bool = True
    addresses: bool = True


@dataclass(frozen=True, slots=True)
class Allowance:
    """How many requests a source allows itself in a minute, and for what one run does there besides its first listing,
    where the provider does not tell how much of its quota is left.
    """

    per_minute: float
    per_run: int


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


class Lens(ABC):
    """Translates between a provider's payloads and canonical fields. Pure: settings in, no I/O.

    Laws, for every payload p that the provider can send, with g = get(p), and all fields x:
    `get(put(x, p)) == g | project(x, g)`, and `put(g, p)` shows what p shows. Both are held by property tests.
    """

    @abstractmethod
    def view(self, kind: Kind, payload: Payload) -> View:
        """What the payload shows. Raises `UnreadableError` that names the field, what was found and expected."""

    @abstractmethod
    def put(self, fields: Fields, payload: Payload) -> Payload:
        """The task payload that the provider would show once these fields are set on the item that `payload` shows."""

    @abstractmethod
    def project(self, fields: Fields, shown: Fields | None) -> dict[str, FieldValue]:
        """How the provider would show these fields on an item that now shows `shown`: cut to what it can tell apart.

        A field that cannot be set stays as it is shown; one that the item does not have is left out. None stands for
        an item yet to be made: what cannot be set is left out of it.
        """

    def telling(self, payload: Payload) -> Payload:
        """What of a payload, of any kind, tells an edit: where that is as before, the payload is known already."""
        return payload

    def without(self, names: Mapping[str, Sequence[str]]) -> Lens:
        """The lens where these names, by field, do not exist at the provider.

        What it then shows of a task is what people see there once such a name was deleted.
        """
        return self

    def is_on_the_way(self, field: str, before: FieldValue, sent: FieldValue, shown: FieldValue) -> bool:
        """Whether `shown` is what a write of `sent` in the place of `before` leaves that stopped half-way.

        Never where a field is written in one call. What is on the way is nobody's edit, and is due again.
        """
        return False

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


class Where(StrEnum):
    """What became of an item that a listing left out."""

    THERE = "there"
    ARCHIVED = "archived"
    DELETED = "deleted"
    MOVED = "moved"
    NO_ACCESS = "no_access"


class LastSeen(NamedTuple):
    """An item as it was last seen: its key, where one is known, and what it showed."""

    external_id: str
    key: str | None
    fields: Fields


class Found(NamedTuple):
    """What became of an item; `item` is what it shows now, where it can be read. `why` says it in words."""

    external_id: str
    where: Where
    item: Item | None = None
    why: str = ""


class FieldEdit(NamedTuple):
    """One edit of one field, as the provider's own history tells it. `actor` is the external id of an account.

    Where `told` is true, `before` and `after` are the field's values as a view shows them, or, of a set, the elements
    that were taken out and those that were put in. Where it is false, they are not known. `began` is set where the
    entry holds several edits of one person: `before` is the value at that time, and `at` the time of the last edit.
    """

    field: str
    at: datetime
    actor: str | None
    before: FieldValue = None
    after: FieldValue = None
    told: bool = False
    began: datetime | None = None


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Which values exist at the provider now.

    `known` has, for each field that takes nothing but what exists there, its values as a view shows them. `missing`
    has, for each field, the names that the settings give a meaning and that do not exist there (any more): what a view
    shows of that field cannot be trusted, and nothing should be written to it. `assumed` are fields whose names nobody
    wrote into the settings: there they are made when they are first written.
    """

    known: Mapping[str, frozenset[str]]
    missing: Mapping[str, tuple[str, ...]]
    assumed: frozenset[str] = frozenset()


class BaseIntegration(ABC):
    """One source: a configured account of a provider.

    Raises, from every call that reaches the provider: `AuthError`, `AccessError`, `NotFoundError`, `RetryableError`
    once its retries are spent. From calls that write, `RetryableError` means that nothing was done for certain;
    `UnknownOutcomeError` that the call was made and nobody knows what became of it; `RefusedValueError` that the
    provider does not take a value. Fields and references are in the provider's own ids, at its resolution, everywhere.
    What is written comes back as text: nothing in it is executed.
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

    def set_up(self) -> Iterator[Finding]:
        """Make at the provider what the settings name and it lacks (properties of a table), and say what was made.

        Nothing where nothing of the kind is ever needed.
        """
        return iter(())

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

        Called for new and changed items only. An item that needs nothing is given back as it is. Where single items
        cannot be completed they are left out, and `LeftOutError` is raised at the end, after all others.
        """

    @abstractmethod
    def list_ids(self) -> Iterator[str]:
        """External ids of all live tasks, as cheaply as the provider can list them.

        Archived ones too, unless `Capabilities.lists_archived` is false: then one that is listed is not archived.
        """

    @abstractmethod
    def read(self, external_id: str) -> Item:
        """One task as it is now."""

    @abstractmethod
    def comments(self, external_id: str) -> Iterator[Item]:
        """The comments of a task, oldest first, without those that the provider itself wrote."""

    def account(self) -> str | None:
        """The external id of the account that writes here, by which the history tells our own edits from others'.

        None where the provider does not tell.
        """
        return None

    def allowance(self) -> Allowance | None:
        """How often it may be asked; None where the provider's own answers tell."""
        return None

    def mapped_names(self) -> Mapping[str, tuple[str, ...]]:
        """The names that the settings give a meaning, by field: those that `vocabulary` may find missing."""
        return {}

    def recall(self, external_id: str, key: str, shown: Fields) -> None:
        """Be told the key that an item had when it was last read, and what it showed: that may spare calls.

        Where it is no longer so, the item is found all the same.
        """
        return

    @abstractmethod
    def key_of(self, url: str) -> str | None:
        """The key of the task that this URL shows, or None where the URL is not one of this source's tasks."""

    @abstractmethod
    def read_many(self, external_ids: Sequence[str]) -> Iterator[Item]:
        """These tasks as they are now, in any order, as `read` gives them. One that is gone is left out."""

    def find_out(self, items: Sequence[LastSeen]) -> Iterator[Found]:
        """What became of each of these tasks, in any order.

        `DELETED` only where it is certain: not where a project or team that the item was in cannot be read now, which
        is `NO_ACCESS`. `MOVED` is what can be read and is no longer in a place that the settings name.
        """
        left = {one.external_id: one for one in items}
        try:
            for item in self.read_many(list(left)):
                if item.external_id in left:
                    yield self._found(left.pop(item.external_id), item)
        except (AccessError, NotFoundError):
            pass  # one of them hides the others: each is asked for
        for one in left.values():
            try:
                item = self.read(one.external_id)
            except AccessError as error:
                yield Found(one.external_id, Where.NO_ACCESS, None, str(error))
            except NotFoundError as error:
                yield self.gone(one, str(error))
            else:
                yield self._found(one, item)

    def _found(self, one: LastSeen, item: Item) -> Found:
        place = self.place_of(item)
        if place[0] is Where.MOVED:
            return Found(one.external_id, *place)  # what becomes of it there is no matter of ours
        view = self.lens.view(item.kind, item.payload)
        if isinstance(view, TaskView) and view.deleted:
            return Found(one.external_id, Where.DELETED, item)
        if isinstance(view, TaskView) and view.fields.get("archived"):
            return Found(one.external_id, Where.ARCHIVED, item)
        return Found(one.external_id, *place)

    def covers(self, key: str) -> bool:
        """Whether a key tells by itself that its item lies where the settings look."""
        return True

    def outside(self, item: Item) -> str | None:
        """Where an item that can be read lies, in words, if no place that the settings name is known to hold it."""
        return None

    def place_of(self, item: Item) -> tuple[Where, Item, str]:
        """Where an item that can be read is: `THERE`, or `MOVED` to a place that the settings do not name."""
        outside = self.outside(item)
        return (Where.THERE, item, "") if outside is None else (Where.MOVED, item, outside)

    def gone(self, one: LastSeen, why: str) -> Found:
        """What it means that nothing is found of an item: that it was deleted, or that this token may not see it."""
        return Found(one.external_id, Where.DELETED, None, why)

    @abstractmethod
    def made_id(self, marker: TaskId | CommentId) -> str | None:
        """The id that a new item for this task or comment will have there, the same every time.

        None where the provider gives ids itself.
        """

    @abstractmethod
    def create(self, fields: Fields, *, where: str | None, marker: TaskId, made_id: str | None) -> Item:
        """Make a task, in the project or team `where` (None: the one in the settings), and give it as it then shows.

        `find_created` finds it again: by the id that `made_id` gave, else by the marker in its text. It must have been
        asked before a task with the same marker is made again. An error means that the first call, which makes it,
        failed. Where only a later call does, which sets what the first cannot, the task is given as it was made: what
        is missing in it is yet to be written.
        """

    @abstractmethod
    def find_created(self, marker: TaskId, made_id: str | None, since: datetime) -> Item | None:
        """The task that `create` made with this marker and id at or after `since`, by Worklake's clock, if it did."""

    @abstractmethod
    def update(self, external_id: str, fields: Fields, shown: Fields) -> Item:
        """Set exactly these fields of a task that now shows `shown`, and give it as it then shows.

        What is in a set and not in `shown` is added, what is in `shown` and not in the set is taken out; elements that
        others add meanwhile stay, where the provider can add and take out single ones.
        """

    @abstractmethod
    def close(self, external_id: str) -> Item:
        """Close a task, as canceled where the provider can say so. Closing a closed one does nothing."""

    @abstractmethod
    def reopen(self, external_id: str) -> Item:
        """Open a closed task again. Opening an open one does nothing."""

    @abstractmethod
    def archive(self, external_id: str) -> Item:
        """Put a task away. Raises `InvalidInputError` where `Capabilities.archives` is false."""

    @abstractmethod
    def restore(self, external_id: str) -> Item:
        """Bring back a task put away. Raises `InvalidInputError` or `NotFoundError` where that cannot be."""

    @abstractmethod
    def delete(self, external_id: str) -> None:
        """Delete a task. One that is gone already is as good as deleted."""

    @abstractmethod
    def add_comment(self, task: str, body: str, *, marker: CommentId, made_id: str | None) -> Item:
        """Write a comment on the task with this external id. `find_comment` finds it again."""

    @abstractmethod
    def find_comment(self, task: str, marker: CommentId, made_id: str | None) -> Item | None:
        """The comment that `add_comment` wrote with this marker and id, if it did."""

    @abstractmethod
    def edit_comment(self, task: str, comment: str, body: str, *, marker: CommentId | None) -> Item:
        """Give a comment another text. `marker` is the one it was written with, None where a person wrote it."""

    @abstractmethod
    def delete_comment(self, task: str, comment: str) -> None:
        """Delete a comment. One that is gone already is as good as deleted.

        Raises `InvalidInputError` where `Capabilities.comments_deletable` is false.
        """

    @abstractmethod
    def history(self, external_id: str, since: datetime, fields: AbstractSet[str] | None = None) -> Iterator[FieldEdit]:
        """The edits of a task at or after `since`, oldest first, of these fields (None: of all in `field_history`)."""

    @abstractmethod
    def vocabulary(self, fields: AbstractSet[str]) -> Vocabulary:
        """Which values exist there for these fields, by as few calls as that takes."""
