"""GitHub's texts: line ends, lengths, and names and numbers that GitLab, Linear and people meant otherwise.

GitHub calls whoever is named after an `@`, and links `#12` to whatever has that number there, which then says that it
was mentioned. A word joiner between, which nobody sees, prevents that, so texts are written with it and read without.
In code GitHub does neither, and the character would be copied with the code: there it is left out, but only where the
code is code for certain. A text is somebody else's, and may have been written to call people.

An address of an issue stays as it is: it means the same wherever it stands.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from worklake.integrations.text import MARKED_WITH, with_markers, without_markers
from worklake.model.ids import CommentId, TaskId

LONGEST_TITLE = 256
LONGEST_TEXT = 65_536
MOST_MARKERS = 4
"""How many of Worklake's markers a text keeps."""

_GUARD = "\u2060"
_CALLING = re.compile(
    rf"(?<![A-Za-z0-9_])@(?={_GUARD}*[A-Za-z0-9])"
    rf"|(?:(?<!&)#|(?<=&)#(?![0-9]+;))(?={_GUARD}*[0-9])"
    rf"|\b[Gg][Hh]-(?={_GUARD}*[0-9])"
)
_GUARDED = re.compile(
    rf"((?<![A-Za-z0-9_])@){_GUARD}(?={_GUARD}*[A-Za-z0-9])|(#|\b[Gg][Hh]-){_GUARD}(?={_GUARD}*[0-9])"
)
_URL = re.compile(r"(?:https?://|www\.)[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+(?::[0-9]+)?(?:[/?#][^\s<>()\[\]\"'|`]*)?")
_FENCE = re.compile(r"(`{3,}(?=[^`]*$)|~{3,})")
_CLOSING = re.compile(r" {0,3}(`{3,}|~{3,})[ \t]*$")
_DOUBTFUL = re.compile(r" {0,3}<| {1,3}(?:```|~~~)")
"""After such a line (HTML, code that may belong to a list) nobody but GitHub knows what code is."""
_RUN = re.compile(r"`+")
_ODD_IN_LINE = re.compile(r"[\\<|]")
"""What may make of a backtick something else than the beginning of code: an escape, HTML, a cell of a table."""

_Change = Callable[[str], str]


def unix_lines(text: str) -> str:
    """The text with `\\n` at the end of every line, whatever stood there."""
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text


def guarded(text: str) -> str:
    """The text as it must be sent, so that GitHub calls nobody and links nothing."""
    return _outside_code(text, lambda piece: _CALLING.sub(lambda found: found[0] + _GUARD, piece))


def unguarded(text: str) -> str:
    """The text as it was before `guarded`."""
    if _GUARD not in text:
        return text
    return _outside_code(text, lambda piece: _GUARDED.sub(lambda found: found[1] or found[2], piece))


def shown(text: str | None) -> str | None:
    """A body or comment as it is read, without Worklake's markers: None when empty."""
    return unguarded(without_markers(unix_lines(text))) or None if text else None


def written(text: str | None, marked: Iterable[TaskId | CommentId] = ()) -> str:
    """A body or comment as it must be sent, with Worklake's markers."""
    return with_markers(guarded(text or ""), marked)


def fitted(text: str | None) -> str | None:
    """What of a body or comment GitHub can hold beside Worklake's markers, as it would be read back."""
    text = without_markers(unix_lines(text or "").replace("\0", ""))
    while True:
        excess = len(guarded(text)) - (LONGEST_TEXT - MOST_MARKERS * MARKED_WITH)
        if excess <= 0:
            return text or None
        # Half of it: what is cut may have been guarded itself, which makes two of one.
        text = without_markers(text[: -max(1, excess // 2)])


def fitted_title(title: str) -> str:
    """What of a title GitHub can hold: one line of 256 characters."""
    return " ".join(unix_lines(title).replace("\0", "").split("\n")).strip()[:LONGEST_TITLE].rstrip()


def _outside_urls(piece: str, change: _Change) -> str:
    parts, place = [], 0
    for url in _URL.finditer(piece):
        parts += [change(piece[place : url.start()]), url[0]]
        place = url.end()
    return "".join([*parts, change(piece[place:])])


def _outside_code(text: str, change: _Change) -> str:
    """The text with its lines changed, but for addresses and for code that is code for certain."""
    lines = text.split("\n")
    certain, paired = True, True
    hopeless: dict[str, int] = {}
    number = 0
    while number < len(lines):
        line = lines[number]
        certain = certain and not _DOUBTFUL.match(line)
        end = _end_of_code(lines, number, hopeless) if certain else None
        if end is not None:
            number, paired = end + 1, True
            continue
        paired = paired if line.strip() else True  # a paragraph ends, and with it what was begun in it
        lines[number], paired = _changed_line(line, change, paired=paired and certain)
        number += 1
    return "\n".join(lines)


def _changed_line(line: str, change: _Change, *, paired: bool) -> tuple[str, bool]:
    """A line of a paragraph in which, so far, all backticks are `paired`; whether they still are."""
    runs = list(_RUN.finditer(line))
    spans = _spans(runs) if paired and not (runs and _ODD_IN_LINE.search(line)) else None
    if spans is None:
        return _outside_urls(line, change), not runs and paired
    parts, place = [], 0
    for begin, end in spans:
        parts += [_outside_urls(line[place:begin], change), line[begin:end]]
        place = end
    return "".join([*parts, _outside_urls(line[place:], change)]), True


def _spans(runs: list[re.Match[str]]) -> list[tuple[int, int]] | None:
    """Where code begins and ends in a line; None where a backtick has no partner in it."""
    spans, place = [], 0
    while place < len(runs):
        partner = next((n for n in range(place + 1, len(runs)) if len(runs[n][0]) == len(runs[place][0])), None)
        if partner is None:
            return None
        spans.append((runs[place].start(), runs[partner].end()))
        place = partner + 1
    return spans


def _end_of_code(lines: list[str], start: int, hopeless: dict[str, int]) -> int | None:
    """The line that closes the code which begins here, if any; `hopeless` keeps fence lengths that nothing closes."""
    opening = _FENCE.match(lines[start])
    if opening is None:
        return None
    letter, length = opening[1][0], len(opening[1])
    if length >= hopeless.get(letter, length + 1):
        return None
    for number in range(start + 1, len(lines)):
        closing = _CLOSING.match(lines[number])
        if closing is not None and closing[1][0] == letter and len(closing[1]) >= length:
            return number
    hopeless[letter] = length
    return None
