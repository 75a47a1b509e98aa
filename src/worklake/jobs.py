"""A scheduled run of a command: what `worklake-job`, the entry point of the jobs on Databricks, does.

It takes the same arguments as `worklake`. A wheel's task calls it within the task's own process, where `sys.exit` fails
the run whatever its number, 0 included: so it returns where the run is to succeed, and raises where a person has to
look.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

from worklake.cli.app import fail, run
from worklake.cli.face import Exit
from worklake.errors import LeaseHeldError, WorklakeError
from worklake.logs import redact

PATIENCE_SECONDS = 1800.0
"""How long a job that is not soon repeated waits for the run that holds the lake."""
PAUSE_SECONDS = 30.0

_TAKEN_UP = (Exit.PARTIAL, Exit.STOPPED_FOR_A_PERSON)
"""What a sync may end with that did what it could: the rest waits for the next run, or for a person's decision."""

Clock = Callable[[], float]
Sleep = Callable[[float], None]


class JobFailedError(WorklakeError):
    """A run after which a person has to look: its message says how the command ended, and why."""


def main() -> None:
    """Carry out this process's arguments, a command first. Raises `JobFailedError` where a person has to look."""
    carry_out(sys.argv[1:])


def carry_out(arguments: list[str], clock: Clock = time.monotonic, sleep: Sleep = time.sleep) -> None:
    """Carry out the command that stands first in the arguments of this process.

    `sync` comes again in minutes, and fails only where it wrote nothing and will not before somebody acts: exit status
    2, or 3 at the brake. What it left to the next run is no failure, nor is another run at work. Every other command
    waits for that run, and fails with any exit status but 0. Raises `JobFailedError`.
    """
    soon_again = arguments[:1] == ["sync"]
    patient_until = clock() + PATIENCE_SECONDS
    while True:
        try:
            status = run()
        except WorklakeError as error:
            held = isinstance(error, LeaseHeldError) and not error.after_commits
            if held and soon_again:
                _say(f"{error} This sync is left to the next run.")
                return
            if not held or clock() >= patient_until:
                raise _failed(arguments, fail(error), str(error)) from None
            _say(str(error))
            sleep(PAUSE_SECONDS)
        else:
            if status == Exit.DONE or (soon_again and status in _TAKEN_UP):
                return
            raise _failed(arguments, status, "its output says why")


def _failed(arguments: list[str], status: int, why: str) -> JobFailedError:
    return JobFailedError(str(redact(f"worklake {' '.join(arguments)} ended with exit status {status}: {why}")))


def _say(text: str) -> None:
    sys.stderr.write(f"worklake-job: {redact(text)}\n")
