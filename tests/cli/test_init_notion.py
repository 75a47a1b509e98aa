"""`worklake init --notion`: what the settings name and a data source lacks is made there, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from ruamel.yaml import YAML

from tests.support.project import Project, sandbox_project

WANTED = {"due_date": "Deadline", "blocked_by": "Waits for", "priority": "Urgency", "description": "About"}


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    with sandbox_project(tmp_path / "project", "--providers", "notion", "--tasks", "3") as made:
        yield made


def change(project: Project, **changed: Any) -> str:
    """Give the tasks' data source other settings; its id."""
    path = project.folder / "conf" / "sources.yml"
    sources = YAML().load(path)
    tasks = sources["sources"]["notion"]["data_sources"]["tasks"]
    for key, value in changed.items():
        tasks[key] = {**tasks[key], **value} if isinstance(value, dict) and isinstance(tasks.get(key), dict) else value
    with path.open("w") as stream:
        YAML().dump(sources, stream)
    return str(tasks["id"])


def schema(project: Project, identity: str) -> dict[str, Any]:
    served = project.served["notion"]
    headers = {"Authorization": f"Bearer {served.token}", "Notion-Version": "2026-03-11"}
    answer = requests.get(f"{served.base_url}/v1/data_sources/{identity}", headers=headers, timeout=10)
    return dict(answer.json()["properties"])


def bad(project: Project) -> list[dict[str, Any]]:
    return [line for line in project.run("check").document["checks"] if not line["ok"] and "notion" in line["subject"]]


def test_properties_that_are_missing_are_named_by_check_and_made(project: Project):
    assert bad(project) == []
    identity = change(project, properties=WANTED)
    before = schema(project, identity)
    missing = bad(project)
    assert {name for name in WANTED.values() for line in missing if repr(name) in line["detail"]} == set(
        WANTED.values()
    )
    assert all("worklake init --notion" in line["mend"] for line in missing)
    made = project.run("init", "--notion")
    assert made.status == 0
    assert all(name in made.document["made"][-1]["detail"] for name in WANTED.values())
    after = schema(project, identity)
    assert {name: after[name]["type"] for name in after.keys() - before.keys()} == {
        "Deadline": "date", "Waits for": "relation", "Urgency": "select", "About": "rich_text",
    }  # fmt: skip
    assert {name: after[name] for name in before} == before
    assert after["Waits for"]["relation"]["data_source_id"] == identity
    assert [one["name"] for one in after["Urgency"]["select"]["options"]] == ["Urgent", "High", "Medium", "Low"]
    assert bad(project) == []
    again = project.run("init", "--notion").document
    assert "has all properties" in again["made"][-1]["detail"]


def test_status_is_made_as_a_select_with_the_options_of_the_settings(project: Project):
    identity = change(project, properties={"status": "Stage"})
    assert project.run("init", "--notion").status == 0
    made = schema(project, identity)["Stage"]
    assert made["type"] == "select"
    assert [one["name"] for one in made["select"]["options"]][:3] == ["Triage", "Backlog", "Not started"]
    assert bad(project) == []


def test_property_of_a_wrong_type_is_named_and_left_alone(project: Project):
    identity = change(project, properties={"due_date": "Points"})
    change(project, properties={"estimate_points": "Score"})
    (wrong,) = [line for line in bad(project) if "Points" in line["detail"]]
    assert "'Points' is a number and cannot hold due_date (a date)" in wrong["detail"]
    project.run("init", "--notion")
    assert schema(project, identity)["Points"]["type"] == "number"


def test_options_without_a_meaning_are_named_with_what_their_group_suggests(project: Project):
    change(project, statuses=None)
    identity = change(project, statuses={"Not started": "unstarted", "Done": "completed", "Gone": "canceled"})
    assert identity
    details = {line["detail"]: line["mend"] for line in bad(project)}
    missing = next(detail for detail in details if "no such option" in detail)
    assert "'Gone'" in missing
    unnamed = next(detail for detail in details if "have no meaning" in detail)
    assert "'In review'" in unnamed
    assert "In review: started" in details[unnamed] and "Triage: unstarted" in details[unnamed]


def test_id_of_a_database_is_told_with_the_ids_of_its_data_sources(project: Project):
    served = project.served["notion"]
    headers = {"Authorization": f"Bearer {served.token}", "Notion-Version": "2026-03-11"}
    identity = change(project)
    url = f"{served.base_url}/v1/data_sources/{identity}"
    database = requests.get(url, headers=headers, timeout=10).json()["parent"]["database_id"]
    change(project, id=database)
    (line,) = bad(project)
    assert "is the id of a database" in line["detail"] and f"{identity} (Tasks)" in line["mend"]


def test_without_a_source_of_notion_nothing_can_be_made(tmp_path: Path):
    with sandbox_project(tmp_path, "--providers", "gitlab", "--tasks", "1") as project:
        ran = project.run("init", "--notion")
        assert ran.status == 2
        assert "no source of the provider notion" in ran.document["error"]["message"]
