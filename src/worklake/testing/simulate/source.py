"""A simulated source: a provider's server and the integration that speaks with it, in one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple

from worklake.errors import InvalidInputError, NotFoundError, RefusedValueError, UnknownOutcomeError
from worklake.integrations.base import (
    BaseIntegration,
    Capabilities,
    FieldEdit,
    Finding,
    Item,
    Page,
    Payload,
    Vocabulary,
)
from worklake.model.fields import Fields, FieldValue
from worklake.model.ids import CommentId, TaskId
from worklake.model.rows import Kind
from worklake.settings.models import SourceSettings
from worklake.sync.rules.values import elements, same
from worklake.testing.simulate.comments import Discussion
from worklake.testing.simulate.shapes import CLOSED, EMPTY, Shape

PERSON, WORKLAKE = "eve", "worklake"
"""Who edits items in a simulated source: a person, and the account that Worklake uses."""

Fault = Callable[[str, str], bool]
"""Called with source and call before each; may raise what stops it, and says whether the reply is lost."""


@dataclass(slots=True)
class SimulatedItem:
    """An item as the server keeps it. `unread` are the fields that people have edited since it was last read, `read`
    what it then showed, and when it had last changed.
    """

    fields: dict[str, FieldValue]
    updated_at: datetime
    markers: list[str] = field(default_factory=list)
    edited: dict[str, datetime] = field(default_factory=dict)
    log: list[FieldEdit] = field(default_factory=list)
    deleted: bool = False
    earlier: tuple[dict[str, FieldValue], datetime] | None = None
    changes: int = 0
    unread: set[str] = field(default_factory=set)
    read: tuple[dict[str, FieldValue], datetime] | None = None


class Call(NamedTuple):
    """A write that the server did for us. `shown` is what the item then showed; the reply may have been `lost`."""

    source: str
    external_id: str
    operation: str
    fields: dict[str, FieldValue]
    marker: str | None
    shown: dict[str, FieldValue]
    lost: bool


class Hooks:
    """What the world does to a source while it is called: nothing, unless it is told to."""

    def chance(self, likely: float) -> bool:
        """Whether something that is so likely happens."""
        return False

    def before_write(self, external_id: str, fields: Fields) -> None:
        """Just before fields are set."""

    def raced(self, external_id: str, name: str) -> None:
        """A write went over what a person had set since the item was read."""

    def done(self, call: Call) -> None:
        """The server did what it was asked."""

    def read(self, external_id: str) -> None:
        """An item was read that may be merged as it is."""


class SimulatedSource(BaseIntegration):
    """Keeps the integration contract over items in memory."""

    provider = "simulated"
    settings_model = SourceSettings

    def __init__(self, name: str, shape: Shape, clock: Callable[[], datetime], fault: Fault) -> None:
        self.name = name
        self.shape = shape
        self.lens = shape.lens
        self.items: dict[str, SimulatedItem] = {}
        self.calls: list[Call] = []
        self.hooks = Hooks()
        self.discussion = Discussion(name, shape, self.now, self._call, lambda key: self.items[key].deleted)
        self._clock = clock
        self._fault = fault
        self.capabilities = Capabilities(  # type: ignore[misc]
            fields=shape.fields,
            incremental=shape.incremental,
            webhooks=False,
            deletes=shape.deletes,
            archives=False,
            client_made_ids=shape.makes_ids,
            writable=shape.writable,
            creatable=shape.writable - shape.later,
            reads_many=shape.reads_many,
            restores=shape.restores,
            field_history=shape.told,
            tells_editor=shape.history != "none",
        )

    def now(self) -> datetime:
        """The server's time, as it tells it."""
        return self.shape.time(self._clock())

    def person_creates(self, fields: Fields) -> str:
        """An item as a person makes it; gives its id."""
        external_id = self._new_id()
        self._make(external_id, {**EMPTY, **fields})
        return external_id

    def _new_id(self) -> str:
        return self.shape.new_id(self.name, len(self.items) + 1)

    def _make(self, external_id: str, fields: Fields, marker: str | None = None) -> None:
        """Let there be an item that shows what the server makes of these fields."""
        known = {name: value for name, value in fields.items() if name in self.shape.fields}
        markers = [marker] if marker else []
        self.items[external_id] = SimulatedItem(self.shape.stored(known), self.now(), markers)

    def _put(self, item: SimulatedItem, name: str, value: FieldValue) -> None:
        """Let an item show what the server makes of a value."""
        item.fields[name] = self.shape.stored({name: value})[name]

    def _breaks_off(self, fields: Fields) -> bool:
        """Whether an update stops half-way, where it takes many calls."""
        return False

    def _done(self, item: SimulatedItem, fields: Fields, lost: bool) -> Fields:
        """What is done of an update: all of it, where it is one call."""
        return fields

    def would_show(self, external_id: str, name: str, value: FieldValue) -> FieldValue:
        """What an item would show once a person has set this."""
        return self.shape.stored({name: value})[name]

    def person_edits(self, external_id: str, name: str, value: FieldValue) -> FieldValue:
        """A field as a person sets it; gives what is then shown."""
        item = self.items[external_id]
        self._moves(item)
        before = item.fields[name]
        self._put(item, name, value)
        item.edited[name] = self.now()
        if name not in self.shape.silent:
            item.updated_at = item.edited[name]
        item.unread.add(name)
        self._log(item, name, before, self.shape.account(self.name, PERSON))
        return item.fields[name]

    def _log(self, item: SimulatedItem, name: str, before: FieldValue, actor: str) -> None:
        """Write down an edit in the item's history, unless it came to nothing."""
        after = item.fields[name]
        if same(name, before, after) or name not in self.shape.told:
            return
        if isinstance(before, list) and isinstance(after, list):
            before, after = sorted(set(before) - set(after)), sorted(set(after) - set(before))
        known = self.shape.history == "values"
        values = (before, after) if known else (None, None)
        item.log.append(FieldEdit(name, self.now(), actor, *values, told=known))

    def _moves(self, item: SimulatedItem) -> None:
        item.earlier = dict(item.fields), item.updated_at
        item.changes += 1

    def _did(
        self, external_id: str, operation: str, lost: bool, fields: Fields | None = None, marker: str | None = None
    ) -> Item:
        call = Call(
            self.name, external_id, operation, dict(fields or {}), marker, dict(self.items[external_id].fields), lost
        )
        self.calls.append(call)
        self.hooks.done(call)
        return self._answer(external_id, lost)

    def _call(self, what: str) -> bool:
        return self._fault(self.name, what)

    def _item(self, external_id: str) -> Item:
        item = self.items.get(external_id)
        if item is None or item.deleted:
            raise NotFoundError(f"{external_id} does not exist in {self.name}")
        item.unread.clear()
        item.read = dict(item.fields), item.updated_at
        return Item(Kind.TASK, external_id, self._payload(item), item.updated_at)

    def _payload(self, item: SimulatedItem) -> Payload:
        return {
            "fields": {name: list(value) if isinstance(value, list) else value for name, value in item.fields.items()},
            "updated_at": item.updated_at,
            "markers": item.markers,
            "deleted": item.deleted,
        }

    def _answer(self, external_id: str, lost: bool) -> Item:
        if lost:
            raise UnknownOutcomeError(f"no reply from {self.name} for {external_id}")
        return self._item(external_id)

    def check(self) -> Iterator[Finding]:
        """See `BaseIntegration.check`."""
        yield Finding(self.name, True, "simulated")

    def list_changed(self, position: str | None, now: datetime) -> Iterator[Page]:
        """See `BaseIntegration.list_changed`; in pages of two, with an overlap of a minute."""
        since = float(position) if position and self.shape.incremental else 0.0
        times = {
            key: item.updated_at.timestamp()
            for key, item in self.items.items()
            if not item.deleted and item.updated_at.timestamp() >= since - 60
        }
        keys = sorted(times, key=lambda key: (times[key], key))
        for start in range(0, len(keys), 2):
            self._call("list")
            page = [self._listed(key) for key in keys[start : start + 2]]
            # What is edited while it is listed does not move the position past what comes on the next page.
            told = [item.updated_at.timestamp() if item.updated_at else since for item in page]
            newest = max(min(each, times[key]) for each, key in zip(told, keys[start:], strict=False))
            yield Page(page, str(max(since, newest)))

    def _listed(self, external_id: str) -> Item:
        """The item as the listing has it: now and then as it was before it last changed, with an earlier time."""
        now, earlier = self._item(external_id), self.items[external_id].earlier
        if earlier is None or not (self.shape.lags and self.hooks.chance(0.3)) or earlier[1] == now.updated_at:
            return now
        payload = {**now.payload, "fields": dict(earlier[0]), "updated_at": earlier[1]}
        return Item(now.kind, external_id, payload, earlier[1])

    def complete(self, items: Sequence[Item]) -> Iterator[Item]:
        """See `BaseIntegration.complete`."""
        yield from items

    def list_ids(self) -> Iterator[str]:
        """See `BaseIntegration.list_ids`."""
        self._call("list_ids")
        yield from [key for key, item in self.items.items() if not item.deleted]

    def read(self, external_id: str) -> Item:
        """See `BaseIntegration.read`."""
        self._call("read")
        self.hooks.read(external_id)
        return self._item(external_id)

    def read_many(self, external_ids: Sequence[str]) -> Iterator[Item]:
        """See `BaseIntegration.read_many`."""
        self._call("read_many")
        for key in external_ids:
            if key in self.items and not self.items[key].deleted:
                yield self._item(key)

    def comments(self, external_id: str) -> Iterator[Item]:
        """See `BaseIntegration.comments`."""
        yield from self.discussion.of(external_id)

    def key_of(self, url: str) -> str | None:
        """See `BaseIntegration.key_of`."""
        return None

    def made_id(self, marker: TaskId | CommentId) -> str | None:
        """See `BaseIntegration.made_id`."""
        return f"{self.name}-{marker}" if self.shape.makes_ids else None

    def create(self, fields: Fields, *, where: str | None, marker: TaskId, made_id: str | None) -> Item:
        """See `BaseIntegration.create`."""
        lost = self._call("create")
        self._refuse(fields)
        external_id = made_id or self._new_id()
        if external_id in self.items and not self.items[external_id].deleted:
            raise RefusedValueError(f"{external_id} exists in {self.name}")
        known = {**EMPTY, **fields}
        if self.hooks.chance(0.2):
            known |= {name: EMPTY[name] for name in ("labels", "due_date")}  # a later call failed
        self._make(external_id, known, None if made_id else marker)
        return self._did(external_id, "create", lost, fields, marker)

    def find_created(self, marker: TaskId, made_id: str | None, since: datetime) -> Item | None:
        """See `BaseIntegration.find_created`."""
        self._call("find")
        for key, item in self.items.items():
            if (key == made_id or marker in item.markers) and not item.deleted:
                self.hooks.read(key)
                return self._item(key)
        return None

    def update(self, external_id: str, fields: Fields, shown: Fields) -> Item:
        """See `BaseIntegration.update`."""
        lost = self._call("update") or self._breaks_off(fields)
        self._refuse(fields)
        item = self.items.get(external_id)
        if item is None or item.deleted:
            raise NotFoundError(f"{external_id} does not exist in {self.name}")
        self.hooks.before_write(external_id, fields)
        self._moves(item)
        for name, value in self._done(item, fields, lost).items():
            now = item.fields[name]
            if isinstance(value, list) and name not in self.shape.whole:
                before, after = elements(shown.get(name)), elements(value)
                value = sorted((elements(now) - (before - after)) | (after - before))
                one, other = (self.shape.stored({name: each})[name] for each in (value, sorted(after)))
                if not same(name, now, shown.get(name)) and same(name, one, other):
                    self.hooks.raced(external_id, name)  # a person has just done a part of what this does, or all of it
            elif not same(name, now, shown.get(name)):
                self.hooks.raced(external_id, name)
            self._put(item, name, value)
            self._log(item, name, now, WORKLAKE)
        item.updated_at = self.now()
        return self._did(external_id, "update", lost, fields)

    def _refuse(self, fields: Fields) -> None:
        if self.shape.refuses and "#" in str(fields.get("title", "")):
            named = ("title",) if self.shape.names_refused else ()
            raise RefusedValueError(f"{self.name} takes no # in a title", named)
        fixed = sorted(self.shape.fixed & fields.keys())
        if fixed:
            raise RefusedValueError(f"{self.name} does not let us set {fixed[0]}", (fixed[0],))

    def delete(self, external_id: str) -> None:
        """See `BaseIntegration.delete`."""
        lost = self._call("delete")
        if external_id in self.items:
            self.items[external_id].deleted = True
            call = Call(self.name, external_id, "delete", {}, None, {}, lost)
            self.calls.append(call)
            self.hooks.done(call)
        if lost:
            raise UnknownOutcomeError(f"no reply from {self.name} for {external_id}")

    def close(self, external_id: str) -> Item:
        """See `BaseIntegration.close`."""
        return self._set_status(external_id, "canceled", "close")

    def reopen(self, external_id: str) -> Item:
        """See `BaseIntegration.reopen`."""
        return self._set_status(external_id, "unstarted", "reopen")

    def _set_status(self, external_id: str, status: str, operation: str) -> Item:
        lost = self._call(operation)
        item = self.items[external_id]
        moves, closes = (item.fields["status"] in CLOSED) != (status in CLOSED), status in CLOSED
        if "status" in item.unread and (moves or not closes or item.fields["status"] == self.shape.status(status)):
            self.hooks.raced(
                external_id, "status"
            )  # what an item is opened to, nobody can tell from what we open it to
        if moves:
            self._moves(item)
            self._put(item, "status", status)
            item.updated_at = self.now()
        return self._did(external_id, operation, lost)

    def archive(self, external_id: str) -> Item:
        """See `BaseIntegration.archive`."""
        raise InvalidInputError(f"{self.name} archives nothing")

    def restore(self, external_id: str) -> Item:
        """See `BaseIntegration.restore`."""
        lost = self._call("restore")
        if not self.shape.restores:
            raise InvalidInputError(f"{self.name} keeps nothing that was deleted")
        self.items[external_id].deleted = False
        return self._did(external_id, "restore", lost)

    def add_comment(self, task: str, body: str, *, marker: CommentId, made_id: str | None) -> Item:
        """See `BaseIntegration.add_comment`."""
        return self.discussion.add(task, body, marker, made_id)

    def find_comment(self, task: str, marker: CommentId, made_id: str | None) -> Item | None:
        """See `BaseIntegration.find_comment`."""
        return self.discussion.find(task, marker, made_id)

    def edit_comment(self, task: str, comment: str, body: str, *, marker: CommentId | None) -> Item:
        """See `BaseIntegration.edit_comment`."""
        return self.discussion.edit(comment, body)

    def delete_comment(self, task: str, comment: str) -> None:
        """See `BaseIntegration.delete_comment`."""
        self.discussion.delete(comment)

    def history(self, external_id: str, since: datetime, fields: AbstractSet[str] | None = None) -> Iterator[FieldEdit]:
        """See `BaseIntegration.history`: what is older than the lag."""
        self._call("history")
        until = self.shape.time(self._clock()) - timedelta(seconds=self.shape.history_lag_seconds)
        for edit in self.items[external_id].log:
            if since <= edit.at <= until and (fields is None or edit.field in fields):
                yield edit

    def account(self) -> str | None:
        """See `BaseIntegration.account`."""
        return WORKLAKE

    def vocabulary(self, fields: AbstractSet[str]) -> Vocabulary:
        """See `BaseIntegration.vocabulary`: everything exists."""
        return Vocabulary({}, {})
