"""The same pull, the same tasks, whatever engine the lake lives on."""

from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

import worklake
from tests.support.project import Project, sandbox_project
from worklake.errors import SettingsError
from worklake.lake.engines.spark import check_installed


@pytest.fixture(
    params=[
        "embedded",
        pytest.param("spark", marks=[pytest.mark.spark, pytest.mark.xdist_group("spark"), pytest.mark.timeout(900)]),
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


def test_a_team_is_pulled_edited_and_explained(project: Project) -> None:
    first = project.pull()
    assert {name: one["error"] for name, one in first.items()} == {"gitlab": None, "linear": None}
    expected = {(name, item["external_id"]) for name in project.served for item in project.items(name)}
    assert set(_by_item(project)) == expected
    before = project.versions()
    project.pull()
    assert project.versions() == before
    item = project.items("linear")[0]
    project.edit("linear", item["external_id"], title="Edited by a person")
    created = project.create("linear", title="Brand new", team="ENG")
    second = project.pull("linear")
    assert (second["linear"]["changed"], second["linear"]["new"]) == (1, 1)
    told = worklake.explain(item["external_id"], project.folder).changes
    assert ("title", "Edited by a person") in [(change.field, change.new) for change in told]
    found = worklake.tasks(project.folder, where="exists(labels, l -> l = 'bug') or title = 'Brand new'").tasks
    assert created in [link.external_id for task in found for link in task.links]
    assert all("bug" in task.labels or task.title == "Brand new" for task in found)
    status = project.run("status").document
    assert [source["backlog"] for source in status["sources"]] == [0, 0]


def _by_item(project: Project) -> dict[tuple[str, str], Any]:
    tasks = worklake.tasks(project.folder).tasks
    return {(link.source, link.external_id): task for task in tasks for link in task.links}
