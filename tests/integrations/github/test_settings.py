from __future__ import annotations

import pytest
from pydantic import ValidationError

from worklake.integrations.github.settings import GitHubSettings
from worklake.model.fields import Priority, Status


def settings(**more: object) -> GitHubSettings:
    return GitHubSettings.model_validate({"token": "env:X", "repositories": ["team/web"], **more})


def test_only_token_and_repositories_are_needed():
    made = settings()
    assert made.base_url == "https://api.github.com"
    assert made.status_labels == {}
    assert made.priority_labels["priority: urgent"] is Priority.URGENT
    assert made.writes_per_minute <= 80


def test_labels_are_given_a_meaning():
    made = settings(status_labels={"in progress": "started"}, priority_labels={"P1": "high"})
    assert made.status_labels == {"in progress": Status.STARTED}
    assert made.priority_labels == {"P1": Priority.HIGH}


def test_a_project_has_the_options_of_a_new_one_unless_told():
    made = settings(project={"owner": "team", "number": 3}).project
    assert made is not None and made.field == "Status"
    assert made.status == {"Todo": Status.UNSTARTED, "In Progress": Status.STARTED, "Done": Status.COMPLETED}


def test_a_repository_is_the_same_whatever_its_case_and_whoever_reads_it():
    assert settings(repositories=["/Team/Web/"]).places() == {
        "https://api.github.com team/web": "the repository Team/Web"
    }
    assert settings(create_in="Team/Web").create_in == "Team/Web"


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"repositories": []}, "at least 1 item"),
        ({"repositories": ["web"]}, "'web' is not a repository; write its owner and name"),
        ({"repositories": ["a/b/c"]}, "is not a repository"),
        ({"repositories": ["team/.."]}, "is not a repository"),
        ({"repositories": ["https://github.com/team/web"]}, "is a URL; a repository is its owner and name"),
        ({"repositories": ["team/web", "Team/Web"]}, "named twice"),
        ({"create_in": "team/api"}, "none of `repositories`"),
        ({"status_labels": {"x": "doing"}}, "'triage', 'backlog', 'unstarted', 'started', 'completed' or 'canceled'"),
        ({"status_labels": {"x": "completed"}}, "GitHub tells by itself whether an issue was closed as completed"),
        ({"status_labels": {"x" * 51: "started"}}, "cannot be a label of GitHub"),
        ({"status_labels": {"Doing": "started", "doing": "backlog"}}, "GitHub knows a label in any case"),
        ({"status_labels": {"X": "started"}, "priority_labels": {"x": "low"}}, "leave it in one"),
        ({"priority_labels": {"x": "none"}}, "cannot stand for priority none"),
        ({"project": {"owner": "team"}}, "number"),
        ({"project": {"owner": "team/x", "number": 1}}, "should match pattern"),
        ({"project": {"owner": "team", "number": 0}}, "greater than or equal to 1"),
        ({"project": {"owner": "team", "number": 1, "status": {}}}, "at least 1 item"),
        ({"project": {"owner": "team", "number": 1, "status": {"Done": "done"}}}, "'completed' or 'canceled'"),
        (
            {"project": {"owner": "team", "number": 1, "status": {"Done": "completed", "done": "canceled"}}},
            "in any case",
        ),
        ({"project": {"owner": "team", "number": 1, "status": {" Done": "completed"}}}, "no space at either end"),
        (
            {"project": {"owner": "team", "number": 1}, "status_labels": {"doing": "started"}},
            "in `status_labels` or in `project`, not in both",
        ),
        ({"writes_per_minute": 0}, "greater than or equal to 1"),
        ({"base_url": "github.com"}, "starts with https://"),
        ({"projects": ["team/web"]}, "Extra inputs"),
    ],
)
def test_mistake_is_told_with_what_is_allowed(wrong, told):
    with pytest.raises(ValidationError) as raised:
        settings(**wrong)
    assert told in str(raised.value)
