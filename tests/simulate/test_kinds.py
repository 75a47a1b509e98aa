"""Random schedules over sources whose lenses are those of the real providers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from random import Random
from typing import Any

import pytest

from worklake.integrations.base import Lens
from worklake.integrations.github.mapping import GitHubLens
from worklake.integrations.gitlab.mapping import GitLabLens
from worklake.integrations.linear.mapping import LinearLens
from worklake.integrations.motion.mapping import MotionLens
from worklake.integrations.notion.mapping import NotionLens
from worklake.sync.rules.state import ItemKey
from worklake.testing.simulate import checks, kinds, people, schedule, world
from worklake.testing.simulate.case import Broken
from worklake.testing.simulate.shapes import Shape, random_shape
from worklake.testing.simulate.trouble import Trouble

_SCHEDULES = 200
_TRIES = 300
_BODIES = 50


@pytest.fixture
def real_kinds_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kinds, "SHARE", 1.0)


@pytest.mark.parametrize("part", range(2))
def test_everything_holds_where_every_source_is_a_real_providers(part: int, real_kinds_alone: None) -> None:
    broken = [
        f"seed {seed}: {found}"
        for seed in range(part, _SCHEDULES, 2)
        if (found := schedule.run(seed, schedule.schedule(seed))) is not None
    ]
    assert not broken, "\n".join(broken)


def test_every_kind_takes_part_beside_shapes() -> None:
    taking_part = {kind for seed in range(150) for kind in schedule.kinds_of(seed)}
    assert taking_part == {*kinds.KINDS, "shape"}


@contextmanager
def _projecting_as_it_is(of: type[Lens], name: str) -> Iterator[None]:
    """A lens that does not know what its provider makes of a field."""
    right = of.project

    def wrong(self: Lens, fields: Any, shown: Any) -> Any:
        return right(self, fields, shown) | {one: fields[one] for one in (name,) if one in fields}

    caches: list[Any] = [kinds._new, kinds._lens, kinds._projected, kinds._of_a_new_item]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(of, "project", wrong)
        for cache in caches:
            cache.cache_clear()
        yield
    for cache in caches:
        cache.cache_clear()


@pytest.mark.parametrize(
    ("of", "name"),
    [
        (GitLabLens, "status"), (GitHubLens, "status"), (LinearLens, "assignees"),
        (MotionLens, "description"), (MotionLens, "priority"), (NotionLens, "description"), (NotionLens, "status"),
    ],
    ids=lambda one: getattr(one, "__name__", one),
)  # fmt: skip
def test_a_lens_that_does_not_know_its_provider_is_caught(of: type[Lens], name: str, real_kinds_alone: None) -> None:
    with _projecting_as_it_is(of, name):
        caught = next((seed for seed in range(_TRIES) if schedule.run(seed, schedule.schedule(seed))), None)
    assert caught is not None


def _notion_beside_a_shape(random: Random) -> Shape:
    shape = random_shape(random)
    return kinds.of_kind("notion", shape) if random.random() < 0.5 else shape


def _bodies_that_break_off(seeds: range) -> Iterator[str | None]:
    """What is broken once bodies were written in part, and people rest."""
    for seed in seeds:
        made, random = world.make_world(Random(seed)), Random(seed)
        people.person_creates(made, random)
        world.sync(made, random)
        typed_in = [key for key in people.items_of(made) if "description" in made.sources[key.source].shape.fields]
        for key in typed_in[:1]:
            people.set_by_hand(made, key, "description", f"# new {seed}\n\none {seed}\n\n- two\n\n> three {seed}")
            yield from _written_in_part(made, key, random)


def _written_in_part(made: world.World, key: ItemKey, random: Random) -> Iterator[str | None]:
    made.tick(100)
    world.pull(made, sorted(made.sources), random)
    saved = world.plan(made)
    made.trouble = Trouble(random)
    world.apply(made, saved)
    made.trouble = None
    try:
        schedule.rest(made)
        checks.check(made)
    except Broken as broken:
        yield f"{key}: {broken}"
    yield None


def test_a_body_that_was_written_in_part_is_nobodys_edit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(world, "random_kind", _notion_beside_a_shape)
    broken = [found for found in _bodies_that_break_off(range(_BODIES)) if found is not None]
    assert not broken, "\n".join(broken)


def test_taking_a_body_that_was_written_in_part_for_an_edit_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(world, "random_kind", _notion_beside_a_shape)
    monkeypatch.setattr(NotionLens, "is_on_the_way", lambda *_: False)
    assert any(_bodies_that_break_off(range(_BODIES)))
