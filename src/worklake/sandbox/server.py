"""The sandbox process: every provider on a loopback port of its own, in one event loop."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import importlib
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TextIO, TypedDict

import orjson
import uvicorn
from starlette.types import Scope
from uvicorn.protocols.http.h11_impl import H11Protocol

from worklake.sandbox.control import PREFIX, with_control
from worklake.sandbox.faults import Faults
from worklake.sandbox.project_files import refuse_existing_project, write_project
from worklake.sandbox.provider import SandboxProvider
from worklake.sandbox.world import World, build_world

REGISTRY = {
    "gitlab": "worklake.sandbox.gitlab:GitLabSandbox",
    "linear": "worklake.sandbox.linear:LinearSandbox",
    "github": "worklake.sandbox.github:GitHubSandbox",
    "notion": "worklake.sandbox.notion:NotionSandbox",
    "motion": "worklake.sandbox.motion:MotionSandbox",
}
"""Where each provider's class is found; called with `(world, quota_scale=…, clock=…)`."""
SERVED_UNLESS_TOLD = tuple(REGISTRY)
"""The providers of a sandbox that is started without naming any."""

HOST = "127.0.0.1"
Clock = Callable[[], datetime]


class ServedProvider(TypedDict):
    """One entry of the ready line."""

    base_url: str
    token: str
    control_url: str


def run(
    *,
    providers: Sequence[str] = SERVED_UNLESS_TOLD,
    seed: int = 7,
    tasks: int = 200,
    people: int = 8,
    project_out: Path | None = None,
    quota_scale: float = 1.0,
    port: int = 0,
    now: datetime | None = None,
    stdout: TextIO | None = None,
) -> None:
    """Serve a seeded world until SIGINT or SIGTERM; prints the ready line on `stdout` when every port answers.

    `port` 0 takes free ports, otherwise the providers get it and the ones after it. `now` is the world's moment, from
    which its clock runs on. Raises `ValueError` for settings that make no sense, `FileExistsError` when `project_out`
    already holds a project.
    """
    _check(providers, tasks, people, quota_scale)
    if project_out is not None:
        refuse_existing_project(project_out)
    moment = (now or datetime.now(UTC)).astimezone(UTC)
    clock = _clock_from(moment)
    sockets = _bind(providers, port)
    urls = {name: f"http://{HOST}:{bound.getsockname()[1]}" for name, bound in sockets.items()}
    with _no_collection():
        world = replace(build_world(seed, moment, tasks, people, providers), base_urls=urls)
        served = {name: load_provider(name, world, quota_scale=quota_scale, clock=clock) for name in providers}
    if project_out is not None:
        write_project(project_out, world, served, urls)

    def ready(line: Mapping[str, ServedProvider]) -> None:
        out = stdout or sys.stdout
        out.write(orjson.dumps({"providers": line}).decode() + "\n")
        out.flush()

    del world  # A large one need not stay in memory beside what the providers made of it.
    asyncio.run(_serve_until_signal(served, sockets, clock, ready))


def load_provider(name: str, world: World, *, quota_scale: float, clock: Clock) -> SandboxProvider:
    """A provider of the registry by its kind, holding its part of the world."""
    module, _, attribute = REGISTRY[name].partition(":")
    provider: SandboxProvider = getattr(importlib.import_module(module), attribute)(
        world, quota_scale=quota_scale, clock=clock
    )
    return provider


async def serve(
    providers: Mapping[str, SandboxProvider],
    sockets: Mapping[str, socket.socket],
    clock: Clock,
    ready: Callable[[Mapping[str, ServedProvider]], None],
    stop: asyncio.Event,
) -> None:
    """Serve providers on bound sockets until `stop` is set; calls `ready` once every port answers."""
    line: dict[str, ServedProvider] = {}
    servers: list[_Server] = []
    for name, provider in providers.items():
        base_url = f"http://{HOST}:{sockets[name].getsockname()[1]}"
        line[name] = {"base_url": base_url, "token": provider.token, "control_url": base_url + PREFIX}
        servers.append(_server(provider, base_url, clock))
    running = [
        asyncio.create_task(server.serve(sockets=[sockets[name]]))
        for name, server in zip(providers, servers, strict=True)
    ]
    stopping = asyncio.create_task(stop.wait())
    while not all(server.started for server in servers) and not any(task.done() for task in running):
        await asyncio.sleep(0.005)
    if not any(task.done() for task in running):
        ready(line)
    await asyncio.wait([stopping, *running], return_when=asyncio.FIRST_COMPLETED)
    for server in servers:
        server.should_exit = True
    stopping.cancel()
    await asyncio.gather(*running)


async def _serve_until_signal(
    providers: Mapping[str, SandboxProvider],
    sockets: Mapping[str, socket.socket],
    clock: Clock,
    ready: Callable[[Mapping[str, ServedProvider]], None],
) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: loop.call_soon_threadsafe(stop.set))
    await serve(providers, sockets, clock, ready, stop)


@contextlib.contextmanager
def _no_collection() -> Iterator[None]:
    """Build a large world without the garbage collector walking over it again and again, then or later."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
        gc.freeze()


class _Server(uvicorn.Server):
    """A uvicorn server that leaves the process's signals alone: several share one loop."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def _server(provider: SandboxProvider, base_url: str, clock: Clock) -> _Server:
    connections: dict[tuple[str, int], asyncio.Transport] = {}

    class Protocol(H11Protocol):
        """HTTP that knows the transport of every caller, so that a fault can cut it."""

        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
            super().connection_made(transport)
            connections[transport.get_extra_info("peername")[:2]] = transport

        def connection_lost(self, exc: Exception | None) -> None:
            connections.pop(self.transport.get_extra_info("peername")[:2], None)
            super().connection_lost(exc)

    def abort(scope: Scope) -> None:
        connection = connections.get(tuple(scope["client"]))
        if connection is not None:
            connection.abort()

    app = with_control(provider, Faults(provider.app(base_url), clock, abort))
    return _Server(
        uvicorn.Config(
            app, http=Protocol, ws="none", lifespan="off", log_config=None, log_level="error", access_log=False,
            server_header=False, timeout_keep_alive=75, timeout_graceful_shutdown=1,
            date_header=not getattr(provider, "tells_date", False),
        )
    )  # fmt: skip


def _check(providers: Sequence[str], tasks: int, people: int, quota_scale: float) -> None:
    known = ", ".join(REGISTRY)
    for name in providers:
        if name not in REGISTRY:
            raise ValueError(f"the sandbox has no provider {name!r}; it has {known}")
    if not providers or len(set(providers)) < len(providers):
        raise ValueError(f"name each provider once, at least one of {known}")
    if tasks < 0 or people < 1 or quota_scale <= 0:
        raise ValueError("tasks must be 0 or more, people 1 or more, the quota scale above 0")


def _clock_from(start: datetime) -> Clock:
    begun = time.monotonic()
    return lambda: start + timedelta(seconds=time.monotonic() - begun)


def _bind(providers: Sequence[str], port: int) -> dict[str, socket.socket]:
    sockets: dict[str, socket.socket] = {}
    for offset, name in enumerate(providers):
        # asyncio turns Nagle's delay (40 ms for each answer) off only where the protocol is named.
        bound = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)
        try:
            bound.bind((HOST, port + offset if port else 0))
        except OSError as error:
            for opened in (bound, *sockets.values()):
                opened.close()
            raise ValueError(f"port {port + offset} is not free for {name}: {error.strerror}") from error
        sockets[name] = bound
    return sockets
