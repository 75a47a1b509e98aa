"""The contract of the heart's store: every store passes these tests."""

from __future__ import annotations

from datetime import UTC, datetime

from worklake.model.fields import FieldValue
from worklake.model.heart_rows import Operation, Outcome, SavedPlan, Write
from worklake.model.rows import LinkState
from worklake.sync.heart.store import KnownItem, Store, StoredLink
from worklake.sync.rules.plan import step
from worklake.sync.rules.state import Change, Conflict, ConflictKind, Contender, Decision, ItemKey, Pair
from worklake.sync.rules.task import fold

NOW = datetime(2026, 1, 5, 10, tzinfo=UTC)
A1, B1 = ItemKey("A", "1"), ItemKey("B", "1")


def change(
    position: int, name: str = "task", new: FieldValue | dict[str, FieldValue] = None, task: str = "t1"
) -> Change:
    return Change(
        change_id=f"change_{task}_{position}_{name}",
        task_id=task,
        field=name,
        old=None,
        new={"title": "a", "labels": ["x"], "due_date": None} if name == "task" else new,
        origin=A1,
        actor="kim",
        changed_at=NOW,
        decision=Decision.CREATED if name == "task" else Decision.TAKEN,
        reason="because",
        position=position,
        run_id="run_1",
        observed_at=NOW,
    )


def link(key: ItemKey = A1, task: str = "t1", **other: object) -> StoredLink:
    fields: dict[str, object] = {"state": LinkState.LINKED, "seen": {"title": "a", "labels": ["x"]}, **other}
    return StoredLink(key.source, key.external_id, task, **fields)  # type: ignore[arg-type]


def conflict(number: int = 1, *, open_: bool = True, task: str = "t1") -> Conflict:
    return Conflict(
        conflict_id=f"conflict_{number}",
        task_id=task,
        field="title",
        kind=ConflictKind.DIFFERS,
        contenders=(Contender(A1, "a", NOW, "kim"), Contender(None, "b", None)),
        open=open_,
        reason="edits differ",
        run_id="run_1",
        opened_at=NOW,
        settled_at=None if open_ else NOW,
        value=None if open_ else ["x"],
    )


def write(number: int, outcome: Outcome | None = None, task: str = "t1", run: str = "run_1") -> Write:
    return Write(
        write_id=f"write_{number}",
        run_id=run,
        plan_id="plan_1",
        step_id=f"step_{number}",
        task_id=task,
        source="A",
        external_id="1",
        operation=Operation.UPDATE,
        sent={"title": "b", "labels": []},
        before={"title": "a", "labels": ["x"]},
        shown=None,
        outcome=outcome,
        error=None,
        batch=3,
        intended_at=NOW,
        finished_at=None,
    )


def saved(why: str) -> SavedPlan:
    one = step(Operation.UPDATE, "t1", "A", "1", {"title": "b"}, {"title": "a"}, why, NOW)
    return SavedPlan(
        plan_id=f"plan_{why}", run_id="run_1", made_at=NOW, steps=(one,), waiting={"A": 2}, stopped_by=("brake",)
    )


def test_what_was_committed_is_loaded(store: Store) -> None:
    rows = [change(0), change(1, "title", "b")]
    kept = link(adjusted={"title": (Pair("a b", "a"),)}, merges=2, revision=NOW, batch=4)
    store.commit(rows, [fold("t1", rows)], [kept], [conflict()])
    loaded = store.load(["t1", "unknown"])
    assert list(loaded) == ["t1"]
    assert loaded["t1"].task == fold("t1", rows)
    assert loaded["t1"].links == (kept,)
    assert loaded["t1"].conflicts == (conflict(),)
    assert loaded["t1"].kept
    assert store.changes(task_id="t1") == rows
    assert store.changes(run_id="run_1") == rows


def test_a_task_is_the_fold_of_its_changes_where_the_task_itself_was_not_kept(store: Store) -> None:
    first = change(0)
    store.commit([first], [fold("t1", [first])], [link()])
    store.commit([change(1, "title", "b")])
    loaded = store.load(["t1"])["t1"]
    assert loaded.task.values()["title"] == "b"
    assert not loaded.kept
    assert change(1, "title").change_id in loaded.decided


def test_changes_are_answered_once_a_person_has_decided_on_their_field(store: Store) -> None:
    first, moved, other = change(0), change(1, "title", "b"), change(2, "due_date", "2030-01-01")
    store.commit([first, moved, other])
    assert store.load(["t1"])["t1"].answered == frozenset()
    decision = change(3, "title", "c")._replace(decision=Decision.SETTLED, origin=None)
    later = change(4, "title", "d")
    store.commit([decision, later])
    assert store.load(["t1"])["t1"].answered == {moved.change_id}


def test_a_change_is_kept_once(store: Store) -> None:
    store.commit([change(0)])
    store.commit([change(0), change(1, "title", "b")])
    assert [one.position for one in store.changes(task_id="t1")] == [0, 1]


def test_links_are_replaced_found_and_forgotten(store: Store) -> None:
    placeholder = link(ItemKey("B", "creating:t1"), state=LinkState.CREATING, seen={})
    store.commit([change(0)], links=[link(), placeholder])
    assert store.holders(["t1", "t2"]) == {"t1": [A1]}
    made = link(B1)
    store.commit(links=[made, link(merges=1)], ended=[placeholder.key])
    assert store.find([A1, B1, placeholder.key]) == {A1: link(merges=1), B1: made}
    assert sorted(store.holders(["t1"])["t1"]) == [A1, B1]
    assert store.live_items(["A", "B", "C"]) == {"A": 1, "B": 1, "C": 0}


def test_of_a_task_made_anew_the_item_that_is_there_comes_last(store: Store) -> None:
    deleted, anew = link(ItemKey("B", "9"), state=LinkState.DELETED), link(ItemKey("B", "10"))
    store.commit([change(0)], links=[deleted, anew])
    assert store.holders(["t1"]) == {"t1": [deleted.key, anew.key]}


def test_a_link_may_move_to_another_task(store: Store) -> None:
    store.commit([change(0), change(0, task="t2")], links=[link()])
    store.commit(links=[link(task="t2")])
    assert store.load(["t1"])["t1"].links == ()
    assert store.load(["t2"])["t2"].links == (link(task="t2"),)


def test_settled_conflicts_are_kept_and_not_loaded(store: Store) -> None:
    store.commit([change(0)], conflicts=[conflict(1), conflict(2)])
    store.commit(conflicts=[conflict(1, open_=False)])
    assert store.load(["t1"])["t1"].conflicts == (conflict(2),)
    assert store.conflicts(["conflict_1", "none"]) == {"conflict_1": conflict(1, open_=False)}
    assert {one.conflict_id for one in store.conflicts_of("run_1")} == {"conflict_1", "conflict_2"}


def test_whatever_is_committed_is_watched_until_it_is_released(store: Store) -> None:
    store.commit([change(0)])
    store.commit([change(0, task="t2")])
    store.release(["t1"])
    assert store.watched() == {"t2"}
    store.commit(links=[link()])
    store.release(["t2"])
    store.commit(conflicts=[conflict(task="t2")])
    assert store.watched() == {"t1", "t2"}


def test_the_newest_plan_is_the_one_that_was_saved_last(store: Store) -> None:
    assert store.plan() is None
    for why in ("one", "two", "one"):
        store.save_plan(saved(why))
    assert store.plan() == saved("one")
    assert store.plan("plan_two") == saved("two")
    assert store.plan("unknown") is None


def test_intents_are_unresolved_until_they_are_finished(store: Store) -> None:
    store.intend([write(1), write(2), write(3, task="t2")])
    store.finish([write(2, Outcome.ACKNOWLEDGED), write(4, Outcome.STALE)])
    assert store.unresolved() == [write(1), write(3, task="t2")]
    assert store.unresolved(["t1"]) == [write(1)]
    assert {one.write_id: one.outcome for one in store.writes("run_1")} == {
        "write_1": None,
        "write_2": Outcome.ACKNOWLEDGED,
        "write_3": None,
        "write_4": Outcome.STALE,
    }
    assert store.writes("run_2") == []
    of_plan = store.writes_of_plan(write(1).plan_id)
    assert sorted(one.write_id for one in of_plan) == ["write_1", "write_2", "write_3", "write_4"]
    assert store.writes_of_plan("plan_other") == []


def test_acknowledged_writes_stay_unchecked_until_they_are_said_to_be_checked(store: Store) -> None:
    watched = {"checked": False, "read_at": NOW, "revision": NOW}
    done = write(2, Outcome.ACKNOWLEDGED).model_copy(update=watched)
    store.intend([write(1).model_copy(update=watched), write(3)])
    store.finish([done, write(4, Outcome.STALE).model_copy(update=watched), write(5, Outcome.ACKNOWLEDGED)])
    assert store.unchecked() == [done]
    store.finish([done.model_copy(update={"checked": True})])
    assert store.unchecked() == []


def test_an_intent_that_comes_again_does_not_undo_its_outcome(store: Store) -> None:
    store.intend([write(1)])
    store.finish([write(1, Outcome.ACKNOWLEDGED)])
    store.intend([write(1)])
    assert store.unresolved() == []


def test_the_items_of_a_source_are_known_in_every_state_but_in_the_making(store: Store) -> None:
    creating = link(ItemKey("A", "creating:t3"), "t3", state=LinkState.CREATING, seen={})
    gone = link(ItemKey("A", "2"), "t2", state=LinkState.DELETED)
    store.commit([change(0), change(0, task="t2"), change(0, task="t3")], links=[link(), gone, creating, link(B1)])
    assert store.items_of("A") == [KnownItem("1", LinkState.LINKED), KnownItem("2", LinkState.DELETED)]
    assert store.items_of("C") == []


def test_what_is_to_be_watched_is_watched_until_it_is_released(store: Store) -> None:
    store.watch(["t1", "t2"])
    store.watch(["t2"])
    assert store.watched() == {"t1", "t2"}
    store.release(["t1"])
    assert store.watched() == {"t2"}


def test_tasks_are_found_by_the_parents_and_blockers_that_they_refer_to(store: Store) -> None:
    fields: dict[str, dict[str, FieldValue]] = {
        "parent": {"title": "parent", "parent_id": None, "blocked_by": []},
        "child": {"title": "child", "parent_id": "parent", "blocked_by": []},
        "blocked": {"title": "blocked", "parent_id": None, "blocked_by": ["child", "parent"]},
    }
    changes = [change(0, new=None, task=name) for name in fields]
    changes = [one._replace(new=fields[one.task_id]) for one in changes]
    store.commit(changes, [fold(one.task_id, [one]) for one in changes])
    assert store.referrers(["parent"]) == {"child", "blocked"}
    assert store.referrers(["child", "blocked"]) == {"blocked"}
    assert store.referrers(["blocked"]) == store.referrers([]) == set()
