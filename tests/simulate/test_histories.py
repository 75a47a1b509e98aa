"""Random schedules over tools whose histories tell nothing, editors, or values too, at once or late."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest

from worklake.model.fields import FieldValue
from worklake.sync.rules.state import ConflictKind, ItemKey
from worklake.testing.simulate import people, schedule, world
from worklake.testing.simulate.shapes import Shape, beside, random_shape
from worklake.testing.simulate.source import PERSON, Fault, SimulatedSource

_SCHEDULES = 200
_RACES = 100
_A_DAY = 86_400.0


def with_history(random: Random) -> Shape:
    """A provider as ever, with a history of its own choice, so that seeds stay what they are."""
    shape = random_shape(random)
    own = beside(random)
    lag = own.choice([0.0, 0.0, 0.0, 300.0, _A_DAY])
    return replace(shape, history=own.choice(["none", "editors", "values", "values"]), history_lag_seconds=lag)


def with_full_history(random: Random) -> Shape:
    """A provider whose history tells everything at once."""
    return replace(random_shape(random), history="values", history_lag_seconds=0.0)


@pytest.mark.parametrize("part", range(2))
def test_everything_holds_whatever_the_histories_tell(part: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(world, "random_kind", with_history)
    broken = [
        f"seed {seed}: {found}"
        for seed in range(part, _SCHEDULES, 2)
        if (found := schedule.run(seed, schedule.schedule(seed))) is not None
    ]
    assert not broken, "\n".join(broken)


def test_every_title_that_a_write_went_over_is_found_where_the_history_tells_everything(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(world, "random_kind", with_full_history)
    raced = [found for seed in range(_RACES) for found in _raced(seed)]
    assert len(raced) > _RACES / 10, "too few writes were raced to say anything"
    lost = [what for what, found in raced if not found]
    assert not lost, "\n".join(lost)


def _raced(seed: int) -> list[tuple[str, bool]]:
    """After a schedule: people give a title to every item just as its title is written. The titles that were gone
    over, and whether a conflict tells of each with its person.
    """
    made = world.make_world(Random(seed))
    for one in schedule.schedule(seed):
        schedule._do(made, one)
    made.policies = {}
    schedule.rest(made)
    items = people.items_of(made)
    if not items:
        return []
    people.person_edits(made, Random(seed), items[0], "title")
    world.pull(made, sorted(made.sources), Random(seed))
    saved = world.plan(made)
    written = {step.source: step for step in saved.steps if "title" in step.fields and step.external_id is not None}
    typed: dict[ItemKey, FieldValue] = {}

    def fault(source: str, what: str) -> bool:
        made.tick(1)
        step = written.pop(source, None) if what == "update" else None
        if step is not None:
            key = ItemKey(source, str(step.external_id))
            typed[key] = made.sources[source].person_edits(key.external_id, "title", f"{len(typed)} typed meanwhile")
        return False

    for source in made.sources.values():
        _fails_by(source, fault)
    world.apply(made, saved)
    over = {
        key: title
        for key, title in typed.items()
        if made.sources[key.source].items[key.external_id].fields["title"] != title
    }
    schedule.rest(made)
    told = {
        (conflict.at_item, one.value, one.actor)
        for conflict in made.store.all_conflicts()
        if conflict.kind is ConflictKind.OVERWRITTEN
        for one in conflict.contenders
    }
    return [(f"seed {seed}: {title!r} of {key}", (key, title, PERSON) in told) for key, title in over.items()]


def _fails_by(source: SimulatedSource, fault: Fault) -> None:
    """Let a fault take the place of the source's own."""
    source._fault = fault
