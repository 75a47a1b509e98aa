"""Merging the edits of a set, whose elements an item may show in a form of its own. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from worklake.model.fields import FIELDS, FieldValue
from worklake.sync.rules import resolution
from worklake.sync.rules.state import Side
from worklake.sync.rules.values import elements, is_form_of


def set_steps(name: str, current: FieldValue, changers: Sequence[Side]) -> list[FieldValue]:
    """The set after each changer in turn. What is added anywhere stays, whoever removed it."""
    whole, added, removed = elements(current), frozenset[str](), frozenset[str]()
    steps: list[FieldValue] = []
    for side in changers:
        before, after = elements(side.seen.get(name)), elements(side.view[name])
        hidden = whole - before - after
        added |= _canonical(side, name, whole, hidden, after - before)
        removed |= _canonical(side, name, whole, hidden, before - after)
        steps.append(sorted((whole - removed) | added))
    return steps


def _canonical(
    side: Side, name: str, whole: frozenset[str], hidden: frozenset[str], edited: frozenset[str]
) -> frozenset[str]:
    """The elements that a person meant who added or removed these at an item.

    One that the task has not got itself is another form of one that it has and that the item does not show (`hidden`),
    where it can only be that one. People and tasks are ids, which have one form.
    """
    unknown = edited - whole
    if not unknown or not hidden or FIELDS[name].reference is not None:
        return edited
    forms = {one: _forms(side, name, one) for one in sorted(hidden)}
    found = set(edited & whole)
    for element in unknown:
        meant = [one for one, shown_as in forms.items() if element in shown_as]
        found.add(meant[0] if len(meant) == 1 else element)
    return frozenset(found)


def _forms(side: Side, name: str, element: str) -> frozenset[str]:
    """The forms in which an item shows an element of the task: as it is set there, and what its provider made of it."""
    sent = elements(resolution.project_one(side, name, [element], []))
    made = {
        shown
        for pair in side.adjusted.get(name, ())
        for one in sent & (elements(pair.sent) - elements(pair.shown))
        for shown in elements(pair.shown) - elements(pair.sent)
        if is_form_of(one, shown)
    }
    return sent | made
