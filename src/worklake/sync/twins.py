"""Twins: tasks of different tools that bear the same title and so may be one. They are only proposed. Pure.

Tools that are connected when they are full hold the same work many times over. So what is compared is brought together
by a join on titles, and each title's tasks are paired by what speaks most for it: the same title in the same project,
the same title, the same letters and digits. Where a title stands several times in one tool, the oldest go together.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Hashable, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from typing import NamedTuple

from worklake.sync.match import Proposed

_LONG_AGO = datetime.min.replace(tzinfo=UTC)


class Candidate(NamedTuple):
    """A task with the sources that hold it. `alike` is the same for titles that are nearly the same."""

    task_id: str
    title: str
    project: str | None
    created_at: datetime | None
    sources: frozenset[str]
    alike: str


class Pair(NamedTuple):
    """Two tasks that were proposed to be one, and that nobody has said yes to."""

    task_id: str
    other_task_id: str
    is_refused: bool


@dataclass(slots=True)
class _Twins:
    """Tasks that may be one, the oldest first, at most one of each source."""

    members: list[Candidate]
    sources: set[str]

    @property
    def first(self) -> Candidate:
        return self.members[0]


def normal_title(title: str) -> str:
    """A title as it is compared: small letters, single spaces."""
    return " ".join(title.lower().split())


def propose_twins(candidates: Iterable[Candidate], known: Collection[Pair]) -> list[Proposed]:
    """What to propose of these tasks besides what is `known`; pairs that were refused stay apart.

    Each task that may be another one is proposed once, so that `n` tools with the same work make `n - 1` proposals of
    it. The outcome does not depend on the order of the tasks.
    """
    refused = {frozenset((one.task_id, one.other_task_id)) for one in known if one.is_refused}
    together: dict[str, list[str]] = defaultdict(list)
    for pair in known:
        if not pair.is_refused:
            together[pair.task_id].append(pair.other_task_id)
    proposals: list[Proposed] = []
    by_title: dict[str, list[Candidate]] = defaultdict(list)
    for one in candidates:
        by_title[one.alike].append(one)
    for alike in by_title.values():
        twins = _with_proposed(sorted(alike, key=_age), together)
        for key, why in _KEYS:
            twins, found = _paired(twins, key, why, refused)
            proposals += found
    return proposals


def _age(one: Candidate) -> tuple[datetime, str]:
    return one.created_at or _LONG_AGO, one.task_id


def _title_and_project(one: Candidate) -> Hashable:
    return (normal_title(one.title), normal_title(one.project)) if one.project else one.task_id


def _title(one: Candidate) -> Hashable:
    return normal_title(one.title)


def _likeness(one: Candidate) -> Hashable:
    return one.alike


_KEYS: tuple[tuple[Callable[[Candidate], Hashable], str], ...] = (
    (_title_and_project, "the same title in the same project"),
    (_title, "the same title"),
    (_likeness, "nearly the same title"),
)
"""What speaks for two tasks being one, the strongest first."""


def _with_proposed(alike: Sequence[Candidate], together: Mapping[str, Collection[str]]) -> list[_Twins]:
    """Each task by itself, but for those that are proposed to be one already."""
    twins = {one.task_id: _Twins([one], set(one.sources)) for one in alike}
    for task, other in [(one.task_id, other) for one in alike for other in together.get(one.task_id, ())]:
        one, two = twins[task], twins.get(other)
        if two is not None and one is not two:
            one.members += two.members
            one.sources |= two.sources
            twins |= {each.task_id: one for each in two.members}
    return list({id(one): one for one in twins.values()}.values())


def _paired(
    twins: Sequence[_Twins], key: Callable[[Candidate], Hashable], why: str, refused: AbstractSet[frozenset[str]]
) -> tuple[list[_Twins], list[Proposed]]:
    """The twins after those of the same key came together, each with the first that has no task of its sources."""
    proposals: list[Proposed] = []
    groups: dict[Hashable, list[_Twins]] = defaultdict(list)
    begins: dict[tuple[Hashable, frozenset[str]], int] = {}
    for one in sorted(twins, key=lambda each: _age(each.first)):
        shared, sources = key(one.first), frozenset(one.sources)
        group = groups[shared]
        # Whatever has these sources once has them for good, so no pair is looked at twice.
        begin = begins.get((shared, sources), 0)
        while begin < len(group) and group[begin].sources & sources:
            begin += 1
        begins[shared, sources] = begin
        found = next((each for each in islice(group, begin, None) if _may_be_one(each, one, refused)), None)
        if found is None:
            group.append(one)
            continue
        proposals.append(Proposed(found.first.task_id, one.first.task_id, why))
        found.members += one.members
        found.sources |= one.sources
    return [one for group in groups.values() for one in group], proposals


def _may_be_one(one: _Twins, other: _Twins, refused: AbstractSet[frozenset[str]]) -> bool:
    return not one.sources & other.sources and not (
        refused
        and any(frozenset((each.task_id, two.task_id)) in refused for each in one.members for two in other.members)
    )
