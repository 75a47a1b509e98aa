"""Texts come back as an editor would write them."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from worklake.sandbox.linear.markdown import normalised


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("* one\n+ two\n  * three", "- one\n- two\n  - three"),
        ("line   \r\nnext", "line\nnext"),
        ("a\n\n\n\nb", "a\n\nb"),
        ("Title\n=====\ntext", "# Title\ntext"),
        ("Part\n---", "## Part"),
        ("a __strong__ word", "a **strong** word"),
        ("snake__case__name", "snake__case__name"),
        ("***", "***"),
        ("- [ ] task", "- [ ] task"),
        ("```\n* kept   \n\n\n__kept__\n```", "```\n* kept   \n\n\n__kept__\n```"),
        ("\n\ntext\n\n", "text"),
    ],
)
def test_text_comes_back_in_the_editors_hand(written, read):
    assert normalised(written) == read


@settings(deadline=None)
@given(st.text(alphabet=" \n*+-_=#`~ab|\t", max_size=60))
def test_text_that_came_back_comes_back_unchanged(text):
    once = normalised(text)
    assert normalised(once) == once


def test_description_and_comments_pass_through_the_editor(linear):
    issue = linear.create_issue("id description", description="* one  \n* two")
    assert issue["description"] == "- one\n- two"
    given_body = {"issueId": issue["id"], "body": "* three"}
    comment = linear.result("commentCreate", "comment { body }", input=("CommentCreateInput!", given_body))
    assert comment["comment"]["body"] == "- three"
