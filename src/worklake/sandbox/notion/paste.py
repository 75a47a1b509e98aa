"""A text as Notion's editor makes blocks of it when a person pastes it: line by line, and only the common Markdown."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import groupby

from worklake.sandbox.notion.blocks import LANGUAGES
from worklake.sandbox.notion.entities import Json

_FENCE = re.compile(r"(?P<fence>`{3,}|~{3,})\s*(?P<language>\S*)")
_MARKED = re.compile(
    r" *(?:(?P<heading>#{1,3}) |(?P<quote>>) ?|[-*+] \[(?P<checked>[ xX])\] |(?P<bullet>[-*+]) |(?P<number>1\.) )"
    r"(?P<text>.*)"
)
_INLINE = re.compile(
    r"\*\*(?P<bold>[^*\n]+)\*\*|`(?P<code>[^`\n]+)`|(?<!\w)_(?P<italic>[^_\n]+)_(?!\w)"
    r"|\[(?P<label>[^\]\n]+)\]\((?P<url>https?://[^)\s]+)\)"
)
_PIECE = 1000


def blocks_of(text: str) -> list[Json]:
    """The blocks, as they would be sent."""
    return list(_blocks(text.replace("\r\n", "\n").replace("\0", "").split("\n")))


def rich_text(text: str) -> list[Json]:
    """A line with its bold, italic, code and linked parts."""
    elements: list[Json] = []
    place = 0
    for found in _INLINE.finditer(text):
        elements += _plain(text[place : found.start()])
        kind = str(found.lastgroup)
        if kind == "url":
            content: Json = {"content": found["label"], "link": {"url": found["url"]}}
            elements.append({"type": "text", "text": content})
        else:
            elements.append({"type": "text", "text": {"content": found[kind]}, "annotations": {kind: True}})
        place = found.end()
    elements += _plain(text[place:])
    return elements if len(elements) <= 100 else _plain(text)


def _plain(text: str) -> list[Json]:
    return [
        {"type": "text", "text": {"content": text[start : start + _PIECE]}} for start in range(0, len(text), _PIECE)
    ]


def _blocks(lines: list[str]) -> Iterator[Json]:
    place = 0
    while place < len(lines):
        line = lines[place]
        fence = _FENCE.fullmatch(line)
        if fence:
            end = next((at for at in range(place + 1, len(lines)) if lines[at].strip() == fence["fence"]), len(lines))
            yield _code("\n".join(lines[place + 1 : end]), fence["language"])
            place = end + 1
        elif line.startswith("|") and place + 1 < len(lines) and re.fullmatch(r"[|\s:-]+", lines[place + 1]):
            end = next((at for at in range(place, len(lines)) if not lines[at].startswith("|")), len(lines))
            yield _table([lines[place], *lines[place + 2 : end]])
            place = end
        elif line.strip() == "---":
            yield {"type": "divider", "divider": {}}
            place += 1
        elif _MARKED.fullmatch(line):
            yield _marked(line)
            place += 1
        elif line.strip():
            end = next((at for at in range(place, len(lines)) if _ends_paragraph(lines[at])), len(lines))
            yield {"type": "paragraph", "paragraph": {"rich_text": rich_text("\n".join(lines[place:end]))}}
            place = end
        else:
            place += 1


def _ends_paragraph(line: str) -> bool:
    return not line.strip() or bool(_MARKED.fullmatch(line) or _FENCE.fullmatch(line)) or line.strip() == "---"


def _marked(line: str) -> Json:
    found = _MARKED.fullmatch(line)
    assert found is not None
    held: Json = {"rich_text": rich_text(found["text"])}
    kind = "bulleted_list_item"
    if found["heading"]:
        kind = f"heading_{len(found['heading'])}"
    elif found["quote"]:
        kind = "quote"
    elif found["number"]:
        kind = "numbered_list_item"
    elif found["checked"] is not None:
        kind, held["checked"] = "to_do", found["checked"] in "xX"
    return {"type": kind, kind: held}


def _code(text: str, language: str) -> Json:
    known = language if language in LANGUAGES else "shell" if language == "sh" else "plain text"
    return {"type": "code", "code": {"rich_text": _plain(text), "language": known}}


def _table(lines: list[str]) -> Json:
    rows = [[cell.strip() for cell in line.strip().strip("|").split("|")] for line in lines]
    width = len(rows[0])
    cells = [[rich_text(cell) for cell in [*row, *[""] * width][:width]] for row in rows]
    children = [{"type": "table_row", "table_row": {"cells": row}} for row in cells[:100]]
    return {
        "type": "table",
        "table": {"table_width": width, "has_column_header": True, "has_row_header": False, "children": children},
    }


def in_batches(blocks: list[Json], size: int) -> Iterator[list[Json]]:
    """The blocks, so many at a time."""
    for _, batch in groupby(enumerate(blocks), key=lambda one: one[0] // size):
        yield [block for _, block in batch]
