from __future__ import annotations

from typing import Any

import pytest

from worklake.errors import UnreadableError
from worklake.integrations.gitlab.mapping import GitLabLens
from worklake.integrations.gitlab.settings import GitLabSettings
from worklake.integrations.views import CommentView, MilestoneView, PersonView, ProjectView, TaskView
from worklake.model.rows import Kind

STATUS_LABELS = {"doing": "started", "also doing": "started", "later": "backlog", "wontfix": "canceled"}
ISSUE: dict[str, Any] = {
    "id": 84, "iid": 12, "project_id": 7, "title": "Fix login", "description": None, "state": "opened",
    "created_at": "2026-01-05T09:11:12.345Z", "updated_at": "2026-03-05T10:11:12.345+01:00", "closed_at": None,
    "labels": [], "milestone": None, "assignees": [], "author": {"id": 4}, "due_date": None, "confidential": False,
    "web_url": "https://gitlab.com/team/web/-/issues/12", "references": {"full": "team/web#12"},
}  # fmt: skip


def lens(**more: Any) -> GitLabLens:
    return GitLabLens(
        GitLabSettings(token="env:X", projects=("team/web",), **({"status_labels": STATUS_LABELS} | more))
    )


def view(**fields: Any) -> TaskView:
    shown = lens().view(Kind.TASK, ISSUE | fields)
    assert isinstance(shown, TaskView)
    return shown


@pytest.mark.parametrize(
    ("state", "labels", "status"),
    [
        ("opened", [], "unstarted"),
        ("opened", ["doing"], "started"),
        ("opened", ["later", "doing"], "started"),
        ("opened", ["wontfix"], "unstarted"),
        ("closed", [], "completed"),
        ("closed", ["wontfix"], "canceled"),
        ("closed", ["doing"], "completed"),
    ],
)
def test_status_is_the_state_told_more_exactly_by_labels(state, labels, status):
    assert view(state=state, labels=labels).fields["status"] == status


def test_moved_and_duplicate_issues_are_canceled():
    assert view(state="closed", moved_to_id=99).fields["status"] == "canceled"
    assert view(state="closed", _links={"closed_as_duplicate_of": "x"}).fields["status"] == "canceled"


def test_setting_a_status_exchanges_its_labels_and_keeps_the_others():
    issue = ISSUE | {"labels": ["also doing", "bug", "priority::1"]}
    put = lens().put({"status": "canceled"}, issue)
    assert (put["state"], put["labels"]) == ("closed", ["bug", "priority::1", "wontfix"])
    assert lens().put({"status": "completed"}, issue)["labels"] == ["bug", "priority::1"]


def test_status_that_is_shown_already_keeps_the_label_that_shows_it():
    issue = ISSUE | {"labels": ["also doing"]}
    assert lens().put({"status": "started"}, issue) == issue


def test_status_without_a_label_is_projected_to_what_gitlab_can_tell():
    shown = view().fields
    assert lens().project({"status": "triage"}, shown) == {"status": "unstarted"}
    assert lens(status_labels={}).project({"status": "canceled"}, shown) == {"status": "completed"}


def test_status_that_gitlab_itself_shows_of_a_moved_issue_is_projected_to_itself():
    shown = lens(status_labels={}).view(Kind.TASK, ISSUE | {"state": "closed", "moved_to_id": 99}).fields
    assert lens(status_labels={}).project({"status": "completed"}, shown) == {"status": "canceled"}
    assert lens(status_labels={}).project({"status": "started"}, shown) == {"status": "unstarted"}


def test_labels_with_a_meaning_are_not_labels():
    fields = view(labels=["bug", "doing", "priority::2", "übersetzung"]).fields
    assert fields["labels"] == ["bug", "übersetzung"]
    assert fields["priority"] == "high"


def test_every_label_of_a_scope_that_tells_the_status_tells_the_status():
    scoped = lens(status_labels={"status::doing": "started"})
    issue = ISSUE | {"labels": ["status::unheard of", "team::a", "priority::high"]}
    shown = scoped.view(Kind.TASK, issue)
    assert isinstance(shown, TaskView)
    assert (shown.fields["labels"], shown.fields["status"]) == (["team::a"], "unstarted")
    assert scoped.project({"labels": ["status::new", "team::b", "x::status::new"]}, shown.fields) == {
        "labels": ["team::b", "x::status::new"]
    }
    assert scoped.put({"labels": []}, issue)["labels"] == ["priority::high", "status::unheard of"]


@pytest.mark.parametrize(
    ("labels", "there", "kept"),
    [
        (["area::a", "area::b", "bug"], [], ["area::b", "bug"]),
        (["area::a", "area::b"], ["area::a"], ["area::a"]),
        (["area::b", "bug"], ["area::a"], ["area::b", "bug"]),
        (["area::a", "x::area::a", "x::area::b"], [], ["area::a", "x::area::b"]),
    ],
)
def test_of_a_scope_one_label_stays_as_gitlab_takes_the_others_off(labels, there, kept):
    paid = view(labels=there, weight=None).fields
    assert lens().project({"labels": labels}, paid) == {"labels": kept}


def test_on_a_server_without_weights_scopes_are_just_names_and_one_person_is_assigned():
    free = view(assignees=[{"id": 7}]).fields
    assert lens().project({"labels": ["area::a", "area::b"]}, free) == {"labels": ["area::a", "area::b"]}
    assert lens().project({"assignees": ["12", "7"]}, free) == {"assignees": ["7"]}
    assert lens().project({"assignees": ["12", "5"]}, free) == {"assignees": ["5"]}
    paid = view(assignees=[{"id": 7}], weight=None).fields
    assert lens().project({"assignees": ["12", "7"]}, paid) == {"assignees": ["12", "7"]}


def test_setting_labels_keeps_those_with_a_meaning():
    issue = ISSUE | {"labels": ["doing", "priority::2", "old"]}
    assert lens().put({"labels": ["new", "doing"]}, issue)["labels"] == ["doing", "new", "priority::2"]


def test_description_loses_its_line_ends_from_the_browser_only_in_the_view():
    issue = ISSUE | {"description": "one\r\ntwo\r\n"}
    assert view(description="one\r\ntwo\r\n").fields["description"] == "one\ntwo\n"
    assert lens().put({"description": "one\ntwo\n"}, issue) == issue
    assert view(description="").fields["description"] is None


def test_lines_that_gitlab_would_execute_are_sent_with_a_backslash():
    text = "/close\ntext /close\n  /label ~x\n    /code\n```\n/assign @me\n```\n/etc"
    put = lens().put({"description": text}, ISSUE)
    assert put["description"] == "\\/close\ntext /close\n  \\/label ~x\n    /code\n```\n/assign @me\n```\n\\/etc"
    assert lens().view(Kind.TASK, put).fields["description"] == text


def test_white_space_at_the_end_is_taken_off_as_gitlab_does():
    assert lens().project({"description": "one \n\n"}, view().fields) == {"description": "one"}
    assert view(description="one\n").fields["description"] == "one\n"


def test_fence_that_nothing_closes_protects_nothing():
    assert lens().put({"description": "```\n/close"}, ISSUE)["description"] == "```\n\\/close"


def test_long_texts_are_cut_to_what_gitlab_holds():
    put = lens().put({"title": "x" * 300, "description": "/abcdefg\n" * 105_000}, ISSUE)
    assert len(put["title"]) == 255
    assert len(put["description"]) <= 1_000_000


def test_markers_are_kept_by_what_is_put_and_not_shown():
    issue = ISSUE | {"description": "<!-- worklake:task_0123456789abcdef -->\n\nOld"}
    assert lens().view(Kind.TASK, issue).fields["description"] == "Old"
    put = lens().put({"description": "/new <!-- worklake:task_fedcba9876543210 -->"}, issue)
    assert put["description"] == "<!-- worklake:task_0123456789abcdef -->\n\n\\/new"
    assert lens().put({"description": None}, issue)["description"] == "<!-- worklake:task_0123456789abcdef -->"


def test_estimates_are_minutes_and_a_short_one_is_not_none():
    assert view(time_stats={"time_estimate": 5400}).fields["estimate_minutes"] == 90
    assert view(time_stats={"time_estimate": 30}).fields["estimate_minutes"] == 1
    assert view(time_stats={"time_estimate": 0}).fields["estimate_minutes"] is None
    put = lens().put({"estimate_minutes": 10 * 480 + 61}, ISSUE | {"time_stats": {}})["time_stats"]
    assert put == {"time_estimate": (10 * 480 + 61) * 60, "human_time_estimate": "2w 1h 1m"}


def test_weight_is_points_only_where_there_are_weights():
    assert view(weight=3).fields["estimate_points"] == 3.0
    assert "estimate_points" not in view().fields
    assert lens().project({"estimate_points": 2.5}, view().fields) == {}
    assert lens().project({"estimate_points": 2.5}, None) == {"estimate_points": 3.0}
    assert lens().put({"estimate_points": 2.5}, ISSUE | {"weight": None})["weight"] == 3


def test_iteration_is_named_by_its_title_or_its_days():
    days = {"id": 1, "start_date": "2026-03-02", "due_date": "2026-03-15"}
    assert view(iteration={**days, "title": "Sprint 4"}).fields["cycle"] == "Sprint 4"
    assert view(iteration={**days, "title": None}).fields["cycle"] == "2026-03-02 to 2026-03-15"


def test_task_shows_where_it_is_who_wrote_it_and_when():
    shown = view(description="See https://linear.app/x/issue/ENG-1. <!-- worklake:task_0123456789abcdef -->")
    assert (shown.key, shown.url, shown.author) == ("gitlab.com/team/web#12", ISSUE["web_url"], "4")
    assert shown.urls == ["https://linear.app/x/issue/ENG-1"]
    assert shown.markers == ["task_0123456789abcdef"]
    assert (shown.updated_at.hour, shown.completed_at) == (9, None)
    assert shown.fields["project"] == "team/web"
    assert view(_project_name="Web").fields["project"] == "Web"


def test_issues_that_it_blocks_are_shown():
    links = [
        {"id": 9, "link_type": "blocks"},
        {"id": 8, "link_type": "relates_to"},
        {"id": 7, "link_type": "is_blocked_by"},
    ]
    assert view(_issue_links=links).blocks == ["9"]


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        ({"id": None}, "id: found nothing, expected a whole number"),
        ({"title": None}, "title: found nothing, expected text"),
        ({"title": "x" * 256}, "title: found 256 characters, expected at most 255"),
        ({"description": "x" * 10_000_000}, "description: found 10000000 characters, expected at most 1000000"),
        ({"description": "a\0b"}, "description: .*without NUL"),
        ({"state": "locked"}, "state: found 'locked', expected opened or closed"),
        ({"due_date": "2026-02-30"}, "due_date: found '2026-02-30', expected a date"),
        ({"due_date": "20260228"}, "due_date: found '20260228', expected a date"),
        ({"created_at": "yesterday"}, "created_at: found 'yesterday', expected a time"),
        ({"updated_at": "2026-01-05T09:11:12"}, "updated_at: .*expected a time with its zone"),
        ({"labels": None}, "labels: found nothing, expected a list"),
        ({"assignees": None}, "assignees: found nothing, expected a list"),
        ({"labels": "bug"}, "labels: found 'bug', expected a list"),
        ({"labels": ["bug", 1]}, "labels: found 1, expected texts"),
        ({"assignees": [{"id": "x"}]}, "id: found 'x', expected a whole number"),
        ({"assignees": {"id": 1}}, "assignees: .*expected a list"),
        ({"confidential": "no"}, "confidential: found 'no', expected true or false"),
        ({"time_stats": {"time_estimate": -5}}, "time_estimate: found -5, expected a whole number"),
        ({"milestone": {"title": 7}}, "title: found 7, expected text"),
    ],
)
def test_what_cannot_be_read_is_named_with_what_was_found_and_expected(broken, reason):
    with pytest.raises(UnreadableError, match=reason):
        view(**broken)


@pytest.mark.parametrize("name", ["description", "due_date", "labels", "assignees"])
def test_an_issue_that_lacks_what_gitlab_always_tells_is_not_taken_for_one_that_was_emptied(name):
    payload = {key: value for key, value in ISSUE.items() if key != name}
    with pytest.raises(UnreadableError, match=f"{name}: found nothing, expected"):
        lens().view(Kind.TASK, payload)


def test_other_kinds_are_viewed():
    person = {"id": 4, "name": "Kim", "username": "kim-k", "public_email": "Kim@x.example", "state": "blocked"}
    assert lens().view(Kind.PERSON, person) == PersonView("Kim", "kim-k", "Kim@x.example", active=False)
    project = {"id": 7, "name": "Web", "path_with_namespace": "team/web", "description": "", "archived": True}
    assert lens().view(Kind.PROJECT, project) == ProjectView("Web", "team/web", None, None, archived=True)
    milestone = {"id": 5, "title": "Beta", "project_id": 7, "state": "closed", "due_date": "2026-05-01"}
    assert lens().view(Kind.MILESTONE, milestone) == MilestoneView("Beta", "7", None, "2026-05-01", closed=True)
    note = {"id": 6, "body": "Yes", "author": {"id": 4}, "noteable_id": 84, "created_at": ISSUE["created_at"],
            "updated_at": ISSUE["created_at"]}  # fmt: skip
    shown = lens().view(Kind.COMMENT, note)
    assert isinstance(shown, CommentView)
    assert (shown.task, shown.author, shown.body, shown.internal) == ("84", "4", "Yes", False)
    internal = lens().view(Kind.COMMENT, note | {"internal": True})
    assert isinstance(internal, CommentView) and internal.internal
    ours = lens().view(Kind.COMMENT, note | {"body": "<!-- worklake:comment_0123456789abcdef -->\n\n\\/close"})
    assert isinstance(ours, CommentView)
    assert (ours.body, ours.markers) == ("/close", ["comment_0123456789abcdef"])


def test_fingerprint_changes_with_the_labels_that_have_a_meaning():
    assert lens().fingerprint() == lens().fingerprint()
    assert lens().fingerprint() != lens(status_labels={"doing": "backlog"}).fingerprint()
    reordered = dict(reversed(STATUS_LABELS.items()))
    assert lens().fingerprint() != lens(status_labels=reordered).fingerprint()
