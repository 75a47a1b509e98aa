"""What a copy of a comment says, and when it is due."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from worklake.model.heart_rows import Operation, PlannedStep
from worklake.model.rows import LinkState
from worklake.sync.rules.comments import (
    COMMENT,
    CommentLink,
    answered,
    comment_steps,
    copied_by,
    copy_at,
    copy_text,
    normal,
    said,
    says,
    shown_name,
)
from worklake.sync.rules.state import Conflict, ConflictKind, ItemKey
from worklake.sync.rules.values import same
from worklake.testing.texts import TEXTS

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
KIM = CommentLink("linear", "c1", "comment_1", "t1", "L-1", "Done by @lee?", author="u1", created_at=NOON)
LEE = replace(
    KIM, external_id="c2", comment_id="comment_2", body="Yes", author="u2", created_at=NOON - timedelta(hours=1)
)
PLACES = {"linear": ["L-1"], "web": ["31", "32"], "hub": []}


def name_of(_source: str, account: str | None) -> str:
    return {"u1": "Kim", "u2": "Lee"}.get(account or "", "")


def copy(of: CommentLink = KIM, source: str = "web", item: str = "31") -> CommentLink:
    text = copy_text(name_of(of.source, of.author), of.source, of.url, None, of.body)
    made = CommentLink(source, "7", of.comment_id, "t1", item, "", is_born=False)
    return answered(made, of.body, text)


def steps(*links: CommentLink, conflicts: tuple[Conflict, ...] = ()) -> list[PlannedStep]:
    return comment_steps("t1", links, PLACES, name_of, conflicts)


def held(kind: ConflictKind, value: str | None = None) -> Conflict:
    return Conflict("conflict_1", "t1", COMMENT, kind, (), True, "", "run_1", NOON, value=value,
                    at_item=ItemKey("web", "comment_1"))  # fmt: skip


def test_a_copy_names_its_author_and_where_it_was_written() -> None:
    assert copy_text("Kim", "linear", None, None, "Done.") == "**Kim** wrote in linear:\n\nDone."
    linked = copy_text("Kim", "linear", "https://linear.app/a#c", "Lee", "Done.")
    assert linked == "**Kim** wrote in [linear](https://linear.app/a#c) in answer to Lee:\n\nDone."
    assert said(linked) == "Done."


@pytest.mark.parametrize(
    ("name", "shown"), [("Kim *Lee*", "Kim Lee"), ("@kim", "kim"), (None, "Somebody"), ("_\n", "Somebody")]
)
def test_a_name_does_nothing_where_it_stands(name: str | None, shown: str) -> None:
    assert shown_name(name) == shown


@pytest.mark.parametrize("body", TEXTS.values(), ids=TEXTS)
def test_a_copy_says_what_was_written_whatever_that_is(body: str) -> None:
    assert said(copy_text("Kim", "linear", None, None, body)) == normal(body).lstrip("\n")


@given(st.text(), st.text())
@example("", "\r0")
def test_what_a_copy_says_is_what_was_written(name: str, body: str) -> None:
    assert said(copy_text(name, "linear", None, None, body)) == normal(body).lstrip("\n")


@pytest.mark.parametrize(
    ("body", "called"),
    [
        ("ask @kim", False),
        ("(@kim), @all", False),
        ("kim@x.example", True),
        ("`@kim` is code", True),
        ("```\n@decorator\n```", True),
        ("```\n@not in code for nothing closes it", False),
        ("https://x.example/@kim", True),
    ],
)
def test_nobody_is_called_by_a_copy(body: str, called: bool) -> None:
    """What nobody is called by stays as it is: addresses and code."""
    text = copy_text("Kim", "linear", None, None, body)
    assert text.endswith(body) == called
    assert normal(text).endswith(normal(body))


def test_each_comment_is_due_once_in_each_other_source_in_the_order_of_writing() -> None:
    due = [(one.source, one.comment_id, one.operation, one.external_id) for one in steps(KIM, LEE)]
    assert due == [
        ("hub", "comment_2", Operation.CREATE, None),
        ("web", "comment_2", Operation.CREATE, "31"),
        ("hub", "comment_1", Operation.CREATE, None),
        ("web", "comment_1", Operation.CREATE, "31"),
    ]


def test_what_a_comment_says_is_compared_as_a_text() -> None:
    assert same(COMMENT, "one\r\ntwo\n", "one\ntwo")
    assert not same(COMMENT, "\\/close", "/close")


def test_an_internal_comment_stays_where_it_was_written() -> None:
    assert steps(replace(KIM, internal=True)) == []


def test_what_stands_there_and_says_so_is_not_due() -> None:
    assert steps(KIM, copy(), replace(copy(), source="hub")) == []


def test_a_copy_that_its_provider_shows_otherwise_says_so_all_the_same() -> None:
    rewritten = answered(copy(), KIM.body, "**Kim** schrieb: Done by …")
    assert says(rewritten, KIM.body)
    assert not says(rewritten, "Something else")
    assert not says(replace(rewritten, body="somebody's"), KIM.body)


def test_an_edit_where_it_was_written_is_due_at_the_copy() -> None:
    (step,) = [one for one in steps(replace(KIM, body="Not yet"), copy()) if one.source == "web"]
    assert (step.operation, step.expected) == (Operation.UPDATE, {COMMENT: copy().body})
    assert step.fields == {COMMENT: "**Kim** wrote in linear:\n\nNot yet"}


@pytest.mark.parametrize(("item", "due"), [("32", ["32"]), ("33", [])])
def test_an_edit_follows_on_whichever_item_of_the_task_a_copy_stands(item: str, due: list[str]) -> None:
    edits = steps(replace(KIM, body="Not yet"), copy(item=item))
    assert [one.external_id for one in edits if one.source == "web"] == due


def test_a_copy_that_somebody_edited_is_written_back() -> None:
    edited = replace(copy(), body="**Kim** wrote in linear:\n\nSomething else")
    assert [one.operation for one in steps(KIM, edited) if one.source == "web"] == [Operation.UPDATE]


def test_a_copy_that_somebody_deleted_stays_deleted_and_one_that_we_deleted_is_due() -> None:
    assert [one.source for one in steps(KIM, replace(copy(), state=LinkState.MISSING))] == ["hub"]
    assert [one.source for one in steps(KIM, replace(copy(), state=LinkState.DELETED))] == ["hub", "web"]


@pytest.mark.parametrize("number", ["2", "9"])
def test_a_copy_that_was_deleted_and_made_anew_is_the_one_that_stands(number: str) -> None:
    deleted, anew = replace(copy(), state=LinkState.DELETED), replace(copy(), external_id=number)
    edited = replace(KIM, body="Edited")
    for links in ((deleted, anew), (anew, deleted)):
        assert copy_at(links, anew.place) == anew
        assert [one.operation for one in steps(edited, *links) if one.source == "web"] == [Operation.UPDATE]
        assert [one.source for one in steps(KIM, *(replace(one, state=LinkState.MISSING) if one == anew else one
                                                   for one in links))] == ["hub"]  # fmt: skip


def test_a_marker_tells_a_copy_that_was_made_anew_after_we_had_deleted_it() -> None:
    deleted = replace(copy(), state=LinkState.DELETED)
    assert copied_by("web", "9", [KIM.comment_id], (KIM, deleted), {}) == KIM.comment_id
    assert copied_by("web", "9", [KIM.comment_id], (KIM, replace(deleted, state=LinkState.MISSING)), {}) is None


def test_what_was_undone_or_refused_waits_for_a_person() -> None:
    text = copy().body
    for conflict in (held(ConflictKind.UNDONE), held(ConflictKind.REFUSED, text)):
        assert [one.source for one in steps(KIM, conflicts=(conflict,))] == ["hub"]
    assert len(steps(KIM, conflicts=(held(ConflictKind.REFUSED, "another text"),))) == 2


def test_what_was_refused_waits_also_when_the_address_of_the_comment_moves() -> None:
    here, there = (replace(KIM, url=f"https://linear.app/{title}#c1") for title in ("a-title", "another-title"))
    refused = held(ConflictKind.REFUSED, copy(here).body)
    assert [one.source for one in steps(there, conflicts=(refused,))] == ["hub"]
    assert len(steps(replace(there, body="Not done"), conflicts=(refused,))) == 2


def test_an_answer_names_whom_it_answers_also_through_a_copy() -> None:
    first = replace(LEE, source="web", external_id="n1", item="31")
    there = replace(copy(first, source="linear", item="L-1"), external_id="c9")
    answer = replace(KIM, answers="c9")
    (step,) = [one for one in steps(first, there, answer) if one.source == "web"]
    assert "in answer to Lee:" in str(step.fields[COMMENT])


def test_the_same_text_twice_makes_two_steps() -> None:
    twice = steps(KIM, replace(KIM, external_id="c3", comment_id="comment_3"))
    assert len({one.step_id for one in twice}) == 4


def test_a_marker_tells_a_copy_unless_the_copy_is_known_already() -> None:
    assert copied_by("web", "7", ["comment_1"], [KIM], {}) == "comment_1"
    assert copied_by("web", "7", [], [KIM], {"7": "comment_1"}) == "comment_1"
    assert copied_by("web", "8", ["comment_1"], [KIM, copy()], {}) is None
    assert copied_by("linear", "8", ["comment_1"], [KIM], {}) is None
    assert copied_by("web", "7", ["comment_9"], [KIM], {}) is None
