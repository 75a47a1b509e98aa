"""Schedules in which people delete, archive and bring back items, and sweeps find out: what must hold then."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from random import Random

from worklake.errors import AccessError, NotFoundError
from worklake.integrations.base import Capabilities, Item, Page
from worklake.model.fields import Fields
from worklake.model.ids import TaskId
from worklake.model.rows import Kind, LinkState
from worklake.settings.models import OnDelete
from worklake.sync.heart import sweeping
from worklake.sync.heart.ports import Port
from worklake.sync.rules.state import ItemKey
from worklake.sync.rules.task import Moment
from worklake.testing.memory import MemoryStore
from worklake.testing.simulate import people, schedule, world
from worklake.testing.simulate.case import Broken
from worklake.testing.simulate.deletion_checks import check
from worklake.testing.simulate.schedule import Operation
from worklake.testing.simulate.shapes import CLOSED, Shape
from worklake.testing.simulate.source import Fault, SimulatedItem, SimulatedSource
from worklake.testing.simulate.trouble import Crash, Trouble, crashes, faults
from worklake.testing.simulate.world import World

_ROUNDS = 14
_OPERATIONS = {
    "edit": 4, "clash": 2, "create": 3, "sync": 6, "pull": 2, "plan": 1, "apply old": 1, "delete": 5, "restore": 3,
    "archive": 2, "unarchive": 2, "close": 1, "open": 2, "sweep": 6, "hide": 1, "show": 2,
    "undo": 1, "undo everywhere": 1, "settle": 1,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class DeletingShape(Shape):
    """A kind of provider, and what it does with what people put away.

    It `archives`, or does not have that. It `announces` deletions in its listings, from a trash, or is silent.
    """

    archives: bool = False
    announces: bool = False

    @property
    def fields(self) -> frozenset[str]:
        """The fields that it has."""
        return Shape.fields.fget(self) | ({"archived"} if self.archives else set())  # type: ignore[attr-defined, no-any-return]


class DeletingSource(SimulatedSource):
    """A simulated source that can be swept. `hidden` is true while the token may not see it, `cuts` says whether a
    list of ids is to be cut short.
    """

    def __init__(self, name: str, shape: DeletingShape, world: World, fault: Fault, cuts: Callable[[], bool]) -> None:
        super().__init__(name, shape, lambda: world.now, fault)
        self.hidden, self._cuts, self._announces, self._world = False, cuts, shape.announces, world
        before = self.capabilities
        self.capabilities = Capabilities(  # type: ignore[misc]
            fields=shape.fields, incremental=before.incremental, webhooks=False, deletes=True,
            archives=shape.archives, client_made_ids=before.client_made_ids, writable=shape.fields,
            creatable=before.creatable - {"archived"}, reads_many=True, restores=shape.announces,
        )  # fmt: skip

    def _call(self, what: str) -> bool:
        """See `SimulatedSource._call`; nothing is done where the token may not see anything."""
        if self.hidden:
            raise AccessError(f"{self.name} does not allow this while it is hidden")
        return super()._call(what)

    def person_creates(self, fields: Fields) -> str:
        """See `SimulatedSource.person_creates`."""
        external_id = super().person_creates(fields)
        self._whole(self.items[external_id])
        return external_id

    def _whole(self, item: SimulatedItem) -> None:
        if "archived" in self.shape.fields:
            item.fields.setdefault("archived", False)

    def _item(self, external_id: str) -> Item:
        item = self.items.get(external_id)
        if self.hidden:
            raise AccessError(f"{self.name} does not show {external_id}")
        if item is None or (item.deleted and not self._announces):
            raise NotFoundError(f"{external_id} does not exist in {self.name}")
        self._whole(item)
        payload = {"fields": dict(item.fields), "updated_at": item.updated_at, "markers": item.markers,
                   "deleted": item.deleted}  # fmt: skip
        return Item(Kind.TASK, external_id, payload, item.updated_at)

    def create(self, fields: Fields, *, where: str | None, marker: TaskId, made_id: str | None) -> Item:
        """See `BaseIntegration.create`; the id of what is gone for good can be given again."""
        if made_id is not None and not self._announces and made_id in self.items and self.items[made_id].deleted:
            del self.items[made_id]
            self._world.truth.overtake(ItemKey(self.name, made_id))
        return super().create(fields, where=where, marker=marker, made_id=made_id)

    def find_created(self, marker: TaskId, made_id: str | None, since: datetime) -> Item | None:
        """See `BaseIntegration.find_created`; in the trash, too, where the id was made."""
        if self._announces and made_id is not None and made_id in self.items:
            self._call("find")
            self.hooks.read(made_id)
            return self._item(made_id)
        return super().find_created(marker, made_id, since)

    def list_changed(self, position: str | None, now: object) -> Iterator[Page]:
        """See `SimulatedSource.list_changed`; with what is in the trash, where there is one."""
        if self.hidden:
            raise AccessError(f"{self.name} is hidden")
        since = float(position) if position and self.shape.incremental else 0.0
        keys = [
            key
            for key, item in self.items.items()
            if item.updated_at.timestamp() >= since - 60 and (self._announces or not item.deleted)
        ]
        keys.sort(key=lambda key: (self.items[key].updated_at, key))
        for start in range(0, len(keys), 2):
            self._call("list")
            page = [self._item(key) for key in keys[start : start + 2]]
            newest = max(item.updated_at.timestamp() for item in page if item.updated_at)
            yield Page(page, str(max(since, newest)))

    def list_ids(self) -> Iterator[str]:
        """See `BaseIntegration.list_ids`; breaks off or ends too early in bad times."""
        if self.hidden:
            raise AccessError(f"{self.name} is hidden")
        for key, item in sorted(self.items.items()):
            self._call("list_ids")
            if self._cuts():
                return
            if not item.deleted:
                yield key

    def read_many(self, external_ids: object) -> Iterator[Item]:
        """See `BaseIntegration.read_many`."""
        self._call("read_many")
        for key in external_ids:  # type: ignore[attr-defined]
            if key in self.items and (self._announces or not self.items[key].deleted):
                yield self._item(key)


@dataclass(slots=True)
class DeletingWorld(World):
    """A world whose sources can be swept. `deeds` are what people did to items as a whole, in their order;
    some was done to items before Worklake knew them (`early`). `known` are the items that Worklake knew when one was
    put away.
    """

    on_delete: dict[str, OnDelete] = field(default_factory=dict)
    deeds: list[tuple[str, ItemKey]] = field(default_factory=list)
    early: set[ItemKey] = field(default_factory=set)
    known: dict[ItemKey, frozenset[ItemKey]] = field(default_factory=dict)

    def ports(self) -> dict[str, Port]:
        """See `World.ports`."""
        return {
            name: Port(name, port.rank, port.integration, port.people, on_delete=self.on_delete[name])
            for name, port in World.ports(self).items()
        }


def make_world(random: Random) -> DeletingWorld:
    """A world of two or three sources, each with a policy of what a deletion means."""
    made = DeletingWorld({}, {}, {})
    names = "ABC"[: random.choice([2, 2, 3])]
    for name in names:
        shape = DeletingShape(
            coarse_status=random.random() < 0.4,
            minute_clock=random.random() < 0.3,
            makes_ids=random.random() < 0.4,
            incremental=random.random() < 0.7,
            tells_times=random.random() < 0.5,
            archives=random.random() < 0.5,
            announces=random.random() < 0.4,
        )
        world.add_source(made, name, DeletingSource(name, shape, made, faults(made), _cuts(made)))
        made.on_delete[name] = random.choice(["close", "close", "close", "archive", "delete", "nothing"])
    made.routes = {name: tuple(other for other in names if other != name) for name in names}
    made.store = MemoryStore(crashes(made))
    return made


def _cuts(made: World) -> Callable[[], bool]:
    return lambda: made.trouble is not None and made.trouble.random.random() < 0.1


def operations(seed: int) -> list[Operation]:
    """The operations of a seed."""
    random = Random(seed)  # noqa: S311  schedules are not secrets
    names = [name for name, weight in _OPERATIONS.items() for _ in range(weight)]
    chosen = [random.choice(names) for _ in range(random.randint(4, 16))]
    return [Operation(name, random.randrange(1 << 30)) for name in ("create", "create", "sync", *chosen)]


def run(seed: int, chosen: list[Operation] | tuple[Operation, ...]) -> str | None:
    """What these operations break in the world of this seed, in words; None where everything holds."""
    made = make_world(Random(seed))  # noqa: S311
    try:
        for one in chosen:
            _do(made, one)
        rest(made)
        check(made)
    except Broken as broken:
        return str(broken)
    return None


def simulate(seed: int) -> str | None:
    """Run the schedule of a seed; what it breaks, with the shortest schedule that still does."""
    chosen = operations(seed)
    message = run(seed, chosen)
    if message is None:
        return None
    small = chosen
    for one in list(chosen):
        fewer = [each for each in small if each is not one]
        if run(seed, fewer):
            small = fewer
    lines = [f"seed {seed}: {run(seed, small)}", *(f"  {one.name} ({one.seed})" for one in small)]
    return "\n".join(lines)


def _do(made: DeletingWorld, one: Operation) -> None:
    random = Random(one.seed)  # noqa: S311
    if random.random() < 0.6:
        calls, crashes = random.choice((0.0, 0.15, 0.4)), random.choice((0.0, 0.04))
        made.trouble = Trouble(random, calls, crashes)
    try:
        _happen(made, one.name, random)
    except Crash:
        pass  # the next operation is another process
    finally:
        made.trouble = None
    made.tick(random.choice([5, 40, 90]))


def _happen(made: DeletingWorld, name: str, random: Random) -> None:
    if name in ("delete", "restore", "archive", "unarchive", "close", "open"):
        person_does(made, name, random)
    elif name == "sweep":
        for source in random.sample(sorted(made.sources), random.randint(1, len(made.sources))):
            sweep(made, source)
    elif name == "edit":
        items = people.items_of(made)
        if items:
            key = random.choice(items)
            fields = made.sources[key.source].shape.fields - {"archived"}
            people.person_edits(made, random, key, random.choice(sorted(fields)))
    elif name in ("hide", "show"):
        source = random.choice(sorted(made.sources))
        made.sources[source].hidden = name == "hide"  # type: ignore[attr-defined]
    else:
        schedule._happen(made, name, random)


def person_does(made: DeletingWorld, what: str, random: Random) -> None:
    """A person does something to an item as a whole, where there is one that it can be done to."""
    found = [ItemKey(name, key) for name, source in sorted(made.sources.items())
             for key, item in sorted(source.items.items()) if _can(source, item, what)]  # fmt: skip
    if not found:
        return
    key = random.choice(found)
    source = made.sources[key.source]
    item = source.items[key.external_id]
    made.deeds.append((what, key))
    made.known[key] = frozenset(link.key for link in made.store.all_links())
    if what == "archive":
        made.truth.overtake(key, "status")
    link = made.store.find([key]).get(key)
    if link is None or link.state is LinkState.CREATING:
        made.early.add(key)
        made.truth.overtake(key)
    if what in ("close", "open"):
        people.set_by_hand(made, key, "status", "completed" if what == "close" else "unstarted")
        return
    if what in ("delete", "restore"):
        item.deleted = what == "delete"
    else:
        item.fields["archived"] = what == "archive"
    item.updated_at = source.now()


def _can(source: SimulatedSource, item: SimulatedItem, what: str) -> bool:
    shape = source.shape
    if what == "restore":
        return item.deleted and isinstance(shape, DeletingShape) and shape.announces
    if item.deleted:
        return False
    if what in ("archive", "unarchive"):
        return "archived" in shape.fields and bool(item.fields.get("archived")) == (what == "unarchive")
    closed = item.fields["status"] in CLOSED
    return what == "delete" or closed == (what == "open")


def sweep(made: DeletingWorld, name: str) -> sweeping.Swept:
    """Sweep a source."""
    ports, moment = made.ports(), Moment(made.run_id(), made.clock())
    return sweeping.sweep(made.store, ports, ports[name], made.rules(), moment, lambda done, whole: None)


def rest(made: DeletingWorld) -> None:
    """People rest, everything can be seen, and sweeps and syncs go on until there is nothing to do."""
    for source in made.sources.values():
        source.hidden = False  # type: ignore[attr-defined]
    for _ in range(_ROUNDS):
        made.tick(120)
        for name in sorted(made.sources):
            error = sweep(made, name).error
            if error is not None:
                raise Broken(f"(n) nothing fails, and yet {error}")
        made.tick(120)
        if not world.sync(made, Random(0)).steps:  # noqa: S311
            return
    steps = [(one.operation, one.external_id, dict(one.fields)) for one in world.plan(made).steps]
    raise Broken(f"(e) there is no end of writing: {steps}")
