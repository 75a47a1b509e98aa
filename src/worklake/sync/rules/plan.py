"""Planning: from the state of tasks to the steps that bring every item up to date. Pure.

Two plans of the same state are equal byte for byte.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

import orjson

from worklake.model.fields import FIELDS, Fields, FieldValue
from worklake.model.heart_rows import Operation, PlannedStep
from worklake.model.ids import digest
from worklake.sync.rules import resolution
from worklake.sync.rules.state import (
    DELETED,
    HOLDING,
    MERGE_REQUEST,
    Conflict,
    ConflictKind,
    ItemKey,
    Resolution,
    Side,
    TaskState,
)
from worklake.sync.rules.values import referred, same

WHOLE_TASK = "task"
AS_A_WHOLE = frozenset({WHOLE_TASK, DELETED})
"""The fields of conflicts about an item as a whole."""
NOT_SENT = frozenset({ConflictKind.REFUSED, ConflictKind.LEFT})
"""While a conflict of these kinds is open, its value is not written to its item."""
_PUT_BACK = frozenset({Operation.RESTORE.value, Operation.REOPEN.value, Operation.CLOSE.value})
_ALWAYS = frozenset({"title", "status"})
"""What a creation says in any case: what a new item shows of them is the provider's to choose."""
_PRIORITIES = {"urgent": 0, "high": 1, "medium": 2, "low": 3, "none": 4}
_NEVER_DUE = "9999-12-31"


@dataclass(frozen=True, slots=True)
class Missing:
    """A source that should hold a task and does not yet."""

    source: str
    resolution: Resolution
    creatable: frozenset[str]
    why: str
    mapping: str = ""


@dataclass(frozen=True, slots=True)
class Planning:
    """What planning a task needs: its state, its reachable items with `view` as last seen, and its open conflicts.

    `comments` are the steps for the comments on it, in their order. Of `held_back` it may be there already: nothing is
    made there before that is known.
    """

    task: TaskState
    sides: Sequence[Side]
    conflicts: Collection[Conflict] = ()
    missing: Sequence[Missing] = ()
    comments: Sequence[PlannedStep] = ()
    held_back: Sequence[Missing] = ()


@dataclass(slots=True)
class Budget:
    """How many calls a source's quota leaves, and how many items it reads in one call. Counts what steps take of it."""

    calls: int
    read_at_once: int = 1
    _written: int = 0
    _read: int = 0

    def takes(self, step: PlannedStep) -> bool:
        """Whether there is room for a step: a call to write it and its share of those that read. If so, it counts."""
        read = self._read + (step.external_id is not None)
        if self._written + 1 + -(-read // self.read_at_once) > self.calls:
            return False
        self._written, self._read = self._written + 1, read
        return True


@dataclass(frozen=True, slots=True)
class Plan:
    """Steps in the order in which they are to be applied. `waiting` counts, per source, those that a short quota
    leaves for a later plan.
    """

    steps: tuple[PlannedStep, ...]
    waiting: Mapping[str, int] = field(default_factory=dict)

    @property
    def plan_id(self) -> str:
        """The same for the same steps."""
        return "plan_" + digest(self.to_json().decode())

    def to_json(self) -> bytes:
        """The steps as one JSON document, byte for byte the same for the same state."""
        return orjson.dumps([step.model_dump(mode="json") for step in self.steps], option=orjson.OPT_SORT_KEYS)


def creating_key(source: str, task_id: str) -> ItemKey:
    """The key of the link that stands for an item that is being created."""
    return ItemKey(source, f"creating:{task_id}")


def held_fields(conflicts: Iterable[Conflict]) -> frozenset[str]:
    """The fields of a task that no source is written on, until a person decides."""
    return frozenset(one.field for one in conflicts if one.open and one.kind in HOLDING)


def refused_at(conflicts: Iterable[Conflict], item: ItemKey) -> list[Conflict]:
    """The open conflicts over what the provider refused for this item, also while it was being made, or over what a
    person lets it show.
    """
    return [
        one
        for one in conflicts
        if one.open and one.kind in NOT_SENT and one.at_item in (item, creating_key(item.source, one.task_id))
    ]


def refused_values(conflicts: Iterable[Conflict], item: ItemKey, mapping: str) -> dict[str, list[FieldValue]]:
    """The values that are not written to this item, by field: those that the provider certainly refuses, as long as the
    mapping is what it was, and those that a person keeps from it.
    """
    refused: dict[str, list[FieldValue]] = {}
    for one in refused_at(conflicts, item):
        if one.kind is ConflictKind.LEFT or one.mapping == mapping:
            refused.setdefault(one.field, []).append(one.value)
    return refused


def due(task: TaskState, side: Side, conflicts: Collection[Conflict]) -> dict[str, FieldValue]:
    """What has to be written to an item of a task now."""
    if not side.reachable or _is_held(side, conflicts):
        return {}
    held = held_fields(conflicts) if conflicts else frozenset[str]()
    refused = refused_values(conflicts, side.key, side.mapping) if conflicts else {}
    news = resolution.pending(task.values(), side, held, refused)
    if side.view.get("archived") and "archived" not in news:
        return {}  # what was put away is not touched before it is brought back
    return news


def due_deletion(task: TaskState, side: Side, conflicts: Collection[Conflict]) -> bool:
    """Whether an item is to be deleted, as another one of its task was. Not where its provider refused to."""
    wish = task.fields.get(DELETED)
    if wish is None or wish.value is not True or not (side.reachable and side.deletes):
        return False
    if not conflicts:
        return True
    refused = refused_values(conflicts, side.key, side.mapping)
    return not AS_A_WHOLE & held_fields(conflicts) and DELETED not in refused


def _is_held(side: Side, conflicts: Collection[Conflict]) -> bool:
    """Whether an undo brought this item back, or closed it, and a person decides first whether it stays so."""
    return any(
        one.open and one.kind is ConflictKind.UNDONE and one.field == WHOLE_TASK
        and any(each.origin == side.key and each.value in _PUT_BACK for each in one.contenders)
        for one in conflicts
    )  # fmt: skip


def make_plan(tasks: Iterable[Planning], limits: Mapping[str, Budget] | None = None) -> Plan:
    """The plan for these tasks. `limits` says what the quotas of sources leave, if they are short: what is due soonest
    and most urgent goes first, and the rest waits.
    """
    budgets = {source: replace(budget) for source, budget in (limits or {}).items()}
    planned = [(place, step, one.task) for one in tasks for place, step in _placed_steps(one)]
    by_value = sorted(planned, key=lambda entry: (_value(entry[2]), entry[1].task_id, entry[0]))
    chosen: list[tuple[PlannedStep, TaskState]] = []
    waiting: dict[str, int] = {}
    created: set[tuple[str, str]] = set()
    for _, step, task in by_value:
        if step.comment_id is not None and step.external_id is None and (step.source, step.task_id) not in created:
            continue  # it waits with the item that it is to stand on
        if step.source in budgets and not budgets[step.source].takes(step):
            waiting[step.source] = waiting.get(step.source, 0) + 1
            continue
        if step.operation is Operation.CREATE and step.comment_id is None:
            created.add((step.source, step.task_id))
        chosen.append((step, task))
    depths = _depths([step for step, _ in chosen if step.operation is Operation.CREATE and step.comment_id is None])
    chosen.sort(key=lambda entry: (_phase(entry[0]), depths.get(entry[0].step_id, 0)))
    return Plan(tuple(step for step, _ in chosen), waiting)


def _placed_steps(planning: Planning) -> Iterator[tuple[tuple[int, int | str], PlannedStep]]:
    """A task's steps, those of its comments last, each with its place among them."""
    yield from (((0, one.step_id), one) for one in task_steps(planning))
    yield from (((1, number), one) for number, one in enumerate(planning.comments))


def task_steps(planning: Planning) -> list[PlannedStep]:
    """The steps for one task: an update for each item that is not up to date, a creation where it is missing."""
    steps = []
    for side in planning.sides:
        if due_deletion(planning.task, side, planning.conflicts):
            steps.append(_deletion(planning.task, side))
            continue
        news = due(planning.task, side, planning.conflicts)
        if news:
            steps.append(_update(planning.task, side, news))
    for missing in planning.missing:
        fields = creation(planning.task, missing, planning.conflicts)
        if fields:
            steps.append(step(Operation.CREATE, planning.task.task_id, missing.source, None, fields, {},
                              missing.why, None))  # fmt: skip
    return steps


def _update(task: TaskState, side: Side, news: Fields) -> PlannedStep:
    before = {name: side.view[name] for name in news}
    return step(
        Operation.UPDATE,
        task.task_id,
        side.key.source,
        side.key.external_id,
        news,
        before,
        _why(task, news),
        side.revision,
    )


def _deletion(task: TaskState, side: Side) -> PlannedStep:
    """The deletion of an item. Whatever is edited there before it is done stops it."""
    standing = task.fields[DELETED]
    why = f"deleted in {standing.origin.source if standing.origin else 'Worklake'}"
    key = side.key
    return step(Operation.DELETE, task.task_id, key.source, key.external_id, {}, side.view, why, side.revision)


def creation(task: TaskState, missing: Missing, conflicts: Collection[Conflict]) -> dict[str, FieldValue]:
    """What an item is made with where it is missing; nothing where a person has to decide first."""
    held = held_fields(conflicts)
    refused = refused_values(conflicts, creating_key(missing.source, task.task_id), missing.mapping)
    values = {
        name: value
        for name, value in task.values().items()
        if name in missing.creatable and (name not in held or name == "title")
    }
    fields = missing.resolution.project(values, None)
    given = {
        name: fields[name]
        for name in sorted(fields)
        if name in values
        and (name in _ALWAYS or not same(name, fields[name], FIELDS[name].empty))
        and not any(same(name, fields[name], one) for one in refused.get(name, ()))
    }
    return {} if WHOLE_TASK in held or "title" not in given else given


def step(
    operation: Operation,
    task_id: str,
    source: str,
    external_id: str | None,
    fields: Fields,
    expected: Fields,
    why: str,
    revision: datetime | None,
) -> PlannedStep:
    """A step, with the id that follows from what it does."""
    parts = orjson.dumps([operation, fields, expected], option=orjson.OPT_SORT_KEYS).decode()
    return PlannedStep(
        step_id="step_" + digest(task_id, source, external_id or "", parts),
        task_id=task_id,
        source=source,
        external_id=external_id,
        operation=operation,
        fields=dict(fields),
        expected=dict(expected),
        expected_revision=revision,
        why=why,
    )


def _why(task: TaskState, news: Fields) -> str:
    """Which edits a step carries on."""
    said = []
    for name in sorted(news):
        standing = task.fields[name]
        said.append(f"{name} from {_whence(standing.origin)}")
    return ", ".join(said)


def _whence(origin: ItemKey | None) -> str:
    if origin is None:
        return "Worklake"
    if origin.external_id.startswith(MERGE_REQUEST):
        return f"{origin.source}, where {origin.external_id.removeprefix(MERGE_REQUEST)} was merged"
    return origin.source


def _value(task: TaskState) -> tuple[str, int]:
    due_date = task.fields["due_date"].value if "due_date" in task.fields else None
    priority = task.fields["priority"].value if "priority" in task.fields else "none"
    return str(due_date or _NEVER_DUE), _PRIORITIES.get(str(priority), len(_PRIORITIES))


def _phase(one: PlannedStep) -> int:
    if one.comment_id is not None:
        return 3
    if one.operation is Operation.CREATE:
        return 0
    return 2 if "blocked_by" in one.fields else 1


def _depths(creations: Sequence[PlannedStep]) -> dict[str, int]:
    """After how many others each of these items is made: its parent, its blockers, and theirs. By step."""
    made = {(step.source, step.task_id) for step in creations}
    left = {
        (step.source, step.task_id): {(step.source, task) for task in referred(step.fields)} & made
        for step in creations
    }
    depths: dict[tuple[str, str], int] = {}
    while left:
        free = [key for key, needed in left.items() if not (needed - {key}) & left.keys()]
        depth = len(depths) and max(depths.values()) + 1
        for key in free or list(left):  # who needs one another in a circle is made together, and completed later
            depths[key] = depth
            del left[key]
    return {step.step_id: depths[step.source, step.task_id] for step in creations}
