"""Several processes write at once, and processes die: nothing acknowledged is lost, nothing is there twice."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.lake.writer import Writer, end_writer, start_writer
from tests.support.lake import content
from worklake.lake.lake import Lake

Start = Callable[..., Writer]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts a writer on the test's lake."""
    started: list[Writer] = []

    def begin(what: str, *arguments: object) -> Writer:
        started.append(start_writer(tmp_path, what, *arguments))
        return started[-1]

    yield begin
    for writer in started:
        writer.process.kill()
        writer.process.join()


def run_together(writers: list[Writer]) -> None:
    assert [writer.line.recv() for writer in writers] == ["ready"] * len(writers)
    for writer in writers:
        writer.line.send("go")
    assert [writer.line.recv() for writer in writers] == ["done"] * len(writers)
    for writer in writers:
        writer.process.join(30)
    assert [writer.process.exitcode for writer in writers] == [0] * len(writers)


@pytest.mark.usefixtures("both_sizes")
def test_writers_of_the_same_new_keys_insert_each_once(embedded: Lake, start: Start) -> None:
    run_together([start("merge", name, 0, 40, 4) for name in ("a", "b", "c")])
    rows = content(embedded, "tasks")
    assert Counter(row["task_id"] for row in rows) == Counter(f"task_{number:06}" for number in range(43))
    assert {row["title"].split()[1] for row in rows} == {"3"}


@pytest.mark.usefixtures("both_sizes")
def test_writers_of_overlapping_and_of_other_keys_lose_nothing(embedded: Lake, start: Start) -> None:
    run_together([start("merge", "a", 0, 30, 4), start("merge", "b", 20, 50, 4), start("merge", "c", 100, 130, 4)])
    titles = {row["task_id"]: row["title"] for row in content(embedded, "tasks")}
    assert len(titles) == len(content(embedded, "tasks")) == 53 + 33
    assert {titles[f"task_{number:06}"] for number in range(20)} == {"a 3"}
    assert {titles[f"task_{number:06}"] for number in range(33, 53)} == {"b 3"}
    assert {titles[f"task_{number:06}"] for number in range(20, 33)} <= {"a 3", "b 3"}
    assert {titles[f"task_{number:06}"] for number in range(100, 133)} == {"c 3"}


def killed_after(writer: Writer, commits: int) -> list[int]:
    """Kills the writer after so many acknowledged commits, and gives all that it acknowledged until it died."""
    acknowledged = [writer.line.recv() for _ in range(commits)]
    return acknowledged + end_writer(writer)


def test_a_killed_appender_leaves_every_acknowledged_row_once(embedded: Lake, start: Start) -> None:
    chance = random.Random(3)
    acknowledged: Counter[int] = Counter()
    for _ in range(3):
        acknowledged.update(killed_after(start("append"), chance.randint(1, 25)))
    found = Counter(row["received_bytes"] for row in content(embedded, "calls"))
    assert all(found[number] >= times for number, times in acknowledged.items())
    assert sum(found.values()) <= sum(acknowledged.values()) + 3


@pytest.mark.usefixtures("both_sizes")
def test_a_killed_merger_leaves_every_acknowledged_row_once(embedded: Lake, start: Start) -> None:
    chance = random.Random(4)
    newest = 0
    for _ in range(3):
        newest = max(newest, *killed_after(start("grow"), chance.randint(1, 8)))
        rows = content(embedded, "tasks")
        ids = Counter(row["task_id"] for row in rows)
        assert max(ids.values()) == 1
        assert {f"task_{number:06}" for number in range(newest + 1)} <= set(ids)


@pytest.mark.usefixtures("both_sizes")
def test_maintenance_beside_a_writer_keeps_every_row(embedded: Lake, start: Start) -> None:
    writer = start("merge", "a", 0, 60, 6)
    assert writer.line.recv() == "ready"
    writer.line.send("go")
    while writer.process.is_alive():
        embedded.maintain(["tasks"])
    assert writer.process.exitcode == 0
    assert Counter(row["title"] for row in content(embedded, "tasks")) == {"a 5": 65}
