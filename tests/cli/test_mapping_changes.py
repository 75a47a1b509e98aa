"""The settings of a mapping change while a task is in two tools, told from outside."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from tests.support.pairs import pairs_in
from tests.support.project import Project, sandbox_project

pytest.importorskip("pysail", reason="the embedded engine is not installed")
pytestmark = pytest.mark.xdist_group("mapping")

MARK = "bug"


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    with sandbox_project(tmp_path_factory.mktemp("mapping") / "project", "--tasks", "160") as made:
        made.run("sync")
        yield made


def shown(project: Project, provider: str, external_id: str) -> dict[str, Any]:
    return dict(next(one["payload"] for one in project.items(provider) if one["external_id"] == external_id))


def labels(project: Project, pair: tuple[str, str]) -> tuple[set[str], set[str]]:
    """The labels in GitLab and in Linear."""
    there = shown(project, "linear", pair[1])["labels"]
    names = there["nodes"] if isinstance(there, dict) else there
    return set(shown(project, "gitlab", pair[0])["labels"]), {one["name"] for one in names}


def priority_labels(project: Project, **more: str) -> None:
    """Give labels a priority besides those of the settings."""
    path = project.folder / "conf" / "sources.yml"
    settings = yaml.safe_load(path.read_text())
    own = {label: word for label, word in settings["sources"]["gitlab"]["priority_labels"].items() if label != MARK}
    settings["sources"]["gitlab"]["priority_labels"] = {**more, **own}
    path.write_text(yaml.safe_dump(settings, sort_keys=False))


def test_a_label_that_gets_a_meaning_fills_what_is_lacking_asks_where_values_differ_and_takes_nothing(
    project: Project,
) -> None:
    lacking, differing = pairs_in(project, lambda task: not task["archived"] and not task["confidential"])[:2]
    for pair, word in ((lacking, None), (differing, "priority::high")):
        project.edit("gitlab", pair[0], labels=[MARK, *([word] if word else [])])
    assert project.run("sync").status == 0
    assert [shown(project, "linear", pair[1])["priority"] for pair in (lacking, differing)] == [0, 2]
    before = [labels(project, pair) for pair in (lacking, differing)]
    assert all(MARK in names for both in before for names in both)

    priority_labels(project, **{MARK: "urgent"})
    ran = project.run("sync")
    assert [shown(project, "linear", pair[1])["priority"] for pair in (lacking, differing)] == [1, 2]
    assert [labels(project, pair) for pair in (lacking, differing)] == before
    assert ran.status == 3
    waiting = {one["task_id"]: one for one in project.run("conflicts").document}
    task_id = project.run("explain", differing[1]).document["task_id"]
    assert {value["value"] for value in waiting[task_id]["values"]} == {"high", "urgent"}
    assert {one["field"] for one in waiting.values()} == {"priority"}
    told = project.run("explain", lacking[1]).document["changes"]
    (filled,) = [
        one for one in told if one["field"] == "priority" and one["new"] == "urgent" and one["decision"] == "taken"
    ]
    assert (filled["changed_at"], filled["actor"], filled["reason"]) == (None, None, "read anew with changed settings")

    priority_labels(project)
    assert project.run("sync").status == 0
    assert project.run("conflicts").document == []
    assert shown(project, "linear", differing[1])["priority"] == 2
    assert all(MARK in names for pair in (lacking, differing) for names in labels(project, pair))
    last = project.run("sync")
    assert (last.status, last.document["writes"]) == (0, [])


def assigned(project: Project, pairs: list[tuple[str, str]]) -> list[tuple[list[int], str | None]]:
    """Who is assigned in GitLab and in Linear."""
    return [
        (
            [one["id"] for one in shown(project, "gitlab", here)["assignees"]],
            (shown(project, "linear", there)["assignee"] or {}).get("id"),
        )
        for here, there in pairs
    ]


@pytest.mark.slow
def test_people_who_are_left_out_of_the_settings_and_known_again_stay_assigned_everywhere(project: Project) -> None:
    pairs = pairs_in(project, lambda task: bool(task["assignees"]) and not task["archived"])
    before, known = assigned(project, pairs), (project.folder / "conf" / "people.yml").read_text()
    assert any(here and there for here, there in before)
    project.settings("people.yml", "people: []\n")
    assert project.run("sync").document["writes"] == []
    assert assigned(project, pairs) == before
    project.settings("people.yml", known)
    assert project.run("sync").document["writes"] == []
    assert assigned(project, pairs) == before
    assert all("@gitlab" not in one for task in project.run("tasks").document for one in task["assignees"])
