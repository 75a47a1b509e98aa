"""Work that lives in Notion and GitLab, told from outside: two tools and the command line."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import requests

from tests.support.project import Project, sandbox_project

pytest.importorskip("pysail", reason="the embedded engine is not installed")
pytestmark = pytest.mark.xdist_group("notion-and-gitlab")

ROUTES = """rules:
  - {name: shared, when: "title like 'Shared %'", to: [gitlab, notion]}
"""
POLICY = "fields: {default: latest}\nbrake: {share: 0.5, at_least: 10}\n"


@pytest.fixture(scope="module")
def project(tmp_path_factory) -> Iterator[Project]:
    folder = tmp_path_factory.mktemp("notion") / "project"
    with sandbox_project(folder, "--providers", "gitlab,notion", "--tasks", "12", "--quota-scale", "100") as made:
        made.settings("routing.yml", ROUTES)
        made.settings("policy.yml", POLICY)
        assert made.run("sync").status == 0
        yield made


def notion(project: Project, method: str, path: str, **body: Any) -> Any:
    served = project.served["notion"]
    headers = {"Authorization": f"Bearer {served.token}", "Notion-Version": "2026-03-11"}
    answer = requests.request(method, f"{served.base_url}/v1{path}", json=body or None, headers=headers, timeout=10)
    assert answer.ok, answer.text
    return answer.json()


def gitlab(project: Project, method: str, path: str, **body: Any) -> Any:
    served = project.served["gitlab"]
    headers = {"PRIVATE-TOKEN": served.token}
    url = f"{served.base_url}/api/v4{path}"
    answer = requests.request(method, url, json=body or None, headers=headers, timeout=10)
    assert answer.ok, answer.text
    return answer.json()


def title_of(page: Any) -> str:
    return "".join(one["plain_text"] for one in page["properties"]["Name"]["title"])


def issues(project: Project, title: str) -> list[Any]:
    return [one["payload"] for one in project.items("gitlab") if one["payload"]["title"] == title]


def found(project: Project, title: str) -> list[Any]:
    return [one["payload"] for one in project.items("notion") if title_of(one["payload"]) == title]


def body_of(project: Project, page: str) -> list[tuple[str, str]]:
    blocks = notion(project, "GET", f"/blocks/{page}/children")["results"]
    return [(one["type"], "".join(e["plain_text"] for e in one[one["type"]].get("rich_text", ()))) for one in blocks]


def sync(project: Project) -> Any:
    ran = project.run("sync")
    assert ran.status == 0, ran.stdout + ran.stderr
    return ran.document


def shared(project: Project, name: str, **fields: Any) -> tuple[Any, Any]:
    """A task that was written down in Notion and is in both tools: the page and the issue."""
    title = f"Shared {name}"
    project.create("notion", title=title, **fields)
    sync(project)
    (page,), (issue,) = found(project, title), issues(project, title)
    return page, issue


def test_page_goes_to_gitlab_with_its_body_and_both_sides_edits_meet(project: Project):
    text = "## Steps\n\n- [x] one\n- [ ] two\n\n```python\nx = 1\n```"
    page, issue = shared(project, "edits", description=text, priority="High", labels=["bug"], due_date="2031-01-02")
    assert text in issue["description"] and issue["due_date"] == "2031-01-02"
    assert {"bug", "priority::high"} <= set(issue["labels"])
    path = f"/projects/{issue['project_id']}/issues/{issue['iid']}"
    changed = issue["description"].replace("- [ ] two", "- [x] two")
    gitlab(project, "PUT", path, description=changed, due_date="2031-02-03")
    notion(project, "PATCH", f"/pages/{page['id']}", properties={"Status": {"status": {"name": "In review"}}})
    before = notion(project, "GET", f"/blocks/{page['id']}/children")["results"]
    sync(project)
    after = notion(project, "GET", f"/blocks/{page['id']}/children")["results"]
    assert [one["id"] for one in after] == [one["id"] for one in before]
    assert [one["to_do"]["checked"] for one in after if one["type"] == "to_do"] == [True, True]
    (page,) = found(project, "Shared edits")
    assert page["properties"]["Due"]["date"]["start"] == "2031-02-03"
    assert page["properties"]["Status"]["status"]["name"] == "In review"
    assert "status::doing" in issues(project, "Shared edits")[0]["labels"]
    assert sync(project)["writes"] == []


def test_issue_goes_to_notion_once_although_the_answer_is_lost(project: Project):
    project.fault("notion", method="POST", path="/v1/pages$", drop="after", times=1)
    project.create("gitlab", title="Shared and lost", description="Text\n\n* a\n* b")
    first = project.run("sync").document
    project.mend()
    assert [one["outcome"] for one in first["writes"] if one["error"]] != []
    sync(project)
    (page,) = found(project, "Shared and lost")
    assert body_of(project, page["id"]) == [
        ("paragraph", "Text"), ("bulleted_list_item", "a"), ("bulleted_list_item", "b"),
    ]  # fmt: skip
    noted = page["properties"]["External ID"]["rich_text"][0]["plain_text"]
    tasks = {one["title"]: one for one in project.run("tasks").document}
    assert noted == tasks["Shared and lost"]["task_id"]
    assert sync(project)["writes"] == []


@pytest.mark.slow
def test_comments_go_both_ways_once(project: Project):
    page, issue = shared(project, "talk")
    path = f"/projects/{issue['project_id']}/issues/{issue['iid']}/notes"
    gitlab(project, "POST", path, body="Said in **GitLab** by @kim")
    project.edit("notion", page["id"], comment="Said in Notion", title="Shared talk", labels=["talked"])
    sync(project)
    sync(project)
    said = notion(project, "GET", f"/comments?block_id={page['id']}")["results"]
    texts = ["".join(one["plain_text"] for one in comment["rich_text"]) for comment in said]
    assert sum("Said in GitLab by @" in one for one in texts) == 1
    assert all(one["type"] == "text" for comment in said for one in comment["rich_text"])
    notes = [note["body"] for note in gitlab(project, "GET", path) if not note["system"]]
    assert sum("Said in Notion" in note for note in notes) == 1
    assert sync(project)["writes"] == []


@pytest.mark.slow
def test_trashed_page_is_found_by_the_sweep_and_brought_back_by_a_person(project: Project):
    page, issue = shared(project, "trash")
    notion(project, "PATCH", f"/pages/{page['id']}", in_trash=True)
    swept = project.run("sweep", "--source", "notion").document["sources"]["notion"]
    assert (swept["archived"], swept["deleted"], swept["no_access"]) == (1, 0, 0)
    sync(project)
    assert issues(project, "Shared trash")[0]["state"] == "closed"
    notion(project, "PATCH", f"/pages/{page['id']}", in_trash=False)
    assert project.run("sweep", "--source", "notion").document["sources"]["notion"]["back"] == 1
    sync(project)
    assert issues(project, "Shared trash")[0]["state"] == "opened"
    assert issue["iid"] == issues(project, "Shared trash")[0]["iid"]


@pytest.mark.slow
def test_page_that_is_not_shared_any_more_closes_nothing_anywhere(project: Project):
    page, _ = shared(project, "hidden")
    project.edit("notion", page["id"], shared=False)
    swept = project.run("sweep", "--source", "notion").document["sources"]["notion"]
    assert (swept["no_access"], swept["deleted"], swept["archived"]) == (1, 0, 0)
    assert sync(project)["writes"] == []
    assert issues(project, "Shared hidden")[0]["state"] == "opened"
    project.edit("notion", page["id"], shared=True)
    project.run("sweep", "--source", "notion")
    project.edit("notion", page["id"], title="Shared and shown")
    sync(project)
    assert len(issues(project, "Shared and shown")) == 1


@pytest.mark.slow
def test_page_with_an_option_that_has_no_meaning_is_put_aside_and_says_what_to_do(project: Project):
    page, _ = shared(project, "odd")
    path = project.folder / "conf" / "sources.yml"
    text = path.read_text()
    path.write_text(text.replace("          Triage: triage\n", ""))
    project.edit("notion", page["id"], status="Triage", title="Shared and odd")
    try:
        project.run("sync")
        reasons = project.rows("select reason from {quarantine} where resolved_at is null and source = 'notion'")
        assert any("'Triage'" in one["reason"] and "`statuses`" in one["reason"] for one in reasons)
        assert issues(project, "Shared and odd") == []
        project.edit("notion", page["id"], status="In progress")
        sync(project)
        (issue,) = issues(project, "Shared and odd")
        assert "status::doing" in issue["labels"]
    finally:
        path.write_text(text)
