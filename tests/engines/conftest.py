"""A small team and a lake, on each engine."""

from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.support.project import Project, sandbox_project
from worklake.errors import SettingsError
from worklake.lake.engines.spark import check_installed

# They take as long as all other tests on Spark, and run beside them.
COMMANDS_ON_SPARK = [pytest.mark.spark, pytest.mark.xdist_group("commands-on-spark"), pytest.mark.timeout(900)]


@pytest.fixture(
    params=[
        "embedded",
        pytest.param("spark", marks=COMMANDS_ON_SPARK),
    ]
)
def project(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Project]:
    """A small team, and a lake on this engine."""
    if request.param == "spark":
        try:
            check_installed()
        except SettingsError as error:
            pytest.skip(str(error))
    elif find_spec("pysail") is None:
        pytest.skip("pysail is not installed")
    with sandbox_project(tmp_path / "project", "--tasks", "16") as made:
        made.settings("worklake.yml", f"lake: {{engine: {request.param}, path: {made.lake}}}\n")
        yield made
