"""Items that are deleted, archived or back, and what follows from it for their tasks: over simulated sources."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest

from tests.support.heart import step
from worklake.errors import AccessError, RetryableError
from worklake.integrations.base import Item, Where
from worklake.integrations.views import TaskView
from worklake.model.heart_rows import Operation, Outcome
from worklake.model.rows import Kind, LinkState
from worklake.settings.models import Brake, OnDelete
from worklake.sync.heart import settling, undoing
from worklake.sync.heart.everywhere import plan_everywhere
from worklake.sync.heart.merging import merge_tasks
from worklake.sync.heart.ports import Blocking, Observation
from worklake.sync.rules import brake
from worklake.sync.rules.state import ItemKey
from worklake.sync.rules.task import Moment, fold
from worklake.testing.simulate import deletions
from worklake.testing.simulate import world as worlds
from worklake.testing.simulate.deletions import DeletingShape, DeletingSource, DeletingWorld

SILENT = DeletingShape(incremental=False)
TRASH = DeletingShape(archives=True, announces=True)


def town(*shapes: DeletingShape, policy: OnDelete = "close", tasks: int = 1) -> DeletingWorld:
    """Sources A, B, … of these shapes; tasks that people made in A are everywhere."""
    made = DeletingWorld({}, {}, {})
    for name, shape in zip("ABC", shapes, strict=False):
        made.sources[name] = DeletingSource(name, shape, made, lambda source, what: False, lambda: False)
        made.on_delete[name] = policy
    made.routes = {name: tuple(sorted(made.sources.keys() - {name})) for name in made.sources}
    for number in range(tasks):
        made.sources["A"].person_creates({"title": f"title {number}", "status": "started"})
    sync(made)
    sync(made)
    return made


def sync(made: DeletingWorld) -> list[Operation]:
    made.tick(120)
    return [step.operation for step in worlds.sync(made, Random(0)).steps]


def person(made: DeletingWorld, source: str, what: str, number: int = 1) -> None:
    made.tick(60)
    item = made.sources[source].items[f"{source}{number}"]
    if what in ("delete", "restore"):
        item.deleted = what == "delete"
    else:
        item.fields["archived"] = what == "archive"
    item.updated_at = made.sources[source].now()


def shown(made: DeletingWorld, source: str, name: str = "status", number: int = 1) -> object:
    return made.sources[source].items[f"{source}{number}"].fields[name]


def canonical(made: DeletingWorld, name: str = "status") -> object:
    (task,) = made.store.all_tasks()
    return made.store.load([task])[task].task.fields[name].value


def state(made: DeletingWorld, source: str, number: int = 1) -> LinkState:
    key = ItemKey(source, f"{source}{number}")
    return made.store.find([key])[key].state


def test_what_was_deleted_silently_is_found_by_a_sweep_and_closed_elsewhere() -> None:
    made = town(SILENT, SILENT, SILENT)
    person(made, "A", "delete")
    assert sync(made) == []
    swept = deletions.sweep(made, "A")
    assert (swept.listed, swept.missing, swept.count(Where.DELETED), swept.error) == (0, 1, 1, None)
    assert sync(made) == [Operation.UPDATE, Operation.UPDATE]
    assert [shown(made, one) for one in "BC"] == ["canceled", "canceled"]
    assert sync(made) == []
    (task,) = made.store.all_tasks()
    (closing,) = (one for one in made.store.changes(task_id=task) if one.field == "status")
    assert (closing.reason, closing.origin) == ("deleted in A, confirmed", ItemKey("A", "A1"))


def test_a_second_sweep_of_the_same_finds_nothing_more() -> None:
    made = town(SILENT, SILENT)
    person(made, "A", "delete")
    deletions.sweep(made, "A")
    before = made.store.changes(task_id=made.store.all_tasks()[0])
    assert deletions.sweep(made, "A").missing == 0
    assert made.store.changes(task_id=made.store.all_tasks()[0]) == before


def test_what_lies_in_the_trash_is_closed_elsewhere_after_a_pull_alone() -> None:
    made = town(TRASH, SILENT)
    person(made, "A", "delete")
    assert sync(made) == [Operation.UPDATE]
    assert shown(made, "B") == "canceled"


def test_what_comes_back_opens_its_task_again() -> None:
    made = town(TRASH, SILENT)
    person(made, "A", "delete")
    sync(made)
    person(made, "A", "restore")
    sync(made)
    assert (shown(made, "A"), shown(made, "B"), canonical(made)) == ("started", "started", "started")
    assert sync(made) == []


def test_a_task_that_a_person_opens_again_elsewhere_stays_open() -> None:
    made = town(SILENT, SILENT)
    person(made, "A", "delete")
    deletions.sweep(made, "A")
    sync(made)
    made.tick(60)
    made.sources["B"].person_edits("B1", "status", "started")
    sync(made)
    deletions.sweep(made, "A")
    assert sync(made) == []
    assert (shown(made, "B"), canonical(made)) == ("started", "started")


def test_a_completed_task_stays_completed_when_an_item_is_deleted() -> None:
    made = town(SILENT, SILENT)
    made.sources["A"].person_edits("A1", "status", "completed")
    sync(made)
    person(made, "A", "delete")
    deletions.sweep(made, "A")
    assert sync(made) == []
    assert shown(made, "B") == "completed"


def test_archived_here_is_closed_where_nothing_is_archived_and_open_again_when_it_is_back() -> None:
    made = town(TRASH, SILENT)
    person(made, "A", "archive")
    sync(made)
    assert (shown(made, "B"), shown(made, "A"), canonical(made, "archived")) == ("canceled", "started", True)
    assert sync(made) == []
    person(made, "A", "unarchive")
    sync(made)
    assert (shown(made, "B"), shown(made, "A"), canonical(made, "archived")) == ("started", "started", False)
    assert sync(made) == []


def test_with_the_policy_nothing_a_deletion_is_noted_and_nothing_follows() -> None:
    made = town(SILENT, SILENT, policy="nothing")
    person(made, "A", "delete")
    deletions.sweep(made, "A")
    assert sync(made) == []
    assert (shown(made, "B"), canonical(made), state(made, "A")) == ("started", "started", LinkState.DELETED)
    last = made.store.changes(task_id=made.store.all_tasks()[0])[-1]
    assert (last.field, last.new, "nothing follows" in last.reason) == ("state", "deleted", True)


def test_with_the_policy_archive_a_deletion_archives_where_that_is_possible() -> None:
    made = town(SILENT, TRASH, policy="archive")
    person(made, "A", "delete")
    deletions.sweep(made, "A")
    sync(made)
    assert (shown(made, "B", "archived"), shown(made, "B")) == (True, "started")
    assert sync(made) == []


def test_with_the_policy_archive_a_deletion_closes_where_nothing_is_archived() -> None:
    made = town(SILENT, SILENT, policy="archive")
    person(made, "A", "delete")
    deletions.sweep(made, "A")
    sync(made)
    assert shown(made, "B") == "canceled"


def test_with_the_policy_delete_a_deletion_deletes_and_what_comes_back_is_not_deleted_again() -> None:
    made = town(SILENT, TRASH, policy="delete")
    person(made, "A", "delete")
    deletions.sweep(made, "A")
    assert sync(made) == [Operation.DELETE]
    assert (made.sources["B"].items["B1"].deleted, state(made, "B")) == (True, LinkState.DELETED)
    assert sync(made) == []
    person(made, "B", "restore")
    sync(made)
    assert sync(made) == []
    assert not made.sources["B"].items["B1"].deleted


def test_what_other_items_say_of_an_item_does_not_stop_its_deletion() -> None:
    """In GitLab an issue does not show what blocks it: the blocking one says so."""
    made = town(TRASH, DeletingShape(lacks=frozenset({"blocked_by"})), policy="delete", tasks=2)
    nothing = TaskView({}, None, None, None, None, None, None)
    told = Observation("B", "B1", nothing, made.store.batch + 1, blocking=Blocking(frozenset({"B2"})), partial=True)
    merge_tasks(made.store, made.ports(), [told], made.rules(), Moment("run_9000", made.clock()))
    sync(made)
    assert shown(made, "A", "blocked_by", 2) == ["A1"]
    person(made, "A", "delete", 2)
    assert sync(made) == [Operation.DELETE]
    assert made.sources["B"].items["B1"].deleted


def test_what_was_deleted_is_brought_back_by_an_undo_also_where_the_trash_shows_as_an_archive() -> None:
    made = town(SILENT, TRASH, policy="delete")
    person(made, "A", "delete")
    deletions.sweep(made, "A")
    sync(made)
    made.sources["B"].items["B1"].fields["archived"] = True
    worlds.undo(made, last_run(made), everywhere=False)
    assert (made.sources["B"].items["B1"].deleted, state(made, "B")) == (False, LinkState.LINKED)


def test_an_edit_before_the_deletion_is_done_stops_it_until_the_next_plan() -> None:
    made = town(SILENT, TRASH, policy="delete")
    person(made, "A", "delete")
    deletions.sweep(made, "A")
    planned = worlds.plan(made)
    made.tick(60)
    made.sources["B"].person_edits("B1", "status", "unstarted")
    worlds.apply(made, planned)
    assert made.store.all_writes()[-1].outcome is Outcome.STALE
    sync(made)
    assert not made.sources["B"].items["B1"].deleted
    assert canonical(made) == "unstarted"


def test_who_may_not_delete_closes(monkeypatch: pytest.MonkeyPatch) -> None:
    made = town(SILENT, SILENT, policy="delete")

    def refuses(self: DeletingSource, external_id: str) -> None:
        raise AccessError("only owners delete")

    monkeypatch.setattr(DeletingSource, "delete", refuses)
    person(made, "A", "delete")
    deletions.sweep(made, "A")
    assert sync(made) == [Operation.DELETE]
    assert sync(made) == [Operation.UPDATE]
    assert (shown(made, "B"), state(made, "B")) == ("canceled", LinkState.LINKED)
    assert sync(made) == []


def test_a_list_that_breaks_off_proves_nothing() -> None:
    made = town(SILENT, SILENT, tasks=4)
    person(made, "A", "delete", 4)

    def fails(source: str, what: str) -> bool:
        if what == "list_ids" and source == "A":
            raise RetryableError("A broke off")
        return False

    made.sources["A"]._fault = fails
    swept = deletions.sweep(made, "A")
    assert (swept.error, swept.found) == ("A broke off", [])
    assert state(made, "A", 4) is LinkState.LINKED
    assert sync(made) == []


def test_a_list_that_leaves_out_what_is_there_is_given_up_after_a_few_questions(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made = town(SILENT, SILENT, tasks=40)
    asked: list[str] = []
    read_many = DeletingSource.read_many

    def counted(self: DeletingSource, external_ids: list[str]) -> list[Item]:
        asked.extend(external_ids)
        return list(read_many(self, external_ids))

    monkeypatch.setattr(DeletingSource, "read_many", counted)
    monkeypatch.setattr(DeletingSource, "list_ids", lambda self: iter(()))
    swept = deletions.sweep(made, "A")
    assert swept.error is not None
    assert "leaves out 40 of 40" in swept.error
    assert (len(asked), swept.found) == (5, [])
    asked.clear()
    assert sync(made) == []


def test_a_source_that_may_not_be_seen_closes_nothing_and_is_as_before_when_it_shows_again() -> None:
    made = town(SILENT, SILENT)
    source = made.sources["A"]
    assert isinstance(source, DeletingSource)
    source.hidden = True
    assert deletions.sweep(made, "A").error == "A is hidden"
    assert state(made, "A") is LinkState.LINKED
    source.hidden = False
    assert deletions.sweep(made, "A").missing == 0
    assert sync(made) == []
    assert shown(made, "B") == "started"


def test_a_source_that_is_taken_out_of_the_settings_leaves_everything_as_it_is() -> None:
    made = town(SILENT, SILENT, SILENT)
    before = made.store.find([ItemKey("C", "C1")])
    gone = made.sources.pop("C")
    gone.items["C1"].deleted = True
    made.routes = {"A": ("B",), "B": ("A",)}
    deletions.sweep(made, "A")
    deletions.sweep(made, "B")
    assert sync(made) == []
    assert made.store.find([ItemKey("C", "C1")]) == before
    assert canonical(made) == "started"


def test_an_item_that_a_write_finds_gone_is_a_question_that_the_sweep_answers() -> None:
    made = town(SILENT, SILENT)
    person(made, "B", "delete")
    made.sources["A"].person_edits("A1", "title", "another title")
    sync(made)
    assert (state(made, "B"), canonical(made)) == (LinkState.MISSING, "started")
    assert sync(made) == []
    deletions.sweep(made, "B")
    sync(made)
    assert (state(made, "B"), shown(made, "A")) == (LinkState.DELETED, "canceled")


def test_an_old_plan_for_what_is_known_to_be_deleted_does_not_make_it_a_question_again() -> None:
    made = town(SILENT, TRASH)
    made.sources["A"].person_edits("A1", "title", "another title")
    worlds.pull(made, "A", Random(0))
    old = worlds.plan(made)
    person(made, "B", "delete")
    worlds.pull(made, "B", Random(0))
    worlds.apply(made, old)
    assert (made.store.all_writes()[-1].outcome, state(made, "B")) == (Outcome.GONE, LinkState.DELETED)
    sync(made)
    made.tick(60)
    made.sources["A"].person_edits("A1", "status", "started")
    sync(made)
    deletions.sweep(made, "B")
    sync(made)
    assert (shown(made, "A"), canonical(made)) == ("started", "started")
    person(made, "B", "restore")
    sync(made)
    assert (shown(made, "B"), shown(made, "B", "title")) == ("started", "another title")


def test_what_we_deleted_ourselves_closes_nothing() -> None:
    made = town(SILENT, TRASH)
    run = next(write.run_id for write in made.store.all_writes() if write.operation is Operation.CREATE)
    worlds.undo(made, run, everywhere=False)
    assert made.sources["B"].items["B1"].deleted
    sync(made)
    deletions.sweep(made, "B")
    assert sync(made) == []
    assert (shown(made, "A"), canonical(made)) == ("started", "started")


def creations(made: DeletingWorld) -> str:
    """The run that made the items in B."""
    return next(write.run_id for write in made.store.all_writes() if write.operation is Operation.CREATE)


def last_run(made: DeletingWorld) -> str:
    return made.store.all_writes()[-1].run_id


def whole_hold(made: DeletingWorld) -> str:
    (conflict,) = (one for one in made.store.all_conflicts() if one.open and one.field == "task")
    return conflict.conflict_id


def settle(made: DeletingWorld, conflict: str, take: str) -> None:
    settling.settle(made.store, made.ports(), conflict, settling.Choice(take=take), Moment(made.run_id(), made.clock()))


def there(made: DeletingWorld, source: str) -> list[object]:
    """What the items that are there show."""
    return [item.fields["title"] for item in made.sources[source].items.values() if not item.deleted]


@pytest.mark.parametrize("shape", [SILENT, TRASH, DeletingShape(makes_ids=True), replace(TRASH, makes_ids=True)])
def test_an_undone_creation_waits_for_a_person_and_is_made_again_when_one_says_so(shape: DeletingShape) -> None:
    made = town(SILENT, shape)
    worlds.undo(made, creations(made), everywhere=False)
    assert there(made, "B") == []
    assert [sync(made) for _ in range(2)] == [[], []]
    settle(made, whole_hold(made), "worklake")
    sync(made)
    sync(made)
    assert there(made, "B") == ["title 0"]
    deletions.sweep(made, "B")
    assert sync(made) == []
    assert len(made.store.all_tasks()) == 1


def test_an_undone_creation_stays_undone_when_a_person_says_so() -> None:
    made = town(SILENT, SILENT)
    worlds.undo(made, creations(made), everywhere=False)
    settle(made, whole_hold(made), "B")
    assert sync(made) == []
    assert there(made, "B") == []
    assert canonical(made) == "started"


@pytest.mark.parametrize("shape", [SILENT, TRASH])
def test_the_undo_of_an_undone_creation_makes_it_again(shape: DeletingShape) -> None:
    made = town(SILENT, shape)
    worlds.undo(made, creations(made), everywhere=False)
    worlds.undo(made, last_run(made), everywhere=False)
    assert there(made, "B") == ["title 0"]
    sync(made)
    sync(made)
    assert sync(made) == []
    assert (len(there(made, "B")), len(made.store.all_tasks())) == (1, 1)
    assert not [one for one in made.store.all_conflicts() if one.open]


def test_undo_opens_again_what_a_deletion_closed_and_the_next_sync_leaves_it_open() -> None:
    made = town(SILENT, SILENT)
    person(made, "A", "delete")
    deletions.sweep(made, "A")
    sync(made)
    worlds.undo(made, last_run(made), everywhere=False)
    assert shown(made, "B") == "started"
    assert sync(made) == []


def test_undo_brings_back_what_was_deleted_where_the_provider_keeps_it_and_holds_it() -> None:
    made = town(SILENT, TRASH, policy="delete")
    person(made, "A", "delete")
    deletions.sweep(made, "A")
    sync(made)
    worlds.undo(made, last_run(made), everywhere=False)
    assert there(made, "B") == ["title 0"]
    assert [sync(made), shown(made, "B")] == [[], "started"]
    settle(made, whole_hold(made), "B")
    sync(made)
    assert (shown(made, "B"), canonical(made)) == ("started", "started")
    assert sync(made) == []


def test_undo_says_what_the_provider_cannot_bring_back() -> None:
    made = town(SILENT, SILENT, policy="delete")
    person(made, "A", "delete")
    deletions.sweep(made, "A")
    sync(made)
    undone = undoing.plan_undo(made.store, made.ports(), last_run(made), Moment("run_undo", made.clock()))
    assert undone.plan.steps == ()
    assert [(one.source, one.reason) for one in undone.left] == [
        ("B", "it was deleted, and the provider keeps nothing to bring back")
    ]


def test_undo_everywhere_moves_no_task_before_its_plan_is_applied() -> None:
    made = town(SILENT, SILENT)
    made.sources["A"].person_edits("A1", "title", "another title")
    made.tick(60)
    worlds.pull(made, "AB", Random(0))
    run = made.store.changes(task_id=made.store.all_tasks()[0])[-1].run_id
    worlds.apply(made, worlds.plan(made))
    undone = plan_everywhere(made.store, made.ports(), made.rules(), run, Moment("run_undo", made.clock()))
    assert canonical(made, "title") == "another title"
    assert made.store.plan(undone.plan.plan_id) == undone.plan
    worlds.apply(made, undone.plan)
    assert (canonical(made, "title"), shown(made, "A", "title"), shown(made, "B", "title")) == ("title 0",) * 3
    assert sync(made) == []


def test_undo_everywhere_of_a_run_that_only_wrote_takes_back_what_it_carried_on() -> None:
    made = town(SILENT, SILENT)
    made.sources["A"].person_edits("A1", "title", "another title")
    made.tick(60)
    worlds.pull(made, "AB", Random(0))
    run = worlds.apply(made, worlds.plan(made))
    worlds.undo(made, run, everywhere=True)
    assert [shown(made, one, "title") for one in "AB"] == ["title 0"] * 2
    assert sync(made) == []


def test_undo_everywhere_after_an_undo_frees_what_that_held() -> None:
    made = town(SILENT, SILENT)
    made.sources["A"].person_edits("A1", "title", "another title")
    sync(made)
    run = last_run(made)
    worlds.undo(made, run, everywhere=False)
    assert [shown(made, one, "title") for one in "AB"] == ["another title", "title 0"]
    worlds.undo(made, run, everywhere=True)
    assert [shown(made, one, "title") for one in "AB"] == ["title 0"] * 2
    assert not any(one.open for one in made.store.all_conflicts())
    assert sync(made) == []


def test_undo_everywhere_of_an_undo_takes_just_that_back() -> None:
    made = town(SILENT, SILENT)
    made.sources["A"].person_edits("A1", "title", "another title")
    sync(made)
    worlds.undo(made, last_run(made), everywhere=False)
    worlds.undo(made, last_run(made), everywhere=True)
    assert [shown(made, one, "title") for one in "AB"] == ["another title"] * 2
    assert canonical(made, "title") == "another title"
    assert not any(one.open for one in made.store.all_conflicts())
    assert sync(made) == []


def test_undo_everywhere_of_what_followed_from_a_deletion_brings_the_deleted_item_back() -> None:
    made = town(TRASH, SILENT)
    person(made, "A", "delete")
    made.tick(120)
    worlds.pull(made, "AB", Random(0))
    run = made.store.changes(task_id=made.store.all_tasks()[0])[-1].run_id
    worlds.apply(made, worlds.plan(made))
    assert shown(made, "B") == "canceled"
    worlds.undo(made, run, everywhere=True)
    sync(made)
    assert (shown(made, "A"), shown(made, "B"), canonical(made)) == ("started", "started", "started")
    assert not made.sources["A"].items["A1"].deleted
    assert sync(made) == []


def test_the_brake_holds_the_undo_of_many_creations() -> None:
    made = town(SILENT, SILENT, tasks=12)
    moment = Moment("run_undo", made.clock())
    stopped = undoing.plan_undo(made.store, made.ports(), creations(made), moment).plan
    assert stopped.stopped_by == ("delete would hit 12 of 12 items of B",)
    assert undoing.plan_undo(made.store, made.ports(), creations(made), moment, allow=12).plan.stopped_by == ()
    assert undoing.plan_undo(made.store, made.ports(), creations(made), moment, allow=11).plan.stopped_by != ()


def test_what_is_closed_and_what_is_emptied_counts_together_and_each_item_once() -> None:
    limits = Brake(share=0.2, at_least=10)
    closing = [step(n, fields={"status": "canceled"}, expected={"status": "started"}) for n in range(6)]
    emptying = [step(n, fields={"due_date": None}, expected={"due_date": "2026-03-03"}) for n in range(3, 11)]
    (stop,) = brake.stops([*closing, *emptying], {"web": 40}, limits)
    assert str(stop) == "close, emptying due_date would hit 11 of 40 items of web"
    assert brake.stops([*closing, *emptying], {"web": 40}, limits, allowed=11) == []
    assert brake.stops([*closing, *emptying], {"web": 60}, limits) == []


def moved_view(made: DeletingWorld, external_id: str, **values: object) -> TaskView:
    source = made.sources["A"]
    view = source.lens.view(Kind.TASK, source.read(external_id).payload)
    assert isinstance(view, TaskView)
    return replace(view, **values)  # type: ignore[arg-type]


@pytest.mark.parametrize("followed", [True, False])
def test_what_its_provider_moved_closes_nothing_and_is_followed_where_the_new_place_is_known(followed: bool) -> None:
    made = town(SILENT, SILENT)
    (task,) = made.store.all_tasks()
    made.sources["A"].person_creates({"title": "title 0", "status": "started"})
    made.sources["A"].person_edits("A1", "status", "completed")
    made.store.batch += 1
    old = Observation("A", "A1", moved_view(made, "A1", moved_to="A2"), made.store.batch)
    new = Observation("A", "A2", moved_view(made, "A2"), made.store.batch, task)
    moment = Moment("run_move", made.clock())
    merge_tasks(made.store, made.ports(), [old, new] if followed else [old], made.rules(), moment)
    assert (state(made, "A"), canonical(made)) == (LinkState.DELETED if followed else LinkState.MISSING, "started")
    worlds.apply(made, worlds.plan(made))
    assert shown(made, "B") == "started"
    assert shown(made, "A") == "completed"


def test_a_deletion_of_ours_whose_reply_was_lost_is_known_as_ours() -> None:
    made = town(SILENT, TRASH)
    made.sources["B"]._fault = lambda source, what: what == "delete"
    worlds.undo(made, creations(made), everywhere=False)
    made.sources["B"]._fault = lambda source, what: False
    sync(made)
    assert (state(made, "B"), canonical(made), shown(made, "A")) == (LinkState.DELETED, "started", "started")
    assert made.store.unresolved() == []


def test_an_old_plan_for_an_item_that_worklake_deleted_since_closes_nothing() -> None:
    made = town(SILENT, SILENT)
    made.tick(60)
    made.sources["A"].person_edits("A1", "title", "another title")
    worlds.pull(made, ["A", "B"], Random(0))
    old = worlds.plan(made)
    worlds.undo(made, creations(made), everywhere=False)
    worlds.apply(made, old)
    assert (made.store.all_writes()[-1].outcome, state(made, "B")) == (Outcome.GONE, LinkState.DELETED)
    deletions.sweep(made, "B")
    sync(made)
    assert (shown(made, "A"), canonical(made)) == ("started", "started")


def test_an_item_that_is_back_from_the_archive_as_another_one_goes_there_does_not_bring_the_task_back() -> None:
    made = town(TRASH)
    made.matched[ItemKey("A", "A2")] = ItemKey("A", "A1")
    made.sources["A"].person_creates({"title": "title 0", "status": "started"})
    sync(made)
    person(made, "A", "archive")
    worlds.pull(made, "A", Random(0))
    person(made, "A", "unarchive")
    person(made, "A", "archive", number=2)
    sync(made)
    assert sync(made) == []
    assert [shown(made, "A", "archived", number) for number in (1, 2)] == [True, True]
    (task,) = made.store.all_tasks()
    changes = made.store.changes(task_id=task)
    assert fold(task, changes).values() == made.store.tasks[task].values()
    assert len({one.change_id for one in changes}) == len(changes)
