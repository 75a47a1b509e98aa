"""The engines that every contract test of the lake runs on."""

from __future__ import annotations

import importlib.util
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from worklake.errors import SettingsError
from worklake.lake.engines import small_merge
from worklake.lake.engines.spark import DELTA_PACKAGE, SESSION_CONFIG, check_installed
from worklake.lake.lake import Lake, open_lake
from worklake.lake.tables import TABLES
from worklake.settings.models import EmbeddedLake, LakeSettings, SparkLake

# One worker, as each starts a Java of its own. A timeout breaks the session for all that follow.
ON_SPARK = [pytest.mark.spark, pytest.mark.xdist_group("spark"), pytest.mark.timeout(600)]
Open = Callable[[Path], LakeSettings]


@pytest.fixture(
    scope="session",
    params=[
        "embedded",
        "embedded-large",
        pytest.param("spark", marks=ON_SPARK),
        pytest.param("spark-connect", marks=ON_SPARK),
    ],
)
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
    # Half the time of a short test run goes into compiling well what runs once.
    os.environ.setdefault("JDK_JAVA_OPTIONS", "-XX:TieredStopAtLevel=1 -XX:ReservedCodeCacheSize=256m")
    try:
        check_installed()
    except SettingsError as error:
        pytest.skip(str(error))
    if request.param == "spark":
        yield from _classic()
    else:
        yield from _connect()


def _classic() -> Iterator[Open]:
    from worklake.lake.engines.spark import SparkEngine

    keeper = SparkEngine("unused")
    assert keeper.session is not None
    yield lambda folder: SparkLake(engine="spark", path=str(folder / "lake"))
    keeper.close()


def _connect() -> Iterator[Open]:
    import pyspark

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    # Few rows are not worth generated code.
    quick = {"spark.sql.codegen.wholeStage": "false", "spark.sql.codegen.factoryMode": "NO_CODEGEN"}
    config = {
        **SESSION_CONFIG,
        **quick,
        "spark.jars.packages": DELTA_PACKAGE,
        "spark.connect.grpc.binding.port": str(port),
    }
    command = [str(Path(pyspark.__file__).parent / "bin" / "spark-submit"), "--master", "local[2]"]
    for key, value in config.items():
        command += ["--conf", f"{key}={value}"]
    command += ["--class", "org.apache.spark.sql.connect.service.SparkConnectServer", "spark-internal"]
    environment = {**os.environ, "PYSPARK_PYTHON": sys.executable, "SPARK_LOCAL_IP": "127.0.0.1"}
    environment.pop("SPARK_REMOTE", None)
    server = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield lambda folder: SparkLake(engine="spark", path=str(folder / "lake"), remote=f"sc://127.0.0.1:{port}")
    finally:
        server.terminate()
        server.wait(30)


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
        monkeypatch.setenv("TEST_AS_LARGE_TABLES", "1")


@pytest.fixture
def embedded(tmp_path: Path) -> Iterator[Lake]:
    """A lake on the embedded engine, for what is tested there alone."""
    pytest.importorskip("pysail", reason="pysail is not installed")
    with open_lake(EmbeddedLake(), tmp_path, create=True, tables=TESTED) as found:
        found.ensure()
        yield found
