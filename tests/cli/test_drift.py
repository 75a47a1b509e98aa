"""A label that the settings give a meaning is deleted in GitLab, told from outside."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.pairs import GitLab, pairs_in
from tests.support.project import Project, sandbox_project

pytest.importorskip("pysail", reason="the embedded engine is not installed")
pytestmark = pytest.mark.xdist_group("drift")

LABEL = "status::doing"


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    with sandbox_project(tmp_path_factory.mktemp("drift") / "project", "--tasks", "160") as made:
        made.run("sync")
        pairs = pairs_in(made, lambda task: not task["archived"] and not task["confidential"])[:4]
        for here, _ in pairs:
            made.edit("gitlab", here, labels=[LABEL], state_event="reopen")
        made.run("sync")
        assert sorted(doing(made)) == sorted(pairs)
        yield made


def doing(project: Project) -> list[tuple[str, str]]:
    """The tasks in both that are being worked on."""
    return pairs_in(project, lambda task: task["status"] == "started")


def state(project: Project, provider: str, external_id: str) -> Any:
    item = next(one for one in project.items(provider) if one["external_id"] == external_id)
    return item["payload"]["labels"] if provider == "gitlab" else item["payload"]["state"]


def test_a_status_label_that_is_deleted_empties_nothing_and_is_written_again_once_it_exists(project: Project) -> None:
    gitlab, pairs = GitLab(project), doing(project)
    before = {linear: state(project, "linear", linear) for _, linear in pairs}
    had = [one for one in gitlab.projects() if LABEL in gitlab.labels(one)]
    for one in had:
        gitlab.call("DELETE", f"/projects/{one}/labels/{LABEL.replace(':', '%3A')}")
    for here, _ in pairs:
        assert LABEL not in state(project, "gitlab", here)
        project.edit("gitlab", here, title=f"Touched {here}")

    ran = project.run("sync")
    assert {linear: state(project, "linear", linear) for _, linear in pairs} == before
    assert ran.status == 1
    assert "status is frozen" in ran.stderr and repr(LABEL) in ran.stderr
    assert [words for words in ran.document["frozen"] if LABEL in words]
    assert not any(LABEL in gitlab.labels(one) for one in had), "it was made anew by a write"
    assert {task["status"] for task in project.run("tasks").document if _both(task, pairs)} == {"started"}

    (told,) = [one for one in project.run("status").document["sources"] if one["source"] == "gitlab"]
    assert LABEL in told["frozen"][0]
    checked = project.run("check")
    assert (checked.status, checked.document["ok"]) == (2, False)
    assert any(LABEL in line["detail"] and not line["ok"] for line in checked.document["checks"])

    again = project.run("plan")
    assert again.status == 1
    assert [step for step in again.document["steps"] if step["source"] == "gitlab"] == []

    for one in had:
        gitlab.call("POST", f"/projects/{one}/labels", name=LABEL, color="#00ff00")
    thawed = project.run("sync")
    assert (thawed.status, thawed.document.get("frozen")) == (0, None)
    assert all(LABEL in state(project, "gitlab", here) for here, _ in pairs)
    assert {linear: state(project, "linear", linear) for _, linear in pairs} == before
    last = project.run("sync")
    assert (last.status, last.document["writes"]) == (0, [])


@pytest.mark.slow
def test_a_person_who_closes_an_item_meanwhile_is_heard(project: Project) -> None:
    gitlab, pairs = GitLab(project), doing(project)
    (here, there), had = pairs[0], [one for one in gitlab.projects() if LABEL in gitlab.labels(one)]
    for one in had:
        gitlab.call("DELETE", f"/projects/{one}/labels/{LABEL.replace(':', '%3A')}")
    project.edit("gitlab", here, state_event="close")
    project.run("sync")
    assert state(project, "linear", there)["type"] == "completed"
    for one in had:
        gitlab.call("POST", f"/projects/{one}/labels", name=LABEL, color="#00ff00")
    assert project.run("sync").status == 0


@pytest.mark.slow
def test_where_the_names_cannot_be_read_nothing_is_taken_or_written_and_the_next_run_goes_on(project: Project) -> None:
    gitlab, pairs = GitLab(project), doing(project)
    here, there = pairs[-1]
    before = state(project, "linear", there)
    project.edit("gitlab", here, remove_labels=LABEL)
    project.fault("gitlab", method="GET", path=".*/labels.*", status=401)
    ran = project.run("sync")
    assert ran.status == 1, ran.stdout
    assert state(project, "linear", there) == before
    project.mend()
    assert project.run("sync").status == 0
    assert state(project, "linear", there) != before
    assert gitlab.projects()


def _both(task: dict[str, Any], pairs: list[tuple[str, str]]) -> bool:
    return any(link["external_id"] == here for link in task["links"] for here, _ in pairs)
