"""Who may have won: a reckoning over what people typed, seeing what, without any rule of the merge.

Of two edits of a field of one task, one comes after the other where its person had the other's value in sight, at the
same item or because Worklake had brought it there; else the two compete. What must be found of an edit, and which
values may stand, follows from that and from the policy. Where values do not tell, both answers are let pass.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import cached_property

from worklake.model.fields import FIELDS, FieldValue, MergeKind
from worklake.model.rows import LinkState
from worklake.settings.models import FieldPolicy, Owner, Prefer
from worklake.sync.rules.state import BY_HAND, Change, ChangeValue, ConflictKind, ItemKey
from worklake.sync.rules.values import elements, is_empty, same
from worklake.testing.simulate.shapes import CLOSED, FULL, OUTSIDER, PEOPLE, Shape
from worklake.testing.simulate.truth import NOWHERE, PersonEdit
from worklake.testing.simulate.world import START, World


class Provider:
    """How a source shows canonical values, by what the world knows of it."""

    def __init__(self, world: World) -> None:
        self._shapes = {name: source.shape for name, source in world.sources.items()}
        links = world.store.all_links()
        self.tasks = {link.key: link.task_id for link in links}
        self._made = {(link.source, link.task_id) for link in links if link.state is not LinkState.CREATING}

    def shape(self, source: str) -> Shape | None:
        """The shape of a source; None of Worklake itself."""
        return self._shapes.get(source)

    def shows(self, source: str, name: str, canonical: FieldValue, shown: FieldValue) -> bool:
        """Whether an item there that has got this canonical value would show this."""
        shape = self._shapes.get(source)
        if shape is None:
            return same(name, canonical, shown)
        if FIELDS[name].reference == "task":
            return self._shows_tasks(source, canonical, shown)
        if name == "assignees":
            return shape.shows(name, sorted(self._people(source, shape, canonical)), shown)
        return shape.shows(name, canonical, shown)

    def canonical(self, source: str, name: str, shown: FieldValue) -> FieldValue:
        """What is shown there, in the ids of Worklake."""
        if FIELDS[name].reference == "task" and source != BY_HAND:
            there = [self.tasks.get(ItemKey(source, one), f"{source}:{one}") for one in _listed(shown)]
            return sorted(set(there)) if isinstance(shown, list) else next(iter(there), None)
        if name == "assignees" and source != BY_HAND:
            return sorted(_person(source, self._shapes[source], one) for one in _listed(shown))
        return shown

    def forms(self, name: str, element: str) -> frozenset[str]:
        """The forms in which sources show an element of a set: who takes out one of them takes out the element."""
        if name != "labels":
            return frozenset()
        return frozenset().union(*(elements(shape.stored({name: [element]})[name]) for shape in self._shapes.values()))

    def met(self, reference: str) -> str:
        """The task of an item that others referred to before it was known; else the same."""
        source, _, external_id = reference.partition(":")
        return self.tasks.get(ItemKey(source, external_id), reference)

    def apart(self, task: str, source: str, value: FieldValue) -> FieldValue:
        """References without those to the task itself, canonical or as a source has them: what people say of two items
        of one task stays there, as no task has to do with itself.
        """
        others = [one for one in _listed(value) if task not in (self.met(one), self.tasks.get(ItemKey(source, one)))]
        return others if isinstance(value, list) else next(iter(others), None)

    def _shows_tasks(self, source: str, canonical: FieldValue, shown: FieldValue) -> bool:
        meant = {one for one in map(self.met, _listed(canonical)) if self._is_there(source, one)}
        return meant == set(_listed(self.canonical(source, "blocked_by", sorted(_listed(shown)))))

    def _is_there(self, source: str, task: str) -> bool:
        foreign = task.partition(":")[0] if ":" in task else None
        return foreign == source or (source, task) in self._made

    def of_the_task(self, source: str, people: FieldValue, shown: FieldValue) -> FieldValue:
        """What is shown of people, without those whom only this source knows and who are not of the task: where the
        task has some whom the source does not know, they may be the same, and stay.
        """
        shape = self._shapes[source]
        if len(self._people(source, shape, people)) == len(elements(people)):
            return shown
        own = shape.account(source, OUTSIDER)
        return [one for one in _listed(shown) if one != own or f"{source}:{own}" in elements(people)]

    @staticmethod
    def _people(source: str, shape: Shape, canonical: FieldValue) -> frozenset[str]:
        people = [one for one in PEOPLE if one in elements(canonical) and one not in shape.strangers]
        known = {shape.account(source, one) for one in people}
        return frozenset(known | {one.partition(":")[2] for one in elements(canonical) if one.startswith(f"{source}:")})


def _listed(value: FieldValue) -> list[str]:
    return value if isinstance(value, list) else [str(value)] if value else []


def _person(source: str, shape: Shape, account: str) -> str:
    person = shape.person(source, account)
    return f"{source}:{account}" if person == OUTSIDER else person


@dataclass(frozen=True)
class Contest:
    """All edits of one field of one task, in their order. It was `held` where an undo has kept it from the tools."""

    provider: Provider
    name: str
    edits: Sequence[PersonEdit]
    policy: FieldPolicy
    touched: bool = False
    held: bool = False

    def fits(self, edit: PersonEdit, canonical: FieldValue) -> bool:
        """Whether this canonical value is shown, where the edit was made, as what was typed."""
        return self.provider.shows(edit.key.source, self.name, canonical, edit.value)

    def allowed(self, canonical: FieldValue, excused: Collection[int]) -> str | None:
        """Why this value must not stand; None where it may. The edits that are `excused` beat nobody."""
        said = [place for place, edit in enumerate(self.edits) if self.fits(edit, canonical)]
        if not said:
            return "nobody typed it"
        beaten_by: list[PersonEdit] = []
        for place in said:
            if not self._may_change(self.edits[place]):
                beaten_by.append(self.edits[place])
                continue
            by = next((other for other in self._binding(canonical, excused) if self._beats(other, place)), None)
            if by is None:
                return None
            beaten_by.append(self.edits[by])
        return f"{beaten_by[-1].value!r} of {beaten_by[-1].key.external_id or 'a person by hand'} beats it"

    @property
    def everyone_may(self) -> bool:
        """Whether edits count wherever they are made."""
        return not isinstance(self.policy, Owner)

    def lets(self, edit: PersonEdit) -> bool:
        """Whether the policy lets the field be changed where this was typed."""
        return not isinstance(self.policy, Owner) or edit.key.source in (self.policy.owner, BY_HAND)

    def _may_change(self, edit: PersonEdit) -> bool:
        """Whether the policy lets the field be changed there. While a field is held, people agree on it anywhere."""
        return self.touched or self.held or edit.creates or edit.meets or self.lets(edit)

    def agreed(self, changes: Iterable[Change]) -> set[int]:
        """The edits that said no more than somebody else had said, when they were merged; where items meet, that leaves
        no change. Nothing is lost with them, and what follows on that value, elsewhere, need not have seen them.
        """
        told = {one.origin for one in changes if one.field == self.name and one.decision.value == "agreed"}
        return {
            place
            for place, edit in enumerate(self.edits)
            if (edit.creates or edit.key in told) and any(self._says_the_same(edit, other) for other in self.edits)
        }

    def passed_over(self, changes: Iterable[Change]) -> set[int]:
        """The edits that emptied the field, and were heard, before an item came that had a value: where items meet, an
        empty value never beats a value, and there is no conflict that could keep it.
        """
        met = {edit.key for edit in self.edits if edit.creates and not is_empty(self.name, edit.value)}
        mine = sorted((one for one in changes if one.field == self.name), key=lambda one: one.position)
        came = [one.decision.value == "taken" and one.origin in met and self._is_empty(one.old) for one in mine]
        heard = {
            one.origin or NOWHERE
            for place, one in enumerate(mine)
            if one.decision.value in ("taken", "agreed", "settled", "undone")
            and self._is_empty(one.new)
            and any(came[place:])
        }
        return {
            place
            for place, edit in enumerate(self.edits)
            if not edit.creates and edit.key in heard and (is_empty(self.name, edit.value) or self._just_opens(edit))
        }

    def _just_opens(self, edit: PersonEdit) -> bool:
        """Whether a status was typed where open is just open, which may stand for the one that says least."""
        return self.name == "status" and self._is_coarse(edit) and edit.value not in CLOSED

    def _is_empty(self, value: ChangeValue) -> bool:
        return not isinstance(value, dict) and is_empty(self.name, value)

    def _says_the_same(self, edit: PersonEdit, other: PersonEdit) -> bool:
        one, same_there = (self.provider.canonical(each.key.source, self.name, each.value) for each in (edit, other))
        return other.key != edit.key and (self.fits(edit, same_there) or self.fits(other, one))

    def binding(self, canonical: FieldValue, excused: Collection[int]) -> list[int]:
        """The edits that must be found somewhere: they do not stand, and none came after them."""
        return [
            place
            for place in self._binding(canonical, excused)
            if not any(place in self._maybe[other] for other in range(len(self.edits)) if other != place)
        ]

    def _binding(self, canonical: FieldValue, excused: Collection[int]) -> list[int]:
        return [
            place
            for place, edit in enumerate(self.edits)
            if place not in excused
            and is_binding(edit)
            and not self.fits(edit, canonical)
            and not self._is_silent(edit)
        ]

    def _is_silent(self, edit: PersonEdit) -> bool:
        """Whether an item merely came with an empty value, or may have, which beats nothing."""
        return (edit.creates or edit.meets) and is_empty(self.name, edit.value)

    def _beats(self, one: int, other: int) -> bool:
        """Whether an edit surely stands before another: it came after it, or competes with it and wins, also against
        all that the other may have come after, for to one of these it may have lost before.
        """
        if not self.lets(self.edits[one]):
            return False
        if other in self._surely[one]:
            return True
        if one in self._maybe[other] or other in self._maybe[one]:
            return False
        if self._may_be_over(one, other):
            return False
        return all(place in self._surely[one] or self._wins(one, place) for place in {other, *self._maybe[other]})

    def _may_be_over(self, one: int, other: int) -> bool:
        """Whether this edit may no longer contend when the other is merged: one that lost to the other may have won
        over this one, as where nobody could tell yet when it was made; or it may have come after this one, or after one
        that had won over this one; or one that had won emptied the field before the other item came, which filled it.
        """
        edits = [place for place in range(len(self.edits)) if place not in (one, other)]
        won = [place for place in edits if self.lets(self.edits[place]) and not self._wins(one, place)]
        later = [place for place in edits if any(before in self._maybe[place] for before in (one, *won))]
        emptied = self.edits[other].creates and any(is_empty(self.name, self.edits[place].value) for place in won)
        between = {*won, *later}
        return emptied or any(not (other in self._surely[place] or self._wins(place, other)) for place in between)

    def _wins(self, one: int, other: int) -> bool:
        """Whether the policy surely lets an edit win over another that it competes with."""
        first, second = self.edits[one], self.edits[other]
        if second.creates and is_empty(self.name, first.value):
            return False  # where items meet, an empty value never beats a value
        if second.creates and is_empty(self.name, second.value) and self.name != "status" and self.policy != "manual":
            return not isinstance(self.policy, Owner)
        match self.policy:
            case "manual" | Owner():
                return False
            case Prefer(prefer=source) if source in (first.key.source, second.key.source):
                return first.key.source == source != second.key.source
        return second.latest is not None and first.earliest > second.latest

    @cached_property
    def _surely(self) -> Mapping[int, frozenset[int]]:
        """The edits that each surely came after."""
        return _closure({place: self._saw(place, surely=True) for place in range(len(self.edits))})

    @cached_property
    def _maybe(self) -> Mapping[int, frozenset[int]]:
        """The edits that each may have come after, for all that values tell."""
        return _closure({place: self._saw(place, surely=False) for place in range(len(self.edits))})

    def _saw(self, place: int, *, surely: bool) -> set[int]:
        """The edits whose value a person had in sight, or had typed at the same item."""
        edit = self.edits[place]
        saw = {one for one in range(place) if self.edits[one].key == edit.key and edit.key.source != BY_HAND}
        if edit.creates and (surely or edit.before is None):
            return saw
        others = [one for one in range(place if surely else len(self.edits)) if one != place]
        in_sight = [{one for one in others if self.fits(self.edits[one], value)} for value in edit.saw]
        if edit.key.source != BY_HAND and (edit.knows or not surely):
            shown = {one for one in others if self._may_have_shown(edit, self.edits[one])}
            # Of a status typed where open is just open, nobody knows what it became elsewhere. What an item of ours
            # shows from the beginning may have been brought there by nobody.
            coarse = self.name == "status" and any(self._is_coarse(self.edits[one]) for one in shown)
            vague = coarse or edit.closed or self._is_as_made(edit)
            in_sight.append(set() if surely and vague else shown)
        return saw.union(*(found for found in in_sight if not surely or len(found) == 1))

    def _may_have_shown(self, edit: PersonEdit, earlier: PersonEdit) -> bool:
        meant = self.provider.canonical(earlier.key.source, self.name, earlier.value)
        if self.provider.shows(edit.key.source, self.name, meant, edit.before):
            return True
        coarse = self.name == "status" and (self._is_coarse(edit, edit.before) or self._is_coarse(earlier))
        return coarse and (earlier.value in CLOSED) == (edit.before in CLOSED)

    def _is_as_made(self, edit: PersonEdit) -> bool:
        """Whether this was typed over what a new item shows, at an item that Worklake made."""
        shape = self.provider.shape(edit.key.source)
        theirs = any(one.creates and one.key == edit.key for one in self.edits)
        new = None if shape is None else shape.unset.get(self.name)
        return shape is not None and not theirs and same(self.name, new, edit.before)

    def _is_coarse(self, edit: PersonEdit, *shown: FieldValue) -> bool:
        """Whether the status that was typed, or was `shown`, may stand for others where it was."""
        shape = self.provider.shape(edit.key.source)
        return shape is not None and any(shape.is_coarse(one) for one in (edit.value, *shown))


def _closure(direct: Mapping[int, set[int]]) -> Mapping[int, frozenset[int]]:
    """All that can be reached, but for where it begins."""
    reached: dict[int, frozenset[int]] = {}
    for place, first in direct.items():
        found, left = set[int](), set(first)
        while left:
            found |= left
            left = {further for one in left for further in direct[one]} - found
        reached[place] = frozenset(found - {place})
    return reached


def is_binding(edit: PersonEdit) -> bool:
    """Whether an edit must have been noticed: it was told, nothing went over it unseen, none followed at its item."""
    return edit.told and edit.last and not edit.raced


def contests(world: World, provider: Provider, names: AbstractSet[str]) -> dict[tuple[str, str], Contest]:
    """The contests of these fields, by task and field."""
    edits: dict[tuple[str, str], list[PersonEdit]] = {}
    for key in (*world.born, *world.matched):
        for name in FULL.keys() & names - world.sources[key.source].shape.fields:
            nothing = PersonEdit(key, name, FULL[name], None, START, None, creates=True)
            edits.setdefault((provider.tasks.get(key, ""), name), []).append(nothing)
    for edit in world.truth.edits:
        task = edit.task or provider.tasks.get(edit.key)
        if task is not None and edit.field in names:
            edits.setdefault((task, edit.field), []).append(edit)
    default = world.policies.get("default", "latest")
    held = {(one.task_id, one.field) for one in world.store.all_conflicts() if one.kind is ConflictKind.UNDONE}
    return {
        key: Contest(provider, key[1], found, world.policies.get(key[1], default), key in world.touched, key in held)
        for key, found in edits.items()
    }


SCALARS = tuple(name for name, spec in FIELDS.items() if spec.merge is MergeKind.SCALAR)
