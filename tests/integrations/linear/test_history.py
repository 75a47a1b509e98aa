"""Edits of an issue as its history tells them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest

from tests.integrations.linear.team import Team
from tests.support.sandbox import InProcess, sandbox_thread
from worklake.errors import NotFoundError
from worklake.integrations.base import FieldEdit
from worklake.integrations.linear import LinearIntegration
from worklake.integrations.linear.history import edits_of

pytestmark = pytest.mark.xdist_group("linear-history")


@pytest.fixture(scope="module")
def sandbox() -> Iterator[InProcess]:
    with sandbox_thread("linear", tasks=10) as served:
        yield served


@pytest.fixture
def team(sandbox: InProcess) -> Team:
    sandbox.clock.forward(minutes=10)
    return Team(sandbox)


def told(team: Team, issue: str, since: datetime, *fields: str) -> list[FieldEdit]:
    return list(team.source.history(issue, since, set(fields) or None))


def values(edits: list[FieldEdit]) -> list[tuple[object, ...]]:
    return [(edit.field, edit.before, edit.after, edit.told) for edit in edits]


def test_edits_are_told_oldest_first_with_time_editor_and_values(team: Team) -> None:
    issue = team.creates(title="First")
    begin = team.served.clock.now
    me = team.source.account()
    assert me == team.does("{ viewer { id } }")["viewer"]["id"]
    team.asked()
    team.edits(issue, title="Second", priority=1)
    team.served.clock.forward(minutes=10)
    between = team.served.clock.now
    team.edits(issue, title="Third", dueDate="2026-04-01", description="New")
    edits = told(team, issue, begin)
    assert values(edits) == [
        ("title", "First", "Second", True),
        ("priority", "none", "urgent", True),
        ("title", "Second", "Third", True),
        ("description", None, None, False),
        ("due_date", None, "2026-04-01", True),
    ]
    assert all(edit.actor and edit.at.tzinfo for edit in edits)
    assert edits[0].at < between - timedelta(minutes=9) < between <= edits[-1].at + timedelta(milliseconds=1)
    assert values(told(team, issue, between, "title")) == [("title", "Second", "Third", True)]
    assert team.asked() == ["query History", "query History"]
    team.source.update(issue, {"title": "Fourth"}, {})
    assert [edit.actor for edit in told(team, issue, team.served.clock.now - timedelta(minutes=1))][-1] == me


def test_every_field_in_field_history_is_told(team: Team) -> None:
    parent, issue = team.creates(), team.creates()
    before = team.shown(issue)
    known = team.source.vocabulary({"project", "cycle", "assignees"}).known
    wanted = {
        "title": "Told", "description": "Told", "status": "started", "priority": "low", "labels": ["told"],
        "assignees": [min(known["assignees"])], "due_date": "2026-07-01", "estimate_points": 5.0,
        "project": min(known["project"]), "cycle": min(known["cycle"]), "parent_id": parent, "archived": True,
    }  # fmt: skip
    since = team.served.clock.now
    team.source.update(issue, wanted, before)
    edits = {edit.field: edit for edit in told(team, issue, since)}
    assert set(edits) == LinearIntegration.capabilities.field_history == set(wanted)
    untold = {"description"}
    assert {name for name, edit in edits.items() if not edit.told} == untold
    for name in set(wanted) - untold:
        assert (edits[name].before, edits[name].after) == (before[name], wanted[name])


def test_labels_are_told_as_what_was_taken_out_and_put_in(team: Team) -> None:
    issue = team.creates()
    shown = team.shown(issue)
    shown = team.view(team.source.update(issue, {"labels": ["old", "stays"]}, shown)).fields
    team.served.clock.forward(minutes=10)
    since = team.served.clock.now
    team.source.update(issue, {"labels": ["new", "stays"]}, shown)
    assert values(told(team, issue, since)) == [("labels", ["old"], ["new"], True)]


def test_a_move_between_states_of_one_status_is_no_edit_of_the_status(team: Team) -> None:
    issue = team.creates()
    team.edits(issue, state="In Progress")
    team.served.clock.forward(minutes=10)
    since = team.served.clock.now
    team.edits(issue, state="In Review")
    assert told(team, issue, since) == []
    team.served.clock.forward(minutes=10)
    team.edits(issue, state="Done")
    assert values(told(team, issue, since)) == [("status", "started", "completed", True)]


def test_what_was_emptied_is_told(team: Team) -> None:
    issue = team.creates(dueDate="2026-04-01", estimate=3, priority=2)
    since = team.served.clock.now
    team.edits(issue, dueDate=None, estimate=None, priority=0)
    assert values(told(team, issue, since)) == [
        ("priority", "high", "none", True),
        ("due_date", "2026-04-01", None, True),
        ("estimate_points", 3.0, None, True),
    ]


def test_an_entry_that_began_before_and_went_on_after_a_time_is_told(team: Team) -> None:
    issue = team.creates(title="First")
    team.edits(issue, title="Second")
    team.served.clock.forward(minutes=2)
    since = team.served.clock.now
    team.edits(issue, title="Third")
    assert values(told(team, issue, since)) == [("title", "First", "Third", True)]


def test_a_long_history_is_read_page_by_page_back_to_the_time_and_no_further(team: Team) -> None:
    issue = team.creates(title="0")
    for number in range(1, 251):
        team.served.clock.forward(minutes=10)
        team.edits(issue, title=str(number))
    assert [edit.after for edit in told(team, issue, team.served.clock.now - timedelta(minutes=25))] == [
        "248",
        "249",
        "250",
    ]
    assert team.asked() == ["query History"]
    assert len(told(team, issue, team.served.clock.now - timedelta(days=30))) == 250
    assert team.asked() == ["query History"] * 3


def test_fields_that_the_history_does_not_tell_cost_no_request(team: Team) -> None:
    assert list(team.source.history(team.creates(), team.served.clock.now, {"milestone", "blocked_by"})) == []
    assert team.asked() == []


def test_the_history_of_what_is_gone_is_not_found(team: Team) -> None:
    with pytest.raises(NotFoundError):
        told(team, "00000000-0000-4000-8000-000000000000", team.served.clock.now)


def test_a_reference_that_is_gone_is_told_without_values() -> None:
    keys = (
        "updatedDescription fromTitle toTitle fromPriority toPriority fromEstimate toEstimate fromDueDate toDueDate"
        " fromAssigneeId toAssigneeId fromParentId toParentId fromState toState fromProjectId toProjectId fromProject"
        " toProject fromCycleId toCycleId fromCycle toCycle addedLabelIds removedLabelIds addedLabels removedLabels"
        " archived trashed"
    )
    entry = {
        **dict.fromkeys(keys.split()),
        "updatedAt": "2026-01-01T00:00:00.000Z",
        "actorId": None,
        "toProjectId": "gone",
        "addedLabelIds": ["gone"],
        "addedLabels": [],
    }
    assert [(edit.field, edit.actor, edit.told) for edit in edits_of(entry)] == [
        ("labels", None, False),
        ("project", None, False),
    ]
