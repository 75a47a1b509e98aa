"""What must hold of comments in the simulation, once people rest."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from worklake.model.rows import LinkState
from worklake.sync.rules.comments import COMMENT, normal, said
from worklake.sync.rules.state import Decision, ItemKey
from worklake.testing.simulate.comments import Discussion, Remark, is_about

if TYPE_CHECKING:
    from worklake.testing.simulate.world import World


def check_comments(world: World) -> Iterator[str]:
    """What does not hold of comments, in words, once people rest."""
    yield from _each_stands_once(world)
    yield from _nothing_else_stands(world)
    yield from _edits_of_copies_are_recorded(world)
    yield from _every_call_was_meant(world)


def _each_stands_once(world: World) -> Iterator[str]:
    """Each comment stands once in each source that holds its task, names its author, and says what they wrote."""
    links = {link.key: link for link in world.store.all_links()}
    for remark in _heard(world):
        at_home = world.sources[remark.key.source].discussion.comments[remark.key.external_id]
        if not remark.deleted and at_home.body != remark.body:
            yield f"{remark.key} says {at_home.body!r}, its author wrote {remark.body!r}"
        task = links[ItemKey(remark.key.source, remark.item)].task_id
        loaded = world.store.load([task])[task]
        held = {one.at_item for one in loaded.conflicts if one.field == COMMENT}
        comment = next(one.comment_id for one in world.store.all_comments() if one.key == remark.key)
        for name, source in world.sources.items():
            there = [
                one
                for one in source.discussion.comments.values()
                if not source.discussion.is_gone(one) and is_about(one.body, remark)
            ]
            if name == remark.key.source:
                if len(there) != (0 if remark.deleted or source.discussion.is_gone(at_home) else 1):
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
            stays_deleted = _stays_deleted(world, name, remark.number)
            if stays_deleted and there:
                yield f"remark {remark.number} was deleted by a person in {name}, and stands there again"
            elif there:
                yield from _says_so(there[0].body, remark, _readable(world, remark), source.discussion)
            elif stays_deleted is None:
                yield f"remark {remark.number} does not stand in {name}"


def _stays_deleted(world: World, name: str, number: int) -> bool | None:
    """Whether the copy of a remark in a source stays deleted, as a person deleted it; None where nobody did. If its
    item went before anybody noticed, nobody can tell, and it may stand again where the item is made anew.
    """
    deleted = [key for key, numbers in world.remarks.deleted.items() if key.source == name and number in numbers]
    missing = {one.key for one in world.store.all_comments() if one.state is LinkState.MISSING}
    source = world.sources[name]
    items = {key: source.items[source.discussion.comments[key.external_id].item] for key in deleted}
    return any(key in missing or not items[key].deleted for key in deleted) if deleted else None


def _heard(world: World) -> list[Remark]:
    """The comments that people wrote, but for those that were gone with their item before anybody could read them."""
    known = {one.key for one in world.store.all_comments()}
    found = []
    for remark in world.remarks.written:
        discussion = world.sources[remark.key.source].discussion
        if remark.key in known or not discussion.is_gone(discussion.comments[remark.key.external_id]):
            found.append(remark)
    return found


def _readable(world: World, remark: Remark) -> str:
    """What its author wrote; but what was last read of it, where it went with its item before the edit could be."""
    discussion = world.sources[remark.key.source].discussion
    at_home = discussion.comments[remark.key.external_id]
    if discussion.is_gone(at_home) and at_home.unread:
        return next(one.body for one in world.store.all_comments() if one.key == remark.key)
    return remark.body


def _says_so(body: str, remark: Remark, written: str, discussion: Discussion) -> Iterator[str]:
    text = said(body)
    if not body.startswith(f"**{remark.author.capitalize()}** wrote in {remark.key.source}"):
        yield f"the copy {body!r} does not name {remark.author}"
    elif text is None or normal(discussion.stored(text)) != normal(discussion.stored(written)):
        yield f"the copy {body!r} does not say {written!r}"


def _nothing_else_stands(world: World) -> Iterator[str]:
    """Nothing stands anywhere that neither a person wrote nor a copy of that is."""
    written = {remark.key for remark in world.remarks.written}
    for name, source in world.sources.items():
        made = {call.external_id for call in source.discussion.calls}
        for key in source.discussion.comments:
            if ItemKey(name, key) not in written and key not in made:
                yield f"nobody wrote {key}"
        # Where the reply to its making is lost and a person deletes it, nobody can tell that it was ever there.
        for key in source.discussion.given_twice:
            if ItemKey(name, key) not in world.remarks.deleted:
                yield f"{key} is the id of two comments"
    known = {link.comment_id for link in world.store.all_comments() if link.is_born}
    heard = _heard(world)
    if len(known) != len(heard):
        yield f"people wrote {len(heard)} comments, {len(known)} are known"


def _edits_of_copies_are_recorded(world: World) -> Iterator[str]:
    """What a person made of a copy is told, although it was written over."""
    told = {(one.origin, one.new) for one in world.store.comment_changes() if one.decision is Decision.REFUSED}
    last = {edit.key: edit for edit in world.remarks.edits}
    for edit in last.values():
        discussion = world.sources[edit.key.source].discussion
        deleted = discussion.is_gone(discussion.comments[edit.key.external_id])
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
