"""GitHub with the status of issues in a project, through the parts of the contract that this changes."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.integrations.github import payloads
from tests.integrations.github.test_contract import GitHubHands
from tests.support.sandbox import Served, running_sandbox
from worklake.integrations.github import GitHubIntegration
from worklake.integrations.github.settings import GitHubSettings
from worklake.testing.contract import IntegrationContract
from worklake.testing.source import SourceToTest
from worklake.testing.writing import WritingContract

REPOSITORIES = ("team/web", "team/api", "team/mobile")
pytestmark = pytest.mark.xdist_group("github-contract")


@pytest.fixture(scope="module")
def server() -> Iterator[Served]:
    with running_sandbox("--providers", "github", "--tasks", "40", "--quota-scale", "1000") as served:
        yield served["github"]


@pytest.fixture(scope="module")
def source(server: Served) -> SourceToTest:
    settings = GitHubSettings(
        base_url=server.base_url,
        token="env:GITHUB_TOKEN",
        repositories=REPOSITORIES,
        project={"owner": "team", "number": 1},
        priority_labels={"priority: urgent": "urgent", "priority: high": "high", "priority: low": "low"},
        writes_per_minute=100_000,
    )
    # The cards of the project, a hundred to a call, and a list of issues, one of comments and one of commits for each
    # repository. A call more tells the card of an open issue that was written.
    return SourceToTest(
        GitHubIntegration,
        settings,
        server.token,
        quiet_requests=1 + 3 * len(REPOSITORIES),
        update_requests=3,
        create_requests=2,
    )


@pytest.fixture(scope="module")
def hands(server: Served) -> GitHubHands:
    return GitHubHands(server)


class _Whole(WritingContract, IntegrationContract):
    values = payloads.FIELD_VALUES


_UNTOUCHED = ("comment", "text", "label", "person", "people", "wrong_token", "token", "ids", "vocabulary_knows", "laws")
"""What in a test's name says that it is about something that a project does not touch."""


class TestGitHubWithAProject(_Whole):
    """The laws of the lens, and whatever lists, reads or writes issues."""


for _name in dir(_Whole):
    if _name.startswith("test_") and any(word in _name for word in _UNTOUCHED):
        setattr(TestGitHubWithAProject, _name, None)
