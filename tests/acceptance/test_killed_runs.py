"""A run that writes is killed, anywhere, by `kill -9`: the next one finishes it. Nothing is lost, nothing is twice.

One team lives through all deaths, one after the other: before each of them people edit and create in both tools, so
that what has to be written goes both ways and is created both ways (GitLab by a marker, Linear by an id of our making).
"""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from tests.support.dying import Dying, dying_processes
from tests.support.tools import Tools, running_tools, steps
from tests.support.wholeness import (
    assert_nothing_twice,
    assert_tasks_are_the_fold_of_changes,
    assert_the_ledger_is_complete,
)

pytest.importorskip("pysail", reason="the embedded engine is not installed")
pytestmark = pytest.mark.timeout(900)

POINTS = 90
"""More commits and calls than any of these runs makes."""
SEED = int(os.environ.get("WORKLAKE_SEED", "7"))
"""Chooses at which points the runs die: not all of them each time."""
DUE = {"a": "due_date", "b": "dueDate"}


@dataclass
class Team:
    """People at work in two tools, and what they did."""

    tools: Tools
    dying: Dying
    pairs: list[dict[str, str]]
    rounds: int = 0

    def work(self) -> None:
        """A title edited here and a due date there, a label, and a new task in each tool."""
        self.rounds += 1
        first, second = self.pairs
        self.tools.edit("a", first["a"], title=f"Titled in GitLab, {self.rounds}", weight=self.rounds)
        self.tools.edit("b", first["b"], dueDate=f"2031-01-{self.rounds % 28 + 1:02}")
        self.tools.edit("a", second["a"], add_labels=f"label {self.rounds}")
        text = f"Text {self.rounds}\n\n/close"
        self.tools.edit("b", second["b"], title=f"  Titled in Linear, {self.rounds}", description=text)
        self.tools.create("a", title=f"Made in GitLab, {self.rounds}")
        self.tools.create("b", title=f"Made in Linear, {self.rounds}")

    def assert_all_agree(self, label: str) -> None:
        """After one whole sync nothing is due, the tools agree, and the lake is whole."""
        self.tools.sync()
        assert steps(self.tools.sync()) == [], label
        here, there, twins = self.tools.items("a"), self.tools.items("b"), self.tools.twins("a")
        assert sorted(one["title"] for one in here.values()) == sorted(one["title"] for one in there.values()), label
        assert set(twins) == set(here), label
        for key, one in here.items():
            other = there[twins[key]["b"]]
            assert (one["title"], one["due_date"]) == (other["title"], other["dueDate"]), label
            assert one["state"] == "opened", label
        assert self.tools.rows("select * from {conflicts} where is_open") == [], label
        assert_nothing_twice(self.tools.rows)
        assert_tasks_are_the_fold_of_changes(self.tools.rows)
        assert_the_ledger_is_complete(self.tools.rows)

    def assert_all_is_well(self, label: str) -> None:
        """The same, and what people did stands."""
        self.assert_all_agree(label)
        here, there = self.tools.items("a"), self.tools.items("b")
        made = [f"Made in {tool}, {number + 1}" for tool in ("GitLab", "Linear") for number in range(self.rounds)]
        assert sorted(one["title"] for one in here.values() if one["title"].startswith("Made")) == sorted(made), label
        first = here[self.pairs[0]["a"]]
        assert first["title"] == f"Titled in GitLab, {self.rounds}", label
        assert first["due_date"] == f"2031-01-{self.rounds % 28 + 1:02}", label
        assert there[self.pairs[0]["b"]]["estimate"] == self.rounds, label
        assert there[self.pairs[1]["b"]]["description"].endswith(f"Text {self.rounds}\n\n/close"), label
        assert f"Text {self.rounds}" in here[self.pairs[1]["a"]]["description"], label
        labels = {node["name"] for node in there[self.pairs[1]["b"]]["labels"]["nodes"]}
        assert labels == {f"label {number + 1}" for number in range(self.rounds)}, label


@pytest.fixture(scope="module")
def dying() -> Iterator[Dying]:
    with dying_processes() as made:
        yield made


@pytest.fixture
def team(dying: Dying, tmp_path) -> Iterator[Team]:
    with running_tools(tmp_path, ["gitlab", "linear"]) as tools:
        made = [tools.create("a", title=f"Task {number}") for number in range(2)]
        tools.sync()
        yield Team(tools, dying, [{"a": one, **tools.twins("a")[one]} for one in made])


def points(moment: str, every: int) -> range:
    """At which points to die: one of so many, from the seed's on; the last ones may lie behind the end of the run."""
    return range(random.Random(f"{SEED} {moment}").randint(1, every), POINTS, every)


def die_at_points(team: Team, moment: str, every: int, command: Callable[[], tuple[str, ...]]) -> int:
    """Let people work and a run die, again and again; how often it died."""
    deaths = 0
    for point in points(moment, every):
        team.work()
        run = command()
        label = f"{' '.join(run)} killed {moment} point {point} (WORKLAKE_SEED={SEED})"
        died = team.dying.dies(team.tools.settings.folder, point, moment, *run)
        team.assert_all_is_well(label)
        if not died:
            break
        deaths += 1
    return deaths


def test_a_sync_that_is_killed_is_finished_by_the_next(team: Team):
    team.work()
    assert team.dying.dies(team.tools.settings.folder, 25, "after", "sync")
    team.assert_all_is_well("killed once")


@pytest.mark.slow
@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_sync_that_is_killed_at_any_commit_or_call_is_finished_by_the_next(team: Team, moment: str):
    assert die_at_points(team, moment, 15, lambda: ("sync",)) >= 2


@pytest.mark.slow
@pytest.mark.parametrize("moment", ["before", "after"])
def test_an_apply_of_a_saved_plan_that_is_killed_anywhere_is_finished_by_the_next_sync(team: Team, moment: str):
    def planned() -> tuple[str, ...]:
        team.dying.lives(team.tools.settings.folder, "plan")
        return ("apply",)

    assert die_at_points(team, moment, 14, planned) >= 1


def open_conflicts(team: Team) -> list[str]:
    rows = team.tools.rows("select conflict_id from {conflicts} where is_open order by conflict_id")
    return [str(row["conflict_id"]) for row in rows]


def settle_all(team: Team) -> None:
    """A person takes for every open conflict what Linear shows."""
    for conflict in open_conflicts(team):
        team.dying.lives(team.tools.settings.folder, "conflicts", "settle", conflict, "--take", "b")


@pytest.mark.slow
@pytest.mark.parametrize("moment", ["before", "after"])
def test_an_undo_that_is_killed_anywhere_is_finished_by_the_same_undo(team: Team, moment: str):
    folder, pair = team.tools.settings.folder, team.pairs[0]
    for point in points(moment, 16):
        label = f"undo killed {moment} point {point} (WORKLAKE_SEED={SEED})"
        before = team.tools.items("b")[pair["b"]]["title"]
        team.tools.edit("a", pair["a"], title=f"Undone at {point}")
        team.tools.edit("b", pair["b"], priority=point % 4 + 1)
        run = str(team.tools.sync().planned.plan.run_id)
        died = team.dying.dies(folder, point, moment, "undo", run, "--apply")
        if died:
            team.dying.lives(folder, "undo", run, "--apply")
        assert team.tools.items("b")[pair["b"]]["title"] == before, label
        assert team.tools.items("a")[pair["a"]]["title"] == f"Undone at {point}", label
        assert steps(team.tools.sync()) == [], label
        settle_all(team)
        team.assert_all_agree(label)
        assert team.tools.items("a")[pair["a"]]["title"] == before, label
        if not died:
            return
    pytest.fail("the undo never lived to its end")


@pytest.mark.slow
@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_settling_that_is_killed_anywhere_is_finished_by_the_same_settling(dying: Dying, tmp_path, moment: str):
    with running_tools(tmp_path, ["gitlab", "linear"], fields={"title": "manual"}) as tools:
        made = tools.create("a", title="Disputed")
        tools.sync()
        team = Team(tools, dying, [{"a": made, **tools.twins("a")[made]}])
        (pair,) = team.pairs
        for point in points(moment, 7):
            label = f"settle killed {moment} point {point} (WORKLAKE_SEED={SEED})"
            tools.edit("a", pair["a"], title=f"Here at {point}")
            tools.edit("b", pair["b"], title=f"There at {point}")
            assert steps(tools.sync()) == [], label
            (conflict,) = open_conflicts(team)
            settle = ("conflicts", "settle", conflict, "--take", "b")
            died = dying.dies(tools.settings.folder, point, moment, *settle)
            settle_all(team)
            tools.sync()
            assert steps(tools.sync()) == [], label
            shown = [tools.items(source)[pair[source]]["title"] for source in "ab"]
            assert (shown, open_conflicts(team)) == ([f"There at {point}"] * 2, []), label
            assert_nothing_twice(tools.rows)
            assert_tasks_are_the_fold_of_changes(tools.rows)
            if not died:
                return
    pytest.fail("the settling never lived to its end")


@pytest.mark.slow
@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_sweep_that_is_killed_anywhere_is_finished_by_the_next(team: Team, moment: str):
    tools = team.tools
    for point in points(moment, 13):
        label = f"sweep killed {moment} point {point} (WORKLAKE_SEED={SEED})"
        gone = tools.create("a", title=f"Gone at {point}")
        tools.sync()
        twin = tools.twins("a")[gone]["b"]
        tools.pass_time()
        tools.served["a"].provider.delete_item(gone)
        died = team.dying.dies(tools.settings.folder, point, moment, "sweep")
        if died:
            team.dying.lives(tools.settings.folder, "sweep")
        assert [(step.source, step.external_id) for step in steps(tools.sync())] == [("b", twin)], label
        assert steps(tools.sync()) == [], label
        there = tools.items("b")
        assert there[twin]["state"]["type"] in ("completed", "canceled"), label
        assert all(there[pair["b"]]["state"]["type"] not in ("completed", "canceled") for pair in team.pairs), label
        assert_nothing_twice(tools.rows)
        assert_the_ledger_is_complete(tools.rows)
        if not died:
            return
    pytest.fail("the sweep never lived to its end")
