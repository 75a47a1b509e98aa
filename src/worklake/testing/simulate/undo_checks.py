"""What must hold of an undo: it restores what a run wrote, nothing redoes it, and it can itself be undone."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random

from worklake.model.fields import FIELDS, FieldValue
from worklake.model.heart_rows import Operation, Outcome, Write
from worklake.sync.rules.state import ConflictKind, ItemKey
from worklake.sync.rules.values import same
from worklake.testing.simulate import people
from worklake.testing.simulate import world as worlds
from worklake.testing.simulate.case import fail
from worklake.testing.simulate.shapes import CLOSED
from worklake.testing.simulate.world import World


def check_undo(world: World, random: Random) -> None:
    """(f) An undo restores what a run wrote, and the next sync does not redo it; its own undo brings it back."""
    for _ in range(random.choice([1, 2])):
        people.person_acts(world, random)
    if random.random() < 0.3:
        people.person_creates(world, random)
    before = _everything(world)
    world.tick(120)
    if any(source.shape.silent for source in world.sources.values()):
        world.positions.clear()  # what was edited is to be known before the run
    worlds.pull(world, sorted(world.sources), random)
    run = worlds.apply(world, worlds.plan(world), allowed=True)
    acknowledged = [one for one in world.store.writes(run) if one.outcome is Outcome.ACKNOWLEDGED]
    writes = [one for one in acknowledged if one.comment_id is None]
    if not writes:
        return
    undone = worlds.undo(world, run, everywhere=False)
    _restored(world, writes, before, undone)
    world.tick(120)
    worlds.sync(world, random)
    _restored(world, writes, before, undone)
    if random.random() < 0.5:
        worlds.undo(world, undone, everywhere=False)
        world.tick(120)
        worlds.sync(world, random)
        _done_again(world, writes)


def _everything(world: World) -> Mapping[tuple[str, str], Mapping[str, FieldValue]]:
    return {
        (name, key): dict(item.fields) for name, source in world.sources.items() for key, item in source.items.items()
    }


def _restored(
    world: World, writes: list[Write], before: Mapping[tuple[str, str], Mapping[str, FieldValue]], undone: str
) -> None:
    """What was written shows as before the run, and what was made is gone, or closed where it cannot be deleted.
    `undone` is the run that did so.
    """
    for write in writes:
        source = world.sources[write.source]
        item = source.items[str(write.external_id)]
        if write.operation is Operation.CREATE:
            if not item.deleted and (source.shape.deletes or item.fields["status"] not in CLOSED):
                fail("f", f"{write.external_id} was created, undone, and is there")
            continue
        if write.operation is not Operation.UPDATE:
            continue
        was = before[write.source, str(write.external_id)]
        for name in write.sent:
            restored = same(name, *(_tasks(world, write, name, value) for value in (was[name], item.fields[name])))
            if not restored and not _is_refused(world, write, name, was[name], undone):
                fail(
                    "f", f"{write.external_id} shows {name} {item.fields[name]!r}, before the run it was {was[name]!r}"
                )


def _is_refused(world: World, write: Write, name: str, value: FieldValue, run: str) -> bool:
    """Whether the provider does not take from us what a person had set there by hand, and a conflict says so."""
    at = ItemKey(write.source, str(write.external_id))
    return any(
        one.kind is ConflictKind.REFUSED
        and (one.run_id, one.field, one.at_item) == (run, name, at)
        and same(name, one.value, value)
        for one in world.store.all_conflicts()
    )


def _done_again(world: World, writes: list[Write]) -> None:
    """What was written shows again."""
    for write in writes:
        item = world.sources[write.source].items[str(write.external_id)]
        mine = [
            link for link in world.store.all_links() if (link.source, link.task_id) == (write.source, write.task_id)
        ]
        items = [world.sources[link.source].items.get(link.external_id) for link in mine]
        live = [one for one in items if one is not None and not one.deleted]
        if write.operation is Operation.CREATE and not live:
            fail("f", f"{write.external_id} was created, undone, and the undo undone; it is not there")
        for name, value in (write.shown or {}).items() if write.operation is Operation.UPDATE else ():
            if not same(name, _tasks(world, write, name, value), _tasks(world, write, name, item.fields[name])):
                fail("f", f"{write.external_id} shows {name} {item.fields[name]!r}, the run had made it {value!r}")


def _tasks(world: World, write: Write, name: str, value: FieldValue) -> FieldValue:
    """What refers to an item that was made anew, or to another item of one task, refers to the same task as before."""
    if FIELDS[name].reference != "task" or not value:
        return value
    items = value if isinstance(value, list) else [str(value)]
    found = sorted(world.task_of(ItemKey(write.source, one)) or one for one in items)
    return found if isinstance(value, list) else found[0]
