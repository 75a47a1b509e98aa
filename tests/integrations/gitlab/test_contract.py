"""GitLab against the sandbox's GitLab, through the contract that every provider keeps."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import requests

from tests.integrations.gitlab import payloads
from tests.support.sandbox import Served, running_sandbox
from worklake.integrations.gitlab import GitLabIntegration
from worklake.integrations.gitlab.settings import GitLabSettings
from worklake.testing.contract import IntegrationContract
from worklake.testing.hands import SandboxHands
from worklake.testing.source import SourceToTest
from worklake.testing.writing import WritingContract

PROJECTS = ("team/web", "team/api", "team/mobile", "team/data-platform")


class GitLabHands(SandboxHands):
    def __init__(self, server: Served) -> None:
        super().__init__(server.control_url)
        self._server = server

    def archive(self, external_id: str) -> None:
        raise NotImplementedError("GitLab does not archive issues")

    def comment(self, external_id: str, body: str) -> None:
        api, headers = f"{self._server.base_url}/api/v4", {"PRIVATE-TOKEN": self._server.token}
        issue = next(item["payload"] for item in self.items() if item["external_id"] == external_id)
        notes = f"{api}/projects/{issue['project_id']}/issues/{issue['iid']}/notes"
        requests.post(notes, headers=headers, json={"body": body}, timeout=10).raise_for_status()


pytestmark = pytest.mark.xdist_group("gitlab-contract")


@pytest.fixture(scope="module")
def server() -> Iterator[Served]:
    with running_sandbox("--providers", "gitlab", "--tasks", "160", "--quota-scale", "1000") as served:
        yield served["gitlab"]


@pytest.fixture(scope="module")
def source(server: Served) -> SourceToTest:
    settings = GitLabSettings(
        base_url=server.base_url,
        token="env:GITLAB_TOKEN",
        projects=PROJECTS,
        status_labels={"status::todo": "unstarted", "status::doing": "started", "status::canceled": "canceled"},
        priority_labels={"priority::urgent": "urgent", "priority::high": "high", "priority::low": "low"},
    )
    return SourceToTest(GitLabIntegration, settings, server.token, quiet_requests=3 * len(PROJECTS))


@pytest.fixture(scope="module")
def hands(server: Served) -> GitLabHands:
    return GitLabHands(server)


class TestGitLab(WritingContract, IntegrationContract):
    values = payloads.FIELD_VALUES
