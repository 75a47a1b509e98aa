"""What is sent to GitLab to set fields, and what its refusals say of them."""

from __future__ import annotations

import pytest

from worklake.errors import AccessError, RefusedValueError, RetryableError
from worklake.integrations.gitlab.client import RefusedError
from worklake.integrations.gitlab.edits import creating, editing
from worklake.integrations.gitlab.labels import LabelFields
from worklake.integrations.gitlab.refusals import refusal, refused_fields
from worklake.integrations.gitlab.settings import GitLabSettings
from worklake.model.ids import TaskId

LABELS = LabelFields(
    GitLabSettings(
        token="env:X",
        projects=("team/web",),
        status_labels={"doing": "started", "later": "backlog", "wontfix": "canceled"},
        priority_labels={"P1": "urgent", "P4": "low"},
    )
)
MARK = TaskId("task_0123456789abcdef")
SHOWN = {"title": "Old", "status": "started", "priority": "none", "labels": ["bug"], "assignees": ["4"]}


def params(fields, shown=SHOWN, markers=()):
    return editing(fields, shown, LABELS, markers).params


def test_only_what_is_set_is_sent():
    assert params({"title": "New"}) == {"title": "New"}


def test_labels_are_added_and_taken_away_one_by_one():
    assert params({"labels": ["docs"]}) == {"add_labels": ["docs"], "remove_labels": ["bug"]}


def test_status_is_its_label_and_the_state_only_where_that_changes():
    assert params({"status": "backlog"}) == {"add_labels": ["later"], "remove_labels": ["doing", "wontfix"]}
    assert params({"status": "completed"}) == {"state_event": "close", "remove_labels": ["doing", "later", "wontfix"]}
    reopened = params({"status": "started"}, {**SHOWN, "status": "completed"})
    assert reopened == {"state_event": "reopen", "add_labels": ["doing"], "remove_labels": ["later", "wontfix"]}


def test_status_priority_and_labels_share_one_change_of_labels():
    sent = params({"status": "backlog", "priority": "urgent", "labels": ["bug", "docs"]})
    assert sent == {"add_labels": ["later", "P1", "docs"], "remove_labels": ["doing", "wontfix", "P4"]}


def test_label_that_differs_from_a_new_one_by_case_alone_goes_before_it():
    edit = editing({"labels": ["Bug"]}, SHOWN, LABELS, ())
    assert (edit.params, edit.labels_before) == ({"add_labels": ["Bug"]}, ["bug"])


def test_nothing_is_sent_as_gitlab_takes_it():
    fields = {"description": None, "assignees": [], "due_date": None, "estimate_points": None}
    assert params(fields) == {"description": "", "assignee_ids": [0], "due_date": "", "weight": None}


def test_description_is_sent_after_the_markers_it_had():
    sent = params({"description": "/close it"}, markers=[MARK])
    assert sent == {"description": f"<!-- worklake:{MARK} -->\n\n\\/close it"}


def test_new_issue_has_its_marker_and_no_empty_parameters():
    fields = {"title": "New", "description": None, "status": "started", "priority": "low", "labels": ["bug"],
              "assignees": [], "due_date": None, "estimate_points": 0.0, "confidential": False}  # fmt: skip
    assert creating(fields, LABELS, MARK) == {
        "title": "New", "description": f"<!-- worklake:{MARK} -->", "weight": 0, "confidential": False,
        "labels": ["doing", "P4", "bug"],
    }  # fmt: skip


@pytest.mark.parametrize(
    ("said", "sent", "named"),
    [
        ({"title": ["is too long (maximum is 255 characters)"]}, ("title", "labels"), ("title",)),
        ({"due_date": ["no"], "weight": ["no"]}, ("due_date", "estimate_points"), ("due_date", "estimate_points")),
        ({"base": ["is invalid"]}, ("title",), ()),
        ({"error": "Spam detected"}, ("title",), ()),
        ("due_date is invalid", ("title", "due_date"), ("due_date",)),
        ("weight does not have a valid value", ("estimate_points",), ("estimate_points",)),
        ("add_labels, remove_labels are missing", ("status", "title"), ("status",)),
        ("title is missing", ("labels",), ()),
        ("400 Bad request - the title is odd", ("title",), ()),
        (None, ("title",), ()),
    ],
)  # fmt: skip
def test_refusal_names_the_fields_that_were_sent(said, sent, named):
    assert refused_fields(said, sent) == named


@pytest.mark.parametrize(
    ("status", "kind"),
    [(400, RefusedValueError), (422, RefusedValueError), (413, RefusedValueError), (409, RetryableError),
     (412, RetryableError), (405, AccessError), (301, AccessError)],
)  # fmt: skip
def test_refusal_is_of_the_value_of_the_moment_or_of_the_place(status, kind):
    assert type(refusal(RefusedError("gitlab: no", status, "no"), ("title",))) is kind
