"""GitHub against the sandbox's GitHub, through the contract that every provider keeps."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import requests

from tests.integrations.github import payloads
from tests.support.sandbox import Served, running_sandbox
from worklake.integrations.github import GitHubIntegration
from worklake.integrations.github.settings import GitHubSettings
from worklake.testing.contract import IntegrationContract
from worklake.testing.hands import SandboxHands
from worklake.testing.source import SourceToTest
from worklake.testing.writing import WritingContract

REPOSITORIES = ("team/web", "team/api", "team/mobile", "team/data-platform")


class GitHubHands(SandboxHands):
    def __init__(self, server: Served) -> None:
        super().__init__(server.control_url)
        self._server = server

    def archive(self, external_id: str) -> None:
        raise NotImplementedError("GitHub does not archive issues")

    def comment(self, external_id: str, body: str) -> None:
        issue = next(item["payload"] for item in self.items() if item["external_id"] == external_id)
        headers = {"Authorization": f"Bearer {self._server.token}"}
        requests.post(issue["comments_url"], headers=headers, json={"body": body}, timeout=10).raise_for_status()


pytestmark = pytest.mark.xdist_group("github-contract")


@pytest.fixture(scope="module")
def server() -> Iterator[Served]:
    with running_sandbox("--providers", "github", "--tasks", "160", "--quota-scale", "1000") as served:
        yield served["github"]


@pytest.fixture(scope="module")
def source(server: Served) -> SourceToTest:
    settings = GitHubSettings(
        base_url=server.base_url,
        token="env:GITHUB_TOKEN",
        repositories=REPOSITORIES,
        status_labels={"needs triage": "triage", "in progress": "started"},
        priority_labels={"priority: urgent": "urgent", "priority: high": "high", "priority: low": "low"},
        writes_per_minute=100_000,
    )
    # A list of issues and one of comments for each repository; labels are put on by a call of their own.
    return SourceToTest(
        GitHubIntegration, settings, server.token, quiet_requests=3 * len(REPOSITORIES), update_requests=2
    )


@pytest.fixture(scope="module")
def hands(server: Served) -> GitHubHands:
    return GitHubHands(server)


class TestGitHub(WritingContract, IntegrationContract):
    values = payloads.FIELD_VALUES
