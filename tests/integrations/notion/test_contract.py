"""Notion against the sandbox's Notion, through the contract that every provider keeps."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pytest
import requests
from hypothesis import strategies as st

from tests.support.sandbox import Served, running_sandbox
from worklake.integrations.notion import NotionIntegration, NotionSettings
from worklake.testing.contract import IntegrationContract
from worklake.testing.hands import HeldItem, SandboxHands
from worklake.testing.laws import VALUES
from worklake.testing.source import SourceToTest
from worklake.testing.writing import WritingContract

PROPERTIES = {
    "status": "Status", "priority": "Priority", "labels": "Tags", "assignees": "Assignee", "due_date": "Due",
    "start_date": "Start", "estimate_minutes": "Estimate", "estimate_points": "Points", "project": "Project",
    "milestone": "Milestone", "cycle": "Sprint", "parent_id": "Parent task", "blocked_by": "Blocked by",
}  # fmt: skip
STATUSES = {
    "Triage": "triage", "Backlog": "backlog", "Not started": "unstarted", "In progress": "started",
    "In review": "started", "Done": "completed", "Canceled": "canceled",
}  # fmt: skip


class NotionHands(SandboxHands):
    def items(self) -> Sequence[HeldItem]:
        held: list[HeldItem] = list(super().items())
        for item in held:
            title = item["payload"]["properties"]["Name"]["title"]
            item["payload"]["title"] = "".join(one["plain_text"] for one in title)
        return held

    def __init__(self, server: Served) -> None:
        super().__init__(server.control_url)
        self._server = server

    def archive(self, external_id: str) -> None:
        self.change(external_id, {"in_trash": True})

    def comment(self, external_id: str, body: str) -> None:
        answer = requests.post(
            f"{self._server.base_url}/v1/comments",
            json={"parent": {"page_id": external_id}, "rich_text": [{"text": {"content": body}}]},
            headers={"Authorization": f"Bearer {self._server.token}", "Notion-Version": "2026-03-11"},
            timeout=10,
        )
        assert answer.ok, answer.text


pytestmark = pytest.mark.xdist_group("notion-contract")


@pytest.fixture(scope="module")
def server() -> Iterator[Served]:
    with running_sandbox("--providers", "notion", "--tasks", "130", "--quota-scale", "1000") as served:
        yield served["notion"]


@pytest.fixture(scope="module")
def source(server: Served) -> SourceToTest:
    answer = requests.post(
        f"{server.base_url}/v1/search",
        json={"query": "Tasks", "filter": {"property": "object", "value": "data_source"}},
        headers={"Authorization": f"Bearer {server.token}", "Notion-Version": "2026-03-11"},
        timeout=10,
    ).json()
    tasks: dict[str, Any] = {
        "id": answer["results"][0]["id"],
        "properties": PROPERTIES,
        "statuses": STATUSES,
        "estimate_unit": "hours",
    }
    settings = NotionSettings(base_url=server.base_url, token="env:NOTION_TOKEN", data_sources={"tasks": tasks})
    return SourceToTest(NotionIntegration, settings, server.token, create_requests=2)


@pytest.fixture(scope="module")
def hands(server: Served) -> NotionHands:
    return NotionHands(server)


class TestNotion(WritingContract, IntegrationContract):
    values: Mapping[str, st.SearchStrategy[Any]] = {
        **VALUES,
        "project": st.none() | st.text(max_size=30),
        "milestone": st.none() | st.text(max_size=30),
        "cycle": st.none() | st.text(max_size=30),
        "parent_id": st.none() | st.uuids(version=4).map(str),
        "blocked_by": st.lists(st.uuids(version=4).map(str), max_size=4, unique=True).map(sorted),
        "assignees": st.lists(st.uuids(version=4).map(str), max_size=3, unique=True).map(sorted),
    }
