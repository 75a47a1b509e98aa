"""Names in texts and branches: what closes, what is only mentioned, and what is no name at all."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worklake.integrations.naming import MOST_NAMES, How, Name, is_revert, key_of_word, names_in, names_in_branch

CLOSES, BRANCH, MENTIONS = How.CLOSES, How.BRANCH, How.MENTIONS
VERBS = [
    *("close", "closes", "closed", "closing", "fix", "fixes", "fixed", "fixing"),
    *("resolve", "resolves", "resolved", "resolving", "implement", "implements", "implemented", "implementing"),
    *("complete", "completes", "completed", "completing"),
]

TEXTS = [
    ("Fixes #1, #2 and group/project#3", {"#1": CLOSES, "#2": CLOSES, "group/project#3": CLOSES}),
    ("Closes: #4", {"#4": CLOSES}),
    ("Closes issues #4 & #5", {"#4": CLOSES, "#5": CLOSES}),
    ("Fixes #1 but not #2", {"#1": CLOSES, "#2": MENTIONS}),
    ("Fixes #1\n#2", {"#1": CLOSES, "#2": MENTIONS}),
    ("Resolves https://git.example/a/b/-/issues/3.", {"https://git.example/a/b/-/issues/3": CLOSES}),
    (
        "Fixes [ENG-12](https://linear.app/acme/issue/ENG-12/x), #3",
        {"ENG-12": CLOSES, "https://linear.app/acme/issue/ENG-12/x": CLOSES, "#3": CLOSES},
    ),
    ("Fixes **#7**", {"#7": CLOSES}),
    ("fixes eng-7", {"ENG-7": CLOSES}),
    ("See #5 and ENG-7, then #5", {"#5": MENTIONS, "ENG-7": MENTIONS}),
    ("#6 is old. Fixes #6.", {"#6": CLOSES}),
    ("owner/repo#12", {"owner/repo#12": MENTIONS}),
    ("prefixes #3", {"#3": MENTIONS}),
    ("utf-8, x#12, &#12;, a/b/#3, #12a, ENG-12-fix, v1.ENG-3, #, ENG-", {}),
    ("`Fixes #1` and ``a ` Fixes #2``", {}),
    ("a ` b\n\nFixes #1 ` c", {"#1": CLOSES}),
    ("```\nFixes #1\n```\nFixes #2", {"#2": CLOSES}),
    ("~~~~ text\nFixes #1\n~~~\nFixes #2", {}),
    ("<!-- Fixes #1\nFixes #2 -->\nFixes #3", {"#3": CLOSES}),
    ("<!-- Fixes #1", {}),
]


@pytest.mark.parametrize(("text", "expected"), TEXTS)
def test_names_in_a_text(text: str, expected: dict[str, How]):
    assert {name.word: name.how for name in names_in(text)} == expected


@pytest.mark.parametrize("verb", VERBS)
def test_every_closing_word_closes_in_any_case_and_with_a_colon(verb: str):
    for written in (verb, verb.upper(), verb.capitalize() + ":"):
        assert names_in(f"This {written} #1") == [Name(CLOSES, "#1")]


def test_what_is_said_in_several_texts_is_named_once_in_the_strongest_way():
    assert names_in("ENG-1 Do it", None, "Fixes ENG-1, see #2") == [Name(CLOSES, "ENG-1"), Name(MENTIONS, "#2")]


@pytest.mark.parametrize(
    ("branch", "words"),
    [
        ("kim/eng-123-fix-it", ["ENG-123"]), ("ENG-1", ["ENG-1"]), ("eng-1-and-ops-2", ["ENG-1", "OPS-2"]),
        ("12-fix-it", ["#12"]), ("kim/12-fix-it", ["#12"]), ("feature/12_fix", ["#12"]), ("2-x-stable", ["#2"]),
        ("main", []), ("v1.2", []), ("eng-1x", []), (None, []),
        ("release/1-2-3", []), ("1-2", []), ("hotfix/2024-11-26", []), ("kim/12_3", []), ("fix-12-it", ["FIX-12"]),
        ("revert-34-kim/eng-12-fix", ["REVERT-34", "ENG-12"]),
    ],
)  # fmt: skip
def test_names_in_the_name_of_a_branch(branch: str | None, words: list[str]):
    assert names_in_branch(branch) == [Name(BRANCH, word) for word in words]


@pytest.mark.parametrize(
    ("branch", "title", "expected"),
    [
        ("revert-34-kim/eng-12-fix", "Login", True), ("Revert-1a2b3c4d", None, True), (None, 'Revert "Login"', True),
        ("revert-35-revert-34-kim/eng-12", 'Revert "Revert "Login""', True), ("kim/revert-eng-12", "Login", False),
        ("reverting", "Revert the order of rows", False), (None, 'Reapply "Login"', False), (None, None, False),
    ],
)  # fmt: skip
def test_what_takes_a_merge_back_is_known_by_its_branch_or_its_title(
    branch: str | None, title: str | None, expected: bool
):
    assert is_revert(branch, title) is expected


def test_what_a_name_stands_for_depends_on_where_it_stands():
    key = ("git.example/sub", "Team/Web")
    assert key_of_word("#012", *key) == "git.example/sub/team/web#12"
    assert key_of_word("Other/API#3", *key) == "git.example/sub/other/api#3"
    assert key_of_word("ENG-12", *key) == "eng-12"


words = st.sampled_from(["#1", "#23", "a/b#4", "ENG-5", "OPS-67"])


@given(
    st.lists(words, min_size=1, max_size=6, unique=True), st.sampled_from(VERBS), st.sampled_from([", ", " and ", ","])
)
def test_everything_in_a_list_behind_a_closing_word_is_closed(named: list[str], verb: str, between: str):
    assert names_in(f"Some words.\n\n{verb} {between.join(named)}. And more") == [Name(CLOSES, one) for one in named]


@given(st.text(alphabet="`~#- \n<!>[]()ENGeng12/x:,", max_size=300))
def test_any_text_has_an_answer_and_none_of_it_is_from_code(text: str):
    found = names_in(text)
    assert len({name.word for name in found}) == len(found) <= MOST_NAMES
    assert names_in(f"```\n{text.replace('`', '')}\n```") == []
    assert names_in(text, text) == found


def test_a_text_of_nothing_but_beginnings_is_read_in_no_time():
    for part in ("`" * 3 + "a ", "<!-- ", "fixes ", "a/" * 3, "#1,", "[`#1](", "~~~\n"):
        assert len(names_in(part * 40_000)) <= MOST_NAMES
