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
def lake_at(request: pytest.FixtureRequest) -> LakeAt:
    """The settings of a lake in a folder, on this engine: `embedded` or `spark-connect`."""
    remote = request.getfixturevalue("spark_connect") if request.param == "spark-connect" else None
    if remote is None and find_spec("pysail") is None:
        pytest.skip("pysail is not installed")

    def settings(folder: Path) -> LakeSettings:
        path = folder / "lake"
        return SparkLake(engine="spark", path=str(path), remote=remote) if remote else EmbeddedLake(path=path)

    return settings


@pytest.fixture
def project(lake_at: LakeAt, empty_lake: PutLake, tmp_path: Path) -> Iterator[Project]:
    """A small team, and an empty lake on this engine."""
    with sandbox_project(tmp_path / "project", "--tasks", "16") as made:
        lake = lake_at(made.folder)
        empty_lake(made.folder, lake_at)
        made.settings("worklake.yml", json.dumps({"lake": lake.model_dump(mode="json", exclude_none=True)}))
        yield made


@pytest.fixture
def lake(lake_at: LakeAt, empty_lake: PutLake, tmp_path: Path) -> Iterator[Lake]:
    """An empty lake on this engine."""
    empty_lake(tmp_path, lake_at)
    with open_lake(lake_at(tmp_path), tmp_path) as opened:
        yield opened
