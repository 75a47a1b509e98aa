"""Items that meet a task which says just what they show go a short way, and it leads where the merge leads."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from random import Random

import pytest

from worklake.integrations.views import TaskView
from worklake.model.fields import FieldValue
from worklake.sync.heart import merging
from worklake.sync.heart.linking import meets_as_it_is
from worklake.sync.heart.ports import Observation
from worklake.sync.rules.state import ItemKey
from worklake.sync.rules.task import Moment
from worklake.testing.simulate import people, world
from worklake.testing.simulate.trouble import Crash, Trouble
from worklake.testing.simulate.world import World

_WORLDS = 120


def test_the_short_way_keeps_what_the_merge_keeps(monkeypatch: pytest.MonkeyPatch) -> None:
    taken = 0

    def counted(*asked: object) -> bool:
        nonlocal taken
        found = meets_as_it_is(*asked)  # type: ignore[arg-type]
        taken += found
        return found

    for seed in range(_WORLDS):
        monkeypatch.setattr(merging, "meets_as_it_is", counted)
        short = _kept(seed)
        monkeypatch.setattr(merging, "meets_as_it_is", lambda *asked: False)
        assert _kept(seed) == short, f"world {seed}"
    assert taken > _WORLDS, "hardly any item met a task as it is"


@pytest.mark.parametrize(
    "otherwise",
    [
        lambda one: one,
        lambda one: replace(one, view=replace(one.view, deleted=True)),
        lambda one: replace(one, view=replace(one.view, moved_to="another")),
        lambda one: replace(one, reread=True),
        lambda one: replace(one, view=replace(one.view, fields={**one.view.fields, "title": "Another"})),
        lambda one: replace(one, view=replace(one.view, fields={**one.view.fields, "due_date": "2026-03-01"})),
    ],
    ids=["as it is", "deleted", "moved away", "read anew", "another title", "another day"],
)
def test_an_item_that_comes_otherwise_is_merged(
    otherwise: Callable[[Observation], Observation], monkeypatch: pytest.MonkeyPatch
) -> None:
    short = [_met(seed, otherwise) for seed in range(20)]
    monkeypatch.setattr(merging, "meets_as_it_is", lambda *asked: False)
    assert [_met(seed, otherwise) for seed in range(20)] == short


def _met(seed: int, otherwise: Callable[[Observation], Observation]) -> dict[str, object]:
    """All that is kept once an item, that is a copy of another but for this, has come to that one's task."""
    random = Random(seed)
    made = world.make_world(random)
    people.person_creates(made, random)
    world.pull(made, sorted(made.sources), random)
    key, of = _person_copies(made, random)
    source = made.sources[key.source]
    item = source.read(key.external_id)
    view = source.lens.view(item.kind, item.payload)
    assert isinstance(view, TaskView)
    one = otherwise(Observation(*key, view, made.store.batch + 1, made.task_of(of)))
    merging.merge_tasks(made.store, made.ports(), [one], made.rules(), Moment(made.run_id(), made.clock()))
    return _all_of(made)


def _all_of(made: World) -> dict[str, object]:
    return {name: kept for name, kept in vars(made.store).items() if name != "_before"}


def _kept(seed: int) -> dict[str, object]:
    """All that is kept once people have made tasks, copied some by hand, and edited a few before they were read."""
    random = Random(seed)
    made = world.make_world(random)
    people.let_meddle(made)
    for _ in range(random.randint(3, 8)):
        people.person_creates(made, random)
        if random.random() < 0.6:
            _goes_on(made, random)
        for _ in range(random.randint(1, 3)):
            _person_copies(made, random)
        if random.random() < 0.3:
            people.person_acts(made, random)
        _goes_on(made, random)
    made.trouble = None
    world.sync(made, random, allowed=True)
    return _all_of(made)


def _goes_on(made: World, random: Random) -> None:
    """A pull or a sync, with crashes and calls that fail now and then."""
    if random.random() < 0.5:
        made.trouble = Trouble(random, calls=random.choice([0.0, 0.1]), crashes=random.choice([0.0, 0.1]))
    try:
        if random.random() < 0.6:
            world.pull(made, random.sample(sorted(made.sources), random.randint(1, len(made.sources))), random)
        else:
            world.sync(made, random)
    except Crash:
        pass  # what comes next is another process
    made.trouble = None
    made.tick(random.choice([5, 90]))


def _person_copies(made: World, random: Random) -> tuple[ItemKey, ItemKey]:
    """A person makes in another source what an item shows, and Worklake will know that both are one task."""
    of = random.choice(people.items_of(made))
    name = random.choice([one for one in sorted(made.sources) if one != of.source])
    shown: dict[str, FieldValue] = {
        field: [one.replace(f"{of.source}.", f"{name}.") for one in value] if field == "assignees" else value  # type: ignore[union-attr]
        for field, value in made.sources[of.source].items[of.external_id].fields.items()
        if field not in ("parent_id", "blocked_by")
    }
    key = ItemKey(name, made.sources[name].person_creates(shown))
    item = made.sources[name].items[key.external_id]
    made.truth.created(key, item.fields, item.updated_at)
    made.matched[key] = of
    return key, of
