"""Runs processes and measures them from outside: what a user waits for, start and imports included."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

ROOT = Path(__file__).parent.parent
LONGEST_SECONDS = 1800


class BrokenRunError(Exception):
    """A process that was to be measured failed."""


@dataclass(frozen=True, slots=True)
class Measured:
    """What a process took: wall and processor seconds, memory at its highest in MB, and what it printed."""

    seconds: float
    cpu_seconds: float
    peak_mb: float
    output: str

    def document(self) -> dict[str, Any]:
        """The JSON document it printed."""
        document: dict[str, Any] = json.loads(self.output)
        return document


def python(module: str, *arguments: str | Path) -> list[str]:
    """The command that runs one of our modules."""
    return [sys.executable, "-m", f"bench.{module}", *map(str, arguments)]


def worklake(*arguments: str | Path) -> list[str]:
    """The command that a user types."""
    return [str(Path(sys.executable).parent / "worklake"), *map(str, arguments)]


def measured(command: Sequence[str], environment: Mapping[str, str]) -> Measured:
    """Run a command to its end, measure it, and raise `BrokenRunError` with its last words if it fails."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        started = time.perf_counter()
        process = subprocess.Popen(command, cwd=ROOT, env={**os.environ, **environment}, stdout=out, stderr=err)
        overdue = threading.Timer(LONGEST_SECONDS, process.kill)
        overdue.start()
        try:
            _, status, used = os.wait4(process.pid, 0)
        except BaseException:
            process.kill()
            process.wait()
            raise
        finally:
            overdue.cancel()
        seconds = time.perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        err.seek(0)
        if process.returncode:
            words = err.read().decode(errors="replace")[-2000:]
            raise BrokenRunError(f"{' '.join(command)} ended with {process.returncode}:\n{words}")
        # On Linux in KiB, on macOS in bytes.
        unit = 1 if sys.platform == "darwin" else 1024
        peak_mb = used.ru_maxrss * unit / 1e6
        return Measured(seconds, used.ru_utime + used.ru_stime, peak_mb, out.read().decode())


@contextmanager
def compiled_once() -> Iterator[None]:
    """Keep the bytecode of all measured processes in a folder of our own, whatever the environment says of it.

    The first process compiles a thousand modules, the others find them compiled, as from a user's second run on.
    """
    with tempfile.TemporaryDirectory(prefix="worklake-bench-bytecode-") as folder:
        os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
        os.environ["PYTHONPYCACHEPREFIX"] = folder
        yield


@dataclass(frozen=True, slots=True)
class RunningFeed:
    """A feed that is being served."""

    base_url: str
    count: int

    def touch(self, count: int) -> None:
        """Edit so many issues now."""
        with urlopen(Request(f"{self.base_url}/_touch?count={count}", method="POST"), timeout=60) as answer:
            answer.read()


@contextmanager
def feed(count: int, *options: str) -> Iterator[RunningFeed]:
    """A feed of so many issues in a process of its own."""
    command = [*python("feed", str(count)), *options]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) as process:
        try:
            line = process.stdout.readline() if process.stdout else b""
            if not line:
                raise BrokenRunError(f"{' '.join(command)} did not start")
            yield RunningFeed(json.loads(line)["base_url"], count)
        finally:
            process.terminate()


@contextmanager
def feeds(first: int, second: int, shared: int, noted: int = 0) -> Iterator[tuple[RunningFeed, RunningFeed]]:
    """Two feeds whose first `shared` issues are the same work, and say so."""
    ports = [str(port) for port in _free_ports(2)]
    of_both = [f"--address=http://127.0.0.1:{port}" for port in ports] + [f"--shared={shared}", f"--noted={noted}"]
    with (
        feed(first, *of_both, f"--port={ports[0]}") as one,
        feed(second, *of_both, f"--port={ports[1]}", "--second") as other,
    ):
        yield one, other


def _free_ports(count: int) -> list[int]:
    with ExitStack() as opened:
        found = [opened.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(count)]
        return [one.getsockname()[1] for one in found]
