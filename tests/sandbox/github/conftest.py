"""A sandbox's GitHub, and sessions at it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
import requests

from tests.support.github_schemas import judge
from tests.support.sandbox import InProcess, sandbox_thread

ISSUES = "/repos/team/web/issues"


class GitHubApi(requests.Session):
    """A session that speaks to a GitHub with a token: paths are joined to its base, every answer is as described."""

    def __init__(self, served: InProcess, token: str = "admin") -> None:
        super().__init__()
        self.base = served.base_url
        self.served = served
        self.headers["Authorization"] = f"Bearer {served.provider.tokens.get(token, token)}"
        self.hooks["response"].append(judge)

    def request(self, method: str, url: str, *args: object, **kwargs: object) -> requests.Response:  # type: ignore[override]
        kwargs.setdefault("timeout", 20)
        return super().request(method, url if url.startswith("http") else self.base + url, *args, **kwargs)  # type: ignore[arg-type]

    def opens(self, title: str = "An issue", **fields: object) -> dict:
        """A new issue, as it is answered."""
        answer = self.post(ISSUES, json={"title": title, **fields})
        assert answer.status_code == 201, answer.text
        return answer.json()

    def ask(self, query: str, **variables: object) -> dict:
        """A GraphQL call."""
        return self.post("/graphql", json={"query": query, "variables": variables}).json()


@pytest.fixture
def github() -> Iterator[InProcess]:
    """A GitHub of 60 pieces of work, for one test alone, whose clock the test holds."""
    with sandbox_thread("github") as served:
        yield served


@pytest.fixture
def api(github: InProcess) -> Iterator[GitHubApi]:
    """The admin's session."""
    with GitHubApi(github) as session:
        yield session


@pytest.fixture
def as_(github: InProcess) -> Callable[[str], GitHubApi]:
    """A session with another token, by its name."""
    return lambda token: GitHubApi(github, token)
