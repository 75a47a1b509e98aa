"""Fields of an item that are read otherwise than before because the settings changed, not because anybody edited. Pure.

Such a reading is no edit: it has no time and no person, it takes nothing away from a task and goes over no value. It
fills what the task lacks; where it says something else than the task, a person decides, and until then none writes.
`docs/decisions/008-a-changed-mapping-is-no-edit.md` says why.
"""

from __future__ import annotations

from dataclasses import replace

from worklake.model.fields import FIELDS, FieldValue, MergeKind, Status
from worklake.settings.models import FieldPolicy, Owner
from worklake.sync.rules import resolution
from worklake.sync.rules.field import Dispute, Edit, FieldOutcome
from worklake.sync.rules.state import Contender, Decision, Edited, Pair, Side, Standing, TaskState
from worklake.sync.rules.values import elements, is_empty, loosely_same, same

REASON = "read anew with changed settings"


def read_anew(name: str, task: TaskState, side: Side, policy: FieldPolicy) -> FieldOutcome:
    """What follows from a field that an item shows otherwise only because it is read otherwise."""
    current = task.fields.get(name, Standing(FIELDS[name].empty))
    shown = side.view[name]
    if resolution.shows(side, name, current.value, shown):
        return FieldOutcome(())
    reading = undated(side, name)
    mine = not isinstance(policy, Owner) or policy.owner == side.key.source
    if FIELDS[name].merge is MergeKind.SET:
        wanted: FieldValue = sorted(elements(current.value) | (elements(shown) - elements(side.seen.get(name))))
    elif is_empty(name, shown) and FIELDS[name].type is not Status:
        return FieldOutcome(())
    else:
        wanted = shown
    if same(name, wanted, current.value):
        return FieldOutcome(())
    fills = FIELDS[name].merge is MergeKind.SET or (is_empty(name, current.value) and FIELDS[name].type is not Status)
    if fills and mine:
        edit = Edit(reading, current.value, wanted, Decision.TAKEN, REASON)
        return FieldOutcome((edit,), Standing(wanted, None, side.key))
    held = Edit(reading, side.seen.get(name), wanted, Decision.HELD, f"{REASON}; waits for a person to decide")
    origin = current.origin if current.origin != side.key else None
    contenders = (
        Contender(origin, current.value, current.at, current.actor),
        Contender(side.key, wanted, None),
    )
    reason = f"{REASON}: {side.key.source} says otherwise than the task, and nobody edited it"
    return FieldOutcome((held,), None, Dispute(contenders, False, None, reason))


def undated(side: Side, name: str) -> Side:
    """The item with no time and no person for a field that is read otherwise: nobody edited it."""
    return replace(side, edits={**side.edits, name: Edited(None)})


def other_forms(side: Side, task: TaskState) -> dict[str, Pair]:
    """Fields whose new reading is but another form of the task's value, as of a text that is read more exactly.

    The item was up to date before, and nobody edited it: it means what the task says, and nothing is to be written.
    """
    found = {}
    for name in side.reread:
        if name not in task.fields or name not in side.seen or name not in side.view:
            continue
        value, shown = task.fields[name].value, side.view[name]
        if same(name, side.seen[name], shown) or not resolution.shows(side, name, value, side.seen[name]):
            continue
        projected = resolution.project_one(side, name, value, shown)
        text = FIELDS[name].merge is MergeKind.TEXT or FIELDS[name].type is str
        if (
            FIELDS[name].merge is not MergeKind.SET
            and text
            and not same(name, projected, shown)
            and (FIELDS[name].merge is MergeKind.TEXT or loosely_same(name, projected, shown))
        ):
            found[name] = Pair(projected, shown)
    return found
