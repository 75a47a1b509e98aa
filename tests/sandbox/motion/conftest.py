"""Motions for the tests of the sandbox, and a session at them whose answers are held against the description."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
import requests

from tests.support.motion_schema import answer_problems
from tests.support.sandbox import InProcess, sandbox_thread

SERVED_NOT = 501


class Motion(requests.Session):
    """A session at one Motion. Every answer to a call that is served must be as described."""

    def __init__(self, served: InProcess) -> None:
        super().__init__()
        self.served = served
        self.headers["X-API-Key"] = served.token

    def call(self, method: str, path: str, expecting: int | None = None, **kwargs: object) -> requests.Response:
        """A call below `/v1`; the status may be told, else it has to be a good one."""
        answer = self.request(method, f"{self.served.base_url}{path}", timeout=20, **kwargs)
        assert answer.status_code == expecting if expecting else answer.ok, answer.text
        if answer.ok:
            body = answer.json() if answer.content else None
            described = urlsplit(answer.url).path
            assert answer_problems(method, described, answer.status_code, body) == []
        return answer

    def get(self, path: str, **query: object) -> dict:
        return self.call("GET", path, params=query).json()

    def post(self, path: str, **body: object) -> dict:
        return self.call("POST", path, json=body).json()

    def patch(self, path: str, **body: object) -> dict:
        return self.call("PATCH", path, json=body).json()

    def team(self) -> str:
        return next(one["id"] for one in self.get("/v1/workspaces")["workspaces"] if one["name"] == "Team")

    def creates(self, **fields: object) -> dict:
        return self.post("/v1/tasks", **{"name": "A task", "workspaceId": self.team()} | fields)

    def everything(self, **query: object) -> list[dict]:
        """All tasks that a query means, page by page."""
        found: list[dict] = []
        cursor: dict[str, object] = {}
        while True:
            page = self.get("/v1/tasks", **query, **cursor)
            assert len(page["tasks"]) <= 50
            found += page["tasks"]
            if not page["meta"].get("nextCursor"):
                return found
            cursor = {"cursor": page["meta"]["nextCursor"]}


@pytest.fixture
def motion() -> Iterator[Motion]:
    """A Motion of its own with 120 tasks, and a hundred times the quota."""
    with sandbox_thread("motion", tasks=120) as served:
        yield Motion(served)
