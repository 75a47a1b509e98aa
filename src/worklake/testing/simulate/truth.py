"""What really happened in a world: who typed what, seeing what, and what Worklake can have learnt of it.

The judge of a schedule reckons with this, and not with what Worklake believes.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from worklake.model.fields import Fields, FieldValue
from worklake.sync.rules.state import BY_HAND, ItemKey
from worklake.sync.rules.values import loosely_same, same
from worklake.testing.simulate.shapes import CLOSED
from worklake.testing.simulate.source import Call

NOWHERE = ItemKey(BY_HAND, "")
"""Stands for the item of a value that a person gave to Worklake itself."""


@dataclass(slots=True)
class PersonEdit:
    """What a person did to a field of an item.

    `value` is what the item then showed, `before` what it showed until then. It `creates` the item, or is at least from
    before anybody but people has seen that.
    `saw` are further values, canonical, that the person had in sight. `earliest` and `latest` enclose the time that
    the provider tells of it. `known` has all that Worklake may have known the item to show. It is `told` unless it goes
    back to something that a merge may have seen last, for then nobody can tell it from no edit; it `knows` unless
    Worklake may not have known what the item showed before. It is `last` until the same field is edited there again,
    and `raced` where a write went over it that could not know it. It `meets` where the item may yet be met for the
    first time, also after a merge that died. Over what Worklake itself had `closed`, nobody had seen another's word.
    """

    key: ItemKey
    field: str
    value: FieldValue
    before: FieldValue
    earliest: datetime
    latest: datetime | None
    creates: bool = False
    saw: tuple[FieldValue, ...] = ()
    told: bool = True
    knows: bool = True
    last: bool = True
    raced: bool = False
    task: str | None = None
    known: tuple[FieldValue, ...] = ()
    meets: bool = False
    closed: bool = False


@dataclass(slots=True)
class Truth:
    """The edits in their order, and, for each field of each item, the values that Worklake may have seen last. `met`
    are the items that a merge or a call has surely come to know.
    """

    edits: list[PersonEdit] = field(default_factory=list)
    seen: dict[tuple[ItemKey, str], list[FieldValue]] = field(default_factory=dict)
    sent: dict[tuple[ItemKey, str], list[FieldValue]] = field(default_factory=dict)
    met: set[ItemKey] = field(default_factory=set)
    _closed: set[ItemKey] = field(default_factory=set)
    _last: dict[tuple[ItemKey, str], PersonEdit] = field(default_factory=dict)
    _waiting: dict[ItemKey, list[PersonEdit]] = field(default_factory=dict)
    _unanswered: dict[tuple[ItemKey, str], tuple[FieldValue, bool]] = field(default_factory=dict)

    def created(self, key: ItemKey, fields: Fields, at: datetime) -> None:
        """A person made an item."""
        for name, value in fields.items():
            self._add(PersonEdit(key, name, value, None, at, None, creates=True))

    def edited(self, key: ItemKey, name: str, before: FieldValue, value: FieldValue, at: datetime, exact: bool) -> None:
        """A person edited a field. `exact` says that the provider tells just this time."""
        known = self.seen.get((key, name), [])
        last = self._last.get((key, name))
        own = last is not None and same(name, last.value, before)
        edit = PersonEdit(
            key,
            name,
            value,
            before,
            at if known or last is None else last.earliest,
            at if exact and known else None,
            creates=not known,
            told=not any(same(name, one, value) for one in known) and not self._looks_made(key, name, value),
            knows=own or (len(known) == 1 and same(name, known[0], before)),
            known=tuple(known),
            meets=key not in self.met,
            closed=name == "status" and key in self._closed and before in CLOSED,
        )
        if last is not None:
            last.last = False
        self._add(edit)

    def _looks_made(self, key: ItemKey, name: str, value: FieldValue) -> bool:
        """Whether this is as well what was sent, of which no merge has seen yet what became of it; or what the provider
        may have made of it, where the reply to the making of the item was lost.
        """
        if (key, name) not in self._unanswered:
            return False
        sent, loosely = self._unanswered[key, name]
        return same(name, sent, value) or (loosely and loosely_same(name, sent, value))

    def given(
        self, task: str, name: str, value: FieldValue, saw: tuple[FieldValue, ...], since: datetime, now: datetime
    ) -> None:
        """A person gave a field a value through Worklake, or said that it is right; `saw` has what was in sight."""
        self.edits.append(PersonEdit(NOWHERE, name, value, None, since, now, saw=saw, task=task))

    def _add(self, edit: PersonEdit) -> None:
        self.edits.append(edit)
        self._last[edit.key, edit.field] = edit
        if edit.latest is None:
            self._waiting.setdefault(edit.key, []).append(edit)

    def raced(self, key: ItemKey, name: str) -> None:
        """A write went over what a person had set."""
        last = self._last.get((key, name))
        if last is not None:
            last.raced = True

    def maybe_seen(self, key: ItemKey, fields: Fields) -> None:
        """Worklake may have learnt that the item shows this."""
        for name, value in fields.items():
            known = self.seen.setdefault((key, name), [])
            if not any(same(name, one, value) for one in known):
                known.append(value)

    def surely_seen(self, key: ItemKey, fields: Fields, updated_at: datetime | None) -> None:
        """A merge, or an answer, has let Worklake know that the item shows this."""
        for name, value in fields.items():
            self.seen[key, name] = [value]
            self._unanswered.pop((key, name), None)
        if updated_at is not None:
            for edit in self._waiting.pop(key, ()):
                edit.latest = max(updated_at, edit.earliest)

    def overtake(self, key: ItemKey, name: str | None = None) -> None:
        """What was edited at an item before no longer counts: something greater happened to it."""
        for edit in self.edits:
            if edit.key == key and name in (None, edit.field):
                edit.last = False

    def looked_at(self, key: ItemKey, updated_at: datetime) -> None:
        """An item was read by itself, which tells only when it was last edited, and may have been merged."""
        for edit in self.edits:
            if edit.key == key and edit.latest is not None:
                edit.latest = max(edit.latest, updated_at)

    def called(self, call: Call) -> None:
        """A server did what we asked of it."""
        key = ItemKey(call.source, call.external_id)
        self.met.add(key)
        if call.operation == "close":
            self._closed.add(key)
        names = call.shown if call.operation == "create" else call.fields or {"status": None}
        self.maybe_seen(key, {name: call.shown[name] for name in names if name in call.shown})
        for name, value in call.fields.items():
            self.sent.setdefault((key, name), []).append(value)
            self._unanswered[key, name] = value, call.lost and call.operation == "create"
