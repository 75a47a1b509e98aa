"""What a person lets an item show, whatever its task says: it is not written over before either of the two moves."""

from __future__ import annotations

from dataclasses import replace

from worklake.errors import InvalidInputError
from worklake.model.fields import FIELDS, FieldValue, Status
from worklake.model.ids import digest
from worklake.sync.heart.ports import Ports, aliases_of
from worklake.sync.heart.sides import side_of
from worklake.sync.heart.store import NOT_THERE, Loaded, Store
from worklake.sync.heart.views import names_for
from worklake.sync.rules import resolution
from worklake.sync.rules.plan import creating_key
from worklake.sync.rules.putaway import is_open
from worklake.sync.rules.state import Conflict, ConflictKind, Contender, ItemKey, Side
from worklake.sync.rules.task import Moment
from worklake.sync.rules.values import same

LEFT_THERE = "a person left it as it is there"


def left_different(store: Store, ports: Ports, conflict: Conflict, moment: Moment) -> Conflict:
    """The conflict over a value that a provider refuses, once a person lets the item keep its own.

    Raises `InvalidInputError` where it is about something else, or there is no item.
    """
    key, name = conflict.at_item, conflict.field
    if conflict.kind is not ConflictKind.REFUSED or name not in FIELDS or key is None:
        raise InvalidInputError(
            f"{conflict.conflict_id} is not about a value that a tool refuses, so nothing can be left different there;"
            " take a source, or give a value"
        )
    loaded = store.load([conflict.task_id])[conflict.task_id]
    making = key == creating_key(key.source, conflict.task_id)  # it was refused while the item was made
    sides = [side for side in _sides(store, ports, loaded, key.source) if making or side.key == key]
    side = next((side for side in sides if name in side.view), None)
    if side is None:
        raise InvalidInputError(
            f"{conflict.conflict_id}: there is no item in {key.source} that could keep its {name}: it is not made yet,"
            f" or {key.source} is not in conf/sources.yml"
        )
    whole = loaded.task.fields[name].value if name in loaded.task.fields else None
    return replace(
        conflict,
        kind=ConflictKind.LEFT,
        at_item=side.key,
        mapping=side.mapping,
        contenders=(Contender(None, whole, moment.now), Contender(side.key, side.view[name], side.revision)),
        reason=LEFT_THERE,
        run_id=moment.run_id,
        opened_at=moment.now,
    )


def leave_comment(store: Store, conflict: Conflict, moment: Moment) -> Conflict:
    """Keep that a copy stays as it is: as an undo left it, until that is undone; or, where its provider refuses what
    was written, until the author writes something else.
    """
    run = moment.run_id if conflict.kind is ConflictKind.REFUSED else conflict.run_id
    left = replace(conflict, kind=ConflictKind.LEFT, run_id=run, reason=LEFT_THERE)
    store.commit(conflicts=[left])
    return left


def stays_closed(store: Store, ports: Ports, loaded: Loaded, key: ItemKey, moment: Moment) -> list[Conflict]:
    """What keeps an item closed that an undo closes for good, as it cannot delete it: nobody has closed its task."""
    side = next((side for side in _sides(store, ports, loaded, key.source) if side.key == key), None)
    if side is None or "status" not in side.view:
        return []
    task, whole = loaded.task, loaded.task.fields["status"].value
    opened = resolution.project_one(side, "status", whole, side.view["status"])
    shown = Contender(key, Status.CANCELED.value, moment.now)
    return [
        Conflict(
            conflict_id="conflict_" + digest(task.task_id, "status", *key, str(opened)),
            task_id=task.task_id,
            field="status",
            kind=ConflictKind.LEFT,
            contenders=(Contender(None, whole, moment.now), shown),
            open=True,
            reason=LEFT_THERE,
            run_id=moment.run_id,
            opened_at=moment.now,
            value=opened,
            at_item=key,
            mapping=side.mapping,
        )
    ]


def shows_what_was_left(conflict: Conflict, side: Side) -> bool:
    """Whether an item still shows what a person left there; of a status, whether it is as open as it was."""
    name = conflict.field
    return any(
        one.origin == side.key and name in side.view and _looks_alike(name, one.value, side.view[name])
        for one in conflict.contenders
    )


def _looks_alike(name: str, one: FieldValue, other: FieldValue) -> bool:
    return is_open(one) is is_open(other) if name == "status" else same(name, one, other)


def _sides(store: Store, ports: Ports, loaded: Loaded, source: str) -> list[Side]:
    """The items of a task that are in a source, as they were last seen; none where the settings do not name it."""
    port = ports.get(source)
    if port is None:
        return []
    names = names_for(store, {source: port.people}, [loaded], aliases=aliases_of(ports))
    there = [link for link in loaded.links if link.source == source and link.state not in NOT_THERE]
    return [side_of(link, port, names[source]) for link in there]
