"""Runs at the same time, and clocks that jump or differ: nothing is lost, nothing is written twice."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta

import pytest

from tests.support.dying import Dying, dying_processes
from tests.support.tools import Tools, running_tools, steps
from tests.support.wholeness import (
    assert_nothing_twice,
    assert_tasks_are_the_fold_of_changes,
    assert_the_ledger_is_complete,
)
from worklake.errors import LeaseHeldError

pytest.importorskip("pysail", reason="the embedded engine is not installed")
pytestmark = [pytest.mark.xdist_group("killed"), pytest.mark.timeout(600)]

HELD = 2
"""The exit status of a run that touched nothing, as another one holds the lake."""


@pytest.fixture
def tools(tmp_path) -> Iterator[Tools]:
    with running_tools(tmp_path, ["gitlab", "linear"]) as made:
        for number in range(4):
            made.create("ab"[number % 2], title=f"Task {number}")
        made.sync()
        yield made


@pytest.fixture(scope="module")
def processes() -> Iterator[tuple[Dying, Dying]]:
    with ExitStack() as stack:
        yield stack.enter_context(dying_processes()), stack.enter_context(dying_processes())


def people_work(tools: Tools, name: str) -> None:
    """An edit and a new task in each tool."""
    for source in "ab":
        first = min(tools.twins(source))
        tools.edit(source, first, title=f"Edited in {source}, {name}")
        tools.create(source, title=f"Made in {source}, {name}")


def assert_all_is_well(tools: Tools, *names: str) -> None:
    """After one sync, the tools show the same, each task once, and nothing is due."""
    tools.sync()
    assert steps(tools.sync()) == []
    here, there = ([one["title"] for one in tools.items(source).values()] for source in "ab")
    assert sorted(here) == sorted(there)
    assert [title for title in here if title.startswith("Made")] != []
    for name in names:
        for source in "ab":
            assert here.count(f"Made in {source}, {name}") == 1
    assert_nothing_twice(tools.rows)
    assert_tasks_are_the_fold_of_changes(tools.rows)
    assert_the_ledger_is_complete(tools.rows)


def both(processes: tuple[Dying, Dying], tools: Tools, *commands: tuple[str, ...]) -> list[int]:
    """Run two commands at the same time; how they ended."""
    for process, command in zip(processes, commands, strict=True):
        process.start(tools.settings.folder, 0, "before", *command)
    return [process.status() for process in processes]


@pytest.mark.slow
@pytest.mark.parametrize("other", ["sync", "maintain"])
def test_a_sync_beside_another_run_waits_or_says_who_holds_the_lake(
    tools: Tools, processes: tuple[Dying, Dying], other: str
) -> None:
    for number in range(2):
        people_work(tools, str(number))
        ended = both(processes, tools, ("sync",), (other,))
        assert set(ended) <= {0, HELD} and 0 in ended
    assert_all_is_well(tools, "0", "1")


@pytest.mark.slow
def test_a_plan_that_two_processes_apply_is_written_once(tools: Tools, processes: tuple[Dying, Dying]) -> None:
    people_work(tools, "planned")
    processes[0].lives(tools.settings.folder, "plan")
    ended = both(processes, tools, ("apply",), ("apply",))
    assert set(ended) <= {0, 1, HELD} and 0 in ended
    assert len([one for one in tools.asked("a") if one["method"] == "POST" and one["path"].endswith("/issues")]) == 3
    assert_all_is_well(tools, "planned")


def test_who_holds_the_lake_is_told_to_a_second_run(tools: Tools) -> None:
    with tools.lake.lease("kim@laptop", "maintain"), pytest.raises(LeaseHeldError, match=r"kim@laptop \(maintain"):
        tools.sync()


def clock(**jump: float) -> Callable[[], datetime]:
    return lambda: datetime.now(UTC) + timedelta(**jump)


@pytest.mark.slow
def test_edits_are_taken_and_written_whatever_the_clocks_say(tools: Tools) -> None:
    tools.served["a"].clock.forward(hours=5)
    for jump in (1, -1, 0, 30, -30):
        people_work(tools, f"at {jump}")
        tools.sync(clock(days=jump))
        assert_all_is_well(tools, f"at {jump}")


@pytest.mark.slow
@pytest.mark.parametrize("jump", [-1, 1])
def test_a_creation_whose_reply_was_lost_is_found_again_although_the_clock_is_wrong(tools: Tools, jump: int) -> None:
    tools.served["b"].clock.forward(hours=5)
    for source in "ab":
        tools.create(source, title=f"Made in {source}, lost")
    tools.fault("a", method="POST", path="/issues$", drop="after", times=1)
    tools.fault("b", operation="^CreateIssue$", drop="after", times=1)
    tools.sync(clock(days=jump, hours=5 * jump))
    tools.mend()
    assert_all_is_well(tools, "lost")
