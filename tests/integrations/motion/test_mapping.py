"""What a Motion task means, and how a task is put there."""

from __future__ import annotations

import pytest

from worklake.errors import UnreadableError
from worklake.integrations.motion import MotionSettings
from worklake.integrations.motion.mapping import MotionLens
from worklake.integrations.views import CommentView, PersonView, ProjectView, TaskView
from worklake.model.rows import Kind

WORKSPACE = {
    "id": "ws1",
    "name": "Team",
    "statuses": [
        {"name": "Not Started", "isDefaultStatus": True, "isResolvedStatus": False},
        {"name": "In Review", "isDefaultStatus": False, "isResolvedStatus": False},
        {"name": "Completed", "isDefaultStatus": False, "isResolvedStatus": True},
        {"name": "Shipped", "isDefaultStatus": False, "isResolvedStatus": True},
        {"name": "Canceled", "isDefaultStatus": False, "isResolvedStatus": False},
    ],
    "labels": [{"name": "bug"}],
}
TASK = {
    "id": "tk1",
    "name": "A task",
    "description": "",
    "duration": "NONE",
    "dueDate": None,
    "startOn": None,
    "completed": False,
    "completedTime": None,
    "createdTime": "2026-03-18T09:00:00.000Z",
    "updatedTime": "2026-03-18T10:00:00.000Z",
    "lastInteractedTime": None,
    "creator": {"id": "us1", "name": "Kim", "email": "kim@x.example"},
    "assignees": [],
    "workspace": WORKSPACE,
    "project": None,
    "status": WORKSPACE["statuses"][0],
    "priority": "MEDIUM",
    "labels": [],
    "scheduledStart": None,
    "scheduledEnd": None,
    "schedulingIssue": False,
    "chunks": [],
}


def lens(**settings: object) -> MotionLens:
    return MotionLens(MotionSettings.model_validate({"token": "env:X", "workspaces": ["Team"], **settings}))


def fields(task: dict, **settings: object) -> dict:
    view = lens(**settings).view(Kind.TASK, task)
    assert isinstance(view, TaskView)
    return view.fields


def status(name: str, *, resolved: bool = False) -> dict:
    return {**TASK, "status": {"name": name, "isDefaultStatus": False, "isResolvedStatus": resolved}}


@pytest.mark.parametrize(
    ("name", "resolved", "meaning"),
    [
        ("Backlog", False, "backlog"), ("Todo", False, "unstarted"), ("Not Started", False, "unstarted"),
        ("In Progress", False, "started"), ("Completed", True, "completed"), ("Canceled", False, "canceled"),
        ("In Review", False, "unstarted"), ("Shipped", True, "completed"),
    ],
)  # fmt: skip
def test_status_is_what_its_name_means_and_else_open_or_completed(name, resolved, meaning):
    assert fields(status(name, resolved=resolved))["status"] == meaning


def test_settings_say_what_a_workspaces_own_statuses_mean():
    meant = {"In Review": "started", "Todo": "unstarted", "Completed": "completed"}
    assert fields(status("In Review"), statuses=meant)["status"] == "started"
    assert fields(status("Canceled"), statuses=meant)["status"] == "unstarted"
    assert lens(statuses=meant).fingerprint() != lens().fingerprint()


def test_status_is_put_by_the_name_that_the_tasks_own_workspace_has():
    put = lens().put({"status": "unstarted"}, status("In Review"))
    assert put["status"]["name"] == "In Review", "it means that already"
    done = lens().put({"status": "completed"}, TASK)
    assert (done["status"]["name"], done["completed"], done["completedTime"]) == (
        "Completed", True, "2026-03-18T10:00:00.000Z",
    )  # fmt: skip
    again = lens().put({"status": "unstarted"}, done)
    assert (again["status"]["name"], again["completed"], again["completedTime"]) == ("Not Started", False, None)


@pytest.mark.parametrize(("wanted", "shown"), [("triage", "backlog"), ("canceled", "canceled"), ("started", "started")])
def test_status_without_a_name_is_shown_as_the_nearest(wanted, shown):
    assert lens().project({"status": wanted}, None) == {"status": shown}
    few = {"Todo": "unstarted", "Completed": "completed"}
    nearest = {"triage": "unstarted", "canceled": "completed", "started": "unstarted"}
    assert lens(statuses=few).project({"status": wanted}, None) == {"status": nearest[wanted]}


def test_status_of_a_workspace_with_words_of_its_own_is_open_or_completed():
    own = [
        {"name": "Doing", "isDefaultStatus": False, "isResolvedStatus": False},
        {"name": "Someday", "isDefaultStatus": True, "isResolvedStatus": False},
        {"name": "Finished", "isDefaultStatus": False, "isResolvedStatus": True},
    ]
    task = {**TASK, "workspace": {**WORKSPACE, "statuses": own}, "status": own[0]}
    done = lens().put({"status": "completed"}, task)
    assert done["status"] == own[2]
    assert lens().put({"status": "unstarted"}, done)["status"] == own[1]


def test_status_that_does_not_exist_any_more_means_nothing():
    meant = {"In Review": "started", "Todo": "unstarted", "Completed": "completed"}
    left = lens(statuses=meant).without({"status": ["In Review"]})
    assert left.fields_of(status("In Review"))["status"] == "unstarted"


def test_no_priority_is_shown_as_medium_and_stays_none_elsewhere():
    shown = fields(TASK)
    assert shown["priority"] == "medium"
    assert lens().project({"priority": "none"}, shown) == {"priority": "medium"}


@pytest.mark.parametrize(("duration", "minutes"), [("NONE", None), ("REMINDER", None), (30, 30), (0, None)])
def test_duration_is_an_estimate_where_it_is_one(duration, minutes):
    assert fields({**TASK, "duration": duration})["estimate_minutes"] == minutes


def test_reminder_stays_one_until_it_gets_an_estimate():
    reminder = {**TASK, "duration": "REMINDER"}
    assert lens().put({"estimate_minutes": None}, reminder)["duration"] == "REMINDER"
    assert lens().put({"estimate_minutes": 45}, reminder)["duration"] == 45
    assert lens().put({"estimate_minutes": None}, {**TASK, "duration": 45})["duration"] == "NONE"


@pytest.mark.parametrize(
    ("due", "zone", "day"),
    [
        ("2026-08-20T22:00:00.000Z", "UTC", "2026-08-20"),
        ("2026-08-20T22:00:00.000Z", "Europe/Berlin", "2026-08-21"),
        ("2026-08-21T05:00:00.000Z", "America/Los_Angeles", "2026-08-20"),
    ],
)
def test_due_time_is_a_day_where_the_people_are(due, zone, day):
    assert fields({**TASK, "dueDate": due}, time_zone=zone)["due_date"] == day


def test_day_without_a_time_is_due_at_its_end_and_else_at_the_time_it_had():
    berlin = lens(time_zone="Europe/Berlin")
    assert berlin.put({"due_date": "2026-08-20"}, TASK)["dueDate"] == "2026-08-20T21:59:59.000Z"
    at_noon = {**TASK, "dueDate": "2026-01-15T11:00:00.000Z"}
    assert berlin.put({"due_date": "2026-08-20"}, at_noon)["dueDate"] == "2026-08-20T10:00:00.000Z"
    assert berlin.put({"due_date": "2026-01-15"}, at_noon) == at_noon


def test_start_is_read_and_stays_the_schedulers():
    started = {**TASK, "startOn": "2026-03-20"}
    shown = fields(started)
    assert shown["start_date"] == "2026-03-20"
    assert lens().put({"start_date": "2026-05-01"}, started) == started
    assert lens().project({"start_date": "2026-05-01"}, None) == {}


def test_one_person_is_assigned_and_who_is_there_stays():
    several = {**TASK, "assignees": [{"id": "us2"}, {"id": "us1"}]}
    assert fields(several)["assignees"] == ["us1", "us2"]
    assert lens().project({"assignees": ["us3", "us2"]}, fields(several)) == {"assignees": ["us2"]}
    assert lens().project({"assignees": ["us3", "us9"]}, fields(TASK)) == {"assignees": ["us3"]}


def test_what_the_scheduler_moves_tells_no_edit():
    moved = {
        **TASK, "updatedTime": "2026-03-18T11:00:00.000Z", "lastInteractedTime": "2026-03-18T11:00:00.000Z",
        "scheduledStart": "2026-03-19T09:00:00.000Z", "scheduledEnd": "2026-03-19T10:00:00.000Z",
        "schedulingIssue": True, "chunks": [{"id": "ck1"}],
        "workspace": {**WORKSPACE, "labels": [{"name": "bug"}, {"name": "new"}]},
    }  # fmt: skip
    assert lens().telling(moved) == lens().telling(TASK)
    for edit in ({"name": "Other"}, {"deadlineType": "HARD"}, {"workspace": {**WORKSPACE, "id": "ws2"}}):
        assert lens().telling({**moved, **edit}) != lens().telling(TASK), edit


def test_addresses_in_the_text_are_told_and_those_in_code_of_markers_are_not():
    html = '<p>See <a href="https://a.example/x">https://a.example/x</a></p><p><code>worklake:task_0123456789abcdef</code></p>'
    view = lens().view(Kind.TASK, {**TASK, "description": html})
    assert isinstance(view, TaskView)
    assert (view.urls, view.markers, view.key, view.url) == (
        ["https://a.example/x"], ["task_0123456789abcdef"], None, None,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("key", "value", "told"),
    [
        ("status", None, "status"), ("status", {"name": 7}, "name"), ("priority", "URGENT", "priority"),
        ("dueDate", "soon", "dueDate"), ("duration", "LONG", "duration"), ("duration", -5, "duration"),
        ("labels", ["bug"], "labels"), ("assignees", [{"name": "Kim"}], "id"), ("id", "", "id"),
        ("description", None, "description"), ("dueDate", "0001-01-01T00:00:00.000+14:00", "dueDate"),
    ],
)  # fmt: skip
def test_value_that_is_not_as_expected_is_named(key, value, told):
    with pytest.raises(UnreadableError, match=told):
        lens().view(Kind.TASK, {**TASK, key: value})


@pytest.mark.parametrize("key", ["name", "description", "status", "priority", "labels", "assignees", "dueDate"])
def test_task_that_lacks_what_motion_always_tells_is_not_taken_for_an_emptied_one(key):
    with pytest.raises(UnreadableError, match=key):
        lens().view(Kind.TASK, {name: value for name, value in TASK.items() if name != key})


def test_comments_people_and_projects_are_read():
    comment = {
        "id": "cm1", "taskId": "tk1", "content": "<p>Hi</p><p><code>worklake:comment_0123456789abcdef</code></p>",
        "createdAt": "2026-03-18T09:00:00.000Z", "creator": {"id": "us1"},
    }  # fmt: skip
    view = lens().view(Kind.COMMENT, comment)
    assert isinstance(view, CommentView)
    assert (view.task, view.author, view.body, view.markers) == ("tk1", "us1", "Hi", ["comment_0123456789abcdef"])
    nameless = lens().view(Kind.PERSON, {"id": "us1", "name": None, "email": "kim@x.example"})
    assert nameless == PersonView("kim@x.example", None, "kim@x.example", True)
    project = lens().view(Kind.PROJECT, {"id": "pr1", "name": "Web", "description": "<p>x</p>", "workspaceId": "ws1"})
    assert project == ProjectView("Web", None, "x", None, False)
