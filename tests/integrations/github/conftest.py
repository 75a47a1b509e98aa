from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.integrations.github.team import Team
from tests.support.sandbox import sandbox_thread


@pytest.fixture
def team() -> Iterator[Team]:
    """A GitHub of some pieces of work, for one test alone."""
    with sandbox_thread("github", tasks=40) as served:
        yield Team(served)
