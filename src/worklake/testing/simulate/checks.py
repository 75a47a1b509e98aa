"""What must hold after every schedule, once people rest. Judged by what the sources hold, not by what links say."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from random import Random

from worklake.model.fields import FieldValue
from worklake.model.heart_rows import Outcome
from worklake.model.rows import LinkState
from worklake.sync.heart.store import Loaded, StoredLink
from worklake.sync.rules.plan import held_fields
from worklake.sync.rules.state import Conflict, ConflictKind, ItemKey
from worklake.sync.rules.task import fold
from worklake.sync.rules.values import elements, same
from worklake.testing.simulate import world as worlds
from worklake.testing.simulate.comments import check_comments
from worklake.testing.simulate.shapes import PEOPLE
from worklake.testing.simulate.world import PersonEdit, World


class Broken(Exception):
    """An invariant does not hold. Begins with its letter."""


def check(world: World) -> None:
    """Everything that must hold after quiet. Raises `Broken`."""
    loaded = world.store.load(world.store.all_tasks())
    for checker in _CHECKS:
        checker(world, loaded)


def _fail(letter: str, what: str) -> None:
    raise Broken(f"({letter}) {what}")


def _no_duplicates(world: World, loaded: dict[str, Loaded]) -> None:
    """(c) Each task once in each source, and as many tasks as people made."""
    if len(loaded) != len(world.born):
        _fail("c", f"people made {len(world.born)} tasks, there are {len(loaded)}")
    links = {link.key: link for link in world.store.all_links()}
    for name, source in world.sources.items():
        homes: dict[str, str] = {}
        for key, item in source.items.items():
            link = links.get(ItemKey(name, key))
            if item.deleted:
                continue
            if link is None:
                _fail("c", f"{key} belongs to no task")
            elif homes.setdefault(link.task_id, key) != key:
                _fail("c", f"{link.task_id} is {homes[link.task_id]} and {key}")
        for task, one in loaded.items():
            wanted = not world.undone and not any(link.source == name for link in one.links)
            if wanted:
                _fail("c", f"{task} is not in {name}")


def _live(world: World, loaded: dict[str, Loaded]) -> Iterator[tuple[Loaded, StoredLink, dict[str, FieldValue]]]:
    for one in loaded.values():
        for link in one.links:
            item = world.sources[link.source].items.get(link.external_id)
            if item is not None and not item.deleted and link.state is LinkState.LINKED:
                yield one, link, item.fields


def _all_agree(world: World, loaded: dict[str, Loaded]) -> None:
    """(b) Every source shows the task, at its resolution and as it adjusts it, fields that are held aside."""
    for one, link, fields in _live(world, loaded):
        shape = world.sources[link.source].shape
        held = held_fields(one.conflicts) | _refused(one.conflicts, link.key)
        for name, value in one.task.values().items():
            if name not in shape.fields or name in held:
                continue
            wanted = _own(link.source, shape.strangers, name, value)
            if name == "assignees" and value and not wanted:
                continue
            if not same(name, shape.stored({name: wanted})[name], shape.stored({name: fields[name]})[name]):
                _fail("b", f"{link.external_id} shows {name} {fields[name]!r}, the task has {value!r}")


def _own(source: str, strangers: frozenset[str], name: str, value: FieldValue) -> FieldValue:
    if name != "assignees":
        return value
    return sorted(f"{source}.{one}" for one in elements(value) if one in PEOPLE and one not in strangers)


def _refused(conflicts: tuple[Conflict, ...], key: ItemKey) -> set[str]:
    created = {f"creating:{one.task_id}" for one in conflicts}
    return {
        one.field
        for one in conflicts
        if one.kind is ConflictKind.REFUSED
        and one.at_item
        and (one.at_item == key or (one.at_item.source == key.source and one.at_item.external_id in created))
    }


def _edits_are_kept(world: World, loaded: dict[str, Loaded]) -> None:
    """(a) Every edit that a pull could see is in the changes, or the task says it anyway."""
    links = {link.key: link for link in world.store.all_links()}
    for edit in world.edits:
        source = world.sources[edit.key.source]
        raced = (edit.key.external_id, edit.field) in source.overwritten
        item = source.items[edit.key.external_id]
        if not edit.standing or raced or item.deleted:
            continue
        task = loaded[links[edit.key].task_id]
        if not _kept(world, task, edit):
            _fail("a", f"{edit.field} {edit.value!r} of {edit.key.external_id} is nowhere")


def _kept(world: World, task: Loaded, edit: PersonEdit) -> bool:
    shape = world.sources[edit.key.source].shape
    if edit.field in ("labels", "assignees", "description"):
        kept = world.store.changes(task_id=task.task.task_id)
        known = any(change.field in (edit.field, "task") and change.origin == edit.key for change in kept)
        return known or _shows(world, task, edit)
    for change in world.store.changes(task_id=task.task.task_id):
        news = change.new if isinstance(change.new, dict) else {change.field: change.new}
        if edit.field in news:
            value = shape.stored({edit.field: news[edit.field]})[edit.field]
            if same(edit.field, value, edit.value):
                return True
    return _shows(world, task, edit)


def _shows(world: World, task: Loaded, edit: PersonEdit) -> bool:
    shape = world.sources[edit.key.source].shape
    value = task.task.fields[edit.field].value if edit.field in task.task.fields else None
    wanted = shape.stored({edit.field: _own(edit.key.source, shape.strangers, edit.field, value)})[edit.field]
    return same(edit.field, wanted, edit.value)


def _all_planned(world: World, loaded: dict[str, Loaded]) -> None:
    """(d) Every write belongs to a step of a saved plan."""
    steps = {(plan.plan_id, step.step_id) for plan in world.store.all_plans() for step in plan.steps}
    writes = world.store.all_writes()
    for write in writes:
        if (write.plan_id, write.step_id) not in steps:
            _fail("d", f"{write.write_id} belongs to no saved plan")
        if write.outcome is None:
            _fail("d", f"what became of {write.write_id} was never found out")
    made = {Outcome.ACKNOWLEDGED, Outcome.OVERWRITTEN, Outcome.NOT_SENT, Outcome.REFUSED, Outcome.FAILED,
            Outcome.NO_ACCESS, Outcome.PAUSED, Outcome.GONE}  # fmt: skip
    written = [write for write in writes if write.outcome in made and write.comment_id is None]
    meant = {
        (write.source, write.task_id if write.operation.value == "create" else write.external_id) for write in written
    }
    for source in world.sources.values():
        for call in source.calls:
            if (call.source, call.marker if call.operation == "create" else call.external_id) not in meant:
                _fail("d", f"{call} stands in no ledger")


def _comments_hold(world: World, loaded: dict[str, Loaded]) -> None:
    """(j) Each comment stands once in each source that holds its task, named and as it was written."""
    for broken in check_comments(world):
        _fail("j", broken)


def _folds(world: World, loaded: dict[str, Loaded]) -> None:
    """(g) The task is the fold of its changes."""
    for task, state in world.store.tasks.items():
        if fold(task, world.store.changes(task_id=task)).values() != state.values():
            _fail("g", f"{task} is not the fold of its changes")


def _all_typed(world: World, loaded: dict[str, Loaded]) -> None:
    """(h) No value stands that no person typed."""
    for one in loaded.values():
        # An undo may bring back the status that a provider gave to a new item.
        for name in ("title", "due_date") if world.undone else ("title", "due_date", "status"):
            if name in one.task.fields and str(one.task.fields[name].value or "") not in world.typed[name]:
                _fail("h", f"nobody typed {name} {one.task.fields[name].value!r}")
        text = one.task.fields["description"].value if "description" in one.task.fields else None
        for line in str(text or "").split("\n"):
            if line not in world.typed.get("description", {""}) and line:
                _fail("h", f"nobody typed the line {line!r}")


def _winners_stand(world: World, loaded: dict[str, Loaded]) -> None:
    """(i) The policy's winner stands: of a conflict settled by time, no contender was later."""
    for one in world.store.all_conflicts():
        policy = world.policies.get(one.field) or world.policies.get("default", "latest")
        if one.open or one.kind is not ConflictKind.DIFFERS or policy != "latest":
            continue
        winner = next((each for each in one.contenders if each.origin == one.winner), None)
        if winner is None or winner.at is None:
            continue
        later = [each for each in one.contenders if each.at is not None and each.at > winner.at]
        if later and not _coarser_than(world, one, winner.value, later):
            _fail("i", f"{one.field} {winner.value!r} won over later {later[0].value!r}")


def _latest_stands(world: World, loaded: dict[str, Loaded]) -> None:
    """(i) Where every source tells when each field was edited, the latest edit of a field that goes by time stands."""
    shapes = {name: source.shape for name, source in world.sources.items()}
    exact = all(shape.tells_times and not shape.minute_clock for shape in shapes.values())
    if world.undone or world.settled or not exact:
        return
    links = {link.key: link for link in world.store.all_links()}
    last: dict[tuple[str, str], PersonEdit] = {}
    for edit in world.edits:
        last[links[edit.key].task_id, edit.field] = edit
    for (task, name), edit in last.items():
        policy = world.policies.get(name) or world.policies.get("default", "latest")
        raced = (edit.key.external_id, name) in world.sources[edit.key.source].overwritten
        if name in ("title", "due_date") and policy == "latest" and edit.standing and not raced:
            value = loaded[task].task.fields[name].value if name in loaded[task].task.fields else None
            if not same(name, shapes[edit.key.source].stored({name: value})[name], edit.value):
                _fail("i", f"{task} has {name} {value!r}, the latest edit was {edit.value!r}")


def _labels_stand(world: World, loaded: dict[str, Loaded]) -> None:
    """(a) Every label that a person put on stands, unless a person took it off."""
    if world.undone or world.settled:
        return
    links = {link.key: link for link in world.store.all_links()}
    for edit in world.edits:
        if edit.field == "labels" and edit.standing:
            task = loaded[links[edit.key].task_id].task
            lost = elements(edit.value) - world.removed - elements(task.fields["labels"].value)
            if lost:
                _fail("a", f"labels {sorted(lost)} of {edit.key.external_id} are lost")


def _coarser_than(world: World, conflict: Conflict, value: FieldValue, later: Sequence[object]) -> bool:
    return conflict.field == "status" or conflict.reason in ("all agree", "a person decided")


def check_undo(world: World, random: Random) -> None:
    """(f) An undo restores what a run wrote, and the next sync does not redo it; its own undo brings it back."""
    before = len(world.store.all_writes())
    worlds.person_acts(world, random)
    world.tick(120)
    worlds.pull(world, sorted(world.sources), random)
    run = worlds.apply(world, worlds.plan(world))
    writes = [one for one in world.store.all_writes()[before:] if one.outcome is Outcome.ACKNOWLEDGED]
    writes = [one for one in writes if one.operation.value == "update" and one.comment_id is None]
    if not writes:
        return
    worlds.undo(world, run, everywhere=False)
    _restored(world, run, after=False)
    world.tick(120)
    steps = worlds.sync(world, random).steps
    if any(step.external_id == write.external_id and set(step.fields) & set(write.sent)
           for step in steps for write in writes):  # fmt: skip
        _fail("f", f"what run {run} wrote was undone, and done again")
    _restored(world, run, after=False)


def _restored(world: World, run: str, *, after: bool) -> None:
    for write in world.store.writes(run):
        if write.outcome is not Outcome.ACKNOWLEDGED or write.operation.value != "update" or write.comment_id:
            continue
        fields = world.sources[write.source].items[str(write.external_id)].fields
        for name, value in (write.shown or {}).items() if after else write.before.items():
            shape = world.sources[write.source].shape
            if not same(name, shape.stored({name: value})[name], fields[name]):
                _fail("f", f"{write.external_id} shows {name} {fields[name]!r}, before the run it was {value!r}")


_CHECKS = (
    _no_duplicates,
    _all_agree,
    _edits_are_kept,
    _labels_stand,
    _all_planned,
    _folds,
    _all_typed,
    _winners_stand,
    _latest_stands,
    _comments_hold,
)
