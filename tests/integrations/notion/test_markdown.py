"""Markdown to blocks and back: what comes back is what went, or says the same and then stays so."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from worklake.integrations.notion.blocks import as_sent, is_known
from worklake.integrations.notion.markdown import blocks_of
from worklake.integrations.notion.rendering import fitted, markdown_of
from worklake.testing.texts import TEXTS, words_of

AS_IT_WENT = [
    "A line.", "Two\nlines", "One.\n\nTwo.", "# One\n\n## Two\n\n### Three", "**bold** and *italic* and ~~gone~~",
    "`code` and ``co`de``", "[a link](https://a.example/x?y=z#w)", "**bold [link](https://a.example) bold**",
    "***both*** **a** *b*", "- one\n- two", "1. one\n2. two", "- [ ] to do\n- [x] done", "- one\n  - two\n    - three",
    "1. one\n   - two\n2. three", "- one\n\n  more of it\n- two", "> quoted", "> quoted\n> twice",
    "> quoted\n>\n> - list", "```python\nx = 1\n```", "```\n# no *marks*\n```", "````\n```\n````", "---",
    "```js\nx\n```",    "```unheard-of\nx\n```", "```python title=\"a\"\nx\n```",
    "| a | b |\n| --- | --- |\n| 1 | **2** |", "| a\\|b |\n| --- |\n| c |", "![alt](https://a.example/x.png)",
    "Text with ![alt](https://a.example/x.png) inside", "a_b_c and 2 * 3 * 4", "# head\n\ntext\n\n- x\n\n---\n\ntext",
    "see https://a.example/b_c_d", "<b>HTML</b> &amp; <!-- hidden -->", "[relative](/x) ![x](/y)", "@kim #12 !7 ~bug",
    "\\*not bold\\*", "1\\. no list", "\\# no heading", "[title](https://a.example \"hint\")", "- [ ]", "a  b",
]  # fmt: skip


@pytest.mark.parametrize("text", AS_IT_WENT)
def test_markdown_comes_back_as_it_went(text: str):
    assert fitted(text) == text


WRITTEN_OTHERWISE = {
    "* one\n* two": "- one\n- two",
    "__bold__ _it_": "**bold** *it*",
    "~~~sh\nls\n~~~": "```sh\nls\n```",
    "~~~`a` b\nx\n~~~": "~~~`a` b\nx\n~~~",
    "one\r\ntwo": "one\ntwo",
    "one  \ntwo": "one\ntwo",
    "|a|b|\n|:-|-:|\n|1|2|": "| a | b |\n| --- | --- |\n| 1 | 2 |",
    "   ": "",
    "- [X] done": "- [x] done",
    "- a\n  - b\n    - c\n      - d": "- a\n  - b\n    - c\n    - d",
    "```\nno end": "```\nno end\n```",
}


@pytest.mark.parametrize("text", WRITTEN_OTHERWISE)
def test_markdown_that_notion_says_otherwise_stays_as_it_then_is(text: str):
    assert fitted(text) == WRITTEN_OTHERWISE[text]
    assert fitted(fitted(text)) == fitted(text)


KEPT_AS_TEXT = ["3. three\n4. four", "#### four", "- ```\n  code\n  ```", "5) five"]


@pytest.mark.parametrize("text", KEPT_AS_TEXT)
def test_markdown_without_a_block_stays_text_with_every_word(text: str):
    assert {block["type"] for block in blocks_of(text)} == {"paragraph"}
    assert words_of(fitted(text)) == words_of(text)


@pytest.mark.parametrize("kind", TEXTS)
def test_odd_text_loses_no_word(kind: str):
    assert words_of(fitted(TEXTS[kind])) == words_of(TEXTS[kind])


def test_nothing_is_a_mention_or_anything_that_notifies():
    blocks = blocks_of("@kim [x](mention:kim) <@123> [[page]] @today /remind")
    elements = [one for block in blocks for one in block["paragraph"]["rich_text"]]
    assert {one["type"] for one in elements} == {"text"} and not any("link" in one["text"] for one in elements)


pieces = st.sampled_from(
    ["a", "b c", "*", "**", "_", "`", "```", "~~", "[", "](", ")", "https://x.example/a_b", "!", "#", "# ", "> ", "- ",
     "1. ", "2) ", "|", "| --- |", "\n", "\n\n", "    ", "\t", "\\", "&amp;", "<", "-->", "---", "===", "[ ] ", "é",
     "🚀", "\r\n", "\u00a0", "\u2028", "~~~", ":", "+ "]
)  # fmt: skip
texts = st.one_of(st.lists(pieces, max_size=14).map("".join), st.text(st.characters(codec="utf-8"), max_size=50))


@settings(max_examples=200, deadline=None)
@given(texts)
def test_fitted_text_is_what_its_blocks_say_and_stays_so(text: str):
    once = fitted(text)
    assert markdown_of(blocks_of(once)) == once
    assert fitted(once) == once


def _letters(text: str) -> list[str]:
    return [letter for letter in text if letter.isalnum()]


@settings(max_examples=150, deadline=None)
@given(st.lists(pieces.filter(lambda one: one not in ("1. ", "2) ", "```", "~~~")), max_size=12).map("".join))
def test_no_letter_is_lost(text: str):
    assert _letters(fitted(text)) == _letters(text)


@settings(max_examples=200, deadline=None)
@given(texts)
def test_blocks_are_such_as_notion_takes(text: str):
    for block in blocks_of(text):
        assert is_known(block)
        _check(as_sent(block), 0)


def _check(block: dict[str, Any], depth: int) -> None:
    assert depth <= 2
    held = block[block["type"]]
    for elements in [held.get("rich_text", []), held.get("caption", []), *held.get("cells", [])]:
        assert len(elements) <= 100
        for one in elements:
            assert 0 < len(one["text"]["content"].encode("utf-16-le")) // 2 <= 2000
            assert (one["text"].get("link") or {"url": "http"})["url"].startswith("http")
    assert len(held.get("children", [])) <= 100
    for child in held.get("children", []):
        _check(child, depth + 1)


def test_long_line_is_many_pieces_and_a_very_long_one_several_blocks():
    (block,) = blocks_of("🚀" * 60_000)
    assert len(block["paragraph"]["rich_text"]) == 60
    assert len(blocks_of("x" * 260_000)) == 6
    assert fitted("x" * 60_000) == "x" * 60_000


def _shown(kind: str, *said: Any, children: Any = (), **more: Any) -> dict[str, Any]:
    elements = [
        {"type": "text", "plain_text": text, "href": href, "annotations": dict.fromkeys(marks, True)}
        for text, href, marks in said
    ]
    return {"type": kind, kind: {"rich_text": elements, **more}, "children": list(children)}


def test_what_people_type_in_notion_is_escaped_only_where_it_would_be_read_otherwise():
    def said(text: str) -> str:
        return markdown_of([_shown("paragraph", (text, None, ()))])

    assert said("2 * 3 = 6, a_b, #1 and <x>") == "2 * 3 = 6, a_b, #1 and <x>"
    assert said("*no* emphasis") == "\\*no\\* emphasis"
    assert said("- no list") == "\\- no list"
    assert said("1. no list") == "1\\. no list"
    assert said("# no heading") == "\\# no heading"
    assert said("> no quote") == "\\> no quote"
    assert said("[x](https://a.example)") == "\\[x\\](https://a.example)"
    bullet = _shown("bulleted_list_item", ("[ ] no box", None, ()))
    assert markdown_of([bullet]) == "- \\[ \\] no box"


def test_looks_of_notion_become_marks_that_stand_close_to_the_words():
    bold = _shown("paragraph", ("a ", None, ()), (" b ", None, ("bold",)), ("c", None, ()))
    assert markdown_of([bold]) == "a  **b** c"
    linked = _shown("paragraph", ("x", "https://a.example/(y)", ("italic",)))
    assert markdown_of([linked]) == "[*x*](<https://a.example/(y)>)"
    bare = _shown("paragraph", ("https://a.example", "https://a.example", ()))
    assert markdown_of([bare]) == "https://a.example"


def test_blocks_that_are_not_known_are_left_out_and_lists_stand_together():
    blocks = [
        _shown("numbered_list_item", ("one", None, ())),
        _shown("numbered_list_item", ("two", None, ()), children=[_shown("to_do", ("three", None, ()), checked=True)]),
        {"type": "child_page", "child_page": {"title": "A page"}},
        _shown("paragraph"),
        _shown("callout", ("seen by people alone", None, ())),
        _shown("bulleted_list_item", ("x", None, ()), children=[_shown("callout", ("y", None, ()))]),
        {"type": "image", "image": {"type": "file", "file": {"url": "https://signed.example/?x=1"}}},
        _shown("paragraph", ("end", None, ())),
    ]
    assert markdown_of(blocks) == "1. one\n2. two\n   - [x] three\n\nend"
