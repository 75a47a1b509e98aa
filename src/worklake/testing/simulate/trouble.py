"""What goes wrong in a world: calls that fail, processes that die, people who edit at the worst moment."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from random import Random
from typing import TYPE_CHECKING

from worklake.errors import AccessError, AuthError, RetryableError, UnknownOutcomeError
from worklake.model.fields import Fields
from worklake.sync.rules.state import ItemKey
from worklake.testing.simulate.comments import person_edits_comment
from worklake.testing.simulate.source import Call, Hooks

if TYPE_CHECKING:
    from worklake.testing.simulate.world import World


class Crash(BaseException):
    """The process dies here."""


@dataclass(slots=True)
class Trouble:
    """How likely it is that something goes wrong at a call or commit, in one operation."""

    random: Random
    calls: float = 0.0
    crashes: float = 0.0
    edits: float = 0.0


class _Meddling(Hooks):
    """What happens to a source in its world, while trouble lasts."""

    def __init__(self, world: World, source: str) -> None:
        self._world, self._source = world, source

    def chance(self, likely: float) -> bool:
        trouble = self._world.trouble
        return trouble is not None and trouble.random.random() < likely

    def before_write(self, external_id: str, fields: Fields) -> None:
        trouble = self._world.trouble
        if trouble is not None and self._world.meddle_at is not None and trouble.random.random() < trouble.edits:
            name = trouble.random.choice(sorted(self._world.sources[self._source].shape.fields))
            chosen = trouble.random.choice([name, *sorted(fields)])
            self._world.meddle_at(trouble.random, ItemKey(self._source, external_id), chosen)

    def raced(self, external_id: str, name: str) -> None:
        self._world.truth.raced(ItemKey(self._source, external_id), name)

    def done(self, call: Call) -> None:
        self._world.truth.called(call)
        if call.operation == "create":
            # Where the reply is lost, nobody can tell a field that was not set from one that was emptied since.
            new = self._world.sources[self._source].shape.unset
            self._world.truth.maybe_seen(ItemKey(self._source, call.external_id), new)

    def read(self, external_id: str) -> None:
        shown = self._world.sources[self._source].items[external_id].fields
        self._world.truth.maybe_seen(ItemKey(self._source, external_id), shown)


def meddling(world: World, source: str) -> Hooks:
    """What happens to a source of this world while it is called."""
    return _Meddling(world, source)


def faults(world: World) -> Callable[[str, str], bool]:
    """What goes wrong at a call in this world, while trouble lasts: see `SimulatedSource`."""

    def fault(source: str, what: str) -> bool:
        trouble = world.trouble
        world.tick(1)
        if trouble is None:
            return False
        chance = trouble.random.random()
        if chance < trouble.crashes:
            raise Crash(f"before {what} at {source}")
        if trouble.random.random() < trouble.edits and world.meddle is not None:
            (world.meddle if trouble.random.random() < 0.7 else partial(person_edits_comment, world))(trouble.random)
        if chance < trouble.crashes + trouble.calls:
            return _fail(trouble.random, source, what)
        return False

    return fault


def _fail(random: Random, source: str, what: str) -> bool:
    writes = what not in ("list", "list_ids", "read", "read_many", "find", "history")
    kind = random.choice(["down", "lost", "lost", "lost", "unknown", "auth", "access"])
    if kind == "lost" and writes:
        return True
    if kind == "unknown" and writes:
        raise UnknownOutcomeError(f"{source} failed before it did anything")
    if kind == "auth":
        raise AuthError(f"{source} does not accept the token")
    if kind == "access" and what != "list":
        raise AccessError(f"{source} does not allow this")
    raise RetryableError(f"{source} is down")


def crashes(world: World) -> Callable[[str], None]:
    """What goes wrong before rows are kept in this world, while trouble lasts: see `MemoryStore`."""

    def before(table: str) -> None:
        if world.trouble is not None and world.trouble.random.random() < world.trouble.crashes:
            raise Crash(f"before {table}")

    return before
