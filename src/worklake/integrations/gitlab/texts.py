"""GitLab's texts: line ends, lengths, and lines that GitLab would take for commands.

GitLab executes lines such as `/close` in any paragraph that comes through its API, and takes them out. A backslash
before the slash prevents that and does not show, so texts are written with it and read without. In code it would show,
so it is left out there, but only where the code is code for certain: a text is somebody else's, and may have been
written to make GitLab do something.

What GitLab takes off itself, white space at the end of a text, is taken off before.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from worklake.integrations.text import MARKED_WITH, with_markers, without_markers
from worklake.model.ids import CommentId, TaskId

LONGEST_TITLE = 255
LONGEST_TEXT = 1_000_000
MOST_MARKERS = 4
"""How many of Worklake's markers a text keeps."""

_COMMAND = re.compile(r"^( {0,3})/(?=[A-Za-z])")
_ESCAPED = re.compile(r"^( {0,3})\\/(?=[A-Za-z])")
_FENCE = re.compile(r"(`{3,}(?=[^`]*$)|~{3,})")
_CLOSING = re.compile(r" {0,3}(`{3,}|~{3,})[ \t]*$")
_DOUBTFUL = re.compile(r" {0,3}(?:<|>>>)| {1,3}(?:```|~~~)")
"""After such a line (HTML, a quote's fence, code that may belong to a list) nobody but GitLab knows what code is."""
_FRONT_MATTER = ("---", "+++", ";;;")


def unix_lines(text: str) -> str:
    """The text with `\\n` at the end of every line, whatever stood there."""
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text


def escaped(text: str) -> str:
    """The text as it must be sent, so that GitLab executes nothing in it."""
    return _outside_code(text, lambda line: _COMMAND.sub(r"\1\\/", line)) if "/" in text else text


def unescaped(text: str) -> str:
    """The text as it was before `escaped`."""
    return _outside_code(text, lambda line: _ESCAPED.sub(r"\1/", line)) if "\\/" in text else text


def shown(text: str | None) -> str | None:
    """A description or comment as it is read, without Worklake's markers: None when empty."""
    return unescaped(without_markers(unix_lines(text))) or None if text else None


def written(text: str | None, marked: Iterable[TaskId | CommentId] = ()) -> str:
    """A description or comment as it must be sent, with Worklake's markers."""
    return with_markers(escaped(text or ""), marked)


def fitted(text: str | None) -> str | None:
    """What of a description or comment GitLab can hold beside Worklake's markers, as it would be read back."""
    text = (text or "").replace("\0", "")
    while True:
        read = (shown(text) or "").rstrip()
        if read != text:
            text = read
            continue
        excess = len(escaped(text)) - (LONGEST_TEXT - MOST_MARKERS * MARKED_WITH)
        if excess <= 0:
            return text or None
        text = text[:-excess]


def fitted_title(title: str) -> str:
    """What of a title GitLab can hold: one line of 255 characters."""
    return " ".join(unix_lines(title).replace("\0", "").split("\n")).strip()[:LONGEST_TITLE].rstrip()


def _outside_code(text: str, change: Callable[[str], str]) -> str:
    """The text with its lines changed, but for fenced code that is code for certain, and closed."""
    lines = text.split("\n")
    certain = not text.lstrip().startswith(_FRONT_MATTER)
    hopeless: dict[str, int] = {}
    number = 0
    while number < len(lines):
        certain = certain and not _DOUBTFUL.match(lines[number])
        end = _end_of_code(lines, number, hopeless) if certain else None
        if end is None:
            lines[number] = change(lines[number])
            number += 1
        else:
            number = end + 1
    return "\n".join(lines)


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
