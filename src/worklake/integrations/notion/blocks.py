"""The blocks of a page's body that Worklake knows. The others are neither shown nor touched.

A block is an object as Notion has it, but what lies in it stands beside its type under `children`, there as in the
answers that `body.read_body` puts together.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from worklake.integrations.base import Payload
from worklake.integrations.notion.richtext import Span, elements_of, spans_of

HEADINGS = ("heading_1", "heading_2", "heading_3")
LISTS = ("bulleted_list_item", "numbered_list_item", "to_do")
TEXTS = ("paragraph", *HEADINGS, *LISTS, "quote")
"""Types with a text in which bold, italics, code and links can stand."""
HOLDING = frozenset({*LISTS, "quote"})
"""Types in which others can lie, as Markdown can show it."""
DEEPEST = 2
"""So deep may blocks lie in one another in one call."""

_FENCES: Mapping[str, str] = {"plain text": "", "shell": "sh", "c++": "cpp", "c#": "csharp", "docker": "dockerfile"}
"""What Notion's languages are called in Markdown, where otherwise."""
_LANGUAGES: Mapping[str, str] = {
    **{fence: language for language, fence in _FENCES.items() if fence},
    **{
        name: name
        for name in (
            "bash", "c", "css", "diff", "go", "graphql", "html", "java", "javascript", "json", "kotlin", "makefile",
            "markdown", "mermaid", "perl", "php", "powershell", "python", "r", "ruby", "rust", "scala", "sql", "swift",
            "toml", "typescript", "xml", "yaml",
        )
    },
    "js": "javascript", "ts": "typescript", "py": "python", "yml": "yaml", "shell": "shell", "md": "markdown",
}  # fmt: skip


def language_of(info: str) -> str:
    """Notion's language for what stands behind a fence; text where it has none."""
    word = info.partition(" ")[0].lower()
    return _LANGUAGES.get(word, "plain text")


def fence_of(language: Any) -> str:
    """The word behind a fence for one of Notion's languages."""
    return _FENCES.get(language, language) if type(language) is str else ""


def text_block(kind: str, spans: Sequence[Span], children: Sequence[Payload] = (), **more: Any) -> Payload:
    """A block with a text."""
    block: Payload = {"type": kind, kind: {"rich_text": elements_of(spans), **more}}
    return block | {"children": list(children)} if children else block


def held_by(block: Payload) -> Payload:
    """What stands under a block's type; nothing where it is none of an object."""
    held = block.get(str(block.get("type")))
    return held if type(held) is dict else {}


def spans_in(block: Payload) -> list[Span]:
    """The text of a block."""
    return spans_of(held_by(block).get("rich_text"), f"{block.get('type')}.rich_text")


def children_of(block: Payload) -> Sequence[Payload]:
    """What lies in a block."""
    children = block.get("children")
    return children if type(children) is list else ()


def is_known(block: Payload) -> bool:
    """Whether a block, and all that lies in it, is one that Markdown can show. An empty line is a spacer, and none."""
    kind, children = block.get("type"), children_of(block)
    if kind in TEXTS:
        if children and kind not in HOLDING:
            return False
        if kind == "paragraph" and not held_by(block).get("rich_text"):
            return False
        return all(is_known(child) for child in children)
    if kind == "table":
        return bool(children) and all(child.get("type") == "table_row" for child in children)
    if kind == "image":
        return held_by(block).get("type") == "external" and not children
    return kind in ("code", "divider") and not children


def as_sent(block: Payload) -> Payload:
    """The block as it is sent: what lies in it stands under its type."""
    kind = block["type"]
    held = dict(block[kind])
    children = children_of(block)
    if children:
        held["children"] = [as_sent(child) for child in children]
    return {"type": kind, kind: held}
