"""How single values are read and shown, and what is put aside instead of being read as empty."""

from __future__ import annotations

from typing import Any

import pytest

from worklake.errors import UnreadableError
from worklake.integrations.github.mapping import GitHubLens
from worklake.integrations.github.settings import GitHubSettings
from worklake.integrations.views import CommentView, MilestoneView, PersonView, ProjectView, TaskView
from worklake.model.rows import Kind

KIM = {"id": 1, "login": "kim-b", "type": "User"}
ISSUE: dict[str, Any] = {
    "id": 7, "number": 12, "repository_url": "https://api.github.com/repos/Team/Web", "title": "T", "body": None,
    "html_url": "https://github.com/Team/Web/issues/12", "state": "open", "state_reason": None, "user": KIM,
    "labels": [], "assignees": [], "milestone": None, "created_at": "2026-03-18T09:30:00Z",
    "updated_at": "2026-03-18T09:31:00Z", "closed_at": None,
}  # fmt: skip


def lens(**settings: Any) -> GitHubLens:
    given = {"status_labels": {"In Progress": "started", "ready": "unstarted"}, **settings}
    return GitHubLens(GitHubSettings.model_validate({"token": "env:X", "repositories": ["Team/Web"], **given}))


def view(payload: dict[str, Any], **settings: Any) -> TaskView:
    shown = lens(**settings).view(Kind.TASK, {**ISSUE, **payload})
    assert isinstance(shown, TaskView)
    return shown


@pytest.mark.parametrize(
    ("payload", "status"),
    [
        ({}, "unstarted"),
        ({"labels": [{"name": "in progress"}]}, "started"),
        ({"labels": ["In Progress", "bug"]}, "started"),
        ({"labels": [{"name": "ready"}, {"name": "in progress"}]}, "started"),
        ({"state_reason": "reopened"}, "unstarted"),
        ({"state": "closed"}, "completed"),
        ({"state": "closed", "state_reason": "completed", "labels": [{"name": "in progress"}]}, "completed"),
        ({"state": "closed", "state_reason": "not_planned"}, "canceled"),
        ({"state": "closed", "state_reason": "duplicate"}, "canceled"),
        ({"state": "closed", "state_reason": "something new"}, "completed"),
    ],
)
def test_status_is_what_github_says_and_a_label_may_say_more_of_an_open_issue(payload, status):
    assert view(payload).fields["status"] == status


def test_labels_with_a_meaning_are_no_labels_whatever_their_case():
    shown = view({"labels": [{"name": "IN PROGRESS"}, {"name": "Priority: High"}, {"name": "bug"}]}).fields
    assert (shown["labels"], shown["status"], shown["priority"]) == (["bug"], "started", "high")


def test_a_label_that_does_not_exist_any_more_means_nothing():
    gone = lens().without({"status": ("In Progress",)})
    shown = gone.view(Kind.TASK, {**ISSUE, "labels": [{"name": "in progress"}]})
    assert isinstance(shown, TaskView)
    assert (shown.fields["status"], shown.fields["labels"]) == ("unstarted", ["in progress"])


def test_what_people_call_an_issue_and_where_it_is():
    shown = view({"body": "<!-- worklake:task_0123456789abcdef -->\n\nSee https://gitlab.com/a/b/-/issues/1"})
    assert (shown.key, shown.url) == ("github.com/team/web#12", "https://github.com/Team/Web/issues/12")
    assert shown.fields["project"] == "Web"
    assert shown.markers == ["task_0123456789abcdef"]
    assert shown.urls == ["https://gitlab.com/a/b/-/issues/1"]
    assert shown.author == "1"


@pytest.mark.parametrize("name", ["body", "labels", "assignees", "milestone", "title", "state", "id", "updated_at"])
def test_an_issue_that_lacks_what_github_always_tells_is_put_aside(name):
    with pytest.raises(UnreadableError, match=name):
        lens().view(Kind.TASK, {key: value for key, value in ISSUE.items() if key != name})


@pytest.mark.parametrize(
    ("payload", "field"),
    [
        ({"labels": [{"color": "ff0000"}]}, "labels"), ({"labels": None}, "labels"), ({"assignees": None}, "assignees"),
        ({"assignees": [{"login": "x"}]}, "id"), ({"state": "merged"}, "state"), ({"body": "a\0b"}, "body"),
        ({"_parent": {"id": "x"}}, "id"), ({"milestone": {"title": 7}}, "title"),
    ],
)  # fmt: skip
def test_values_that_cannot_be_read_are_told_by_name(payload, field):
    with pytest.raises(UnreadableError, match=field):
        view(payload)


def test_labels_are_cut_and_kept_in_the_case_in_which_they_are_there():
    fits = lens().project({"labels": ["bug", "DOCS", "docs", "x" * 60, ".", "..", " a  b "]}, {"labels": ["Bug"]})
    assert fits["labels"] == ["Bug", "DOCS", "a b", "x" * 50]


def test_people_who_are_there_stay_where_there_are_too_many():
    wanted = [str(number) for number in range(20, 35)]
    fits = lens().project({"assignees": sorted([*wanted, "99"])}, {"assignees": ["99"]})["assignees"]
    assert isinstance(fits, list) and len(fits) == 10 and "99" in fits


def test_other_kinds_are_read():
    read = lens().view
    comment = read(
        Kind.COMMENT,
        {"id": 3, "_issue_id": 7, "user": None, "body": "For @\u2060kim", "created_at": "2026-03-18T09:30:00Z",
         "updated_at": "2026-03-18T09:30:00Z", "html_url": "https://github.com/Team/Web/issues/12#issuecomment-3"},
    )  # fmt: skip
    assert isinstance(comment, CommentView)
    assert (comment.task, comment.author, comment.body) == ("7", None, "For @kim")
    person = read(Kind.PERSON, KIM)
    assert isinstance(person, PersonView) and (person.name, person.username, person.email) == ("kim-b", "kim-b", None)
    repository = read(Kind.PROJECT, {"id": 9, "name": "Web", "full_name": "Team/Web", "archived": True})
    assert isinstance(repository, ProjectView) and (repository.path, repository.archived) == ("Team/Web", True)
    milestone = read(
        Kind.MILESTONE,
        {"id": 4, "title": "Beta", "state": "closed", "due_on": "2026-05-01T08:00:00Z", "_repository_id": 9},
    )
    assert milestone == MilestoneView("Beta", "9", None, "2026-05-01", True)
    with pytest.raises(UnreadableError, match="state"):
        read(Kind.MILESTONE, {"id": 4, "title": "Beta", "state": "active"})


def test_the_mapping_has_a_fingerprint_that_changes_with_it():
    one = lens().fingerprint()
    assert lens().fingerprint() == one
    assert lens(status_labels={}).fingerprint() != one
    assert lens(base_url="https://git.example/api/v3").fingerprint() != one
