"""Items that meet a task which says just what they show go a short way, and it leads where the merge leads."""

from __future__ import annotations

from random import Random

import pytest

from worklake.model.fields import FieldValue
from worklake.sync.heart import merging
from worklake.sync.heart.linking import meets_as_it_is
from worklake.sync.rules.state import ItemKey
from worklake.testing.simulate import people, world
from worklake.testing.simulate.world import Crash, Trouble, World

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
    return {name: kept for name, kept in vars(made.store).items() if name != "_before"}


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


def _person_copies(made: World, random: Random) -> None:
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
