"""What must hold after every schedule, once people rest. Judged by what the sources hold and by what people did, not by
what links say.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Set as AbstractSet

from worklake.model.fields import FIELDS, FieldValue
from worklake.model.heart_rows import Operation, Outcome, PlannedStep, Write
from worklake.model.rows import LinkState
from worklake.sync.heart.store import Loaded, StoredLink
from worklake.sync.rules.plan import NOT_SENT, held_fields
from worklake.sync.rules.state import Conflict, ConflictKind, ItemKey
from worklake.sync.rules.values import elements, loosely_same, same
from worklake.testing.simulate.case import Case, fail
from worklake.testing.simulate.comment_checks import check_comments
from worklake.testing.simulate.edit_checks import EDIT_CHECKS
from worklake.testing.simulate.shapes import CLOSED
from worklake.testing.simulate.source import Call
from worklake.testing.simulate.world import World

_MOVING = ("created", "taken", "settled", "undone")


def check(world: World) -> None:
    """Everything that must hold after quiet. Raises `Broken`."""
    case = Case(world)
    for checker in _CHECKS:
        checker(case)


def _no_duplicates(case: Case) -> None:
    """(c) Each task once in each source it belongs in, and as many tasks as people made."""
    world, links = case.world, {link.key: link for link in case.world.store.all_links()}
    if len(case.loaded) != len(world.born):
        fail("c", f"people made {len(world.born)} tasks, there are {len(case.loaded)}")
    for name, source in world.sources.items():
        homes: Counter[str] = Counter()
        for key, item in source.items.items():
            link = links.get(ItemKey(name, key))
            if link is None and not item.deleted:
                fail("c", f"{key} belongs to no task")
            if link is not None and not item.deleted and link.key not in world.matched:
                homes[link.task_id] += 1
        for task, count in homes.items():
            if count > 1:
                fail("c", f"{task} is {count} items of {name}")
    for link in links.values():
        others = [one for one in links.values() if (one.source, one.task_id) == (link.source, link.task_id)]
        one = case.loaded[link.task_id]
        waits = _creation_is_refused(case, one, link.source) or _open(one, "task") or len(others) > 1
        if link.state is LinkState.CREATING and not waits:
            fail("c", f"{link.key} is still being created")
    for task, one in case.loaded.items():
        for name in world.wanted(task):
            # A task of which an item was taken back is made nowhere before a person has decided on that.
            waits = _creation_is_refused(case, one, name) or _open(one, "task")
            if not any(link.source == name for link in one.links) and not waits:
                fail("c", f"{task} is not in {name}")


def _creation_is_refused(case: Case, one: Loaded, source: str) -> bool:
    """Whether the source does not take the task's title, and a conflict says so."""
    title = one.task.values()["title"]
    at = ItemKey(source, f"creating:{one.task.task_id}")
    whole = any(each.at_item == at for each in one.conflicts if each.field == "task")
    refuses = case.world.sources[source].shape.refuses and "#" in str(title)
    return (refuses and whole) or _refuses(case, one, at, "title", title)


def _all_agree(case: Case) -> None:
    """(b) Every source shows the task, at its resolution, fields that are held and values that it refuses aside."""
    for one, link, fields in case.live():
        shape = case.world.sources[link.source].shape
        if link.state is LinkState.ARCHIVED and fields.get("archived"):
            continue  # what was put away is not touched
        if link.state is LinkState.NO_ACCESS and not case.world.full_rest:
            continue  # it is tried again once it was read
        if link.state is not LinkState.LINKED:
            fail("b", f"{link.external_id} is there, and its link is {link.state}")
        held = held_fields(one.conflicts)
        if any(link.key == said.origin for each in _open(one, "task") for said in each.contenders):
            continue  # its creation was undone, and it stays as that has left it
        for name, value in one.task.values().items():
            if name not in shape.writable or name in held or _refuses(case, one, link.key, name, value):
                continue
            if _is_left(case, one, link.key, name, value):
                continue
            if name == "assignees" and value and case.provider.shows(link.source, name, value, []):
                continue  # nobody of them has an account there: it keeps whom it has
            if name == "parent_id" and value and case.provider.shows(link.source, name, value, None):
                continue  # the parent is not there: it keeps what it has
            said, shown = value, fields[name]
            if FIELDS[name].reference == "task":
                said, shown = (case.provider.apart(link.task_id, link.source, each) for each in (value, shown))
            if name == "assignees":
                shown = case.provider.of_the_task(link.source, value, shown)
            if name == "parent_id" and value and not said:
                continue  # no task is its own parent: it keeps what it has
            if case.provider.shows(link.source, name, said, shown):
                continue
            if not _may_be_as_made(case, link, name, fields[name]) and not case.may_be_sent(
                link.key, name, fields[name]
            ):
                fail("b", f"{link.external_id} shows {name} {fields[name]!r}, the task has {value!r}")


def _open(one: Loaded, name: str) -> list[Conflict]:
    """The open conflicts that hold a field of a task, or its items."""
    return [each for each in one.conflicts if each.open and each.field == name and each.kind not in NOT_SENT]


def _may_be_as_made(case: Case, link: StoredLink, name: str, shown: FieldValue) -> bool:
    """Whether nobody can tell what is shown from what the provider may have made of what was sent, as the reply to the
    making of the item was lost.
    """
    return any(
        call.lost and name in call.fields and loosely_same(name, call.fields[name], shown)
        for call in case.world.sources[link.source].calls
        if call.operation == "create" and call.external_id == link.external_id
    )


def _is_left(case: Case, one: Loaded, key: ItemKey, name: str, value: FieldValue) -> bool:
    """Whether a person has left this item as it is while the task has this value."""
    return any(
        (each.open, each.kind, each.field, each.at_item) == (True, ConflictKind.LEFT, name, key)
        and case.provider.shows(key.source, name, value, each.value)
        for each in one.conflicts
    )


def _refuses(case: Case, one: Loaded, key: ItemKey, name: str, value: FieldValue) -> bool:
    """Whether the provider does not take this value there, and an open conflict says so."""
    source = case.world.sources[key.source]
    if name != "title" or not source.shape.refuses or "#" not in str(value):
        return False
    places = (key, ItemKey(key.source, f"creating:{one.task.task_id}"))
    said = [each for each in one.conflicts if each.open and each.field == name and each.at_item in places]
    return any(same(name, each.value, value) for each in said)


def _all_planned(case: Case) -> None:
    """(d) Every write belongs to a step of a saved plan, sends what the step says, and is told in the ledger."""
    plans = case.world.store.all_plans()
    steps = {(plan.plan_id, step.step_id): step for plan in plans for step in plan.steps}
    told: dict[tuple[str, str | None, str], list[Write]] = {}
    known = {
        (write.source, write.task_id): write.finished_at
        for write in case.world.store.all_writes()
        if write.operation is Operation.CREATE and write.outcome is Outcome.ACKNOWLEDGED and not write.comment_id
    }
    for write in case.world.store.all_writes():
        if write.comment_id is not None:
            continue  # comments are judged by `check_comments`
        step = steps.get((write.plan_id, write.step_id))
        later = {
            task for (source, task), at in known.items() if source == write.source and at and at > write.intended_at
        }
        if step is None or not _as_planned(case, step, write, later):
            fail("d", f"{write.write_id} is not as any saved plan has it")
        if write.outcome is None:
            fail("d", f"what became of {write.write_id} was never found out")
        if write.outcome is not Outcome.STALE:
            item = write.task_id if write.operation is Operation.CREATE else write.external_id
            told.setdefault((write.source, item, write.operation.value), []).append(write)
    calls: Counter[tuple[str, str, str]] = Counter()
    for source in case.world.sources.values():
        for call in source.calls:
            item = call.marker if call.operation == "create" else call.external_id
            writes = [one for one in told.get((call.source, item, call.operation), ()) if _sends(one, call)]
            if not writes:
                fail("d", f"{call} stands in no ledger")
            for name in call.fields or {"": None}:
                calls[call.source, call.external_id + call.operation, name] += 1
                if calls[call.source, call.external_id + call.operation, name] > len(
                    told[call.source, item, call.operation]
                ):
                    fail("d", f"{call.external_id} was called more often than planned")


def _as_planned(case: Case, step: PlannedStep, write: Write, later: AbstractSet[str]) -> bool:
    """Whether a write sends what its step says, but for what it refers to that was made, or found, only `later`."""
    shows = case.provider.shows
    return (
        (step.source, step.task_id, step.operation) == (write.source, write.task_id, write.operation)
        and (step.external_id == write.external_id or step.operation is Operation.CREATE)
        and write.sent.keys() <= step.fields.keys()
        and all(
            same(name, case.provider.canonical(write.source, name, value), step.fields[name])
            or shows(write.source, name, step.fields[name], value)
            or (isinstance(value, list) and shows(write.source, name, _without(step.fields[name], later), value))
            for name, value in write.sent.items()
        )
    )


def _without(value: FieldValue, later: AbstractSet[str]) -> FieldValue:
    return sorted(elements(value) - later)


def _sends(write: Write, call: Call) -> bool:
    return all(name in write.sent and same(name, write.sent[name], value) for name, value in call.fields.items())


def _brake_holds(case: Case) -> None:
    """(k) No plan passes the brake that closes much of a source."""
    for broken in case.world.let_pass:
        fail("k", broken)


def _folds(case: Case) -> None:
    """(g) The task is the fold of its changes."""
    for task, state in case.world.store.tasks.items():
        fields: dict[str, FieldValue] = {}
        changes = case.world.store.changes(task_id=task)
        for change in sorted(changes, key=lambda one: one.position):
            if change.decision.value in _MOVING:
                fields |= change.new if isinstance(change.new, dict) else {change.field: change.new}
            if change.decision.value in _MOVING and change.field == "status" and change.new not in CLOSED:
                fields.pop("deleted", None)  # who opens a task again wants it to stay
        if fields != state.values():
            fail("g", f"{task} is not the fold of its changes")
        if len({change.position for change in changes}) != len(changes):
            fail("g", f"two changes of {task} have the same place")


def _comments_hold(case: Case) -> None:
    """(j) Each comment stands once in each source that holds its task, named and as it was written."""
    for broken in check_comments(case.world):
        fail("j", broken)


_CHECKS = (_no_duplicates, _all_agree, *EDIT_CHECKS, _all_planned, _brake_holds, _folds, _comments_hold)
