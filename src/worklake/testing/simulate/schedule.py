"""Schedules: random, replayed by seed, and shrunk when they break something."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from random import Random
from typing import NamedTuple

from worklake.model.fields import FIELDS, FieldValue
from worklake.model.heart_rows import Outcome, PlannedStep
from worklake.sync.rules.plan import Budget
from worklake.sync.rules.values import elements
from worklake.testing.simulate import checks, comments, people, undo_checks, world
from worklake.testing.simulate.case import Broken
from worklake.testing.simulate.trouble import Crash, Trouble
from worklake.testing.simulate.world import World

_QUIET_ROUNDS = 12
_OPERATIONS = {
    "edit": 8,
    "clash": 4,
    "agree": 1,
    "go back": 1,
    "reopen": 1,
    "create": 2,
    "comment": 3,
    "edit comment": 2,
    "delete comment": 1,
    "clash over comment": 2,
    "pull": 4,
    "plan": 3,
    "apply": 3,
    "apply old": 1,
    "sync": 5,
    "undo": 1,
    "undo everywhere": 1,
    "settle": 1,
    "wait": 1,
}
"""What happens in a schedule, and how often."""


class Operation(NamedTuple):
    """Something that happens. Its own seed makes it happen alike when others are taken out."""

    name: str
    seed: int


@dataclass(frozen=True, slots=True)
class Violation:
    """A schedule that breaks an invariant, as short as it could be made."""

    seed: int
    operations: tuple[Operation, ...]
    message: str

    def __str__(self) -> str:
        lines = [f"seed {self.seed}: {self.message}"]
        lines += [f"  {number:2} {one.name} ({one.seed})" for number, one in enumerate(self.operations)]
        return "\n".join(lines)


def schedule(seed: int) -> list[Operation]:
    """The operations of a seed."""
    random = Random(seed)  # noqa: S311  schedules are not secrets
    names = [name for name, weight in _OPERATIONS.items() for _ in range(weight)]
    chosen = [random.choice(names) for _ in range(random.randint(4, 16))]
    return [Operation(name, random.randrange(1 << 30)) for name in ("create", *chosen)]


def kinds_of(seed: int) -> list[str]:
    """The kinds of the sources in the world of a seed."""
    made = world.make_world(Random(seed))  # noqa: S311
    return [source.shape.kind for source in made.sources.values()]


def run(seed: int, operations: Sequence[Operation]) -> str | None:
    """What these operations break in the world of this seed, in words; None where everything holds."""
    made = world.make_world(Random(seed))  # noqa: S311
    people.let_meddle(made)
    try:
        for one in operations:
            _do(made, one)
        rest(made)
        checks.check(made)
        undo_checks.check_undo(made, Random(seed))  # noqa: S311
    except Broken as broken:
        return str(broken)
    return None


def _do(made: World, one: Operation) -> None:
    random = Random(one.seed)  # noqa: S311
    rough = random.random() < 0.6
    if rough:
        calls, crashes, edits = (random.choice(chances) for chances in ((0.0, 0.15, 0.4), (0.0, 0.04), (0.0, 0.1)))
        made.trouble = Trouble(random, calls, crashes, edits)
    try:
        _happen(made, one.name, random)
    except Crash:
        pass  # the next operation is another process
    finally:
        made.trouble = None
    made.tick(random.choice([5, 40, 90]))


def _happen(made: World, name: str, random: Random) -> None:
    match name:
        case "edit":
            people.person_acts(made, random)
        case "clash":
            people.people_clash(made, random)
        case "agree":
            people.people_agree(made, random)
        case "go back":
            people.person_goes_back(made, random)
        case "reopen":
            people.person_reopens(made, random)
        case "create":
            people.person_creates(made, random)
        case "comment":
            comments.person_comments(made, random)
        case "edit comment":
            comments.person_edits_comment(made, random)
        case "delete comment":
            comments.person_deletes_comment(made, random)
        case "clash over comment":
            comments.people_clash_over_comment(made, random, lambda meanwhile: world.carry_on(made, random, meanwhile))
        case "pull":
            world.pull(made, random.sample(sorted(made.sources), random.randint(1, len(made.sources))), random)
        case "plan":
            world.plan(made, {"A": Budget(3)} if random.random() < 0.2 else None)
        case "apply" | "apply old":
            known = made.plans if name == "apply old" else made.plans[-1:]
            saved = made.store.plan(random.choice(known)) if known else None
            if saved is not None:
                world.apply(made, saved, allowed=random.random() < 0.3)
        case "sync":
            world.sync(made, random)
        case "undo" | "undo everywhere":
            runs = sorted({write.run_id for write in made.store.all_writes()})
            if runs:
                world.pull(made, sorted(made.sources), random)
                world.undo(made, random.choice(runs[-3:]), name == "undo everywhere")
        case "settle":
            world.settle(made, random)
        case _:
            made.tick(3600)


def rest(made: World) -> None:
    """Nothing fails any more and people rest: sync until there is nothing to do. Raises `Broken` if that never is."""
    made.full_rest = made.count % 3 > 0 or any(one.shape.lags or one.shape.silent for one in made.sources.values())
    if made.full_rest:
        made.positions.clear()  # a full listing reads what was refused before
    # What a history tells late of an edit that was written over, it has told before anybody says that all is quiet.
    made.tick(max(source.shape.history_lag_seconds for source in made.sources.values()))
    for _ in range(_QUIET_ROUNDS):
        made.tick(120)
        steps = world.sync(made, Random(0), allowed=True).steps  # noqa: S311
        refused = {(step.source, step.task_id) for step in steps if _is_refused_again(made, step, ())}
        waiting = [step for step in steps if _waits_for(step, refused)]
        if all(step in waiting or _is_refused_again(made, step, _waiting(step, refused)) for step in steps):
            _stays_quiet(made, {step.step_id for step in waiting})
            return
    left = [(one.source, one.external_id, dict(one.fields), dict(one.expected)) for one in world.plan(made).steps]
    raise Broken(f"(e) there is no end of writing: {left}")


def _is_refused_again(made: World, step: PlannedStep, waiting: Collection[str]) -> bool:
    """Whether a source refuses a step, but for fields that are `waiting`, without saying which value is at fault: such
    a step is tried in every run.
    """
    shape = made.sources[step.source].shape
    if "comment" in step.fields:
        return shape.refuses and "#" in str(step.fields["comment"])
    alone = step.external_id is None or step.fields.keys() - waiting == {"title"}
    return alone and shape.refuses and not shape.names_refused and "#" in str(step.fields.get("title", ""))


def _waits_for(step: PlannedStep, refused: AbstractSet[tuple[str, str]]) -> bool:
    """Whether a step can only be done once an item is made whose creation a source refuses, as it is in every run: a
    comment on it, or nothing but references to it.
    """
    if "comment" in step.fields:
        return (step.source, step.task_id) in refused
    return bool(step.fields) and step.fields.keys() == _waiting(step, refused)


def _waiting(step: PlannedStep, refused: AbstractSet[tuple[str, str]]) -> set[str]:
    """The fields of a step of which nothing would be set but references to such items."""
    return {
        name
        for name, value in step.fields.items()
        if name != "comment"
        and FIELDS[name].reference == "task"
        and _only_refers_to(refused, step, value, step.expected.get(name))
    }


def _only_refers_to(
    refused: AbstractSet[tuple[str, str]], step: PlannedStep, value: FieldValue, before: FieldValue
) -> bool:
    """Whether nothing would be set but references to such items."""
    if not isinstance(value, list):
        return (step.source, str(value)) in refused
    return {one for one in value if (step.source, one) not in refused} == elements(before)


def _stays_quiet(made: World, waiting: AbstractSet[str]) -> None:
    """One more run decides nothing. The steps that are `waiting` for an item are left again."""
    before = _kept(made, waiting)
    if made.full_rest:
        made.positions.clear()
    made.tick(120)
    world.sync(made, Random(0), allowed=True)  # noqa: S311
    if _kept(made, waiting) != before:
        raise Broken("(e) a run that had nothing to do decided something")


def _kept(made: World, waiting: AbstractSet[str]) -> tuple[int, int, int]:
    changes = sum(len(made.store.changes(task_id=task)) for task in made.store.all_tasks())
    writes = [
        write
        for write in made.store.all_writes()
        if write.outcome is not Outcome.REFUSED
        and not write.comment_id
        and not (write.outcome is Outcome.STALE and write.step_id in waiting)
    ]
    return changes, len(made.store.all_conflicts()), len(writes)


def shrink(seed: int, operations: Sequence[Operation]) -> tuple[Operation, ...]:
    """As few of these operations as still break something."""
    left = list(operations)
    size = len(left) // 2
    while size:
        place = 0
        while place < len(left):
            fewer = left[:place] + left[place + size :]
            if _breaks(seed, fewer):
                left = fewer
            else:
                place += size
        size //= 2
    return tuple(left)


def _breaks(seed: int, operations: Sequence[Operation]) -> bool:
    return run(seed, operations) is not None


def simulate(seed: int) -> Violation | None:
    """Run the schedule of a seed; if it breaks something, shrunk."""
    operations = schedule(seed)
    message = run(seed, operations)
    if message is None:
        return None
    small = shrink(seed, operations)
    return Violation(seed, small, run(seed, small) or message)
