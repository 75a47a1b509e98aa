"""A Notion whose clock the tests hold, and its API as a program sees it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import requests

from tests.support.sandbox import InProcess, sandbox_thread

VERSION = "2026-03-11"


class Notion:
    """The API under one token."""

    def __init__(self, served: InProcess) -> None:
        self.served, self.provider, self.clock = served, served.provider, served.clock
        self.headers = {"Authorization": f"Bearer {served.token}", "Notion-Version": VERSION}

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> requests.Response:
        return requests.request(
            method,
            f"{self.served.base_url}/v1{path}",
            json=body,
            headers={name: value for name, value in {**self.headers, **headers}.items() if value},
            timeout=10,
        )

    def get(self, path: str, **parameters: Any) -> Any:
        query = "&".join(f"{name}={value}" for name, value in parameters.items())
        return self._well(self.ask("GET", f"{path}?{query}"))

    def post(self, path: str, **body: Any) -> Any:
        return self._well(self.ask("POST", path, body))

    def patch(self, path: str, **body: Any) -> Any:
        return self._well(self.ask("PATCH", path, body))

    def refused(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, str, str]:
        answer = self.ask(method, path, body, **headers)
        said = answer.json()
        assert (said["object"], said["status"]) == ("error", answer.status_code)
        return said["status"], said["code"], said["message"]

    def settings(self, page: str, **body: Any) -> Any:
        return self._well(requests.post(f"{self.served.base_url}/_settings/{page}", json=body, timeout=10))

    @property
    def tasks(self) -> str:
        found = self.post("/search", filter={"property": "object", "value": "data_source"}, query="Tasks")
        return str(found["results"][0]["id"])

    def query(self, **body: Any) -> Any:
        return self.post(f"/data_sources/{self.tasks}/query", **body)

    def page(self, title: str = "A page", children: Any = None, **properties: Any) -> Any:
        body = {"children": children} if children else {}
        named = {"Name": {"title": [{"text": {"content": title}}]}, **properties}
        parent = {"type": "data_source_id", "data_source_id": self.tasks}
        return self.post("/pages", parent=parent, properties=named, **body)

    @staticmethod
    def _well(answer: requests.Response) -> Any:
        assert answer.ok, answer.text
        return answer.json()


@pytest.fixture(scope="module")
def notion() -> Iterator[Notion]:
    with sandbox_thread("notion") as served:
        yield Notion(served)


@pytest.fixture
def fresh_notion() -> Iterator[Notion]:
    with sandbox_thread("notion", tasks=8) as served:
        yield Notion(served)


def paragraph(text: str) -> Any:
    return {"type": "paragraph", "paragraph": {"rich_text": [{"type": "text", "text": {"content": text}}]}}
