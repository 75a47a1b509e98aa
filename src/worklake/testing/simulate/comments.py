"""Comments in the simulation: what servers keep of them, what people do to them, and what must hold of them."""

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
from worklake.integrations.base import CommentView, Item
from worklake.model.ids import CommentId
from worklake.model.rows import Kind, LinkState
from worklake.sync.heart.comments.taking import CommentObservation, take_comments
from worklake.sync.rules.comments import COMMENT, normal, said
from worklake.sync.rules.state import Decision, ItemKey
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
    """The comments of one server. `overwritten` are those on which a write of ours raced over a person's edit."""

    def __init__(self, name: str, shape: Shape, now: Callable[[], datetime], call: Callable[[str], bool]) -> None:
        self._name, self._shape, self._now, self._call = name, shape, now, call
        self.comments: dict[str, SimulatedComment] = {}
        self.calls: list[CommentCall] = []
        self.overwritten: set[str] = set()

    def stored(self, body: str) -> str:
        """What the server makes of a text."""
        return body.replace("- ", "* ").rstrip() if self._shape.rewrites else body

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
        if one is None or one.deleted:
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
        return [self.shown(key) for key, one in self.comments.items() if not one.deleted]

    def of(self, item: str) -> Iterator[Item]:
        """See `BaseIntegration.comments`."""
        self._call("read")
        yield from [self.shown(key) for key, one in self.comments.items() if one.item == item and not one.deleted]

    def add(self, item: str, body: str, marker: CommentId, made_id: str | None) -> Item:
        """See `BaseIntegration.add_comment`."""
        lost = self._call("create")
        self._refuse(body)
        external_id = made_id or f"{self._name}c{len(self.comments) + 1}"
        old = self.comments.get(external_id)
        if old is not None and not old.deleted:
            return self._answer(external_id, lost)  # the comment of this id is as good
        if old is not None:
            raise RefusedValueError(f"{external_id} was a comment in {self._name}")
        markers = [] if made_id else [str(marker)]
        self.comments[external_id] = SimulatedComment(item, "us", self.stored(body), self._now(), self._now(), markers)
        self.calls.append(CommentCall("create", external_id, marker))
        return self._answer(external_id, lost)

    def find(self, item: str, marker: CommentId, made_id: str | None) -> Item | None:
        """See `BaseIntegration.find_comment`."""
        self._call("find")
        for key, one in self.comments.items():
            if (key == made_id or marker in one.markers) and one.item == item and not one.deleted:
                return self.shown(key)
        return None

    def edit(self, external_id: str, body: str) -> Item:
        """See `BaseIntegration.edit_comment`."""
        lost = self._call("update")
        self._refuse(body)
        one = self.comments.get(external_id)
        if one is None or one.deleted:
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
    """What people did to comments. `deleted` are copies of remarks, by source and number, that people deleted."""

    written: list[Remark] = field(default_factory=list)
    edits: list[CopyEdit] = field(default_factory=list)
    deleted: set[tuple[str, int]] = field(default_factory=set)
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
    external_id = discussion.person_comments(at.external_id, f"{at.source}.{author}", body)
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
        if key in linked and _is_about(world.sources[key.source].discussion.comments[key.external_id].body, remark)
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
        for key, one in source.discussion.comments.items() if not one.deleted
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
        about = next((it.number for it in world.remarks.written if _is_about(one.body, it)), 0)
        shown = discussion.person_edits(key.external_id, f"{kept}\nedited {world.count}, remark ({about})")
        world.remarks.edits.append(CopyEdit(key, shown))


def _delete(world: World, key: ItemKey) -> None:
    one = world.sources[key.source].discussion.comments[key.external_id]
    one.deleted = True
    remark = next((it for it in world.remarks.written if it.key == key), None)
    if remark is not None:
        remark.deleted = True
    else:
        world.remarks.deleted |= {(key.source, it.number) for it in world.remarks.written if _is_about(one.body, it)}


def _is_about(body: str, remark: Remark) -> bool:
    return f"remark ({remark.number})" in body


def pull_comments(world: World, name: str, run: str, random: Random) -> None:
    """Read the comments of a source and take them in, now or with a later run."""
    source = world.sources[name]
    items: list[Item] = []
    with suppress(RetryableError, AuthError, AccessError):
        items = source.discussion.all()
    if world.trouble is not None and random.random() < 0.2:
        items = items[: random.randint(0, len(items))]  # what was read of them is kept
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


def check_comments(world: World) -> Iterator[str]:
    """What does not hold of comments, in words, once people rest."""
    yield from _each_stands_once(world)
    yield from _nothing_else_stands(world)
    yield from _edits_of_copies_are_recorded(world)
    yield from _every_call_was_meant(world)


def _each_stands_once(world: World) -> Iterator[str]:
    """Each comment stands once in each source that holds its task, names its author, and says what they wrote."""
    links = {link.key: link for link in world.store.all_links()}
    for remark in world.remarks.written:
        at_home = world.sources[remark.key.source].discussion.comments[remark.key.external_id]
        if not remark.deleted and at_home.body != remark.body:
            yield f"{remark.key} says {at_home.body!r}, its author wrote {remark.body!r}"
        task = links[ItemKey(remark.key.source, remark.item)].task_id
        loaded = world.store.load([task])[task]
        held = {one.at_item for one in loaded.conflicts if one.field == COMMENT}
        comment = next(one.comment_id for one in world.store.all_comments() if one.key == remark.key)
        for name, source in world.sources.items():
            there = [
                one for one in source.discussion.comments.values() if not one.deleted and _is_about(one.body, remark)
            ]
            if name == remark.key.source:
                if len(there) != (0 if remark.deleted else 1):
                    yield f"remark {remark.number} stands {len(there)} times where it was written: {there}"
                continue
            if len(there) > 1:
                yield f"remark {remark.number} stands {len(there)} times in {name}"
            live = any(
                link.source == name and link.state is LinkState.LINKED and not source.items[link.external_id].deleted
                for link in loaded.links
            )
            if not live or remark.deleted or ItemKey(name, comment) in held:
                continue
            if (name, remark.number) in world.remarks.deleted:
                if there:
                    yield f"remark {remark.number} was deleted by a person in {name}, and stands there again"
            elif not there:
                yield f"remark {remark.number} does not stand in {name}"
            else:
                yield from _says_so(there[0].body, remark, source.discussion)


def _says_so(body: str, remark: Remark, discussion: Discussion) -> Iterator[str]:
    text = said(body)
    if not body.startswith(f"**{remark.author.capitalize()}** wrote in {remark.key.source}"):
        yield f"the copy {body!r} does not name {remark.author}"
    elif text is None or normal(discussion.stored(text)) != normal(discussion.stored(remark.body)):
        yield f"the copy {body!r} does not say {remark.body!r}"


def _nothing_else_stands(world: World) -> Iterator[str]:
    """Nothing stands anywhere that neither a person wrote nor a copy of that is."""
    written = {remark.key for remark in world.remarks.written}
    for name, source in world.sources.items():
        made = {call.external_id for call in source.discussion.calls}
        for key in source.discussion.comments:
            if ItemKey(name, key) not in written and key not in made:
                yield f"nobody wrote {key}"
    known = {link.comment_id for link in world.store.all_comments() if link.is_born}
    if len(known) != len(written):
        yield f"people wrote {len(written)} comments, {len(known)} are known"


def _edits_of_copies_are_recorded(world: World) -> Iterator[str]:
    """What a person made of a copy is told, although it was written over."""
    told = {(one.origin, one.new) for one in world.store.comment_changes() if one.decision is Decision.REFUSED}
    last = {edit.key: edit for edit in world.remarks.edits}
    for edit in last.values():
        discussion = world.sources[edit.key.source].discussion
        deleted = discussion.comments[edit.key.external_id].deleted
        if not deleted and edit.key.external_id not in discussion.overwritten and (edit.key, edit.body) not in told:
            yield f"what a person made of the copy {edit.key} is nowhere: {edit.body!r}"
    made = {(edit.key, edit.body) for edit in world.remarks.edits}
    for origin, new in told:
        if new is not None and (origin, new) not in made:
            yield f"nobody made {new!r} of the copy {origin}"


def _every_call_was_meant(world: World) -> Iterator[str]:
    writes = world.store.all_writes()
    links = {link.key: link.comment_id for link in world.store.all_comments()}
    meant = {(write.source, write.comment_id, write.operation.value) for write in writes}
    for name, source in world.sources.items():
        for call in source.discussion.calls:
            comment = call.marker or links.get(ItemKey(name, call.external_id))
            if (name, comment, call.operation) not in meant:
                yield f"{call} in {name} stands in no ledger"
