"""What a refused mutation means: a value that is not taken and its field, a fault, or an outcome that nobody knows."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from worklake.errors import (
    AccessError,
    AuthError,
    InvalidInputError,
    NotFoundError,
    RefusedValueError,
    RetryableError,
    UnknownOutcomeError,
    WorklakeError,
)
from worklake.integrations.linear import LinearSettings
from worklake.integrations.linear.blame import refused_fields
from worklake.integrations.linear.refusals import id_is_taken, refusal_of_write

MANY: dict[str, Any] = {"title": "x", "projectId": "p", "projectMilestoneId": "m", "addedLabelIds": ["l"]}


def an_error(message: str, code: str = "", kind: str = "", told: str | None = None) -> dict[str, Any]:
    return {"message": message, "extensions": {"code": code, "type": kind, "userPresentableMessage": told}}


def refused(error: dict[str, Any], sent: dict[str, Any] | None = None, status: int = 200) -> WorklakeError:
    return refusal_of_write([error], status, "linear: mutation UpdateIssue", sent)


@pytest.mark.parametrize(
    ("words", "sent", "fields"),
    [
        ("Argument Validation Error (title should not be empty.)", MANY, ("title",)),
        ("Discrepancy between project milestone and project", MANY, ("milestone",)),
        ("Discrepancy between issue project and team", MANY, ("project",)),
        ("labelIds not exclusive child labels", MANY, ("labels",)),
        ("estimate must not be less than 0.", MANY, ()),
        ("Something else", MANY, ()),
        ("Something else", {"dueDate": "x"}, ("due_date",)),
        ("Something else", {"addedLabelIds": ["a"], "removedLabelIds": ["b"]}, ("labels",)),
        ("Something else", {}, ()),
    ],
)
def test_the_words_name_a_field_of_those_that_were_sent(words: str, sent: Any, fields: tuple[str, ...]) -> None:
    assert refused_fields(words, sent) == fields


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (an_error("Wrong", "INPUT_ERROR", "invalid input"), RefusedValueError),
        (an_error("Wrong", "INVALID_INPUT"), RefusedValueError),
        (an_error("Wrong", "", "user error"), RefusedValueError),
        (an_error("Entity not found: Issue", "INPUT_ERROR"), NotFoundError),
        (an_error("Invalid scope: `write` required", "FORBIDDEN", "forbidden"), AccessError),
        (an_error("No", "AUTHENTICATION_ERROR"), AuthError),
        (an_error("Locked", "", "lock timeout"), RetryableError),
        (an_error("Oops", "INTERNAL_SERVER_ERROR", "internal error"), UnknownOutcomeError),
        (an_error("Oops", "", "network error"), UnknownOutcomeError),
    ],
)
def test_the_kind_of_a_refused_write(error: dict[str, Any], kind: type[WorklakeError]) -> None:
    assert type(refused(error, {"title": "x"})) is kind


@pytest.mark.parametrize(
    ("entity", "sent", "fields"),
    [
        ("User", {"assigneeId": "u", "title": "x"}, ("assignees",)),
        ("Project", {"projectId": "p", "title": "x"}, ("project",)),
        ("ProjectMilestone", MANY, ("milestone",)),
        ("IssueLabel", MANY, ("labels",)),
        ("WorkflowState", {"stateId": "s", "title": "x"}, ("status",)),
        ("Cycle", {"cycleId": "c", "title": "x"}, ("cycle",)),
    ],
)
def test_a_reference_to_what_does_not_exist_is_a_refused_value(
    entity: str, sent: dict[str, Any], fields: tuple[str, ...]
) -> None:
    error = refused(an_error(f"Entity not found: {entity}", "INPUT_ERROR"), sent)
    assert isinstance(error, RefusedValueError)
    assert error.fields == fields


def test_a_team_or_an_entity_that_was_not_sent_is_simply_not_found() -> None:
    for entity in ("Team", "Comment", "User"):
        assert type(refused(an_error(f"Entity not found: {entity}", "INPUT_ERROR"), MANY)) is NotFoundError


def test_an_id_that_is_taken_is_told_from_a_name_that_is() -> None:
    taken = refused(
        an_error("conflict on insert of Issue", "INPUT_ERROR", told="Entity Issue with id 1 already exists.")
    )
    assert isinstance(taken, InvalidInputError)
    assert id_is_taken(taken)
    assert not id_is_taken(refused(an_error("Duplicate label name", "INPUT_ERROR", told="bug already exists.")))


def test_new_issues_are_made_in_a_team_that_is_read() -> None:
    def settings(create_in: str | None) -> LinearSettings:
        return LinearSettings(token="env:LINEAR_API_KEY", teams=("ENG", "OPS"), create_in=create_in)

    assert settings("ops").create_in == "OPS"
    assert settings(None).create_in is None
    with pytest.raises(ValidationError, match="create_in is WEB, which is none of teams"):
        settings("web")
