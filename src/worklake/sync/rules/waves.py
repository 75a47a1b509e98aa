"""In which order steps are made: each wave holds, for every source, steps that need nothing of one another. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import zip_longest

from worklake.model.heart_rows import Operation, Outcome, PlannedStep, Write
from worklake.sync.rules.values import referred

_IN_VAIN = (Outcome.FAILED, Outcome.NOT_SENT)


def in_turn(steps: Sequence[PlannedStep], writes: Iterable[Write]) -> list[PlannedStep]:
    """These steps in the order of the plan; where an earlier run applied it and left the rest of a source after some
    had failed there, which `writes` tell, those that had failed come last. Else each run would try the same few, and
    never come to the others.
    """
    known = list(writes)
    left = {write.source for write in known if write.outcome is Outcome.WAITING}
    failed = {write.step_id for write in known if write.source in left and write.outcome in _IN_VAIN}
    return sorted(steps, key=lambda step: step.step_id in failed)


def waves(steps: Sequence[PlannedStep], size: int) -> Iterator[list[PlannedStep]]:
    """These steps in the order of the plan within each source, up to `size` of a source in a wave.

    What refers to an item that is yet to be made there comes in a later wave than that item: its id is known by then.
    Sources do not wait for one another: an item only ever needs others of its own source.
    """
    by_source: dict[str, list[PlannedStep]] = {}
    for step in steps:
        by_source.setdefault(step.source, []).append(step)
    place = {step.step_id: number for number, step in enumerate(steps)}
    for parts in zip_longest(*(_parts(of_source, size) for of_source in by_source.values()), fillvalue=()):
        yield sorted((step for part in parts for step in part), key=lambda step: place[step.step_id])


def _parts(steps: Sequence[PlannedStep], size: int) -> Iterator[list[PlannedStep]]:
    part: list[PlannedStep] = []
    made: set[str] = set()
    for step in steps:
        is_made = step.operation is Operation.CREATE
        if len(part) == size or made & referred(step.fields) or (step.task_id in made and not is_made):
            yield part
            part, made = [], set()
        part.append(step)
        if is_made:
            made.add(step.task_id)
    if part:
        yield part
