"""Markdown as it comes back from Linear, whose texts pass through an editor's model of the document.

Outside fenced code: line ends become `\\n`, spaces at line ends go, bullets `*` and `+` become `-`, `__strong__`
becomes `**strong**`, an underlined heading becomes a `#` heading, several blank lines become one, and blank lines at
the text's ends go. Fenced code stays as it is. The real editor changes more than this; a client must not assume that
a text comes back byte for byte.
"""

from __future__ import annotations

import re

_FENCE = re.compile(r"^ {0,3}(```+|~~~+)")
_BULLET = re.compile(r"^(\s*)[*+](\s+)(?=\S)")
_RULE = re.compile(r"^ {0,3}([*_-])(?:[ \t]*\1){2,}$")
_STRONG = re.compile(r"(?<![\w\\`])__(?=\S)([^_`]+?)(?<=\S)__(?!\w)")
_UNDERLINE = re.compile(r"^ {0,3}(=+|-+)$")
_BLOCK_START = re.compile(r"^\s*([-*+>#|]|\d+[.)]\s)")


def normalised(text: str) -> str:
    """`text` as Linear gives it back after storing it."""
    lines: list[str] = []
    fence: str | None = None
    for raw in text.replace("\r\n", "\n").replace("\r", "\n").split("\n"):
        mark = _FENCE.match(raw)
        if fence is not None:
            lines.append(raw)
            fence = None if mark and mark[1].startswith(fence) and raw.strip() == mark[1] else fence
        elif mark:
            fence = mark[1]
            lines.append(raw.rstrip())
        else:
            _add_prose(lines, raw.rstrip())
    return "\n".join(lines).strip("\n").rstrip()


def _add_prose(lines: list[str], line: str) -> None:
    above = lines[-1] if lines else ""
    underline = _UNDERLINE.match(line)
    if underline and above and not _BLOCK_START.match(above) and not _FENCE.match(above):
        lines[-1] = f"{'#' if underline[1].startswith('=') else '##'} {above.strip()}"
    elif line or above:
        lines.append(line if _RULE.match(line) else _STRONG.sub(r"**\1**", _BULLET.sub(r"\1-\2", line)))
