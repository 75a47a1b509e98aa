"""What a provider's own history tells of an edit: which of its entries is behind what an item shows. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from worklake.model.fields import FIELDS, FieldValue, MergeKind
from worklake.sync.rules.values import elements, loosely_same, same

SLACK = timedelta(seconds=5)
"""By how much the times of an entry and of its item may differ although they are of one edit."""


class Told(NamedTuple):
    """One edit of one field, in canonical ids. `ours` says that the account which writes here made it.

    Where `known` is true, `before` and `after` are the values, or, of a set, what was taken out and what was put in.
    `began` is set where the entry holds several edits of one person, the first of them at that time.
    """

    field: str
    at: datetime
    actor: str | None
    ours: bool = False
    before: FieldValue = None
    after: FieldValue = None
    known: bool = False
    began: datetime | None = None


def edit_behind(
    name: str, shown: FieldValue, told: Iterable[Told], since: datetime | None, until: datetime | None
) -> Told | None:
    """The edit that made an item show this value, of those between its time when it was last seen and its time now.

    None where the history does not hold it: it may lag behind, or be cut. Of entries without values the last one
    counts; one of our own account soon after `since` is our last write and no edit of a person.
    """
    entries = [one for one in told if one.field == name and (until is None or one.at <= until + SLACK)]
    for one in reversed(entries):
        if one.known and _led_to(name, one, shown):
            return one
    if any(one.known for one in entries):
        return None
    others = [one for one in entries if not one.ours]
    if others:
        return others[-1]
    own = [one for one in entries if since is None or one.at > since + SLACK]
    return own[-1] if own else None


def _led_to(name: str, one: Told, shown: FieldValue) -> bool:
    if FIELDS[name].merge is MergeKind.SET:
        put_in, taken_out = elements(one.after), elements(one.before)
        return put_in <= elements(shown) and not taken_out & elements(shown)
    return same(name, one.after, shown)


def last_word(name: str, sent: FieldValue, shown: FieldValue, told: Sequence[Told]) -> Told | None:
    """Of the edits since we called with unknown outcome, the one that an item's shown value goes back to.

    It decides whether the call was done: where it is `ours`, it was; where it is not, a person has edited. None where
    the history does not tell: nothing of the field is in it yet, or a person works with our own account.
    """
    if FIELDS[name].merge is MergeKind.SET:
        return None
    by_call = loosely_same(name, sent, shown)
    entries = [one for one in told if one.field == name]
    if by_call and entries and entries[-1].ours and not any(one.known for one in entries):
        return entries[-1]  # whoever edited before that, our call went over it
    found = edit_behind(name, shown, entries, None, None)
    if found is None or not found.ours:
        return found
    return found if by_call else None


def overwritten(
    name: str, before: FieldValue, written: FieldValue, told: Sequence[Told], since: datetime | None
) -> Told | None:
    """The edit that our write went over: made after the item was read at its time `since`, when it showed `before`, and
    before our own edit to `written`. None where there is none that the history tells.

    Where the history tells values, our own entry says what it replaced, whoever had typed it: a person may work with
    the account that writes here.
    """
    if same(name, before, written):
        return None  # of a write that takes several calls, the one for this field was not made
    entries = [one for one in told if one.field == name and (since is None or one.at >= since)]
    own = [at for at, one in enumerate(entries) if one.ours and (not one.known or same(name, one.after, written))]
    if not own:
        return None
    if any(_replaced(name, before, entries[at], since) for at in own):
        return None  # where a clock is coarse, an earlier write of ours may stand in the same moment
    ours, earlier = entries[own[0]], entries[: own[0]]
    if not ours.known or _holds_earlier_writes(ours, since):
        others = [one for one in earlier if not one.ours and since is not None and one.at > since + _SAME_MOMENT]
        return others[-1] if others else None
    if same(name, ours.before, written):
        return None
    typed = [one for one in earlier if one.known and same(name, one.after, ours.before)]
    return typed[-1] if typed else Told(name, ours.at, None, after=ours.before, known=True)


def _replaced(name: str, before: FieldValue, ours: Told, since: datetime | None) -> bool:
    """Whether an entry of ours tells that it replaced this very value."""
    return ours.known and not _holds_earlier_writes(ours, since) and same(name, ours.before, before)


def _holds_earlier_writes(ours: Told, since: datetime | None) -> bool:
    return ours.began is not None and since is not None and ours.began <= since


_SAME_MOMENT = timedelta(seconds=1)
"""An entry so soon after an item's own time is of the edit which gave the item that time."""
