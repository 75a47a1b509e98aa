"""A small team and a lake, on each engine."""

import json
import shutil
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.support.project import Project, sandbox_project
from tests.support.spark import CONNECT
from worklake.lake.lake import Lake, open_lake
from worklake.settings.models import EmbeddedLake, LakeSettings, SparkLake

LakeAt = Callable[[Path], LakeSettings]
PutLake = Callable[[Path, LakeAt], None]


@pytest.fixture
def project(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Project]:
    """A small team, and no lake yet on this engine: `embedded` or `spark-connect`."""
    lake = {"engine": request.param, "path": str(tmp_path / "project" / "lake")}
    if request.param == "spark-connect":
        lake |= {"engine": "spark", "remote": request.getfixturevalue("spark_connect")}
    elif find_spec("pysail") is None:
        pytest.skip("pysail is not installed")
    with sandbox_project(tmp_path / "project", "--tasks", "16") as made:
        made.settings("worklake.yml", json.dumps({"lake": lake}))
        yield made


@pytest.fixture(scope="session")
def empty_lake(tmp_path_factory: pytest.TempPathFactory) -> PutLake:
    """Puts a lake with all tables, empty, into a folder; they are made once and copied, as Spark takes its time."""
    made: dict[str, Path] = {}

    def put(folder: Path, settings: LakeAt) -> None:
        engine = settings(folder).engine
        if engine not in made:
            made[engine] = tmp_path_factory.mktemp("empty")
            with open_lake(settings(made[engine]), made[engine], create=True) as lake:
                lake.ensure()
        shutil.copytree(made[engine] / "lake", folder / "lake")

    return put


@pytest.fixture(params=["embedded", CONNECT])
def lake(request: pytest.FixtureRequest, empty_lake: PutLake, tmp_path: Path) -> Iterator[Lake]:
    """An empty lake on this engine."""
    remote = request.getfixturevalue("spark_connect") if request.param == "spark-connect" else None
    if remote is None and find_spec("pysail") is None:
        pytest.skip("pysail is not installed")

    def settings(folder: Path) -> LakeSettings:
        path = folder / "lake"
        return SparkLake(engine="spark", path=str(path), remote=remote) if remote else EmbeddedLake(path=path)

    empty_lake(tmp_path, settings)
    with open_lake(settings(tmp_path), tmp_path) as opened:
        yield opened
