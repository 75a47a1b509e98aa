"""The contract of the heart's store, of comments: every store passes these tests."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from tests.sync.heart.conftest import Reopen
from worklake.model.rows import LinkState
from worklake.sync.heart.comments.taking import comment_change
from worklake.sync.heart.store import Store
from worklake.sync.rules.comments import CommentLink, answered
from worklake.sync.rules.state import Decision
from worklake.sync.rules.task import Moment

NOW = datetime(2026, 1, 5, 10, tzinfo=UTC)
BORN = CommentLink(
    "linear", "c1", "comment_1", "t1", "L-1", "it's {braced}\n\\ ✓", author="u1", person="kim@x.example",
    url="https://linear.app/x", answers="c0", created_at=NOW, revision=NOW, batch=4, record_hash="abc", merges=2,
    internal=True,
)  # fmt: skip
COPY = answered(
    CommentLink("web", "7", "comment_1", "t1", "31", "", is_born=False, author="9", markers=("comment_1",)), "a", "b"
)


def test_what_was_kept_of_comments_is_given_back_by_task(reopen: Reopen) -> None:
    reopen().keep_comments([BORN, COPY, replace(BORN, external_id="c2", comment_id="comment_2", task_id="t2")])
    assert reopen().comments(["t1", "unknown"]) == {"t1": [BORN, COPY]}


def test_a_comment_replaces_itself_and_may_move_to_another_task(store: Store) -> None:
    store.keep_comments([BORN, COPY])
    gone = replace(COPY, state=LinkState.MISSING, merges=5)
    store.keep_comments([gone, replace(BORN, body="edited", task_id="t2")])
    assert store.comments(["t1"]) == {"t1": [gone]}
    assert [one.body for one in store.comments(["t2"])["t2"]] == ["edited"]


def test_a_comment_that_turns_out_to_be_a_copy_is_one_from_then_on(store: Store) -> None:
    taken_for_born = replace(COPY, comment_id="comment_7", is_born=True, created_at=NOW, person="kim@x.example")
    store.keep_comments([BORN, taken_for_born])
    store.keep_comments([COPY])
    assert store.comments(["t1"]) == {"t1": [BORN, COPY]}


def test_tasks_whose_comments_are_kept_are_watched(store: Store) -> None:
    store.keep_comments([BORN])
    assert store.watched() == {"t1"}


def test_what_happened_to_comments_moves_no_field_of_a_task(store: Store) -> None:
    told = comment_change(BORN, None, "hello", Decision.CREATED, "a comment was written", Moment("run_1", NOW))
    store.keep_comments([BORN], [told])
    store.keep_comments([BORN], [told])
    assert store.changes(task_id="t1") == []
    assert store.changes(run_id="run_1") == []
    assert store.load(["t1"]) == {}
