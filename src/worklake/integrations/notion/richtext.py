"""Rich text: as Notion sends it, as spans of one look each, and as it is sent to Notion.

What is written is text alone: no mention of a person, a page or a date, so that it notifies nobody.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from worklake.errors import UnreadableError
from worklake.integrations.base import Payload
from worklake.integrations.reading import unreadable

PIECE = 1000
"""Characters of an element that we write. Notion takes 2,000 as JavaScript counts them: a sign may count twice."""
MOST_ELEMENTS = 100
MARKS = ("bold", "italic", "strikethrough")
"""The looks that Markdown has as well, besides code and links. Underlining and colours are left out."""


class Span(NamedTuple):
    """A piece of text of one look."""

    text: str
    marks: frozenset[str] = frozenset()
    href: str | None = None
    code: bool = False


def spans_of(elements: Any, where: str = "rich_text") -> list[Span]:
    """The spans of elements as Notion sends them. Raises `UnreadableError`."""
    return merged(_span(one, where) for one in _list(elements, where))


def plain(elements: Any, where: str = "rich_text") -> str:
    """What the elements say. Raises `UnreadableError`."""
    return "".join(_said(one, where) for one in _list(elements, where))


def elements_of(spans: Iterable[Span]) -> list[Payload]:
    """The spans as they are sent."""
    return [_element(span._replace(text=piece)) for span in spans for piece in pieces(span.text)]


def text_elements(text: str, **marks: bool) -> list[Payload]:
    """A text without any look as it is sent, cut to what one array holds."""
    held = frozenset(mark for mark in marks if marks[mark])
    return elements_of([Span(text, held)])[:MOST_ELEMENTS]


def shown_elements(elements: Iterable[Payload]) -> list[Payload]:
    """Elements that were sent, as Notion then shows them."""
    return [
        {
            **one,
            "annotations": {
                **dict.fromkeys((*MARKS, "underline", "code"), False), "color": "default", **one.get("annotations", {}),
            },
            "plain_text": one["text"]["content"],
            "href": (one["text"].get("link") or {}).get("url"),
        }
        for one in elements
    ]  # fmt: skip


def pieces(text: str) -> Iterator[str]:
    """A text in pieces that an element holds."""
    return (text[start : start + PIECE] for start in range(0, len(text), PIECE))


def merged(spans: Iterable[Span]) -> list[Span]:
    """Spans of the same look beside each other as one, empty ones left out."""
    whole: list[Span] = []
    for span in spans:
        if not span.text:
            continue
        if whole and whole[-1][1:] == span[1:]:
            whole[-1] = span._replace(text=whole[-1].text + span.text)
        else:
            whole.append(span)
    return whole


def _list(elements: Any, where: str) -> Sequence[Any]:
    if type(elements) is not list:
        unreadable(where, elements, "a list of pieces of text")
    return elements


def _said(element: Any, where: str) -> str:
    said = element.get("plain_text") if type(element) is dict else None
    if said is None and type(element) is dict and type(element.get("text")) is dict:
        said = element["text"].get("content")
    if type(said) is not str:
        unreadable(where, element, "pieces of text with plain_text")
    if "\0" in said:
        raise UnreadableError(f"{where}: found a NUL character, expected text")
    return said


def _span(element: Any, where: str) -> Span:
    said = _said(element, where)
    looks: Mapping[str, Any] = element.get("annotations") or {}
    if type(looks) is not dict:
        unreadable(f"{where}.annotations", looks, "an object")
    href = element.get("href")
    if href is None and type(element.get("text")) is dict:
        href = (element["text"].get("link") or {}).get("url")
    return Span(
        said,
        frozenset(mark for mark in MARKS if looks.get(mark)),
        href if type(href) is str and href else None,
        bool(looks.get("code")),
    )


def _element(span: Span) -> Payload:
    content: Payload = {"content": span.text}
    if span.href is not None:
        content["link"] = {"url": span.href}
    element: Payload = {"type": "text", "text": content}
    looks = {mark: True for mark in (*MARKS, "code") if mark in span.marks or (mark == "code" and span.code)}
    return element | {"annotations": looks} if looks else element
