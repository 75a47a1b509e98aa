"""The stories that the rules of merging must get right, each over simulated tools, from an edit to rest."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest

from tests.sync.heart.test_engine import Town, edit, outcomes, shown, sync, town
from tests.sync.heart.test_history import TELLS, first
from worklake.errors import RetryableError
from worklake.model.heart_rows import Outcome
from worklake.settings.models import Brake, Owner, Prefer
from worklake.sync.heart import merging
from worklake.sync.heart.ports import Observation, Rules
from worklake.sync.rules.state import Decision, ItemKey
from worklake.sync.rules.task import Moment
from worklake.testing.memory import MemoryStore
from worklake.testing.simulate import world as worlds
from worklake.testing.simulate.shapes import Shape
from worklake.testing.simulate.trouble import Crash

EXACT, COARSE = Shape(), Shape(coarse_status=True)


def pair(a: Shape = EXACT, b: Shape = EXACT) -> Town:
    made = town(a, b)
    sync(made)
    return made


def both(made: Town, name: str = "title") -> list[object]:
    return [shown(made, one, name) for one in "AB"]


def down(made: Town, source: str = "B", *calls: str) -> None:
    """The source fails at these calls, by default at all."""

    def fault(name: str, what: str) -> bool:
        if name == source and (not calls or what in calls):
            raise RetryableError(f"{source} is down")
        return False

    made.fault = fault


def decisions(made: Town) -> list[Decision]:
    return [change.decision for change in made.store.changes(task_id=made.store.all_tasks()[0])]


def test_story_title_edited_in_a_and_due_date_in_b() -> None:
    made = pair()
    edit(made, "A", "title", "another title")
    edit(made, "B", "due_date", "2026-02-01")
    sync(made)
    assert (both(made), both(made, "due_date")) == (["another title"] * 2, ["2026-02-01"] * 2)


def test_story_title_edited_in_both_to_the_same_text() -> None:
    made = pair()
    edit(made, "A", "title", "the same title")
    edit(made, "B", "title", "the same title")
    assert sync(made) == 0
    assert made.store.all_conflicts() == []
    assert sorted(decisions(made)[-2:]) == [Decision.AGREED, Decision.TAKEN]


def test_story_an_earlier_edit_that_is_seen_later_and_had_not_seen_the_newer_one() -> None:
    made = pair(Shape(tells_times=True), Shape(tells_times=True))
    edit(made, "B", "title", "typed at 9:59")
    edit(made, "A", "title", "typed at 10:00")
    down(made)
    sync(made)
    made.fault = None
    sync(made)
    assert both(made) == ["typed at 10:00"] * 2
    (conflict,) = made.store.all_conflicts()
    assert {one.value for one in conflict.contenders} == {"typed at 9:59", "typed at 10:00"}


def test_story_an_edit_made_with_the_newer_value_in_sight_whose_clock_is_behind() -> None:
    made = pair()
    edit(made, "A", "title", "typed at 10:00")
    sync(made)
    now, made.now = made.now, made.now.replace(hour=0)
    edit(made, "B", "title", "typed later, by a clock that is behind")
    item = made.sources["B"].items[first(made, "B")]
    made.now = now
    item.updated_at = now  # the item is listed; its edit is dated before A's
    worlds.pull(made, "B", Random(0))
    made.tick(120)
    worlds.sync(made, Random(0))
    assert both(made) == ["typed later, by a clock that is behind"] * 2
    assert made.store.all_conflicts() == []


def test_story_our_write_fails_for_a_week_and_edits_there_contend_meanwhile() -> None:
    made = pair(TELLS, TELLS)
    edit(made, "A", "title", "waits for B")
    down(made, "B", "update")
    assert [sync(made) for _ in range(3)] == [1, 1, 1]
    edit(made, "B", "due_date", "2026-02-01")
    assert sync(made) == 2
    edit(made, "B", "title", "typed in B later")
    sync(made)
    assert both(made) == ["typed in B later"] * 2
    (conflict,) = made.store.all_conflicts()
    assert {one.value for one in conflict.contenders} == {"waits for B", "typed in B later"}
    made.fault = None
    sync(made)
    assert both(made, "due_date") == ["2026-02-01"] * 2


def test_story_the_reply_was_lost_and_we_died() -> None:
    made = pair()
    edit(made, "A", "title", "its reply is lost")

    def before(table: str) -> None:
        if table in ("links", "outcomes") and shown(made, "B") == "its reply is lost":
            raise Crash(table)

    made.store._before = before
    with pytest.raises(Crash):
        sync(made)
    made.store._before = lambda _table: None
    changes = len(decisions(made))
    assert sync(made) == 0
    assert len(decisions(made)) == changes
    assert outcomes(made)[-1] is Outcome.ACKNOWLEDGED
    link = made.store.find([ItemKey("B", first(made, "B"))])[ItemKey("B", first(made, "B"))]
    assert link.seen["title"] == "its reply is lost"


@pytest.mark.parametrize(
    ("shape", "name", "typed"),
    [
        (Shape(title_limit=14), "title", "a title that is longer than that"),
        (Shape(rewrites=True), "description", "- one\n- two"),
    ],
)
def test_story_a_provider_makes_another_form_of_what_we_write(shape: Shape, name: str, typed: str) -> None:
    made = pair(EXACT, shape)
    edit(made, "A", name, typed)
    sync(made)
    assert [sync(made) for _ in range(3)] == [0, 0, 0]
    key = ItemKey("B", first(made, "B"))
    assert len(made.store.find([key])[key].adjusted[name]) <= 2  # the first one is of the creation
    assert shown(made, "A", name) == typed
    edit(made, "B", name, "* three" if name == "description" else "short")
    sync(made)
    assert "hree" in str(shown(made, "A", name)) or shown(made, "A", name) == "short"


def test_story_an_item_is_opened_again_where_open_is_just_open() -> None:
    made = pair(EXACT, COARSE)
    edit(made, "A", "status", "started")
    sync(made)
    edit(made, "B", "status", "completed")
    sync(made)
    assert shown(made, "A", "status") == "completed"
    edit(made, "B", "status", "unstarted")
    sync(made)
    assert shown(made, "A", "status") == "started"


def test_story_a_finer_status_does_not_concern_a_coarser_tool() -> None:
    made = pair(EXACT, COARSE)
    edit(made, "A", "status", "started")
    sync(made)
    edit(made, "A", "status", "backlog")
    assert sync(made) == 0


def test_story_a_label_put_on_here_and_another_taken_off_there() -> None:
    made = pair()
    made.sources["A"].person_edits(first(made, "A"), "labels", ["x", "y"])
    made.tick(60)
    sync(made)
    made.sources["A"].person_edits(first(made, "A"), "labels", ["x", "y", "z"])
    made.sources["B"].person_edits(first(made, "B"), "labels", ["y"])
    sync(made)
    assert both(made, "labels") == [["y", "z"]] * 2


def test_story_an_assignee_who_has_no_account_there() -> None:
    made = pair(EXACT, Shape(strangers=frozenset({"lee"})))
    made.sources["B"].person_edits(first(made, "B"), "assignees", ["B.kim"])
    sync(made)
    made.sources["A"].person_edits(first(made, "A"), "assignees", ["A.lee"])
    assert sync(made) == 0
    assert shown(made, "B", "assignees") == ["B.kim"]


def test_story_a_field_is_edited_where_another_tool_owns_it() -> None:
    made = pair()
    made.policies = {"due_date": Owner(owner="A")}
    edit(made, "A", "due_date", "2026-02-01")
    sync(made)
    edit(made, "B", "due_date", "2026-03-01")
    sync(made)
    assert both(made, "due_date") == ["2026-02-01"] * 2
    assert decisions(made)[-1] is Decision.REFUSED


def test_story_a_manual_conflict_whose_sides_come_to_say_the_same() -> None:
    made = pair()
    made.policies = {"title": "manual"}
    edit(made, "A", "title", "title of A")
    edit(made, "B", "title", "title of B")
    sync(made)
    assert both(made) == ["title of A", "title of B"]
    edit(made, "A", "title", "title of B")
    sync(made)
    assert both(made) == ["title of B"] * 2
    assert [one.open for one in made.store.all_conflicts()] == [False]


def test_story_two_items_of_one_task_in_the_same_tool() -> None:
    made = pair()
    second = made.sources["B"].person_creates({"title": "a title of some length"})
    task = made.store.all_tasks()[0]
    item = made.sources["B"]._item(second)
    view = made.sources["B"].lens.view(item.kind, item.payload)
    made.store.batch += 1
    one = Observation("B", second, view, made.store.batch, task)  # type: ignore[arg-type]
    merging.merge_tasks(made.store, made.ports(), [one], made.rules(), Moment(made.run_id(), made.clock()))
    edit(made, "A", "title", "both follow")
    sync(made)
    assert {item.fields["title"] for item in made.sources["B"].items.values()} == {"both follow"}
    assert sync(made) == 0


def test_story_a_task_is_made_while_another_tool_is_down() -> None:
    made = town(EXACT, EXACT)
    down(made)
    assert [sync(made) for _ in range(2)] == [1, 1]
    made.fault = None
    sync(made)
    assert sync(made) == 0
    assert len(made.sources["B"].items) == 1


@pytest.mark.parametrize("table", ["links", "outcomes"])
def test_story_we_died_after_making_an_item_and_before_we_knew(table: str) -> None:
    made = town(EXACT, EXACT)

    def before(kept: str) -> None:
        if kept == table and made.sources["B"].items:
            raise Crash(kept)

    made.store = MemoryStore(before)
    with pytest.raises(Crash):
        sync(made)
    made.store._before = lambda _table: None
    sync(made)
    assert sync(made) == 0
    assert len(made.sources["B"].items) == 1


@pytest.mark.parametrize(("was", "stands"), [("backlog", "completed"), ("started", "started")])
def test_an_edit_of_an_item_whose_making_we_did_not_learn_of_contends_only_where_our_value_may_not_have_been_in_sight(
    was: str, stands: str
) -> None:
    made = town(EXACT, Shape(later=frozenset()))
    made.policies = {"status": Prefer(prefer="A")}
    made.sources["A"].items["A1"].fields["status"] = was

    def dies(source: str, what: str) -> bool:
        if what in ("find", "read") and source == "B":
            raise Crash
        return what == "create"

    made.fault = dies
    sync(made)
    made.fault = None
    edit(made, "B", "status", "completed")
    sync(made)
    assert both(made, "status") == [stands] * 2


def test_story_a_plan_is_applied_after_another_sync() -> None:
    made = pair()
    edit(made, "A", "title", "planned, and moved since")
    worlds.pull(made, "A", Random(0))
    old = worlds.plan(made)
    edit(made, "A", "title", "newest")
    sync(made)
    calls = len(made.sources["B"].calls)
    worlds.apply(made, old)
    assert outcomes(made)[-1] is Outcome.STALE
    assert len(made.sources["B"].calls) == calls
    assert both(made) == ["newest"] * 2


def test_story_a_field_is_emptied() -> None:
    made = pair()
    edit(made, "A", "due_date", "2026-02-01")
    sync(made)
    edit(made, "A", "due_date", None)
    sync(made)
    assert both(made, "due_date") == [None, None]


def test_story_a_field_is_emptied_on_many_items_at_once() -> None:
    made = town(EXACT, EXACT)
    for number in range(4):
        made.sources["A"].person_creates({"title": f"task {number}", "due_date": "2026-02-01"})
    sync(made)
    for item in list(made.sources["A"].items):
        made.tick(1)
        made.sources["A"].person_edits(item, "due_date", None)
    worlds.pull(made, "AB", Random(0))
    rules = replace(made.rules(), brake=Brake(share=0.5, at_least=3))
    planned = worlds.planning.plan_tasks(made.store, made.ports(), rules, made.run_id(), made.clock)
    assert planned.plan.stopped_by == ("emptying due_date would hit 4 of 5 items of B",)
    assert isinstance(rules, Rules)
