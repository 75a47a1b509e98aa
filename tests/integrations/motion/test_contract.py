"""Motion against the sandbox's Motion, through the contract that every provider keeps."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest
import requests
from hypothesis import strategies as st

from tests.support.sandbox import Served, running_sandbox
from worklake.integrations.motion import MotionIntegration, MotionSettings
from worklake.testing.contract import IntegrationContract
from worklake.testing.hands import SandboxHands
from worklake.testing.laws import VALUES
from worklake.testing.source import SourceToTest
from worklake.testing.writing import WritingContract

QUICK = 600_000
"""So many requests a minute that no turn is waited for."""


class MotionHands(SandboxHands):
    title_field = "name"

    def __init__(self, server: Served) -> None:
        super().__init__(server.control_url)
        self._server = server

    def archive(self, external_id: str) -> None:
        raise NotImplementedError("Motion does not archive tasks")

    def comment(self, external_id: str, body: str) -> None:
        answer = requests.post(
            f"{self._server.base_url}/v1/comments",
            json={"taskId": external_id, "content": body},
            headers={"X-API-Key": self._server.token},
            timeout=10,
        )
        answer.raise_for_status()


pytestmark = pytest.mark.xdist_group("motion-contract")


@pytest.fixture(scope="module")
def server() -> Iterator[Served]:
    with running_sandbox("--providers", "motion", "--tasks", "60", "--quota-scale", "10000") as served:
        yield served["motion"]


@pytest.fixture(scope="module")
def source(server: Served) -> SourceToTest:
    settings = MotionSettings(
        base_url=server.base_url,
        token="env:MOTION_API_KEY",
        workspaces=("Team",),
        comments=True,
        requests_per_minute=QUICK,
    )
    return SourceToTest(MotionIntegration, settings, server.token, quiet_requests=6)


@pytest.fixture(scope="module")
def hands(server: Served) -> MotionHands:
    return MotionHands(server)


ids = st.from_regex(r"\Aus[0-9a-f]{19}\Z")


class TestMotion(WritingContract, IntegrationContract):
    values: Mapping[str, st.SearchStrategy[Any]] = {
        **VALUES,
        "assignees": st.lists(ids, max_size=3, unique=True).map(sorted),
        "project": st.none() | st.text(max_size=20),
    }
