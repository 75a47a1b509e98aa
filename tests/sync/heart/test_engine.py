"""The engine over simulated sources: the stories that take more than a merge."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

import pytest

from tests.sync.heart.test_died_merges import dying_before
from worklake.errors import AuthError, InvalidInputError, RetryableError
from worklake.model.heart_rows import Outcome
from worklake.settings.models import Prefer
from worklake.sync.heart import settling
from worklake.sync.rules.state import Conflict, ConflictKind, Decision, ItemKey
from worklake.sync.rules.task import Moment
from worklake.testing.memory import MemoryStore
from worklake.testing.simulate import world as worlds
from worklake.testing.simulate.shapes import Shape
from worklake.testing.simulate.source import Hooks, SimulatedSource
from worklake.testing.simulate.trouble import Crash
from worklake.testing.simulate.world import World

Fault = Callable[[str, str], bool]


class Town(World):
    """A world whose faults a test sets."""

    fault: Fault | None = None


def town(*shapes: Shape) -> Town:
    made = Town({}, {}, {})

    def fault(source: str, what: str) -> bool:
        made.tick(1)
        return made.fault is not None and made.fault(source, what)

    for name, shape in zip("ABC", shapes, strict=False):
        made.sources[name] = SimulatedSource(name, shape, lambda: made.now, fault)
    made.routes = {name: tuple(sorted(made.sources.keys() - {name})) for name in made.sources}
    made.sources["A"].person_creates({"title": "a title of some length"})
    return made


def sync(made: World) -> int:
    made.tick(120)
    return len(worlds.sync(made, Random(0)).steps)


def shown(made: World, source: str, name: str = "title") -> object:
    (item,) = (item for item in made.sources[source].items.values() if not item.deleted)
    return item.fields[name]


def edit(made: World, source: str, name: str, value: str | None) -> None:
    made.tick(60)
    made.sources[source].person_edits(next(iter(made.sources[source].items)), name, value)


def written_without_an_answer(made: Town) -> str:
    """The run that wrote what is due in B, and learnt nothing of what became of it."""
    worlds.pull(made, sorted(made.sources), Random(0))
    saved = worlds.plan(made)
    written = list[str]()

    def down_once_it_was_written(source: str, what: str) -> bool:
        if source == "B" and written:
            raise RetryableError("B is down")
        written.extend([what] if what in ("create", "update") else [])
        return bool(written)

    made.fault = down_once_it_was_written
    run = worlds.apply(made, saved)
    made.fault = None
    assert [write.outcome for write in made.store.writes(run)] == [None]
    return run


def outcomes(made: World) -> list[Outcome | None]:
    return [write.outcome for write in made.store.all_writes()]


def test_a_task_is_created_where_it_should_be_and_then_nothing_is_due() -> None:
    made = town(Shape(), Shape())
    assert sync(made) == 1
    assert shown(made, "B") == "a title of some length"
    assert [sync(made) for _ in range(3)] == [0, 0, 0]


def test_title_edited_in_one_and_due_date_in_another_are_both_everywhere() -> None:
    made = town(Shape(), Shape())
    sync(made)
    edit(made, "A", "title", "another title")
    edit(made, "B", "due_date", "2026-02-01")
    sync(made)
    assert [shown(made, one, name) for one in "AB" for name in ("title", "due_date")] == [
        "another title", "2026-02-01", "another title", "2026-02-01",
    ]  # fmt: skip


@pytest.mark.parametrize("error", [RetryableError("down"), AuthError("expired")])
def test_a_write_that_fails_is_due_until_it_is_done(error: Exception) -> None:
    made = town(Shape(), Shape())
    sync(made)
    edit(made, "A", "title", "another title")

    def fails(_source: str, what: str) -> bool:
        if what == "update":
            raise error
        return False

    made.fault = fails
    assert [sync(made) for _ in range(3)] == [1, 1, 1]
    assert shown(made, "B") == "a title of some length"
    made.fault = None
    assert sync(made) == 1
    assert shown(made, "B") == "another title"
    assert sync(made) == 0


def test_a_lost_reply_is_settled_by_what_the_item_shows() -> None:
    made = town(Shape(), Shape(title_limit=14))
    sync(made)
    edit(made, "A", "title", "another title of some length")
    made.fault = lambda _source, what: what == "update"
    sync(made)
    made.fault = None
    assert outcomes(made)[-1] is Outcome.ACKNOWLEDGED
    assert sync(made) == 0
    assert shown(made, "A") == "another title of some length"
    assert shown(made, "B") == "another title"


@pytest.mark.parametrize("shape", [Shape(), Shape(makes_ids=True)])
def test_a_process_killed_after_creating_creates_nothing_twice(shape: Shape) -> None:
    made = town(Shape(), shape)

    def before(table: str) -> None:
        if table == "links" and made.sources["B"].items:
            raise Crash(table)

    made.store = MemoryStore(before)
    with pytest.raises(Crash):
        sync(made)
    made.store._before = lambda _table: None
    sync(made)
    assert sync(made) == 0
    assert len(made.sources["B"].items) == 1


def test_an_old_plan_is_stale_where_items_moved_and_does_nothing_twice() -> None:
    made = town(Shape(), Shape())
    sync(made)
    edit(made, "A", "title", "second title")
    worlds.pull(made, "A", Random(0))
    old = worlds.plan(made)
    edit(made, "A", "title", "third title")
    sync(made)
    worlds.apply(made, old)
    assert outcomes(made)[-1] is Outcome.STALE
    assert shown(made, "B") == "third title"


def edited_silently(made: Town, title: str) -> None:
    """In B a title was set that no listing will bring, as the item's own time stands still; and another one in A."""
    sync(made)
    made.tick(3600)
    made.sources["B"].person_creates({"title": "what a listing begins with from now on"})
    sync(made)
    edit(made, "A", "title", "title of A")
    made.sources["B"].items[mirror(made).external_id].fields["title"] = title


def mirror(made: Town) -> ItemKey:
    """The item in B of the task that was born in A."""
    (link,) = (one for one in made.store.all_links() if one.source == "B" and one.task_id == made.task_of(BORN))
    return link.key


def shown_there(made: Town) -> object:
    """The title that this item shows."""
    return made.sources["B"].items[mirror(made).external_id].fields["title"]


BORN = ItemKey("A", "A1")


def test_an_edit_that_no_pull_brings_is_merged_once_a_stale_step_has_read_it() -> None:
    made = town(Shape(), Shape())
    edited_silently(made, "title of B")
    assert [sync(made) for _ in range(4)] == [1, 1, 0, 0]
    assert outcomes(made)[-2:] == [Outcome.STALE, Outcome.ACKNOWLEDGED]
    assert shown_there(made) == "title of A"
    kept = {one.value for conflict in made.store.all_conflicts() for one in conflict.contenders}
    assert kept == {"title of A", "title of B"}


def dies_merging_a_silent_edit(made: Town, table: str) -> None:
    """A step finds what was edited silently in B, which is preferred, and the merge of that dies before this table."""
    edited_silently(made, "title of B")
    made.policies = {"title": Prefer(prefer="B")}
    made.tick(120)
    worlds.pull(made, "AB", Random(0))
    saved = worlds.plan(made)
    with dying_before(made, table):
        worlds.apply(made, saved)


@pytest.mark.parametrize("table", ["conflicts", "changes", "tasks", "links"])
def test_where_merging_what_a_stale_step_has_read_dies_the_next_stale_step_does_it(table: str) -> None:
    made = town(Shape(), Shape())
    dies_merging_a_silent_edit(made, table)
    assert [sync(made) for _ in range(4)][-2:] == [0, 0]
    assert {made.sources["A"].items["A1"].fields["title"], shown_there(made)} == {"title of B"}


def test_an_edit_that_no_pull_brings_and_that_is_taken_back_after_its_merge_died_stays_taken_back() -> None:
    made = town(Shape(), Shape())
    dies_merging_a_silent_edit(made, "links")
    made.sources["B"].items[mirror(made).external_id].fields["title"] = "a title of some length"
    assert [sync(made) for _ in range(4)][-2:] == [0, 0]
    assert {made.sources["A"].items["A1"].fields["title"], shown_there(made)} == {"a title of some length"}


@pytest.mark.parametrize("everywhere", [False, True])
def test_an_undo_that_finds_an_edit_that_no_pull_brings_merges_it_and_need_not_find_it_again(everywhere: bool) -> None:
    made = town(Shape(), Shape())
    edited_silently(made, "a title of some length")
    made.tick(120)
    worlds.pull(made, "AB", Random(0))
    run = worlds.apply(made, worlds.plan(made))
    there = made.sources["B"].items[mirror(made).external_id]
    made.tick(3600)
    made.sources["B"].person_creates({"title": "what a listing begins with by now"})
    sync(made)
    there.fields["title"] = "by a person"
    worlds.undo(made, run, everywhere)
    assert outcomes(made)[-1] is Outcome.STALE
    assert made.store.find([mirror(made)])[mirror(made)].seen["title"] == "by a person"
    assert [sync(made) for _ in range(3)][-2:] == [0, 0]
    (conflict,) = (one for one in made.store.all_conflicts() if one.open is not everywhere)
    before = "a title of some length" if everywhere else "title of A"
    assert {one.value for one in conflict.contenders} == {before, "by a person"}
    assert shown_there(made) == (before if everywhere else "by a person")


def test_what_a_stale_step_has_read_is_no_news_where_the_plan_alone_is_old() -> None:
    made = town(Shape(), Shape())
    sync(made)
    edit(made, "A", "title", "second title")
    worlds.pull(made, "A", Random(0))
    old = worlds.plan(made)
    worlds.apply(made, old)
    before = made.store.all_links()
    worlds.apply(made, old)
    assert outcomes(made)[-1] is Outcome.STALE
    assert made.store.all_links() == before


def test_an_edit_of_another_field_does_not_stop_a_step() -> None:
    made = town(Shape(), Shape())
    sync(made)
    edit(made, "A", "title", "another title")
    worlds.pull(made, "A", Random(0))
    planned = worlds.plan(made)
    edit(made, "B", "due_date", "2026-02-01")
    worlds.apply(made, planned)
    assert outcomes(made)[-1] is Outcome.ACKNOWLEDGED
    sync(made)
    assert shown(made, "A", "due_date") == "2026-02-01"


def test_a_refused_value_is_held_and_the_other_fields_are_sent() -> None:
    made = town(Shape(), Shape(refuses=True))
    sync(made)
    edit(made, "A", "title", "a # title")
    edit(made, "A", "due_date", "2026-02-01")
    sync(made)
    assert shown(made, "B", "due_date") == "2026-02-01"
    assert sync(made) == 0
    (conflict,) = made.store.all_conflicts()
    assert (conflict.kind, conflict.field, conflict.open) == (ConflictKind.REFUSED, "title", True)
    edit(made, "A", "title", "a plain title")
    sync(made)
    assert shown(made, "B") == "a plain title"
    assert not made.store.all_conflicts()[0].open


def test_an_undo_restores_and_is_not_redone_and_its_undo_brings_it_back() -> None:
    made = town(Shape(), Shape())
    sync(made)
    edit(made, "A", "title", "another title")
    sync(made)
    run = made.store.all_writes()[-1].run_id
    worlds.undo(made, run, everywhere=False)
    assert shown(made, "B") == "a title of some length"
    assert sync(made) == 0
    undo = made.store.all_writes()[-1].run_id
    worlds.undo(made, undo, everywhere=False)
    assert shown(made, "B") == "another title"
    assert sync(made) == 0


def test_an_undo_leaves_what_was_edited_since() -> None:
    made = town(Shape(), Shape())
    sync(made)
    edit(made, "A", "title", "another title")
    sync(made)
    run = made.store.all_writes()[-1].run_id
    edit(made, "B", "title", "a person's title")
    worlds.undo(made, run, everywhere=False)
    assert shown(made, "B") == "a person's title"


def test_an_undo_everywhere_brings_all_tools_to_the_old_value() -> None:
    made = town(Shape(), Shape())
    sync(made)
    edit(made, "A", "title", "another title")
    worlds.pull(made, "AB", Random(0))
    run = made.store.changes(task_id=made.store.all_tasks()[0])[-1].run_id
    worlds.apply(made, worlds.plan(made))
    worlds.undo(made, run, everywhere=True)
    assert [shown(made, one) for one in "AB"] == ["a title of some length"] * 2
    assert sync(made) == 0


class Lagging(Hooks):
    """Listings bring items as they were before they last changed."""

    def chance(self, likely: float) -> bool:
        return True


def test_an_older_state_that_is_listed_after_a_merge_died_is_no_going_back() -> None:
    made = town(Shape(lags=True), Shape())
    sync(made)
    edit(made, "A", "title", "another title")
    with dying_before(made, "links"):
        worlds.pull(made, "A", Random(0))
    usual, made.sources["A"].hooks = made.sources["A"].hooks, Lagging()
    made.positions.clear()
    worlds.pull(made, "A", Random(0))
    made.sources["A"].hooks = usual
    sync(made)
    assert [shown(made, name) for name in "AB"] == ["another title"] * 2
    (task,) = made.store.all_tasks()
    assert [one.new for one in made.store.changes(task_id=task) if one.decision is Decision.TAKEN] == ["another title"]


def test_what_is_taken_out_of_a_set_after_the_merge_that_met_it_died_goes_everywhere() -> None:
    made = town(Shape(), Shape())
    worlds.pull(made, "A", Random(0))
    theirs = made.sources["B"].person_creates({"title": "a title of some length", "labels": ["bug", "old"]})
    made.matched[ItemKey("B", theirs)] = ItemKey("A", "A1")
    with dying_before(made, "links"):
        worlds.pull(made, "B", Random(0))
    made.tick(60)
    made.sources["B"].person_edits(theirs, "labels", ["bug"])
    worlds.pull(made, "B", Random(0))
    sync(made)
    assert [shown(made, name, "labels") for name in "AB"] == [["bug"]] * 2


def with_a_doubt() -> tuple[Town, Conflict]:
    """A town in which B did not answer to labels, and shows but one of two; and the conflict that tells of that."""
    made = town(Shape(), Shape(drops_labels=True))
    sync(made)
    edit(made, "A", "labels", ["label-2", "label-3"])
    written_without_an_answer(made)
    worlds.pull(made, "B", Random(0))
    (doubt,) = made.store.all_conflicts()
    return made, doubt


def test_a_part_of_a_set_that_shows_after_a_lost_reply_is_nobodys_edit_and_the_rest_asks_a_person() -> None:
    made, doubt = with_a_doubt()
    assert (doubt.kind, doubt.open, doubt.at_item) == (ConflictKind.OVERWRITTEN, True, ItemKey("B", "B1"))
    assert "did not show label-3: that is what it made of it, or what somebody did" in doubt.reason
    edit(made, "A", "labels", ["label-3"])
    sync(made)
    assert [shown(made, name, "labels") for name in "AB"] == [["label-3"], []]
    assert [one.reason for one in made.store.all_conflicts()] == ["edited since"]
    assert sync(made) == 0


def test_where_the_task_has_moved_on_a_set_that_shows_a_part_asks_nobody() -> None:
    made = town(Shape(), Shape(drops_labels=True))
    sync(made)
    edit(made, "A", "labels", ["label-2", "label-3"])
    written_without_an_answer(made)
    edit(made, "A", "labels", ["label-2"])
    worlds.pull(made, "A", Random(0))
    sync(made)
    assert [one.open for one in made.store.all_conflicts()] == []
    assert [shown(made, name, "labels") for name in "AB"] == [["label-2"]] * 2


def test_what_is_back_in_a_set_after_a_lost_reply_took_it_out_asks_a_person() -> None:
    made = town(Shape(), Shape())
    edit(made, "A", "labels", ["todo"])
    sync(made)
    edit(made, "A", "labels", ["doing"])
    written_without_an_answer(made)
    edit(made, "B", "labels", ["doing", "todo"])
    worlds.pull(made, "B", Random(0))
    (doubt,) = made.store.all_conflicts()
    assert [(one.origin, one.value) for one in doubt.contenders] == [
        (ItemKey("A", "A1"), ["doing"]),
        (ItemKey("B", "B1"), ["doing", "todo"]),
    ]
    settling.settle(made.store, made.ports(), doubt.conflict_id, settling.Choice(take="B"), Moment("r", made.clock()))
    sync(made)
    assert [shown(made, name, "labels") for name in "AB"] == [["doing", "todo"]] * 2


def test_a_doubt_about_a_field_that_was_edited_since_is_no_decision_any_more() -> None:
    made, doubt = with_a_doubt()
    edit(made, "A", "labels", ["label-2", "label-3", "label-4"])
    with dying_before(made, "conflicts"):
        worlds.pull(made, "A", Random(0))
    with pytest.raises(InvalidInputError, match="labels was edited since; nothing is left to decide"):
        settling.settle(
            made.store, made.ports(), doubt.conflict_id, settling.Choice(take="B"), Moment("r", made.clock())
        )
    sync(made)
    assert shown(made, "A", "labels") == ["label-2", "label-3", "label-4"]
    assert [(one.open, one.reason) for one in made.store.all_conflicts()] == [(False, "edited since")]


def test_a_conflict_whose_merge_died_before_it_kept_its_task_is_settled_once_a_sync_has_kept_that() -> None:
    made = town(Shape(), Shape())
    made.policies = {"title": "manual"}
    theirs = made.sources["B"].person_creates({"title": "another title"})
    made.matched[ItemKey("B", theirs)] = ItemKey("A", "A1")
    listed = [worlds._listed(made, name, Random(0)) for name in "AB"]
    for name, items in zip("AB", listed, strict=True):
        for item in items:
            worlds._read(made, made.sources[name], item)
    with dying_before(made, "changes"):
        worlds._merge(made, made.run_id())
    (conflict,) = made.store.all_conflicts()
    choice, moment = settling.Choice(take="B"), Moment(made.run_id(), made.clock())
    with pytest.raises(InvalidInputError, match="run worklake sync, which goes on there"):
        settling.settle(made.store, made.ports(), conflict.conflict_id, choice, moment)
    sync(made)
    settling.settle(made.store, made.ports(), conflict.conflict_id, choice, moment)
    sync(made)
    assert [shown(made, name) for name in "AB"] == ["another title"] * 2
    assert sync(made) == 0


def test_a_manual_conflict_waits_and_a_person_settles_it_once() -> None:
    made = town(Shape(), Shape())
    made.policies = {"title": "manual"}
    sync(made)
    edit(made, "A", "title", "title of A")
    edit(made, "B", "title", "title of B")
    assert sync(made) == 0
    assert [shown(made, one) for one in "AB"] == ["title of A", "title of B"]
    (conflict,) = made.store.all_conflicts()
    moment = Moment("run_9999", made.clock())
    with pytest.raises(InvalidInputError, match="does not contend"):
        settling.settle(made.store, made.ports(), conflict.conflict_id, settling.Choice(take="C"), moment)
    settling.settle(made.store, made.ports(), conflict.conflict_id, settling.Choice(take="B"), moment)
    sync(made)
    assert [shown(made, one) for one in "AB"] == ["title of B"] * 2
    with pytest.raises(InvalidInputError, match="settled already"):
        settling.settle(made.store, made.ports(), conflict.conflict_id, settling.Choice(take="A"), moment)
