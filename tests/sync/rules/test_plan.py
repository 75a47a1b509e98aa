"""Plans: what is due, in which order, and what stops them."""

from __future__ import annotations

from dataclasses import replace

from tests.sync.rules.sides import Exact, side, task
from worklake.model.fields import FIELDS, FieldValue
from worklake.model.heart_rows import Operation, PlannedStep
from worklake.settings.models import Brake
from worklake.sync.rules import brake
from worklake.sync.rules.plan import Budget, Missing, Planning, due, make_plan, step
from worklake.sync.rules.state import TaskState

EVERYTHING = frozenset(FIELDS)


def named(name: str, state: TaskState) -> TaskState:
    return replace(state, task_id=name)


def missing() -> list[Missing]:
    return [Missing("B", Exact(), EVERYTHING, "it is routed there")]


def test_a_step_writes_only_what_is_pending_and_says_why() -> None:
    planned = make_plan([Planning(task(title="b", due_date=None), [side("B", {"title": "a", "due_date": None})])])
    (one,) = planned.steps
    assert (dict(one.fields), dict(one.expected), one.why) == ({"title": "b"}, {"title": "a"}, "title from A")


def test_frozen_fields_and_archived_or_unreachable_items_are_left_alone() -> None:
    state = task(title="b", archived=False)
    shows = side("B", {"title": "a", "archived": False})
    assert due(state, replace(shows, frozen=frozenset({"title"})), ()) == {}
    assert due(state, replace(shows, reachable=False), ()) == {}
    away = task(title="b", archived=True)
    assert due(away, side("B", {"title": "a", "archived": True}), ()) == {}
    assert due(state, side("B", {"title": "b", "archived": True}), ()) == {"archived": False}


def test_a_field_that_an_item_lacks_is_not_written() -> None:
    assert due(task(title="a", estimate_minutes=5), side("B", {"title": "a"}), ()) == {}


def test_parents_are_created_before_children_and_blockers_come_last() -> None:
    tasks = [
        Planning(named("1", task(title="child", parent_id="3")), (), (), missing()),
        Planning(named("2", task(title="x", blocked_by=["1"])), [side("B", {"title": "x", "blocked_by": []})]),
        Planning(named("3", task(title="parent", parent_id=None)), (), (), missing()),
        Planning(named("0", task(title="new")), [side("B", {"title": "old"})]),
    ]
    assert [one.task_id for one in make_plan(tasks).steps] == ["3", "1", "0", "2"]


def test_what_is_blocked_is_created_after_its_blockers_and_a_circle_is_no_obstacle() -> None:
    tasks = [
        Planning(named("1", task(title="blocked", blocked_by=["2", "3"])), (), (), missing()),
        Planning(named("2", task(title="child of a blocker", parent_id="3")), (), (), missing()),
        Planning(named("3", task(title="blocker", blocked_by=[])), (), (), missing()),
        Planning(named("4", task(title="one of two", blocked_by=["5"])), (), (), missing()),
        Planning(named("5", task(title="that wait for one another", blocked_by=["4"])), (), (), missing()),
    ]
    order = [one.task_id for one in make_plan(tasks).steps]
    assert order.index("3") < order.index("2") < order.index("1")
    assert sorted(order) == ["1", "2", "3", "4", "5"]


def test_what_is_due_soonest_and_most_urgent_goes_first_where_the_quota_is_short() -> None:
    def changed(name: str, **values: FieldValue) -> Planning:
        return Planning(named(name, task(title="new", **values)), [side("B", {"title": "old"})])

    tasks = [
        changed("1", due_date=None, priority="urgent"),
        changed("2", due_date="2026-02-01", priority="none"),
        changed("3", due_date="2026-01-01", priority="low"),
        changed("4", due_date=None, priority="low"),
    ]
    planned = make_plan(tasks, {"B": Budget(4, read_at_once=50)})
    assert [one.task_id for one in planned.steps] == ["3", "2", "1"]
    assert planned.waiting == {"B": 1}


def test_a_plan_counts_the_calls_that_read_items_as_well_as_those_that_write_them() -> None:
    tasks = [Planning(named(str(one), task(title="new")), [side("B", {"title": "old"})]) for one in range(9)]
    for budget, steps in (
        (Budget(6), 3),
        (Budget(6, read_at_once=50), 5),
        (Budget(7, read_at_once=3), 5),
        (Budget(0), 0),
    ):
        planned = make_plan(tasks, {"B": budget})
        assert (len(planned.steps), planned.waiting) == (steps, {"B": 9 - steps})
    assert len(make_plan(tasks, {"C": Budget(0)}).steps) == 9


def emptying(number: int) -> PlannedStep:
    return step(Operation.UPDATE, "t", "B", str(number), {"due_date": None}, {"due_date": "2026-01-01"}, "", None)


def test_the_brake_stops_many_destructive_steps_and_lets_exactly_the_allowed_count_pass() -> None:
    steps = [emptying(number) for number in range(10)]
    rule = Brake(share=0.2, at_least=10)
    (stop,) = brake.stops(steps, {"B": 40}, rule)
    assert str(stop) == "emptying due_date would hit 10 of 40 items of B"
    assert brake.stops(steps, {"B": 40}, rule, allowed=10) == []
    assert brake.stops(steps, {"B": 40}, rule, allowed=11) != []
    assert brake.stops(steps, {"B": 50}, rule) == []
    assert brake.stops(steps[1:], {"B": 10}, rule) == []


def test_closing_archiving_and_deleting_count_for_the_brake_and_filling_does_not() -> None:
    def counted(operation: Operation, after: dict[str, FieldValue], before: dict[str, FieldValue]) -> list[str]:
        return list(brake.destroyed(step(operation, "t", "B", "1", after, before, "", None)))

    assert counted(Operation.DELETE, {}, {}) == ["delete"]
    assert counted(Operation.UPDATE, {"status": "completed"}, {"status": "started"}) == ["close"]
    assert counted(Operation.UPDATE, {"status": "completed"}, {"status": "canceled"}) == []
    assert counted(Operation.UPDATE, {"archived": True}, {"archived": False}) == ["archive"]
    assert counted(Operation.UPDATE, {"title": "a"}, {"title": ""}) == []
