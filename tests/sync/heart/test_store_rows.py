"""The contract of the heart's store to the letter: values, orders, repetition, and the next run's view of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.support.heart import (
    NOON,
    born,
    change,
    conflict,
    creating,
    done,
    link,
    saved_plan,
    settled,
    step,
    write,
)
from tests.sync.heart.conftest import Reopen, on_spark_too
from worklake.model.heart_rows import Outcome
from worklake.model.rows import LinkState
from worklake.sync.heart.store import Store
from worklake.sync.rules.state import ConflictKind, Decision, ItemKey, Standing, TaskState
from worklake.sync.rules.task import fold_onto


def test_a_task_is_loaded_with_its_links_and_open_conflicts(store: Store) -> None:
    first, task = born()
    named = {"called": "web.example/team/web#7", "url": "https://web.example/team/web/7"}
    links = [link("web", "7", adjusted={}, made_id="made-7", **named), link()]
    over = settled(conflict(2))
    store.commit([first], [task], links, [conflict(1), over])
    loaded = store.load(["task_1", "task_2"])
    assert set(loaded) == {"task_1"}
    assert loaded["task_1"].task == task
    assert loaded["task_1"].links == (links[1], links[0])
    assert loaded["task_1"].conflicts == (conflict(1),)
    assert loaded["task_1"].decided == {first.change_id}
    assert loaded["task_1"].kept


def test_values_come_back_as_they_were_kept_whatever_a_column_holds(store: Store) -> None:
    odd = {"due_date": "soon", "estimate_points": 3, "title": "", "labels": ["b", "a"], "status": None, "x": [], "y": 0}
    first, task = born(**odd)
    agreed = Standing(3, None, None, None, (ItemKey("A", "1"), ItemKey("B", "2")))
    fields = {**task.fields, "title": Standing("By hand", None, None, None), "estimate_points": agreed}
    task = replace(task, fields=fields, last_open="started")
    store.commit([first], [task])
    loaded = store.load(["task_1"])["task_1"].task
    assert loaded == task
    assert {name: type(value) for name, value in loaded.values().items()} == {
        name: type(value) for name, value in task.values().items()
    }


def test_a_change_is_kept_once_however_often_it_comes(reopen: Reopen) -> None:
    first, task = born()
    edit = change(1)
    reopen().commit([first, edit, edit], [task])
    reopen().commit([first, edit, change(2)])
    store = reopen()
    assert store.changes(task_id="task_1") == [first, edit, change(2)]


def test_changes_of_a_run_stand_in_the_order_in_which_they_were_kept(store: Store) -> None:
    late = born("task_2")[0]
    earlier_by_clock = change(1, observed_at=NOON - timedelta(hours=1))
    store.commit([late, born()[0]])
    store.commit([change(2, run_id="run_2"), earlier_by_clock])
    assert store.changes(run_id="run_1") == [late, born()[0], earlier_by_clock]
    assert store.changes(run_id="run_3") == []


def test_a_change_that_a_person_made_through_worklake_has_no_origin(store: Store) -> None:
    given = change(1, origin=None, actor=None, decision=Decision.SETTLED, old=["a"], new=None)
    store.commit([born()[0], given])
    assert store.changes(task_id="task_1")[1] == given


@on_spark_too
def test_a_task_whose_merge_died_is_the_fold_of_its_changes(reopen: Reopen) -> None:
    first, task = born()
    reopen().commit([first, change(1)])
    loaded = reopen().load(["task_1"])["task_1"]
    assert (loaded.task, loaded.kept) == (fold_onto(task, [change(1)]), False)
    reopen().commit(tasks=[loaded.task])
    reopen().commit([change(2)])
    loaded = reopen().load(["task_1"])["task_1"]
    assert (loaded.task, loaded.kept) == (fold_onto(task, [change(1), change(2)]), False)
    assert loaded.decided >= {"change_task_1_2"}
    reopen().commit(tasks=[loaded.task])
    assert reopen().load(["task_1"])["task_1"].kept


def test_a_row_replaces_the_one_of_the_same_identity(store: Store) -> None:
    first, task = born()
    store.commit([first], [task], [link()], [conflict()])
    later = fold_onto(task, [change(1)])
    moved = link(seen={"title": "New"}, adjusted={}, merges=4, batch=9, revision=None, state=LinkState.MISSING)
    more = replace(conflict(), contenders=conflict().contenders[:1], kind=ConflictKind.UNDONE)
    store.commit([change(1)], [later], [moved], [more])
    loaded = store.load(["task_1"])["task_1"]
    assert (loaded.task, loaded.links, loaded.conflicts) == (later, (moved,), (more,))


def test_the_last_of_equal_rows_in_one_commit_stays(store: Store) -> None:
    first, task = born()
    store.commit([first], [TaskState("task_1", {}), task], [link(), link(merges=9)], [conflict(), settled(conflict())])
    loaded = store.load(["task_1"])["task_1"]
    assert (loaded.task, loaded.links, loaded.conflicts) == (task, (link(merges=9),), ())


def test_a_commit_that_is_repeated_has_no_further_effect(reopen: Reopen) -> None:
    first, task = born()
    reopen().commit([first], [task], [creating()])
    for _ in range(2):
        reopen().commit([change(1)], [task], [link("web", "7"), link()], [conflict()], [creating().key])
    loaded = reopen().load(["task_1"])["task_1"]
    assert loaded.links == (link(), link("web", "7"))
    assert len(reopen().changes(task_id="task_1")) == 2


def test_items_are_found_by_what_they_are_called_in_their_source(store: Store) -> None:
    store.commit([born()[0]], [], [link(), link("web", "L-1", task_id="task_2"), creating()])
    keys = [ItemKey("web", "L-1"), ItemKey("linear", "L-1"), ItemKey("gone", "L-1"), ItemKey("web", "creating:task_1")]
    found = store.find(keys)
    assert found == {
        keys[0]: link("web", "L-1", task_id="task_2"),
        keys[1]: link(),
        keys[3]: creating(),
    }
    assert store.find([]) == {}


def test_a_task_is_held_by_its_items_those_that_are_deleted_first(store: Store) -> None:
    store.commit(links=[link("web", "7", state=LinkState.DELETED), link(), creating(task="task_2"), creating("b")])
    assert store.holders(["task_1", "task_2"]) == {"task_1": [ItemKey("web", "7"), ItemKey("linear", "L-1")]}


@on_spark_too
def test_an_item_takes_the_place_of_the_link_that_stood_for_it(store: Store) -> None:
    store.commit([born()[0]], [], [link(), creating()])
    store.commit(links=[link("web", "7")], ended=[creating().key])
    assert store.load(["task_1"])["task_1"].links == (link(), link("web", "7"))
    assert store.find([creating().key]) == {}
    store.commit(ended=[link().key, creating().key])
    assert store.load(["task_1"])["task_1"].links == (link("web", "7"),)


def test_a_link_that_is_kept_and_ended_at_once_is_kept(store: Store) -> None:
    store.commit(links=[link()])
    store.commit(links=[link(merges=5)], ended=[link().key])
    assert store.find([link().key]) == {link().key: link(merges=5)}


def test_conflicts_are_found_by_id_and_by_the_run_that_opened_them(store: Store) -> None:
    refused = conflict(2, kind=ConflictKind.REFUSED, at_item=ItemKey("web", "7"), value=["a"], run_id="run_2")
    over = replace(settled(conflict(3)), winner=None, value=None)
    store.commit(conflicts=[conflict(1), refused, over])
    assert store.conflicts(["conflict_2", "conflict_9"]) == {"conflict_2": refused}
    assert store.conflicts_of("run_1") == [conflict(1), over]
    assert store.conflicts_of("run_3") == []


def test_every_task_that_a_commit_names_is_watched_until_it_is_released(reopen: Reopen) -> None:
    store = reopen()
    assert store.watched() == set()
    store.commit(
        [born("task_1")[0]],
        [born("task_2")[1]],
        [link(task_id="task_3"), creating(task="task_5")],
        [conflict(task_id="task_4")],
    )
    assert reopen().watched() == {"task_1", "task_2", "task_3", "task_4", "task_5"}
    reopen().release(["task_1", "task_3", "task_4", "task_5", "task_9"])
    assert reopen().watched() == {"task_2"}
    reopen().commit(ended=[creating(task="task_5").key])
    assert reopen().watched() == {"task_2", "task_5"}
    reopen().release([])
    assert reopen().watched() == {"task_2", "task_5"}


def test_a_plan_comes_back_as_it_was_saved(reopen: Reopen) -> None:
    steps = [step(3), step(1, external_id=None, expected_revision=None, undoes="write_1"), step(2)]
    plan = saved_plan("a", *steps, stopped_by=("too many",), undoes="run_0")
    reopen().save_plan(plan)
    assert reopen().plan() == plan
    assert reopen().plan("plan_a") == plan
    assert reopen().plan("plan_b") is None


def test_there_is_no_plan_before_one_is_saved(store: Store) -> None:
    assert store.plan() is None


@on_spark_too
def test_the_newest_plan_is_the_one_that_was_saved_last(reopen: Reopen) -> None:
    reopen().save_plan(saved_plan("a", step(1)))
    reopen().save_plan(saved_plan("b", made_at=NOON - timedelta(days=1)))
    assert reopen().plan() == saved_plan("b", made_at=NOON - timedelta(days=1))
    again = saved_plan("a", step(1), run_id="run_2")
    reopen().save_plan(again)
    assert reopen().plan() == again


def test_intents_are_unresolved_until_they_have_an_outcome(reopen: Reopen) -> None:
    intents = [write(2), write(1, task_id="task_2"), write(3, intended_at=NOON - timedelta(hours=1))]
    reopen().intend(intents[:2])
    reopen().intend(intents[2:])
    assert reopen().unresolved() == intents
    assert reopen().unresolved(["task_1"]) == [intents[0], intents[2]]
    assert reopen().unresolved([]) == []
    reopen().finish([done(intents[0])])
    assert reopen().unresolved() == intents[1:]


@on_spark_too
def test_the_writes_of_a_run_stand_in_the_order_in_which_they_were_meant(reopen: Reopen) -> None:
    reopen().intend([write(2), write(1), write(4, run_id="run_2")])
    stale = write(3, outcome=Outcome.STALE, error="the title moved", external_id=None)
    reopen().finish([stale, done(write(2))])
    assert reopen().writes("run_1") == [done(write(2)), write(1), stale]
    assert reopen().writes("run_2") == [write(4, run_id="run_2")]


def test_live_items_are_those_that_are_linked(store: Store) -> None:
    store.commit(links=[link(), link("linear", "L-2"), link("web", "7", state=LinkState.ARCHIVED), creating()])
    assert store.live_items(["linear", "web", "other"]) == {"linear": 2, "web": 0, "other": 0}
    assert store.live_items([]) == {}


@pytest.mark.parametrize("verb", ["commit", "intend", "finish"])
def test_nothing_to_keep_is_no_work(store: Store, verb: str) -> None:
    if verb == "commit":
        store.commit()
    else:
        getattr(store, verb)([])
    assert store.watched() == set()
    assert store.unresolved() == []


def test_last_batch_is_zero_before_anything_was_pulled(store: Store) -> None:
    assert store.last_batch() == 0


@on_spark_too
def test_hundreds_of_tasks_are_kept_and_loaded_at_once(store: Store) -> None:
    names = [f"task_{number}" for number in range(700)]
    births = [born(name) for name in names]
    links = [link(external_id=f"L-{name}", task_id=name) for name in names]
    store.commit([first for first, _ in births], [task for _, task in births], links)
    loaded = store.load(names)
    assert {name: one.task for name, one in loaded.items()} == {name: born(name)[1] for name in names}
    assert [one.links for one in loaded.values()] == [(link(external_id=f"L-{name}", task_id=name),) for name in loaded]
    assert len(store.find([one.key for one in links])) == len(names)
    assert store.watched() == set(names)
    store.release(names)
    assert store.watched() == set()
