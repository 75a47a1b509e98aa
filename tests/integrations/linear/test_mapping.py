"""What Linear's payloads show, and that translating back and forth loses nothing."""

from __future__ import annotations

import copy
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.integrations.linear.payloads import IDS, KINDS, fields, issues
from worklake.errors import UnreadableError
from worklake.integrations.linear import LinearIntegration
from worklake.integrations.linear.mapping import FIELD_LENSES, STATUS_OF_TYPE, LinearLens
from worklake.integrations.views import CommentView, MilestoneView, PersonView, ProjectView, TaskView
from worklake.model.fields import FIELDS
from worklake.model.rows import Kind

LENS = LinearLens()
law = settings(deadline=None, max_examples=60)


def an_issue(**changes: Any) -> dict[str, Any]:
    issue = {
        "id": IDS[0],
        "identifier": "ENG-12",
        "previousIdentifiers": [],
        "url": "https://linear.app/acme/issue/ENG-12/fix-the-login",
        "title": "Fix the login",
        "description": "See https://gitlab.example/team/web/-/issues/7",
        "priority": 2,
        "estimate": 3,
        "dueDate": "2026-03-01",
        "createdAt": "2026-01-02T03:04:05.678Z",
        "updatedAt": "2026-01-03T00:00:00.000Z",
        "completedAt": None,
        "canceledAt": None,
        "archivedAt": None,
        "trashed": None,
        "team": {"id": IDS[7], "key": "ENG"},
        "state": {"id": IDS[6], "name": "In Review", "type": "started"},
        "creator": {"id": IDS[1]},
        "assignee": {"id": IDS[2]},
        "project": {"id": IDS[3], "name": "Website"},
        "projectMilestone": {"id": IDS[4], "name": "Beta"},
        "cycle": {"id": IDS[5], "number": 7, "name": None},
        "parent": {"id": IDS[1]},
        "labels": {"nodes": [{"id": IDS[0], "name": "bug"}, {"id": IDS[1], "name": "API"}], "pageInfo": {}},
        "inverseRelations": {
            "nodes": [
                {"id": IDS[0], "type": "blocks", "issue": {"id": IDS[5]}},
                {"id": IDS[1], "type": "related", "issue": {"id": IDS[6]}},
            ],
            "pageInfo": {"hasNextPage": False},
        },
        "attachments": {"nodes": [{"id": IDS[0], "url": "https://docs.example/plan"}], "pageInfo": {}},
    }
    return {**issue, **changes}


def view(payload: dict[str, Any]) -> TaskView:
    shown = LENS.view(Kind.TASK, payload)
    assert isinstance(shown, TaskView)
    return shown


def test_an_issue_shows_every_field() -> None:
    assert view(an_issue()).fields == {
        "title": "Fix the login",
        "description": "See https://gitlab.example/team/web/-/issues/7",
        "status": "started",
        "priority": "high",
        "labels": ["API", "bug"],
        "assignees": [IDS[2]],
        "due_date": "2026-03-01",
        "estimate_points": 3.0,
        "project": "Website",
        "milestone": "Beta",
        "cycle": "7",
        "parent_id": IDS[1],
        "blocked_by": [IDS[5]],
        "archived": False,
    }


def test_an_issue_shows_who_made_it_when_and_where() -> None:
    shown = view(an_issue(completedAt="2026-01-04T00:00:00.000Z"))
    assert (shown.key, shown.url) == ("linear.app/acme/ENG-12", "https://linear.app/acme/issue/ENG-12/fix-the-login")
    assert shown.author == IDS[1]
    assert shown.created_at == datetime(2026, 1, 2, 3, 4, 5, 678_000, tzinfo=UTC)
    assert shown.updated_at == datetime(2026, 1, 3, tzinfo=UTC)
    assert shown.completed_at == datetime(2026, 1, 4, tzinfo=UTC)


def test_a_cancelled_issue_is_over_when_it_was_cancelled() -> None:
    assert view(an_issue(canceledAt="2026-01-05T00:00:00.000Z")).completed_at == datetime(2026, 1, 5, tzinfo=UTC)


def test_urls_stand_in_the_text_and_in_attachments() -> None:
    assert view(an_issue()).urls == ["https://gitlab.example/team/web/-/issues/7", "https://docs.example/plan"]


def test_the_capabilities_name_the_fields_that_are_shown() -> None:
    assert LinearIntegration.capabilities.fields == set(FIELD_LENSES) == set(view(an_issue()).fields)
    assert set(FIELDS) - set(FIELD_LENSES) == {"start_date", "estimate_minutes", "confidential"}


@pytest.mark.parametrize(("kind", "status"), STATUS_OF_TYPE.items())
def test_each_type_of_workflow_state_has_a_status(kind: str, status: str) -> None:
    assert view(an_issue(state={"id": IDS[0], "name": "Any", "type": kind})).fields["status"] == status


@pytest.mark.parametrize(
    ("number", "priority"), [(0, "none"), (1, "urgent"), (2, "high"), (3, "medium"), (4, "low"), (1.0, "urgent")]
)
def test_each_priority_has_a_word(number: float, priority: str) -> None:
    assert view(an_issue(priority=number)).fields["priority"] == priority


def test_a_trashed_issue_is_deleted_and_an_archived_one_is_not() -> None:
    archived = an_issue(archivedAt="2026-02-01T00:00:00.000Z")
    assert (view(archived).fields["archived"], view(archived).deleted) == (True, False)
    trashed = {**archived, "trashed": True}
    assert (view(trashed).fields["archived"], view(trashed).deleted) == (True, True)


def test_a_named_cycle_goes_by_its_name() -> None:
    cycle = {"id": IDS[0], "number": 7, "name": "Polish"}
    assert view(an_issue(cycle=cycle)).fields["cycle"] == "Polish"


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"id": None}, "id"),
        ({"id": 12}, "id"),
        ({"title": None}, "title"),
        ({"title": ["a"]}, "title"),
        ({"description": 5}, "description"),
        ({"description": "x" * 10_000_000}, "description"),
        ({"description": "cut\0off"}, "description"),
        ({"state": None}, "state"),
        ({"state": {"id": "1", "name": "Odd", "type": "paused"}}, "paused"),
        ({"state": {"id": "1", "name": "Odd", "type": []}}, "state.type"),
        ({"priority": 7}, "priority"),
        ({"priority": True}, "priority"),
        ({"priority": "high"}, "priority"),
        ({"priority": 1.5}, "priority"),
        ({"estimate": "large"}, "estimate"),
        ({"estimate": float("nan")}, "estimate"),
        ({"dueDate": "2026-02-30"}, "dueDate"),
        ({"dueDate": "20260228"}, "dueDate"),
        ({"dueDate": 20260228}, "dueDate"),
        ({"updatedAt": "yesterday"}, "updatedAt"),
        ({"createdAt": None}, "createdAt"),
        ({"archivedAt": "2026-01-01T00:00:00"}, "archivedAt"),
        ({"trashed": "yes"}, "trashed"),
        ({"assignee": "kim"}, "assignee"),
        ({"assignee": {"name": "Kim"}}, "id"),
        ({"project": {"id": "1", "name": 3}}, "name"),
        ({"labels": None}, "labels"),
        ({"labels": {"nodes": ["bug"]}}, "labels.nodes"),
        ({"labels": {"nodes": [{"id": "1"}]}}, "name"),
        ({"inverseRelations": {"nodes": [{"type": "blocks", "issue": None}]}}, "issue"),
        ({"attachments": {"nodes": [{"url": None}]}}, "url"),
        ({"cycle": []}, "cycle"),
    ],
)
def test_what_cannot_be_read_is_named_and_not_guessed(change: dict[str, Any], named: str) -> None:
    with pytest.raises(UnreadableError) as refused:
        LENS.view(Kind.TASK, an_issue(**change))
    assert named in str(refused.value)
    assert len(str(refused.value)) < 400


@pytest.mark.parametrize("key", sorted(set(an_issue()) - {"team", "previousIdentifiers"}))
def test_a_missing_field_is_not_taken_for_an_empty_one(key: str) -> None:
    payload = an_issue()
    del payload[key]
    with pytest.raises(UnreadableError, match=key):
        LENS.view(Kind.TASK, payload)


@law
@given(
    key=st.sampled_from(sorted(an_issue())),
    value=st.recursive(st.none() | st.booleans() | st.integers() | st.text(max_size=5), st.lists, max_leaves=3),
)
def test_any_value_is_either_read_or_refused(key: str, value: Any) -> None:
    try:
        LENS.view(Kind.TASK, an_issue(**{key: value}))
    except UnreadableError as refused:
        assert str(refused)


@law
@given(fields=fields, payload=issues())
def test_reading_what_was_put_gives_what_linear_can_show(fields: dict[str, Any], payload: dict[str, Any]) -> None:
    put = LENS.put(fields, payload)
    shown = view(payload).fields
    assert view(put).fields == shown | LENS.project(fields, shown)


@law
@given(payload=issues())
def test_putting_what_is_shown_changes_nothing(payload: dict[str, Any]) -> None:
    assert LENS.put(view(payload).fields, payload) == payload


@law
@given(fields=fields, payload=issues())
def test_projecting_twice_is_projecting_once(fields: dict[str, Any], payload: dict[str, Any]) -> None:
    shown = view(payload).fields
    once = LENS.project(fields, shown)
    assert LENS.project(once, shown) == once
    assert LENS.project(fields, view(LENS.put(fields, payload)).fields) == {name: once[name] for name in once}


@law
@given(fields=fields)
def test_a_new_issue_shows_what_is_projected_on_nothing(fields: dict[str, Any]) -> None:
    once = LENS.project(fields, None)
    assert set(fields) & set(FIELD_LENSES) <= set(once)
    assert LENS.project(once, once) == once


@law
@given(fields=fields, payload=issues(), name=st.sampled_from(sorted(FIELD_LENSES)))
def test_putting_one_field_leaves_the_others(fields: dict[str, Any], payload: dict[str, Any], name: str) -> None:
    before, after = view(payload).fields, view(LENS.put({name: fields[name]}, payload)).fields
    moved = {field for field in before if before[field] != after[field]}
    assert moved <= ({"project", "milestone"} if name == "project" else {name})


@law
@given(fields=fields, payload=issues())
def test_putting_leaves_the_given_payload_alone(fields: dict[str, Any], payload: dict[str, Any]) -> None:
    before = copy.deepcopy(payload)
    LENS.put(fields, payload)
    assert payload == before


def test_a_state_of_the_wished_type_keeps_its_name() -> None:
    assert LENS.put({"status": "started"}, an_issue())["state"]["name"] == "In Review"


def test_a_duplicate_stays_one_where_cancelled_is_wished() -> None:
    duplicate = {"id": IDS[0], "name": "Duplicate", "type": "duplicate"}
    assert LENS.put({"status": "canceled"}, an_issue(state=duplicate))["state"] == duplicate


def test_another_status_takes_a_state_of_its_type() -> None:
    put = LENS.put({"status": "completed"}, an_issue())
    assert put["state"] == {"name": "Done", "type": "completed"}
    assert view(put).completed_at is not None
    assert view(LENS.put({"status": "unstarted"}, put)).completed_at is None


def test_one_of_several_assignees_is_shown_and_the_present_one_stays() -> None:
    shown = view(an_issue()).fields
    assert LENS.project({"assignees": [IDS[0], IDS[2]]}, shown) == {"assignees": [IDS[2]]}
    assert LENS.project({"assignees": [IDS[3], IDS[1]]}, shown) == {"assignees": [IDS[1]]}


def test_labels_that_stay_keep_their_ids() -> None:
    put = LENS.put({"labels": ["bug", "new"]}, an_issue())
    assert put["labels"]["nodes"] == [{"id": IDS[0], "name": "bug"}, {"name": "new"}]


def test_other_relations_survive_a_change_of_blockers() -> None:
    put = LENS.put({"blocked_by": [IDS[7]]}, an_issue())
    assert [node["type"] for node in put["inverseRelations"]["nodes"]] == ["related", "blocks"]


def test_a_milestone_goes_with_its_project() -> None:
    shown = view(an_issue()).fields
    assert LENS.project({"project": "Other"}, shown) == {"project": "Other", "milestone": None}
    assert LENS.project({"project": None, "milestone": "Beta"}, shown)["milestone"] is None
    assert LENS.project({"project": "Other", "milestone": "Beta"}, shown)["milestone"] == "Beta"
    assert LENS.project({"title": "Another"}, shown) == {"title": "Another"}


def test_markers_are_no_part_of_the_description_and_stay_when_it_changes() -> None:
    marked = an_issue(description="<!-- worklake:task_0123456789abcdef -->\n\nThe text")
    assert view(marked).fields["description"] == "The text"
    assert view(marked).markers == ["task_0123456789abcdef"]
    put = LENS.put({"description": "Another"}, marked)
    assert put["description"] == "<!-- worklake:task_0123456789abcdef -->\n\nAnother"


def test_the_fingerprint_is_the_same_for_the_same_rules() -> None:
    assert LinearLens().fingerprint() == LENS.fingerprint() != ""


TIMES = {"createdAt": "2026-01-01T00:00:00.000Z", "updatedAt": "2026-01-02T00:00:00.000Z", "archivedAt": None}


def test_a_comment_shows_its_issue_and_author() -> None:
    payload = {"id": IDS[0], "body": "Done?", "issueId": IDS[1], "user": {"id": IDS[2]}, **TIMES}
    assert LENS.view(Kind.COMMENT, payload) == CommentView(
        IDS[1], IDS[2], "Done?", datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 2, tzinfo=UTC)
    )
    bot = LENS.view(Kind.COMMENT, {**payload, "user": None})
    assert isinstance(bot, CommentView)
    assert bot.author is None


def test_a_person_shows_name_address_and_whether_the_account_is_in_use() -> None:
    payload = {"id": IDS[0], "name": "Kim Ko", "displayName": "kim", "email": "kim@x.example", "active": True, **TIMES}
    assert LENS.view(Kind.PERSON, payload) == PersonView("Kim Ko", "kim", "kim@x.example", True)


def test_a_project_is_put_away_when_archived_or_trashed() -> None:
    payload = {"id": IDS[0], "name": "Web", "slugId": "ab12", "description": "", "url": "https://linear.app/p"}
    live = LENS.view(Kind.PROJECT, {**payload, "trashed": None, **TIMES})
    assert live == ProjectView("Web", "ab12", None, "https://linear.app/p", False)
    trashed = LENS.view(Kind.PROJECT, {**payload, "trashed": True, **TIMES})
    assert isinstance(trashed, ProjectView)
    assert trashed.archived


def test_a_milestone_shows_its_project_and_target() -> None:
    payload = {"id": IDS[0], "name": "Beta", "project": {"id": IDS[1]}, "targetDate": "2026-05-01", **TIMES}
    assert LENS.view(Kind.MILESTONE, {**payload, "status": "overdue"}) == MilestoneView(
        "Beta", IDS[1], None, "2026-05-01", False
    )
    over = LENS.view(Kind.MILESTONE, {**payload, "status": "done"})
    assert isinstance(over, MilestoneView)
    assert over.closed


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_an_item_without_an_id_is_unreadable_whatever_its_kind(kind: Kind) -> None:
    with pytest.raises(UnreadableError, match="id"):
        LENS.view(kind, {"id": "", "name": "x"})
