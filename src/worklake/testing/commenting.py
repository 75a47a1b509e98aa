"""The contract tests of writing comments."""

from __future__ import annotations

import pytest

from worklake.errors import InvalidInputError, UnknownOutcomeError
from worklake.integrations.base import Item
from worklake.integrations.views import CommentView, TaskView
from worklake.model.ids import CommentId, digest
from worklake.model.rows import Kind
from worklake.testing.hands import Hands
from worklake.testing.source import Opened
from worklake.testing.texts import TEXTS, words_of


class CommentContract:
    """What every integration must do when it writes comments."""

    def test_comment_is_written_found_again_and_hides_its_marker(self, opened: Opened, hands: Hands) -> None:
        """Its answer is what is then read; a person's comment beside it is not taken for it."""
        task = hands.create("To be discussed")
        hands.comment(task, "By a person")
        made = _comment(opened, task, "first", "Said by **somebody**")
        view = _view(opened, made)
        assert (view.body, view.task) == ("Said by **somebody**", task)
        found = _find(opened, task, "first")
        assert found is not None and _view(opened, found) == view
        assert [_view(opened, one).body for one in opened.integration.comments(task)] == [
            "By a person", "Said by **somebody**",
        ]  # fmt: skip
        assert _find(opened, task, "never made") is None
        made_id = opened.integration.made_id(_marker("first"))
        assert made_id in (None, made.external_id)
        assert made_id is not None or view.markers == [_marker("first")]

    @pytest.mark.parametrize("drop", ["before", "after"])
    def test_comment_whose_reply_is_lost_is_found_or_written_once(
        self, opened: Opened, hands: Hands, drop: str
    ) -> None:
        """It ends as unknown or as done; looking for it first, then writing it again, writes it once."""
        task = hands.create("Lost words")
        _comment(opened, task, f"warm {drop}", "Warm")
        hands.misfortune({"drop": drop, "times": 1})
        try:
            _comment(opened, task, drop, "Said once")
        except UnknownOutcomeError:
            found = _find(opened, task, drop)
            assert (found is not None) == (drop == "after")
            if found is None:
                _comment(opened, task, drop, "Said once")
        bodies = [_view(opened, one).body for one in opened.integration.comments(task)]
        assert bodies.count("Said once") == 1

    def test_comment_is_edited_and_still_found(self, opened: Opened, hands: Hands) -> None:
        """Ours keeps its marker, a person's gets none."""
        task = hands.create("Second thoughts")
        hands.comment(task, "By a person")
        ours = _comment(opened, task, "second thoughts", "First version")
        theirs = next(iter(opened.integration.comments(task)))
        assert ours.external_id is not None and theirs.external_id is not None
        if not opened.integration.capabilities.comments_editable:
            with pytest.raises(InvalidInputError):
                opened.integration.edit_comment(task, ours.external_id, "Second version", marker=None)
            return
        edited = opened.integration.edit_comment(
            task, ours.external_id, "Second version", marker=_marker("second thoughts")
        )
        assert _view(opened, edited).body == "Second version"
        again = _find(opened, task, "second thoughts")
        assert again is not None and _view(opened, again).body == "Second version"
        other = opened.integration.edit_comment(task, theirs.external_id, "Put in order", marker=None)
        assert (_view(opened, other).body, _view(opened, other).markers) == ("Put in order", [])

    def test_deleted_comment_is_gone(self, opened: Opened, hands: Hands) -> None:
        """Deleting it again does nothing."""
        task = hands.create("Taken back")
        made = _comment(opened, task, "taken back", "Never mind")
        assert made.external_id is not None
        if not opened.integration.capabilities.comments_deletable:
            with pytest.raises(InvalidInputError):
                opened.integration.delete_comment(task, made.external_id)
            return
        opened.integration.delete_comment(task, made.external_id)
        opened.integration.delete_comment(task, made.external_id)
        assert list(opened.integration.comments(task)) == []

    @pytest.mark.parametrize("kind", TEXTS)
    def test_odd_comment_stays_text(self, opened: Opened, hands: Hands, kind: str) -> None:
        """It comes back as it went, and does nothing to its task."""
        task = hands.create(f"Said of {kind}")
        before = opened.shown(opened.integration.read(task)).fields
        made = _comment(opened, task, f"odd {kind}", TEXTS[kind])
        assert words_of(_view(opened, made).body) == words_of(TEXTS[kind])
        after = opened.integration.read(task)
        assert opened.shown(after).fields == before
        assert isinstance(opened.integration.lens.view(Kind.TASK, after.payload), TaskView)
        again = next(iter(opened.integration.comments(task)))
        assert _view(opened, again).body == _view(opened, made).body


def _marker(name: str) -> CommentId:
    return CommentId("comment_" + digest("contract", name))


def _comment(opened: Opened, task: str, name: str, body: str) -> Item:
    marker = _marker(name)
    return opened.integration.add_comment(task, body, marker=marker, made_id=opened.integration.made_id(marker))


def _find(opened: Opened, task: str, name: str) -> Item | None:
    marker = _marker(name)
    return opened.integration.find_comment(task, marker, opened.integration.made_id(marker))


def _view(opened: Opened, item: Item) -> CommentView:
    view = opened.integration.lens.view(item.kind, item.payload)
    assert isinstance(view, CommentView)
    return view
