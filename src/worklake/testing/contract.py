"""The contract tests of an integration. A test module of yours says what is tested, and subclasses:

    @pytest.fixture(scope="module")
    def source() -> SourceToTest:
        return SourceToTest(MyIntegration, MySettings(base_url=...), token="...")

    @pytest.fixture(scope="module")
    def hands() -> Hands:
        return MyHands(...)

    class TestMyProvider(WritingContract, IntegrationContract):
        pass

`WritingContract` in `worklake.testing.writing` is the half that writes.

The server holds enough tasks for two pages, and nobody else uses it meanwhile.
"""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from typing import Any

import pytest

from worklake.errors import AuthError, NotFoundError, RetryableError
from worklake.integrations.base import Item
from worklake.integrations.views import CommentView, PersonView
from worklake.model.rows import Kind
from worklake.testing.hands import Hands
from worklake.testing.laws import LensContract
from worklake.testing.source import Opened, SourceToTest, open_for_test, task_ids

WRONG_TOKEN = "wrong-token-0123456789"  # noqa: S105
UNAVAILABLE = {"status": 503, "headers": {"Retry-After": "2"}, "times": 2}
TOO_MANY = {"status": 429, "headers": {"Retry-After": "3"}, "times": 1}


class IntegrationContract(LensContract):
    """What every integration must do. The module gives the fixtures `source` and `hands`."""

    @pytest.fixture
    def opened(self, source: SourceToTest, hands: Hands) -> Iterator[Opened]:
        """The source, opened anew for each test."""
        hands.no_misfortune()
        yield open_for_test(source)
        hands.no_misfortune()

    def test_check_finds_all_well(self, opened: Opened) -> None:
        """Every finding of a working source is well."""
        findings = list(opened.integration.check())
        assert findings
        assert [finding for finding in findings if not finding.ok] == []

    def test_check_tells_a_wrong_token_and_its_mend(self, source: SourceToTest) -> None:
        """A token that is not accepted is a finding with a mend."""
        bad = [finding for finding in open_for_test(source, WRONG_TOKEN).integration.check() if not finding.ok]
        assert bad
        assert all(finding.mend for finding in bad)
        assert WRONG_TOKEN not in str(bad)

    def test_listing_brings_every_task_once(self, opened: Opened, hands: Hands) -> None:
        """The first listing brings all live tasks, none twice."""
        listed = task_ids(opened.items())
        assert len(listed) == len(set(listed))
        assert _live(hands) <= set(listed)

    def test_listing_goes_on_after_every_page(self, opened: Opened) -> None:
        """Stopping after any page and going on from its position leaves nothing out."""
        pages = opened.pages()
        assert len(pages) > 1, "the server must hold enough tasks for two pages"
        everything = {item.external_id for page in pages for item in page.items if item.kind is Kind.TASK}
        had: set[str] = set()
        for page in pages:
            had |= set(task_ids(page.items))
            rest = set(task_ids(opened.items(page.position)))
            assert had | rest == everything

    def test_listing_that_finds_nothing_is_quiet(self, opened: Opened, source: SourceToTest) -> None:
        """Without changes the position stays the same text, for the fewest calls."""
        position = opened.pages()[-1].position
        for _ in range(2):
            before = len(opened.calls)
            assert opened.pages(position)[-1].position == position
            assert len(opened.calls) - before <= source.quiet_requests

    def test_listing_sees_an_edit(self, opened: Opened, hands: Hands) -> None:
        """An edited task comes with the next listing, as it is now."""
        known = opened.pages()[-1].position
        edited = sorted(_live(hands))[0]
        hands.edit(edited, "Edited by a person")
        assert opened.view(_only(opened.items(known), edited)).fields["title"] == "Edited by a person"

    def test_listing_sees_a_new_task(self, opened: Opened, hands: Hands) -> None:
        """A new task comes with the next listing."""
        known = opened.pages()[-1].position
        created = hands.create("Created by a person")
        assert opened.view(_only(opened.items(known), created)).fields["title"] == "Created by a person"

    def test_listing_sees_an_archived_task(self, opened: Opened, hands: Hands) -> None:
        """An archived task comes with the next listing and shows that it is."""
        can = opened.integration.capabilities
        if not (can.archives and can.lists_archived):
            pytest.skip("this provider does not archive, or no listing tells of it")
        known = opened.pages()[-1].position
        archived = hands.create("To be archived")
        hands.archive(archived)
        assert opened.view(_only(opened.items(known), archived)).fields["archived"] is True

    def test_ids_are_those_of_the_live_tasks(self, opened: Opened, hands: Hands) -> None:
        """`list_ids` gives every live task, and not one that was deleted."""
        deleted = hands.create("To be deleted")
        hands.delete(deleted)
        ids = list(opened.integration.list_ids())
        assert len(ids) == len(set(ids))
        assert _live(hands) <= set(ids)
        assert deleted not in ids

    def test_reading_one_shows_what_the_listing_shows(self, opened: Opened, hands: Hands) -> None:
        """`read` and the completed listing give the same view."""
        live = _live(hands)
        items = [item for item in opened.items() if item.kind is Kind.TASK and item.external_id in live]
        for item in items[:5]:
            assert item.external_id is not None
            read = opened.integration.read(item.external_id)
            assert read.external_id == item.external_id
            assert opened.integration.lens.view(Kind.TASK, read.payload) == opened.view(item)

    def test_reading_what_does_not_exist_is_not_found(self, opened: Opened) -> None:
        """`NotFoundError`, for an id in the provider's form and for any other text."""
        known = task_ids(opened.items())[0]
        absent = "".join("9" if letter.isdigit() else letter for letter in known)
        for external_id in (absent, "no such thing/../%2e"):
            with pytest.raises(NotFoundError):
                opened.integration.read(external_id)

    def test_comments_of_a_task_are_read(self, opened: Opened, hands: Hands) -> None:
        """Comments come oldest first, name their task and author, and come along with a completed listing."""
        known = opened.pages()[-1].position
        task = hands.create("Much discussed")
        hands.comment(task, "First remark")
        hands.comment(task, "Second remark")
        views = [self._comment(opened, item) for item in opened.integration.comments(task)]
        assert [view.body for view in views] == ["First remark", "Second remark"]
        assert {view.task for view in views} == {task}
        listed = list(opened.integration.complete(opened.items(known)))
        bodies = [self._comment(opened, item).body for item in listed if item.kind is Kind.COMMENT]
        assert {"First remark", "Second remark"} <= set(bodies)

    def test_people_whom_tasks_name_are_brought(self, opened: Opened) -> None:
        """Every assignee and author of a task comes as a person, with the tasks or with what completes them."""
        items = list(opened.integration.complete(opened.items()))
        people = {item.external_id for item in items if item.kind is Kind.PERSON}
        for item in items:
            view = opened.integration.lens.view(item.kind, item.payload)
            if isinstance(view, PersonView):
                assert view.name
            named = [getattr(view, "author", None), *getattr(view, "fields", {}).get("assignees", [])]
            assert {one for one in named if one} <= people

    def test_wrong_token_is_an_auth_error(self, source: SourceToTest) -> None:
        """Listing and reading raise `AuthError`, which does not hold the token."""
        opened = open_for_test(source, WRONG_TOKEN)
        for call in (opened.pages, lambda: opened.integration.read("1"), lambda: list(opened.integration.list_ids())):
            with pytest.raises(AuthError) as raised:
                call()
            assert WRONG_TOKEN not in _everything_in(raised.value)

    @pytest.mark.parametrize("misfortune", [UNAVAILABLE, TOO_MANY], ids=["unavailable", "too many requests"])
    def test_passing_refusal_is_waited_out(self, opened: Opened, hands: Hands, misfortune: dict[str, Any]) -> None:
        """The call is made again, after the time that the provider names."""
        expected = sorted(task_ids(opened.items()))
        opened.calls.clear()
        hands.misfortune(misfortune)
        assert sorted(task_ids(opened.items())) == expected
        assert [call.attempt for call in opened.calls][: misfortune["times"] + 1] == [
            *range(1, misfortune["times"] + 2)
        ]
        assert all(pause >= int(misfortune["headers"]["Retry-After"]) for pause in opened.pauses[: misfortune["times"]])

    @pytest.mark.parametrize("drop", ["before", "after"])
    def test_lost_reply_is_asked_for_again(self, opened: Opened, hands: Hands, drop: str) -> None:
        """A connection that breaks costs a repetition, and is metered without a status."""
        expected = sorted(task_ids(opened.items()))
        opened.calls.clear()
        hands.misfortune({"drop": drop, "times": 2})
        assert sorted(task_ids(opened.items())) == expected
        assert [call.status for call in opened.calls[:3]] == [None, None, 200]

    def test_provider_that_stays_away_is_a_retryable_error(
        self, opened: Opened, hands: Hands, source: SourceToTest
    ) -> None:
        """Once the tries are spent `RetryableError` is raised, and nothing tells the token."""
        hands.misfortune({"status": 503})
        with pytest.raises(RetryableError) as raised:
            opened.pages()
        assert source.token not in _everything_in(raised.value)

    def test_nothing_that_is_kept_or_printed_holds_the_token(
        self, opened: Opened, hands: Hands, source: SourceToTest, capfd: pytest.CaptureFixture[str],
        caplog: pytest.LogCaptureFixture,
    ) -> None:  # fmt: skip
        """Neither meter, positions, items, findings nor logs."""
        with caplog.at_level("DEBUG"):
            hands.misfortune(TOO_MANY)
            pages = opened.pages()
            findings = list(opened.integration.check())
        printed = capfd.readouterr()
        assert source.token not in f"{opened.calls}{pages}{findings}{printed.out}{printed.err}{caplog.text}"

    def test_calls_are_metered_without_ids(self, opened: Opened) -> None:
        """A record for every call: few endpoints, however many items; size and time of each."""
        opened.items()
        assert opened.calls
        assert len({call.endpoint for call in opened.calls}) <= 10
        assert all(call.received_bytes > 0 and call.seconds >= 0 and call.status == 200 for call in opened.calls)

    @staticmethod
    def _comment(opened: Opened, item: Item) -> CommentView:
        view = opened.integration.lens.view(item.kind, item.payload)
        assert isinstance(view, CommentView)
        return view


def _live(hands: Hands) -> set[str]:
    return {item["external_id"] for item in hands.items() if not item["deleted"]}


def _only(items: list[Item], external_id: str) -> Item:
    found = [item for item in items if item.kind is Kind.TASK and item.external_id == external_id]
    assert found, f"the listing did not bring {external_id}"
    return found[-1]


def _everything_in(error: BaseException) -> str:
    """The text of an error, of what led to it, and of what they hold."""
    parts = traceback.format_exception(error)
    current: BaseException | None = error
    while current is not None:
        parts.append(f"{current.args!r} {vars(current)!r} {getattr(getattr(current, 'request', None), 'headers', '')}")
        current = current.__cause__ or current.__context__
    return "".join(parts)
