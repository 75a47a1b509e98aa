"""A sync that writes to GitHub is killed, anywhere, by `kill -9`: the next one finishes it.

GitHub takes several calls for what other tools take in one: a run may die between the label and the title.
"""

from __future__ import annotations

import os
import random
from collections.abc import Iterator

import pytest

from tests.support.dying import Dying, dying_processes
from tests.support.tools import Tools, running_tools, steps
from tests.support.wholeness import (
    assert_nothing_twice,
    assert_tasks_are_the_fold_of_changes,
    assert_the_ledger_is_complete,
)

pytest.importorskip("pysail", reason="the embedded engine is not installed")
pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

POINTS, EVERY = 70, 9
SEED = int(os.environ.get("WORKLAKE_SEED", "7"))
COMPARED = ("title", "status", "priority", "labels")


@pytest.fixture(scope="module")
def dying() -> Iterator[Dying]:
    with dying_processes() as made:
        yield made


def work(tools: Tools, pairs: list[dict[str, str]], number: int) -> None:
    """What takes GitHub (`a`) many calls, and a new task in each tool."""
    first, second = pairs
    closing = {"state_event": "close" if number % 2 else "reopen"}
    labels = {"labels": f"label {number},priority::{('low', 'high')[number % 2]}"}
    tools.edit("b", first["b"], title=f"Titled in GitLab, {number}", **labels, **closing)
    tools.edit("a", second["a"], title=f"Titled in GitHub, {number}", labels=[f"label {number}"])
    for source in "ab":
        tools.create(source, title=f"Made in {source}, {number}", labels=["bug"] if source == "a" else "bug")


def assert_all_is_well(tools: Tools, pairs: list[dict[str, str]], number: int) -> None:
    """After one whole sync nothing is due, both show the same, what people did stands, and nothing is there twice."""
    label = f"round {number}"
    tools.sync()
    assert steps(tools.sync()) == [], label
    twins = tools.twins("a")
    assert set(twins) == set(tools.items("a")), label
    made = sorted(f"Made in {source}, {one}" for source in "ab" for one in range(1, number + 1))
    for source in "ab":
        titles = [one["title"] for one in tools.items(source).values()]
        assert sorted(title for title in titles if title.startswith("Made")) == made, label
    for pair in pairs:
        here, there = tools.shown("a", pair["a"]), tools.shown("b", pair["b"])
        assert {name: here[name] for name in COMPARED} == {name: there[name] for name in COMPARED}, label
    assert tools.shown("a", pairs[0]["a"])["title"] == f"Titled in GitLab, {number}", label
    assert tools.shown("b", pairs[1]["b"])["title"] == f"Titled in GitHub, {number}", label
    assert tools.rows("select * from {conflicts} where is_open") == [], label
    assert_nothing_twice(tools.rows)
    assert_tasks_are_the_fold_of_changes(tools.rows)
    assert_the_ledger_is_complete(tools.rows)


@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_sync_that_dies_at_any_commit_or_call_is_finished_by_the_next_one(
    dying: Dying, tmp_path, moment: str
) -> None:
    with running_tools(tmp_path, ["github", "gitlab"]) as tools:
        made = [tools.create("a", title=f"Task {number}") for number in range(2)]
        tools.sync()
        pairs = [{"a": one, **tools.twins("a")[one]} for one in made]
        deaths = 0
        for number, point in enumerate(range(random.Random(f"{SEED} {moment}").randint(1, EVERY), POINTS, EVERY), 1):
            work(tools, pairs, number)
            tools.pass_time()
            deaths += dying.dies(tmp_path, point, moment, "sync")
            assert_all_is_well(tools, pairs, number)
        assert deaths > 3
