"""The same pull, the same tasks, whatever engine the lake lives on."""

from typing import Any

import pytest

import worklake
from tests.support.project import Project
from tests.support.spark import ON_CONNECT

OF_THE_RUN = frozenset({"runs", "calls", "leases"})
"""Where there is no local folder, what tells of a run that finds nothing is committed at once."""


@pytest.mark.parametrize(
    ("project", "committed_at_once"),
    [("embedded", frozenset()), pytest.param("spark-connect", OF_THE_RUN, marks=ON_CONNECT)],
    indirect=["project"],
)
def test_a_team_is_pulled_edited_and_explained(project: Project, committed_at_once: frozenset[str]) -> None:
    first = project.pull()
    assert {name: one["error"] for name, one in first.items()} == {"gitlab": None, "linear": None}
    expected = {(name, item["external_id"]) for name in project.served for item in project.items(name)}
    assert set(_by_item(project)) == expected
    before = project.versions()
    project.pull()
    after = project.versions()
    assert {name for name in after if after[name] != before[name]} <= committed_at_once
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
