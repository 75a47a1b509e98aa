"""Calls that fail, by kind: what becomes of their steps, and that no edit is ever lost by it."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from random import Random

import pytest

from tests.sync.heart.test_engine import Town, edit, shown, sync, town
from worklake.errors import (
    AccessError,
    AuthError,
    InvalidInputError,
    RefusedValueError,
    RetryableError,
    UnknownOutcomeError,
    UnreadableError,
)
from worklake.integrations.base import Item, Payload
from worklake.integrations.views import View
from worklake.model.fields import Fields
from worklake.model.heart_rows import Operation, Outcome
from worklake.model.rows import Kind, LinkState
from worklake.sync.heart import settling
from worklake.sync.heart.patience import MOST_IN_VAIN, Patience
from worklake.sync.rules.state import Conflict, ConflictKind, ItemKey
from worklake.sync.rules.task import Moment
from worklake.testing.simulate import world as worlds
from worklake.testing.simulate.shapes import Shape, SimulatedLens
from worklake.testing.simulate.source import SimulatedSource

REFUSES = Shape(refuses=True)


def breaks(made: Town, error: Exception, *, source: str = "B", what: str = "update", times: int = 1 << 30) -> None:
    """These calls fail so often."""
    left = [times]

    def fault(asked: str, call: str) -> bool:
        if (asked, call) == (source, what) and left[0]:
            left[0] -= 1
            raise error
        return False

    made.fault = fault


def calls(made: Town, source: str = "B") -> int:
    return len(made.sources[source].calls)


def open_conflicts(made: Town) -> list[Conflict]:
    return [one for one in made.store.all_conflicts() if one.open]


def settle(made: Town, conflict: Conflict, take: str | None = None, value: str | None = None) -> None:
    choice = settling.Choice(take, value)
    settling.settle(made.store, made.ports(), conflict.conflict_id, choice, Moment(made.run_id(), made.clock()))


def last(made: Town) -> tuple[Outcome | None, str | None]:
    write = made.store.all_writes()[-1]
    return write.outcome, write.error


@pytest.fixture
def made() -> Town:
    found = town(Shape(), Shape())
    sync(found)
    return found


@pytest.mark.parametrize("error", [InvalidInputError("no, thanks"), RefusedValueError("no, thanks")])
def test_a_refusal_that_names_nothing_is_tried_by_every_later_run_until_it_is_taken(
    made: Town, error: Exception
) -> None:
    edit(made, "A", "title", "another title")
    breaks(made, error, times=3)
    assert [sync(made) for _ in range(3)] == [1, 1, 1]
    (conflict,) = open_conflicts(made)
    assert (conflict.field, conflict.kind, conflict.reason) == ("title", ConflictKind.REFUSED, "no, thanks")
    opened = conflict.opened_at
    assert sync(made) == 1
    assert shown(made, "B") == "another title"
    assert open_conflicts(made) == []
    assert [one.opened_at for one in made.store.all_conflicts()] == [opened]
    assert sync(made) == 0


def test_of_several_fields_refused_without_a_name_those_that_pass_alone_are_sent(made: Town) -> None:
    edit(made, "A", "title", "another title")
    edit(made, "A", "due_date", "2026-02-01")

    update = made.sources["B"].update

    def picky(external_id: str, fields: dict[str, object], before: object) -> object:
        if "title" in fields:
            raise InvalidInputError("this will not do")
        return update(external_id, fields, before)  # type: ignore[arg-type]

    made.sources["B"].update = picky  # type: ignore[assignment,method-assign]
    sync(made)
    assert shown(made, "B", "due_date") == "2026-02-01"
    assert [one.field for one in open_conflicts(made)] == ["title"]


def refused_title() -> Town:
    """A title that B certainly refuses."""
    made = town(Shape(), REFUSES)
    sync(made)
    edit(made, "A", "title", "a # title")
    assert [sync(made), sync(made)] == [1, 0]
    return made


def test_a_value_that_is_refused_by_name_is_tried_again_when_a_person_keeps_it() -> None:
    made = refused_title()
    (conflict,) = open_conflicts(made)
    assert {one.value for one in conflict.contenders} == {"a # title", "a title of some length"}
    made.sources["B"].shape = Shape()  # the tool takes it by now
    assert sync(made) == 0
    settle(made, conflict, take="worklake")
    assert sync(made) == 1
    assert shown(made, "B") == "a # title"
    assert [open_conflicts(made), sync(made)] == [[], 0]


def test_a_person_who_keeps_a_value_that_is_still_refused_is_asked_again() -> None:
    made = refused_title()
    settle(made, open_conflicts(made)[0], take="worklake")
    assert [sync(made), sync(made)] == [1, 0]
    assert [one.field for one in open_conflicts(made)] == ["title"]


def test_the_tool_s_value_becomes_everybody_s_when_a_person_takes_it() -> None:
    made = refused_title()
    settle(made, open_conflicts(made)[0], take="B")
    sync(made)
    assert [shown(made, one) for one in "AB"] == ["a title of some length"] * 2
    assert [open_conflicts(made), sync(made)] == [[], 0]


def test_a_cut_title_that_a_person_takes_from_the_tool_that_cut_it_is_the_whole_title() -> None:
    made = town(Shape(), Shape(title_limit=14))
    sync(made)
    edit(made, "A", "due_date", "2026-02-01")
    breaks(made, RefusedValueError("not this day", ("due_date",)))
    sync(made)
    (conflict,) = open_conflicts(made)
    settle(made, conflict, take="B")
    made.fault = None
    sync(made)
    assert [shown(made, "A"), shown(made, "A", "due_date")] == ["a title of some length", None]


def test_a_refused_value_is_tried_again_under_another_mapping(monkeypatch: pytest.MonkeyPatch) -> None:
    made = refused_title()
    made.sources["B"].shape = Shape()
    monkeypatch.setattr(SimulatedLens, "fingerprint", lambda _self: "another")
    assert sync(made) == 1
    assert shown(made, "B") == "a # title"
    assert open_conflicts(made) == []


def test_a_refusal_waits_for_nobody_once_its_value_is_not_due_any_more() -> None:
    made = refused_title()
    edit(made, "A", "title", "a title of some length")
    assert sync(made) == 0
    assert open_conflicts(made) == []


def test_another_value_that_is_refused_too_leaves_one_question_open() -> None:
    made = refused_title()
    edit(made, "A", "title", "another # title")
    sync(made)
    assert [one.value for one in open_conflicts(made)] == ["another # title"]


def test_an_item_is_made_without_a_field_that_is_refused_by_name_and_the_field_waits() -> None:
    made = town(Shape(), Shape())
    edit(made, "A", "due_date", "2026-02-01")
    breaks(made, RefusedValueError("not this day", ("due_date",)), what="create", times=1)
    sync(made)
    assert [shown(made, "B"), shown(made, "B", "due_date")] == ["a title of some length", None]
    assert last(made) == (Outcome.ACKNOWLEDGED, "due_date: not this day")
    assert [one.field for one in open_conflicts(made)] == ["due_date"]
    assert sync(made) == 0
    settle(made, open_conflicts(made)[0], take="worklake")
    sync(made)
    assert shown(made, "B", "due_date") == "2026-02-01"


def test_an_item_whose_creation_is_refused_without_a_name_is_made_with_its_title_and_completed_later() -> None:
    made = town(Shape(), Shape())
    edit(made, "A", "due_date", "2026-02-01")
    breaks(made, InvalidInputError("this will not do"), what="create", times=1)
    sync(made)
    sync(made)
    assert [shown(made, "B"), shown(made, "B", "due_date")] == ["a title of some length", "2026-02-01"]
    assert [open_conflicts(made), sync(made)] == [[], 0]


def test_a_creation_that_is_refused_without_a_name_is_tried_by_every_later_run_and_a_person_is_told() -> None:
    made = town(Shape(), Shape())
    breaks(made, InvalidInputError("this will not do"), what="create")
    assert [sync(made) for _ in range(3)] == [1, 1, 1]
    assert [(one.field, one.reason) for one in open_conflicts(made)] == [("task", "this will not do")]
    made.fault = None
    sync(made)
    assert shown(made, "B") == "a title of some length"
    assert [open_conflicts(made), sync(made)] == [[], 0]


def test_a_creation_whose_title_is_refused_by_name_waits_for_another_title() -> None:
    made = town(Shape(), REFUSES)
    edit(made, "A", "title", "a # title")
    assert [sync(made), sync(made)] == [1, 0]
    assert [one.field for one in open_conflicts(made)] == ["title"]
    assert made.sources["B"].items == {}
    edit(made, "A", "title", "a plain title")
    assert sync(made) == 1
    assert shown(made, "B") == "a plain title"
    assert [open_conflicts(made), sync(made)] == [[], 0]


def five_tasks(*shapes: Shape) -> Town:
    made = town(*shapes)
    for number in range(4):
        made.sources["A"].person_creates({"title": f"task number {number} of them"})
    sync(made)
    for external_id in made.sources["A"].items:
        made.tick(60)
        made.sources["A"].person_edits(external_id, "due_date", "2026-02-01")
    return made


def test_a_spent_quota_leaves_the_rest_of_a_source_to_a_later_run_and_the_others_go_on() -> None:
    made = five_tasks(Shape(), Shape(), Shape())
    breaks(made, RetryableError("too many requests", retry_after_seconds=1800.0))
    asked = calls(made, "C")
    made.tick(120)
    assert sync(made) == 10
    written = [one for one in made.store.all_writes() if one.source == "B" and one.outcome is Outcome.WAITING]
    assert len(written) == 4  # those of the wave that were meant, and the first that was not
    assert calls(made, "C") == asked + 5
    made.fault = None
    assert sync(made) == 5
    assert sync(made) == 0


def test_a_source_that_is_down_is_left_after_a_few_calls_and_not_waited_for() -> None:
    made = five_tasks(Shape(), Shape())
    asked: list[str] = []

    def fault(source: str, what: str) -> bool:
        if (source, what) == ("B", "update"):
            asked.append(what)
            raise RetryableError("down")
        return False

    made.fault = fault
    sync(made)
    assert len(asked) == MOST_IN_VAIN
    made.fault = None
    assert [sync(made), sync(made)] == [5, 0]


def test_items_that_always_fail_do_not_keep_a_source_from_ever_coming_to_the_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made = five_tasks(Shape(), Shape())
    source, asked = made.sources["B"], list[str]()

    def update(external_id: str, fields: Fields, shown: Fields) -> Item:
        asked.append(external_id)
        if external_id in asked[:MOST_IN_VAIN]:
            raise RetryableError(f"{external_id} is broken")
        return SimulatedSource.update(source, external_id, fields, shown)

    monkeypatch.setattr(source, "update", update)
    sync(made)
    assert len(set(asked)) == len(asked) == MOST_IN_VAIN
    sync(made)
    late = [key for key, item in source.items.items() if item.fields["due_date"] is None]
    assert sorted(late) == sorted(asked[:MOST_IN_VAIN])
    assert len(late) == MOST_IN_VAIN


def test_a_source_that_refuses_the_credentials_is_paused_and_the_ledger_tells_of_it_once() -> None:
    made = five_tasks(Shape(), Shape(), Shape())
    before = len(made.store.all_writes())
    breaks(made, AuthError("the token is revoked"), what="read_many")
    sync(made)
    told = [one.source for one in made.store.all_writes()[before:] if one.outcome is Outcome.PAUSED]
    assert told == ["B"]
    assert {item.fields["due_date"] for item in made.sources["C"].items.values()} == {"2026-02-01"}
    made.fault = None
    assert [sync(made), sync(made)] == [5, 0]


def test_a_source_known_to_refuse_the_credentials_is_not_asked_again() -> None:
    made = five_tasks(Shape(), Shape())
    worlds.pull(made, "A", worlds.Random(0))
    saved = worlds.plan(made)
    asked: list[str] = []
    made.fault = lambda source, what: bool(asked.append(source))
    patience = Patience(paused={"B": "the token is revoked"})
    applied = worlds.applying.apply_plan(
        made.store, made.ports(), saved, made.rules(), made.run_id(), made.clock, patience=patience
    )
    assert asked == []
    assert {one.outcome for one in applied.writes} == {Outcome.PAUSED}


def test_an_item_that_may_not_be_written_is_not_tried_again_before_it_was_read_again(made: Town) -> None:
    key = next(iter(made.sources["B"].items))
    made.tick(3600)
    made.sources["B"].person_creates({"title": "what a listing begins with from now on"})
    edit(made, "A", "title", "another title")
    breaks(made, AccessError("you may not"), times=1)
    sync(made)
    assert LinkState.NO_ACCESS in {link.state for link in made.store.all_links()}
    assert sync(made) == 0
    planned = worlds.planning.plan_tasks(made.store, made.ports(), made.rules(), made.run_id(), made.clock)
    assert (planned.plan.steps, planned.no_access) == ((), {"B": 1})
    made.tick(3600)
    made.sources["B"].person_edits(key, "due_date", "2026-02-01")
    sync(made)
    assert made.sources["B"].items[key].fields["title"] == "another title"
    assert sync(made) == 0
    planned = worlds.planning.plan_tasks(made.store, made.ports(), made.rules(), made.run_id(), made.clock)
    assert planned.no_access == {}


def test_where_no_item_may_be_made_one_is_tried_in_a_run_and_the_others_wait_while_updates_go_on(made: Town) -> None:
    for number in range(5):
        made.sources["A"].person_creates({"title": f"another task, number {number}"})
    edit(made, "A", "title", "another title")
    asked: list[str] = []

    def fault(source: str, what: str) -> bool:
        if (source, what) == ("B", "create"):
            asked.append(what)
            raise AccessError("you may only read")
        return False

    made.fault = fault
    for run in range(1, 4):
        before = len(made.store.all_writes())
        assert sync(made) == (6 if run == 1 else 5)
        assert len(asked) == run
        told = [one for one in made.store.all_writes()[before:] if one.operation is Operation.CREATE]
        assert [one.outcome for one in told].count(Outcome.NO_ACCESS) == 1
        assert {one.error for one in told if one.outcome is Outcome.WAITING} == {
            "no item may be made there: you may only read"
        }
    assert shown_titles(made) == {"another title"}
    made.fault = None
    assert [sync(made), sync(made)] == [5, 0]
    assert len(shown_titles(made)) == len(made.sources["B"].items) == 6


def shown_titles(made: Town) -> set[object]:
    return {item.fields["title"] for item in made.sources["B"].items.values()}


def test_what_was_done_of_an_update_before_it_broke_off_is_acknowledged_and_the_rest_stays_due(made: Town) -> None:
    edit(made, "A", "title", "another title")
    edit(made, "A", "due_date", "2026-02-01")
    update, said = made.sources["B"].update, iter([InvalidInputError("this will not do"), None, AccessError("no")])

    def flaky(external_id: str, fields: dict[str, object], before: object) -> object:
        error = next(said, None)
        if error is not None:
            raise error
        return update(external_id, fields, before)  # type: ignore[arg-type]

    made.sources["B"].update = flaky  # type: ignore[assignment,method-assign]
    sync(made)
    outcome, why = last(made)
    assert (outcome, why) == (Outcome.ACKNOWLEDGED, "no")
    assert len(made.store.all_writes()[-1].sent) == 1


@pytest.mark.parametrize(
    "error", [RetryableError("500"), UnknownOutcomeError("reset"), AuthError("401"), InvalidInputError("422")]
)
def test_whatever_the_failure_the_edit_is_sent_by_the_run_after_it(made: Town, error: Exception) -> None:
    edit(made, "A", "title", "another title")
    breaks(made, error, times=1)
    sync(made)
    sync(made)
    assert shown(made, "B") == "another title"
    assert [open_conflicts(made), sync(made)] == [[], 0]


def test_an_item_that_may_not_be_read_stops_no_other_and_is_not_tried_by_every_run(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made = five_tasks(Shape(), Shape())
    source = made.sources["B"]
    sync(made)
    made.tick(3600)
    source.person_creates({"title": "what a listing begins with from now on"})
    sync(made)
    hidden, seen_alone = next(iter(source.items)), list[str]()

    def read_many(ids: Sequence[str]) -> Iterator[Item]:
        if hidden in ids:
            raise AccessError(f"you may not see {hidden}")
        yield from SimulatedSource.read_many(source, ids)

    def read(external_id: str) -> Item:
        seen_alone.append(external_id)
        if external_id == hidden:
            raise AccessError(f"you may not see {hidden}")
        return SimulatedSource.read(source, external_id)

    monkeypatch.setattr(source, "read_many", read_many)
    monkeypatch.setattr(source, "read", read)
    for key in made.sources["A"].items:
        made.sources["A"].person_edits(key, "priority", "high")
    sync(made)
    assert {key for key, item in source.items.items() if item.fields["priority"] != "high"} == {hidden}
    assert [write.outcome for write in made.store.all_writes()].count(Outcome.NO_ACCESS) == 1
    assert made.store.find([ItemKey("B", hidden)])[ItemKey("B", hidden)].state is LinkState.NO_ACCESS
    seen_alone.clear()
    assert sync(made) == 0
    assert seen_alone == []


def test_an_item_that_cannot_be_read_stops_no_other_of_those_that_are_read_with_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made = five_tasks(Shape(), Shape())
    source = made.sources["B"]
    sync(made)
    strange = next(iter(source.items))

    def read_many(ids: Sequence[str]) -> Iterator[Item]:
        for item in SimulatedSource.read_many(source, ids):
            yield item._replace(payload={}) if item.external_id == strange else item

    def view(kind: Kind, payload: Payload) -> View:
        if not payload:
            raise UnreadableError("this is no task")
        return SimulatedLens.view(source.lens, kind, payload)

    monkeypatch.setattr(source, "read_many", read_many)
    monkeypatch.setattr(source.lens, "view", view)
    for key in made.sources["A"].items:
        made.sources["A"].person_edits(key, "priority", "high")
    sync(made)
    assert {key for key, item in source.items.items() if item.fields["priority"] != "high"} == {strange}
    (failed,) = [write for write in made.store.all_writes() if write.outcome is Outcome.FAILED]
    assert (failed.external_id, failed.error) == (strange, "this is no task")
    monkeypatch.undo()
    assert sync(made) == 1
    assert source.items[strange].fields["priority"] == "high"


def test_a_step_that_is_left_does_not_say_that_it_empties_what_refers_to_an_item_to_be_made(made: Town) -> None:
    sync(made)
    blocker = made.sources["A"].person_creates({"title": "the one that blocks"})
    made.sources["A"].person_edits("A1", "blocked_by", [blocker])
    breaks(made, AuthError("B does not accept the token"), what="create")
    sync(made)
    left = [write for write in made.store.all_writes() if write.outcome is Outcome.PAUSED]
    assert [(write.operation.value, write.sent.get("blocked_by")) for write in left] == [
        ("create", None), ("update", None),
    ]  # fmt: skip
    made.fault = None
    sync(made)
    assert made.store.all_writes()[-1].sent["blocked_by"]


def test_a_lost_call_of_which_a_look_shows_that_it_was_not_done_does_not_say_that_it_may_have_been(made: Town) -> None:
    edit(made, "A", "title", "another title")
    breaks(made, UnknownOutcomeError(f"B: PUT /issues: 500.{UnknownOutcomeError.MAY_BE_DONE}"), times=1)
    sync(made)
    (write,) = [one for one in made.store.all_writes() if one.outcome is Outcome.NOT_SENT]
    assert write.error == "B: PUT /issues: 500. The item shows that it was not done; the next run tries again."


def leave(made: Town, conflict: Conflict) -> None:
    moment = Moment(made.run_id(), made.clock())
    settling.settle(made.store, made.ports(), conflict.conflict_id, settling.Choice(leave=True), moment)


def left(made: Town) -> None:
    """A title that B refuses is left different there."""
    edit(made, "A", "title", "unwelcome")
    breaks(made, RefusedValueError("no, thanks", ("title",)))
    sync(made)
    (conflict,) = open_conflicts(made)
    leave(made, conflict)
    assert [sync(made) for _ in range(2)] == [0, 0]
    assert [one.kind for one in open_conflicts(made)] == [ConflictKind.LEFT]
    made.fault = lambda source, what: False


def test_what_a_person_leaves_different_is_quiet_until_the_task_moves(made: Town) -> None:
    left(made)
    edit(made, "A", "title", "welcome")
    assert sync(made) == 1
    assert (shown(made, "B"), open_conflicts(made)) == ("welcome", [])


def test_an_edit_where_something_was_left_different_is_heard(made: Town) -> None:
    left(made)
    edit(made, "B", "title", "typed there")
    assert sync(made) == 1
    assert (shown(made, "A"), open_conflicts(made)) == ("typed there", [])


def test_who_left_something_different_may_think_again(made: Town) -> None:
    left(made)
    (conflict,) = open_conflicts(made)
    settle(made, conflict, take="worklake")
    assert sync(made) == 1
    assert shown(made, "B") == "unwelcome"


def test_what_is_left_already_is_not_left_again_and_says_so(made: Town) -> None:
    left(made)
    (conflict,) = open_conflicts(made)
    with pytest.raises(InvalidInputError, match="is left already; to end that, take one of: B, worklake"):
        leave(made, conflict)
    assert open_conflicts(made) == [conflict]


def test_only_what_a_tool_refuses_can_be_left_different(made: Town) -> None:
    edit(made, "A", "title", "here")
    worlds.pull(made, "A", Random(0))
    worlds.undo(made, worlds.apply(made, worlds.plan(made)), everywhere=False)
    (conflict,) = open_conflicts(made)
    with pytest.raises(InvalidInputError, match="is not about a value that a tool refuses"):
        settling.settle(
            made.store,
            made.ports(),
            conflict.conflict_id,
            settling.Choice(leave=True),
            Moment("run_9999", made.clock()),
        )


def test_where_nobody_can_tell_whether_an_item_lies_outside_its_step_stays_due(made: Town) -> None:
    edit(made, "A", "title", "another title")

    def fails(item: Item) -> str | None:
        raise RetryableError("503")

    made.sources["B"].outside = fails  # type: ignore[method-assign]
    sync(made)
    assert last(made)[0] is Outcome.FAILED
    made.sources["B"].outside = lambda item: None  # type: ignore[method-assign]
    assert sync(made) == 1
    assert shown(made, "B") == "another title"


def test_nothing_is_written_to_an_item_that_lies_outside_not_even_a_comment(made: Town) -> None:
    made.sources["B"].covers = lambda key: False  # type: ignore[method-assign]
    made.sources["B"].outside = lambda item: "it is elsewhere"  # type: ignore[method-assign]
    links = [replace(link, called=link.external_id) for link in made.store.all_links()]
    made.store.commit(links=links)
    made.sources["A"].discussion.person_comments("A1", "kim", "a word")
    assert sync(made) == 1
    assert last(made) == (Outcome.NO_ACCESS, "it is elsewhere: it is left as it is")
    assert not made.sources["B"].discussion.comments
    (link,) = (link for link in made.store.all_links() if link.source == "B")
    assert link.state is LinkState.PAUSED


def refuses_nothing_set(made: Town) -> None:
    """B does not let a due date be emptied."""
    write = made.sources["B"].update

    def update(external_id: str, fields: Fields, shown: Fields) -> Item:
        if fields.get("due_date", "") is None:
            raise RefusedValueError("it is needed", ("due_date",))
        return write(external_id, fields, shown)

    made.sources["B"].update = update  # type: ignore[method-assign]
    edit(made, "A", "due_date", "2026-02-01")
    sync(made)
    edit(made, "A", "due_date", None)
    sync(made)


def test_a_refused_emptying_is_over_once_the_value_is_back(made: Town) -> None:
    refuses_nothing_set(made)
    edit(made, "A", "due_date", "2026-02-01")
    assert [sync(made), open_conflicts(made)] == [0, []]


def test_an_emptying_that_was_left_is_over_once_the_value_is_back(made: Town) -> None:
    refuses_nothing_set(made)
    (conflict,) = open_conflicts(made)
    leave(made, conflict)
    sync(made)
    edit(made, "A", "due_date", "2026-02-01")
    assert [sync(made), open_conflicts(made)] == [0, []]


def test_only_the_item_that_refuses_a_value_is_left_different(made: Town) -> None:
    second = made.sources["B"].person_creates({"title": "a title of some length"})
    made.matched[ItemKey("B", second)] = ItemKey("A", "A1")
    sync(made)
    edit(made, "A", "title", "unwelcome")
    write = made.sources["B"].update

    def update(external_id: str, fields: Fields, shown: Fields) -> Item:
        if external_id == second:
            raise RefusedValueError("no, thanks", ("title",))
        return write(external_id, fields, shown)

    made.sources["B"].update = update  # type: ignore[method-assign]
    sync(made)
    (conflict,) = open_conflicts(made)
    leave(made, conflict)
    assert sync(made) == 0
    titles = {key: item.fields["title"] for key, item in made.sources["B"].items.items()}
    assert titles.pop(second) == "a title of some length"
    assert set(titles.values()) == {"unwelcome"}


def test_what_was_left_different_stays_so_when_a_mapping_changes(made: Town) -> None:
    left(made)
    made.sources["B"].lens.fingerprint = lambda: "another mapping"  # type: ignore[method-assign]
    assert [sync(made) for _ in range(2)] == [0, 0]
