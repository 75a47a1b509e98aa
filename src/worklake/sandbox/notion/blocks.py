"""Blocks: as they are sent and as they are shown."""

from __future__ import annotations

from typing import Any

from worklake.sandbox.notion import richtext, values
from worklake.sandbox.notion.entities import Block, Json, User
from worklake.sandbox.notion.errors import invalid, not_served
from worklake.sandbox.notion.store import Store, shown_time

MOST_CHILDREN = 100
MOST_BLOCKS = 1000
DEEPEST = 2
"""So deep may blocks lie in one another in one call."""
WITH_TEXT: dict[str, Json] = {
    "paragraph": {"color": "default"},
    "heading_1": {"is_toggleable": False, "color": "default"},
    "heading_2": {"is_toggleable": False, "color": "default"},
    "heading_3": {"is_toggleable": False, "color": "default"},
    "bulleted_list_item": {"color": "default"},
    "numbered_list_item": {"color": "default"},
    "to_do": {"checked": False, "color": "default"},
    "toggle": {"color": "default"},
    "quote": {"color": "default"},
    "callout": {"icon": {"type": "emoji", "emoji": "💡"}, "color": "gray_background"},
    "code": {"language": "plain text", "caption": []},
}
"""Types with a text, and what else they hold unless told."""
_HOLDING = frozenset({*WITH_TEXT, "table"}) - {"code"}
LANGUAGES = frozenset(
    {
        "bash", "c", "c++", "c#", "css", "diff", "docker", "go", "graphql", "html", "java", "javascript", "json",
        "kotlin", "makefile", "markdown", "mermaid", "perl", "php", "plain text", "powershell", "python", "r", "ruby",
        "rust", "scala", "shell", "sql", "swift", "toml", "typescript", "xml", "yaml",
    }
)  # fmt: skip


class BlockMaker:
    """Makes blocks of what one call sends, and counts them."""

    def __init__(self, store: Store, author: User) -> None:
        self._store, self._author, self._made = store, author, 0

    def make(self, sent: Any, where: str = "body.children", depth: int = 0) -> list[Block]:
        """The blocks. Raises `ApiError` for what Notion does not take; nothing is kept then."""
        if not isinstance(sent, list):
            raise invalid(f"body failed validation: {where} should be an array.")
        if len(sent) > MOST_CHILDREN:
            raise invalid(
                f"body failed validation: {where}.length should be ≤ `{MOST_CHILDREN}`, instead was `{len(sent)}`."
            )
        if depth > DEEPEST and sent:
            raise invalid(f"body failed validation: {where} should be not present: blocks lie too deep in one another.")
        return [self._one(one, f"{where}[{place}]", depth) for place, one in enumerate(sent)]

    def _one(self, sent: Any, where: str, depth: int) -> Block:
        self._made += 1
        if self._made > MOST_BLOCKS:
            raise invalid(f"body failed validation: no more than {MOST_BLOCKS} blocks in a request.")
        kind = _type_of(sent, where)
        held = dict(sent[kind])
        children = held.pop("children", [])
        if children and kind not in _HOLDING:
            raise invalid(f"body failed validation: {where}.{kind}.children should be not present.")
        content = content_of(self._store, kind, held, f"{where}.{kind}")
        now = self._store.now()
        block = Block(
            self._store.new_id("block"), kind, content, now, now, self._author.id, self._author.id,
            self.make(children, f"{where}.{kind}.children", depth + 1),
        )  # fmt: skip
        _check_table(block, where)
        return block


def content_of(store: Store, kind: str, held: Json, where: str, before: Json | None = None) -> Json:
    """What stands under a block's type, as it is shown; what is not given stays as `before`."""
    name_of = values.name_of(store)
    if kind in WITH_TEXT:
        content = {**WITH_TEXT[kind], "rich_text": [], **(before or {}), **held}
        if before is None and "rich_text" not in held:
            raise invalid(f"body failed validation: {where}.rich_text should be defined, instead was `undefined`.")
        if "rich_text" in held:
            content["rich_text"] = richtext.shown(held["rich_text"], f"{where}.rich_text", name_of)
        if "caption" in held:
            content["caption"] = richtext.shown(held["caption"], f"{where}.caption", name_of)
        if kind == "code" and content["language"] not in LANGUAGES:
            raise invalid(f"body failed validation: {where}.language should be one of the languages that Notion knows.")
        return content
    match kind:
        case "divider" | "table_of_contents":
            return dict(held)
        case "table":
            return {"table_width": held.get("table_width"), "has_column_header": bool(held.get("has_column_header")),
                    "has_row_header": bool(held.get("has_row_header"))}  # fmt: skip
        case "table_row":
            cells = held.get("cells")
            if not isinstance(cells, list):
                raise invalid(f"body failed validation: {where}.cells should be an array.")
            return {"cells": [richtext.shown(one, f"{where}.cells[{at}]", name_of) for at, one in enumerate(cells)]}
        case "image" | "bookmark" | "embed" | "equation":
            return _media(kind, held, where, name_of)
    raise not_served(f"blocks of the type {kind}")


def _media(kind: str, held: Json, where: str, name_of: richtext.NameOf) -> Json:
    if kind == "equation":
        return {"expression": str(held.get("expression", ""))}
    url = (held.get("external") or {}).get("url") if kind == "image" else held.get("url")
    if not isinstance(url, str) or not url.lower().startswith(("http://", "https://")):
        raise invalid(f"body failed validation: {where}: Invalid URL.")
    caption = richtext.shown(held.get("caption", []), f"{where}.caption", name_of)
    if kind == "image":
        return {"type": "external", "external": {"url": url}, "caption": caption}
    return {"url": url, "caption": caption}


def _type_of(sent: Any, where: str) -> str:
    if not isinstance(sent, dict):
        raise invalid(f"body failed validation: {where} should be an object.")
    kind = sent.get("type") or next((one for one in sent if one != "object"), None)
    if not isinstance(kind, str) or not isinstance(sent.get(kind), dict):
        raise invalid(f"body failed validation: {where}.{kind} should be defined, instead was `undefined`.")
    return kind


def _check_table(block: Block, where: str) -> None:
    if block.type != "table":
        return
    width = block.content["table_width"]
    if not block.children or any(row.type != "table_row" for row in block.children):
        raise invalid(f"body failed validation: {where}.table.children should have at least one table row.")
    if any(len(row.content["cells"]) != width for row in block.children):
        raise invalid(f"body failed validation: {where}.table: a row should have as many cells as the table.")


def shown(store: Store, block: Block, parent: Json) -> Json:
    """A block as it is shown: what lies in it has to be asked for."""
    living = [child for child in block.children if not child.in_trash]
    return {
        "object": "block",
        "id": block.id,
        "parent": parent,
        "created_time": shown_time(block.created_at),
        "last_edited_time": shown_time(block.edited_at),
        "created_by": {"object": "user", "id": block.created_by},
        "last_edited_by": {"object": "user", "id": block.edited_by},
        "has_children": bool(living),
        "in_trash": block.in_trash,
        "type": block.type,
        block.type: block.content,
    }
