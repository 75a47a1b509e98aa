"""Motion's texts: Markdown goes in, HTML comes out, and markers have to be seen to survive that.

A text is read as Markdown again. What comes back is seldom letter by letter what was sent, so a text is settled first:
written in the form in which it would come back. Whatever Motion makes of it otherwise is for the merge to get used to.

HTML comments do not survive an editor's own document, so Worklake's marker is a line of code at the end of the text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache, lru_cache
from html import unescape
from typing import TYPE_CHECKING, Any

from worklake.errors import UnreadableError
from worklake.integrations.text import without_markers
from worklake.model.ids import CommentId, TaskId

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.rules_core import StateCore
    from markdownify import MarkdownConverter

LONGEST_TEXT = 1_000_000
MOST_ROUNDS = 6
"""So many times a text is written in the form it came back in; after that its marks are taken for plain letters."""

_MARKER = re.compile(r"worklake:((?:task|comment)_[0-9a-f]{16})\b")
_MARKED = re.compile(rf"\s*(?:<p>\s*)?(?:<code>)?{_MARKER.pattern}(?:</code>)?(?:\s*</p>)?")
_MARKER_IN_MARKDOWN = re.compile(rf"\n*`?{_MARKER.pattern}`?")
_MARK = re.compile(r"([\\`*\[\]]|<(?=[A-Za-z/!?])|&(?=#?\w+;)|~(?=~)|(?<=~)~|(?<!\w)_|_(?!\w))")
_AT_LINE_START = re.compile(r"^([ \t]*)(#{1,6}(?=\s|$)|[-+](?=\s|$)|>|=|\||-(?=-)|~(?=~))", re.MULTILINE)
_NUMBERED = re.compile(r"^([ \t]*[0-9]{1,9})([.)])(?=\s|$)", re.MULTILINE)
_BOX = re.compile(r"\[([ xX])\]\s+(?=\S)")
_TAG = re.compile(r"<[^>]*>")
_WORDS = re.compile(r"[^\W_]+")
_CODE_LANGUAGE = "language-"


def markers_in(html: str | None) -> list[str]:
    """The task ids out of Worklake's markers in a text, each once and in order."""
    return [one for one in _marked(html) if one.startswith("task_")]


def comment_markers_in(html: str | None) -> list[str]:
    """The comment ids out of Worklake's markers in a text, each once and in order."""
    return [one for one in _marked(html) if one.startswith("comment_")]


@lru_cache(maxsize=8192)
def shown(html: str | None) -> str | None:
    """A description or comment in Markdown, without Worklake's markers: None when empty. Raises `UnreadableError`."""
    if not html:
        return None
    try:
        return _read(_MARKED.sub("", html)) or None
    except RecursionError:
        raise UnreadableError("description: found HTML that is nested too deep, expected a text") from None


@lru_cache(maxsize=8192)
def settled(text: str | None) -> str | None:
    """A text in the form in which it would be read back: None when empty. Settling it again changes nothing."""
    plain = without_markers((text or "").replace("\0", "").replace("\r\n", "\n").replace("\r", "\n"))
    plain = _MARKER_IN_MARKDOWN.sub("", plain)
    try:
        return _settled(plain) or None
    except RecursionError:
        return literal(plain)


def written(text: str | None, marked: Iterable[TaskId | CommentId] = ()) -> str:
    """A description or comment as it is sent: the text, and behind it Worklake's markers."""
    return "\n\n".join([*([text] if text else []), *(f"`worklake:{one}`" for one in marked)])


def as_html(text: str | None, marked: Iterable[TaskId | CommentId] = ()) -> str:
    """A description or comment as Motion would show it."""
    return str(_markdown().render(written(text, marked))).strip()


def fitted_title(title: str) -> str:
    """A title as Motion can hold it: one line without spaces around it."""
    lines = title.replace("\0", "").replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return " ".join(lines).strip()


def _marked(html: str | None) -> list[str]:
    if not html or "worklake:" not in html:
        return []
    return list(dict.fromkeys(_MARKER.findall(html)))


def _settled(text: str) -> str:
    now = text
    for _ in range(MOST_ROUNDS):
        back = _read(as_html(now))
        if back == now:
            return now if now == text or _says(now) == _says(text) else literal(text)
        now = back
    return literal(text)


def literal(text: str) -> str:
    """The text as a block of code, in which nothing means anything: for what no other form can hold."""
    fence = _fence_around(text)
    body = "\n".join(line.rstrip() for line in text.splitlines()).strip("\n")
    return f"{fence}\n{body}\n{fence}" if body.strip() else ""


def _fence_around(code: str) -> str:
    """What closes nowhere within this code."""
    return "`" * max([3, *(len(run) + 1 for run in re.findall("`+", code))])


def _says(text: str) -> list[str]:
    """The words that a reader sees, by which two forms of a text are compared."""
    return _WORDS.findall(unescape(_TAG.sub(" ", as_html(text))))


def _read(html: str) -> str:
    # Within a tag: of a bare address the parser would warn that it opens no files.
    return str(_converter().convert(f"<body>{html}</body>")).strip("\n")


@cache
def _markdown() -> MarkdownIt:
    from markdown_it import MarkdownIt

    parser = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])
    parser.core.ruler.push("boxes", _boxes)
    return parser


def _boxes(state: StateCore) -> None:
    """Make entries that begin with a box, `[ ]` or `[x]`, those of a task list."""
    for entry, _, inline in zip(state.tokens, state.tokens[1:], state.tokens[2:], strict=False):
        box = _BOX.match(inline.content) if entry.type == "list_item_open" and inline.type == "inline" else None
        first = inline.children[0] if box is not None and inline.children else None
        if box is not None and first is not None and first.content.startswith(box[0]):
            entry.attrSet("data-type", "taskItem")
            entry.attrSet("data-checked", "false" if box[1] == " " else "true")
            first.content = first.content[len(box[0]) :]


@cache
def _converter() -> MarkdownConverter:
    from markdownify import ATX, BACKSLASH, MarkdownConverter

    class Converter(MarkdownConverter):
        """HTML to the Markdown that people write, with task lists, and only those escapes that are needed."""

        def escape(self, text: str, parent_tags: set[str]) -> str:
            text = _MARK.sub(r"\\\1", text)
            text = _NUMBERED.sub(r"\1\\\2", _AT_LINE_START.sub(r"\1\\\2", text))
            return text.replace("|", "\\|") if {"td", "th"} & parent_tags else text

        def convert_a(self, el: Any, text: str, parent_tags: set[str]) -> str:
            """A link whose text is its address is written as the bare address."""
            if el.get_text() == el.get("href") and not el.get("title"):
                return str(el.get_text())
            return str(super().convert_a(el, text, parent_tags))  # type: ignore[misc]

        def convert_li(self, el: Any, text: str, parent_tags: set[str]) -> str:
            """An entry of a list; one of a task list with its box."""
            if el.get("data-type") == "taskItem" or el.get("data-checked") is not None:
                text = f"[{'x' if el.get('data-checked') == 'true' else ' '}] {text.strip()}"
            return str(super().convert_li(el, text, parent_tags))  # type: ignore[misc]

        def convert_pre(self, el: Any, text: str, parent_tags: set[str]) -> str:
            """A block of code with its language, behind a fence that nothing in it closes."""
            if not text.strip():
                return ""
            fence, code = _fence_around(text), text.removesuffix("\n")
            return f"\n\n{fence}{_language(el)}\n{code}\n{fence}\n\n"

    return Converter(
        heading_style=ATX,
        bullets="-",
        newline_style=BACKSLASH,
    )


def _language(element: Any) -> str:
    """The language of a block of code, as its class names it."""
    code = element.find("code")
    classes = (code.get("class") if code is not None else None) or []
    return next((one.removeprefix(_CODE_LANGUAGE) for one in classes if one.startswith(_CODE_LANGUAGE)), "")
