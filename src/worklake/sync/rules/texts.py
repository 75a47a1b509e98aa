"""Three-way merge of texts by lines. Pure."""

from __future__ import annotations

from difflib import SequenceMatcher
from itertools import pairwise
from typing import NamedTuple


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
    codes = SequenceMatcher(None, base, edited, autojunk=False).get_opcodes()
    return [_Edit(start, end, edited[low:high]) for tag, start, end, low, high in codes if tag != "equal"]


def _united(ours: list[_Edit], theirs: list[_Edit]) -> list[_Edit] | None:
    """All edits in the order of the base, those made by both once; None where two differ and meet."""
    edits = sorted({(edit.start, edit.end, tuple(edit.lines)) for edit in (*ours, *theirs)})
    for (_, end, _), (start, _, _) in pairwise(edits):
        if start <= end:
            return None
    return [_Edit(start, end, list(lines)) for start, end, lines in edits]
