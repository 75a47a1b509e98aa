"""Doubts about items that are looked at after a call without an answer: what their sets do not show as sent, the tool
may have made so, or a person.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from worklake.model.fields import FIELDS
from worklake.model.ids import digest
from worklake.sync.heart.store import Loaded, Store
from worklake.sync.heart.views import Names
from worklake.sync.rules.answers import Doubt
from worklake.sync.rules.state import HOLDING, Conflict, ConflictKind, Contender, ItemKey, Standing, TaskState
from worklake.sync.rules.task import Moment
from worklake.sync.rules.values import elements


def doubts_of(
    store: Store,
    loaded: Loaded,
    key: ItemKey,
    doubts: Mapping[str, Doubt],
    at: datetime | None,
    names: Names,
    moment: Moment,
    update: str | None = None,
) -> list[Conflict]:
    """A conflict for each set of which an item does not show all that it was made with, or that the write `update` did
    to it, in the source's own ids, as far as the task, as it now is, still says so.

    It is written there again, as tools drop elements; but a person may as well have done that, and decides. Those that
    are kept already, open or settled since, are left out, and those of fields that are held.
    """
    held = {one.field for one in loaded.conflicts if one.open and one.kind in HOLDING}
    found = []
    for name, doubt in sorted(doubts.items()):
        standing = loaded.task.fields.get(name) or Standing(FIELDS[name].empty)
        said = elements(standing.value)
        gone, back = (elements(names.canonical({name: list(each)})[name]) for each in doubt)
        if name not in held and (gone & said or back - said):
            found.append(_doubt(loaded.task, key, name, standing, gone & said, back - said, at, moment, update))
    kept = store.conflicts([one.conflict_id for one in found]) if found else {}
    return [one for one in found if one.conflict_id not in kept]


def _doubt(
    task: TaskState, key: ItemKey, name: str, standing: Standing, gone: frozenset[str], back: frozenset[str],
    at: datetime | None, moment: Moment, update: str | None,
) -> Conflict:  # fmt: skip
    said = [f"did not show {', '.join(sorted(gone))}"] if gone else []
    said += [f"still showed {', '.join(sorted(back))}"] if back else []
    return Conflict(
        conflict_id="conflict_" + digest(task.task_id, name, update or "found", *key),
        task_id=task.task_id,
        field=name,
        kind=ConflictKind.OVERWRITTEN,
        contenders=(
            Contender(standing.origin, standing.value, standing.at, standing.actor),
            Contender(key, sorted((elements(standing.value) - gone) | back), at),
        ),
        open=True,
        reason=f"the answer of {key.source} to {'an update' if update else 'the making'} of the item was lost, and its"
        f" {name} {' and '.join(said)}: that is what it made of it, or what somebody did; it is written again",
        run_id=moment.run_id,
        opened_at=moment.now,
        at_item=key,
    )
