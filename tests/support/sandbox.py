"""Sandboxes for tests: a real process, or one inside this process with a clock of the test's own."""

from __future__ import annotations

import asyncio
import json
import select
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from io import StringIO
from multiprocessing.connection import Connection

import requests

from tests.support.forked import FORKED
from worklake.sandbox import __main__ as sandbox
from worklake.sandbox.provider import SandboxProvider
from worklake.sandbox.server import load_provider, serve
from worklake.sandbox.world import build_world

NOW = datetime(2026, 3, 18, 9, 30, 0, 123456, tzinfo=UTC)


@dataclass(frozen=True)
class Served:
    """One provider of a running sandbox, as the ready line tells it."""

    base_url: str
    token: str
    control_url: str


@contextmanager
def running_sandbox(*arguments: str, ready_within: float = 60) -> Iterator[dict[str, Served]]:
    """A sandbox in a process of its own, by provider kind; ended with SIGTERM.

    It is forked from one that has imported everything, which takes the most time of a start.
    """
    here, there = FORKED.Pipe(duplex=False)
    process = FORKED.Process(target=_serve_and_tell, args=(there, arguments), daemon=True)
    process.start()
    there.close()
    try:
        if not here.poll(ready_within):
            raise RuntimeError("the sandbox did not become ready")
        yield _served(here.recv())
    finally:
        process.terminate()
        process.join(10)
        if process.is_alive():
            process.kill()
            process.join()
        here.close()


class _Told(StringIO):
    """An output whose text goes to the process that waits for it."""

    def __init__(self, there: Connection) -> None:
        super().__init__()
        self._there = there

    def write(self, text: str) -> int:
        self._there.send(text)
        return len(text)


def _serve_and_tell(there: Connection, arguments: tuple[str, ...]) -> None:
    sys.stdout = _Told(there)
    sys.exit(sandbox.main(list(arguments)))


def start_sandbox(*arguments: str) -> subprocess.Popen[bytes]:
    """A real `python -m worklake.sandbox …` process, for tests of its beginning and end."""
    command = [sys.executable, "-m", "worklake.sandbox", *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def read_ready_line(process: subprocess.Popen[bytes], within: float = 30) -> dict[str, Served]:
    """What the first line of a sandbox's output says. Raises when it does not come in time."""
    assert process.stdout is not None and process.stderr is not None
    ready, _, _ = select.select([process.stdout], [], [], within)
    line = process.stdout.readline() if ready else b""
    if not line:
        process.kill()
        raise RuntimeError(f"the sandbox did not become ready: {process.stderr.read().decode()}")
    return _served(line)


def _served(line: str | bytes) -> dict[str, Served]:
    return {kind: Served(**entry) for kind, entry in json.loads(line)["providers"].items()}


class Clock:
    """A clock that stands still between the test's steps, a microsecond apart, and can be moved on."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        self.now += timedelta(microseconds=1)
        return self.now

    def forward(self, **duration: float) -> None:
        """Let time pass."""
        self.now += timedelta(**duration)


@dataclass(frozen=True)
class InProcess(Served):
    """One provider served by a thread of this process."""

    provider: SandboxProvider
    clock: Clock


@contextmanager
def sandbox_thread(
    kind: str, *, tasks: int = 60, people: int = 8, seed: int = 7, quota_scale: float = 100.0,
    now: datetime = NOW, providers: Sequence[str] = (),
) -> Iterator[InProcess]:  # fmt: skip
    """One provider served by a thread, in a world shared with `providers` (itself alone unless told)."""
    bound = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    bound.bind(("127.0.0.1", 0))
    base_url = f"http://127.0.0.1:{bound.getsockname()[1]}"
    world = build_world(seed, now, tasks, people, providers or (kind,))
    clock = Clock(now)
    provider = load_provider(kind, replace(world, base_urls={kind: base_url}), quota_scale=quota_scale, clock=clock)
    started = threading.Event()
    stop: list[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = []

    async def main() -> None:
        event = asyncio.Event()
        stop.append((asyncio.get_running_loop(), event))
        await serve({kind: provider}, {kind: bound}, clock, lambda _: started.set(), event)

    thread = threading.Thread(target=lambda: asyncio.run(main()), daemon=True)
    thread.start()
    assert started.wait(60), "the sandbox did not start"
    try:
        yield InProcess(base_url, provider.token, f"{base_url}/_control", provider, clock)
    finally:
        loop, event = stop[0]
        loop.call_soon_threadsafe(event.set)
        thread.join(10)


class Api(requests.Session):
    """A `requests` session that speaks to one provider: paths are joined to its base, the token is sent."""

    def __init__(self, base: str, token: str) -> None:
        super().__init__()
        self.base = base
        self.headers["PRIVATE-TOKEN"] = token

    def request(self, method: str, url: str, *args: object, **kwargs: object) -> requests.Response:  # type: ignore[override]
        kwargs.setdefault("timeout", 20)
        return super().request(method, url if url.startswith("http") else self.base + url, *args, **kwargs)  # type: ignore[arg-type]
