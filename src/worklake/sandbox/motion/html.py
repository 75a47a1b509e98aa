"""Markdown to the HTML of Motion's editor, which keeps a document of its own and nothing that it does not know.

Entries of lists hold paragraphs, task lists are lists with attributes, a single line end is a space, bare addresses
become links, and raw HTML, comments in it included, is gone.
"""

from __future__ import annotations

import re
from collections.abc import MutableMapping, Sequence
from html import escape
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markdown_it.utils import OptionsDict

_ADDRESS = re.compile(r"https?://[^\s<>\"')\]]*[^\s<>\"')\].,;:!?]")
_BOX = re.compile(r"\[([ xX])\]\s+")
_LINK = 'target="_blank" rel="noopener noreferrer nofollow"'
_IN_LINK = "in a link"
"""Where the renderer remembers between two tokens that it is within a link."""


class _Renderer(RendererHTML):
    """Writes what the editor's document would be."""

    def html_block(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: MutableMapping[str, Any]) -> str:
        """Nothing: the editor has no place for raw HTML."""
        return ""

    html_inline = html_block

    def softbreak(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: MutableMapping[str, Any]) -> str:
        """A line end within a paragraph is a space."""
        return " "

    def hardbreak(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: MutableMapping[str, Any]) -> str:
        """A break that was asked for."""
        return "<br>"

    def text(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: MutableMapping[str, Any]) -> str:
        """Text, with links where addresses stand outside of one."""
        content = escape(tokens[idx].content, quote=False)
        if env.get(_IN_LINK):
            return content
        return _ADDRESS.sub(lambda found: f'<a {_LINK} href="{found[0]}">{found[0]}</a>', content)

    def link_open(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: MutableMapping[str, Any]) -> str:
        """A link, as the editor writes all of them."""
        env[_IN_LINK] = True
        return f'<a {_LINK} href="{escape(str(tokens[idx].attrGet("href") or ""))}">'

    def link_close(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: MutableMapping[str, Any]) -> str:
        """The end of a link."""
        env[_IN_LINK] = False
        return "</a>"


_PARSER = MarkdownIt("commonmark", {"html": True}, renderer_cls=_Renderer).enable(["table", "strikethrough"])


def to_html(markdown: str) -> str:
    """What the editor makes of a text; an empty one stays empty."""
    tokens = _PARSER.parse(markdown)
    for token in tokens:
        if token.type in ("paragraph_open", "paragraph_close"):
            token.hidden = False
    _make_task_lists(tokens)
    rendered = str(_PARSER.renderer.render(tokens, _PARSER.options, {}))
    return "".join(_outside_code(rendered))


def _outside_code(rendered: str) -> list[str]:
    """Without the line ends between blocks, which only the renderer puts there."""
    parts = re.split(r"(<pre>.*?</pre>)", rendered, flags=re.DOTALL)
    return [part if part.startswith("<pre>") else part.replace("\n", "") for part in parts]


def _make_task_lists(tokens: list[Token]) -> None:
    lists: list[Token] = []
    for place, token in enumerate(tokens):
        if token.type == "bullet_list_open":
            lists.append(token)
        elif token.type == "bullet_list_close":
            lists.pop()
        elif token.type == "list_item_open" and lists:
            inline = tokens[place + 2] if len(tokens) > place + 2 else token
            box = _BOX.match(inline.content) if inline.type == "inline" else None
            if box is None or not inline.children or not inline.children[0].content.startswith(box[0]):
                continue
            lists[-1].attrSet("data-type", "taskList")
            token.attrSet("data-checked", "false" if box[1] == " " else "true")
            token.attrSet("data-type", "taskItem")
            inline.children[0].content = inline.children[0].content[len(box[0]) :]
