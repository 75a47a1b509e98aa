"""Markdown to blocks.

markdown-it-py reads the Markdown. What Notion has no block for, and what would not come back as it went, becomes a
paragraph with its source as text: nothing is left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from markdown_it import MarkdownIt
from markdown_it.tree import SyntaxTreeNode

from worklake.integrations.base import Payload
from worklake.integrations.notion.blocks import DEEPEST, HEADINGS, fence_of, language_of, text_block
from worklake.integrations.notion.richtext import MOST_ELEMENTS, PIECE, Span, elements_of, merged, pieces

MOST_ROWS = 100
LONGEST_URL = 2000
_PLAIN_AT_ONCE = PIECE * MOST_ELEMENTS // 2
_MARK_OF = {"strong": "bold", "em": "italic", "s": "strikethrough"}


def _parser() -> MarkdownIt:
    """CommonMark with tables and strike-through, without what Notion would show as text anyway: HTML, indented code,
    underlined headings, references."""
    parser = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])
    parser.disable(["lheading", "code", "reference", "html_block", "html_inline", "entity", "autolink"])
    parser.normalizeLink = lambda url: url  # type: ignore[method-assign]
    parser.validateLink = lambda url: True  # type: ignore[method-assign]
    return parser


_PARSER = _parser()


def blocks_of(text: str) -> list[Payload]:
    """The blocks of a Markdown text, as they are sent but for `children`, which stand beside the type."""
    text = text.replace("\0", "")
    root = SyntaxTreeNode(_PARSER.parse(text))
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return [block for node in root.children for block in _blocks(node, lines, 0)]


def code_blocks(text: str, info: str = "") -> list[Payload]:
    """A text as code: it stands there letter by letter. What stands behind the fence and is none of Notion's languages
    becomes the caption.
    """
    at_once = PIECE * MOST_ELEMENTS
    parts = [text[start : start + at_once] for start in range(0, len(text), at_once)] or [""]
    language = language_of(info)
    more = {"caption": elements_of([Span(info[:PIECE])])} if info != fence_of(language) else {}
    return [text_block("code", [Span(part)] if part else [], language=language, **more) for part in parts]


def _blocks(node: SyntaxTreeNode, lines: Sequence[str], depth: int) -> Iterator[Payload]:
    kind = node.type
    if kind == "paragraph":
        yield from _paragraph(node.children[0])
    elif kind == "heading" and int(node.tag[1]) <= len(HEADINGS):
        yield from _text(HEADINGS[int(node.tag[1]) - 1], node.children[0])
    elif kind in ("bullet_list", "ordered_list") and _is_plain_list(node):
        for item in node.children:
            yield from _nested(_list_kind(node), item, lines, depth)
    elif kind == "blockquote" and _begins_with_text(node):
        yield from _nested("quote", node, lines, depth)
    elif kind == "fence":
        yield from code_blocks(node.content.removesuffix("\n"), node.info.strip())
    elif kind == "hr":
        yield {"type": "divider", "divider": {}}
    elif kind == "table" and depth < DEEPEST and (table := _table(node)):
        yield table
    else:
        yield from _source(node, lines)


def _list_kind(node: SyntaxTreeNode) -> str:
    return "bulleted_list_item" if node.type == "bullet_list" else "numbered_list_item"


def _is_plain_list(node: SyntaxTreeNode) -> bool:
    """Notion counts from 1, and an entry begins with a text."""
    return node.attrs.get("start", 1) == 1 and all(_begins_with_text(item) for item in node.children)


def _begins_with_text(node: SyntaxTreeNode) -> bool:
    return not node.children or node.children[0].type == "paragraph"


def _nested(kind: str, node: SyntaxTreeNode, lines: Sequence[str], depth: int) -> Iterator[Payload]:
    """A block in which others lie; those that would lie too deep follow it instead."""
    if not node.children:
        yield text_block(kind, [])
        return
    first, *rest = node.children
    spans = _spans(first.children[0])
    more: Payload = {}
    if kind == "bulleted_list_item" and (checked := _checked(spans)) is not None:
        kind, more = "to_do", {"checked": checked}
        spans = merged([spans[0]._replace(text=spans[0].text[4:]), *spans[1:]])
    within = [block for child in rest for block in _blocks(child, lines, min(depth + 1, DEEPEST))]
    if len(elements_of(spans)) > MOST_ELEMENTS:
        yield from _source(node, lines)
    elif depth < DEEPEST and len(within) <= MOST_ELEMENTS:
        yield text_block(kind, spans, within, **more)
    else:
        yield text_block(kind, spans, **more)
        yield from within


def _checked(spans: Sequence[Span]) -> bool | None:
    """Whether the box that an entry begins with is ticked; None where it begins with none."""
    if not spans or spans[0][1:] != Span("")[1:]:
        return None
    head = spans[0].text[:4]
    if head[:3] not in ("[ ]", "[x]", "[X]") or (len(head) == 4 and head[3] != " "):
        return None
    return head[1] != " "


def _paragraph(inline: SyntaxTreeNode) -> Iterator[Payload]:
    only = inline.children[0] if len(inline.children) == 1 else None
    if only is not None and only.type == "image" and _is_url(str(only.attrs["src"])) and "title" not in only.attrs:
        caption = elements_of([Span(only.content)]) if only.content else []
        image = {"type": "external", "external": {"url": str(only.attrs["src"])}, "caption": caption}
        yield {"type": "image", "image": image}
    else:
        yield from _text("paragraph", inline)


def _text(kind: str, inline: SyntaxTreeNode) -> Iterator[Payload]:
    spans = _spans(inline)
    if not spans and kind == "paragraph":
        return  # an empty line is none of our blocks
    if len(elements_of(spans)) <= MOST_ELEMENTS:
        yield text_block(kind, spans)
    else:
        yield from _plain(inline.content)


def _source(node: SyntaxTreeNode, lines: Sequence[str]) -> Iterator[Payload]:
    """What has no block: its source, as text."""
    begin, end = node.map or (0, 0)
    yield from _plain("\n".join(line.strip() for line in lines[begin:end]).strip())


def _plain(text: str) -> Iterator[Payload]:
    while text:
        part = text[:_PLAIN_AT_ONCE]
        if len(part) < len(text) and "\n" in part:
            part = part[: part.rindex("\n") + 1]
        text = text[len(part) :]
        if part.strip("\n"):
            elements = elements_of(Span(one) for one in pieces(part.strip("\n")))
            yield {"type": "paragraph", "paragraph": {"rich_text": elements}}


def _table(node: SyntaxTreeNode) -> Payload | None:
    rows = [row for part in node.children for row in part.children]
    cells = [[elements_of(_spans(cell.children[0])) if cell.children else [] for cell in row.children] for row in rows]
    if len(rows) > MOST_ROWS or any(len(cell) > MOST_ELEMENTS for row in cells for cell in row):
        return None
    held = {"table_width": len(cells[0]), "has_column_header": True, "has_row_header": False}
    children = [{"type": "table_row", "table_row": {"cells": row}} for row in cells]
    return {"type": "table", "table": held, "children": children}


def _spans(inline: SyntaxTreeNode) -> list[Span]:
    return merged(span for node in inline.children for span in _walk(node, Span("")))


def _walk(node: SyntaxTreeNode, look: Span) -> Iterator[Span]:
    match node.type:
        case "softbreak" | "hardbreak":
            yield look._replace(text="\n")
        case "code_inline":
            yield look._replace(text=node.content, code=True)
        case "strong" | "em" | "s":
            yield from _within(node, look._replace(marks=look.marks | {_MARK_OF[node.type]}))
        case "link":
            yield from _link(node, look)
        case "image":
            yield look._replace(text=f"![{node.content}]({_with_title(node, 'src')})")
        case _:
            yield look._replace(text=node.content)


def _within(node: SyntaxTreeNode, look: Span) -> Iterator[Span]:
    for child in node.children:
        yield from _walk(child, look)


def _link(node: SyntaxTreeNode, look: Span) -> Iterator[Span]:
    """A link that Notion takes; of another, its source as text."""
    url = str(node.attrs["href"])
    if _is_url(url) and "title" not in node.attrs and node.children:
        yield from _within(node, look._replace(href=url))
    else:
        yield look._replace(text="[")
        yield from _within(node, look)
        yield look._replace(text=f"]({_with_title(node, 'href')})")


def _with_title(node: SyntaxTreeNode, key: str) -> str:
    title = node.attrs.get("title")
    return f'{node.attrs[key]} "{title}"' if title else str(node.attrs[key])


def _is_url(url: str) -> bool:
    head, _, rest = url.partition("://")
    is_web = head.lower() in ("http", "https") and rest[:1] not in ("", "/") and len(url) <= LONGEST_URL
    return is_web and not any(letter.isspace() for letter in url)
