"""Texts that tools like to take for something else: each must come back as text, and do nothing else."""

from __future__ import annotations

import re
from collections.abc import Mapping

TEXTS: Mapping[str, str] = {
    "quick actions": "Before\n\n/close\n/label ~bug\n/assign @me\n  /due tomorrow\n\nAfter",
    "quick action alone": "/close",
    "quick action behind an escape": "\\/close",
    "quick actions in code": "```\n/close\n```\n\n~~~ sh\n/reopen\n~~~",
    "quick action after a fence that nothing closes": "```\nlet x = 1\n\n/close",
    "line ends of a browser": "one\r\n\r\n/close\r\n\r\ntwo",
    "emoji": "Ship it 🚀 👩‍💻 ✅",
    "letters of the world": "Grüße, 你好, Привет, مرحبا",
    "table": "| a | b |\n| --- | --- |\n| 1 | 2 |",
    "image and link": "![shot](https://a.example/x.png)\n\nSee [that](https://a.example/b?c=d&e=f#g).",
    "mentions and references": "For @kim, see #12, !7, %beta and ~bug.",
    "tasks": "- [ ] one\n- [x] two",
    "comment that nothing closes": "one <!-- two",
    "long": "A line of some length that says nothing at all.\n\n" * 1250,
}
"""By what is odd about them."""

WORDS = re.compile(r"\w+|[^\s\w\\*_`~|<>()\[\]#+!.:=\-/]")


def words_of(text: object) -> list[str]:
    """What a text says, without the marks and spaces that a tool may write otherwise."""
    return WORDS.findall(str(text or ""))
