"""The simulated world: people, sources, faults, crashes, and the runs of Worklake among them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random

from worklake.errors import AccessError, AuthError, RetryableError
from worklake.integrations.base import Item, TaskView
from worklake.model.fields import FieldValue
from worklake.model.heart_rows import SavedPlan
from worklake.settings.models import FieldPolicy, Owner, Prefer
from worklake.sync.heart import applying, merging, planning, settling, undoing
from worklake.sync.heart.everywhere import plan_everywhere
from worklake.sync.heart.ports import Observation, Port, Rules
from worklake.sync.rules.comments import COMMENT
from worklake.sync.rules.plan import Budget
from worklake.sync.rules.state import ConflictKind, Edited, ItemKey, TaskState
from worklake.sync.rules.task import Moment
from worklake.sync.rules.values import elements, same
from worklake.testing.memory import MemoryStore
from worklake.testing.simulate.comments import Remarks, person_edits_comment, pull_comments
from worklake.testing.simulate.interleaved import Interleaved
from worklake.testing.simulate.shapes import EMPTY, PEOPLE, random_shape
from worklake.testing.simulate.source import SimulatedSource

START = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
STATUSES = ("backlog", "unstarted", "started", "completed", "canceled")


_POLICIES: tuple[FieldPolicy, ...] = ("latest", "latest", "latest", "manual", Owner(owner="A"), Prefer(prefer="B"))


class Crash(BaseException):
    """The process dies here."""


@dataclass(slots=True)
class PersonEdit:
    """What a person did to a field of an item. `standing` is false once a later edit there has replaced it."""

    key: ItemKey
    field: str
    value: FieldValue
    at: datetime
    standing: bool = True


@dataclass(slots=True)
class Trouble:
    """How likely it is that something goes wrong at a call or commit, in one operation."""

    random: Random
    calls: float = 0.0
    crashes: float = 0.0
    edits: float = 0.0


@dataclass(slots=True)
class World:
    """Everything there is. Operations change it; `checks` judge it."""

    sources: dict[str, SimulatedSource]
    policies: dict[str, FieldPolicy]
    routes: dict[str, tuple[str, ...]]
    store: MemoryStore = field(default_factory=MemoryStore)
    now: datetime = START
    count: int = 0
    runs: int = 0
    edits: list[PersonEdit] = field(default_factory=list)
    born: list[ItemKey] = field(default_factory=list)
    typed: dict[str, set[str]] = field(default_factory=dict)
    removed: set[str] = field(default_factory=set)
    late: list[Observation] = field(default_factory=list)
    positions: dict[str, str | None] = field(default_factory=dict)
    plans: list[str] = field(default_factory=list)
    undone: bool = False
    settled: bool = False
    trouble: Trouble | None = None
    remarks: Remarks = field(default_factory=Remarks)

    def rules(self) -> Rules:
        """The settings of this world."""
        return Rules(fields=self.policies, route=self._route, step_batch=3)

    def _route(self, task: TaskState) -> Sequence[tuple[str, str]]:
        there = next((standing.origin for standing in task.fields.values() if standing.origin), None)
        return [(name, "everything is everywhere") for name in self.routes.get(there.source if there else "", ())]

    def ports(self) -> dict[str, Port]:
        """The sources as the engine is given them."""
        return {
            name: Port(name, rank, source, _accounts(source), called=_called(source))
            for rank, (name, source) in enumerate(sorted(self.sources.items()))
        }

    def tick(self, seconds: float) -> None:
        """Time goes on."""
        self.now += timedelta(seconds=seconds)

    def clock(self) -> datetime:
        """The time, which goes on as it is asked for."""
        self.tick(1)
        return self.now

    def run_id(self) -> str:
        """The id of a new run."""
        self.runs += 1
        return f"run_{self.runs:04}"


def _accounts(source: SimulatedSource) -> dict[str, str]:
    return {f"{source.name}.{one}": one for one in PEOPLE if one not in source.shape.strangers}


def _called(source: SimulatedSource) -> dict[str, str]:
    return {f"{source.name}.{one}": one.capitalize() for one in PEOPLE}


def make_world(random: Random) -> World:
    """A world of two to four sources with some policies."""
    world = World({}, {}, {})
    names = "ABCD"[: random.choice([2, 2, 2, 3, 3, 4])]
    for name in names:
        world.sources[name] = SimulatedSource(name, random_shape(random), lambda: world.now, _faults(world))
    for name in ("default", "title", "status", "due_date"):
        policy = random.choice(_POLICIES)
        if name != "default" or policy in ("latest", "manual"):
            world.policies[name] = policy
    world.routes = {name: tuple(other for other in names if other != name) for name in names}
    world.store = MemoryStore(_crashes(world))
    return world


def _faults(world: World) -> Callable[[str, str], bool]:
    def fault(source: str, what: str) -> bool:
        trouble = world.trouble
        world.tick(1)
        if trouble is None:
            return False
        chance = trouble.random.random()
        if chance < trouble.crashes:
            raise Crash(f"before {what} at {source}")
        if trouble.random.random() < trouble.edits:
            (person_acts if trouble.random.random() < 0.7 else person_edits_comment)(world, trouble.random)
        if chance < trouble.crashes + trouble.calls:
            return _fail(trouble.random, source, what)
        return False

    return fault


def _fail(random: Random, source: str, what: str) -> bool:
    kind = random.choice(["down", "lost", "lost", "lost", "auth", "access"])
    writes = what in ("create", "update", "delete")
    if kind == "lost" and writes:
        return True
    if kind == "auth":
        raise AuthError(f"{source} does not accept the token")
    if kind == "access" and what != "list":
        raise AccessError(f"{source} does not allow this")
    raise RetryableError(f"{source} is down")


def _crashes(world: World) -> Callable[[str], None]:
    def before(table: str) -> None:
        if world.trouble is not None and world.trouble.random.random() < world.trouble.crashes:
            raise Crash(f"before {table}")

    return before


def person_creates(world: World, random: Random) -> None:
    """A person makes a task somewhere."""
    name = random.choice(sorted(world.sources))
    title = _title(world, random, world.sources[name])
    external_id = world.sources[name].person_creates({"title": title, "description": "- one\ntwo\nthree"})
    key = ItemKey(name, external_id)
    world.born.append(key)
    for field_, value in world.sources[name].items[external_id].fields.items():
        _remember(world, field_, value)


def person_acts(world: World, random: Random) -> None:
    """A person edits a field of an item somewhere, if there is one."""
    items = _items(world)
    if items:
        key = random.choice(items)
        person_edits(world, random, key, random.choice(sorted(world.sources[key.source].shape.fields)))


def people_clash(world: World, random: Random) -> None:
    """Two people edit the same field of a task in two sources, one after the other."""
    links = {link.key: link.task_id for link in world.store.all_links()}
    items = [key for key in _items(world) if key in links]
    if not items:
        return
    first = random.choice(items)
    others = [key for key in items if key != first and links[key] == links[first]]
    name = random.choice(["title", "due_date", "status", "description"])
    for key in (first, *random.sample(others, min(1, len(others)))):
        if name in world.sources[key.source].shape.fields:
            person_edits(world, random, key, name)
            world.tick(random.choice([1, 30, 90]))


def person_reopens(world: World, random: Random) -> None:
    """A person closes an item, Worklake takes that in, and the person opens the item again."""
    items = _items(world)
    if items:
        key = random.choice(items)
        _set(world, key, "status", "completed")
        sync(world, random)
        if not world.sources[key.source].items[key.external_id].deleted:
            _set(world, key, "status", "unstarted")


def _items(world: World) -> list[ItemKey]:
    return [
        ItemKey(name, key)
        for name, source in sorted(world.sources.items())
        for key, item in sorted(source.items.items())
        if not item.deleted
    ]


def person_edits(world: World, random: Random, key: ItemKey, name: str) -> None:
    """A person sets a field of an item to something new."""
    source = world.sources[key.source]
    before = source.items[key.external_id].fields[name]
    _set(world, key, name, _new_value(world, random, source, name, before))


def _set(world: World, key: ItemKey, name: str, value: FieldValue) -> None:
    source = world.sources[key.source]
    before = source.items[key.external_id].fields[name]
    shown = source.person_edits(key.external_id, name, value)
    if shown == before:
        return
    for edit in world.edits:
        if edit.key == key and edit.field == name:
            edit.standing = False
    if name == "labels":
        world.removed |= elements(before) - elements(shown)
    told = not same(name, shown, _last_seen(world, source, key, name))
    world.edits.append(PersonEdit(key, name, shown, source.now(), standing=told))
    if not _reopens(world, source, key, name, shown):
        _remember(world, name, shown)


def _reopens(world: World, source: SimulatedSource, key: ItemKey, name: str, shown: FieldValue) -> bool:
    """Whether a person opens an item again where open is just open: which status that is, the task knows."""
    if name != "status" or shown != "unstarted" or not source.shape.coarse_status:
        return False
    link = world.store.find([key]).get(key)
    return link is not None and world.store.load([link.task_id])[link.task_id].task.last_open is not None


def _last_seen(world: World, source: SimulatedSource, key: ItemKey, name: str) -> FieldValue:
    """What a merge last saw of a field, or what we made: an edit back to that cannot be told from no edit."""
    link = world.store.find([key]).get(key)
    if link is not None and name in link.seen:
        return link.seen[name]
    return source.shape.stored(EMPTY)[name]


def _new_value(world: World, random: Random, source: SimulatedSource, name: str, before: FieldValue) -> FieldValue:
    world.count += 1
    if name == "title":
        return _title(world, random, source)
    if name == "status":
        return random.choice(STATUSES)
    if name == "due_date":
        return None if random.random() < 0.2 else (START + timedelta(days=world.count)).date().isoformat()
    if name == "description":
        return _edited_text(random, str(before or ""), f"- line {world.count}")
    if name == "assignees":
        known = [f"{source.name}.{one}" for one in PEOPLE if one not in source.shape.strangers]
        return sorted(one for one in known if random.random() < 0.5)
    kept = [one for one in before if random.random() < 0.7] if isinstance(before, list) else []
    return sorted([*kept, *([f"label-{world.count}"] if random.random() < 0.7 else [])])


def _title(world: World, random: Random, source: SimulatedSource) -> str:
    world.count += 1
    return f"{world.count:03} a title {'#' if random.random() < 0.1 and not source.shape.refuses else 'of'} some length"


def _edited_text(random: Random, text: str, line: str) -> str:
    lines = text.split("\n") if text else []
    place = random.randrange(len(lines) + 1)
    if random.random() < 0.4 or not lines:
        lines.insert(place, line)
    elif random.random() < 0.7:
        lines[place % len(lines)] = line
    else:
        del lines[place % len(lines)]
    return "\n".join(lines)


def _remember(world: World, name: str, value: FieldValue) -> None:
    lines = str(value or "").split("\n") if name == "description" else [str(value or "")]
    world.typed.setdefault(name, set()).update(lines)


def pull(world: World, names: Sequence[str], random: Random) -> None:
    """Read what changed, keep it, move the cursor and merge. Partial listings, duplicated pages and records that are
    merged by a later run only happen.
    """
    run = world.run_id()
    for name in names:
        source, position = world.sources[name], world.positions.get(name)
        items: list[Item] = []
        try:
            for page in source.list_changed(position, world.now):
                items += page.items
                position = page.position
                if world.trouble is not None and random.random() < 0.1:
                    break
        except (RetryableError, AuthError, AccessError):
            pass
        if world.trouble is not None and random.random() < 0.2:
            items = items + random.sample(items, len(items))
        world.store.batch += 1
        seen = [source.lens.view(item.kind, item.payload) for item in items]
        world.late += [
            Observation(name, str(item.external_id), view, world.store.batch, edits=_history(source, item))
            for item, view in zip(items, seen, strict=True)
            if isinstance(view, TaskView)
        ]
        world.positions[name] = position
        if world.trouble is None or random.random() < 0.8:
            merging.merge_tasks(world.store, world.ports(), world.late, world.rules(), Moment(run, world.clock()))
            world.late = []
        pull_comments(world, name, run, random)


def _history(source: SimulatedSource, item: Item) -> dict[str, Edited]:
    if not source.shape.tells_times:
        return {}
    return {name: Edited(at) for name, at in source.items[str(item.external_id)].edited.items()}


def plan(world: World, limits: dict[str, Budget] | None = None) -> SavedPlan:
    """Plan, and remember the plan."""
    planned = planning.plan_tasks(world.store, world.ports(), world.rules(), world.run_id(), world.clock, limits)
    world.plans.append(planned.plan.plan_id)
    return planned.plan


def apply(world: World, saved: SavedPlan) -> str:
    """Apply a plan; gives the run."""
    run = world.run_id()
    side_by_side = Interleaved(Random(f"{run} {saved.plan_id}"))  # noqa: S311
    applying.apply_plan(world.store, world.ports(), saved, world.rules(), run, world.clock, side_by_side)
    return run


def sync(world: World, random: Random) -> SavedPlan:
    """Pull everything, plan and apply."""
    pull(world, sorted(world.sources), random)
    saved = plan(world)
    apply(world, saved)
    return saved


def carry_on(world: World, random: Random, meanwhile: Callable[[], None]) -> None:
    """Pull and plan everything, let something happen, and apply the plan."""
    pull(world, sorted(world.sources), random)
    saved = plan(world)
    meanwhile()
    apply(world, saved)


def undo(world: World, run: str, everywhere: bool) -> None:
    """Take a run back."""
    world.undone = True
    moment = Moment(world.run_id(), world.clock())
    if everywhere:
        undone = plan_everywhere(world.store, world.ports(), world.rules(), run, moment)
        world.plans.append(undone.plan.plan_id)
        apply(world, undone.plan)
    else:
        undone = undoing.plan_undo(world.store, world.ports(), run, moment)
        world.plans.append(undone.plan.plan_id)
        apply(world, undone.plan)


def settle(world: World, random: Random) -> None:
    """A person settles an open conflict, if there is one."""
    conflicts = [one for one in world.store.all_conflicts() if one.open and one.kind is not ConflictKind.REFUSED]
    if not conflicts:
        return
    world.settled = True
    conflict = random.choice(conflicts)
    about_comment = conflict.field == COMMENT
    takes = sorted({
        one.origin.source for one in conflict.contenders
        if one.origin is not None and not (about_comment and one.origin == conflict.at_item)
    })  # fmt: skip
    choice = settling.Choice(take=random.choice(takes)) if takes else settling.Choice()
    settling.settle(world.store, conflict.conflict_id, choice, Moment(world.run_id(), world.clock()))
