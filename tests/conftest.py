"""What holds for all tests: by which profile they draw examples, that they can be interrupted, and what starts once.

By default each run draws the same examples, so that a red run is red again. Others are looked for by
`pytest --hypothesis-profile=explore`. None has a deadline, for a machine may be busy with something else.
"""

import os
import signal
import tempfile
from collections.abc import Iterator

import pytest
from hypothesis import settings

from tests.support.spark import spark_connect_server, spark_session

settings.register_profile("worklake", deadline=None, derandomize=True)
settings.register_profile("explore", deadline=None, max_examples=1000)
settings.load_profile("worklake")

# Who starts the tests in the background may have them ignore Ctrl-C, and all processes that they start.
signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What may take longest starts first, lest one worker be alone with it at the end."""
    items.sort(key=_longest_seconds, reverse=True)


def _longest_seconds(item: pytest.Item) -> float:
    limit = item.get_closest_marker("timeout")
    return float(limit.args[0]) if limit is not None else 0.0


@pytest.fixture(scope="session")
def on_spark() -> Iterator[None]:
    """The Spark session of this process."""
    with spark_session():
        yield


@pytest.fixture(scope="session")
def spark_connect() -> Iterator[str]:
    """The address of a Spark Connect server."""
    with spark_connect_server() as address:
        yield address


# What Worklake keeps for its user on this machine is not the tests' to change.
os.environ["XDG_STATE_HOME"] = tempfile.mkdtemp(prefix="worklake-tests-")
