"""Plans applied later than they were made, or under other settings: what moved is left, nothing is done twice."""

from dataclasses import replace
from datetime import datetime
from random import Random

import pytest

from tests.sync.heart.test_engine import Town, edit, outcomes, shown, sync, town
from worklake.errors import RetryableError
from worklake.integrations.base import Payload
from worklake.integrations.views import TaskView, View
from worklake.model.heart_rows import Outcome
from worklake.model.rows import Kind, LinkState
from worklake.sync.heart import applying
from worklake.sync.heart.applying import NOT_ASKED
from worklake.sync.heart.planning import plan_tasks
from worklake.sync.rules.plan import WHOLE_TASK
from worklake.sync.rules.state import Conflict, ConflictKind
from worklake.testing.simulate import world as worlds
from worklake.testing.simulate.shapes import Shape, SimulatedLens


def planned(made: Town) -> str:
    """A plan of what A changed; it is not applied yet."""
    made.tick(120)
    worlds.pull(made, "A", Random(0))
    return worlds.plan(made).plan_id


def apply(made: Town, plan_id: str) -> applying.Applied:
    made.tick(60)
    saved = made.store.plan(plan_id)
    assert saved is not None
    return applying.apply_plan(made.store, made.ports(), saved, made.rules(), made.run_id(), made.clock)


def waiting(task_id: str, field: str, now: datetime) -> Conflict:
    """A conflict that holds a field until a person decides."""
    return Conflict(
        conflict_id=f"conflict_{field}",
        task_id=task_id,
        field=field,
        kind=ConflictKind.UNDONE,
        contenders=(),
        open=True,
        reason="undone",
        run_id="run_1",
        opened_at=now,
    )


def became(applied: applying.Applied) -> list[Outcome | None]:
    return [one.outcome for one in applied.writes]


def test_a_plan_that_is_applied_twice_does_nothing_twice() -> None:
    made = town(Shape(), Shape())
    plan_id = planned(made)
    assert became(apply(made, plan_id)) == [Outcome.ACKNOWLEDGED]
    assert became(apply(made, plan_id)) == [Outcome.STALE]
    assert len(made.sources["B"].items) == 1
    edit(made, "A", "title", "another title")
    plan_id = planned(made)
    apply(made, plan_id)
    calls = len(made.sources["B"].calls)
    assert became(apply(made, plan_id)) == [Outcome.STALE]
    assert len(made.sources["B"].calls) == calls


def test_an_item_is_not_made_as_the_task_was_when_the_plan_was_made() -> None:
    made = town(Shape(), Shape())
    plan_id = planned(made)
    edit(made, "A", "title", "another title")
    worlds.pull(made, "A", Random(0))
    (write,) = apply(made, plan_id).writes
    assert (write.outcome, write.error) == (Outcome.STALE, "title is no longer due as planned")
    assert made.sources["B"].items == {}
    sync(made)
    assert shown(made, "B") == "another title"


@pytest.mark.parametrize("field", ["due_date", WHOLE_TASK])
def test_an_item_is_not_made_with_what_waits_for_a_person_since_the_plan_was_made(field: str) -> None:
    made = town(Shape(), Shape())
    edit(made, "A", "due_date", "2026-02-01")
    plan_id = planned(made)
    (task_id,) = made.store.all_tasks()
    made.store.commit(conflicts=[waiting(task_id, field, made.now)])
    (write,) = apply(made, plan_id).writes
    assert write.outcome is Outcome.STALE
    assert "due_date" in (write.error or "")
    assert made.sources["B"].items == {}


def test_an_item_is_made_without_what_waits_for_a_person_but_for_its_title() -> None:
    made = town(Shape(), Shape())
    edit(made, "A", "due_date", "2026-02-01")
    planned(made)
    (task_id,) = made.store.all_tasks()
    made.store.commit(conflicts=[waiting(task_id, name, made.now) for name in ("title", "due_date")])
    assert became(apply(made, planned(made))) == [Outcome.ACKNOWLEDGED]
    assert (shown(made, "B"), shown(made, "B", "due_date")) == ("a title of some length", None)


def test_steps_of_a_source_that_is_not_in_the_settings_any_more_are_left_and_the_others_done() -> None:
    made = town(Shape(), Shape(), Shape())
    plan_id = planned(made)
    gone = made.sources.pop("B")
    applied = apply(made, plan_id)
    assert {(one.source, one.outcome) for one in applied.writes} == {
        ("B", Outcome.PAUSED), ("C", Outcome.ACKNOWLEDGED),
    }  # fmt: skip
    assert [one.error for one in applied.writes if one.source == "B"] == [NOT_ASKED]
    made.sources["B"] = gone
    sync(made)
    assert shown(made, "B") == "a title of some length"
    assert sync(made) == 0


def test_a_step_for_a_field_that_is_not_writable_any_more_is_stale_and_not_planned_again() -> None:
    made = town(Shape(), Shape())
    sync(made)
    edit(made, "A", "title", "another title")
    plan_id = planned(made)
    source = made.sources["B"]
    source.capabilities = replace(  # type: ignore[misc]
        source.capabilities, writable=source.capabilities.writable - {"title"}
    )
    assert became(apply(made, plan_id)) == [Outcome.STALE]
    assert sync(made) == 0


def test_two_items_of_one_task_in_the_same_source_both_follow() -> None:
    made = town(Shape(), Shape())
    sync(made)
    (link,) = [one for one in made.store.all_links() if one.source == "B"]
    made.sources["B"].items["B99"] = replace(made.sources["B"].items[link.external_id])
    made.sources["B"].items["B99"].fields = dict(made.sources["B"].items[link.external_id].fields)
    made.store.commit(links=[replace(link, external_id="B99")])
    edit(made, "A", "title", "another title")
    sync(made)
    assert [one.fields["title"] for one in made.sources["B"].items.values()] == ["another title"] * 2
    assert sync(made) == 0


def test_a_task_made_in_one_tool_while_another_is_down_is_made_there_later_and_once() -> None:
    made = town(Shape(), Shape())

    def fault(source: str, what: str) -> bool:
        if source == "B":
            raise RetryableError("down")
        return False

    made.fault = fault
    assert [sync(made) for _ in range(3)] == [1, 1, 1]
    assert set(outcomes(made)) <= {Outcome.FAILED, Outcome.WAITING}
    assert {one.state for one in made.store.all_links() if one.source == "B"} == {LinkState.CREATING}
    made.fault = None
    assert sync(made) == 1
    assert len(made.sources["B"].items) == 1
    assert sync(made) == 0


def test_the_same_state_gives_the_same_plan_and_the_writes_stand_in_the_order_of_its_steps() -> None:
    made = town(Shape(), Shape(), Shape())
    for number in range(5):
        made.sources["A"].person_creates({"title": f"task number {number}"})
    plan_id = planned(made)
    assert planned(made) == plan_id
    saved = made.store.plan(plan_id)
    assert saved is not None
    applied = apply(made, plan_id)
    assert [one.step_id for one in applied.writes] == [one.step_id for one in saved.steps]


@pytest.mark.parametrize("unknown", ["undecided", "unread"])
def test_what_may_be_there_already_is_not_made_and_stays_due(unknown: str) -> None:
    made = town(Shape(), Shape())
    plan_id = planned(made)
    saved = made.store.plan(plan_id)
    assert saved is not None
    (step,) = saved.steps
    meant = {"undecided": {step.task_id}, "unread": {"B"}}[unknown]
    unsure = replace(made.rules(), **{unknown: frozenset(meant)})
    applied = applying.apply_plan(made.store, made.ports(), saved, unsure, made.run_id(), made.clock)
    assert became(applied) == [Outcome.STALE] and not made.sources["B"].items
    again = plan_tasks(made.store, made.ports(), unsure, made.run_id(), made.clock)
    assert again.plan.steps == () and getattr(again, unknown) == {"B": 1}
    assert sync(made) == 1
    assert len(made.sources["B"].items) == 1


def test_of_a_plan_that_was_applied_in_part_only_the_rest_is_left_until_the_same_plan_is_made_anew() -> None:
    made = town(Shape(), Shape(), Shape())
    sync(made)
    edit(made, "A", "title", "carried on")
    saved = made.store.plan(planned(made))
    assert saved is not None
    assert [step.source for step in saved.steps] == ["B", "C"]
    reached = {name: port for name, port in made.ports().items() if name != "C"}
    applying.apply_plan(made.store, reached, saved, made.rules(), made.run_id(), made.clock)
    rest = applying.without_done(made.store, saved)
    assert [step.source for step in rest.steps] == ["C"]
    applying.apply_plan(made.store, made.ports(), rest, made.rules(), made.run_id(), made.clock)
    assert [shown(made, name) for name in "ABC"] == ["carried on"] * 3
    assert applying.without_done(made.store, saved).steps == ()
    made.tick(60)
    made.store.save_plan(saved.model_copy(update={"made_at": made.clock()}))
    anew = made.store.plan(saved.plan_id)
    assert anew is not None
    assert applying.without_done(made.store, anew) == anew


def test_an_item_that_was_moved_away_since_the_plan_was_made_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    made = town(Shape(), Shape())
    sync(made)
    edit(made, "A", "title", "another title")
    plan_id = planned(made)
    view = SimulatedLens.view

    def moved(lens: SimulatedLens, kind: Kind, payload: Payload) -> View:
        shown_now = view(lens, kind, payload)
        return replace(shown_now, moved_to="B9") if isinstance(shown_now, TaskView) else shown_now

    monkeypatch.setattr(SimulatedLens, "view", moved)
    (write,) = apply(made, plan_id).writes
    assert (write.outcome, write.error) == (Outcome.STALE, "the item was moved since the plan was made")
    assert shown(made, "B") == "a title of some length"
