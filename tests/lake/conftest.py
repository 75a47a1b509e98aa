"""The engines that every contract test of the lake runs on."""

from __future__ import annotations

import importlib.util
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.spark import CONNECT, SPARK
from worklake.lake.engines import small_merge
from worklake.lake.lake import Lake, open_lake
from worklake.lake.tables import TABLES
from worklake.settings.models import EmbeddedLake, LakeSettings, SparkLake

Open = Callable[[Path], LakeSettings]
EMBEDDED = ("embedded", "embedded-large")
# Of verbs that send Spark nothing but statements and keys: for these it is all the same how it is reached.
embedded_and_spark = pytest.mark.parametrize("engine", [*EMBEDDED, SPARK], indirect=True, scope="session")


@pytest.fixture(scope="session", params=[*EMBEDDED, SPARK, CONNECT])
def engine(request: pytest.FixtureRequest) -> Iterator[Open]:
    """Settings of a lake in a folder, for each engine; its session or server is started once."""
    if request.param.startswith("embedded"):
        if importlib.util.find_spec("pysail") is None:
            pytest.skip("pysail is not installed")
        with pytest.MonkeyPatch.context() as patch:
            if request.param == "embedded-large":  # as if no table were small enough to be written anew
                patch.setattr(small_merge, "SMALL_ROWS", -1)
            yield lambda folder: EmbeddedLake(path=folder / "lake")
        return
    if request.param == "spark":
        request.getfixturevalue("on_spark")
        yield lambda folder: SparkLake(engine="spark", path=str(folder / "lake"))
    else:
        address = request.getfixturevalue("spark_connect")
        yield lambda folder: SparkLake(engine="spark", path=str(folder / "lake"), remote=address)


@pytest.fixture
def opened(engine: Open, tmp_path: Path) -> Iterator[Callable[[], Lake]]:
    """Opens the lake of this test; it may be opened several times."""
    lakes: list[Lake] = []

    def once_more() -> Lake:
        lakes.append(open_lake(engine(tmp_path), tmp_path, create=True))
        return lakes[-1]

    yield once_more
    for lake in lakes:
        lake.close()


TESTED = {name: TABLES[name] for name in ("tasks", "links", "calls", "cursors")}


@pytest.fixture(scope="session")
def empty(engine: Open, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the empty tables of the contract tests; to be copied, as making them takes Spark a while."""
    folder = tmp_path_factory.mktemp("empty")
    with open_lake(engine(folder), folder, create=True, tables=TESTED) as lake:
        lake.ensure()
    return folder / "lake"


@pytest.fixture
def lake(engine: Open, empty: Path, tmp_path: Path) -> Iterator[Lake]:
    """An open lake with the tables of the contract tests, empty."""
    shutil.copytree(empty, tmp_path / "lake")
    with open_lake(engine(tmp_path), tmp_path, tables=TESTED) as found:
        yield found


@pytest.fixture(params=["small tables", "large tables"])
def both_sizes(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both ways in which the embedded engine merges, in this process and in the writers that it starts."""
    if request.param == "large tables":
        monkeypatch.setattr(small_merge, "SMALL_ROWS", -1)


@pytest.fixture
def embedded(tmp_path: Path) -> Iterator[Lake]:
    """A lake on the embedded engine, for what is tested there alone."""
    pytest.importorskip("pysail", reason="pysail is not installed")
    with open_lake(EmbeddedLake(), tmp_path, create=True, tables=TESTED) as found:
        found.ensure()
        yield found
