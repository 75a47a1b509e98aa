"""`lease` lets one run at a time at the lake."""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from multiprocessing.context import ForkServerProcess
from pathlib import Path

import pyarrow as pa
import pytest

from tests.lake.writer import Writer, end_writer, start_writer
from tests.support.lake import call, cursor
from worklake.errors import LeaseHeldError
from worklake.lake.lake import Lake, open_lake
from worklake.settings.models import EmbeddedLake

Hold = Callable[..., ForkServerProcess]
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def hold(tmp_path: Path) -> Iterator[Hold]:
    """Starts a process that holds the lease."""
    started: list[Writer] = []

    def begin(what: str, seconds: float) -> ForkServerProcess:
        started.append(start_writer(tmp_path, what, "anna@laptop", seconds))
        assert started[-1].line.recv() == "held"
        return started[-1].process

    yield begin
    for writer in started:
        end_writer(writer)


@pytest.mark.parametrize("in_table", [False, True], ids=["file", "row"])
def test_a_second_holder_is_told_who_holds_it_since_when_and_until_when(embedded: Lake, in_table: bool) -> None:
    clock = Clock()
    with embedded.lease("anna", "pull", seconds=60, clock=clock, in_table=in_table):
        clock.now += timedelta(seconds=20)
        expected = (
            rf"held by anna \(pull, process {os.getpid()}\)"
            r" since 2026-03-01 12:00:00 UTC until 2026-03-01 12:01:00 UTC,"
        )
        with (
            pytest.raises(LeaseHeldError, match=expected),
            embedded.lease("ben", "sync", clock=clock, in_table=in_table),
        ):
            pass


@pytest.mark.parametrize("in_table", [False, True], ids=["file", "row"])
def test_a_released_lease_is_free_at_once(embedded: Lake, in_table: bool) -> None:
    clock = Clock()
    for holder in ("anna", "ben", "anna"):
        with embedded.lease(holder, "pull", clock=clock, in_table=in_table) as lease:
            assert lease.holder == holder


@pytest.mark.parametrize("in_table", [False, True], ids=["file", "row"])
def test_a_lease_is_released_when_the_run_fails(embedded: Lake, in_table: bool) -> None:
    with pytest.raises(ZeroDivisionError), embedded.lease("anna", "pull", in_table=in_table):
        raise ZeroDivisionError
    with embedded.lease("ben", "pull", in_table=in_table):
        pass


@pytest.mark.parametrize("in_table", [False, True], ids=["file", "row"])
def test_renewing_puts_the_end_off(embedded: Lake, in_table: bool) -> None:
    clock = Clock()
    with embedded.lease("anna", "pull", seconds=60, clock=clock, in_table=in_table) as lease:
        clock.now += timedelta(seconds=50)
        lease.renew()
        assert lease.until == clock.now + timedelta(seconds=60)
        with (
            pytest.raises(LeaseHeldError, match=r"until 2026-03-01 12:01:50 UTC"),
            embedded.lease("ben", "pull", clock=clock, in_table=in_table),
        ):
            pass


def test_a_row_that_has_run_out_is_taken_over_and_its_holder_learns_it(embedded: Lake) -> None:
    clock = Clock()
    with embedded.lease("anna", "pull", seconds=60, clock=clock, in_table=True) as lost:
        lost.check()
        clock.now += timedelta(seconds=60)
        with (
            embedded.lease("ben", "pull", clock=clock, in_table=True),
            pytest.raises(LeaseHeldError, match="held by ben"),
        ):
            lost.renew()
        with embedded.lease("ben", "pull", clock=clock, in_table=True):
            pass


def test_whoever_lost_the_lease_while_standing_still_commits_nothing(embedded: Lake, tmp_path: Path) -> None:
    clock = Clock()
    with embedded.lease("anna", "sync", seconds=300, clock=clock, in_table=True):
        embedded.merge("cursors", [cursor("linear", 1)])
        clock.now += timedelta(seconds=400)
        with open_lake(EmbeddedLake(), tmp_path) as other, other.lease("ben", "sync", clock=clock, in_table=True):
            for write in (
                lambda: embedded.merge("cursors", [cursor("linear", 2)]),
                lambda: embedded.append("calls", [call(1)]),
                lambda: embedded.delete("cursors", pa.table({"source": ["linear"], "stage": ["pull"]})),
            ):
                with pytest.raises(LeaseHeldError, match="ben"):
                    write()
        assert [row["source"] for row in embedded.rows("select source from {cursors}")] == ["linear"]


def test_a_lease_that_ran_out_untaken_is_renewed_by_the_next_commit(embedded: Lake) -> None:
    clock = Clock()
    with embedded.lease("anna", "sync", seconds=300, clock=clock, in_table=True) as lease:
        clock.now += timedelta(seconds=400)
        embedded.merge("cursors", [cursor("linear", 1)])
        assert lease.until == clock.now + timedelta(seconds=300)


def test_another_process_that_holds_the_lake_is_named(embedded: Lake, hold: Hold) -> None:
    process = hold("hold", 60)
    with pytest.raises(LeaseHeldError, match=rf"anna@laptop \(pull, process {process.pid}\)"), embedded.lease("b", "p"):
        pass


def test_a_killed_process_holds_nothing(embedded: Lake, hold: Hold) -> None:
    process = hold("hold", 600)
    os.kill(process.pid, signal.SIGKILL)
    process.join(10)
    with embedded.lease("ben", "pull"):
        pass


def test_the_row_of_a_killed_process_ends_when_it_said(embedded: Lake, hold: Hold) -> None:
    process = hold("hold-row", 600)
    os.kill(process.pid, signal.SIGKILL)
    process.join(10)
    with pytest.raises(LeaseHeldError, match="held by anna@laptop") as held, embedded.lease("b", "p", in_table=True):
        pass
    until = re.search(r"until (\S+ \S+) UTC,", str(held.value))
    assert until is not None
    end = datetime.fromisoformat(until.group(1)).replace(tzinfo=UTC) + timedelta(seconds=1)
    with embedded.lease("ben", "pull", in_table=True, clock=lambda: end):
        pass
