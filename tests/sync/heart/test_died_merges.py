"""Merges that died after they had kept their changes, and people who then take back or decide what these brought."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from random import Random

import pytest

from tests.sync.heart.test_deletions import SILENT, TRASH, canonical, person, shown, state, sync, town
from worklake.errors import RetryableError
from worklake.model.rows import LinkState
from worklake.sync.heart import settling
from worklake.sync.heart.settling import Choice
from worklake.sync.rules.task import Moment
from worklake.testing.simulate import world as worlds
from worklake.testing.simulate.deletions import DeletingShape, DeletingWorld
from worklake.testing.simulate.trouble import Crash

LOSSY = DeletingShape(coarse_status=True)


@contextmanager
def dying_before(made: DeletingWorld, table: str) -> Iterator[None]:
    """The process dies before it keeps rows of this table."""

    def die(kept: str) -> None:
        if kept == table:
            raise Crash(f"before {kept}")

    store = made.store
    usual, store._before = store._before, die
    with pytest.raises(Crash):
        yield
    store._before = usual


def pull(made: DeletingWorld) -> None:
    made.tick(60)
    worlds.pull(made, sorted(made.sources), Random(0))


def edit(made: DeletingWorld, source: str, name: str, value: str) -> None:
    made.tick(60)
    made.sources[source].person_edits(f"{source}1", name, value)


@pytest.mark.parametrize("shape", [SILENT, LOSSY], ids=["exact", "lossy"])
@pytest.mark.parametrize(("name", "value"), [("title", "another"), ("status", "completed"), ("description", "text")])
def test_an_edit_that_is_put_back_after_its_merge_died_stays_put_back(
    shape: DeletingShape, name: str, value: str
) -> None:
    made = town(shape, SILENT)
    before = shown(made, "A", name)
    edit(made, "A", name, value)
    with dying_before(made, "links"):
        pull(made)
    edit(made, "A", name, before)  # type: ignore[arg-type]
    for _ in range(3):
        sync(made)
    assert (shown(made, "A", name), shown(made, "B", name)) == (before, before)
    assert sync(made) == []


@pytest.mark.parametrize("what", ["archive", "delete"])
def test_an_item_that_is_back_after_the_merge_of_its_going_died_opens_its_task_again(what: str) -> None:
    made = town(TRASH, SILENT)
    person(made, "A", what)
    with dying_before(made, "links"):
        pull(made)
    person(made, "A", {"archive": "unarchive", "delete": "restore"}[what])
    for _ in range(3):
        sync(made)
    assert (canonical(made), shown(made, "A"), shown(made, "B")) == ("started", "started", "started")
    assert (shown(made, "A", "archived"), state(made, "A")) == (False, LinkState.LINKED)
    assert sync(made) == []


def test_an_item_that_is_still_away_after_the_merge_of_its_going_died_closes_its_task_once() -> None:
    made = town(TRASH, SILENT)
    person(made, "A", "archive")
    with dying_before(made, "links"):
        pull(made)
    sync(made)
    assert (canonical(made), shown(made, "A", "archived"), shown(made, "B")) == ("canceled", True, "canceled")
    (task,) = made.store.all_tasks()
    assert len([one for one in made.store.changes(task_id=task) if one.field == "state"]) == 1


def test_what_a_person_decided_after_a_merge_died_is_not_contended_by_the_edits_that_it_had_kept() -> None:
    made = town(SILENT, SILENT)
    made.policies = {"title": "manual"}
    edit(made, "A", "title", "title of A")
    worlds.pull(made, "A", Random(0))
    edit(made, "B", "title", "title of B")
    with dying_before(made, "links"):
        worlds.pull(made, "B", Random(0))
    (conflict,) = made.store.all_conflicts()
    settling.settle(made.store, made.ports(), conflict.conflict_id, Choice(take="A"), Moment("run_9999", made.clock()))
    sync(made)
    assert [shown(made, name, "title") for name in "AB"] == ["title of A"] * 2
    assert [one.open for one in made.store.all_conflicts()] == [False]
    assert sync(made) == []


def test_an_edit_that_was_undone_after_its_merge_died_is_not_heard_once_more() -> None:
    made = town(SILENT, SILENT)
    before = shown(made, "A", "title")
    edit(made, "A", "title", "another")
    with dying_before(made, "links"):
        pull(made)
    (task,) = made.store.all_tasks()
    died = made.store.changes(task_id=task)[-1].run_id

    def is_down(source: str, what: str) -> bool:
        raise RetryableError(f"{source} is down")

    usual, made.sources["A"]._fault = made.sources["A"]._fault, is_down
    worlds.undo(made, died, everywhere=True)
    made.sources["A"]._fault = usual
    sync(made)
    assert [shown(made, name, "title") for name in "AB"] == [before] * 2
    assert [one.decision for one in made.store.changes(task_id=task)] == ["created", "taken", "undone"]
    assert sync(made) == []
