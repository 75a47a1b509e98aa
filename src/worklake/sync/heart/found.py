"""Items that are looked at after a call without an answer: what they lack may have been taken out by a person."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from worklake.model.fields import FIELDS, FieldValue
from worklake.model.ids import digest
from worklake.sync.heart.store import Store
from worklake.sync.heart.views import Names
from worklake.sync.rules.state import Conflict, ConflictKind, Contender, ItemKey, Standing, TaskState
from worklake.sync.rules.task import Moment
from worklake.sync.rules.values import elements


def doubts_of(
    store: Store,
    task: TaskState,
    key: ItemKey,
    lacking: Mapping[str, FieldValue],
    at: datetime | None,
    names: Names,
    moment: Moment,
    update: str | None = None,
) -> list[Conflict]:
    """A conflict for each set of which an item lacks something that it was made with, or that the write `update` has
    put into it, in the source's own ids.

    It is written there again, as tools drop elements; but a person may as well have taken it out, and decides.
    Those that are kept already, open or settled since, are left out.
    """
    found = [_doubt(task, key, name, names.canonical({name: value})[name], at, moment, update)
             for name, value in sorted(lacking.items())]  # fmt: skip
    kept = store.conflicts([one.conflict_id for one in found]) if found else {}
    return [one for one in found if one.conflict_id not in kept]


def _doubt(
    task: TaskState, key: ItemKey, name: str, lacking: FieldValue, at: datetime | None, moment: Moment,
    update: str | None,
) -> Conflict:  # fmt: skip
    standing, out = task.fields.get(name) or Standing(FIELDS[name].empty), ", ".join(sorted(elements(lacking)))
    theirs = sorted(elements(standing.value) - elements(lacking))
    return Conflict(
        conflict_id="conflict_" + digest(task.task_id, name, update or "found", *key),
        task_id=task.task_id,
        field=name,
        kind=ConflictKind.OVERWRITTEN,
        contenders=(
            Contender(standing.origin, standing.value, standing.at, standing.actor),
            Contender(key, theirs, at),
        ),
        open=True,
        reason=f"the answer of {key.source} to {'an update' if update else 'the making'} of the item was lost, and its"
        f" {name} did not show {out}: it dropped that, or somebody took it out; it is written again",
        run_id=moment.run_id,
        opened_at=moment.now,
        at_item=key,
    )
