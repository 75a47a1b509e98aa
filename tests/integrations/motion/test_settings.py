from __future__ import annotations

import pytest
from pydantic import ValidationError

from worklake.integrations.motion import MotionSettings
from worklake.model.fields import Status


def settings(**more: object) -> MotionSettings:
    return MotionSettings.model_validate({"token": "env:X", "workspaces": ["Team"], **more})


def test_only_token_and_workspaces_are_needed():
    made = settings()
    assert (made.base_url, made.time_zone, made.comments) == ("https://api.usemotion.com", "UTC", False)
    assert (made.requests_per_minute, made.requests_per_run, made.home) == (11, 110, "Team")
    assert made.statuses["In Progress"] is Status.STARTED


def test_a_team_with_a_larger_quota_says_so():
    assert settings(requests_per_minute=110, run_minutes=5).requests_per_run == 550


def test_new_tasks_are_made_where_tasks_are_read():
    assert settings(workspaces=["Team", "Other"], create_in="Other").home == "Other"
    with pytest.raises(ValidationError, match="none of workspaces: Team"):
        settings(create_in="Elsewhere")


@pytest.mark.parametrize(
    ("key", "value", "told"),
    [
        ("workspaces", [], "at least 1"), ("time_zone", "Berlin", "not a time zone"),
        ("requests_per_minute", 0, "greater than 0"), ("statuses", {"Todo": "unstarted"}, "no name for completed"),
        ("statuses", {"Todo": "done"}, "completed"), ("statuses", {"Done": "completed"}, "no name for unstarted"),
        ("project", "x", "Extra inputs"),
    ],
)  # fmt: skip
def test_wrong_value_is_refused(key, value, told):
    with pytest.raises(ValidationError, match=told):
        settings(**{key: value})


def test_workspace_belongs_to_one_source_of_a_key():
    assert settings().places() == settings(comments=True).places()
    assert settings().places() != settings(token="env:Y").places()
