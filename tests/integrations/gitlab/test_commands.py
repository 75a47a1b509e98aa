"""No text makes GitLab execute anything: held against a Markdown parser, as GitLab's own looks for commands with one.

GitLab takes the lines of paragraphs that begin with `/word` for commands.
"""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import settings as tried
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from worklake.integrations.gitlab.texts import escaped, fitted, shown, unescaped, written
from worklake.model.ids import TaskId

MARK = TaskId("task_0123456789abcdef")
PARSER = MarkdownIt("commonmark")
LINES = [
    "/close", "/label ~bug", "  /assign @kim", "    /due 1", "\\/close", "text", "", "", "```", "```", "````", "``` sh",
    "```a`b", "~~~", "~~~~ x", "  ```", "   ~~~", "    ```", "\t```", "``` ", "```\t", "```\u00a0", "> ```", "- ```",
    "> /close", "- item", "  ~~~", "<div>", "</div>", "<!-- x", "-->", "<!-- y -->", "<pre>", "</pre>", "---",
    "1. one", "   text", "[a]: /url 'x", "'", "# title", "| a |", "\t/close", "<", "`", "/close\r", "```\r",
]  # fmt: skip
texts = st.lists(st.sampled_from(LINES), max_size=12).map("\n".join)


def executed(text: str) -> list[str]:
    """The lines that GitLab would execute."""
    lines = text.replace("\r", "").split("\n")
    found = []
    for token in PARSER.parse("\n".join(lines)):
        if token.type == "paragraph_open" and token.map:
            found += [line for line in lines[token.map[0] : token.map[1]] if re.match(r"/[A-Za-z]", line)]
    return found


@tried(max_examples=1500, deadline=None)
@given(texts)
def test_nothing_that_is_written_is_executed(text):
    assert executed(written(fitted(text), [MARK])) == []
    assert executed(written(fitted(text))) == []


@tried(max_examples=500, deadline=None)
@given(texts)
def test_what_is_written_is_read_back(text):
    fit = fitted(text)
    assert shown(written(fit, [MARK])) == fit
    assert shown(written(fit)) == fit
    assert fitted(fit) == fit


def test_commands_are_found_where_they_are():
    """The test's own eyes: a text that is not escaped would be executed."""
    assert executed("one\n/close\n\n```\n/code\n```\n> /quoted\n\n<div>\n/html\n</div>") == ["/close"]


@pytest.mark.parametrize(
    "trap",
    [
        "<div>\n```\n\n/close\n\n```",
        "<!--\n```\n-->\n/close\n```",
        "- item\n\n  ```\n/close\n```",
        "  ```\ncode\n```\n/close\n```",
        "```\n\t```\nx\n```\n/close\n```",
        ">>>\n```\n>>>\n/close\n```",
        "---\n```\n---\n/close\n```",
    ],
)
def test_code_that_only_seems_to_be_code_is_escaped(trap):
    assert "\\/close" in escaped(trap)
    assert unescaped(escaped(trap)) == trap


def test_code_is_left_as_it_is():
    for text in ("```\n/close\n```", "Do:\n\n```sh\n/usr/bin/env\n```\n\n~~~\n/x\n~~~", "- one\n- two\n\n```\n/x\n```"):
        assert escaped(text) == text


def test_text_of_very_many_fences_is_no_trouble():
    text = "\n".join(f"{'`' * (3 + number % 50)}\n/x" for number in range(20_000))
    assert unescaped(escaped(text)) == text
