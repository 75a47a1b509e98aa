"""A world at rest, as the checks look at it, and what they say where something does not hold."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property

from worklake.model.fields import FieldValue
from worklake.model.heart_rows import Outcome
from worklake.sync.heart.store import Loaded, StoredLink
from worklake.sync.rules.state import Conflict, ItemKey
from worklake.sync.rules.values import loosely_same, same
from worklake.testing.simulate.reference import Contest, Provider, contests
from worklake.testing.simulate.world import World


class Broken(Exception):
    """An invariant does not hold. Begins with its letter."""


class Case:
    """A world at rest, with what was kept of it."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.loaded: dict[str, Loaded] = world.store.load(world.store.all_tasks())
        self.provider = Provider(world)

    @cached_property
    def conflicts(self) -> Mapping[tuple[str, str], list[Conflict]]:
        """All conflicts, by task and field."""
        found: dict[tuple[str, str], list[Conflict]] = {}
        for one in self.world.store.all_conflicts():
            found.setdefault((one.task_id, one.field), []).append(one)
        return found

    def value(self, task: str, name: str) -> FieldValue:
        """What a task says."""
        fields = self.loaded[task].task.fields
        return fields[name].value if name in fields else None

    def contests(self, *names: str) -> Mapping[tuple[str, str], Contest]:
        """The contests of these fields. An item that was deleted before anybody saw it belongs to no task."""
        found = contests(self.world, self.provider, frozenset(names))
        return {key: contest for key, contest in found.items() if key[0] in self.loaded}

    def may_be_sent(self, key: ItemKey, name: str, shown: FieldValue) -> bool:
        """Whether nobody can tell what a person typed from what the provider may have made of what was sent, as the
        update never arrived, and was looked for only after that was typed.
        """
        calls = self.world.sources[key.source].calls
        done = [call.fields[name] for call in calls if call.external_id == key.external_id and name in call.fields]
        meant = [
            write.sent[name]
            for write in self.world.store.all_writes()
            if (write.source, write.external_id) == key and name in write.sent
            if write.outcome is Outcome.ACKNOWLEDGED
        ]
        return any(
            sum(same(name, value, one) for one in meant) > sum(same(name, value, one) for one in done)
            for value in meant
            if loosely_same(name, value, shown)
        )

    def live(self) -> Iterator[tuple[Loaded, StoredLink, dict[str, FieldValue]]]:
        """The items that there are, with what they show."""
        for one in self.loaded.values():
            for link in one.links:
                item = self.world.sources[link.source].items.get(link.external_id)
                if item is not None and not item.deleted:
                    yield one, link, item.fields


def fail(letter: str, what: str) -> None:
    """Raises `Broken`."""
    raise Broken(f"({letter}) {what}")
