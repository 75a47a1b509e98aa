"""What people do in a world: they make tasks and edit them, alone or at the same time."""

from __future__ import annotations

from datetime import timedelta
from random import Random

from worklake.model.fields import FieldValue
from worklake.model.heart_rows import Operation
from worklake.sync.rules.state import ItemKey
from worklake.testing.simulate import world as worlds
from worklake.testing.simulate.shapes import CLOSED, EMPTY
from worklake.testing.simulate.source import SimulatedSource
from worklake.testing.simulate.world import START, World, accounts

STATUSES = ("backlog", "unstarted", "started", "completed", "canceled")
PRIORITIES = ("none", "low", "medium", "high", "urgent")
_OFTEN = ("title", "description", "status", "labels", "assignees", "due_date")

_LINES = (
    "- line {}", "**line {}** and _more_", "/close line {}", "- line {}", "cc @kim, #12, line {}", "1. line {}",
    "> line {}", "- [x] line {}", "`line` {} \\* a_b", "# line {}",
)  # fmt: skip
"""What people write in a text: where real providers take part, in all the forms of Markdown."""
_ANEW = "# head {0}\n\nfirst {0}\n\n- second {0}\n- third {0}\n\n> fourth {0}\n\nfifth {0}"
"""What they write in the place of a whole text."""
_TOO_LONG = " and so on" * 28
"""What makes a title longer than some providers take."""


def let_meddle(world: World) -> None:
    """People edit while Worklake works."""
    world.meddle = lambda random: person_acts(world, random)
    world.meddle_at = lambda random, key, name: person_edits(world, random, key, name)


def person_creates(world: World, random: Random) -> None:
    """A person makes a task somewhere, now and then for a task that there is elsewhere."""
    name = random.choice(sorted(world.sources))
    source = world.sources[name]
    fields: dict[str, FieldValue] = {"title": _title(world, random, source), "description": "- one\ntwo\nthree"}
    for other in ("labels", "due_date", "status", "priority"):
        if random.random() < 0.3:
            fields[other] = _new_value(world, random, source, other, EMPTY[other])
    external_id = source.person_creates(fields)
    key = ItemKey(name, external_id)
    item = source.items[external_id]
    world.truth.created(key, item.fields, item.updated_at)
    others = [one for one in world.born if one.source != name]
    if others and random.random() < 0.25:
        world.matched[key] = random.choice(others)
    else:
        world.born.append(key)


def person_acts(world: World, random: Random) -> None:
    """A person edits a field of an item somewhere, if there is one."""
    items = items_of(world)
    if items:
        key = random.choice(items)
        fields = sorted(world.sources[key.source].shape.fields)
        often = [name for name in fields if name in _OFTEN]
        person_edits(world, random, key, random.choice(often if random.random() < 0.7 else fields))


def people_clash(world: World, random: Random) -> None:
    """Two people edit the same field of a task in two sources, one after the other."""
    items = [key for key in items_of(world) if world.task_of(key) is not None]
    if not items:
        return
    first = random.choice(items)
    others = [key for key in items if key != first and world.task_of(key) == world.task_of(first)]
    name = random.choice(["title", "title", "due_date", "due_date", "status", "priority", "description", "labels"])
    for key in (first, *random.sample(others, min(random.choice([1, 1, 2]), len(others)))):
        if name in world.sources[key.source].shape.fields:
            person_edits(world, random, key, name)
            world.tick(random.choice([0, 1, 30, 90]))


def people_agree(world: World, random: Random) -> None:
    """People who contend come to agree: one sets what another item of the task shows."""
    items = [key for key in items_of(world) if world.task_of(key) is not None]
    if not items:
        return
    key = random.choice(items)
    name = random.choice(["title", "due_date", "status", "priority"])
    others = [one for one in items if one != key and world.task_of(one) == world.task_of(key)]
    for other in others[:1]:
        if name in world.sources[key.source].shape.fields & world.sources[other.source].shape.fields:
            set_by_hand(world, key, name, world.sources[other.source].items[other.external_id].fields[name])


def person_goes_back(world: World, random: Random) -> None:
    """A person edits a field, Worklake takes that in, and the person sets what was there before."""
    items = items_of(world)
    if not items:
        return
    key = random.choice(items)
    source = world.sources[key.source]
    name = random.choice(sorted(source.shape.fields & {"title", "due_date", "status", "priority"}))
    before = source.items[key.external_id].fields[name]
    person_edits(world, random, key, name)
    worlds.sync(world, random)
    world.tick(random.choice([1, 90]))
    if not source.items[key.external_id].deleted:
        set_by_hand(world, key, name, before)


def person_reopens(world: World, random: Random) -> None:
    """A person closes an item, Worklake takes that in, and the person opens the item again."""
    items = items_of(world)
    if items:
        key = random.choice(items)
        set_by_hand(world, key, "status", "completed")
        worlds.sync(world, random)
        if not world.sources[key.source].items[key.external_id].deleted:
            set_by_hand(world, key, "status", "unstarted")


def items_of(world: World) -> list[ItemKey]:
    """All items that there are."""
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
    set_by_hand(world, key, name, _new_value(world, random, source, name, before, key))


def set_by_hand(world: World, key: ItemKey, name: str, value: FieldValue) -> None:
    """A person sets a field of an item to this."""
    source = world.sources[key.source]
    item = source.items[key.external_id]
    before = item.fields[name]
    if source.would_show(key.external_id, name, value) == before:
        return
    if name == "status":
        _may_be_taken_for_ours(world, key, value)
    shown = source.person_edits(key.external_id, name, value)
    exact = source.shape.tells_times and not source.shape.forgets_times and source.shape.history == "none"
    # A history that lags and tells no values may date an edit as the one before it.
    vague = source.shape.history == "editors" and source.shape.history_lag_seconds > 0
    at = item.edited[name] if exact else item.updated_at
    world.truth.edited(key, name, before, shown, START - timedelta(days=1) if vague else at, exact)


def _may_be_taken_for_ours(world: World, key: ItemKey, status: FieldValue) -> None:
    """Who closes or opens an item just as an unanswered call was to do cannot be told from it, done or not."""
    source = world.sources[key.source]
    for write in world.store.unresolved():
        if (write.source, write.external_id) != key:
            continue
        if write.operation is Operation.CLOSE:
            world.truth.maybe_seen(key, {"status": source.shape.status("canceled")})
        elif write.operation is Operation.REOPEN and status not in CLOSED:
            world.truth.maybe_seen(key, {"status": source.shape.status(status)})


def _new_value(
    world: World, random: Random, source: SimulatedSource, name: str, before: FieldValue, key: ItemKey | None = None
) -> FieldValue:
    world.count += 1
    match name:
        case "title":
            return _title(world, random, source)
        case "status":
            return random.choice(STATUSES)
        case "priority":
            return random.choice(PRIORITIES)
        case "due_date":
            return None if random.random() < 0.2 else _day(world)
        case "start_date":
            return _day(world)
        case "estimate_minutes" | "estimate_points":
            return None if random.random() < 0.2 else world.count
        case "confidential":
            return random.random() < 0.5
        case "description":
            if world.has_kinds and world.count % 6 == 3:
                return _ANEW.format(world.count)
            line = _LINES[world.count % len(_LINES)] if world.has_kinds else _LINES[0]
            return _edited_text(random, str(before or ""), line.format(world.count))
        case "assignees":
            return sorted(one for one in accounts(source) if random.random() < 0.5)
        case "parent_id" | "blocked_by":
            return _references(random, source, name, key)
    kept = [one for one in before if random.random() < 0.7] if isinstance(before, list) else []
    return sorted([*kept, *([f"Label-{world.count}"] if random.random() < 0.7 else [])])


def _day(world: World) -> str:
    return (START + timedelta(days=world.count)).date().isoformat()


def _references(random: Random, source: SimulatedSource, name: str, key: ItemKey | None) -> FieldValue:
    others = sorted(one for one, item in source.items.items() if not item.deleted and (key is None or one != key[1]))
    if name == "parent_id":
        return random.choice(others) if others and random.random() < 0.8 else None
    return sorted(one for one in others if random.random() < 0.5)


def _title(world: World, random: Random, source: SimulatedSource) -> str:
    world.count += 1
    word = "#" if random.random() < 0.1 and not source.shape.refuses else "of"
    title = f"{world.count:03} a title {word} some length{' ' if random.random() < 0.05 else ''}"
    return title + _TOO_LONG if world.has_kinds and world.count % 19 == 7 else title


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
