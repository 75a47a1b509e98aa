"""Linear against the sandbox's Linear, through the contract that every provider keeps."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest
import requests
from hypothesis import strategies as st

from tests.integrations.linear.payloads import ids, names, optional
from tests.support.sandbox import Served, running_sandbox
from worklake.integrations.linear import LinearIntegration, LinearSettings
from worklake.testing.contract import IntegrationContract
from worklake.testing.hands import SandboxHands
from worklake.testing.laws import VALUES
from worklake.testing.source import SourceToTest
from worklake.testing.writing import WritingContract


class LinearHands(SandboxHands):
    def __init__(self, server: Served) -> None:
        super().__init__(server.control_url)
        self._server = server

    def archive(self, external_id: str) -> None:
        self._does("mutation ($id: String!) { issueArchive(id: $id) { success } }", id=external_id)

    def comment(self, external_id: str, body: str) -> None:
        self._does(
            "mutation ($input: CommentCreateInput!) { commentCreate(input: $input) { success } }",
            input={"issueId": external_id, "body": body},
        )

    def _does(self, operation: str, **variables: Any) -> None:
        answer = requests.post(
            f"{self._server.base_url}/graphql",
            json={"query": operation, "variables": variables},
            headers={"Authorization": self._server.token},
            timeout=10,
        ).json()
        assert "errors" not in answer, answer


pytestmark = pytest.mark.xdist_group("linear-contract")


@pytest.fixture(scope="module")
def server() -> Iterator[Served]:
    with running_sandbox("--providers", "linear", "--tasks", "160", "--quota-scale", "1000") as served:
        yield served["linear"]


@pytest.fixture(scope="module")
def source(server: Served) -> SourceToTest:
    settings = LinearSettings(base_url=server.base_url, token="env:LINEAR_API_KEY", teams=("ENG",))
    return SourceToTest(LinearIntegration, settings, server.token)


@pytest.fixture(scope="module")
def hands(server: Served) -> LinearHands:
    return LinearHands(server)


class TestLinear(WritingContract, IntegrationContract):
    values: Mapping[str, st.SearchStrategy[Any]] = {
        **VALUES,
        "assignees": st.lists(ids, max_size=3, unique=True).map(sorted),
        "project": optional(names),
        "milestone": optional(names),
        "cycle": optional(names),
        "parent_id": optional(ids),
        "blocked_by": st.lists(ids, max_size=4, unique=True).map(sorted),
    }
