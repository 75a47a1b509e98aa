"""A team with GitHub and GitLab, by the commands: what is in both is one task, and stays the same in both."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import requests

from tests.support.pairs import GitLab
from tests.support.project import Project, sandbox_project

pytest.importorskip("pysail", reason="the embedded engine is not installed")
pytestmark = [pytest.mark.slow, pytest.mark.timeout(300), pytest.mark.xdist_group("github-with-gitlab")]

BOTH = "rules:\n  - {name: bugs, when: \"array_contains(labels, 'bug')\", to: [github, gitlab]}\n"


class GitHub:
    """The sandbox's GitHub as a person with its API sees it."""

    def __init__(self, project: Project) -> None:
        self._served = project.served["github"]

    def call(self, method: str, path: str, **body: Any) -> Any:
        url = path if path.startswith("http") else self._served.base_url + path
        headers = {"Authorization": f"Bearer {self._served.token}"}
        answer = requests.request(method, url, json=body or None, headers=headers, timeout=10)
        assert answer.ok, answer.text
        return answer.json() if answer.content else None


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    arguments = ("--providers", "github,gitlab", "--tasks", "40", "--quota-scale", "100")
    with sandbox_project(tmp_path_factory.mktemp("team"), *arguments) as made:
        made.settings("routing.yml", BOTH)
        ran = made.run("sync")
        assert ran.status == 0, ran.stderr
        yield made


def twin(project: Project, external_id: str) -> dict[str, Any]:
    """GitLab's issue of the same task."""
    for task in project.run("tasks").document:
        links = {link["source"]: link["external_id"] for link in task["links"]}
        if links.get("github") == external_id:
            return next(one["payload"] for one in project.items("gitlab") if one["external_id"] == links["gitlab"])
    raise AssertionError(f"no task has the issue {external_id}")


def shown(project: Project, external_id: str) -> dict[str, Any]:
    return next(one["payload"] for one in project.items("github") if one["external_id"] == external_id)


def synced(project: Project) -> list[dict[str, Any]]:
    ran = project.run("sync")
    assert ran.status == 0, ran.stdout + ran.stderr
    return ran.document["writes"]


def test_all_is_well_and_a_second_sync_writes_nothing(project: Project):
    checked = project.run("check")
    assert checked.status == 0, checked.stdout
    assert synced(project) == []
    made = len(project.requests_made("github"))
    assert synced(project) == []
    asked = project.requests_made("github")[made:]
    assert {(one["method"], one["status"]) for one in asked} == {("GET", 304)}, "it would cost quota"
    assert len(asked) == 3 * 3, "a list of issues, one of comments and the newest commit for each repository"


def test_an_issue_and_its_edits_on_both_sides_stand_in_both(project: Project):
    here = project.create("github", title="Breaks for @kim-b", body="See #1, ask @kim-b.", labels=["bug"])
    assert [one["outcome"] for one in synced(project)] == ["acknowledged"]
    there = twin(project, here)
    assert (there["title"], there["description"].rpartition("\n")[2]) == ("Breaks for @kim-b", "See #1, ask @kim-b.")
    project.edit(
        "gitlab", str(there["id"]), state_event="close", add_labels="status::canceled", description="For @kim-b"
    )
    project.edit("github", here, title="Breaks for everybody", assignees=["kim-b"])
    synced(project)
    issue = shown(project, here)
    assert (issue["state"], issue["state_reason"]) == ("closed", "not_planned")
    assert issue["body"] == "For @\u2060kim-b", "nobody is called by what Worklake writes"
    now = twin(project, here)
    assert (now["title"], [one["username"] for one in now["assignees"]]) == ("Breaks for everybody", ["kim-b"])
    assert synced(project) == []


def test_comments_stand_once_in_both(project: Project):
    here = project.create("github", title="Discussed", labels=["bug"])
    synced(project)
    there = twin(project, here)
    github, gitlab = GitHub(project), GitLab(project)
    comments = shown(project, here)["comments_url"]
    github.call("POST", comments, body="Said in GitHub")
    gitlab.call("POST", f"/projects/{there['project_id']}/issues/{there['iid']}/notes", body="Said in GitLab")
    synced(project)
    notes = gitlab.call(
        "GET", f"/projects/{there['project_id']}/issues/{there['iid']}/notes?activity_filter=only_comments"
    )
    assert sum("Said in GitHub" in one["body"] for one in notes) == 1
    bodies = [one["body"] for one in github.call("GET", comments)]
    assert len(bodies) == 2 and "Said in GitLab" in bodies[1]
    assert synced(project) == []


def test_an_issue_made_in_gitlab_is_made_in_github_with_its_marker(project: Project):
    there = project.create("gitlab", title="From GitLab", labels="bug,priority::high", description="Text")
    synced(project)
    issue = next(one["payload"] for one in project.items("github") if one["payload"]["title"] == "From GitLab")
    assert issue["body"].startswith("<!-- worklake:task_") and issue["body"].endswith("Text")
    assert [one["name"] for one in issue["labels"]] == ["priority: high", "bug"]
    project.edit("gitlab", there, title="From GitLab, again")
    synced(project)
    assert shown(project, str(issue["id"]))["title"] == "From GitLab, again"


def test_a_creation_whose_reply_is_lost_is_made_once(project: Project):
    project.create("gitlab", title="Lost reply", labels="bug")
    project.fault("github", method="POST", path="/issues$", drop="after", times=1)
    project.run("sync")
    project.mend()
    project.run("sync")
    titles = [one["payload"]["title"] for one in project.items("github")]
    assert titles.count("Lost reply") == 1
    assert synced(project) == []


def test_what_was_deleted_in_github_is_closed_in_gitlab(project: Project):
    here = project.create("github", title="Deleted soon", labels=["bug"])
    synced(project)
    there = twin(project, here)
    mutation = "mutation ($id: ID!) { deleteIssue(input: {issueId: $id}) { clientMutationId } }"
    variables = {"id": shown(project, here)["node_id"]}
    GitHub(project).call("POST", "/graphql", query=mutation, variables=variables)
    swept = project.run("sweep")
    assert swept.status == 0, swept.stdout
    synced(project)
    now = next(one["payload"] for one in project.items("gitlab") if one["external_id"] == str(there["id"]))
    assert now["state"] == "closed"
