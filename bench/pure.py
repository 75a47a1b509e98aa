"""The pure merge alone, on one core: `merge_task` on tasks of two and three items, seen as GitLab and Linear show them.

`python -m bench.pure TASKS` prints in how many seconds it merged so many tasks. Each has edits: a title at one item and
a due date and a label at another; one of ten also a text, and one of ten two titles that compete.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from pydantic import SecretStr

from worklake.integrations.base import BaseIntegration
from worklake.integrations.registry import open_source, settings_models
from worklake.model.fields import FIELDS, FieldValue
from worklake.sync.heart.views import ItemResolution, Names
from worklake.sync.rules.state import Edited, ItemKey, Side, Standing, TaskState
from worklake.sync.rules.task import Moment, merge_task
from worklake.sync.run import Meter, collection_paused

_START = datetime(2026, 1, 5, 10, 0, tzinfo=UTC)
_MOMENT = Moment("run_bench", _START)
_ACCOUNTS = {str(number): f"person{number}@team.example" for number in range(50)}
_PEOPLE = {person: account for account, person in _ACCOUNTS.items()}
_LINES = [f"Line {number} of what is to be done, and why it is." for number in range(8)]
_AT_ONCE = 1_000
"""So many tasks are made, then merged: only the merging is timed."""


def seconds_to_merge(count: int) -> float:
    """How long merging so many tasks took."""
    shown_by = [
        ItemResolution(integration, Names(name, people=_ACCOUNTS, accounts=_PEOPLE))
        for name, integration in _integrations().items()
    ]
    took = 0.0
    for first in range(0, count, _AT_ONCE):
        cases = [_case(number, shown_by) for number in range(first, min(first + _AT_ONCE, count))]
        with collection_paused():
            started = time.process_time()
            for task, sides in cases:
                merge_task(task, sides, {}, (), _MOMENT)
            took += time.process_time() - started
    return took


def _integrations() -> dict[str, BaseIntegration]:
    known = {
        "web": ("gitlab", {"projects": ["team/web"]}),
        "eng": ("linear", {"teams": ["ENG"]}),
        "ops": ("gitlab", {"projects": ["team/ops"]}),
    }
    opened = {}
    for name, (provider, said) in known.items():
        settings = settings_models()[provider].model_validate({"provider": provider, "token": "env:NONE"} | said)
        opened[name] = open_source(name, settings, SecretStr("none"), Meter())
    return opened


def _case(number: int, shown_by: list[ItemResolution]) -> tuple[TaskState, list[Side]]:
    """A task that all its items show as it is, but for the edits."""
    values = _values(number)
    born_at = ItemKey(shown_by[0].names.source, str(number))
    standings = {name: Standing(value, _START, born_at) for name, value in values.items()}
    task = TaskState(f"task_{number:016x}", standings, 1, values["status"])
    chosen = shown_by[: 2 + number % 2]
    edits = list(_edits(number, values))
    sides = []
    for rank, resolution in enumerate(chosen):
        shown = {name: values[name] for name in resolution.fields if name in values}
        seen = resolution.project(shown, None)
        edited = {name: value for at, name, value in edits if at == rank and name in seen}
        at = Edited(_START + timedelta(minutes=rank))
        key = ItemKey(resolution.names.source, str(number))
        sides.append(Side(key, resolution, seen, seen | edited, rank, edited=at, merges=1, revision=at.at))
    return task, sides


def _values(number: int) -> dict[str, FieldValue]:
    values = {name: spec.empty for name, spec in FIELDS.items()}
    return values | {
        "title": f"Mend the login page ({number})",
        "description": "\n".join(_LINES),
        "status": "started",
        "labels": ["bug", "customer"],
        "assignees": [f"person{number % 50}@team.example"],
        "due_date": "2026-02-01",
    }


def _edits(number: int, values: dict[str, FieldValue]) -> Iterator[tuple[int, str, FieldValue]]:
    """Which item was edited, the field, and its value."""
    yield 0, "title", f"{values['title']}, soon"
    yield 1, "due_date", "2026-02-11"
    yield 1, "labels", ["bug", "customer", "later"]
    if number % 10 == 3:
        yield 0, "description", "\n".join([*_LINES[:-1], "Another end."])
    if number % 10 == 7:
        yield 1, "title", f"{values['title']}, at once"


if __name__ == "__main__":
    print(json.dumps({"rows": int(sys.argv[1]), "seconds": seconds_to_merge(int(sys.argv[1]))}))
