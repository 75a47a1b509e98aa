"""What can be found in the texts of items: URLs, and Worklake's own markers."""

from __future__ import annotations

import re

from worklake.model.ids import TaskId

_URL = re.compile(r"https?://[^\s<>\"`|\]\\^{}]+", re.IGNORECASE)
_CLOSING = ".,;:!?'*_~"
_MARKER = re.compile(r"<!--\s*worklake:(task_[0-9a-f]{16})\s*-->")


def urls_in(text: str | None) -> list[str]:
    """The URLs in a Markdown text, bare, `<…>` or `[x](…)`, each once and in order, without closing punctuation."""
    if not text or "://" not in text:
        return []
    found = (_without_closing(match.group()) for match in _URL.finditer(text))
    return list(dict.fromkeys(url for url in found if not url.endswith("//")))


def marker(task_id: TaskId) -> str:
    """The invisible Markdown comment that says which task an item is."""
    return f"<!-- worklake:{task_id} -->"


def markers_in(text: str | None) -> list[str]:
    """The task ids out of Worklake's markers in a text, each once and in order."""
    if not text or "worklake:" not in text:
        return []
    return list(dict.fromkeys(_MARKER.findall(text)))


def _without_closing(url: str) -> str:
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
