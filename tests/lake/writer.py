"""Processes that write to a lake and say so; the tests of several writers start them.

`merge NAME FIRST LAST STEPS`: merges the tasks FIRST to LAST, STEPS times, titled by NAME and step.
`append`: appends calls, one number at a time, and says each number once it is committed.
`grow`: merges one new task and changes task 0, again and again, and says each number once it is merged.
`hold NAME SECONDS`, `hold-row NAME SECONDS`: takes the lease, says `held`, and keeps it until it is told to go.
"""

from __future__ import annotations

from itertools import count
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any, NamedTuple

from tests.support.forked import FORKED
from tests.support.lake import call, task, tasks
from worklake.lake.engines import small_merge
from worklake.lake.lake import Lake, open_lake
from worklake.settings.models import EmbeddedLake


class Writer(NamedTuple):
    """A process, and the line over which it says what it did and waits to be told to go."""

    process: ForkServerProcess
    line: Connection


def start_writer(folder: Path, what: str, *arguments: Any) -> Writer:
    """Start a process that merges as this one does, in two ways by the size of a table."""
    here, there = FORKED.Pipe()
    process = FORKED.Process(target=_write, args=(there, small_merge.SMALL_ROWS, folder, what, *arguments), daemon=True)
    process.start()
    there.close()
    return Writer(process, here)


def end_writer(writer: Writer) -> list[Any]:
    """Kill it, and give all that it said and nobody has heard."""
    writer.process.kill()
    said = []
    try:
        while True:
            said.append(writer.line.recv())
    except (EOFError, OSError):  # nothing more, or cut short by the end
        writer.process.join()
        writer.line.close()
    return said


def _write(line: Connection, small_rows: int, folder: Path, what: str, *arguments: Any) -> None:
    small_merge.SMALL_ROWS = small_rows
    with open_lake(EmbeddedLake(), folder) as lake:
        if what == "merge":
            _merge(line, lake, *arguments)
        elif what == "append":
            for number in count():
                lake.append("calls", [call(number)])
                line.send(number)
        elif what == "grow":
            for number in count(1):
                lake.merge("tasks", [task(0, title=str(number)), task(number)])
                line.send(number)
        else:
            name, seconds = arguments
            with lake.lease(name, "pull", in_table=what == "hold-row", seconds=seconds):
                line.send("held")
                line.recv()


def _merge(line: Connection, lake: Lake, name: str, first: int, last: int, steps: int) -> None:
    assert lake.sql("SELECT count(*) AS n FROM {tasks}").num_rows == 1
    line.send("ready")
    line.recv()
    for step in range(steps):
        lake.merge("tasks", tasks(first, last + step, title=f"{name} {step}"))
    line.send("done")
