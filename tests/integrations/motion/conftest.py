"""A Motion of its own for each test, and the account whose key reads and writes it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.integrations.motion.account import Account
from tests.support.sandbox import sandbox_thread


@pytest.fixture(autouse=True)
def own_turns(tmp_path, monkeypatch) -> None:
    """No test goes on with the turns of another one, whose server may have had the same port."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))


@pytest.fixture
def account() -> Iterator[Account]:
    """A Motion of 120 tasks with room for many requests."""
    with sandbox_thread("motion", tasks=120, quota_scale=10_000) as served:
        yield Account(served)


@pytest.fixture
def small() -> Iterator[Account]:
    """The same with a handful of tasks."""
    with sandbox_thread("motion", tasks=6, quota_scale=10_000) as served:
        yield Account(served)
