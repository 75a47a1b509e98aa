"""When two values of a field are the same, empty, or the same in meaning. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping

from worklake.model.fields import FIELDS, SCALAR, SET, TEXT, Fields, FieldSpec, FieldValue

_TASK_FIELDS = tuple(name for name, spec in FIELDS.items() if spec.reference == "task")
_MARKS = re.compile(r"[\\*_`~>#\-+|=\[\](){}<>!]+")
_SPACE = re.compile(r"\s+")
_ELLIPSIS = ("…", "...")
_SHORTEST_CUT = {SCALAR: 8, TEXT: 1000}
"""A shorter beginning is not taken for a value that was cut off: of texts, people take away the end themselves."""
_ROUNDED_SHARE = 0.1


def referred(fields: Fields) -> set[str]:
    """The tasks that these fields refer to: parent and blockers."""
    found: set[str] = set()
    for name in _TASK_FIELDS:
        value = fields.get(name)
        if value:
            found.update(value if isinstance(value, list) else [str(value)])
    return found


def elements(value: FieldValue) -> frozenset[str]:
    """The elements of a set's value."""
    return frozenset(value) if isinstance(value, list) else frozenset()


_SPECS: Mapping[str, FieldSpec] = {**FIELDS, "comment": FIELDS["description"]}
"""What is known of a field. What a comment says is a text, as a description is."""


def normal(field: str, value: FieldValue) -> FieldValue:
    """The one form in which equal values of a field are equal: sets sorted, texts with plain line ends, no None for
    what is empty.
    """
    spec = _SPECS[field]
    if spec.merge is SET:
        return sorted(elements(value))
    if value is None:
        return spec.empty
    if spec.merge is TEXT and isinstance(value, str):
        return value.replace("\r\n", "\n").replace("\r", "\n").rstrip() or spec.empty
    return value


def same(field: str, one: FieldValue, other: FieldValue) -> bool:
    """Whether two values of a field are equal, by the field's own equality."""
    if one == other:
        return True
    spec = _SPECS[field]
    if spec.merge is SET:
        return elements(one) == elements(other)
    if spec.merge is SCALAR:
        return (one is None and other == spec.empty) or (other is None and one == spec.empty)
    return normal(field, one) == normal(field, other)


def is_empty(field: str, value: FieldValue) -> bool:
    """Whether nothing is set."""
    return same(field, value, FIELDS[field].empty)


def loosely_same(field: str, sent: FieldValue, shown: FieldValue) -> bool:
    """Whether `shown` is what a provider could have made of `sent`: cut, trimmed, other case or white space, Markdown
    in another form, a rounded number.
    """
    if same(field, sent, shown):
        return True
    if FIELDS[field].merge is SET:
        return {_bare(one) for one in elements(sent)} == {_bare(one) for one in elements(shown)}
    if isinstance(sent, str) and isinstance(shown, str) and FIELDS[field].type is str:
        return _loosely_same_text(sent, shown, _SHORTEST_CUT[FIELDS[field].merge])
    if isinstance(sent, int | float) and isinstance(shown, int | float) and FIELDS[field].type in (int, float):
        return abs(sent - shown) <= _ROUNDED_SHARE * abs(sent)
    return False


def is_form_of(element: str, shown: str) -> bool:
    """Whether `shown` is what a provider could have made of an element of a set, as it could of a title."""
    return loosely_same("title", element, shown)


def _loosely_same_text(sent: str, shown: str, shortest_cut: int) -> bool:
    whole, part = _bare(sent), _bare(shown)
    if whole == part:
        return True
    for mark in _ELLIPSIS:
        part = part.removesuffix(mark)
    return len(part) >= shortest_cut and whole.startswith(part)


def _bare(text: str) -> str:
    """A text without case, white space and Markdown's own characters."""
    return _SPACE.sub("", _MARKS.sub("", text)).casefold()
