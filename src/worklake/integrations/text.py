"""What can be found in the texts of items: URLs, and Worklake's own markers."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from worklake.model.ids import CommentId, TaskId

_REST_OF_URL = re.compile(r"[^\s<>\"`|\]\\^{}]+")
_CLOSING = ".,;:!?'*_~"
_MARKER = re.compile(r"<!--\s*worklake:((?:task|comment)_[0-9a-f]{16})\s*-->")
_MARKER_AND_LINES = re.compile(rf"\n{{0,2}}{_MARKER.pattern}\Z|{_MARKER.pattern}\n{{0,2}}")
MARKED_WITH = len("<!-- worklake:comment_0123456789abcdef -->\n\n")
"""How many characters a marker adds to a text."""


def urls_in(text: str | None) -> list[str]:
    """The URLs in a Markdown text, bare, `<…>` or `[x](…)`, each once and in order, without closing punctuation."""
    if not text or "://" not in text:
        return []
    return list(dict.fromkeys(_find_urls(text)))


def _find_urls(text: str) -> Iterator[str]:
    place = text.find("://")  # many times faster than a pattern that begins with letters of either case
    while place >= 0:
        before = text[max(0, place - 5) : place].lower()
        scheme = "https" if before == "https" else "http" if before.endswith("http") else ""
        rest = _REST_OF_URL.match(text, place + 3) if scheme else None
        if rest is not None:
            url = without_closing(text[place - len(scheme) : rest.end()])
            if not url.endswith("/") or len(url) > len(scheme) + 3:
                yield url
        place = text.find("://", rest.end() if rest is not None else place + 3)


def marker(marked: TaskId | CommentId) -> str:
    """The invisible Markdown comment that says which task, or which comment, an item is."""
    return f"<!-- worklake:{marked} -->"


def markers_in(text: str | None) -> list[str]:
    """The task ids out of Worklake's markers in a text, each once and in order."""
    return [found for found in _marked_in(text) if found.startswith("task_")]


def comment_markers_in(text: str | None) -> list[str]:
    """The comment ids out of Worklake's markers in a text, each once and in order."""
    return [found for found in _marked_in(text) if found.startswith("comment_")]


def without_markers(text: str) -> str:
    """The text as it was before `with_markers`, wherever somebody has moved the markers since."""
    while "worklake:" in text and _MARKER.search(text):
        text = _MARKER_AND_LINES.sub("", text)
    return text


def with_markers(text: str, marked: Iterable[TaskId | CommentId]) -> str:
    """The text after these markers. They stand first, where nothing unclosed in the text can make them visible."""
    lines = [marker(one) for one in marked]
    if not lines:
        return text
    return "\n".join(lines) + (f"\n\n{text}" if text else "")


def _marked_in(text: str | None) -> list[str]:
    if not text or "worklake:" not in text:
        return []
    return list(dict.fromkeys(_MARKER.findall(text)))


def without_closing(url: str) -> str:
    """Up to the bracket that closes what the URL stands in, and without the sentence's punctuation."""
    open_brackets = 0
    if ")" in url:
        for place, letter in enumerate(url):
            if letter == "(":
                open_brackets += 1
            elif letter == ")":
                open_brackets -= 1
                if open_brackets < 0:
                    url = url[:place]
                    break
    return url.rstrip(_CLOSING)
