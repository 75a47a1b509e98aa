"""The contract tests of writing tasks. A provider's test class takes them in beside `IntegrationContract`:

class TestMyProvider(WritingContract, IntegrationContract):
    pass
"""

from __future__ import annotations

import traceback
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from worklake.errors import (
    AccessError,
    AuthError,
    InvalidInputError,
    RefusedValueError,
    RetryableError,
    UnknownOutcomeError,
    WorklakeError,
)
from worklake.integrations.base import Item, LastSeen, Where
from worklake.integrations.views import TaskView
from worklake.model.fields import OPEN_STATUSES, FieldValue
from worklake.model.ids import TaskId, digest
from worklake.model.rows import Kind
from worklake.testing.commenting import CommentContract
from worklake.testing.hands import Hands
from worklake.testing.samples import values_for
from worklake.testing.source import Opened, SourceToTest, open_for_test, task_ids
from worklake.testing.texts import TEXTS, words_of

LOST = pytest.mark.parametrize("drop", ["before", "after"])
WRONG_TOKEN = "wrong-token-0123456789"  # noqa: S105


class WritingContract(CommentContract):
    """What every integration must do when it writes. The module gives the fixtures `source` and `hands`."""

    @pytest.fixture
    def opened(self, source: SourceToTest, hands: Hands) -> Iterator[Opened]:
        """The source, opened anew for each test."""
        hands.no_misfortune()
        yield open_for_test(source)
        hands.no_misfortune()

    @pytest.fixture
    def tasks(self, opened: Opened) -> dict[str, TaskView]:
        """What the server's open tasks show, by external id."""
        views = {
            item.external_id: opened.shown(item)
            for item in opened.integration.complete(opened.items())
            if item.kind is Kind.TASK and item.external_id is not None
        }
        return {one: view for one, view in views.items() if _is_open(view) and not view.fields.get("archived")}

    def test_what_is_created_shows_what_was_asked_for(self, opened: Opened, tasks: dict[str, TaskView]) -> None:
        """A task with a value in every field that can be created: its answer, itself read, and the listing agree."""
        position = opened.pages()[-1].position
        fields = dict(_one_of_each(opened, tasks))
        made = _create(opened, "created with everything", **fields)
        view = opened.shown(made)
        expected = opened.integration.lens.project(fields, None)
        assert _comparable(view.fields) == _comparable({**view.fields, **_those_in(view.fields, expected)})
        assert made.external_id is not None
        assert _same(opened.shown(opened.integration.read(made.external_id)), view)
        assert task_ids(opened.items(position)).count(made.external_id) == 1

    def test_what_is_created_can_be_found_again_and_hides_its_marker(self, opened: Opened) -> None:
        """By the client-made id, or by the marker, which no field shows."""
        begun = datetime.now(UTC)
        made = _create(opened, "to be found", description="Some text.")
        marker = _marker("to be found")
        made_id = opened.integration.made_id(marker)
        found = opened.integration.find_created(marker, made_id, begun)
        assert found is not None and found.external_id == made.external_id
        view = opened.shown(found)
        assert made_id in (None, made.external_id)
        assert made_id is not None or view.markers == [marker]
        assert view.fields["description"] == "Some text."
        other = _marker("never made")
        assert opened.integration.find_created(other, opened.integration.made_id(other), begun) is None

    def test_what_is_created_is_still_found_when_its_text_was_exchanged(self, opened: Opened) -> None:
        """Writing the description keeps the marker, also in a later run, which has not seen the task before."""
        begun, marker = datetime.now(UTC), _marker("rewritten")
        made = _create(opened, "rewritten", description="First text.")
        assert made.external_id is not None
        for text in ("Second text.", None):
            shown = opened.shown(opened.integration.read(made.external_id)).fields
            later = opened.anew()
            later.integration.update(made.external_id, {"description": text}, shown)
            found = later.integration.find_created(marker, later.integration.made_id(marker), begun)
            assert found is not None and found.external_id == made.external_id
            assert later.shown(found).fields["description"] == text

    def test_made_id_is_the_same_every_time(self, opened: Opened) -> None:
        """And another one for another task; none where the provider gives ids itself."""
        one, other = opened.integration.made_id(_marker("one")), opened.integration.made_id(_marker("other"))
        assert one == opened.integration.made_id(_marker("one"))
        assert (one is None and other is None) or (one != other and opened.integration.capabilities.client_made_ids)

    @LOST
    def test_creation_whose_reply_is_lost_is_found_or_made_once(self, opened: Opened, hands: Hands, drop: str) -> None:
        """It ends as unknown or as done; looking for it first, then making it again, makes it once."""
        name, begun = f"lost {drop}", datetime.now(UTC)
        _create(opened, f"warm {drop}")
        hands.misfortune({"drop": drop, "times": 1})
        try:
            _create(opened, name)
        except UnknownOutcomeError:
            marker = _marker(name)
            found = opened.integration.find_created(marker, opened.integration.made_id(marker), begun)
            assert (found is not None) == (drop == "after")
            if found is None:
                _create(opened, name)
        assert _titles(hands).count(name) == 1

    def test_creation_that_is_refused_for_now_is_made_once(self, opened: Opened, hands: Hands) -> None:
        """A refusal for now is waited out; a server that fails leaves the outcome unknown or certainly not done."""
        _create(opened, "warm refused")
        hands.misfortune({"status": 429, "headers": {"Retry-After": "3"}, "times": 1})
        _create(opened, "refused for now")
        hands.misfortune({"status": 503})
        with pytest.raises((RetryableError, UnknownOutcomeError)):
            _create(opened, "never made at all")
        hands.no_misfortune()
        assert _titles(hands).count("refused for now") == 1
        assert "never made at all" not in _titles(hands)

    def test_task_is_created_only_where_the_source_looks(self, opened: Opened) -> None:
        """Another project or team is refused, not written to."""
        with pytest.raises(InvalidInputError):
            opened.integration.create({"title": "x"}, where="no/such place", marker=_marker("x"), made_id=None)

    def test_every_field_is_updated_alone(self, opened: Opened, tasks: dict[str, TaskView]) -> None:
        """Each value of each writable field: the answer shows it as projected and all else as before, read too."""
        task, like = next(iter(tasks.items()))
        view = opened.shown(opened.integration.read(task))
        for field in sorted(opened.integration.capabilities.writable):
            for value in values_for(field, tasks, like):
                before = view.fields
                if field not in before:
                    continue
                expected = before | opened.integration.lens.project({field: value}, before)
                view = opened.shown(opened.integration.update(task, {field: value}, before))
                assert _comparable(view.fields) == _comparable(expected), f"{field}: {value!r}"
                again = opened.integration.lens.project({field: value}, view.fields)
                assert again[field] == view.fields[field] or field == "description", "it would be written again"
        assert _same(opened.shown(opened.integration.read(task)), view)

    def test_fields_are_updated_together(self, opened: Opened, tasks: dict[str, TaskView]) -> None:
        """A value in every writable field at once."""
        task = list(tasks)[1]
        before = opened.shown(opened.integration.read(task)).fields
        fields = dict(_one_of_each(opened, tasks, tasks[task]))
        fields = {field: value for field, value in fields.items() if field in before}
        expected = before | opened.integration.lens.project(fields, before)
        view = opened.shown(opened.integration.update(task, fields, before))
        assert _comparable(view.fields) == _comparable(expected)

    @pytest.mark.parametrize("kind", TEXTS)
    def test_odd_text_stays_text(self, opened: Opened, hands: Hands, kind: str) -> None:
        """It comes back, does nothing to the other fields, and writing it again changes nothing."""
        task = hands.create(f"About {kind}")
        before = opened.shown(opened.integration.read(task)).fields
        once = opened.shown(opened.integration.update(task, {"description": TEXTS[kind]}, before))
        assert words_of(once.fields["description"]) == words_of(TEXTS[kind])
        assert {**once.fields, "description": None} == {**before, "description": None}
        back = once.fields["description"]
        cleared = opened.shown(opened.integration.update(task, {"description": None}, once.fields))
        assert cleared.fields["description"] is None
        twice = opened.shown(opened.integration.update(task, {"description": back}, cleared.fields))
        assert twice.fields == once.fields
        made = opened.shown(_create(opened, f"New about {kind}", description=TEXTS[kind]))
        assert words_of(made.fields["description"]) == words_of(TEXTS[kind])
        assert _is_open(made)

    def test_label_that_others_add_meanwhile_stays(self, opened: Opened, hands: Hands) -> None:
        """Labels are added and taken away one by one."""
        task = hands.create("Labelled by many")
        before = opened.shown(opened.integration.read(task)).fields
        opened.integration.update(task, {"labels": ["theirs"]}, before)
        after = opened.shown(opened.integration.update(task, {"labels": ["ours"]}, before)).fields
        assert after["labels"] == ["ours", "theirs"]
        last = opened.shown(opened.integration.update(task, {"labels": ["theirs"]}, {**after, "labels": ["ours"]}))
        assert last.fields["labels"] == ["theirs"]

    def test_label_may_differ_from_another_by_its_case_alone(self, opened: Opened, hands: Hands) -> None:
        """It is there afterwards, in the case that the provider knows it by."""
        task = hands.create("Shouted at")
        before = opened.shown(opened.integration.read(task)).fields
        first = opened.shown(opened.integration.update(task, {"labels": ["Loud"]}, before)).fields
        labels = opened.shown(opened.integration.update(task, {"labels": ["loud"]}, first)).fields["labels"]
        assert isinstance(labels, list) and [label.casefold() for label in labels] == ["loud"]

    def test_person_without_an_account_is_refused_or_left_out(self, opened: Opened, hands: Hands) -> None:
        """Nothing else is written instead."""
        if "assignees" not in opened.integration.capabilities.writable:
            pytest.skip("assignees cannot be written here")
        task = hands.create("For nobody")
        before = opened.shown(opened.integration.read(task)).fields
        for nobody in ("999999999", "00000000-0000-4000-8000-000000000000"):
            try:
                after = opened.shown(opened.integration.update(task, {"assignees": [nobody]}, before)).fields
            except RefusedValueError as refused:
                assert refused.fields in ((), ("assignees",))
            else:
                assert after == before

    def test_field_that_cannot_be_written_is_refused_by_name(self, opened: Opened, hands: Hands) -> None:
        """`RefusedValueError` names it, and the other fields are not written either."""
        fixed = sorted(opened.integration.capabilities.fields - opened.integration.capabilities.writable)
        if not fixed:
            pytest.skip("every field can be written")
        task = hands.create("Fixed")
        before = opened.shown(opened.integration.read(task)).fields
        with pytest.raises(RefusedValueError) as refused:
            opened.integration.update(task, {"title": "Moved", fixed[0]: "x"}, before)
        assert refused.value.fields == (fixed[0],)
        assert opened.shown(opened.integration.read(task)).fields == before

    @LOST
    @pytest.mark.parametrize("lasting", [False, True], ids=["once", "lasting"])
    def test_update_whose_reply_is_lost_ends_as_done_or_unknown(
        self, opened: Opened, hands: Hands, drop: str, lasting: bool
    ) -> None:
        """Never as certainly not done where it was done; reading shows what became of it."""
        task = hands.create("Before")
        shown = opened.shown(opened.integration.read(task)).fields
        shown = opened.shown(opened.integration.update(task, {"title": "Warm"}, shown)).fields
        hands.misfortune({"drop": drop, **({} if lasting else {"times": 1})})
        ended: WorklakeError | None = None
        try:
            opened.integration.update(task, {"title": "After"}, shown)
        except (UnknownOutcomeError, RetryableError) as error:
            ended = error
        hands.no_misfortune()
        title = opened.shown(opened.integration.read(task)).fields["title"]
        assert title == "After" or isinstance(ended, WorklakeError)
        assert title == "Warm" or not isinstance(ended, RetryableError)
        assert ended is not None or not lasting

    def test_closed_task_is_closed_and_open_again_when_it_is_reopened(self, opened: Opened, hands: Hands) -> None:
        """Twice is as good as once."""
        if not opened.integration.capabilities.closes:
            pytest.skip("this provider does not close")
        task = hands.create("To be closed")
        for _ in range(2):
            assert not _is_open(opened.shown(opened.integration.close(task)))
        assert not _is_open(opened.shown(opened.integration.read(task)))
        for _ in range(2):
            assert _is_open(opened.shown(opened.integration.reopen(task)))

    def test_archived_task_is_put_away_and_brought_back(self, opened: Opened, hands: Hands) -> None:
        """Where the provider archives; elsewhere it says that it does not."""
        task = hands.create("To be archived")
        if not opened.integration.capabilities.archives:
            with pytest.raises(InvalidInputError):
                opened.integration.archive(task)
            return
        assert opened.shown(opened.integration.archive(task)).fields["archived"] is True
        assert opened.shown(opened.integration.restore(task)).fields["archived"] is False

    def test_deleted_task_is_listed_no_more(self, opened: Opened, hands: Hands) -> None:
        """Deleting it again does nothing."""
        task = hands.create("To be deleted by us")
        opened.integration.delete(task)
        opened.integration.delete(task)
        assert task not in list(opened.integration.list_ids())

    def test_what_became_of_an_item_is_found_out(self, opened: Opened, hands: Hands) -> None:
        """Deleted, archived, or there as before: each is told, and nothing is taken for deleted that is there."""
        told, wanted = {}, []
        for name in ("deleted", "archived", "there"):
            if name == "archived" and not opened.integration.capabilities.archives:
                continue
            task = hands.create(f"To be found {name}")
            view = opened.shown(opened.integration.read(task))
            wanted.append(LastSeen(task, view.key, view.fields))
            told[task] = name
        for task, name in told.items():
            if name == "deleted":
                hands.delete(task)
            elif name == "archived":
                hands.archive(task)
        anew = list(opened.integration.find_out(wanted))
        if not opened.integration.capabilities.tells_deleted:
            told = {one: "no_access" if name == "deleted" else name for one, name in told.items()}
        assert {one.external_id: one.where.value for one in anew} == told
        assert all(one.item is not None for one in anew if one.where in (Where.ARCHIVED, Where.THERE))
        assert list(opened.integration.find_out([])) == []

    def test_what_may_not_be_seen_is_not_taken_for_deleted(self, opened: Opened, hands: Hands) -> None:
        """While the provider answers no call, nobody can tell: an error, or no access, but never deleted."""
        task = hands.create("Hidden for a while")
        view = opened.shown(opened.integration.read(task))
        hands.misfortune({"status": 403})
        try:
            found = list(opened.integration.find_out([LastSeen(task, view.key, view.fields)]))
        except (AccessError, AuthError, RetryableError):
            found = []
        hands.no_misfortune()
        assert [one.where for one in found if one.where is not Where.NO_ACCESS] == []

    def test_many_are_read_as_one_is(self, opened: Opened, hands: Hands) -> None:
        """In any order; what is gone is left out, and where the provider reads many it takes fewer calls."""
        wanted = [item["external_id"] for item in hands.items() if not item["deleted"]][:7]
        absent = "".join("9" if letter.isdigit() else letter for letter in wanted[0])
        alone = {one: opened.shown(opened.integration.read(one)) for one in wanted}
        opened.calls.clear()
        many = {item.external_id: opened.shown(item) for item in opened.integration.read_many([*wanted, absent])}
        assert many == alone
        assert len(opened.calls) < len(wanted) or not opened.integration.capabilities.reads_many
        assert list(opened.integration.read_many([])) == []

    def test_writes_take_no_more_calls_than_they_must(self, opened: Opened, hands: Hands, source: SourceToTest) -> None:
        """A task that was just read is updated in one call, a new one is made in one."""
        task = hands.create("Counted")
        shown = opened.shown(opened.integration.read(task)).fields
        shown = opened.shown(opened.integration.update(task, {"title": "Warm", "labels": ["bug"]}, shown)).fields
        _create(opened, "warm counted")
        opened.calls.clear()
        opened.integration.update(task, {"title": "Once", "priority": "high"}, shown)
        assert len(opened.calls) <= source.update_requests
        opened.calls.clear()
        _create(opened, "counted", description="Text", priority="high", labels=["bug"])
        assert len(opened.calls) <= source.create_requests

    def test_history_tells_who_edited_what(self, opened: Opened, hands: Hands) -> None:
        """Our own edit is told with our account, and nothing older than asked for."""
        told = opened.integration.capabilities.field_history
        task = hands.create("With a past")
        shown = opened.shown(opened.integration.read(task)).fields
        begun = datetime.now(UTC) - timedelta(minutes=1)
        opened.integration.update(task, {"title": "With a history", "labels": ["bug"]}, shown)
        edits = list(opened.integration.history(task, begun))
        assert {edit.field for edit in edits} <= told
        assert {"title", "labels"} & told <= {edit.field for edit in edits}
        assert all(edit.at >= begun for edit in edits)
        assert [edit.at for edit in edits] == sorted(edit.at for edit in edits)
        if opened.integration.capabilities.tells_editor:
            assert {edit.actor for edit in edits} == {opened.integration.account()}
        for edit in edits:
            if edit.field == "labels" and edit.told:
                assert (edit.before, edit.after) == ([], ["bug"])
        assert list(opened.integration.history(task, begun, frozenset())) == []
        assert list(opened.integration.history(task, datetime.now(UTC) + timedelta(days=1))) == []

    def test_vocabulary_knows_what_tasks_show(self, opened: Opened, tasks: dict[str, TaskView]) -> None:
        """Every value that a task shows of a field with a vocabulary is in it, and nothing is missing."""
        names = opened.integration.vocabulary(opened.integration.capabilities.writable)
        assert set(names.known) <= opened.integration.capabilities.writable
        assert names.missing == {}
        for view in tasks.values():
            for field, known in names.known.items():
                value = view.fields.get(field)
                shown = value if isinstance(value, list) else [value] if value is not None else []
                assert {str(one) for one in shown} <= known
        assert opened.integration.vocabulary(frozenset()).known == {}

    def test_writing_with_a_wrong_token_is_an_auth_error(self, source: SourceToTest) -> None:
        """Which does not hold the token."""
        integration = open_for_test(source, WRONG_TOKEN).integration
        with pytest.raises(AuthError) as creating:
            integration.create({"title": "x"}, where=None, marker=_marker("x"), made_id=None)
        with pytest.raises(AuthError) as updating:
            integration.update("1", {"title": "x"}, {"title": "y"})
        for raised in (creating, updating):
            assert WRONG_TOKEN not in "".join(traceback.format_exception(raised.value))


def _marker(name: str) -> TaskId:
    return TaskId("task_" + digest("contract", name))


def _create(opened: Opened, name: str, **fields: FieldValue) -> Item:
    marker = _marker(name)
    made_id = opened.integration.made_id(marker)
    return opened.integration.create({"title": name, **fields}, where=None, marker=marker, made_id=made_id)


def _one_of_each(
    opened: Opened, tasks: Mapping[str, TaskView], like: TaskView | None = None
) -> Iterator[tuple[str, FieldValue]]:
    """A value for each writable field that means the same everywhere, and is not empty."""
    for field in sorted(opened.integration.capabilities.writable & opened.integration.capabilities.creatable):
        if field in ("title", "project", "milestone", "cycle", "parent_id", "blocked_by"):
            continue
        last = [value for value in values_for(field, tasks, like) if value not in (None, [], "none")][-1:]
        yield from ((field, value) for value in last)


def _titles(hands: Hands) -> list[Any]:
    return [item["payload"][hands.title_field] for item in hands.items() if not item["deleted"]]


def _is_open(view: TaskView) -> bool:
    return view.fields["status"] in OPEN_STATUSES


def _comparable(fields: Mapping[str, FieldValue]) -> dict[str, object]:
    return {**fields, "description": words_of(fields.get("description"))}


def _those_in(shown: Mapping[str, FieldValue], fields: Mapping[str, FieldValue]) -> dict[str, FieldValue]:
    return {name: value for name, value in fields.items() if name in shown}


def _same(one: TaskView, other: TaskView) -> bool:
    return one.fields == other.fields and one.blocks == other.blocks and one.key == other.key
