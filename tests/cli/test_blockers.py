"""One issue blocks another, told in GitLab from the blocking side, of tasks that are in both tools."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.pairs import GitLab, pairs_in
from tests.support.project import Project, sandbox_project

pytest.importorskip("pysail", reason="the embedded engine is not installed")
pytestmark = pytest.mark.xdist_group("blockers")


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    with sandbox_project(tmp_path_factory.mktemp("blockers") / "project", "--tasks", "160") as made:
        made.run("sync")
        yield made


def issue(project: Project, external_id: str) -> dict[str, Any]:
    return dict(next(one["payload"] for one in project.items("gitlab") if one["external_id"] == external_id))


def blockers(project: Project, external_id: str) -> list[str]:
    """The blockers of a task, by its item in Linear."""
    (task,) = [
        one for one in project.run("tasks").document for link in one["links"] if link["external_id"] == external_id
    ]
    return list(task["blocked_by"])


def test_a_relation_that_gitlab_shows_goes_to_linear_and_away_again_without_echo(project: Project) -> None:
    (here, there), (blocked_here, blocked_there) = pairs_in(
        project, lambda task: not task["archived"] and not task["confidential"] and not task["blocked_by"]
    )[:2]
    gitlab, blocker, target = GitLab(project), issue(project, here), issue(project, blocked_here)
    path = f"/projects/{blocker['project_id']}/issues/{blocker['iid']}/links"
    body = {"target_project_id": target["project_id"], "target_issue_iid": target["iid"], "link_type": "blocks"}
    link = gitlab.call("POST", path, **body)
    project.edit("gitlab", here, title="It blocks another")
    task_id = project.run("explain", there).document["task_id"]

    assert project.run("sync").status == 0
    assert blockers(project, blocked_there) == [task_id]
    told = project.run("explain", blocked_there).document["changes"]
    assert [(one["source"], one["decision"]) for one in told if one["field"] == "blocked_by"] == [
        ("gitlab", "taken"), ("linear", "written"),
    ]  # fmt: skip
    for _ in range(2):
        last = project.run("sync")
        assert (last.status, last.document["writes"]) == (0, [])

    gitlab.call("DELETE", f"{path}/{link['issue_link_id'] if 'issue_link_id' in link else link['id']}")
    project.edit("gitlab", here, title="It blocks nothing")
    assert project.run("sync").status == 0
    assert blockers(project, blocked_there) == []
    last = project.run("sync")
    assert (last.status, last.document["writes"]) == (0, [])
