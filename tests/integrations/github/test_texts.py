"""Texts: nobody is called, nothing is linked, code and addresses stay as they are, and all of it comes back."""

from __future__ import annotations

import pytest
from hypothesis import given

from tests.integrations.github.payloads import markdown
from worklake.integrations.github.texts import (
    LONGEST_TEXT,
    fitted,
    fitted_title,
    guarded,
    shown,
    unguarded,
    unix_lines,
    written,
)
from worklake.model.ids import TaskId

G = "\u2060"
GUARDED = {
    "@kim": f"@{G}kim",
    "cc @team/web, (@kim)": f"cc @{G}team/web, (@{G}kim)",
    "fix #12 and team/web#3": f"fix #{G}12 and team/web#{G}3",
    "GH-7 gh-8": f"GH-{G}7 gh-{G}8",
    "&#39 is no sign": f"&#{G}39 is no sign",
    "https://@kim is no address": f"https://@{G}kim is no address",
    "[x](https://x.example/a)@kim": f"[x](https://x.example/a)@{G}kim",
    "`open @kim": f"`open @{G}kim",
    "``a` @kim``` `b`": f"``a` @{G}kim``` `b`",
    "a ` b\n`@kim`": f"a ` b\n`@{G}kim`",
    "| a | `x | @kim` |": f"| a | `x | @{G}kim` |",
    "\\`@kim`": f"\\`@{G}kim`",
    "<b title='`'>`@kim`</b>": f"<b title='`'>`@{G}kim`</b>",
    "```\nno end\n@kim": f"```\nno end\n@{G}kim",
    "<details>\n```\n@kim\n```": f"<details>\n```\n@{G}kim\n```",
    "> ```\n> @kim\n> ```": f"> ```\n> @{G}kim\n> ```",
    f"@{G}kim": f"@{G}{G}kim",
    f"#{G}12": f"#{G}{G}12",
}
KEPT = [
    "kim@x.example", "# 1", "#heading", "C# 7", "&#39;", "a @ b", "GH-x", "AGH-7",
    "https://medium.com/@kim/x#12", "www.x.example/@kim", "`@kim` and ``#12 ` x``", "```\n@property\n#1\n```",
    "~~~ sh\n@kim\n~~~\n", "a ` b\n\n`@kim`", f"#{G}abc", f"@{G}",
]  # fmt: skip


@pytest.mark.parametrize("text", GUARDED)
def test_what_would_call_somebody_or_link_something_is_guarded(text: str):
    assert guarded(text) == GUARDED[text]
    assert unguarded(GUARDED[text]) == text


@pytest.mark.parametrize("text", KEPT)
def test_what_does_neither_is_left_alone(text: str):
    assert guarded(text) == text
    assert unguarded(text) == text


@given(markdown)
def test_what_was_guarded_is_read_as_it_was(text: str):
    assert unguarded(guarded(text)) == text
    mark = TaskId("task_0123456789abcdef")
    fits = fitted(text)
    assert shown(written(fits, [mark])) == fits == fitted(fits)
    assert "\r" not in (shown(text) or "") and unix_lines(text).count("\n") >= (shown(text) or "").count("\n")


@pytest.mark.parametrize("text", ["x" * 70_000, "@kim " * 20_000, "🚀" * 70_000], ids=["letters", "names", "emoji"])
def test_a_text_that_is_too_long_is_cut_to_what_fits_with_its_markers(text: str):
    cut = fitted(text)
    assert cut is not None and text.startswith(cut) and fitted(cut) == cut
    sent = written(cut, [TaskId("task_0123456789abcdef")] * 4)
    assert LONGEST_TEXT - 50 < len(sent) <= LONGEST_TEXT


def test_a_title_is_one_line_of_256_characters():
    assert fitted_title("  a\r\nb\0c ") == "a bc"
    assert fitted_title("x" * 300) == "x" * 256
