"""Merging texts by lines: what counts as one edit, and what it costs."""

from collections import Counter
from collections.abc import Iterable

import pytest

from worklake.sync.rules import texts
from worklake.sync.rules.texts import merge_texts


def test_edits_at_both_ends_of_a_text_that_repeats_its_lines_are_both_kept() -> None:
    base = "\n".join(["- "] * 8000)
    first, last = f"first\n{base}", f"{base}\nlast"
    assert merge_texts(base, first, last) == f"first\n{base}\nlast"


def test_an_edited_line_among_equal_ones_does_not_meet_a_line_put_at_the_end() -> None:
    lines = ["| | |"] * 200
    edited = [*lines[:100], "| x | |", *lines[101:]]
    merged = merge_texts("\n".join(lines), "\n".join(edited), "\n".join([*lines, "last"]))
    assert merged == "\n".join([*edited, "last"])


def test_the_same_lines_put_in_by_both_among_equal_ones_are_one_edit() -> None:
    assert merge_texts("a\na\na", "a\na\na\na", "a\na\na\na") == "a\na\na\na"


def test_of_a_text_that_repeats_its_lines_by_the_thousand_no_line_is_compared_with_every_other(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    compared: list[int] = []

    class Counting(texts.SequenceMatcher[str]):
        def __init__(self, junk: None, base: Iterable[str], edited: Iterable[str], *, autojunk: bool) -> None:
            base, edited = list(base), list(edited)
            other = Counter(edited)
            compared.append(sum(count * other[line] for line, count in Counter(base).items()))
            super().__init__(junk, base, edited, autojunk=autojunk)

    monkeypatch.setattr(texts, "SequenceMatcher", Counting)
    lines = ["- "] * 20_000
    here = ["begin", *lines, "end"]
    there = [*lines[:10_000], "middle", *lines[10_000:]]
    assert merge_texts("\n".join(lines), "\n".join(here), "\n".join(there)) is None
    assert max(compared, default=0) <= 1_000_000
