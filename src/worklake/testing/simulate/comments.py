"""Comments in the simulation: what servers keep of them, and what people do to them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from random import Random
from typing import TYPE_CHECKING, NamedTuple

from worklake.errors import (
    AccessError,
    AuthError,
    NotFoundError,
    RefusedValueError,
    RetryableError,
    UnknownOutcomeError,
)
from worklake.integrations.base import Item
from worklake.integrations.views import CommentView
from worklake.model.ids import CommentId
from worklake.model.rows import Kind, LinkState
from worklake.sync.heart.comments.taking import CommentObservation, take_comments
from worklake.sync.rules.state import ItemKey
from worklake.sync.rules.task import Moment

if TYPE_CHECKING:
    from worklake.testing.simulate.shapes import Shape
    from worklake.testing.simulate.world import World

_AUTHORS = ("kim", "lee")


@dataclass(slots=True)
class SimulatedComment:
    """A comment as the server keeps it. `unread` says that a person has edited it since it was last read."""

    item: str
    author: str | None
    body: str
    created_at: datetime
    updated_at: datetime
    markers: list[str] = field(default_factory=list)
    deleted: bool = False
    unread: bool = False


class CommentCall(NamedTuple):
    """A write of a comment that the server did for us."""

    operation: str
    external_id: str
    marker: str | None


class Discussion:
    """The comments of one server. `overwritten` are those on which a write of ours raced over a person's edit,
    `given_twice` ids of comments that were gone and for which we made new ones.
    """

    def __init__(
        self,
        name: str,
        shape: Shape,
        now: Callable[[], datetime],
        call: Callable[[str], bool],
        is_deleted: Callable[[str], bool],
    ) -> None:
        self._name, self._shape, self._now, self._call = name, shape, now, call
        self._is_deleted = is_deleted
        self.comments: dict[str, SimulatedComment] = {}
        self.calls: list[CommentCall] = []
        self.overwritten: set[str] = set()
        self.given_twice: set[str] = set()

    def stored(self, body: str) -> str:
        """What the server makes of a text."""
        return body.replace("- ", "* ").rstrip() if self._shape.rewrites else body

    def is_gone(self, comment: SimulatedComment) -> bool:
        """Whether a comment is deleted, or its item is, with which it goes and comes back."""
        return comment.deleted or self._is_deleted(comment.item)

    def person_comments(self, item: str, author: str, body: str) -> str:
        """A comment as a person writes it; gives its id."""
        external_id = f"{self._name}c{len(self.comments) + 1}"
        self.comments[external_id] = SimulatedComment(item, author, self.stored(body), self._now(), self._now())
        return external_id

    def person_edits(self, external_id: str, body: str) -> str:
        """A comment as a person edits it; gives what is then shown."""
        one = self.comments[external_id]
        one.body, one.updated_at, one.unread = self.stored(body), self._now(), True
        return one.body

    def shown(self, external_id: str) -> Item:
        """A comment as the server shows it."""
        one = self.comments.get(external_id)
        if one is None or self.is_gone(one):
            raise NotFoundError(f"{external_id} does not exist in {self._name}")
        one.unread = False
        payload = {
            "task": one.item,
            "author": one.author,
            "body": one.body,
            "created_at": one.created_at,
            "updated_at": one.updated_at,
            "markers": one.markers,
        }
        return Item(Kind.COMMENT, external_id, payload, one.updated_at)

    def all(self) -> list[Item]:
        """Every comment of the server, as a listing brings them."""
        self._call("list")
        return [self.shown(key) for key, one in self.comments.items() if not self.is_gone(one)]

    def of(self, item: str) -> Iterator[Item]:
        """See `BaseIntegration.comments`."""
        self._call("read")
        self._must_have(item)
        yield from [self.shown(key) for key, one in self.comments.items() if one.item == item and not self.is_gone(one)]

    def add(self, item: str, body: str, marker: CommentId, made_id: str | None) -> Item:
        """See `BaseIntegration.add_comment`."""
        lost = self._call("create")
        self._must_have(item)
        self._refuse(body)
        external_id = made_id or f"{self._name}c{len(self.comments) + 1}"
        old = self.comments.get(external_id)
        if old is not None and not self.is_gone(old):
            return self._answer(external_id, lost)  # the comment of this id is as good
        if old is not None:
            self.given_twice.add(external_id)
            raise RefusedValueError(f"{external_id} was a comment in {self._name}")
        markers = [] if made_id else [str(marker)]
        self.comments[external_id] = SimulatedComment(item, "us", self.stored(body), self._now(), self._now(), markers)
        self.calls.append(CommentCall("create", external_id, marker))
        return self._answer(external_id, lost)

    def find(self, item: str, marker: CommentId, made_id: str | None) -> Item | None:
        """See `BaseIntegration.find_comment`."""
        self._call("find")
        self._must_have(item)
        for key, one in self.comments.items():
            if (key == made_id or marker in one.markers) and one.item == item and not self.is_gone(one):
                return self.shown(key)
        return None

    def edit(self, external_id: str, body: str) -> Item:
        """See `BaseIntegration.edit_comment`."""
        lost = self._call("update")
        self._refuse(body)
        one = self.comments.get(external_id)
        if one is None or self.is_gone(one):
            raise NotFoundError(f"{external_id} does not exist in {self._name}")
        if one.unread:
            self.overwritten.add(external_id)
        one.body, one.updated_at = self.stored(body), self._now()
        self.calls.append(CommentCall("update", external_id, None))
        return self._answer(external_id, lost)

    def delete(self, external_id: str) -> None:
        """See `BaseIntegration.delete_comment`."""
        lost = self._call("delete")
        if external_id in self.comments:
            if self.comments[external_id].unread:
                self.overwritten.add(external_id)
            self.comments[external_id].deleted = True
            self.calls.append(CommentCall("delete", external_id, None))
        if lost:
            raise UnknownOutcomeError(f"no reply from {self._name} for {external_id}")

    def _answer(self, external_id: str, lost: bool) -> Item:
        if lost:
            raise UnknownOutcomeError(f"no reply from {self._name} for {external_id}")
        return self.shown(external_id)

    def _must_have(self, item: str) -> None:
        if self._is_deleted(item):
            raise NotFoundError(f"{item} does not exist in {self._name}")

    def _refuse(self, body: str) -> None:
        if self._shape.refuses and "#" in body:
            raise RefusedValueError(f"{self._name} takes no # in a comment", ("body",))


def comment_view(payload: dict[str, object]) -> CommentView:
    """What the payload of a simulated comment shows."""
    return CommentView(**payload)  # type: ignore[arg-type]


@dataclass(slots=True)
class Remark:
    """A comment that a person wrote. `number` stands in every text that they gave it, and in no other."""

    key: ItemKey
    item: str
    author: str
    number: int
    body: str
    deleted: bool = False


class CopyEdit(NamedTuple):
    """What a person made of a copy."""

    key: ItemKey
    body: str


@dataclass(slots=True)
class Remarks:
    """What people did to comments. `deleted` are copies that people deleted, with the numbers of the remarks that they
    are copies of.
    """

    written: list[Remark] = field(default_factory=list)
    edits: list[CopyEdit] = field(default_factory=list)
    deleted: dict[ItemKey, set[int]] = field(default_factory=dict)
    late: list[CommentObservation] = field(default_factory=list)
    homeless: list[CommentObservation] = field(default_factory=list)


def person_comments(world: World, random: Random) -> None:
    """A person comments on an item somewhere."""
    items = [
        ItemKey(name, key) for name, source in sorted(world.sources.items()) for key in source.items
        if not source.items[key].deleted
    ]  # fmt: skip
    if not items:
        return
    at, author = random.choice(items), random.choice(_AUTHORS)
    world.count += 1
    body = _text(world.count, random)
    discussion = world.sources[at.source].discussion
    external_id = discussion.person_comments(
        at.external_id, world.sources[at.source].shape.account(at.source, author), body
    )
    shown = discussion.comments[external_id].body
    key = ItemKey(at.source, external_id)
    world.remarks.written.append(Remark(key, at.external_id, author, world.count, shown))


def _text(number: int, random: Random) -> str:
    lines = [f"remark ({number})", "- one for @kim", "", "`@lee` said **so**", "/close", "**Kim** wrote in A:"]
    chosen = [lines[0], *random.sample(lines[1:], random.randint(0, len(lines) - 1))]
    return "\n".join(chosen) + random.choice(["", "", "\n", " #"])


def person_edits_comment(world: World, random: Random) -> None:
    """A person edits a comment somewhere: one that a person wrote, or a copy."""
    found = _live(world)
    if found:
        _edit(world, random, random.choice(found))


def person_deletes_comment(world: World, random: Random) -> None:
    """A person deletes a comment somewhere."""
    linked = {link.key for link in world.store.all_comments() if link.state is LinkState.LINKED}
    found = [key for key in _live(world) if key in linked]
    if found:
        _delete(world, random.choice(found))


def people_clash_over_comment(world: World, random: Random, carry_on: Callable[[Callable[[], None]], None]) -> None:
    """A person edits a comment, and somebody edits or deletes its copy before or while Worklake carries that on.

    `carry_on` pulls and plans, lets the other person act, and applies the plan.
    """
    live = _live(world)
    remarks = {remark.key: remark for remark in world.remarks.written if remark.key in live}
    linked = {link.key for link in world.store.all_comments() if link.state is LinkState.LINKED and not link.is_born}
    copies = [
        (remark.key, key) for remark in remarks.values() for key in live
        if key in linked and is_about(world.sources[key.source].discussion.comments[key.external_id].body, remark)
    ]  # fmt: skip
    if not copies:
        person_comments(world, random)
        return
    written, copy = random.choice(copies)
    _edit(world, random, written)
    if random.random() < 0.5:
        carry_on(lambda: _edit(world, random, copy))
    else:
        _delete(world, copy)
        carry_on(lambda: None)


def _live(world: World) -> list[ItemKey]:
    return [
        ItemKey(name, key) for name, source in sorted(world.sources.items())
        for key, one in source.discussion.comments.items() if not source.discussion.is_gone(one)
    ]  # fmt: skip


def _edit(world: World, random: Random, key: ItemKey) -> None:
    discussion = world.sources[key.source].discussion
    one = discussion.comments[key.external_id]
    if one.deleted:
        return
    world.count += 1
    remark = next((it for it in world.remarks.written if it.key == key), None)
    if remark is not None:
        text = _text(remark.number, random) + f"\nedited {world.count}"
        remark.body = discussion.person_edits(key.external_id, text)
    else:
        kept = "" if random.random() < 0.2 else one.body
        about = next((it.number for it in world.remarks.written if is_about(one.body, it)), 0)
        shown = discussion.person_edits(key.external_id, f"{kept}\nedited {world.count}, remark ({about})")
        world.remarks.edits.append(CopyEdit(key, shown))


def _delete(world: World, key: ItemKey) -> None:
    one = world.sources[key.source].discussion.comments[key.external_id]
    one.deleted = True
    remark = next((it for it in world.remarks.written if it.key == key), None)
    if remark is not None:
        remark.deleted = True
    else:
        world.remarks.deleted[key] = {it.number for it in world.remarks.written if is_about(one.body, it)}


def is_about(body: str, remark: Remark) -> bool:
    """Whether a comment is this remark or a copy of it."""
    return f"remark ({remark.number})" in body


def pull_comments(world: World, name: str, run: str, random: Random) -> None:
    """Read the comments of a source and take them in, now or with a later run."""
    source = world.sources[name]
    items: list[Item] = []
    unread = [key for key, one in source.discussion.comments.items() if one.unread]
    with suppress(RetryableError, AuthError, AccessError):
        items = source.discussion.all()
    if world.trouble is not None and random.random() < 0.2:
        items = items[: random.randint(0, len(items))]  # what was read of them is kept
        for key in set(unread) - {item.external_id for item in items}:
            source.discussion.comments[key].unread = True
    batch = world.store.batch
    seen = [(str(item.external_id), comment_view(item.payload)) for item in items]
    world.remarks.late += [CommentObservation(name, key, view, batch, "") for key, view in seen]
    if world.trouble is None or random.random() < 0.8:
        waiting, world.remarks.homeless = [*world.remarks.homeless, *world.remarks.late], []
        world.remarks.late = []
        _take(world, waiting, Moment(run, world.clock()))


def _take(world: World, waiting: list[CommentObservation], moment: Moment) -> None:
    """Take comments in whose tasks are known; the others wait for them. What a crash leaves is read again."""
    links = world.store.find({ItemKey(one.source, one.view.task) for one in waiting})
    at_home = []
    for one in waiting:
        link = links.get(ItemKey(one.source, one.view.task))
        if link is None:
            world.remarks.homeless.append(one)
        else:
            at_home.append(
                CommentObservation(one.source, one.external_id, one.view, one.batch, link.task_id, one.record_hash)
            )
    take_comments(world.store, world.ports(), at_home, moment)
