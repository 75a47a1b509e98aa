from __future__ import annotations

import pytest
from pydantic import ValidationError

from worklake.integrations.gitlab.settings import GitLabSettings
from worklake.model.fields import Priority, Status


def settings(**more: object) -> GitLabSettings:
    return GitLabSettings.model_validate({"token": "env:X", "projects": ["team/web"], **more})


def test_only_token_and_projects_are_needed():
    made = settings()
    assert made.base_url == "https://gitlab.com"
    assert made.status_labels == {}
    assert made.priority_labels["priority::1"] is Priority.URGENT


def test_projects_are_paths_or_ids():
    assert settings(projects=["/team/sub/web/", 42]).projects == ("team/sub/web", "42")


def test_labels_are_given_a_meaning():
    made = settings(status_labels={"status::doing": "started"}, priority_labels={"P1": "high"})
    assert made.status_labels == {"status::doing": Status.STARTED}
    assert made.priority_labels == {"P1": Priority.HIGH}


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"projects": []}, "at least 1 item"),
        ({"projects": ["web"]}, "'web' is not a project; write its full path"),
        ({"projects": ["https://gitlab.com/team/web"]}, "is a URL; a project is its path"),
        ({"projects": ["team/web", "Team/Web"]}, "named twice"),
        ({"status_labels": {"x": "doing"}}, "'triage', 'backlog', 'unstarted', 'started', 'completed' or 'canceled'"),
        ({"status_labels": {"a,b": "started"}}, "cannot be a label of GitLab"),
        ({"status_labels": {"x": "started"}, "priority_labels": {"x": "low"}}, "leave it in one"),
        ({"priority_labels": {"x": "none"}}, "cannot stand for priority none"),
        ({"base_url": "gitlab.com"}, "starts with https://"),
        ({"project": "team/web"}, "Extra inputs"),
    ],
)
def test_mistake_is_told_with_what_is_allowed(wrong, told):
    with pytest.raises(ValidationError) as raised:
        settings(**wrong)
    assert told in str(raised.value)
