"""A Linear sandbox on a small seeded world, reached over HTTP, with a clock that stands until it is moved."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests
import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send

from worklake.sandbox.linear import LinearSandbox
from worklake.sandbox.world import build_world

NOW = datetime(2026, 7, 22, 10, 0, tzinfo=UTC)


@dataclass
class Clock:
    now: datetime = NOW

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **delta: float) -> None:
        self.now += timedelta(**delta)


@dataclass
class Linear:
    """A client of the sandbox: raw HTTP, and what most tests want of it."""

    url: str
    sandbox: LinearSandbox
    clock: Clock
    headers: dict[str, str] = field(default_factory=dict)

    def post(self, query: str, headers: dict[str, str] | None = None, **variables: Any) -> requests.Response:
        body = {"query": query, "variables": variables}
        return requests.post(f"{self.url}/graphql", json=body, headers=headers or self.headers, timeout=10)

    def data(self, query: str, **variables: Any) -> Any:
        answer = self.post(query, **variables)
        assert answer.status_code == 200, answer.text
        assert "errors" not in answer.json(), answer.text
        return answer.json()["data"]

    def error(self, query: str, **variables: Any) -> Any:
        errors = self.post(query, **variables).json()["errors"]
        assert len(errors) == 1, errors
        return errors[0]

    def result(self, mutation: str, selection: str, **arguments: tuple[str, Any]) -> Any:
        """Run a mutation; arguments are given as (GraphQL type, value)."""
        return self.data(mutation_text(mutation, selection, arguments), **{k: v for k, (_, v) in arguments.items()})[
            mutation
        ]

    def refusal(self, mutation: str, selection: str, **arguments: tuple[str, Any]) -> Any:
        return self.error(mutation_text(mutation, selection, arguments), **{k: v for k, (_, v) in arguments.items()})

    def team(self, key: str = "ENG") -> Any:
        return self.data(
            """query($key: String!) { team(id: $key) { id key states { nodes { id name type } }
            labels { nodes { id } } cycles { nodes { id number isActive } } } }""",
            key=key,
        )["team"]

    def state(self, name: str, team: str = "ENG") -> str:
        return next(state["id"] for state in self.team(team)["states"]["nodes"] if state["name"] == name)

    def create_issue(self, selection: str = "id identifier", **fields: Any) -> Any:
        given = {"teamId": self.team()["id"], "title": "An issue", **fields}
        return self.result("issueCreate", f"issue {{ {selection} }}", input=("IssueCreateInput!", given))["issue"]

    def update_issue(self, issue_id: str, selection: str = "id", **fields: Any) -> Any:
        return self.result(
            "issueUpdate", f"issue {{ {selection} }}", id=("String!", issue_id), input=("IssueUpdateInput!", fields)
        )["issue"]

    def issue(self, issue_id: str, selection: str) -> Any:
        return self.data(f"query($id: String!) {{ issue(id: $id) {{ {selection} }} }}", id=issue_id)["issue"]


def mutation_text(mutation: str, selection: str, arguments: dict[str, tuple[str, Any]]) -> str:
    declared = ", ".join(f"${name}: {kind}" for name, (kind, _) in arguments.items())
    passed = ", ".join(f"{name}: ${name}" for name in arguments)
    return f"mutation({declared}) {{ {mutation}({passed}) {{ {selection} }} }}"


class Switch:
    """An ASGI app that passes on to the app of the test that runs."""

    def __init__(self) -> None:
        self.app: ASGIApp | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        assert self.app is not None
        await self.app(scope, receive, send)


@pytest.fixture(scope="session")
def served() -> Iterator[tuple[str, Switch]]:
    switch = Switch()
    server = uvicorn.Server(uvicorn.Config(switch, port=0, log_level="error", lifespan="off"))
    started = threading.Event()
    startup = server.startup

    async def startup_and_tell(*arguments: Any, **options: Any) -> None:
        await startup(*arguments, **options)
        started.set()

    server.startup = startup_and_tell  # type: ignore[method-assign]
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    assert started.wait(10)
    port = server.servers[0].sockets[0].getsockname()[1]
    yield f"http://127.0.0.1:{port}", switch
    server.should_exit = True
    thread.join(10)


MakeLinear = Callable[..., Linear]


def maker(served: tuple[str, Switch]) -> MakeLinear:
    """Serve a sandbox; by default on a world of 80 tasks, half of them in Linear, with limits out of the way."""
    url, switch = served

    def make(tasks: int = 80, quota_scale: float = 1000) -> Linear:
        clock = Clock()
        world = build_world(7, NOW, tasks, 6, ["gitlab", "linear"])
        sandbox = LinearSandbox(world, quota_scale=quota_scale, clock=clock)
        switch.app = sandbox.app(url)
        return Linear(url, sandbox, clock, {"Authorization": sandbox.token})

    return make


@pytest.fixture
def make_linear(served: tuple[str, Switch]) -> MakeLinear:
    return maker(served)


@pytest.fixture(scope="module")
def make_linear_for_module(served: tuple[str, Switch]) -> MakeLinear:
    return maker(served)


@pytest.fixture
def linear(make_linear: MakeLinear) -> Linear:
    return make_linear()
