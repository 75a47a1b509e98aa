"""What an answer means, or a look at an item after a call whose outcome is unknown. Pure.

Fields are in the provider's own ids, as links and the ledger keep them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import NamedTuple

from worklake.model.fields import FIELDS, Fields, FieldValue, MergeKind
from worklake.sync.rules.resolution import with_pair
from worklake.sync.rules.state import Pair
from worklake.sync.rules.values import elements, is_form_of, loosely_same, same

Adjusted = Mapping[str, Sequence[Pair]]
OnTheWay = Callable[[str, FieldValue, FieldValue, FieldValue], bool]
"""Of a field, the value before a call, the one sent, and the one shown: whether the call stopped between the two."""


def _never(name: str, before: FieldValue, sent: FieldValue, shown: FieldValue) -> bool:
    """Each field is written in one call."""
    return False


_NEVER: OnTheWay = _never


class Verdict(StrEnum):
    """What became of a call whose outcome was unknown, field by field."""

    ACKNOWLEDGED = "acknowledged"
    NOT_SENT = "not_sent"
    EDITED = "edited"


class Word(NamedTuple):
    """What the provider's history says of a field since a call whose outcome is unknown.

    `ours` says whether what the item shows goes back to our call, `done` whether the call was done at all.
    """

    ours: bool
    done: bool


class Doubt(NamedTuple):
    """What of a set is `gone` that was put into it, or `back` that was taken out: who did that, nobody knows."""

    gone: Sequence[str]
    back: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Look:
    """A link's memory after an answer was taken into account. `verdicts` only where the outcome was unknown.

    `doubts` are about sets of which such a call shows only in part.
    """

    seen: dict[str, FieldValue]
    adjusted: dict[str, Sequence[Pair]]
    verdicts: Mapping[str, Verdict]
    doubts: Mapping[str, Doubt] = field(default_factory=dict)

    @property
    def was_sent(self) -> bool:
        """Whether anything shows that the call was done."""
        return Verdict.ACKNOWLEDGED in self.verdicts.values()


def moved_fields(expected: Fields, shown: Fields) -> list[str]:
    """The fields that an item no longer shows as a step expects them: with any of these, the step is stale."""
    return [name for name, value in expected.items() if name not in shown or not same(name, value, shown[name])]


def after_update(seen: Fields, adjusted: Adjusted, sent: Fields, shown: Fields) -> Look:
    """After an answered update: `seen` moves to what was shown, of the fields that were sent and no other.

    What else the answer shows differently is an edit that no merge has taken into account yet.
    """
    news, pairs = dict(seen), dict(adjusted)
    for name, value in sent.items():
        if name not in shown:
            continue
        ours = _without_others(name, value, shown[name], seen.get(name))
        news[name] = ours
        if not same(name, value, ours):
            pairs[name] = with_pair(pairs.get(name, ()), name, value, ours)
    return Look(news, pairs, {})


def after_creation(sent: Fields, shown: Fields, on_the_way: OnTheWay = _NEVER) -> Look:
    """After an answered creation. What the item lacks altogether, or has in part, is still to be written, so it is no
    adjusted form.
    """
    pairs: dict[str, Sequence[Pair]] = {
        name: (Pair(value, shown[name]),)
        for name, value in sent.items()
        if name in shown
        and not same(name, value, shown[name])
        and loosely_same(name, value, shown[name])
        and not on_the_way(name, FIELDS[name].empty, value, shown[name])
    }
    return Look(dict(shown), pairs, {})


def after_found(sent: Fields | None, shown: Fields, defaults: Fields, on_the_way: OnTheWay = _NEVER) -> Look:
    """After an item was found again that had been created without our learning of it.

    Fields that show what a new item shows, `defaults`, are as they were made, also those that were sent: a creation may
    set some by later calls, which may have failed. What else is not what the provider could have made of what was sent
    is a person's edit since; of a set, only what was put into it: what it lacks may have been dropped, and is due. So
    is what was not sent. What is `on_the_way` is due. Where nobody knows what was sent, None, all else meets the task
    for the first time.
    """
    seen: dict[str, FieldValue] = {}
    for name, now in shown.items():
        if name in defaults and same(name, now, defaults[name]):
            seen[name] = now
        elif sent is None:
            continue
        elif name in sent:
            whole = FIELDS[name].merge is MergeKind.SET
            made = _without_others(name, sent[name], now, None) if whole else sent[name]
            part = on_the_way(name, FIELDS[name].empty, sent[name], now)
            seen[name] = now if part or loosely_same(name, sent[name], now) else made
        else:
            seen[name] = defaults.get(name, FIELDS[name].empty)
    return Look(seen, after_creation(sent or {}, shown, on_the_way).adjusted, {})


def doubts_of_found(sent: Fields, shown: Fields, defaults: Fields) -> dict[str, Doubt]:
    """What of each set that was sent a found item lacks, unless it shows what a new item shows.

    The provider dropped it, or a person has taken it out since: by value nobody can tell the two apart.
    """
    found: dict[str, Doubt] = {}
    for name, value in sent.items():
        now = shown.get(name)
        if FIELDS[name].merge is not MergeKind.SET or name not in shown or same(name, now, defaults.get(name)):
            continue
        if gone := _without_forms_in(now, elements(value)):
            found[name] = Doubt(gone)
    return found


def settle(
    seen: Fields,
    adjusted: Adjusted,
    sent: Fields,
    before: Fields,
    shown: Fields,
    words: Mapping[str, Word] = MappingProxyType({}),
    on_the_way: OnTheWay = _NEVER,
) -> Look:
    """After an update whose outcome is unknown, by what the item shows now.

    The value sent, or what the provider could have made of it: acknowledged. So is a set that shows a part of what was
    sent: the provider, or somebody, made the rest otherwise, and it is due. The value before: not sent, and still
    pending. What is `on_the_way` between the two: a part was done, and the whole is due. Anything else: a person edited
    since, which the merge will find. Where the provider's history has the last word on a field, in `words`, that
    decides instead.
    """
    news, pairs, verdicts, doubts = dict(seen), dict(adjusted), dict[str, Verdict](), dict[str, Doubt]()
    for name, value in sent.items():
        if name not in shown:
            continue
        word = words.get(name)
        if word is not None and not word.ours:
            verdicts[name] = Verdict.EDITED
            news |= {name: value} if word.done else {}
            continue
        now = shown[name]
        before_now = name in before and same(name, before[name], now)
        if not before_now:
            now = _without_others(name, value, now, before.get(name))
        if same(name, value, now) or Pair(value, now) in pairs.get(name, ()):
            verdicts[name] = Verdict.ACKNOWLEDGED
        elif before_now and word is None:
            verdicts[name] = Verdict.NOT_SENT
        elif on_the_way(name, before.get(name), value, now):
            verdicts[name] = Verdict.ACKNOWLEDGED
        elif loosely_same(name, value, now):
            verdicts[name] = Verdict.ACKNOWLEDGED
            pairs[name] = with_pair(pairs.get(name, ()), name, value, now)
        elif FIELDS[name].merge is MergeKind.SET and elements(now) != elements(before.get(name)):
            verdicts[name] = Verdict.ACKNOWLEDGED
            gone = _without_forms_in(shown[name], elements(value) - elements(before.get(name)))
            back = (elements(before.get(name)) - elements(value)) & elements(shown[name])
            doubts |= {name: Doubt(gone, sorted(back))} if gone or back else {}
        else:
            verdicts[name] = Verdict.EDITED
        if verdicts[name] is Verdict.ACKNOWLEDGED:
            news[name] = now
    return Look(news, pairs, verdicts, doubts)


def _without_others(name: str, sent: FieldValue, shown: FieldValue, before: FieldValue) -> FieldValue:
    """What is shown of a set, but for what others have put in or taken out meanwhile: that is theirs, and a change.

    What the provider may have made of an element that was sent is ours. What was there before and was sent again, in
    whatever form, does not go by itself: somebody took it out.
    """
    if FIELDS[name].merge is not MergeKind.SET:
        return shown
    lost = elements(sent) - elements(shown)
    ours = elements(sent) | elements(before)
    kept = {one for one in elements(shown) if one in ours or _is_form_of_any(lost, one)}
    left = {one for one in elements(before) - kept if one in lost or _is_form_of_any(lost, one)}
    return sorted(kept | left)


def _without_forms_in(shown: FieldValue, sent: Iterable[str]) -> list[str]:
    """The elements that were sent and of which nothing shows: what was sent as well is no form of another."""
    sent, now = frozenset(sent), elements(shown)
    return sorted(one for one in sent - now if not any(is_form_of(one, each) for each in now - sent))


def _is_form_of_any(sent: Iterable[str], shown: str) -> bool:
    return any(is_form_of(each, shown) for each in sent)
