"""The brake: a plan that closes, archives, deletes or empties much of a source stops for a person. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from worklake.model.heart_rows import Operation, PlannedStep
from worklake.settings.models import Brake
from worklake.sync.rules.values import is_empty

_CLOSED = ("completed", "canceled")


class Stop(NamedTuple):
    """Why a plan stops: so many items of a source would be closed, archived, deleted, or emptied of a field."""

    source: str
    what: str
    items: int
    live: int

    def __str__(self) -> str:
        return f"{self.what} would hit {self.items} of {self.live} items of {self.source}"


def stops(
    steps: Iterable[PlannedStep], live: Mapping[str, int], brake: Brake, allowed: int | None = None
) -> list[Stop]:
    """What stops these steps; nothing where the brake holds nothing or just `allowed` items in all are meant.

    All that is done to items of a source counts together, each item once. `live` has the number of live items of each
    source.
    """
    hit, kinds = _hit(steps)
    found = [
        Stop(source, ", ".join(sorted(kinds[source])), len(items), live.get(source, 0))
        for source, items in sorted(hit.items())
        if len(items) >= brake.at_least and len(items) > brake.share * live.get(source, 0)
    ]
    return [] if allowed is not None and sum(stop.items for stop in found) == allowed else found


def number(steps: Iterable[PlannedStep], told: Iterable[str]) -> int:
    """How many items have to be allowed to let steps pass that `told`, each a `Stop` in words, stops."""
    hit, _ = _hit(steps)
    said = set(told)
    return sum(len(items) for source, items in hit.items() if any(one.endswith(f" items of {source}") for one in said))


def _hit(steps: Iterable[PlannedStep]) -> tuple[dict[str, set[tuple[str, str | None]]], dict[str, set[str]]]:
    """The items of which steps put something away or empty something, and what that is, by source."""
    hit: dict[str, set[tuple[str, str | None]]] = {}
    kinds: dict[str, set[str]] = {}
    for step in steps:
        for what in destroyed(step):
            hit.setdefault(step.source, set()).add((step.task_id, step.external_id))
            kinds.setdefault(step.source, set()).add(what)
    return hit, kinds


def destroyed(step: PlannedStep) -> Iterator[str]:
    """What a step puts away or empties, in words."""
    if step.comment_id is not None:
        return
    if step.operation in (Operation.CLOSE, Operation.ARCHIVE, Operation.DELETE):
        yield step.operation.value
    if step.operation is not Operation.UPDATE:
        return
    for name, value in step.fields.items():
        before = step.expected.get(name)
        if name == "status":
            if value in _CLOSED and before not in _CLOSED:
                yield Operation.CLOSE.value
        elif name == "archived":
            if value and not before:
                yield Operation.ARCHIVE.value
        elif is_empty(name, value) and not is_empty(name, before):
            yield f"emptying {name}"
