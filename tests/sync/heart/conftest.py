"""The stores that the contract tests of the heart's store run on: in memory, and over a lake on each engine."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.lake.conftest import ON_SPARK
from worklake.errors import SettingsError
from worklake.lake.engines.spark import SparkEngine, check_installed
from worklake.lake.lake import Lake, open_lake
from worklake.lake.tables import TABLES
from worklake.settings.models import EmbeddedLake, SparkLake
from worklake.sync.heart.store import Store
from worklake.sync.lake_store import LakeStore
from worklake.testing.memory import MemoryStore

NOW = datetime(2026, 3, 1, 8, 30, 15, 123456, tzinfo=UTC)
NEEDED = ("tasks", "links", "comments", "changes", "conflicts", "watched", "plans", "steps", "writes", "cursors")
TABLES_NEEDED = {name: TABLES[name] for name in NEEDED}
STORES = ["memory", "embedded"]
on_spark_too = pytest.mark.parametrize("reopen", [*STORES, pytest.param("spark", marks=ON_SPARK)], indirect=True)
"""Marks the tests whose queries and commits have all that the others have: Spark takes many seconds for each."""
OpenLake = Callable[[str, Path], Lake]
Reopen = Callable[[], Store]


def open_in(engine: str, folder: Path, *, create: bool = False) -> Lake:
    """The lake of a folder on this engine."""
    embedded = EmbeddedLake(path=folder / "lake")
    settings = embedded if engine == "embedded" else SparkLake(engine="spark", path=str(folder / "lake"))
    return open_lake(settings, folder, create=create, tables=TABLES_NEEDED)


@pytest.fixture(scope="session")
def empty_lake(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenLake]:
    """Opens a lake with the needed tables in a folder; they are made once and copied, and Spark is started once."""
    made: dict[str, Path] = {}
    keepers: list[SparkEngine] = []

    def opened(engine: str, folder: Path) -> Lake:
        if engine not in made:
            if engine == "spark":
                keepers.append(_spark())
            else:
                pytest.importorskip("pysail", reason="the embedded engine is not installed")
            made[engine] = tmp_path_factory.mktemp("empty")
            with open_in(engine, made[engine], create=True) as lake:
                lake.ensure()
        shutil.copytree(made[engine] / "lake", folder / "lake")
        return open_in(engine, folder)

    yield opened
    for keeper in keepers:
        keeper.close()


def _spark() -> SparkEngine:
    os.environ.setdefault("JDK_JAVA_OPTIONS", "-XX:TieredStopAtLevel=1 -XX:ReservedCodeCacheSize=256m")
    try:
        check_installed()
    except SettingsError as error:
        pytest.skip(str(error))
    # Tests through Connect leave this behind, and PySpark would look for a server.
    os.environ.pop("SPARK_CONNECT_MODE_ENABLED", None)
    keeper = SparkEngine("unused")
    assert keeper.session is not None
    return keeper


def store_over(lake: Lake) -> LakeStore:
    """The store over a lake."""
    return LakeStore(lake, "run_1", lambda: NOW, {"linear": "linear", "web": "gitlab"})


@pytest.fixture
def lake(empty_lake: OpenLake, tmp_path: Path) -> Iterator[Lake]:
    """An open lake with the tables that the store needs, empty."""
    with empty_lake("embedded", tmp_path) as found:
        yield found


@pytest.fixture(params=STORES)
def reopen(request: pytest.FixtureRequest, empty_lake: OpenLake, tmp_path: Path) -> Iterator[Reopen]:
    """Gives the store of this test as the next run finds it."""
    if request.param == "memory":
        memory = MemoryStore()
        yield lambda: memory
        return
    with empty_lake(request.param, tmp_path) as found:
        yield lambda: store_over(found)


@pytest.fixture
def store(reopen: Reopen) -> Store:
    """An empty store, of each kind."""
    return reopen()
