"""The stores that the contract tests of the heart's store run on: in memory, and over a lake on each engine."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.support.spark import SPARK
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
on_spark_too = pytest.mark.parametrize("reopen", [*STORES, SPARK], indirect=True)
"""Marks the tests whose queries and commits have all that the others have: Spark takes many seconds for each."""
OpenLake = Callable[[str, Path], Lake]
Reopen = Callable[[], Store]


def open_in(folder: Path, engine: str, *, create: bool = False) -> Lake:
    """The lake of a folder, on the embedded engine or on Spark."""
    path = folder / "lake"
    settings = SparkLake(engine="spark", path=str(path)) if engine == "spark" else EmbeddedLake(path=path)
    return open_lake(settings, folder, create=create, tables=TABLES_NEEDED)


@pytest.fixture(scope="session")
def empty_lake(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> OpenLake:
    """Opens a lake with the needed tables in a folder; they are made once and copied."""
    made: dict[str, Path] = {}

    def opened(engine: str, folder: Path) -> Lake:
        if engine == "spark":
            request.getfixturevalue("on_spark")
        else:
            pytest.importorskip("pysail", reason="the embedded engine is not installed")
        if engine not in made:
            made[engine] = tmp_path_factory.mktemp("empty")
            with open_in(made[engine], engine, create=True) as lake:
                lake.ensure()
        shutil.copytree(made[engine] / "lake", folder / "lake")
        return open_in(folder, engine)

    return opened


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
