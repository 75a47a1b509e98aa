"""Which edits of a merged task need the providers' histories, and what these tell: when each was made, and by whom.

A merge is made first with the items' own times. Only where its outcome has a conflict, or a change row that lacks its
person, the histories of those items are read, and the merge is made again with what they tell.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime

from worklake.integrations.views import TaskView
from worklake.sync.heart.histories import Histories
from worklake.sync.heart.views import Names
from worklake.sync.rules.state import ConflictKind, Edited, ItemKey, Side
from worklake.sync.rules.task import WHOLE_TASK, TaskOutcome
from worklake.sync.rules.told import Told, edit_behind

_EVER = datetime(1970, 1, 2, tzinfo=UTC)


def dated(
    outcome: TaskOutcome,
    sides: Mapping[ItemKey, Side],
    views: Mapping[ItemKey, TaskView],
    histories: Histories,
    names: Mapping[str, Names],
) -> dict[ItemKey, Side]:
    """The sides about which a history was asked, with what it told. `views` are the items that were read just now."""
    news = {}
    for key, wanted in _wanted(outcome, sides, views, histories).items():
        matters = any(wanted.values())
        side, view = sides[key], views.get(key)
        since = side.revision
        if since is None or view is None or any(name not in side.seen for name in wanted):
            since = _EVER
        told = histories.read(key, since, wanted, names[key.source], matters=matters)
        if told is not None:
            news[key] = _told_of(side, view, wanted, told, names[key.source])
    return news


def _wanted(
    outcome: TaskOutcome, sides: Mapping[ItemKey, Side], views: Mapping[ItemKey, TaskView], histories: Histories
) -> dict[ItemKey, dict[str, bool]]:
    """The fields to ask about, by item; true where the time may decide, false where only the person is wanted."""
    wanted: dict[ItemKey, dict[str, bool]] = {}
    for change in outcome.changes:
        key, name = change.origin, change.field
        if key is None or key not in views or key not in sides or name == WHOLE_TASK or name in sides[key].reread:
            continue
        if histories.tells(key.source, name):
            wanted.setdefault(key, {})[name] = False
    for conflict in outcome.conflicts:
        for one in conflict.contenders if conflict.kind is ConflictKind.DIFFERS else ():
            if one.origin is not None and one.origin in sides and histories.tells(one.origin.source, conflict.field):
                wanted.setdefault(one.origin, {})[conflict.field] = True
    return {key: fields for key, fields in wanted.items() if not fields.keys() <= sides[key].edits.keys()}


def _told_of(
    side: Side, view: TaskView | None, wanted: Mapping[str, bool], told: list[Told] | str, names: Names
) -> Side:
    edits, untold = dict(side.edits), dict(side.untold)
    for name in wanted.keys() - edits.keys():
        if isinstance(told, str):
            untold[name] = told
            continue
        met = name in side.seen
        until = view.updated_at if view is not None else side.revision
        found = edit_behind(name, side.view.get(name), told, side.revision if met else None, until)
        if found is not None:
            edits[name] = Edited(found.at, found.actor)
        elif view is not None and not met and view.created_at is not None:
            edits[name] = Edited(view.created_at, names.person(view.author) if view.author else None)
        else:
            untold[name] = f"the history of {side.key.source} does not tell of it"
    return replace(side, edits=edits, untold=untold)
