"""Sandboxes for the tests of the sandbox."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.sandbox import Api, InProcess, Served, running_sandbox, sandbox_thread


@pytest.fixture(scope="module")
def gitlab() -> Iterator[InProcess]:
    """A GitLab of 60 issues whose clock the tests hold."""
    with sandbox_thread("gitlab") as served:
        yield served


@pytest.fixture
def fresh_gitlab() -> Iterator[InProcess]:
    """The same GitLab for one test alone."""
    with sandbox_thread("gitlab") as served:
        yield served


@pytest.fixture
def api(gitlab: InProcess) -> Iterator[Api]:
    """The owner's session at the module's GitLab."""
    with Api(f"{gitlab.base_url}/api/v4", gitlab.token) as session:
        yield session


@pytest.fixture
def fresh_api(fresh_gitlab: InProcess) -> Iterator[Api]:
    """The owner's session at the test's own GitLab."""
    with Api(f"{fresh_gitlab.base_url}/api/v4", fresh_gitlab.token) as session:
        yield session


@pytest.fixture(scope="session")
def gitlab_process() -> Iterator[Served]:
    """A GitLab in a process of its own."""
    with running_sandbox("--providers", "gitlab", "--tasks", "80", "--quota-scale", "100") as providers:
        yield providers["gitlab"]
