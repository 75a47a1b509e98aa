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


@pytest.fixture(params=["embedded", pytest.param("spark", marks=[pytest.mark.spark, pytest.mark.timeout(600)])])
def project(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Project]:
    """A small team, and a lake on this engine."""
    if request.param == "spark":
        try:
            check_installed()
        except SettingsError as error:
            pytest.skip(str(error))
    elif find_spec("pysail") is None:
        pytest.skip("pysail is not installed")
    with sandbox_project(tmp_path / "project", "--tasks", "24") as made:
        made.settings("worklake.yml", f"lake: {{engine: {request.param}, path: {made.lake}}}\n")
        yield made


def test_a_team_is_pulled_edited_and_explained(project: Project) -> None:
    first = project.pull()
    assert {name: one["error"] for name, one in first.items()} == {"gitlab": None, "linear": None}
    tasks = _by_item(project)
    expected = {(name, item["external_id"]) for name in project.served for item in project.items(name)}
    assert set(tasks) == expected
    before = project.versions()
    project.pull()
    assert project.versions() == before
    item = project.items("linear")[0]
    project.edit("linear", item["external_id"], title="Edited by a person")
    created = project.create("gitlab", title="Brand new", project="team/web")
    second = project.pull()
    assert (second["linear"]["changed"], second["gitlab"]["new"]) == (1, 1)
    assert worklake.explain(created, project.folder).title == "Brand new"
    told = worklake.explain(item["external_id"], project.folder).changes
    assert ("title", "Edited by a person") in [(change.field, change.new) for change in told]
    found = worklake.tasks(project.folder, where="exists(labels, l -> l = 'bug') or title = 'Brand new'").tasks
    assert "Brand new" in [task.title for task in found]
    proposals = project.run("tasks", "--proposed-links").document
    for proposal in proposals[:1]:
        assert project.run("links", "accept", proposal["proposal_id"]).status == 0
    status = project.run("status").document
    assert [source["backlog"] for source in status["sources"]] == [0, 0]
    assert project.run("maintain").status == 0
    assert len(_by_item(project)) == len(expected) + 1


def _by_item(project: Project) -> dict[tuple[str, str], Any]:
    tasks = worklake.tasks(project.folder).tasks
    return {(link.source, link.external_id): task for task in tasks for link in task.links}
