"""Processes that kill themselves at a chosen commit or call, as a power cut would.

`python -m tests.support.dying` reads a JSON list a line, `[FOLDER, POINT, MOMENT, COMMAND, …]`, and forks itself for
each: what takes long to import is imported once. The child runs the command on the project folder and dies at the
POINT-th commit of the lake or call to a provider, or at the first commit of the table that POINT names, just `before`
it or just `after` it, when it was done and nobody knows yet.
"""

from __future__ import annotations

import itertools
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

VERBS = ("append", "merge", "delete", "defer", "flush_deferred")
"""The commits of a lake."""


@dataclass(frozen=True)
class Dying:
    """Runs commands in processes of their own."""

    process: subprocess.Popen[str]

    def start(self, folder: Path, point: int | str, moment: str, *command: str) -> None:
        """Run a command that dies at this point; `status` waits for its end."""
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps([str(folder), point, moment, *command]) + "\n")
        self.process.stdin.flush()

    def status(self) -> int:
        """How the command ended that was started; negative where a signal ended it."""
        assert self.process.stdout is not None
        return int(self.process.stdout.readline())

    def dies(self, folder: Path, point: int | str, moment: str, *command: str) -> bool:
        """Run a command that dies at this point; False when there are fewer points and it lived to its end."""
        self.start(folder, point, moment, *command)
        status = self.status()
        assert status in (0, 1, 3, -signal.SIGKILL), f"{command} ended with {status}"
        return status == -signal.SIGKILL

    def lives(self, folder: Path, *command: str) -> None:
        """Run a command that does not die."""
        assert not self.dies(folder, 0, "before", *command)


@contextmanager
def dying_processes() -> Iterator[Dying]:
    """Processes forked from one that has imported everything and opened nothing."""
    command = [sys.executable, "-m", "tests.support.dying"]
    root = Path(__file__).parents[2]
    process = subprocess.Popen(command, cwd=root, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        yield Dying(process)
    finally:
        process.communicate()


def main() -> None:
    """Answer each line with the exit status of its child, negative where a signal ended it."""
    import gitlab  # noqa: F401
    import pyarrow.parquet  # noqa: F401
    import sqlglot  # noqa: F401

    if find_spec("pysail"):
        import deltalake  # noqa: F401
        import pysail.spark  # noqa: F401
        import pyspark.sql.connect.session  # noqa: F401

    import worklake.api
    import worklake.lake.engines.embedded
    import worklake.sync.cycle
    import worklake.sync.reports  # noqa: F401
    from worklake.cli import main as command_line

    for line in sys.stdin:
        folder, point, moment, *command = json.loads(line)
        child = os.fork()
        if child == 0:
            os._exit(_run(command_line, folder, point, moment, command))
        _, status = os.waitpid(child, 0)
        sys.stdout.write(f"{os.waitstatus_to_exitcode(status)}\n")
        sys.stdout.flush()


def _run(command_line: Callable[[], None], folder: str, point: int | str, moment: str, command: list[str]) -> int:
    import requests.adapters

    from worklake.lake.lake import Lake

    dying = _dying_at(point, moment)
    for verb in VERBS:
        setattr(Lake, verb, dying(getattr(Lake, verb)))
    requests.adapters.HTTPAdapter.send = dying(requests.adapters.HTTPAdapter.send)  # type: ignore[method-assign]
    sys.stdout = Path(os.devnull).open("w")  # noqa: SIM115
    sys.argv = ["worklake", *command, "--project", folder, "--json", "--no-progress"]
    try:
        command_line()
    except SystemExit as ended:
        return ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    return 0


def _dying_at(point: int | str, moment: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    passed = itertools.count(1)

    def dying(function: Callable[..., Any]) -> Callable[..., Any]:
        def run(*args: Any, **kwargs: Any) -> Any:
            last = next(passed) == point or args[1:2] == (point,)
            if last and moment == "before":
                os.kill(os.getpid(), signal.SIGKILL)
            result = function(*args, **kwargs)
            if last:
                os.kill(os.getpid(), signal.SIGKILL)
            return result

        return run

    return dying


if __name__ == "__main__":
    main()
