"""Whatever a tool answers to a write, the edit is never lost and is sent by a later run, or a person is asked."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.project import Project, sandbox_project
from worklake.integrations.http import Http

pytest.importorskip("pysail", reason="the embedded engine is not installed")
pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("failing-writes")]

ROUTING = "rules: [{name: shared, when: \"title like 'Shared%'\", to: [gitlab]}]\n"
PASSING: dict[str, dict[str, Any]] = {
    "500": {"status": 500},
    "422 that names nothing": {"status": 422, "body": {"message": "not now"}},
    "429 for half an hour": {"status": 429, "headers": {"Retry-After": "1800"}},
    "401": {"status": 401},
    "connection reset": {"drop": "before"},
    "reply lost": {"drop": "after", "times": 1},
}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    with sandbox_project(tmp_path_factory.mktemp("failing") / "project", "--tasks", "4") as made:
        made.settings("routing.yml", ROUTING)
        yield made


@pytest.fixture
def issue(project: Project, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """An issue in Linear that is in GitLab, too."""
    monkeypatch.setitem(Http.__init__.__kwdefaults__, "sleep", lambda seconds: None)
    made = project.create("linear", title="Shared", team="ENG")
    assert project.run("sync").document["applied"] >= 1
    yield made
    project.mend()


def titles(project: Project) -> list[str]:
    return [one["payload"]["title"] for one in project.items("gitlab")]


def test_whatever_fails_in_passing_the_edit_is_sent_by_a_later_run(project: Project, issue: str) -> None:
    for name, fault in PASSING.items():
        project.edit("linear", issue, title=f"Shared, after {name}")
        project.fault("gitlab", method="PUT", **fault)
        first = project.run("sync")
        assert first.status == (0 if name == "reply lost" else 1), name
        assert first.document.get("waiting", {}) == ({"gitlab": 1} if "429" in name else {}), name
        project.mend()
        assert project.run("sync").status == 0, name
        assert f"Shared, after {name}" in titles(project), name
        assert project.run("conflicts").document == [], name


def test_a_value_refused_by_name_for_ever_asks_a_person_once_and_is_sent_when_they_keep_it(
    project: Project, issue: str
) -> None:
    project.edit("linear", issue, title="Shared and unwelcome", dueDate="2032-01-02")
    project.fault("gitlab", method="PUT", status=422, body={"message": {"title": ["is not welcome"]}}, times=1)
    assert project.run("sync").status == 1
    (conflict,) = project.run("conflicts").document
    assert (conflict["field"], {one["source"] for one in conflict["values"]}) == ("title", {"worklake", "gitlab"})
    waiting = project.run("sync")
    assert (waiting.status, waiting.document["writes"]) == (3, [])
    assert project.run("conflicts", "settle", conflict["conflict_id"], "--leave").document["left"] == "gitlab"
    quiet = project.run("sync")
    assert (quiet.status, quiet.document["writes"], project.run("conflicts").document) == (0, [], [])
    assert project.run("conflicts", "settle", conflict["conflict_id"], "--take", "worklake").status == 0
    assert project.run("sync").document["applied"] == 1
    assert "Shared and unwelcome" in titles(project)
    assert project.run("conflicts").document == []
