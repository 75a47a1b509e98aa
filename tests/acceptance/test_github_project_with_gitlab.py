"""The status of GitHub's issues in a project, and GitLab's in labels: it travels both ways and comes to rest."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import requests
from ruamel.yaml import YAML

from tests.support.project import Project, sandbox_project

pytest.importorskip("pysail", reason="the embedded engine is not installed")
pytestmark = [pytest.mark.slow, pytest.mark.timeout(300), pytest.mark.xdist_group("github-with-gitlab")]

BOTH = "rules:\n  - {name: bugs, when: \"array_contains(labels, 'bug')\", to: [github, gitlab]}\n"
CARDS = (
    '{ organization(login: "team") { projectV2(number: 1) { items(first: 100) { nodes { content { ... on Issue {'
    ' databaseId state } } fieldValueByName(name: "Status") { ... on ProjectV2ItemFieldSingleSelectValue { name } }'
    " } } } } }"
)


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    arguments = ("--providers", "github,gitlab", "--tasks", "12", "--quota-scale", "100")
    with sandbox_project(tmp_path_factory.mktemp("board"), *arguments) as made:
        made.settings("routing.yml", BOTH)
        yaml, path = YAML(), made.folder / "conf" / "sources.yml"
        sources = yaml.load(path)
        del sources["sources"]["github"]["status_labels"]
        sources["sources"]["github"]["project"] = {"owner": "team", "number": 1}
        yaml.dump(sources, path)
        switches = f"{made.served['github'].control_url}/switches"
        requests.patch(switches, json={"closed_is_done": False}, timeout=10).raise_for_status()
        assert made.run("sync").status == 0
        yield made


def synced(project: Project) -> list[dict[str, Any]]:
    ran = project.run("sync")
    assert ran.status == 0, ran.stdout + ran.stderr
    return ran.document["writes"]


def card(project: Project, issue: str) -> tuple[str, str | None]:
    """Whether an issue is open, and its option in the project."""
    served = project.served["github"]
    headers = {"Authorization": f"Bearer {served.token}"}
    answer = requests.post(f"{served.base_url}/graphql", json={"query": CARDS}, headers=headers, timeout=10).json()
    for node in answer["data"]["organization"]["projectV2"]["items"]["nodes"]:
        if str(node["content"]["databaseId"]) == issue:
            return node["content"]["state"], (node["fieldValueByName"] or {}).get("name")
    raise AssertionError(f"the issue {issue} is not in the project")


def task(project: Project, issue: str) -> dict[str, Any]:
    found = [one for one in project.run("tasks").document if issue in [link["external_id"] for link in one["links"]]]
    return found[0]


def gitlab(project: Project, issue: str) -> dict[str, Any]:
    """GitLab's issue of the same task."""
    links = {link["source"]: link["external_id"] for link in task(project, issue)["links"]}
    return next(one for one in project.items("gitlab") if one["external_id"] == links["gitlab"])


def at_rest(project: Project) -> None:
    """A sync more writes nothing, and asks nobody."""
    assert synced(project) == []
    assert project.run("conflicts").document == []


def test_status_travels_both_ways_at_the_resolution_of_the_project(project: Project):
    checked = project.run("check")
    assert checked.status == 0, checked.stdout
    assert synced(project) == []
    made = len(project.requests_made("github"))
    assert synced(project) == []
    asked = [(one["method"], one["status"]) for one in project.requests_made("github")[made:]]
    assert asked.count(("POST", 200)) == 1, "the whole project in a call"
    assert set(asked) == {("POST", 200), ("GET", 304)}

    issue = project.create("github", title="On the board", labels=["bug"])
    synced(project)
    project.edit("github", issue, project_option="In Progress")
    synced(project)
    there = gitlab(project, issue)
    assert "status::doing" in there["payload"]["labels"], there["payload"]["labels"]
    assert synced(project) == []

    project.edit("gitlab", there["external_id"], state_event="close")
    synced(project)
    assert card(project, issue) == ("CLOSED", "Done")
    assert synced(project) == []

    project.edit("gitlab", there["external_id"], state_event="reopen", add_labels="status::doing")
    synced(project)
    assert card(project, issue) == ("OPEN", "In Progress")
    assert synced(project) == []

    project.edit("github", issue, project_option="Done")
    synced(project)
    assert gitlab(project, issue)["payload"]["state"] == "closed", "said to be done, although it is open"
    at_rest(project)


def test_write_that_stops_between_moving_the_card_and_opening_is_finished_by_the_next_sync(project: Project):
    issue = project.create("github", title="Opened again", labels=["bug"], project_option="Todo")
    project.edit("github", issue, state="closed")
    synced(project)
    there = gitlab(project, issue)["external_id"]
    project.edit("gitlab", there, state_event="reopen", add_labels="status::doing")
    project.fault("github", method="PATCH", path="/issues/", drop="before")
    project.run("sync")
    assert card(project, issue) == ("CLOSED", "In Progress"), "only the first of the two calls was made"
    project.mend()
    synced(project)
    assert card(project, issue) == ("OPEN", "In Progress")
    assert task(project, issue)["status"] == "started"
    assert "status::doing" in gitlab(project, issue)["payload"]["labels"]
    at_rest(project)


def test_project_that_cannot_be_read_leaves_every_status_as_it_is(project: Project):
    before = {one["task_id"]: one["status"] for one in project.run("tasks").document}
    issue = next(one["external_id"] for one in project.items("github") if one["payload"]["state"] == "open")
    project.edit("github", issue, title="Edited meanwhile")
    project.fault("github", method="POST", path="/graphql", status=403, body={"message": "Forbidden"})
    ran = project.run("sync")
    assert ran.status == 1 and "the project team/1 could not be read" in ran.stdout + ran.stderr
    assert task(project, issue)["title"] == "Edited meanwhile"
    assert {one["task_id"]: one["status"] for one in project.run("tasks").document} == before
    project.mend()
    synced(project)
    assert {one["task_id"]: one["status"] for one in project.run("tasks").document} == before
    at_rest(project)
