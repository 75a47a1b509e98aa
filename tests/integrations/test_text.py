from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worklake.integrations.text import marker, markers_in, urls_in, with_markers, without_markers
from worklake.model.ids import TaskId, task_id


@pytest.mark.parametrize(
    ("text", "urls"),
    [
        ("see https://a.example/b.", ["https://a.example/b"]),
        ("<https://a.example/b>", ["https://a.example/b"]),
        ("[it](https://a.example/b) and [that](http://c.example)", ["https://a.example/b", "http://c.example"]),
        ("(see https://a.example/b)", ["https://a.example/b"]),
        ("https://a.example/b_(c)", ["https://a.example/b_(c)"]),
        ('[x](https://a.example "title")', ["https://a.example"]),
        ("**https://a.example/b**, `https://c.example`!", ["https://a.example/b", "https://c.example"]),
        ("HTTPS://A.example/b", ["HTTPS://A.example/b"]),
        ("https://b.example https://a.example https://b.example", ["https://b.example", "https://a.example"]),
        ("| https://a.example | x |", ["https://a.example"]),
        ("https://a.example/?q=1&r=%20#x", ["https://a.example/?q=1&r=%20#x"]),
        ("ftp://a.example http:// https://... ://", []),
        ("", []),
        (None, []),
    ],
)
def test_urls_are_found_in_every_form_once_and_in_order(text, urls):
    assert urls_in(text) == urls


@given(st.text())
def test_no_text_is_too_odd(text):
    for url in urls_in(text + "://" + text):
        assert url.lower().startswith(("http://", "https://"))


def test_long_text_is_searched_in_no_time():
    started = time.process_time()
    urls_in("https://a.example/" + ")" * 200_000)
    urls_in("http://" * 60_000)
    urls_in("://" * 100_000)
    assert time.process_time() - started < 2


def test_marker_is_found_again():
    task = task_id("gitlab", "1")
    assert markers_in(f"text\n{marker(task)}\n{marker(task)}") == [task]
    assert markers_in("<!--worklake:task_0123456789abcdef-->") == ["task_0123456789abcdef"]
    assert markers_in("<!-- worklake:task_nonsense --> worklake: task") == []


@given(
    st.lists(st.sampled_from(["\n", "x", "```", "<!--", " -->", "worklake:"]), max_size=8).map("".join),
    st.integers(0, 3),
)
def test_markers_come_off_as_they_went_on(text, count):
    marked = [TaskId(f"task_{number:016x}") for number in range(count)]
    written = with_markers(text, marked)
    assert markers_in(written) == marked
    assert without_markers(written) == text


def test_markers_come_off_wherever_they_stand():
    mark = "<!-- worklake:comment_0123456789abcdef -->"
    assert without_markers(f"one\n\n{mark}\n\ntwo") == "one\n\ntwo"
    assert without_markers(f"one\n\n{mark}") == "one"
    assert without_markers(f"<!-- worklake:{mark}task_0123456789abcdef -->") == ""
    assert without_markers("worklake:task_0123456789abcdef") == "worklake:task_0123456789abcdef"
