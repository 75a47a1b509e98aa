"""Random situations of one task: what it says, what its items show and showed, and what is open."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from hypothesis import strategies as st

from tests.sync.rules.sides import Exact, at
from worklake.model.fields import FIELDS, OPEN_STATUSES, Fields, FieldValue, MergeKind, Status
from worklake.settings.models import FieldPolicy, Owner, Prefer
from worklake.sync.rules import resolution
from worklake.sync.rules.state import (
    HOLDING,
    Conflict,
    ConflictKind,
    Contender,
    Edited,
    ItemKey,
    Pair,
    Side,
    Standing,
    TaskState,
)
from worklake.sync.rules.task import Moment, TaskOutcome, merge_task
from worklake.sync.rules.values import same

NOW = Moment("run_1", at(100))
LATER = Moment("run_2", at(200))
VALUES: Mapping[str, tuple[FieldValue, ...]] = {
    "title": ("one title", "another title", "a third", ""),
    "description": (None, "- a", "- a\nb", "- a\nb\nc", "x\n- a\nb\nc", "- a\nb\nc\ny", "- a\nz\nc"),
    "status": tuple(status.value for status in Status),
    "assignees": ([], ["kim"], ["lee"], ["kim", "lee"], ["eve"], ["eve", "kim"]),
    "due_date": (None, "2026-01-01", "2026-02-01"),
    "parent_id": (None, "task_2", "task_3"),
    "archived": (False, True),
}
"""Some values of fields of every kind."""
_FORMS: Mapping[str, Mapping[FieldValue, FieldValue]] = {
    "title": {one: str(one)[:7] for one in VALUES["title"] if len(str(one)) > 7},
    "description": {one: str(one).replace("- ", "* ") for one in VALUES["description"] if "- " in str(one)},
}
"""What a provider makes of values without that its lens knows: it cuts titles and rewrites Markdown."""
_RARELY = st.sampled_from([False] * 5 + [True])
_TIMES = st.sampled_from([None, at(0), at(1), at(1), at(2), at(3)])


@dataclass(frozen=True)
class Lossy(Exact):
    """Tells open from closed only, has some people and tasks, and some fields that cannot be set."""

    coarse: bool = False
    people: frozenset[str] = frozenset({"kim", "lee", "eve"})
    tasks: frozenset[str] = frozenset({"task_2", "task_3"})

    def project(self, canonical: Fields, shown: Fields | None) -> dict[str, FieldValue]:
        found = {name: value for name, value in canonical.items() if name in self.fields}
        for name in found.keys() - self.writable:
            if shown is None or name not in shown:
                del found[name]
            else:
                found[name] = shown[name]
        return {name: self.lossy(name, value, shown) for name, value in found.items()}

    def lossy(self, name: str, value: FieldValue, shown: Fields | None = None) -> FieldValue:
        """What an item shows of a value that somebody sets there."""
        if name == "status" and self.coarse:
            return "completed" if value in ("completed", "canceled") else "unstarted"
        if name == "assignees" and isinstance(value, list):
            return [one for one in value if one in self.people]
        if name == "parent_id" and value not in (None, *self.tasks):
            return shown.get(name) if shown is not None else None
        return value


@dataclass(frozen=True)
class Situation:
    """All that one merge is given, but for the moment."""

    task: TaskState
    sides: tuple[Side, ...]
    policies: Mapping[str, FieldPolicy]
    conflicts: tuple[Conflict, ...] = ()
    names: tuple[str, ...] = field(default=())

    def merged(self, moment: Moment = NOW, decided: Collection[str] = ()) -> TaskOutcome:
        """What merging comes to."""
        return merge_task(self.task, self.sides, self.policies, self.conflicts, moment, frozenset(decided))

    def policy(self, name: str) -> FieldPolicy:
        """The policy of a field."""
        return self.policies.get(name, self.policies.get("default", "latest"))

    def current(self, name: str) -> FieldValue:
        """What the task says before the merge."""
        return self.task.fields[name].value if name in self.task.fields else FIELDS[name].empty

    def holds(self, name: str) -> list[Conflict]:
        """The open conflicts that hold a field."""
        return [one for one in self.conflicts if one.field == name and one.open and one.kind in HOLDING]

    def changers(self, name: str) -> list[Side]:
        """The sides at which somebody edited a field, or which show it for the first time."""
        return [one for one in self.sides if name in resolution.changed_fields(one) and name not in one.reread]

    def is_reread(self, name: str) -> bool:
        """Whether a side shows a field otherwise for the settings alone."""
        return any(name in resolution.changed_fields(one) and name in one.reread for one in self.sides)


def open_after(conflicts: Iterable[Conflict], outcome: TaskOutcome) -> tuple[Conflict, ...]:
    """The conflicts that are open once an outcome is kept."""
    kept = {one.conflict_id: one for one in (*conflicts, *outcome.conflicts)}
    return tuple(one for one in kept.values() if one.open)


def taken_in(side: Side) -> Side:
    """An item once a merge has taken its view into account."""
    seen = {**side.seen, **side.view}
    return replace(side, seen=seen, view=seen, merges=side.merges + 1, unsure=frozenset(), reread=frozenset())


def is_text(name: str) -> bool:
    return FIELDS[name].merge is MergeKind.TEXT


def is_set(name: str) -> bool:
    return FIELDS[name].merge is MergeKind.SET


def is_scalar(name: str) -> bool:
    return FIELDS[name].merge is MergeKind.SCALAR


@st.composite
def situations(
    draw: st.DrawFn, most: int = 4, settled: bool = False, about: Sequence[str] = tuple(VALUES)
) -> Situation:
    """Tasks with up to `most` items and one or two fields. Of a `settled` one nothing is open, reread or unsure."""
    names = tuple(draw(st.lists(st.sampled_from(list(about)), min_size=1, max_size=2, unique=True)))
    keys = draw(
        st.lists(
            st.builds(ItemKey, st.sampled_from("ABCD"), st.sampled_from(["1", "1", "1", "2"])),
            min_size=1, max_size=most, unique=True,
        )
    )  # fmt: skip
    origins = st.sampled_from([*keys, *keys, None, ItemKey("E", "1")])
    standings = {
        name: Standing(draw(st.sampled_from(VALUES[name])), draw(_TIMES), draw(origins))
        for name in names
        if not draw(_RARELY)
    }
    last_open = draw(st.sampled_from([None, *sorted(status.value for status in OPEN_STATUSES)]))
    task = TaskState("task_1", standings, draw(st.integers(0, 2)), last_open)
    sides = tuple(draw(_sides(key, task, names, settled)) for key in keys)
    policies = draw(_policies(names))
    conflicts = () if settled or not draw(st.booleans()) else tuple(draw(_conflicts(task, sides, names)))
    return Situation(task, sides, policies, conflicts, names)


@st.composite
def _sides(draw: st.DrawFn, key: ItemKey, task: TaskState, names: tuple[str, ...], settled: bool) -> Side:
    lens = draw(_lenses())
    shown = [name for name in names if name in lens.fields]
    seen: dict[str, FieldValue] = {}
    view: dict[str, FieldValue] = {}
    adjusted: dict[str, tuple[Pair, ...]] = {}
    knows = draw(st.sampled_from(["all", "all", "all", "some", "nothing"]))
    for name in shown:
        current = lens.lossy(name, task.fields[name].value if name in task.fields else FIELDS[name].empty)
        form = _FORMS.get(name, {}).get(current) if not isinstance(current, list) else None
        if form is not None and name in lens.writable and draw(st.booleans()):
            adjusted[name] = (Pair(current, form),)
            current = form
        values = st.sampled_from(VALUES[name]).map(lambda value, name=name: lens.lossy(name, value))  # type: ignore[misc]
        before = current if draw(st.booleans()) else draw(values)
        if knows == "all" or (knows == "some" and draw(st.booleans())):
            seen[name] = before
        view[name] = draw(st.sampled_from([before, current, None])) if draw(st.booleans()) else draw(values)
        if view[name] is None:
            view[name] = draw(values)
    some = st.frozensets(st.sampled_from(shown)) if shown else st.just(frozenset[str]())
    nothing = frozenset[str]()
    return Side(
        key=key,
        resolution=lens,
        seen=seen,
        view=view,
        rank=ord(key.source) - ord("A"),
        adjusted=adjusted,
        edited=Edited(draw(_TIMES), draw(st.sampled_from([None, "kim"]))),
        edits={name: Edited(draw(_TIMES)) for name in shown if draw(_RARELY)},
        merges=draw(st.integers(0, 2)),
        frozen=draw(some) if draw(_RARELY) else nothing,
        unsure=draw(some) if not settled and draw(_RARELY) else nothing,
        reread=draw(some) if not settled and draw(_RARELY) else nothing,
        untold={shown[0]: "its history does not go back so far"} if shown and draw(_RARELY) else {},
    )


@st.composite
def _lenses(draw: st.DrawFn) -> Lossy:
    everything = frozenset(FIELDS)
    if draw(st.booleans()):
        return Lossy()
    lacks, fixed = (draw(st.sampled_from([(), (), (), ("due_date",), ("description",), ("assignees",), ("status",)]))
                    for _ in range(2))  # fmt: skip
    return Lossy(
        fields=everything - set(lacks),
        writable=everything - set(lacks) - set(fixed),
        coarse=draw(st.booleans()),
        people=draw(st.sampled_from([frozenset({"kim", "lee", "eve"}), frozenset({"kim", "lee"}), frozenset({"eve"})])),
        tasks=draw(st.sampled_from([frozenset({"task_2", "task_3"}), frozenset({"task_2"}), frozenset[str]()])),
    )


def _policies(names: tuple[str, ...]) -> st.SearchStrategy[Mapping[str, FieldPolicy]]:
    policy = st.sampled_from(["latest", "latest", "manual", Owner(owner="A"), Prefer(prefer="B")])
    return st.fixed_dictionaries({}, optional={"default": policy, names[0]: policy})


@st.composite
def _conflicts(draw: st.DrawFn, task: TaskState, sides: tuple[Side, ...], names: tuple[str, ...]) -> list[Conflict]:
    found = []
    showed: dict[ItemKey | None, Fields] = {side.key: side.seen for side in sides}
    for number, name in enumerate(draw(st.lists(st.sampled_from(names), min_size=1, max_size=2, unique=True))):
        kind = draw(st.sampled_from([ConflictKind.DIFFERS, ConflictKind.DIFFERS, *ConflictKind]))
        origins = st.sampled_from([*(side.key for side in sides), None])
        contenders = tuple(
            Contender(origin, showed.get(origin, {}).get(name, draw(st.sampled_from(VALUES[name]))), draw(_TIMES))
            for origin in draw(st.lists(origins, min_size=2, max_size=3, unique=True))
        )
        whole = kind in HOLDING or kind is ConflictKind.OVERWRITTEN
        at_item = None if kind in HOLDING else sides[0].key
        found.append(
            Conflict(f"conflict_{number}", task.task_id, name, kind, contenders, True, "as it was", "run_0", at(50),
                     value=None if whole else contenders[0].value, at_item=at_item)
        )  # fmt: skip
    return found


def typed(situation: Situation, name: str) -> list[FieldValue]:
    """The values of a field that somebody can be held to have said."""
    values = [situation.current(name), *(one.view[name] for one in situation.sides if name in one.view)]
    if name == "status":
        values.append(situation.task.last_open)
    return values + [each.value for one in situation.holds(name) for each in one.contenders]


def is_among(name: str, value: FieldValue, values: Iterable[FieldValue]) -> bool:
    """Whether a value is the same as one of these."""
    return any(same(name, value, one) for one in values)
