"""Match: which canonical task an item belongs to. Pure.

In order: a link it already has; Worklake's own marker in its text; a URL by which it and one item of another source
point at each other, from either side; otherwise it is a new task. A URL that could mean several tasks, or a task that
already has an item of the same source, is only proposed, and so is what bears the same title (`twins.py`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from worklake.integrations.views import TaskView
from worklake.model.ids import TaskId, task_id
from worklake.sync.pending import Observed

LinkedBy = Literal["born", "marker", "mention", "moved"]


class Match(NamedTuple):
    """The task an item belongs to, and why."""

    task_id: TaskId
    linked_by: LinkedBy
    reason: str


class Elsewhere(NamedTuple):
    """A task that another source's item belongs to, and what was pointed at or pointed from."""

    task_id: str
    source: str
    key: str


class Proposed(NamedTuple):
    """Two tasks that may be one."""

    task_id: str
    other_task_id: str
    reason: str


@dataclass(frozen=True, slots=True)
class Neighbours:
    """What the other sources hold that could be the same work.

    `by_key` finds their items by key; `mentioning` those whose text points at a key of ours; `tasks` are the ids among
    the markers' that exist; `occupied` are the tasks that already have an item of this source.
    """

    by_key: Mapping[str, Sequence[Elsewhere]] = field(default_factory=dict)
    mentioning: Mapping[str, Sequence[Elsewhere]] = field(default_factory=dict)
    tasks: frozenset[str] = frozenset()
    occupied: frozenset[str] = frozenset()


def match(
    source: str,
    items: Sequence[Observed[TaskView]],
    mentions: Mapping[str, Sequence[str]],
    neighbours: Neighbours,
) -> tuple[dict[str, Match], list[Proposed]]:
    """For each of these unlinked items the task it belongs to, by external id, and what is only proposed.

    `mentions` holds, by external id, the keys that an item's URLs show. The outcome does not depend on the order of
    the items.
    """
    candidates = {item.external_id: _candidates(item.view, mentions, item.external_id, neighbours) for item in items}
    claims: dict[str, list[str]] = defaultdict(list)
    for external_id, found in candidates.items():
        for task in found:
            claims[task].append(external_id)
    matches: dict[str, Match] = {}
    proposals: list[Proposed] = []
    for item in items:
        found = candidates[item.external_id]
        marked = next((task for task in item.view.markers if task in neighbours.tasks), None)
        born = task_id(source, item.external_id)
        if marked is not None and marked not in neighbours.occupied:
            matches[item.external_id] = Match(TaskId(marked), "marker", "it carries Worklake's marker of this task")
            continue
        only = next(iter(found)) if len(found) == 1 else None
        if only is not None and len(claims[only]) == 1 and only not in neighbours.occupied:
            matches[item.external_id] = Match(TaskId(only), "mention", found[only])
            continue
        matches[item.external_id] = Match(born, "born", f"first seen in {source}")
        proposals += [Proposed(task, born, f"{reason}, but not as the only one") for task, reason in found.items()]
    return matches, proposals


def _candidates(
    view: TaskView, mentions: Mapping[str, Sequence[str]], external_id: str, neighbours: Neighbours
) -> dict[str, str]:
    """Tasks of other sources that this item and they point at, with the reason, in the order of the text."""
    found: dict[str, str] = {}
    for key in mentions.get(external_id, ()):
        for other in neighbours.by_key.get(key, ()):
            found.setdefault(other.task_id, f"it points at {other.key}")
    for other in neighbours.mentioning.get(view.key or "", ()):
        found.setdefault(other.task_id, f"{other.key} points at it")
    return found
