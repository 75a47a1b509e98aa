"""How a command meets its user: what goes to stdout and stderr, progress, and the exit status."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import IntEnum
from pathlib import Path
from typing import TYPE_CHECKING

import orjson
from pydantic import BaseModel

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.progress import Progress, TaskID

    from worklake.cli.console import PlainConsole


_COUNTED = {"pull": "tasks read", "merge": "items merged", "apply": "steps applied"}
"""What the numbers of each stage count."""


class Exit(IntEnum):
    """The exit statuses that scripts rely on."""

    DONE = 0
    PARTIAL = 1
    NOTHING_TOUCHED = 2
    STOPPED_FOR_A_PERSON = 3
    INTERRUPTED = 130


@contextmanager
def patient_with_readers() -> Iterator[None]:
    """Write to a stdout whose reader may leave, as `head` does: that is no failure, and what follows goes nowhere."""
    try:
        yield
    except BrokenPipeError:
        stop_writing()


def stop_writing() -> None:
    """Let whatever else is written to stdout go nowhere, also when the interpreter flushes it at its end."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)


@dataclass(slots=True)
class Face:
    """The global options of one call, and the ways to answer."""

    project: Path | None = None
    json: bool = False
    verbose: bool = False
    no_progress: bool = False

    def answer(self, document: BaseModel | Sequence[BaseModel], *shown: RenderableType) -> None:
        """Print the document under `--json`, else what is shown of it to people."""
        if self.json:
            plain = (
                document.model_dump(mode="json")
                if isinstance(document, BaseModel)
                else [one.model_dump(mode="json") for one in document]
            )
            with patient_with_readers():
                sys.stdout.write(orjson.dumps(plain, option=orjson.OPT_INDENT_2).decode() + "\n")
                sys.stdout.flush()
            return
        self.console().show(*shown)

    def warn(self, *shown: RenderableType) -> None:
        """Show people on stderr what went wrong; under `--json` the document says it."""
        from worklake.cli.console import PlainConsole

        if not self.json:
            PlainConsole(stderr=True).show(*shown)

    def note(self, *shown: RenderableType) -> None:
        """Tell on stderr what no document says, under `--json` too."""
        from worklake.cli.console import PlainConsole

        PlainConsole(stderr=True).show(*shown)

    def console(self) -> PlainConsole:
        """A console on stdout; without a terminal it prints plain text, as wide as it needs."""
        from worklake.cli.console import PlainConsole

        console = PlainConsole()
        return console if console.is_terminal else PlainConsole(width=160)

    def progress(self) -> ProgressShower:
        """Progress on stderr: bars at a terminal, plain lines without one, nothing under `--no-progress`."""
        return ProgressShower(hidden=self.no_progress)


@dataclass(slots=True)
class ProgressShower:
    """Shows what a run tells of its progress. A context manager; call it as `sync.run.Progress`."""

    hidden: bool
    _bars: Progress | None = None
    _tasks: dict[tuple[str, str], TaskID] = field(default_factory=dict)
    _lines: dict[tuple[str, str], int] = field(default_factory=dict)

    def __enter__(self) -> ProgressShower:
        if not self.hidden and sys.stderr.isatty():
            from rich.console import Console
            from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

            columns = (
                TextColumn("{task.description}", markup=False),
                BarColumn(),
                MofNCompleteColumn(),
                TimeElapsedColumn(),
            )
            self._bars = Progress(*columns, console=Console(stderr=True), transient=True)
            self._bars.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._bars is not None:
            self._bars.stop()

    def __call__(self, source: str, stage: str, done: int, total: int | None) -> None:
        """Show that `done` of `total` items are through this stage."""
        if self.hidden:
            return
        key = source, stage
        if self._bars is not None:
            if key not in self._tasks:
                self._tasks[key] = self._bars.add_task(f"{source}: {stage}", total=total)
            self._bars.update(self._tasks[key], completed=done, total=total)
            return
        # A line for each tenfold and then each ten thousand, so that a log stays readable.
        step = min(10 ** max(len(str(done)) - 1, 3), 10_000)
        if done // step > self._lines.get(key, 0) // step:
            self._lines[key] = done
            of = f" of {total:,}" if total else ""
            sys.stderr.write(f"{source}: {done:,}{of} {_COUNTED.get(stage, stage)}\n")
