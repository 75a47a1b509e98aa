"""Merging one field of one task: who contends, who wins, what stays to be decided. Pure.

`docs/heart.md` says how the rules belong together.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import UTC, datetime
from typing import NamedTuple

from worklake.model.fields import FIELDS, SET, TEXT, FieldValue, Status
from worklake.settings.models import FieldPolicy, Owner, Prefer
from worklake.sync.rules import resolution
from worklake.sync.rules.sets import set_steps
from worklake.sync.rules.state import Conflict, Contender, Decision, ItemKey, Side, Standing, TaskState
from worklake.sync.rules.texts import merge_texts
from worklake.sync.rules.values import elements, is_empty, same

_LONG_AGO = datetime.min.replace(tzinfo=UTC)


class Edit(NamedTuple):
    """What somebody did to a field at an item: what was seen there before, what it means now, and what became of it."""

    side: Side
    old: FieldValue
    new: FieldValue
    decision: Decision
    reason: str


class Dispute(NamedTuple):
    """Values that compete. `settled` is false where a person has to decide."""

    contenders: tuple[Contender, ...]
    settled: bool
    winner: Contender | None
    reason: str


class FieldOutcome(NamedTuple):
    """What merging a field came to. The edits stand in the order in which they take effect.

    `standing` is None where the canonical value stays. `dispute` is set where values competed, or, with an open
    conflict, where its contenders are others now; `closed` says that the open conflict is over.
    """

    edits: Sequence[Edit]
    standing: Standing | None = None
    dispute: Dispute | None = None
    closed: bool = False


def merge_field(
    name: str, task: TaskState, changers: Sequence[Side], sides: Sequence[Side], policy: FieldPolicy,
    conflict: Conflict | None,
) -> FieldOutcome:  # fmt: skip
    """Merge the edits of one field. `changers` are the sides that show it changed, `conflict` holds it if given."""
    current = task.fields.get(name) or Standing(FIELDS[name].empty)
    if len(changers) > 1:
        changers = sorted(changers, key=_order)
    changers = [side for side in changers if _says_something(side, name, current.value)]
    if conflict is not None:
        return _hold(name, task, current, changers, sides, conflict)
    refused: list[Edit] = []
    if isinstance(policy, Owner):
        refused = [_refused(side, name, task, current, policy) for side in changers
                   if not _may_speak(side, name, policy)]  # fmt: skip
        changers = [side for side in changers if _may_speak(side, name, policy)]
    outcome = _merge(name, task, current, changers, sides, policy)
    return outcome._replace(edits=(*refused, *outcome.edits)) if refused else outcome


def _may_speak(side: Side, name: str, policy: Owner) -> bool:
    """Whether what an item shows counts for an owned field. At a first meeting nobody has edited anything yet: others
    fill what is empty, and what they say against the owner is lost, and kept.
    """
    return side.key.source == policy.owner or name not in side.seen


def _refused(side: Side, name: str, task: TaskState, current: Standing, policy: Owner) -> Edit:
    """What is told of an edit where only another may change the field. It counts for nothing, also where it says what
    the task says: what the task says next may be something else.
    """
    new = resolution.lift(side, name, task, current.value)
    why = f"only {policy.owner} may change {name}"
    if same(name, new, current.value):
        why += "; the task says so already"
    return Edit(side, side.seen.get(name), new, Decision.REFUSED, why)


def _merge(
    name: str, task: TaskState, current: Standing, changers: Sequence[Side], sides: Sequence[Side], policy: FieldPolicy
) -> FieldOutcome:
    if not changers:
        return FieldOutcome(())
    kind = FIELDS[name].merge
    if kind is SET:
        return _chain(name, current, changers, set_steps(name, current.value, changers))
    if kind is TEXT:
        steps = _text_steps(name, current.value, changers)
        if steps is not None:
            return _chain(name, current, changers, steps)
    return _contend(name, task, current, changers, sides, policy)


def _text_steps(name: str, current: FieldValue, changers: Sequence[Side]) -> list[FieldValue] | None:
    """The text after each changer in turn, or None where edits overlap."""
    text = _text(current)
    steps: list[FieldValue] = []
    for side in changers:
        shown = _text(side.view[name])
        if name not in side.seen:
            if text and shown != text:
                return None
            steps.append(shown or None)
            text = shown
            continue
        seen = side.seen[name]
        projected = resolution.project_one(side, name, text, seen)
        if resolution.is_adjusted(side, name, projected, seen):
            projected = seen
        merged = merge_texts(_text(seen), _text(projected), shown)
        if merged is None:
            return None
        if not same(name, projected, text):
            merged = resolution.finer_text(_text(seen), text, shown, merged)
        text = merged
        steps.append(text or None)
    return steps


def _chain(name: str, current: Standing, changers: Sequence[Side], steps: Sequence[FieldValue]) -> FieldOutcome:
    """Edits that all take effect, one after the other."""
    edits, standing, value = [], None, current.value
    for side, step in zip(changers, steps, strict=True):
        moved = not same(name, step, value)
        decision = Decision.TAKEN if moved else Decision.AGREED
        reason = f"edited in {side.key.source}" if moved else "the task says so already"
        edits.append(Edit(side, value if moved else side.seen.get(name), step, decision, reason))
        if moved:
            edit = side.edit_of(name)
            standing, value = Standing(step, edit.at, side.key, edit.actor), step
    return FieldOutcome(edits, standing)


def _contend(
    name: str, task: TaskState, current: Standing, changers: Sequence[Side], sides: Sequence[Side], policy: FieldPolicy
) -> FieldOutcome:
    if len(changers) == 1 and not _overlooks(changers[0], name, current):
        # Nobody else has edited it, and who did had the current value in sight.
        only = _contender(name, task, current, changers[0])
        return _taken(name, current, changers, {changers[0].key: only}, only, None)
    contenders = {side.key: _contender(name, task, current, side) for side in changers}
    met = {side.key for side in changers if name not in side.seen}
    meets = bool(met)
    said_first, current = current, _as_the_first_said_it(current, policy)
    if meets and isinstance(policy, Owner):
        current = _as_the_owner_has_it(name, current, sides, policy)
    own = next((side for side in changers if side.key == current.origin), None)
    # Any status is one: what the owner has not begun is not begun.
    is_said = meets and isinstance(policy, Owner) and FIELDS[name].type is Status and _counts(current, policy)
    others = changers if not is_empty(name, current.value) else [side for side in changers if side.key not in met]
    if own is None and (is_said or (others and all(_overlooks(side, name, current) for side in others))):
        # Who had it in sight and edited it has put another value in its place.
        contenders[_key(current.origin)] = _standing_contender(name, current, sides)
        # Who only agreed may show it as another value as well, and must not make the first one's word disappear.
        contenders.setdefault(_key(said_first.origin), _standing_contender(name, said_first, sides))
    elif own is not None and FIELDS[name].merge is TEXT and _overlooks(own, name, current):
        # Its last edit was merged into a text that has lines of others too, which this one does not know.
        contenders[_key(None)] = Contender(None, current.value, current.at, current.actor)
    if len(contenders) == 1:
        (only,) = contenders.values()
        return _taken(name, current, changers, contenders, only, None)
    groups = _groups(name, list(contenders.values()), {side.key: side for side in sides})
    if len(groups) == 1:
        return _taken(name, current, changers, contenders, groups[0].spoken_by, None)
    everyone = tuple(contenders[key] for key in sorted(contenders))
    if policy == "manual":
        dispute = Dispute(everyone, False, None, "edits differ, and a person decides")
        return FieldOutcome(_held(name, changers, contenders), None, dispute)
    winner, reason = _winner(_where_items_meet(name, groups, met, policy) if meets else groups, policy)
    reason += "".join(
        sorted({f"; {side.untold[name]}" for side in sides if side.key in contenders and name in side.untold})
    )
    return _taken(name, current, changers, contenders, winner, Dispute(everyone, True, winner, reason))


def _where_items_meet(
    name: str, groups: Sequence[_Group], met: AbstractSet[ItemKey], policy: FieldPolicy
) -> Sequence[_Group]:
    """Those of whom one wins where some meet the task. Nobody has edited these: of the others, who have, one wins
    first, and an empty value then beats none.
    """
    if FIELDS[name].type is Status:
        return groups
    edited = [group for group in groups if any(_key(one.origin) not in met for one in group.members)]
    best = _winner(edited, policy)[0] if edited else None
    left = [group for group in groups if group not in edited or group.spoken_by == best]
    return [group for group in left if not is_empty(name, group.spoken_by.value)] or groups


def _as_the_first_said_it(current: Standing, policy: FieldPolicy) -> Standing:
    """The value that stands, as that of the preferred source, or of the owner, where somebody there said the same."""
    first = _first(policy)
    if first is None or (current.origin is not None and current.origin.source == first):
        return current
    said = next((one for one in current.also if one.source == first), None)
    return current if said is None else current._replace(origin=said)


def _first(policy: FieldPolicy) -> str | None:
    """The source whose word counts before that of others."""
    match policy:
        case Prefer(prefer=source) | Owner(owner=source):
            return source
    return None


def _as_the_owner_has_it(name: str, current: Standing, sides: Sequence[Side], policy: Owner) -> Standing:
    """The value that stands, as the owner's where its item shows just that, wherever it came from."""
    owners = (side for side in sides if side.key.source == policy.owner and name in side.view)
    shown = next((side for side in owners if resolution.shows(side, name, current.value, side.view[name])), None)
    return current if shown is None else current._replace(origin=shown.key)


def _counts(current: Standing, policy: FieldPolicy) -> bool:
    """Whether the value that stands came from where the policy lets the field be changed."""
    if not isinstance(policy, Owner):
        return True
    return current.origin is not None and current.origin.source == policy.owner


def _standing_contender(name: str, current: Standing, sides: Sequence[Side]) -> Contender:
    """The task's own value as it contends: dated by the history of the item that it came from, where that was read."""
    side = next((side for side in sides if side.key == current.origin), None)
    edit = side.edits.get(name) if side is not None else None
    if edit is None:
        return Contender(current.origin, current.value, current.at, current.actor)
    return Contender(current.origin, current.value, edit.at, edit.actor)


def _overlooks(side: Side, name: str, current: Standing) -> bool:
    """Whether what an item shows was said without the current value in sight."""
    return name not in side.seen or resolution.is_behind(side, name, current.value)


def _hold(
    name: str, task: TaskState, current: Standing, changers: Sequence[Side], sides: Sequence[Side], conflict: Conflict
) -> FieldOutcome:
    """The canonical value stays; the contenders become those of now. Where they agree, the conflict is over."""
    if not changers:
        return FieldOutcome(())
    contenders = {_key(one.origin): one for one in conflict.contenders}
    for side in changers:
        contenders[side.key] = _contender(name, task, current, side)
    groups = _groups(name, list(contenders.values()), {side.key: side for side in sides})
    if len(groups) == 1:
        outcome = _taken(name, current, changers, contenders, groups[0].spoken_by, None)
        return FieldOutcome(outcome.edits, outcome.standing, None, closed=True)
    everyone = tuple(contenders[key] for key in sorted(contenders))
    return FieldOutcome(_held(name, changers, contenders), None, Dispute(everyone, False, None, conflict.reason))


def _held(name: str, changers: Sequence[Side], contenders: Mapping[ItemKey, Contender]) -> list[Edit]:
    reason = "waits for a person to decide"
    return [Edit(side, side.seen.get(name), contenders[side.key].value, Decision.HELD, reason) for side in changers]


def _taken(
    name: str,
    current: Standing,
    changers: Sequence[Side],
    contenders: Mapping[ItemKey, Contender],
    winner: Contender,
    dispute: Dispute | None,
) -> FieldOutcome:
    """The winner's value becomes the task's. The edits that say something else are lost."""
    moved = not same(name, winner.value, current.value)
    edits: list[Edit] = []
    for side in changers:
        value, seen = contenders[side.key].value, side.seen.get(name)
        if moved and side.key == winner.origin:
            why = f"edited in {side.key.source}" + (f"; {dispute.reason}" if dispute else "")
            edits.insert(0, Edit(side, current.value, value, Decision.TAKEN, why))
        elif same(name, value, winner.value) or resolution.shows(side, name, winner.value, side.view[name]):
            edits.append(Edit(side, seen, value, Decision.AGREED, "says the same"))
        else:
            edits.append(Edit(side, seen, value, Decision.LOST, dispute.reason if dispute else "another edit stands"))
    standing = Standing(winner.value, winner.at, winner.origin, winner.actor) if moved else None
    return FieldOutcome(edits, standing, dispute)


class _Group(NamedTuple):
    """Contenders that say the same. `spoken_by` has the finest value, `at` is the time of the latest of them."""

    spoken_by: Contender
    members: tuple[Contender, ...]

    @property
    def at(self) -> datetime:
        return max(one.at or _LONG_AGO for one in self.members)


def _groups(name: str, contenders: Sequence[Contender], sides: Mapping[ItemKey, Side]) -> list[_Group]:
    """Contenders that say the same, or of which one is the coarser view of the other, together. Each is in a group.

    A coarse one may say the same as two that differ: it joins both, and makes neither disappear.
    """
    left = sorted(contenders, key=lambda one: (one.origin is not None, _rank(one, sides), _key(one.origin)))
    covers = {
        (a, b): same(name, left[a].value, left[b].value) or _is_coarser(name, left[b], left[a], sides)
        for a in range(len(left))
        for b in range(len(left))
        if a != b
    }
    finest = _finest(len(left), covers)
    return [
        _Group(left[a], tuple(left[b] for b in range(len(left)) if a == b or (b not in finest and covers[a, b])))
        for a in finest
    ]


def _finest(count: int, covers: Mapping[tuple[int, int], bool]) -> list[int]:
    """The places of those that speak for all others: each of these is covered by one of them.

    Covering is not transitive. A coarse `open` says the same as another that means just `open`, and is as well the
    coarser view of `started`, which is not what the other means.
    """
    finest: list[int] = []
    waiting = list(range(count))
    while waiting:
        one = next(
            (b for b in waiting if not any(covers[a, b] and not covers[b, a] for a in waiting if a != b)), waiting[0]
        )
        waiting.remove(one)
        if not any(covers[other, one] for other in finest):
            finest.append(one)
    return sorted(finest)


def _is_coarser(name: str, one: Contender, other: Contender, sides: Mapping[ItemKey, Side]) -> bool:
    """Whether the item of `one` would show the value of `other` just as it shows its own."""
    side = sides.get(one.origin) if one.origin is not None else None
    if side is None or name not in side.view:
        return False
    shown = side.view[name]
    return resolution.shows(side, name, one.value, shown) and resolution.shows(side, name, other.value, shown)


def _winner(groups: Sequence[_Group], policy: FieldPolicy) -> tuple[Contender, str]:
    first = _first(policy)
    if first is not None:
        preferred = [
            group for group in groups if any(one.origin and one.origin.source == first for one in group.members)
        ]
        if preferred and (isinstance(policy, Prefer) or len(preferred) < len(groups)):
            best, _ = _latest(preferred)
            return best.spoken_by, f"{first} {'is preferred' if isinstance(policy, Prefer) else 'owns the field'}"
    best, tied = _latest(groups)
    reason = "the times are equal, so the order of the sources decides" if tied else "the latest edit stands"
    return best.spoken_by, reason


def _latest(groups: Sequence[_Group]) -> tuple[_Group, bool]:
    newest = max(group.at for group in groups)
    best = [group for group in groups if group.at == newest]
    return best[0], len(best) > 1


def _contender(name: str, task: TaskState, current: Standing, side: Side) -> Contender:
    edit = side.edit_of(name)
    if FIELDS[name].merge is SET:
        value = set_steps(name, current.value, [side])[0]
    else:
        value = resolution.lift(side, name, task, current.value)
    return Contender(side.key, value, edit.at, edit.actor)


def _says_something(side: Side, name: str, current: FieldValue) -> bool:
    """Whether a side's view of a field is an edit. At a first meeting, neither agreement nor an empty value is."""
    if name in side.seen:
        return True
    if FIELDS[name].merge is SET:
        return bool(elements(side.view[name]) - elements(current))
    is_said = FIELDS[name].type is Status or not is_empty(name, side.view[name])
    return is_said and not resolution.shows(side, name, current, side.view[name])


def _text(value: FieldValue) -> str:
    return value if isinstance(value, str) else ""


def _key(origin: ItemKey | None) -> ItemKey:
    return origin or ItemKey("", "")


def _order(side: Side) -> tuple[int, ItemKey]:
    return side.rank, side.key


def _rank(one: Contender, sides: Mapping[ItemKey, Side]) -> int:
    side = sides.get(one.origin) if one.origin is not None else None
    return side.rank if side is not None else -1
