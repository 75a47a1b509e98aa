"""A world of simulated sources, and what happens in it to Worklake."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random

from worklake.errors import AccessError, AuthError, InvalidInputError, RetryableError
from worklake.integrations.base import Item, Payload
from worklake.integrations.views import TaskView
from worklake.model.fields import FieldValue
from worklake.model.heart_rows import Outcome, SavedPlan
from worklake.model.ids import task_id
from worklake.model.rows import LinkState
from worklake.settings.models import Brake, FieldPolicy, Owner, Prefer
from worklake.sync.heart import applying, merging, planning, settling, undoing
from worklake.sync.heart.everywhere import plan_everywhere
from worklake.sync.heart.ports import Observation, Port, Rules
from worklake.sync.rules.comments import COMMENT
from worklake.sync.rules.plan import NOT_SENT, Budget
from worklake.sync.rules.state import Decision, Edited, ItemKey, Standing, TaskState
from worklake.sync.rules.task import Moment
from worklake.sync.rules.values import same
from worklake.testing.memory import MemoryStore
from worklake.testing.simulate.comments import Remarks, pull_comments
from worklake.testing.simulate.interleaved import Interleaved
from worklake.testing.simulate.kind_source import KindSource, make_source
from worklake.testing.simulate.kinds import random_kind
from worklake.testing.simulate.shapes import CLOSED, FULL, OUTSIDER, PEOPLE
from worklake.testing.simulate.source import SimulatedSource
from worklake.testing.simulate.trouble import Trouble, crashes, faults, meddling
from worklake.testing.simulate.truth import Truth

START = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
_POLICIES: tuple[FieldPolicy, ...] = ("latest", "latest", "latest", "manual", Owner(owner="A"), Prefer(prefer="B"))


@dataclass(slots=True)
class World:
    """Everything there is. Operations change it; the checks judge it by `truth`.

    `routes` say in which other sources a task must be that was born in a source. `matched` are items that a person
    made for a task that another item is. `touched` are fields of tasks that were settled or undone. `let_pass` says
    which plans passed that the brake must stop.
    """

    sources: dict[str, SimulatedSource]
    policies: dict[str, FieldPolicy]
    routes: dict[str, tuple[str, ...]]
    store: MemoryStore = field(default_factory=MemoryStore)
    truth: Truth = field(default_factory=Truth)
    brake: Brake = field(default_factory=Brake)
    remarks: Remarks = field(default_factory=Remarks)
    now: datetime = START
    count: int = 0
    runs: int = 0
    born: list[ItemKey] = field(default_factory=list)
    matched: dict[ItemKey, ItemKey] = field(default_factory=dict)
    late: list[Observation] = field(default_factory=list)
    versions: dict[ItemKey, int] = field(default_factory=dict)
    told: dict[ItemKey, Payload] = field(default_factory=dict)
    positions: dict[str, str | None] = field(default_factory=dict)
    plans: list[str] = field(default_factory=list)
    touched: set[tuple[str, str]] = field(default_factory=set)
    undone: set[str] = field(default_factory=set)
    let_pass: list[str] = field(default_factory=list)
    trouble: Trouble | None = None
    full_rest: bool = True
    meddle: Callable[[Random], None] | None = None
    meddle_at: Callable[[Random, ItemKey, str], None] | None = None

    @property
    def has_kinds(self) -> bool:
        """Whether a real provider's kind takes part."""
        return any(isinstance(source, KindSource) for source in self.sources.values())

    def rules(self) -> Rules:
        """The settings of this world."""
        return Rules(fields=self.policies, route=self._route, brake=self.brake, step_batch=3)

    def _route(self, task: TaskState) -> Sequence[tuple[str, str]]:
        return [(name, "it is routed there") for name in self.wanted(task.task_id)]

    def wanted(self, task: str) -> tuple[str, ...]:
        """The sources that must hold a task, but for those where it is anyway."""
        born = next((key for key in self.born if task_id(*key) == task), None)
        if born is None:
            there = next((link.source for link in self.store.all_links() if link.task_id == task), "")
            return self.routes.get(there, ())
        return self.routes.get(born.source, ())

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

    def task_of(self, key: ItemKey) -> str | None:
        """The task that an item belongs to."""
        link = self.store.find([key]).get(key)
        return link.task_id if link is not None else None


def _accounts(source: SimulatedSource) -> dict[str, str]:
    shape = source.shape
    return {shape.account(source.name, one): one for one in PEOPLE if one not in shape.strangers}


def _called(source: SimulatedSource) -> dict[str, str]:
    return {source.shape.account(source.name, one): one.capitalize() for one in PEOPLE}


def accounts(source: SimulatedSource) -> list[str]:
    """All accounts of a source, also those of people whom Worklake does not know."""
    shape = source.shape
    return [*_accounts(source), *([shape.account(source.name, OUTSIDER)] if shape.outsiders else [])]


def add_source(world: World, name: str, source: SimulatedSource) -> None:
    """A source becomes part of a world."""
    world.sources[name] = source
    source.hooks = meddling(world, name)


def make_world(random: Random) -> World:
    """A world of two to five sources with some policies."""
    world = World({}, {}, {})
    names = "ABCDE"[: random.choice([2, 2, 2, 3, 3, 3, 4, 5])]
    for name in names:
        add_source(world, name, make_source(name, random_kind(random), lambda: world.now, faults(world)))
    for name in ("default", "title", "status", "due_date", "priority"):
        policy = random.choice(_POLICIES)
        if name != "default" or policy in ("latest", "manual"):
            world.policies[name] = policy
    world.routes = {name: tuple(other for other in names if other != name) for name in names}
    if random.random() < 0.3:
        for name, others in world.routes.items():
            world.routes[name] = tuple(random.sample(others, random.randrange(len(others) + 1)))
    if random.random() < 0.2:
        world.brake = Brake(share=0.2, at_least=random.choice([1, 2]))
    world.store = MemoryStore(crashes(world))
    return world


def pull(world: World, names: Sequence[str], random: Random) -> None:
    """Read what changed, keep it, move the cursor and merge. Partial listings, duplicated pages and records that are
    merged by a later run only happen.
    """
    run = world.run_id()
    for name in names:
        items = _listed(world, name, random)
        if world.trouble is not None and random.random() < 0.2:
            items = items + random.sample(items, len(items))
        world.store.batch += 1
        for item in items:
            _read(world, world.sources[name], item)
        if world.trouble is None or random.random() < 0.8:
            _merge(world, run)
        pull_comments(world, name, run, random)


def _listed(world: World, name: str, random: Random) -> list[Item]:
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
    world.positions[name] = position
    return items


def _read(world: World, source: SimulatedSource, item: Item) -> None:
    key, view = ItemKey(source.name, str(item.external_id)), source.lens.view(item.kind, item.payload)
    if isinstance(view, TaskView) and not _is_known(world, source, key, item.payload):
        now = source.items[key.external_id]
        world.versions[key] = now.changes if view.fields == now.fields else -1
        world.late.append(Observation(*key, view, world.store.batch, _match(world, key), edits=_history(source, item)))


def _is_known(world: World, source: SimulatedSource, key: ItemKey, payload: Payload) -> bool:
    """Whether an item is known as it is, and nothing but what tells no edit has moved."""
    telling = source.lens.telling(payload)
    before, world.told[key] = world.told.get(key), telling
    link = world.store.find([key]).get(key)
    return telling is not payload and telling == before and link is not None and link.state is LinkState.LINKED


def _match(world: World, key: ItemKey) -> str | None:
    """The task that a person made an item for."""
    other = world.matched.get(key)
    if other is None or world.task_of(key) is not None:
        return None
    return world.task_of(other) or task_id(*other)


def _merge(world: World, run: str) -> None:
    """Merge what was read, and note what Worklake has thereby learnt."""
    items = [(one.key, one.view, world.sources[one.source].items[one.external_id]) for one in world.late]
    for key, view, _ in items:
        world.truth.maybe_seen(key, view.fields)
    merging.merge_tasks(world.store, world.ports(), world.late, world.rules(), Moment(run, world.clock()))
    world.truth.met |= {key for key, _, _ in items}
    for key, _, item in items:
        if world.versions[key] == item.changes:
            told = item.edited.values() if world.sources[key.source].shape.tells_times else ()
            world.truth.surely_seen(key, item.fields, max([item.updated_at, *told]))
    world.late = []


def _history(source: SimulatedSource, item: Item) -> dict[str, Edited]:
    if not source.shape.tells_times:
        return {}
    told = source.items[str(item.external_id)].edited
    forgets = source.shape.forgets_times
    return {name: Edited(at) for name, at in told.items() if not (forgets and source.hooks.chance(0.5))}


def plan(world: World, limits: dict[str, Budget] | None = None) -> SavedPlan:
    """Plan, and remember the plan."""
    unsure = {(one.source, one.task_id) for one in world.store.unresolved() if one.comment_id is None}
    try:
        planned = planning.plan_tasks(world.store, world.ports(), world.rules(), world.run_id(), world.clock, limits)
    finally:
        for link in world.store.all_links():
            if (link.source, link.task_id) in unsure and link.source in world.sources:
                item = world.sources[link.source].items.get(link.external_id)
                if item is not None:
                    world.truth.looked_at(link.key, item.updated_at)
    world.plans.append(planned.plan.plan_id)
    if not planned.plan.stopped_by:
        world.let_pass += _too_much(world, planned.plan)
    return planned.plan


def _too_much(world: World, saved: SavedPlan) -> list[str]:
    """The sources of which a plan closes so many items that the brake must stop it, by a reckoning of its own."""
    closing = Counter(
        step.source
        for step in saved.steps
        if step.external_id is not None
        and step.fields.get("status") in CLOSED
        and step.expected.get("status") not in CLOSED
    )
    linked = Counter(link.source for link in world.store.all_links() if link.state is LinkState.LINKED)
    brake = world.brake
    return [
        f"{saved.plan_id} closes {count} of {linked[source]} items of {source}"
        for source, count in closing.items()
        if count >= brake.at_least and count > brake.share * linked[source]
    ]


def apply(world: World, saved: SavedPlan, *, allowed: bool = False, run: str = "") -> str:
    """Apply a plan, by default in a run of its own, unless the brake stops it; gives the run."""
    run = run or world.run_id()
    if not saved.stopped_by or allowed:
        side_by_side = Interleaved(Random(f"{run} {saved.plan_id}"))  # noqa: S311
        begun = world.now
        try:
            applying.apply_plan(world.store, world.ports(), saved, world.rules(), run, world.clock, side_by_side)
        finally:
            _note_taken_back(world, run, begun)
            _note_stale(world, run)
    return run


def _note_taken_back(world: World, run: str, begun: datetime) -> None:
    """Note what a run took back of tasks, as a person said through Worklake, also where the process died meanwhile."""
    for change in world.store.changes(run_id=run):
        if change.decision is Decision.UNDONE and not isinstance(change.old, dict) and not isinstance(change.new, dict):
            world.touched.add((change.task_id, change.field))
            at = change.changed_at or world.now
            world.truth.given(change.task_id, change.field, change.new, (change.old,), begun, at)


def _note_stale(world: World, run: str) -> None:
    """Note what the steps of a run that were stale have let Worklake learn."""
    for write in world.store.writes(run):
        if write.outcome is Outcome.STALE and write.external_id is not None and write.comment_id is None:
            key = ItemKey(write.source, write.external_id)
            read = world.sources[write.source].items[write.external_id].read
            if read is not None:
                fields, updated_at = read
                world.truth.maybe_seen(key, fields)
                world.truth.looked_at(key, updated_at)


def sync(world: World, random: Random, *, allowed: bool = False) -> SavedPlan:
    """Pull everything, plan and apply."""
    pull(world, sorted(world.sources), random)
    saved = plan(world)
    apply(world, saved, allowed=allowed)
    return saved


def carry_on(world: World, random: Random, meanwhile: Callable[[], None]) -> None:
    """Pull and plan everything, let something happen, and apply the plan."""
    pull(world, sorted(world.sources), random)
    saved = plan(world)
    meanwhile()
    apply(world, saved)


def undo(world: World, run: str, everywhere: bool) -> str:
    """Take a run back, with what was pulled before; gives the run that does."""
    moment = Moment(world.run_id(), world.clock())
    world.undone.add(run)
    if everywhere:
        saved = plan_everywhere(world.store, world.ports(), world.rules(), run, moment).plan
    else:
        saved = undoing.plan_undo(world.store, world.ports(), run, moment).plan
        world.touched |= {(step.task_id, name) for step in saved.steps for name in (step.fields or ("task",))}
    world.plans.append(saved.plan_id)
    by = apply(world, saved, allowed=everywhere)
    closing = undoing.plan_closing(world.store, world.ports(), saved, world.store.writes(by), moment)
    if closing is not None:
        world.plans.append(closing.plan_id)
        apply(world, closing, run=by)
    return by


def settle(world: World, random: Random) -> None:
    """A person settles an open conflict, if there is one, by a value that contends or one of their own."""
    conflicts = [one for one in world.store.all_conflicts() if one.open and one.kind not in NOT_SENT]
    if not conflicts:
        return
    conflict = random.choice(conflicts)
    about_comment = conflict.field == COMMENT
    takes = sorted({
        one.origin.source for one in conflict.contenders
        if one.origin is not None and not (about_comment and one.origin == conflict.at_item)
    })  # fmt: skip
    choice = settling.Choice(take=random.choice(takes)) if takes else settling.Choice(value=_own_value(conflict.field))
    if takes and conflict.field in ("title", "due_date", "priority") and random.random() < 0.4:
        world.count += 1
        values: dict[str, FieldValue] = {"title": f"{world.count:03} as a person decided", "priority": "high"}
        choice = settling.Choice(value=values.get(conflict.field, "2026-03-01"))
    moment = Moment(world.run_id(), world.clock())
    if not world.store.load([conflict.task_id]):  # what found it died before it kept its task
        with suppress(InvalidInputError):
            settling.settle(world.store, world.ports(), conflict.conflict_id, choice, moment)
        return
    with _given(world, conflict.task_id, [one.value for one in conflict.contenders], conflict.field):
        settling.settle(world.store, world.ports(), conflict.conflict_id, choice, moment)


def _own_value(name: str) -> FieldValue:
    return FULL.get(name)


@contextmanager
def _given(world: World, task: str, contenders: Sequence[FieldValue], settles: str) -> Iterator[None]:
    """Notes what a person gives to Worklake itself, also where the process dies meanwhile. It is given at some time
    until that is over: others may have edited since.
    """
    begun = world.now
    known = {**world.store.load([task])[task].task.fields}
    died = True
    try:
        yield
        died = False
    finally:
        for name, (value, at, *_) in world.store.load([task])[task].task.fields.items():
            was, settled = known.get(name, Standing(None)), name == settles and not died
            before, moved = was.value, at != was.at or not same(name, was.value, value)
            if moved or settled:
                world.touched.add((task, name))
                since = begun if moved else START
                world.truth.given(task, name, value, (before, *contenders), since, world.now)
