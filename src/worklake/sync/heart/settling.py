"""A person settles a conflict: the value becomes a change like any other."""

from __future__ import annotations

from dataclasses import dataclass, replace

from worklake.errors import InvalidInputError, NotFoundError
from worklake.model.fields import FieldValue
from worklake.model.heart_rows import Operation
from worklake.model.rows import LinkState
from worklake.sync.heart.comments.undoing import settle_comment
from worklake.sync.heart.holding import in_the_making
from worklake.sync.heart.leaving import leave_comment, left_different, stays_closed
from worklake.sync.heart.ports import Ports
from worklake.sync.heart.store import Loaded, Store, StoredLink
from worklake.sync.rules.comments import COMMENT
from worklake.sync.rules.plan import AS_A_WHOLE
from worklake.sync.rules.putaway import is_open
from worklake.sync.rules.state import BY_HAND, DELETED, Change, Conflict, ConflictKind, Contender, Decision, TaskState
from worklake.sync.rules.task import Moment, fold_onto, given
from worklake.sync.rules.values import same


@dataclass(frozen=True, slots=True)
class Choice:
    """What a person chose: the value of a source that contends, or a value of their own, or to leave the item that
    refuses a value as it is.
    """

    take: str | None = None
    value: FieldValue = None
    leave: bool = False


def settle(store: Store, ports: Ports, conflict_id: str, choice: Choice, moment: Moment) -> Conflict:
    """Settle an open conflict, and give it as it then is. The next plan writes the value everywhere, but to an item
    that is left as it is: that shows its own value until this or the task's moves.

    Raises `NotFoundError` where there is no such conflict, `InvalidInputError` where it is settled or left already, the
    source does not contend, there is no item to be left, its task is not kept yet, or what went over an edit was edited
    since.
    """
    conflict = store.conflicts([conflict_id]).get(conflict_id)
    if conflict is None:
        raise NotFoundError(f"there is no conflict {conflict_id}; conflicts list shows those that are open")
    if not conflict.open:
        raise InvalidInputError(f"{conflict_id} is settled already: {conflict.reason}")
    if choice.leave and conflict.kind is ConflictKind.LEFT:
        raise InvalidInputError(f"{conflict_id} is left already; to end that, take one of: {_names(conflict)}")
    if choice.leave and conflict.field == COMMENT:
        return leave_comment(store, conflict, moment)
    if choice.leave:
        different = left_different(store, ports, conflict, moment)
        store.commit(conflicts=[different])
        return different
    winner = _chosen(conflict, choice)
    settled = replace(
        conflict,
        open=False,
        settled_at=moment.now,
        reason="a person decided",
        winner=winner.origin,
        value=winner.value,
    )
    if conflict.field == COMMENT:
        return settle_comment(store, conflict, settled, moment)
    loaded = store.load([conflict.task_id]).get(conflict.task_id)
    if loaded is None:
        raise InvalidInputError(
            f"{conflict_id}: the merge that found it was cut short before it kept its task; run worklake sync, which"
            " goes on there, then settle it"
        )
    task = loaded.task
    if conflict.field in AS_A_WHOLE:
        changes, links = _as_a_whole(loaded, conflict, winner, moment)
        moved = [fold_onto(task, changes)] if changes else []
        closed = winner.origin if winner.value == Operation.CLOSE else None
        left = stays_closed(store, ports, loaded, closed, moment) if closed is not None else []
        store.commit(changes, moved, links, [settled, *left])
        return settled
    if conflict.kind is ConflictKind.OVERWRITTEN:
        _refuse_edited(store, task, conflict, moment)
    standing = task.fields.get(conflict.field)  # none where the task was born in a source that lacks the field
    origin = winner.origin
    if standing is not None and same(conflict.field, standing.value, winner.value):
        origin = standing.origin  # it stays whose it was, and has been said now
    elif conflict.kind in (ConflictKind.UNDONE, ConflictKind.OVERWRITTEN):
        origin = None  # what was to be restored, or was gone over, need not stand there: an edit may not know of it
    change = given(task, conflict.field, winner.value, origin, Decision.SETTLED, "a person settled a conflict", moment)
    store.commit([change], [fold_onto(task, [change])], conflicts=[settled])
    return settled


def _refuse_edited(store: Store, task: TaskState, conflict: Conflict, moment: Moment) -> None:
    """Where a field was edited since, as a merge kept that died before it closed the conflict, nobody who decides has
    that in sight: it is closed now.
    """
    standing = task.fields.get(conflict.field)
    others = [one.value for one in conflict.contenders if one.origin != conflict.at_item]
    if standing is None or not others or any(same(conflict.field, standing.value, each) for each in others):
        return
    closed = replace(conflict, open=False, settled_at=moment.now, reason="edited since", value=standing.value)
    store.commit(conflicts=[closed])
    raise InvalidInputError(f"{conflict.conflict_id}: {conflict.field} was edited since; nothing is left to decide")


def _as_a_whole(
    loaded: Loaded, conflict: Conflict, winner: Contender, moment: Moment
) -> tuple[list[Change], list[StoredLink]]:
    """What follows from a decision about items as a whole, whose doing was undone, or whose deletion was refused.

    Who takes what Worklake did has it done again: what was made and then deleted is made anew. Who takes what a
    source shows keeps it so: an item that is there stays, and its task is no longer to be deleted.
    """
    keys = {one.origin for one in conflict.contenders}
    if winner.origin is None:
        return [], in_the_making(loaded, (link for link in loaded.links if link.key in keys))
    link = loaded.link_of(winner.origin)
    wish = loaded.task.fields.get(DELETED)
    if link is None or link.state is LinkState.DELETED or wish is None or wish.value is not True:
        return [], []
    task, shown, why = loaded.task, link.seen.get("status"), "a person settled a conflict"
    changes = [given(task, DELETED, False, winner.origin, Decision.SETTLED, why, moment)]
    if is_open(shown) and not is_open(task.fields["status"].value):
        task = fold_onto(task, changes)
        changes.append(given(task, "status", task.last_open or shown, winner.origin, Decision.SETTLED, why, moment))
    return changes, []


def _chosen(conflict: Conflict, choice: Choice) -> Contender:
    if choice.take is None and conflict.field in AS_A_WHOLE:
        raise InvalidInputError(f"{conflict.conflict_id} is about an item as a whole; take one of: {_names(conflict)}")
    if choice.take is None:
        return Contender(None, choice.value, None)
    of_source = [one for one in conflict.contenders if _said_by(one) == choice.take]
    if not of_source and choice.take == BY_HAND and conflict.kind is ConflictKind.UNDONE:
        return conflict.contenders[0]  # the task's own value: what Worklake wrote, and wrote back
    if not of_source:
        own = "" if conflict.field in AS_A_WHOLE else ". A value of your own can be given, too (--value)"
        raise InvalidInputError(
            f"{choice.take} does not contend in {conflict.conflict_id}; those that do: {_names(conflict)}{own}"
        )
    return max(of_source, key=lambda one: one.at.timestamp() if one.at else 0.0)


def _names(conflict: Conflict) -> str:
    return ", ".join(sorted({_said_by(one) for one in conflict.contenders}))


def _said_by(one: Contender) -> str:
    return one.origin.source if one.origin is not None else BY_HAND
