"""Edits that no listing brings, as in GitLab who is assigned does not move an issue's own time: told from outside."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.pairs import GitLab, pairs_in
from tests.support.project import Project, sandbox_project

pytest.importorskip("pysail", reason="the embedded engine is not installed")
pytestmark = pytest.mark.xdist_group("silent-edits")

PRIYA, MATEO = "priya.ozturk@team.example", "mateo.silva@team.example"
ACCOUNTS = {PRIYA: "priya.ozturk", MATEO: "mateo.silva"}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    with sandbox_project(tmp_path_factory.mktemp("silent-edits") / "project", "--tasks", "160") as made:
        made.run("sync")
        yield made


@pytest.fixture(scope="module")
def pairs(project: Project) -> list[tuple[str, str]]:
    """GitLab's and Linear's ids of tasks in both to which nobody is assigned."""
    return pairs_in(project, lambda task: not (task["assignees"] or task["archived"] or task["confidential"]))


def shown(project: Project, provider: str, external_id: str) -> dict[str, Any]:
    payload: dict[str, Any] = next(
        one["payload"] for one in project.items(provider) if one["external_id"] == external_id
    )
    return payload


def assign_in_gitlab(project: Project, external_id: str, *people: str) -> None:
    """A person says in GitLab who is assigned, which leaves the issue's own time as it was."""
    gitlab, before = GitLab(project), shown(project, "gitlab", external_id)
    accounts = {one["username"]: one["id"] for one in gitlab.call("GET", "/users?per_page=100")}
    path = f"/projects/{before['project_id']}/issues/{before['iid']}"
    gitlab.call("PUT", path, assignee_ids=[accounts[ACCOUNTS[one]] for one in people] or [0])
    now = shown(project, "gitlab", external_id)
    assert now["assignees"] != before["assignees"]
    assert now["updated_at"] == before["updated_at"]


def assigned(project: Project, twins: tuple[str, str]) -> tuple[set[str], str | None]:
    """Who is assigned in GitLab, and who in Linear."""
    here, there = (shown(project, *one) for one in zip(("gitlab", "linear"), twins, strict=True))
    people = {account: email for email, account in ACCOUNTS.items()}
    return {people[one["username"]] for one in here["assignees"]}, (there["assignee"] or {}).get("email")


def syncs(project: Project) -> list[tuple[int, int]]:
    """How many steps each of some syncs applied, and how many it found stale."""
    ran = [project.run("sync").document for _ in range(4)]
    return [(one["applied"], one["stale"]) for one in ran]


def test_people_assigned_in_both_tools_come_to_rest_although_gitlab_s_listing_does_not_tell(
    project: Project, pairs: list[tuple[str, str]]
) -> None:
    here, there = pairs[0]
    assign_in_gitlab(project, here, PRIYA)
    project.edit("linear", there, assignee=MATEO)
    ran = syncs(project)
    assert ran[0] == (0, 1)
    assert ran[-2:] == [(0, 0), (0, 0)]
    assert assigned(project, pairs[0]) == ({PRIYA, MATEO}, MATEO)
    told = project.run("explain", here).document
    edits = [(one["source"], one["new"]) for one in told["changes"] if one["field"] == "assignees"]
    assert any(source == "gitlab" and PRIYA in new for source, new in edits)
    assert any(source == "linear" and MATEO in new for source, new in edits)
    assert project.run("conflicts").document == []


@pytest.mark.slow
def test_what_an_apply_found_stale_is_told_at_once_and_done_by_the_next_sync(
    project: Project, pairs: list[tuple[str, str]]
) -> None:
    here, there = pairs[1]
    project.edit("linear", there, assignee=MATEO)
    plan = project.run("plan").document
    assign_in_gitlab(project, here, PRIYA)
    ran = project.run("apply", plan["plan_id"])
    assert (ran.status, ran.document["applied"], ran.document["stale"]) == (1, 0, 1)
    told = project.run("explain", here).document["changes"]
    (edit,) = [one for one in told if (one["run_id"], one["decision"]) == (ran.document["run_id"], "taken")]
    assert (edit["source"], edit["field"], edit["new"]) == ("gitlab", "assignees", [MATEO, PRIYA])
    assert syncs(project)[-2:] == [(0, 0), (0, 0)]
    assert assigned(project, pairs[1]) == ({PRIYA, MATEO}, MATEO)
