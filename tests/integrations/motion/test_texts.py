"""Markdown in, HTML out, Markdown again: nothing grows, nothing is lost that can be kept, and markers are found."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import settings as tried
from hypothesis import strategies as st

from worklake.errors import UnreadableError
from worklake.integrations.motion import texts
from worklake.model.ids import CommentId, TaskId
from worklake.testing.texts import words_of

TASK, COMMENT = TaskId("task_0123456789abcdef"), CommentId("comment_0123456789abcdef")
any_text = st.text(st.characters(codec="utf-8"), max_size=60)
full_of_marks = st.text("ab 1.-+*_`~#>|[]()<>&\\\n!:=", max_size=40)


@tried(max_examples=120)
@given(any_text | full_of_marks)
def test_settled_text_comes_back_as_it_is(text):
    once = texts.settled(text)
    assert texts.shown(texts.as_html(once)) == once
    assert texts.settled(once) == once


@tried(max_examples=60)
@given(any_text | full_of_marks)
def test_markers_are_found_and_do_not_show(text):
    once = texts.settled(text)
    html = texts.as_html(once, [TASK])
    assert texts.markers_in(html) == [TASK]
    assert texts.comment_markers_in(html) == []
    assert texts.shown(html) == once


@pytest.mark.parametrize(
    ("html", "markdown"),
    [
        ("", None),
        ("<p></p>", None),
        ("<p>One</p><p>Two</p>", "One\n\nTwo"),
        ("<p>One<br>two</p>", "One\\\ntwo"),
        ("<h2>Head</h2><p>Body</p>", "## Head\n\nBody"),
        ("<p><strong>a</strong> <em>b</em> <s>c</s> <code>d</code></p>", "**a** *b* ~~c~~ `d`"),
        ("<ul><li><p>a</p><ul><li><p>b</p></li></ul></li></ul>", "- a\n\n  - b"),
        ("<ol><li><p>a</p></li><li><p>b</p></li></ol>", "1. a\n2. b"),
        ("<blockquote><p>a</p></blockquote>", "> a"),
        ('<pre><code class="language-python">x = 1\n</code></pre>', "```python\nx = 1\n```"),
        ('<p><a href="https://a.example/b_c" rel="nofollow">https://a.example/b_c</a></p>', "https://a.example/b_c"),
        ('<p><a href="https://a.example">that</a></p>', "[that](https://a.example)"),
        ('<p><img src="https://a.example/x.png" alt="shot"></p>', "![shot](https://a.example/x.png)"),
        ("<p>1 &lt; 2 &amp;&amp; x_y * z</p>", "1 < 2 && x_y \\* z"),
        ("<p>&lt;b&gt; # a - b</p>", "\\<b> # a - b"),
        ("<p># no heading</p><p>- no list</p><p>1. none</p>", "\\# no heading\n\n\\- no list\n\n1\\. none"),
        ("<table><tr><th>a</th><th>b</th></tr><tr><td>1</td><td>2</td></tr></table>",
         "| a | b |\n| --- | --- |\n| 1 | 2 |"),
        ("<script>alert(1)</script><p>x</p>", "x"),
    ],
)  # fmt: skip
def test_html_is_read_as_people_would_write_it(html, markdown):
    assert texts.shown(html) == markdown


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("bare", ["https://a.example/x", "notes.txt", "/etc/hosts"])
def test_text_without_any_tag_is_read_as_it_is(bare):
    assert texts.shown(bare) == bare


def test_task_lists_are_read_with_their_boxes():
    html = (
        '<ul data-type="taskList"><li data-checked="true" data-type="taskItem"><p>done</p></li>'
        '<li data-checked="false" data-type="taskItem"><label><input type="checkbox"><span></span></label>'
        "<div><p>open</p></div></li></ul>"
    )
    assert texts.shown(html) == "- [x] done\n- [ ] open"
    assert texts.settled("- [x] done\n- [ ] open") == "- [x] done\n- [ ] open"


@pytest.mark.parametrize(
    "html",
    [
        f"<p>Text</p><p><code>worklake:{TASK}</code></p>",
        f"<p>Text</p><p>worklake:{TASK}</p>",
        f"<p><code>worklake:{TASK}</code></p><p>Text</p>",
        f"<p>Text <code>worklake:{TASK}</code></p>",
    ],
)
def test_marker_is_found_wherever_it_was_moved_and_whatever_became_of_its_form(html):
    assert texts.markers_in(html) == [TASK]
    assert texts.shown(html) == "Text"


def test_markers_of_tasks_and_comments_are_told_apart():
    html = texts.as_html("Text", [TASK, COMMENT, TASK])
    assert (texts.markers_in(html), texts.comment_markers_in(html)) == ([TASK], [COMMENT])


@pytest.mark.parametrize("text", [f"<!-- worklake:{TASK} -->\n\nText", f"Text\n\n`worklake:{TASK}`"])
def test_marker_that_somebody_typed_is_not_written(text):
    assert texts.settled(text) == "Text"


@pytest.mark.parametrize("text", ["<b>x</b> <script>y</script>", "a <!-- b -->", "<div>\nx\n</div>", "&lt;b&gt;"])
def test_what_looks_like_html_is_written_as_text(text):
    html = texts.as_html(texts.settled(text))
    assert "<b>" not in html and "<script" not in html and "<!--" not in html and "<div" not in html


def test_text_that_nothing_else_can_hold_is_written_as_code_with_all_its_words():
    strange = "# \\#\n\t`\n~~~a `b` ```\n c"
    assert words_of(texts.literal(strange)) == words_of(strange)
    assert texts.shown(texts.as_html(texts.literal(strange))) == texts.literal(strange)


def test_html_that_is_nested_without_end_is_unreadable_and_nothing_worse():
    with pytest.raises(UnreadableError, match="nested too deep"):
        texts.shown("<div>" * 5000 + "x")


def test_titles_are_one_line():
    assert texts.fitted_title("  a\r\nb\rc\0 ") == "a b c"
