"""Blocks to Markdown, such that `markdown.blocks_of` makes the same blocks of it wherever that can be.

What would be read otherwise is escaped, and only that.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

from worklake.integrations.base import Payload
from worklake.integrations.notion.blocks import (
    HEADINGS,
    LISTS,
    TEXTS,
    children_of,
    fence_of,
    held_by,
    is_known,
    language_of,
    spans_in,
)
from worklake.integrations.notion.markdown import blocks_of, code_blocks
from worklake.integrations.notion.richtext import MARKS, Span, plain, spans_of
from worklake.integrations.reading import unreadable
from worklake.integrations.text import without_markers

_SIGNS = {"bold": "**", "italic": "*", "strikethrough": "~~"}
_SPECIAL = re.compile(r"[\\`*_\[\]<~|!]")
_LINE_START = re.compile(r"^(\s*)(?:([#>+\-=])|(\d+)([.)]))", re.MULTILINE)
_SUSPICIOUS = re.compile(r"[\\`*_\[\]<>~|#+\-=!\n]|^\s|\s$|^\d+[.)]")
_ROUNDS = 5


def markdown_of(blocks: Sequence[Payload]) -> str:
    """The Markdown of these blocks; those that are not known are left out."""
    parts: list[str] = []
    before, number = "", 0
    for block in blocks:
        if not is_known(block):
            continue
        kind = str(block["type"])
        number = number + 1 if kind == before == "numbered_list_item" else 1
        if parts:
            parts.append("\n" if _family(before) == _family(kind) != "" else "\n\n")
        parts.append(block_markdown(block, number))
        before = kind
    return "".join(parts)


def block_markdown(block: Payload, number: int = 1) -> str:
    """The Markdown of one known block; `number` is its place in a numbered list."""
    match block["type"]:
        case "code":
            return _code(block)
        case "divider":
            return "---"
        case "table":
            return _table(block)
        case "image":
            held = held_by(block)
            url = (held.get("external") or {}).get("url")
            if type(url) is not str:
                unreadable("image.external.url", url, "an address")
            return f"![{plain(held.get('caption') or [], 'image.caption')}]({url})"
    head = _head(block, number)
    text = _marked_text(head, block)
    children = children_of(block)
    if not children:
        return text
    within = _indented(markdown_of(children), "> " if head == "> " else " " * len(_indent(head)))
    close = children[0].get("type") in LISTS and head != "> "
    return f"{text}{_gap(head, close)}{within}"


def fitted(text: str) -> str:
    """The text as Notion's blocks say it, without markers: what comes back when it is written there.

    Fitting that again changes nothing: a text that would change each time is written as code.
    """
    return _fitted(without_markers(text.replace("\0", "").replace("\r\n", "\n").replace("\r", "\n")))


@lru_cache(maxsize=4096)
def _fitted(text: str) -> str:
    for _ in range(_ROUNDS):
        again = without_markers(markdown_of(blocks_of(text)))
        if again == text:
            return text
        text = again
    return markdown_of(code_blocks(text))


def _family(kind: str) -> str:
    """What stands together as one list in Markdown."""
    return {"bulleted_list_item": "-", "to_do": "-", "numbered_list_item": "1"}.get(kind, "")


def _head(block: Payload, number: int) -> str:
    kind = block["type"]
    if kind in HEADINGS:
        return "#" * (HEADINGS.index(kind) + 1) + " "
    if kind == "to_do":
        return "- [x] " if held_by(block).get("checked") else "- [ ] "
    return {"bulleted_list_item": "- ", "numbered_list_item": f"{number}. ", "quote": "> "}.get(kind, "")


def _indent(head: str) -> str:
    """What a line must be set in by to belong to a list's entry."""
    return head[:2] if head.startswith("- ") else head


def _gap(head: str, close: bool) -> str:
    if head == "> ":
        return "\n>\n"
    return "\n" if close else "\n\n"


def _marked_text(head: str, block: Payload) -> str:
    spans = spans_in(block)
    raw = inline(spans)
    if len(spans) == 1 and spans[0][1:] == Span("")[1:] and not _SUSPICIOUS.search(raw):
        return head + raw
    written = _lines(head, raw)
    if _says(written, block, spans):
        return written
    return _lines(head, _LINE_START.sub(_escaped_start, inline(spans, escaped=True)))


def _lines(head: str, text: str) -> str:
    """A text of perhaps several lines behind what makes it a heading, an entry or a quote."""
    if not head:
        return text
    return (head + _indented(text, head if head == "> " else " " * len(_indent(head)), first=False)).rstrip(" ")


def _indented(text: str, by: str, *, first: bool = True) -> str:
    lines = text.split("\n")
    return "\n".join(
        (by + line if line or by == "> " else line).rstrip(" ") if first or place else line
        for place, line in enumerate(lines)
    )


def _says(written: str, block: Payload, spans: Sequence[Span]) -> bool:
    """Whether a Markdown text is read as nothing but this block without what lies in it."""
    read = blocks_of(written)
    if len(read) != 1 or read[0]["type"] != block["type"] or children_of(read[0]):
        return False
    if block["type"] == "to_do" and bool(held_by(read[0]).get("checked")) != bool(held_by(block).get("checked")):
        return False
    return read[0]["type"] in TEXTS and spans_in(read[0]) == list(spans)


def inline(spans: Sequence[Span], *, escaped: bool = False) -> str:
    """Spans as Markdown."""
    return "".join(_runs(spans, frozenset(), None, escaped))


def _runs(spans: Sequence[Span], active: frozenset[str], link: str | None, escaped: bool) -> Iterator[str]:
    place = 0
    while place < len(spans):
        span = spans[place]
        runs = {mark: _run(spans, place, mark) for mark in MARKS if mark in span.marks and mark not in active}
        if span.href is not None and link is None:
            runs[""] = _run(spans, place, "")
        if not runs:
            yield _leaf(span, escaped)
            place += 1
            continue
        longest = max(runs, key=lambda mark: (runs[mark], mark == ""))
        part = spans[place : runs[longest]]
        place = runs[longest]
        if longest:
            yield _wrapped("".join(_runs(part, active | {longest}, link, escaped)), _SIGNS[longest])
        else:
            yield _linked("".join(_runs(part, active, span.href, escaped)), str(span.href))


def _run(spans: Sequence[Span], place: int, mark: str) -> int:
    """Where the spans end that have this mark, or without one the same link."""
    href = spans[place].href
    while place < len(spans) and (mark in spans[place].marks if mark else spans[place].href == href):
        place += 1
    return place


def _wrapped(text: str, sign: str) -> str:
    """Signs stand close to the words: white space goes outside of them."""
    inner = text.strip()
    if not inner:
        return text
    begin = text.index(inner)
    return f"{text[:begin]}{sign}{inner}{sign}{text[begin + len(inner) :]}"


def _linked(text: str, url: str) -> str:
    if text == url:
        return url
    return f"[{text}](<{url}>)" if re.search(r"[\s()<>]", url) else f"[{text}]({url})"


def _leaf(span: Span, escaped: bool) -> str:
    if not span.code:
        return _SPECIAL.sub(r"\\\g<0>", span.text) if escaped else span.text
    fence = "`" * (1 + max((len(run) for run in re.findall("`+", span.text)), default=0))
    pad = " " if span.text.startswith("`") or span.text.endswith("`") else ""
    return f"{fence}{pad}{span.text}{pad}{fence}"


def _escaped_start(found: re.Match[str]) -> str:
    space, sign, digits, dot = found.groups()
    return f"{space}\\{sign}" if sign else f"{space}{digits}\\{dot}"


def _code(block: Payload) -> str:
    held = held_by(block)
    text = plain(held.get("rich_text"), "code.rich_text")
    caption = " ".join(plain(held.get("caption") or [], "code.caption").split())
    language = held.get("language")
    info = caption if caption and language_of(caption) == language else fence_of(language)
    sign = "~" if "`" in info else "`"
    fence = sign * max(3, 1 + max((len(run) for run in re.findall(f"{sign}+", text)), default=0))
    return f"{fence}{info}\n{text}\n{fence}"


def _table(block: Payload) -> str:
    rows = [_cells(row) for row in children_of(block)]
    width = max(len(row) for row in rows)
    whole = [[*row, *[""] * (width - len(row))] for row in rows]
    lines = [f"| {' | '.join(row)} |" for row in whole]
    return "\n".join([lines[0], f"|{' --- |' * width}", *lines[1:]])


def _cells(row: Payload) -> list[str]:
    cells = held_by(row).get("cells")
    if type(cells) is not list:
        unreadable("table_row.cells", cells, "a list of cells")
    return [_cell(spans_of(cell, "table_row.cells")) for cell in cells]


def _cell(spans: Sequence[Span]) -> str:
    raw = inline(spans).replace("\n", " ").strip()
    if _SUSPICIOUS.search(raw) and not _is_cell(raw, spans):
        raw = inline(spans, escaped=True).replace("\n", " ").strip()
        return re.sub(r"(?<!\\)\|", r"\\|", raw)
    return raw


def _is_cell(text: str, spans: Sequence[Span]) -> bool:
    read = blocks_of(f"| {text} |\n| --- |")
    if len(read) != 1 or read[0]["type"] != "table" or len(children_of(read[0])) != 1:
        return False
    cells = held_by(children_of(read[0])[0])["cells"]
    return len(cells) == 1 and spans_of(cells[0]) == list(spans)
