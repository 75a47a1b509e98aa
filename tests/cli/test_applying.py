"""Stories of apply over three sources: what refers to one another, and how many calls it takes."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from tests.support.project import Project, sandbox_project, worklake_command
from worklake.integrations.http import Http

pytest.importorskip("pysail", reason="the embedded engine is not installed")
pytestmark = pytest.mark.xdist_group("applying")

SOURCES = """
sources:
  eng: {{provider: linear, token: file:secrets/linear, base_url: {linear}, teams: [ENG]}}
  ops: {{provider: linear, token: file:secrets/linear, base_url: {linear}, teams: [OPS]}}
  web: {{provider: gitlab, token: file:secrets/gitlab, base_url: {gitlab}, projects: [team/web]}}
"""
ROUTING = """
rules:
  - {name: mirrored, when: "title like 'Mirrored%'", to: [ops]}
  - {name: shared, when: "title like 'Shared%'", to: [eng, web]}
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    with sandbox_project(tmp_path_factory.mktemp("applying") / "project", "--tasks", "6") as made:
        made.settings("sources.yml", SOURCES.format(**{name: one.base_url for name, one in made.served.items()}))
        made.settings("routing.yml", ROUTING)
        made.run("sync")
        yield made


@pytest.fixture(autouse=True)
def nobody_waits(project: Project, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setitem(Http.__init__.__kwdefaults__, "sleep", lambda seconds: None)
    yield
    project.mend()


def linear_says(project: Project, query: str, **variables: Any) -> Any:
    linear = project.served["linear"]
    answer = requests.post(
        f"{linear.base_url}/graphql",
        json={"query": query, "variables": variables},
        headers={"Authorization": linear.token},
        timeout=10,
    )
    return answer.json()["data"]


def blocks(project: Project, blocker: str, blocked: str) -> None:
    """A person says in Linear that one issue blocks another."""
    query = "mutation($i: IssueRelationCreateInput!) { issueRelationCreate(input: $i) { success } }"
    said = linear_says(project, query, i={"issueId": blocker, "relatedIssueId": blocked, "type": "blocks"})
    assert said["issueRelationCreate"]["success"]


def blockers(project: Project, issue: str) -> set[str]:
    """The issues that Linear shows as blockers of another."""
    query = "query($id: String!) { issue(id: $id) { inverseRelations { nodes { type issue { id } } } } }"
    shown = linear_says(project, query, id=issue)["issue"]["inverseRelations"]["nodes"]
    return {one["issue"]["id"] for one in shown if one["type"] == "blocks"}


def task_of(project: Project, source: str, external_id: str) -> dict[str, Any]:
    """The task that an item is."""
    return next(
        task
        for task in project.run("tasks").document
        for link in task["links"]
        if (link["source"], link["external_id"]) == (source, external_id)
    )


def item_of(project: Project, task: dict[str, Any], source: str) -> dict[str, Any]:
    """What a source shows of a task."""
    provider = "gitlab" if source == "web" else "linear"
    (external_id,) = [link["external_id"] for link in task["links"] if link["source"] == source]
    return next(one["payload"] for one in project.items(provider) if one["external_id"] == external_id)


def test_parent_child_and_blocker_made_in_one_plan_are_whole_after_one_sync(project: Project) -> None:
    child = project.create("linear", title="Mirrored child", team="ENG")
    blocked = project.create("linear", title="Mirrored and blocked", team="ENG")
    parent = project.create("linear", title="Mirrored parent", team="ENG")
    project.edit("linear", child, parentId=parent)
    blocks(project, parent, blocked)
    blocks(project, child, blocked)
    ran = project.run("sync")
    assert (ran.status, ran.document["applied"]) == (0, 3)
    tasks = {name: task_of(project, "eng", one) for name, one in
             (("child", child), ("blocked", blocked), ("parent", parent))}  # fmt: skip
    made = {name: item_of(project, task, "ops") for name, task in tasks.items()}
    assert made["child"]["parent"]["id"] == made["parent"]["id"]
    assert tasks["blocked"]["blocked_by"] == sorted([tasks["parent"]["task_id"], tasks["child"]["task_id"]])
    assert blockers(project, made["blocked"]["id"]) == {made["parent"]["id"], made["child"]["id"]}
    for _ in range(3):
        again = project.run("sync")
        assert (again.status, again.document["writes"]) == (0, [])


def test_a_child_that_was_there_before_its_parent_gets_it_with_the_sync_that_makes_the_parent(project: Project) -> None:
    child = project.create("linear", title="Mirrored early child", team="ENG")
    parent = project.create("linear", title="A parent that stays at home", team="ENG")
    project.edit("linear", child, parentId=parent)
    project.run("sync")
    assert item_of(project, task_of(project, "eng", child), "ops")["parent"] is None
    project.edit("linear", parent, title="Mirrored late parent")
    project.run("sync")
    made = item_of(project, task_of(project, "eng", parent), "ops")
    assert item_of(project, task_of(project, "eng", child), "ops")["parent"]["id"] == made["id"]
    assert project.run("sync").document["writes"] == []


@pytest.mark.parametrize(("here", "there", "kind"), [("eng", "web", "gitlab"), ("web", "eng", "linear")])
def test_an_item_that_was_just_made_has_its_url_and_goes_by_its_key(
    project: Project, here: str, there: str, kind: str
) -> None:
    born = {"eng": "linear", "web": "gitlab"}[here]
    external_id = project.create(born, title=f"Shared from {here}", **({"team": "ENG"} if here == "eng" else {}))
    assert project.run("sync").document["applied"] == 1
    task = task_of(project, here, external_id)
    shown = item_of(project, task, there)
    key, url = {
        "linear": lambda: (shown["identifier"], shown["url"]),
        "gitlab": lambda: (shown["references"]["full"], shown["web_url"]),
    }[kind]()
    assert [link["url"] for link in task["links"] if link["source"] == there] == [url]
    for name in (key, key.lower(), url):
        assert project.run("explain", name).document["task_id"] == task["task_id"], name


def asked(project: Project, provider: str) -> Counter[str]:
    """The calls so far, by what they ask for."""
    return Counter(
        str(one.get("operation") or f"{one['method']} {one['path']}") for one in project.requests_made(provider)
    )


def applied_with(project: Project, provider: str) -> tuple[int, Counter[str]]:
    """How many steps the next plan has, and the calls to a provider that applying it takes."""
    plan = project.run("plan").document
    before = asked(project, provider)
    assert project.run("apply", plan["plan_id"]).status == 0
    return len(plan["steps"]), asked(project, provider) - before


def test_applying_takes_one_call_for_each_step_and_one_to_read_all_their_items(project: Project) -> None:
    made = [project.create("gitlab", title=f"Shared {number}", project="team/web") for number in range(5)]
    assert project.run("sync").document["applied"] == 5
    for external_id in made:
        project.edit("gitlab", external_id, title="Shared and renamed", due_date="2031-01-02")
    steps, calls = applied_with(project, "linear")
    assert steps == 5
    assert calls.pop("UpdateIssue") == 5
    assert sum(calls.values()) == 1, calls
    for external_id in made:
        linear = [one["external_id"] for one in task_of(project, "web", external_id)["links"] if one["source"] == "eng"]
        project.edit("linear", linear[0], title="Shared and renamed again")
    steps, calls = applied_with(project, "gitlab")
    assert steps == 5
    assert sum(count for call, count in calls.items() if call.startswith("PUT")) == 5
    assert sum(calls.values()) == 5 + 1, calls


def test_a_tool_s_own_form_of_a_value_is_told_and_comes_back_as_no_change(project: Project) -> None:
    external_id = project.create("gitlab", title="Shared text", project="team/web")
    project.run("sync")
    project.edit("gitlab", external_id, description="* one\n* two\n\nand *three*")
    ran = project.run("sync").document
    told = [one for write in ran["writes"] for one in write.get("adjusted", ())]
    assert [one["field"] for one in told] == ["description"]
    assert told[0]["sent"] != told[0]["shown"]
    assert project.run("sync").document["writes"] == []
    shown = next(one for one in project.items("gitlab") if one["external_id"] == external_id)
    assert shown["payload"]["description"] == "* one\n* two\n\nand *three*"


def status_of(project: Project, source: str) -> dict[str, Any]:
    return next(one for one in project.run("status").document["sources"] if one["source"] == source)


def test_a_dry_run_is_the_plan_of_a_sync_and_writes_nothing(project: Project) -> None:
    project.create("gitlab", title="Shared dryly", project="team/web")
    before = project.items("linear")
    dry = project.run("sync", "--dry-run")
    assert (dry.status, len(dry.document["steps"])) == (0, 1)
    assert project.run("plan").document["plan_id"] == dry.document["plan_id"]
    assert project.items("linear") == before
    assert project.run("sync").document["plan_id"] == dry.document["plan_id"]


def test_status_tells_what_is_not_written_why_and_how_to_mend_it(project: Project) -> None:
    external_id = project.create("gitlab", title="Shared in vain", project="team/web")
    project.fault("linear", method="POST", path="/graphql", operation="CreateIssue", status=401)
    ran = project.run("sync")
    assert (ran.status, ran.document["failed"]) == (1, 1)
    eng = status_of(project, "eng")
    assert (eng["pending"], status_of(project, "web")["pending"]) == (1, 0)
    assert "make a new one" in eng["paused"]
    (failure,) = project.run("status").document["failures"]
    assert (failure["source"], failure["operation"], failure["outcome"]) == ("eng", "create", "paused")
    words = worklake_command("status", "--project", str(project.folder)).stdout
    assert "eng: nothing was written by the last run" in words
    assert "not written: eng create 'Shared in vain': paused" in words
    project.mend()
    assert project.run("sync").document["applied"] == 1
    eng = status_of(project, "eng")
    assert (eng["pending"], eng["paused"], project.run("status").document["failures"]) == (0, None, [])
    assert {link["source"] for link in task_of(project, "web", external_id)["links"]} == {"eng", "web"}


def test_a_run_that_finds_nothing_to_do_commits_nothing(project: Project) -> None:
    while project.run("sync").document["writes"]:
        pass
    project.run("plan")
    before = project.versions()
    assert project.run("sync").status == 0
    plan = project.run("plan")
    assert (plan.status, plan.document["steps"]) == (0, [])
    applied = project.run("apply")
    assert (applied.status, applied.document["plan_id"]) == (0, plan.document["plan_id"])
    assert (applied.document["applied"], applied.document["writes"]) == (0, [])
    assert project.versions() == before
