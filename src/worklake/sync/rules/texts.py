"""Three-way merge of texts by lines. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from difflib import SequenceMatcher
from itertools import pairwise
from typing import NamedTuple

_MOST_PAIRS = 1_000_000
"""Of texts that repeat the same lines more than that, all between the first edited line and the last is one edit: to
look for more would take minutes.
"""


class _Edit(NamedTuple):
    """Lines `start` to `end` of the base become `lines`."""

    start: int
    end: int
    lines: list[str]


def merge_texts(base: str, ours: str, theirs: str) -> str | None:
    """Both edits of `base` together, or None where they touch the same place and differ.

    The same edit on both sides is one edit. Edits that only touch at their ends overlap as well: nobody can tell in
    which order they belong. Line ends become plain ones.
    """
    base, ours, theirs = (text.replace("\r\n", "\n").replace("\r", "\n") for text in (base, ours, theirs))
    if ours in (theirs, base):
        return theirs
    if theirs == base:
        return ours
    lines = base.split("\n")
    edits = _united(_edits(lines, ours.split("\n")), _edits(lines, theirs.split("\n")))
    if edits is None:
        return None
    merged: list[str] = []
    place = 0
    for edit in edits:
        merged += lines[place : edit.start] + edit.lines
        place = edit.end
    return "\n".join(merged + lines[place:])


def _edits(base: list[str], edited: list[str]) -> list[_Edit]:
    shorter = min(len(base), len(edited))
    first = next((place for place in range(shorter) if base[place] != edited[place]), shorter)
    last = next((place for place in range(shorter - first) if base[-1 - place] != edited[-1 - place]), shorter - first)
    old, new = base[first : len(base) - last], edited[first : len(edited) - last]
    if _pairs(old, new) > _MOST_PAIRS:
        return [_Edit(first, first + len(old), new)]
    codes = SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
    return [_Edit(first + start, first + end, new[low:high]) for tag, start, end, low, high in codes if tag != "equal"]


def _pairs(base: Iterable[str], edited: Iterable[str]) -> int:
    """How many lines of one are equal to lines of the other, counted in pairs: what comparing them takes."""
    other = Counter(edited)
    return sum(count * other[line] for line, count in Counter(base).items())


def _united(ours: list[_Edit], theirs: list[_Edit]) -> list[_Edit] | None:
    """All edits in the order of the base, those made by both once; None where two differ and meet."""
    edits = sorted({(edit.start, edit.end, tuple(edit.lines)) for edit in (*ours, *theirs)})
    for (_, end, _), (start, _, _) in pairwise(edits):
        if start <= end:
            return None
    return [_Edit(start, end, list(lines)) for start, end, lines in edits]
