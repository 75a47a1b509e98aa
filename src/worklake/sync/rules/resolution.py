"""Comparing at a provider's resolution: changed, behind, lifted, adjusted, pending. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace

from worklake.model.fields import FIELDS, SCALAR, TEXT, Fields, FieldValue
from worklake.sync.rules.state import Pair, Side, TaskState
from worklake.sync.rules.texts import merge_texts
from worklake.sync.rules.values import same

KEPT_PAIRS = 4
"""How many adjusted pairs of a field are kept: the last ones."""


def changed_fields(side: Side) -> list[str]:
    """The fields that the item shows differently from what was seen, and those that it shows for the first time."""
    seen = side.seen
    if side.view is seen or side.view == seen:
        return []
    return [
        name
        for name, value in side.view.items()
        if name not in seen or (value != seen[name] and not same(name, seen[name], value))
    ]


def is_adjusted(side: Side, name: str, sent: FieldValue, shown: FieldValue) -> bool:
    """Whether this item's provider made `shown` of `sent` before."""
    pairs = side.adjusted.get(name)
    return bool(pairs) and any(same(name, pair.sent, sent) and same(name, pair.shown, shown) for pair in pairs or ())


def with_pair(pairs: Sequence[Pair], name: str, sent: FieldValue, shown: FieldValue) -> tuple[Pair, ...]:
    """The pairs with this one, which stands last, each once."""
    others = [pair for pair in pairs if not (same(name, pair.sent, sent) and same(name, pair.shown, shown))]
    return (*others[1 - KEPT_PAIRS :], Pair(sent, shown))


def meant(side: Side, name: str, shown: FieldValue, task: TaskState) -> FieldValue:
    """The canonical value that an item meant when it showed this: what had been sent then, else what it implies."""
    for pair in reversed(side.adjusted.get(name, ())):
        if same(name, pair.shown, shown):
            return pair.sent
    if name not in task.fields:
        return shown
    return lift(replace(side, view={**side.view, name: shown}), name, task, task.fields[name].value)


def shows(side: Side, name: str, canonical: FieldValue, shown: FieldValue) -> bool:
    """Whether an item that shows `shown` shows just this canonical value, or an adjusted form of it.

    A reference to what is not there shows as none. Whatever an item shows in its place it keeps, but does not mean.
    """
    if canonical == shown:
        return True  # what an item shows is shown as it is: the first law of every lens
    is_reference = FIELDS[name].reference is not None and FIELDS[name].merge is SCALAR
    projected = project_one(side, name, canonical, FIELDS[name].empty if is_reference else shown)
    return same(name, projected, shown) or is_adjusted(side, name, projected, shown)


def project_one(side: Side, name: str, canonical: FieldValue, shown: FieldValue) -> FieldValue:
    """How the item would show this canonical value of one field where it now shows `shown`.

    What cannot be set there is compared as it is: nothing tells how that would be shown.
    """
    if name not in side.resolution.writable:
        return canonical
    view = side.view
    now = view if name in view and view[name] is shown else {**view, name: shown}
    return side.resolution.project({name: canonical}, now).get(name, shown)


def is_behind(side: Side, name: str, canonical: FieldValue) -> bool:
    """Whether the item had not got the canonical value when it was last seen: who edits it now has not seen that."""
    return name in side.unsure or name not in side.seen or not shows(side, name, canonical, side.seen[name])


def lift(side: Side, name: str, task: TaskState, canonical: FieldValue) -> FieldValue:
    """The canonical value that the item's view implies, keeping the finer detail that its provider cannot show."""
    shown = side.view[name]
    if shows(side, name, canonical, shown):
        return canonical
    if name == "status" and task.last_open is not None and shows(side, name, task.last_open, shown):
        return task.last_open
    if FIELDS[name].merge is TEXT and name in side.seen and not is_behind(side, name, canonical):
        return finer_text(_text(side.seen[name]), _text(canonical), _text(shown), _text(shown)) or None
    return shown


def finer_text(seen: str, text: str, shown: str, otherwise: str) -> str:
    """An edit from `seen` to `shown`, made where a provider shows another form of `text`, put into `text` itself.

    Where the provider had cut the text, what it had cut off is put back. `otherwise` where that cannot be.
    """
    merged = merge_texts(seen, text, shown)
    if merged is not None:
        return merged
    if seen and text.startswith(seen):
        return shown + text[len(seen) :]
    return otherwise


def outstanding(task: Fields, side: Side) -> dict[str, FieldValue]:
    """What the item would show if it had got the task, of the fields in which it shows something else."""
    view = side.view
    wanted = {name: task[name] for name in side.resolution.writable if name in view and name in task}
    projected = side.resolution.project(wanted, view)
    return {
        name: projected[name]
        for name in sorted(projected)
        if name in wanted
        and name in view
        and not same(name, projected[name], view[name])
        and not is_adjusted(side, name, projected[name], view[name])
    }


def pending(
    task: Fields, side: Side, held: AbstractSet[str], refused: Mapping[str, Iterable[FieldValue]]
) -> dict[str, FieldValue]:
    """What has to be written to the item: whatever is outstanding, but for fields that are held or frozen and values
    that its provider refused.
    """
    return {
        name: value
        for name, value in outstanding(task, side).items()
        if name not in held
        and name not in side.frozen
        and not any(same(name, value, one) for one in refused.get(name, ()))
    }


def _text(value: FieldValue) -> str:
    return value if isinstance(value, str) else ""
