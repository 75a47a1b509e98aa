"""Taking back what was made, and what else happens to items that Worklake makes: stories over simulated sources."""

from __future__ import annotations

from random import Random

import pytest

from tests.sync.heart.test_engine import Lagging, Town, edit, shown, sync, town, written_without_an_answer
from worklake.errors import AccessError, InvalidInputError, RetryableError
from worklake.model.heart_rows import Operation, Outcome
from worklake.settings.models import Owner
from worklake.sync.heart import settling, undoing
from worklake.sync.heart.everywhere import plan_everywhere
from worklake.sync.heart.ledger import finished
from worklake.sync.rules.state import ConflictKind, Decision, ItemKey
from worklake.sync.rules.task import Moment
from worklake.testing.memory import MemoryStore
from worklake.testing.simulate import world as worlds
from worklake.testing.simulate.shapes import Shape
from worklake.testing.simulate.source import Hooks
from worklake.testing.simulate.trouble import Crash


def made_and_taken_back(made: Town) -> str:
    """The run that took back the making of the item in B."""
    worlds.pull(made, "AB", Random(0))
    return worlds.undo(made, worlds.apply(made, worlds.plan(made)), everywhere=False)


def test_what_was_made_and_taken_back_is_made_again_when_that_is_undone() -> None:
    made = town(Shape(), Shape())
    undone = made_and_taken_back(made)
    (item,) = made.sources["B"].items.values()
    assert item.deleted
    worlds.undo(made, undone, everywhere=False)
    assert not item.deleted
    edit(made, "A", "title", "another title")
    sync(made)
    assert shown(made, "B") == "another title"


def carried_on(made: Town) -> str:
    """The run that carried a title from A to the others."""
    sync(made)
    edit(made, "A", "title", "carried on")
    worlds.pull(made, sorted(made.sources), Random(0))
    return worlds.apply(made, worlds.plan(made))


def carried_on_and_taken_back(made: Town) -> str:
    """The run that took back what carried a title from A to the others."""
    return worlds.undo(made, carried_on(made), everywhere=False)


def test_the_undo_of_what_one_run_took_back_leaves_held_what_another_did_of_the_same_plan() -> None:
    made = town(Shape(), Shape())
    made.sources["A"].person_creates({"title": "a second title"})
    sync(made)
    for key in ("A1", "A2"):
        made.sources["A"].person_edits(key, "title", f"carried on {key}")
    made.tick(60)
    worlds.pull(made, "AB", Random(0))
    run = worlds.apply(made, worlds.plan(made))
    calls = list[str]()

    def down(source: str, what: str) -> bool:
        calls.extend([what] if what == "update" else [])
        if len(calls) > 1:
            raise RetryableError("B is down")
        return False

    made.fault = down
    first = worlds.undo(made, run, everywhere=False)
    made.fault = None
    saved = made.store.plan(made.plans[-1])
    assert saved is not None
    second = worlds.apply(made, saved)
    titles = {"a title of some length", "a second title"}
    there = made.sources["B"].items.values()
    assert {one.fields["title"] for one in there} == titles
    worlds.undo(made, first, everywhere=False)
    sync(made)
    assert len({one.fields["title"] for one in there} & titles) == 1
    worlds.undo(made, second, everywhere=False)
    sync(made)
    assert {one.fields["title"] for one in there} == {"carried on A1", "carried on A2"}


@pytest.mark.parametrize("edited", ["A", "B", "C"])
def test_what_a_person_edits_while_an_undo_holds_it_waits_for_a_person_when_that_is_undone(edited: str) -> None:
    made = town(Shape(), Shape(), Shape())
    undone = carried_on_and_taken_back(made)
    edit(made, edited, "title", "by a person")
    sync(made)
    worlds.undo(made, undone, everywhere=False)
    assert sync(made) == 0
    assert {name: shown(made, name) for name in "ABC"} == dict.fromkeys("ABC", "carried on") | {edited: "by a person"}
    (conflict,) = [one for one in made.store.all_conflicts() if one.open]
    assert {one.value for one in conflict.contenders} == {"carried on", "by a person"}
    settling.settle(
        made.store,
        made.ports(),
        conflict.conflict_id,
        settling.Choice(take=edited),
        Moment(made.run_id(), made.clock()),
    )
    sync(made)
    assert [shown(made, name) for name in "ABC"] == ["by a person"] * 3


def test_an_edit_that_does_not_know_what_was_settled_over_an_undo_contends_with_it() -> None:
    made = town(Shape(), Shape())
    run = carried_on(made)
    edit(made, "B", "title", "by a person")

    def down(source: str, what: str) -> bool:
        if source == "B":
            raise RetryableError(f"{what}: B is down")
        return False

    made.fault = down
    worlds.undo(made, run, everywhere=False)
    made.fault = None
    assert made.store.all_writes()[-1].outcome is Outcome.FAILED
    (held,) = made.store.all_conflicts()
    settling.settle(
        made.store, made.ports(), held.conflict_id, settling.Choice(take="B"), Moment(made.run_id(), made.clock())
    )
    sync(made)
    assert [shown(made, name) for name in "AB"] == ["a title of some length"] * 2
    kept = {one.value for conflict in made.store.all_conflicts() for one in conflict.contenders}
    assert kept == {"carried on", "a title of some length", "by a person"}


def test_the_plan_of_an_undo_applied_once_more_forgets_nothing_that_was_edited_since() -> None:
    made = town(Shape(), Shape())
    carried_on_and_taken_back(made)
    edit(made, "B", "title", "by a person")
    sync(made)
    saved = made.store.plan(made.plans[-2])
    assert saved is not None and saved.undoes is not None
    worlds.apply(made, saved, allowed=True)
    (held,) = made.store.all_conflicts()
    assert {one.value for one in held.contenders} == {"carried on", "by a person"}
    assert shown(made, "B") == "by a person"


@pytest.mark.parametrize("everywhere", [False, True])
def test_an_undo_that_finds_nothing_hides_no_plan_that_waits(everywhere: bool) -> None:
    made = town(Shape(), Shape())
    run = carried_on(made)
    worlds.undo(made, run, everywhere=True)
    made.sources["A"].person_creates({"title": "another task"})
    worlds.pull(made, "AB", Random(0))
    waits = worlds.plan(made)
    assert waits.steps
    worlds.undo(made, run, everywhere)
    assert made.store.plan() == waits


def test_an_undo_of_an_undo_with_nothing_to_write_is_kept_as_it_lets_go_of_what_that_held() -> None:
    made = town(Shape(), Shape())
    undone = carried_on_and_taken_back(made)
    edit(made, "B", "title", "by a person")
    worlds.pull(made, "AB", Random(0))
    moment = Moment(made.run_id(), made.clock())
    saved = undoing.plan_undo(made.store, made.ports(), undone, moment).plan
    assert (saved.steps, made.store.plan()) == ((), saved)


def test_where_nobody_edited_what_an_undo_held_nothing_waits_when_that_is_undone() -> None:
    made = town(Shape(), Shape(), Shape())
    undone = carried_on_and_taken_back(made)
    assert [shown(made, name) for name in "BC"] == ["a title of some length"] * 2
    edit(made, "B", "due_date", "2026-03-01")
    sync(made)
    worlds.undo(made, undone, everywhere=False)
    sync(made)
    assert [shown(made, name) for name in "ABC"] == ["carried on"] * 3
    assert not [one for one in made.store.all_conflicts() if one.open]


def test_what_was_made_and_can_only_be_closed_is_not_opened_again() -> None:
    made = town(Shape(), Shape(deletes=False))
    undone = made_and_taken_back(made)
    assert sync(made) == 0
    assert shown(made, "B", "status") == "canceled"
    worlds.undo(made, undone, everywhere=False)
    sync(made)
    assert shown(made, "B", "status") == "backlog"


def may_delete_nothing(made: Town) -> None:
    def refuse(external_id: str) -> None:
        raise AccessError(f"the token may not delete {external_id}")

    made.sources["B"].delete = refuse  # type: ignore[method-assign]


def test_what_was_made_and_may_not_be_deleted_is_closed_by_the_same_undo() -> None:
    made = town(Shape(), Shape())
    may_delete_nothing(made)
    made_and_taken_back(made)
    assert shown(made, "B", "status") == "canceled"
    assert {call.operation for call in made.sources["B"].calls} == {"create", "close"}
    assert [one.kind for one in made.store.all_conflicts() if one.open] == [ConflictKind.UNDONE]
    assert sync(made) == 0
    assert shown(made, "A", "status") == "backlog"


def test_what_an_undo_closed_stays_closed_where_a_person_wants_that() -> None:
    made = town(Shape(), Shape(deletes=False))
    made_and_taken_back(made)
    (hold,) = (one for one in made.store.all_conflicts() if one.open)
    moment = Moment(made.run_id(), made.clock())
    settling.settle(made.store, made.ports(), hold.conflict_id, settling.Choice(take="B"), moment)
    edit(made, "A", "title", "another title")
    assert [sync(made) for _ in range(2)] == [1, 0]
    assert (shown(made, "B"), shown(made, "B", "status")) == ("another title", "canceled")
    edit(made, "B", "status", "backlog")
    edit(made, "A", "title", "yet another title")
    sync(made)
    edit(made, "B", "status", "canceled")
    sync(made)
    assert shown(made, "A", "status") == "canceled"


def test_an_undo_that_dies_before_it_closes_what_it_may_not_delete_is_repeated() -> None:
    made = town(Shape(), Shape())
    may_delete_nothing(made)
    worlds.pull(made, "AB", Random(0))
    run = worlds.apply(made, worlds.plan(made))
    worlds.apply(made, undoing.plan_undo(made.store, made.ports(), run, Moment(made.run_id(), made.clock())).plan)
    assert shown(made, "B", "status") == "backlog"
    (step,) = undoing.plan_undo(made.store, made.ports(), run, Moment(made.run_id(), made.clock())).plan.steps
    assert step.operation is Operation.CLOSE
    worlds.undo(made, run, everywhere=False)
    assert shown(made, "B", "status") == "canceled"
    assert [one.kind for one in made.store.all_conflicts() if one.open] == [ConflictKind.UNDONE]


def test_a_listing_that_still_shows_a_closed_item_open_opens_nothing_and_closes_nothing() -> None:
    made = town(Shape(), Shape(deletes=False, lags=True))
    made_and_taken_back(made)
    made.sources["B"].hooks = Lagging()
    sync(made)
    made.sources["B"].hooks = Hooks()
    sync(made)
    (task,) = made.store.tasks.values()
    assert task.fields["status"].value == "backlog"
    assert shown(made, "A", "status") == "backlog"


def test_a_listing_from_before_a_write_whose_reply_was_lost_is_no_edit() -> None:
    made = town(Shape(), Shape(lags=True))
    sync(made)
    edit(made, "A", "title", "another title")
    made.fault = lambda _source, what: what == "update"
    sync(made)
    made.fault = None
    assert made.store.all_writes()[-1].outcome is Outcome.ACKNOWLEDGED
    made.sources["B"].hooks = Lagging()
    assert sync(made) == 0
    assert [shown(made, one) for one in "AB"] == ["another title"] * 2


def test_an_item_that_a_person_closed_meanwhile_is_that_persons_edit() -> None:
    made = town(Shape(), Shape(deletes=False))
    worlds.pull(made, "AB", Random(0))
    run = worlds.apply(made, worlds.plan(made))
    edit(made, "B", "status", "completed")
    worlds.undo(made, run, everywhere=False)
    assert made.store.all_writes()[-1].outcome is Outcome.STALE
    worlds.pull(made, "AB", Random(0))
    (task,) = made.store.tasks.values()
    assert task.fields["status"].value == "completed"


def test_a_reference_that_nothing_refers_to_any_more_is_restored() -> None:
    made = town(Shape(), Shape())
    made.sources["A"].person_creates({"title": "the one that blocks"})
    sync(made)
    other = ItemKey("A", "A2")
    made.sources["A"].person_edits("A1", "blocked_by", [other.external_id])
    made.tick(120)
    worlds.sync(made, Random(0))
    blocked = made.task_of(ItemKey("A", "A1"))
    (there,) = (link.external_id for link in made.store.all_links() if link.source == "B" and link.task_id == blocked)
    was = made.sources["B"].items[there].fields["blocked_by"]
    assert was
    made.tick(120)
    made.sources["A"].person_edits("A1", "blocked_by", [])
    worlds.pull(made, "AB", Random(0))
    run = worlds.apply(made, worlds.plan(made))
    assert made.sources["B"].items[there].fields["blocked_by"] == []
    worlds.undo(made, run, everywhere=False)
    assert made.sources["B"].items[there].fields["blocked_by"] == was


def test_an_item_that_a_person_made_for_the_task_is_not_taken_for_the_one_whose_reply_was_lost() -> None:
    made = town(Shape(), Shape())
    worlds.pull(made, "A", Random(0))

    def dies(source: str, what: str) -> bool:
        if what == "find":
            raise Crash
        return what == "create"

    made.fault = dies
    worlds.apply(made, worlds.plan(made))
    made.fault = None
    made.tick(60)
    theirs = ItemKey("B", made.sources["B"].person_creates({"title": "made by hand"}))
    made.matched[theirs] = ItemKey("A", "A1")
    sync(made)
    assert sync(made) == 0
    assert len(made.store.all_tasks()) == 1
    assert {item.fields["title"] for item in made.sources["B"].items.values()} == {"made by hand"}
    (conflict,) = made.store.all_conflicts()
    assert {one.value for one in conflict.contenders} == {"made by hand", "a title of some length"}


def test_a_conflict_over_a_field_that_the_task_did_not_have_is_settled() -> None:
    made = town(Shape(lacks=frozenset({"due_date"})), Shape(), Shape())
    made.policies = {"due_date": "manual"}
    sync(made)
    edit(made, "B", "due_date", "2026-03-01")
    edit(made, "C", "due_date", "2026-03-02")
    made.store.batch += 1
    for name in "BC":
        for page in made.sources[name].list_changed(None, made.now):
            for item in page.items:
                worlds._read(made, made.sources[name], item)
    worlds._merge(made, "run_9000")
    (conflict,) = made.store.all_conflicts()
    moment = Moment("run_9001", made.clock())
    settling.settle(made.store, made.ports(), conflict.conflict_id, settling.Choice(take="C"), moment)
    sync(made)
    assert [shown(made, one, "due_date") for one in "BC"] == ["2026-03-02"] * 2


@pytest.mark.parametrize("dies_before", ["changes", "tasks", "links"])
def test_a_merge_that_dies_forgets_no_text_that_waits_for_a_person(dies_before: str) -> None:
    made = town(Shape(), Shape())
    made.policies = {"description": "manual"}
    edit(made, "A", "description", "one")
    sync(made)
    for source in "AB":
        edit(made, source, "description", f"one of {source}")
    dying = {dies_before}

    def before(table: str) -> None:
        if table in dying and len(made.late) == 2:
            raise Crash

    made.store._before = before
    for name in "AB":
        source = made.sources[name]
        made.store.batch += 1
        for page in source.list_changed(None, made.now):
            for item in page.items:
                worlds._read(made, source, item)
    with pytest.raises(Crash):
        worlds._merge(made, "run_9000")
    dying.clear()
    worlds._merge(made, "run_9001")
    assert sync(made) == 0
    (conflict,) = made.store.all_conflicts()
    assert conflict.open
    assert {one.value for one in conflict.contenders} == {"one of A", "one of B"}
    assert isinstance(made.store, MemoryStore)


def test_an_edit_made_just_before_an_item_was_deleted_is_heard_once_the_item_is_back() -> None:
    made = town(Shape(), Shape())
    worlds.pull(made, "AB", Random(0))
    run = worlds.apply(made, worlds.plan(made))

    def closes(source: str, what: str) -> bool:
        if what == "delete":
            edit(made, "B", "status", "completed")
        return False

    made.fault = closes
    undone = worlds.undo(made, run, everywhere=False)
    made.fault = None
    worlds.undo(made, undone, everywhere=False)
    sync(made)
    assert [shown(made, one, "status") for one in "AB"] == ["completed"] * 2


def test_a_listing_from_before_a_call_of_unknown_outcome_does_not_settle_it() -> None:
    made = town(Shape(), Shape(deletes=False, lags=True))
    worlds.pull(made, "AB", Random(0))
    run = worlds.apply(made, worlds.plan(made))
    made.tick(60)

    def dies(source: str, what: str) -> bool:
        if what == "read" and source == "B":
            raise Crash
        return what == "close"

    made.fault = dies
    worlds.undo(made, run, everywhere=False)
    made.fault = None
    made.sources["B"].hooks = Lagging()
    worlds.pull(made, "AB", Random(0))
    made.sources["B"].hooks = Hooks()
    assert made.store.unresolved()
    sync(made)
    assert sync(made) == 0
    assert shown(made, "A", "status") == "backlog"
    assert made.store.all_writes()[-1].outcome is Outcome.ACKNOWLEDGED


@pytest.mark.parametrize("of", ["A", "B"])
def test_a_merge_that_dies_before_its_links_takes_nothing_out_of_a_united_set(of: str) -> None:
    made = town(Shape(), Shape())
    made.sources["A"].items["A1"].fields["labels"] = ["of A"]
    keys = {
        "A": ItemKey("A", "A1"),
        "B": ItemKey("B", made.sources["B"].person_creates({"title": "a title of some length", "labels": ["of B"]})),
    }
    made.matched[keys["A" if of == "B" else "B"]] = keys[of]
    dying = {"links"}

    def before(table: str) -> None:
        if table in dying:
            raise Crash

    made.store = MemoryStore(before)
    for name in "AB":
        made.store.batch += 1
        for page in made.sources[name].list_changed(None, made.now):
            for item in page.items:
                worlds._read(made, made.sources[name], item)
    with pytest.raises(Crash):
        worlds._merge(made, "run_9000")
    dying.clear()
    worlds._merge(made, "run_9001")
    sync(made)
    assert sync(made) == 0
    assert [shown(made, one, "labels") for one in "AB"] == [["of A", "of B"]] * 2


def test_what_a_tool_drops_of_a_set_at_a_creation_whose_reply_is_lost_is_taken_out_nowhere_else() -> None:
    made = town(Shape(), Shape(drops_labels=True))
    made.sources["A"].person_edits("A1", "labels", ["label-1", "label-2"])
    made.fault = lambda source, what: (source, what) == ("B", "create")
    sync(made)
    made.fault = None
    sync(made)
    assert sync(made) == 0
    assert [shown(made, name, "labels") for name in "AB"] == [["label-1", "label-2"], ["label-2"]]


@pytest.mark.parametrize("looked", [True, False])
def test_what_may_have_been_taken_out_of_a_set_after_a_creation_without_an_answer_is_left_to_a_person(
    looked: bool,
) -> None:
    made = town(Shape(), Shape())
    made.sources["A"].person_edits("A1", "labels", ["one", "two"])

    def unanswered(source: str, what: str) -> bool:
        if what == "find" and looked:
            raise RetryableError(f"{source} is down")
        return (source, what) == ("B", "create")

    made.fault = unanswered
    sync(made)
    made.fault = None
    if not looked:
        (write,) = made.store.unresolved()
        made.store.finish([finished(write, Outcome.NOT_SENT, Moment("run_9000", made.clock()))])
    edit(made, "B", "labels", ["one"])
    worlds.apply(made, worlds.plan(made))
    (conflict,) = made.store.all_conflicts()
    assert conflict.open
    assert {one.origin.source: one.value for one in conflict.contenders if one.origin} == {
        "A": ["one", "two"],
        "B": ["one"],
    }
    sync(made)
    assert [shown(made, name, "labels") for name in "AB"] == [["one", "two"]] * 2
    settling.settle(
        made.store, made.ports(), conflict.conflict_id, settling.Choice(take="B"), Moment(made.run_id(), made.clock())
    )
    sync(made)
    assert [shown(made, name, "labels") for name in "AB"] == [["one"]] * 2
    assert sync(made) == 0


def test_what_a_person_sets_at_an_item_whose_making_was_not_answered_is_an_edit_of_an_owned_field() -> None:
    made = town(Shape(), Shape())
    made.policies = {"status": Owner(owner="A")}
    worlds.pull(made, "A", Random(0))
    made.fault = lambda _source, what: what == "create"
    worlds.apply(made, worlds.plan(made))
    made.fault = None
    edit(made, "B", "status", "completed")
    sync(made)
    assert sync(made) == 0
    assert [shown(made, name, "status") for name in "AB"] == ["backlog"] * 2
    (change,) = [
        one for task in made.store.all_tasks() for one in made.store.changes(task_id=task) if one.field == "status"
    ]
    assert change.decision is Decision.REFUSED


@pytest.mark.parametrize("was_closed", [False, True])
def test_who_closes_an_item_otherwise_than_we_did_without_a_reply_is_heard(was_closed: bool) -> None:
    made = town(Shape(), Shape(deletes=False))
    worlds.pull(made, "AB", Random(0))
    run = worlds.apply(made, worlds.plan(made))
    made.fault = lambda _source, what: what == "close" and not was_closed
    worlds.undo(made, run, everywhere=True)
    made.fault = lambda _source, what: what == "close"
    again = made.store.plan(made.plans[-1])
    assert again is not None
    worlds.apply(made, again, allowed=True)
    made.fault = None
    assert shown(made, "B", "status") == "canceled"
    edit(made, "B", "status", "completed")
    sync(made)
    assert sync(made) == 0
    assert [shown(made, name, "status") for name in "AB"] == ["completed"] * 2


def test_who_closes_an_item_otherwise_just_before_we_close_it_is_heard() -> None:
    made = town(Shape(), Shape(deletes=False))
    worlds.pull(made, "AB", Random(0))
    run = worlds.apply(made, worlds.plan(made))

    def closed_first(source: str, what: str) -> bool:
        if what == "close":
            edit(made, "B", "status", "completed")
        return False

    made.fault = closed_first
    worlds.undo(made, run, everywhere=True)
    made.fault = None
    sync(made)
    assert sync(made) == 0
    assert [shown(made, name, "status") for name in "AB"] == ["completed"] * 2


def test_what_a_person_decides_to_stand_has_been_said_then() -> None:
    made = town(Shape(), Shape())
    carried_on_and_taken_back(made)
    edit(made, "B", "title", "by somebody who does not know it")
    made.tick(60)
    (held,) = made.store.all_conflicts()
    settling.settle(
        made.store, made.ports(), held.conflict_id, settling.Choice(take="A"), Moment(made.run_id(), made.clock())
    )
    sync(made)
    assert sync(made) == 0
    assert [shown(made, name) for name in "AB"] == ["carried on"] * 2
    kept = {one.value for conflict in made.store.all_conflicts() for one in conflict.contenders}
    assert "by somebody who does not know it" in kept


def test_what_an_undo_everywhere_can_only_close_is_not_opened_again() -> None:
    made = town(Shape(), Shape(deletes=False))
    worlds.pull(made, "AB", Random(0))
    run = worlds.apply(made, worlds.plan(made))
    undone = worlds.undo(made, run, everywhere=True)
    edit(made, "A", "title", "another title")
    assert [sync(made) for _ in range(2)] == [1, 0]
    assert (shown(made, "A", "status"), shown(made, "B", "status")) == ("backlog", "canceled")
    worlds.undo(made, undone, everywhere=False)
    sync(made)
    assert shown(made, "B", "status") == "backlog"
    assert not [one for one in made.store.all_conflicts() if one.open]


def test_an_undo_everywhere_leaves_what_was_edited_after_the_run_that_carried_another_value_on() -> None:
    made = town(Shape(), Shape())
    run = carried_on(made)
    edit(made, "A", "title", "edited since")
    sync(made)
    undone = plan_everywhere(made.store, made.ports(), made.rules(), run, Moment(made.run_id(), made.clock()))
    assert (undone.plan.steps, undone.plan.takes_back) == ((), ())
    assert [(one.field, one.reason) for one in undone.left] == [("title", "it was changed since")]


def test_the_plan_of_an_undo_everywhere_applied_once_more_takes_back_no_edit_made_since() -> None:
    made = town(Shape(), Shape(), Shape())
    run = carried_on(made)
    moment = Moment(made.run_id(), made.clock())
    saved = plan_everywhere(made.store, made.ports(), made.rules(), run, moment).plan
    worlds.apply(made, saved)
    made.tick(600)
    edit(made, "A", "title", "carried on")
    worlds.pull(made, "ABC", Random(0))
    worlds.apply(made, saved)
    sync(made)
    assert [shown(made, name) for name in "ABC"] == ["carried on"] * 3


def test_what_a_person_edits_before_an_undo_closes_it_is_not_closed() -> None:
    made = town(Shape(), Shape(deletes=False))
    worlds.pull(made, "AB", Random(0))
    run = worlds.apply(made, worlds.plan(made))
    saved = undoing.plan_undo(made.store, made.ports(), run, Moment(made.run_id(), made.clock())).plan
    edit(made, "B", "title", "a person works here")
    worlds.apply(made, saved)
    assert made.store.all_writes()[-1].outcome is Outcome.STALE
    assert (shown(made, "B"), shown(made, "B", "status")) == ("a person works here", "backlog")


def test_comments_of_what_may_not_be_deleted_are_taken_back_where_it_is_closed() -> None:
    made = town(Shape(), Shape())
    may_delete_nothing(made)
    made.sources["A"].discussion.person_comments("A1", "kim", "a word")
    made_and_taken_back(made)
    assert [one.deleted for one in made.sources["B"].discussion.comments.values()] == [True]


def test_a_closing_whose_reply_was_lost_leaves_nothing_to_be_decided_about_deleting() -> None:
    made = town(Shape(), Shape())
    may_delete_nothing(made)
    made.fault = lambda source, what: (source, what) == ("B", "close")
    made_and_taken_back(made)
    made.fault = lambda source, what: False
    sync(made)
    assert shown(made, "B", "status") == "canceled"
    assert [one.kind for one in made.store.all_conflicts() if one.open] == [ConflictKind.UNDONE]


def test_the_undo_of_an_undo_everywhere_leaves_what_that_one_had_left() -> None:
    made = town(Shape(), Shape())
    sync(made)
    edit(made, "A", "title", "carried on")
    edit(made, "A", "due_date", "2026-03-01")
    worlds.pull(made, "AB", Random(0))
    run = worlds.apply(made, worlds.plan(made))
    edit(made, "B", "title", "edited since")
    worlds.pull(made, "AB", Random(0))
    undone = worlds.undo(made, run, everywhere=True)
    assert [shown(made, "A", "due_date"), shown(made, "B", "due_date")] == [None, None]
    worlds.undo(made, undone, everywhere=True)
    sync(made)
    assert [shown(made, name) for name in "AB"] == ["edited since"] * 2
    assert [shown(made, name, "due_date") for name in "AB"] == ["2026-03-01"] * 2


def test_worklake_stands_for_what_was_undone_wherever_it_came_from() -> None:
    made = town(Shape(), Shape())
    carried_on_and_taken_back(made)
    (hold,) = (one for one in made.store.all_conflicts() if one.open)
    moment = Moment(made.run_id(), made.clock())
    settling.settle(made.store, made.ports(), hold.conflict_id, settling.Choice(take="worklake"), moment)
    sync(made)
    assert [shown(made, name) for name in "AB"] == ["carried on"] * 2


@pytest.mark.parametrize("choice", [settling.Choice(take="B"), settling.Choice(leave=True)])
def test_a_copy_of_a_comment_that_was_undone_can_stay_so(choice: settling.Choice) -> None:
    made = town(Shape(), Shape())
    sync(made)
    made.sources["A"].discussion.person_comments("A1", "kim", "a word")
    worlds.pull(made, "AB", Random(0))
    undone = worlds.undo(made, worlds.apply(made, worlds.plan(made)), everywhere=False)
    (hold,) = (one for one in made.store.all_conflicts() if one.open)
    moment = Moment(made.run_id(), made.clock())
    assert settling.settle(made.store, made.ports(), hold.conflict_id, choice, moment).kind is ConflictKind.LEFT
    once_more = Moment(made.run_id(), made.clock())
    settling.settle(made.store, made.ports(), hold.conflict_id, settling.Choice(take="B"), once_more)
    with pytest.raises(InvalidInputError, match="is left already"):
        settling.settle(made.store, made.ports(), hold.conflict_id, settling.Choice(leave=True), once_more)
    assert [sync(made) for _ in range(2)] == [0, 0]
    (copy,) = made.sources["B"].discussion.comments.values()
    assert copy.deleted
    worlds.undo(made, undone, everywhere=False)
    sync(made)
    assert [one.body.splitlines()[-1] for one in made.sources["B"].discussion.comments.values() if not one.deleted] == [
        "a word"
    ]


def undone_after_an_edit(made: Town, run: str) -> undoing.Undoing:
    """What the undo of a run plans once a person has given the item in B another title."""
    edit(made, "B", "title", "a title of their own")
    worlds.pull(made, "B", Random(0))
    return undoing.plan_undo(made.store, made.ports(), run, Moment("run_undo", made.clock()))


def test_what_a_person_edited_after_a_write_without_an_answer_is_left_and_named() -> None:
    made = town(Shape(), Shape())
    sync(made)
    edit(made, "A", "title", "another title")
    edit(made, "A", "due_date", "2031-01-01")
    run = written_without_an_answer(made)
    undone = undone_after_an_edit(made, run)
    assert [(one.field, one.reason) for one in undone.left] == [("title", "it was changed since")]
    assert [dict(step.fields) for step in undone.plan.steps] == [{"due_date": None}]


def test_a_write_without_an_answer_all_of_which_a_person_edited_is_left_and_named() -> None:
    made = town(Shape(), Shape())
    sync(made)
    edit(made, "A", "title", "another title")
    run = written_without_an_answer(made)
    undone = undone_after_an_edit(made, run)
    assert [(one.field, one.reason) for one in undone.left] == [("title", "it was changed since")]


def test_an_item_that_a_person_edited_after_a_making_without_an_answer_is_left_and_named() -> None:
    made = town(Shape(), Shape())
    run = written_without_an_answer(made)
    undone = undone_after_an_edit(made, run)
    assert [one.reason for one in undone.left] == ["it was changed since it was created"]
    assert undone.plan.steps == ()


@pytest.mark.parametrize("answered", [True, False])
def test_what_a_person_put_into_a_set_while_it_was_written_is_left(answered: bool) -> None:
    made = town(Shape(), Shape())
    sync(made)
    edit(made, "A", "labels", ["label-1"])

    def edits_meanwhile(source: str, what: str) -> bool:
        if (source, what) == ("B", "update"):
            made.sources["B"].person_edits("B1", "labels", ["of their own"])
        return False

    if answered:
        worlds.pull(made, "AB", Random(0))
        saved, made.fault = worlds.plan(made), edits_meanwhile
        run = worlds.apply(made, saved)
        made.fault = None
    else:
        run = written_without_an_answer(made)
        edit(made, "B", "labels", ["label-1", "of their own"])
    worlds.pull(made, "B", Random(0))
    assert shown(made, "B", "labels") == ["label-1", "of their own"]
    undone = undoing.plan_undo(made.store, made.ports(), run, Moment("run_undo", made.clock()))
    assert [(one.field, one.reason) for one in undone.left] == [("labels", "it was changed since")]
