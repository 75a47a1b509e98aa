"""Writing issues: what is set at the source is what the team sees, for as few requests as there can be."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.integrations.linear.team import Team
from tests.support.sandbox import InProcess, sandbox_thread
from worklake.errors import (
    AccessError,
    AuthError,
    InvalidInputError,
    NotFoundError,
    RefusedValueError,
    RetryableError,
    UnknownOutcomeError,
)
from worklake.integrations.base import Item
from worklake.integrations.linear.client import LinearClient
from worklake.integrations.linear.queries import Call
from worklake.integrations.linear.writing import Writer
from worklake.model.fields import FieldValue, Priority, Status
from worklake.model.ids import TaskId, task_id
from worklake.model.rows import Kind
from worklake.sandbox.linear.markdown import normalised

pytestmark = pytest.mark.xdist_group("linear-writing")

RICH = """# Steps

1. open the page
- [ ] tick *this* and **that**

| a | b |
| - | - |
| 1 | 2 |

![shot](https://files.example/a.png) @mara /close #12 🎉 — naïve `code` <b>raw</b>
"""


@pytest.fixture(scope="module")
def sandbox() -> Iterator[InProcess]:
    with sandbox_thread("linear", tasks=40) as served:
        yield served


@pytest.fixture
def team(sandbox: InProcess) -> Iterator[Team]:
    sandbox.clock.forward(minutes=5)
    team = Team(sandbox)
    yield team
    team.suffers()


def a_task() -> TaskId:
    return task_id("elsewhere", str(uuid.uuid4()))


def made(team: Team, marker: TaskId | None = None, **fields: FieldValue) -> str:
    marker = marker or a_task()
    item = team.source.create(
        {"title": "Made", **fields}, where=None, marker=marker, made_id=team.source.made_id(marker)
    )
    assert item.external_id == team.source.made_id(marker)
    return str(item.external_id)


def names(team: Team) -> dict[str, Any]:
    """Names that the workspace has, to write with."""
    known = team.source.vocabulary({"project", "milestone", "cycle", "assignees"}).known
    projects = team.does("{ projects { nodes { name projectMilestones { nodes { name } } } } }")["projects"]["nodes"]
    with_milestones = next(one for one in projects if one["projectMilestones"]["nodes"])
    team.asked()
    return {
        "project": with_milestones["name"],
        "milestone": with_milestones["projectMilestones"]["nodes"][0]["name"],
        "cycle": sorted(known["cycle"])[-1],
        "people": sorted(known["assignees"]),
    }


def fields_of_every_kind(team: Team) -> dict[str, FieldValue]:
    known = names(team)
    return {
        "title": "Everything 🎉",
        "description": RICH.strip(),
        "status": "started",
        "priority": "high",
        "labels": ["brand new", 'odd, label: 100% «ü» / \\ "x"'],
        "assignees": [known["people"][1]],
        "due_date": "2026-05-04",
        "estimate_points": 3.0,
        "project": known["project"],
        "milestone": known["milestone"],
        "cycle": known["cycle"],
        "parent_id": team.creates(title="Parent"),
    }


def refused(team: Team, issue: str, **fields: FieldValue) -> tuple[str, ...]:
    with pytest.raises(RefusedValueError) as raised:
        team.source.update(issue, fields, team.shown(issue))
    return raised.value.fields


def test_a_new_issue_shows_every_field_that_it_was_made_with(team: Team) -> None:
    fields = fields_of_every_kind(team)
    issue = made(team, **fields)
    assert team.shown(issue) == team.source.lens.project(fields, None) | {"blocked_by": [], "archived": False}
    assert team.source.lens.project(fields, None) == fields


def test_every_issue_there_is_can_be_made_again(team: Team) -> None:
    items = [item for item in team.source.complete(team.listed()[0]) if item.kind is Kind.TASK]
    for item in items[:25]:
        fields = team.view(item).fields
        assert team.shown(made(team, **fields)) == fields


def test_making_an_issue_is_one_request_and_one_for_each_blocker(team: Team) -> None:
    blockers = sorted(team.creates(title=f"Blocker {number}") for number in range(2))
    made(team)
    assert team.asked() == ["query Names", "mutation CreateIssue"]
    made(team, status="completed", priority="low", due_date="2026-01-01")
    assert team.asked() == ["mutation CreateIssue"]
    issue = made(team, status="started", blocked_by=blockers)
    assert team.asked() == ["mutation CreateIssue", "mutation AddBlocker", "mutation AddBlocker"]
    assert team.shown(issue)["blocked_by"] == blockers


def test_an_issue_is_made_once_however_often_it_is_asked_for(team: Team) -> None:
    task = a_task()
    assert team.source.find_created(task, team.source.made_id(task), team.served.clock()) is None
    first = made(team, task, title="Once")
    assert made(team, task, title="Twice") == first
    found = team.source.find_created(task, team.source.made_id(task), team.served.clock())
    assert found is not None
    assert team.view(found).fields["title"] == "Once"


@pytest.mark.parametrize("drop", ["before", "after"])
def test_a_lost_reply_makes_no_second_issue(team: Team, drop: str) -> None:
    made(team)
    before = len(set(team.source.list_ids()))
    team.suffers({"drop": drop, "times": 1})
    issue = made(team, title="Only one")
    assert team.shown(issue)["title"] == "Only one"
    assert len(set(team.source.list_ids())) == before + 1


def test_a_half_made_issue_is_found_and_completed(team: Team) -> None:
    task, blocker = a_task(), team.creates(title="Blocker")
    with pytest.raises(RefusedValueError) as raised:
        made(team, task, blocked_by=[blocker, str(uuid.uuid4())])
    assert raised.value.fields == ("blocked_by",)
    found = team.source.find_created(task, team.source.made_id(task), team.served.clock())
    assert found is not None
    shown = team.view(found).fields
    team.source.update(str(found.external_id), {"blocked_by": [blocker]}, shown)
    assert team.shown(str(found.external_id))["blocked_by"] == [blocker]


def test_the_made_id_is_a_version_4_uuid_of_the_source_and_the_task(team: Team) -> None:
    task = a_task()
    assert uuid.UUID(team.source.made_id(task)).version == 4
    assert team.source.made_id(task) == team.source.made_id(task) != team.source.made_id(a_task())


def test_issues_are_made_where_it_is_said(sandbox: InProcess) -> None:
    team = Team(sandbox, teams=("ENG", "OPS"))
    item = team.source.create({"title": "Elsewhere"}, where="ops", marker=a_task(), made_id=None)
    assert item.payload["team"]["key"] == "OPS"
    with pytest.raises(InvalidInputError, match="NOPE"):
        team.source.create({"title": "Nowhere"}, where="NOPE", marker=a_task(), made_id=None)


def test_an_update_sets_every_field_in_one_request(team: Team) -> None:
    issue = team.creates(title="Plain")
    shown = team.shown(issue)
    fields = fields_of_every_kind(team) | {"labels": []}
    item = team.source.update(issue, fields, shown)
    assert team.asked() == ["mutation UpdateIssue"]
    assert team.view(item).fields == shown | fields


def test_an_update_empties_every_field(team: Team) -> None:
    issue = made(team, **fields_of_every_kind(team))
    shown = team.shown(issue)
    empty: dict[str, FieldValue] = {
        "description": None, "priority": "none", "labels": [], "assignees": [], "due_date": None,
        "estimate_points": None, "project": None, "milestone": None, "cycle": None, "parent_id": None,
    }  # fmt: skip
    assert team.view(team.source.update(issue, empty, shown)).fields == shown | empty


LABELS = ["one", "two", "three", "odd: 1/2", "ü"]
ANYTHING = st.fixed_dictionaries(
    {},
    optional={
        "title": st.text("abc *_#<>&é🎉", min_size=1).map(lambda title: f"a{title}a"),
        "description": st.none() | st.text("abc *_#<>&é🎉\n", max_size=40),
        "status": st.sampled_from([status.value for status in Status]),
        "priority": st.sampled_from([priority.value for priority in Priority]),
        "labels": st.lists(st.sampled_from(LABELS), unique=True).map(sorted),
        "due_date": st.none() | st.dates().map(lambda day: day.isoformat()),
        "estimate_points": st.none() | st.floats(0, 20),
        "archived": st.booleans(),
        "blocked_by": st.sets(st.sampled_from(range(3))).map(sorted),
        "parent_id": st.none() | st.sampled_from(range(3)),
    },
)


def test_whatever_is_set_is_shown_as_the_lens_projects_it(sandbox: InProcess) -> None:
    team = Team(sandbox)
    others = [team.creates(title=f"Other {number}") for number in range(3)]
    issue = made(team)

    @settings(max_examples=40, deadline=None)
    @given(ANYTHING)
    def law(values: dict[str, Any]) -> None:
        fields = dict(values)
        if "blocked_by" in fields:
            fields["blocked_by"] = sorted(others[number] for number in fields["blocked_by"])
        if fields.get("parent_id") is not None:
            fields["parent_id"] = others[fields["parent_id"]]
        shown = team.shown(issue)
        now = team.view(team.source.update(issue, fields, shown)).fields
        expected = shown | team.source.lens.project(fields, shown)
        if "description" in fields:
            expected["description"] = normalised(str(expected["description"] or "")) or None
        assert now == expected
        assert team.shown(issue) == now
        team.source.update(issue, now, now)
        assert [call for call in team.asked() if call.startswith("mutation")] in ([], ["mutation UpdateIssue"])

    law()


def test_an_update_leaves_the_fields_that_are_not_given(team: Team) -> None:
    issue = made(team, **fields_of_every_kind(team))
    shown = team.shown(issue)
    team.edits(issue, title="By a person")
    item = team.source.update(issue, {"due_date": "2027-01-01"}, shown)
    assert team.view(item).fields == shown | {"title": "By a person", "due_date": "2027-01-01"}


def test_an_issue_that_was_not_read_is_read_once_before_it_is_written(team: Team) -> None:
    issue = team.creates()
    team.source.update(issue, {"title": "One"}, {})
    team.source.update(issue, {"title": "Two"}, {})
    assert team.asked() == ["query Issue", "mutation UpdateIssue", "mutation UpdateIssue"]


def test_labels_are_added_and_removed_one_by_one(team: Team) -> None:
    issue = made(team, labels=["one", "two"])
    shown = team.shown(issue)
    Team(team.served).source.update(issue, {"labels": ["by another", "one", "two"]}, shown)
    item = team.source.update(issue, {"labels": ["three", "two"]}, shown)
    assert team.view(item).fields["labels"] == ["by another", "three", "two"]


def test_a_label_that_does_not_exist_is_made_in_the_issues_team_and_only_once(team: Team) -> None:
    name = f"made for {uuid.uuid4()}"
    issue = made(team)
    shown = team.shown(issue)
    team.source.update(issue, {"labels": [name]}, shown)
    assert team.asked() == ["mutation CreateLabel", "mutation UpdateIssue"]
    other = made(team, labels=[name])
    assert team.asked() == ["mutation CreateIssue"]
    assert team.shown(other)["labels"] == [name]
    found = team.does(
        "query ($name: String!) { issueLabels(filter: {name: {eq: $name}}) { nodes { team { key } } } }", name=name
    )
    assert found["issueLabels"]["nodes"] == [{"team": {"key": "ENG"}}]


def test_a_label_in_other_letters_is_the_same_label(team: Team) -> None:
    issue = made(team, labels=["Needs Design"])
    shown = team.shown(issue)
    item = team.source.update(issue, {"labels": ["needs design"]}, shown)
    assert team.view(item).fields["labels"] == ["Needs Design"]
    assert team.shown(made(team, labels=["NEEDS DESIGN"]))["labels"] == ["Needs Design"]


def test_a_label_that_somebody_made_meanwhile_is_taken(team: Team) -> None:
    issue = made(team, status="started")
    team.does(
        "mutation ($input: IssueLabelCreateInput!) { issueLabelCreate(input: $input) { success } }",
        input={"name": "meanwhile"},
    )
    item = team.source.update(issue, {"labels": ["meanwhile"]}, team.shown(issue))
    assert team.view(item).fields["labels"] == ["meanwhile"]


def test_labels_that_linear_does_not_take_together_are_refused_as_labels(team: Team) -> None:
    group = team.does("{ issueLabels(filter: {isGroup: {eq: true}}) { nodes { name children { nodes { name } } } } }")
    (first, *_) = group["issueLabels"]["nodes"]
    exclusive: list[str] = sorted(node["name"] for node in first["children"]["nodes"])[:2]
    issue = made(team, labels=["stays"])
    assert refused(team, issue, labels=exclusive, title="Also") == ("labels",)
    assert refused(team, issue, labels=[first["name"]]) == ("labels",)
    assert refused(team, issue, labels=[" "]) == ("labels",)
    assert team.shown(issue)["labels"] == ["stays"]


def test_blockers_are_added_and_removed_and_other_relations_stay(team: Team) -> None:
    first, second, third = (team.creates(title=f"Blocker {number}") for number in range(3))
    issue = made(team, blocked_by=[first, second])
    team.lets_block(third, issue)
    shown = team.shown(issue) | {"blocked_by": sorted([first, second])}
    item = team.source.update(issue, {"blocked_by": [second]}, shown)
    assert team.asked() == ["mutation RemoveRelation", "query Issue"]
    assert team.view(item).fields["blocked_by"] == sorted([second, third])
    team.source.update(issue, {"blocked_by": sorted([first, third]), "title": "Less"}, team.view(item).fields)
    assert team.asked() == ["mutation RemoveRelation", "mutation AddBlocker", "mutation UpdateIssue"]
    assert team.shown(issue)["blocked_by"] == sorted([first, third])


def test_a_blocker_that_is_there_or_gone_already_is_no_fault(team: Team) -> None:
    first, second = team.creates(title="First"), team.creates(title="Second")
    issue = made(team, blocked_by=[first])
    shown = team.shown(issue)
    other = Team(team.served)
    other.source.update(issue, {"blocked_by": [second]}, other.shown(issue))
    item = team.source.update(issue, {"blocked_by": [second]}, shown)
    assert team.view(item).fields["blocked_by"] == [second]


def test_a_status_takes_the_usual_state_of_its_type_and_keeps_a_finer_one(team: Team) -> None:
    issue = team.creates(title="Moving")
    for status, state in (("started", "In Progress"), ("completed", "Done"), ("canceled", "Canceled")):
        item = team.source.update(issue, {"status": status}, team.shown(issue))
        assert item.payload["state"]["name"] == state
    team.edits(issue, state="In Review")
    item = team.source.update(issue, {"status": "started", "title": "Still"}, team.shown(issue) | {"status": "backlog"})
    assert item.payload["state"]["name"] == "In Review"


def test_an_issue_goes_into_the_archive_last_and_comes_back_first(team: Team) -> None:
    issue = team.creates()
    shown = team.shown(issue)
    item = team.source.update(issue, {"archived": True, "title": "Away"}, shown)
    assert team.asked() == ["mutation UpdateIssue", "mutation ArchiveIssue"]
    away = team.view(item).fields
    assert away == shown | {"archived": True, "title": "Away"}
    item = team.source.update(issue, {"archived": False, "title": "Back"}, away)
    assert team.asked() == ["mutation RestoreIssue", "mutation UpdateIssue"]
    assert team.view(item).fields == shown | {"title": "Back"}
    assert team.view(team.source.archive(issue)).fields["archived"] is True
    assert team.view(team.source.restore(issue)).fields["archived"] is False


def test_names_that_do_not_exist_are_refused_for_their_field_before_anything_is_written(team: Team) -> None:
    issue = team.creates(title="Untouched")
    assert refused(team, issue, project="No such project", title="Touched") == ("project",)
    assert refused(team, issue, cycle="No such cycle", title="Touched") == ("cycle",)
    assert refused(team, issue, milestone="No project", title="Touched") == ("milestone",)
    assert refused(team, issue, project=names(team)["project"], milestone="None such", title="Touched") == (
        "milestone",
    )
    assert refused(team, issue, title="  ") == ("title",)
    assert refused(team, issue, start_date="2026-01-01") == ("start_date",)
    assert team.shown(issue)["title"] == "Untouched"


def test_what_linear_refuses_names_the_field(team: Team) -> None:
    issue = team.creates(title="Untouched")
    child = made(team, parent_id=issue)
    assert refused(team, issue, parent_id=child, title="Touched") == ("parent_id",)
    assert refused(team, issue, parent_id=str(uuid.uuid4()), title="Touched") == ("parent_id",)
    assert refused(team, issue, assignees=[str(uuid.uuid4())], title="Touched") == ("assignees",)
    assert refused(team, issue, blocked_by=[str(uuid.uuid4())]) == ("blocked_by",)
    assert refused(team, issue, blocked_by=[issue]) == ("blocked_by",)
    assert refused(team, issue, due_date="soon") == ("due_date",)
    assert team.shown(issue)["title"] == "Untouched"
    with pytest.raises(RefusedValueError) as raised:
        made(team, parent_id=str(uuid.uuid4()))
    assert raised.value.fields == ("parent_id",)


def test_a_name_that_is_missing_is_asked_for_anew_once_only(team: Team) -> None:
    issue = made(team, status="started")
    shown = team.shown(issue)
    for _ in range(3):
        with pytest.raises(RefusedValueError):
            team.source.update(issue, {"project": "Not there"}, shown)
    assert team.asked() == ["query Names"]


def test_a_project_that_was_made_meanwhile_is_found(team: Team) -> None:
    issue = made(team, status="started")
    teams = [node["id"] for node in team.does("{ teams { nodes { id } } }")["teams"]["nodes"]]
    team.does(
        "mutation ($input: ProjectCreateInput!) { projectCreate(input: $input) { success } }",
        input={"name": "Fresh", "teamIds": teams},
    )
    item = team.source.update(issue, {"project": "Fresh"}, team.shown(issue))
    assert team.view(item).fields["project"] == "Fresh"


def test_an_issue_that_is_gone_is_not_found(team: Team) -> None:
    missing = str(uuid.uuid4())
    for call in (team.source.close, team.source.reopen, team.source.archive, team.source.restore):
        with pytest.raises(NotFoundError):
            call(missing)
    issue = team.creates()
    shown = team.shown(issue)
    team.does("mutation ($id: String!) { issueDelete(id: $id, permanentlyDelete: true) { success } }", id=issue)
    for fields in ({"title": "Gone"}, {"parent_id": team.creates()}):
        with pytest.raises(NotFoundError):
            team.source.update(issue, fields, shown)
    team.source.delete(issue)


@pytest.mark.parametrize(
    "fault",
    [{"drop": "before"}, {"drop": "after"}, {"status": 503}, {"status": 200, "body": "a page of some proxy"}],
    ids=str,
)
def test_an_update_whose_reply_is_lost_has_an_unknown_outcome_and_is_not_sent_again(
    team: Team, fault: dict[str, Any]
) -> None:
    issue = team.creates(title="Before")
    shown = team.shown(issue)
    team.suffers({**fault, "times": 1})
    with pytest.raises(UnknownOutcomeError):
        team.source.update(issue, {"title": "After"}, shown)
    assert team.asked() == ["mutation UpdateIssue"]
    item = team.source.read(issue)
    assert team.view(item).fields["title"] == ("After" if fault == {"drop": "after"} else "Before")
    assert team.view(team.source.update(issue, {"title": "After"}, team.view(item).fields)).fields["title"] == "After"


def writer_that_fails(team: Team, operation: str) -> Writer:
    """It meets a passing fault at this operation, which was then not done."""
    ask = LinearClient(team.http).ask

    def failing(call: Call) -> dict[str, Any]:
        if call.operation.name == operation:
            raise RetryableError(f"{operation} was not done")
        return ask(call)

    return Writer(failing, "linear", ("ENG",), None)


def test_a_fault_before_anything_is_done_is_passing_and_one_half_way_an_unknown_outcome(team: Team) -> None:
    issue, blocker = team.creates(title="Before"), team.creates(title="Blocker")
    shown = team.shown(issue)
    writer = writer_that_fails(team, "UpdateIssue")
    with pytest.raises(RetryableError):
        writer.update(issue, {"title": "After"}, shown)
    assert team.shown(issue) == shown
    with pytest.raises(UnknownOutcomeError):
        writer.update(issue, {"title": "After", "blocked_by": [blocker]}, shown)
    assert team.shown(issue) == shown | {"blocked_by": [blocker]}


def test_a_fault_after_an_issue_was_made_is_an_unknown_outcome(team: Team) -> None:
    task, blocker = a_task(), team.creates(title="Blocker")
    writer = writer_that_fails(team, "AddBlocker")
    with pytest.raises(UnknownOutcomeError):
        writer.create({"title": "Half", "blocked_by": [blocker]}, None, team.source.made_id(task))
    found = team.source.find_created(task, team.source.made_id(task), team.served.clock())
    assert found is not None
    assert team.view(found).fields["blocked_by"] == []


@pytest.mark.parametrize("kind", ["AddBlocker", "RemoveRelation", "ArchiveIssue", "TrashIssue", "CreateLabel"])
def test_what_does_no_harm_twice_is_sent_again_when_its_reply_is_lost(team: Team, kind: str) -> None:
    blocker = team.creates(title="Blocker")
    issue = made(team, status="started", blocked_by=[] if kind == "AddBlocker" else [blocker])
    shown = team.shown(issue)
    calls = {
        "AddBlocker": lambda: team.source.update(issue, {"blocked_by": [blocker]}, shown),
        "RemoveRelation": lambda: team.source.update(issue, {"blocked_by": []}, shown),
        "ArchiveIssue": lambda: team.source.archive(issue),
        "TrashIssue": lambda: team.source.delete(issue),
        "CreateLabel": lambda: team.source.update(issue, {"labels": [f"lost {uuid.uuid4()}"]}, shown),
    }
    team.suffers({"drop": "after", "times": 1})
    calls[kind]()
    assert team.asked()[:2] == [f"mutation {kind}"] * 2
    assert {
        "AddBlocker": lambda now: now["blocked_by"] == [blocker],
        "RemoveRelation": lambda now: now["blocked_by"] == [],
        "ArchiveIssue": lambda now: now["archived"],
        "TrashIssue": lambda now: now["archived"],
        "CreateLabel": lambda now: len(now["labels"]) == 1,
    }[kind](team.shown(issue))


def test_closing_and_opening_again_goes_back_to_the_state_before(team: Team) -> None:
    issue = team.creates()
    team.edits(issue, state="In Review")
    team.served.clock.forward(minutes=5)
    assert team.view(team.source.close(issue)).fields["status"] == "canceled"
    assert team.view(team.source.close(issue)).fields["status"] == "canceled"
    assert team.source.reopen(issue).payload["state"]["name"] == "In Review"
    team.asked()
    assert team.source.reopen(issue).payload["state"]["name"] == "In Review"
    assert team.asked() == ["query Issue"]


def test_an_issue_that_was_made_closed_is_opened_as_something_to_do(team: Team) -> None:
    issue = made(team, status="completed")
    assert team.view(team.source.close(issue)).fields["status"] == "completed"
    assert team.view(team.source.reopen(issue)).fields["status"] == "unstarted"


def test_an_issue_whose_state_before_is_gone_is_opened_as_something_to_do(team: Team) -> None:
    issue = team.creates()
    teams = team.does('{ teams(filter: {key: {eq: "ENG"}}) { nodes { id } } }')["teams"]["nodes"]
    state = team.does(
        "mutation ($input: WorkflowStateCreateInput!) { workflowStateCreate(input: $input) { workflowState { id } } }",
        input={"teamId": teams[0]["id"], "name": "Passing", "type": "started", "color": "#fff"},
    )["workflowStateCreate"]["workflowState"]["id"]
    team.edits(issue, state="Passing")
    team.served.clock.forward(minutes=5)
    team.source.close(issue)
    team.does("mutation ($id: String!) { workflowStateArchive(id: $id) { success } }", id=state)
    assert team.source.reopen(issue).payload["state"]["name"] == "Todo"


def test_an_issue_that_was_deleted_for_good_is_not_made_again(team: Team) -> None:
    task = a_task()
    issue = made(team, task)
    team.does("mutation ($id: String!) { issueDelete(id: $id, permanentlyDelete: true) { success } }", id=issue)
    assert team.source.find_created(task, issue, team.served.clock()) is None
    with pytest.raises(RefusedValueError, match="deleted for good"):
        made(team, task)


def test_a_deleted_issue_lies_in_the_trash_and_can_be_brought_back(team: Team) -> None:
    issue = team.creates()
    team.source.delete(issue)
    team.source.delete(issue)
    assert team.view(team.source.read(issue)).deleted
    assert not team.view(team.source.restore(issue)).deleted


def test_many_issues_are_read_in_one_request(team: Team) -> None:
    items = [item for item in team.source.complete(team.listed()[0]) if item.kind is Kind.TASK]
    ids = [str(item.external_id) for item in items]
    archived = team.creates(title="Away")
    team.source.archive(archived)
    team.asked()
    found = {item.external_id: item for item in team.source.read_many([*ids[:30], archived, str(uuid.uuid4())])}
    assert team.asked() == ["query Many"]
    assert set(found) == {*ids[:30], archived}
    for item in items[:30]:
        assert found[item.external_id] == item == team.source.read(str(item.external_id))
    team.asked()
    team.source.update(ids[0], {"due_date": "2026-12-24"}, team.view(found[ids[0]]).fields)
    assert team.asked() == ["mutation UpdateIssue"]


def test_more_issues_than_a_request_has_room_for_take_the_next_one(team: Team) -> None:
    ids = [str(item.external_id) for item in team.listed()[0] if item.kind is Kind.TASK][:10]
    team.asked()
    absent = [str(uuid.uuid4()) for _ in range(195)]
    found: list[Item] = list(team.source.read_many([*absent, *ids]))
    assert sorted(str(item.external_id) for item in found) == sorted(ids)
    assert team.asked() == ["query Many", "query Many"]


def test_a_key_that_may_only_read_or_is_wrong_writes_nothing(team: Team) -> None:
    issue = team.creates(title="Untouched")
    reader = Team(team.served, token=team.served.provider.read_only_token)  # type: ignore[attr-defined]
    with pytest.raises(AccessError):
        reader.source.update(issue, {"title": "Touched"}, reader.shown(issue))
    with pytest.raises(AccessError):
        made(reader)
    with pytest.raises(AuthError):
        made(Team(team.served, token="lin_api_wrong"))
    assert team.shown(issue)["title"] == "Untouched"


@pytest.mark.parametrize(
    "text", [RICH, "line\r\nbreaks\r\n", "/close\n/label ~bug", "x" * 60_000, "a <!-- b --> c", "&lt; & < \\* \\_"]
)
def test_a_text_comes_back_and_writing_what_came_back_changes_nothing(team: Team, text: str) -> None:
    issue = made(team, description=text)
    shown = team.shown(issue)
    once = str(shown["description"])
    assert once.split() == text.split()
    assert team.view(team.source.update(issue, {"description": once}, {})).fields == shown


def test_the_markers_in_a_description_stay_when_it_is_rewritten(team: Team) -> None:
    issue = team.creates(description="<!-- worklake:task_0123456789abcdef -->\n\nOld")
    item = team.source.update(issue, {"description": "New"}, team.shown(issue))
    assert team.view(item).fields["description"] == "New"
    assert team.view(item).markers == ["task_0123456789abcdef"]


def test_the_vocabulary_names_what_exists_for_one_request(team: Team) -> None:
    known = team.source.vocabulary({"status", "project", "milestone", "cycle", "assignees", "labels", "title"}).known
    assert team.asked() == ["query Names"]
    assert set(known) == {"status", "project", "milestone", "cycle", "assignees"}
    assert known["status"] == {"triage", "backlog", "unstarted", "started", "completed", "canceled"}
    for item in [item for item in team.listed()[0] if item.kind is Kind.TASK]:
        fields = team.view(item).fields
        for name in ("status", "project", "milestone", "cycle"):
            assert fields[name] is None or fields[name] in known[name]
    team.asked()
    assert team.source.vocabulary({"title", "labels"}).known == {}
    assert team.asked() == []


def test_the_vocabulary_is_that_of_now(team: Team) -> None:
    assert "Later" not in team.source.vocabulary({"project"}).known["project"]
    teams = [node["id"] for node in team.does("{ teams { nodes { id } } }")["teams"]["nodes"]]
    team.does(
        "mutation ($input: ProjectCreateInput!) { projectCreate(input: $input) { success } }",
        input={"name": "Later", "teamIds": teams},
    )
    assert "Later" in team.source.vocabulary({"project"}).known["project"]


def test_the_vocabulary_of_a_team_that_does_not_show_is_not_told(sandbox: InProcess) -> None:
    with pytest.raises(AccessError, match="NOPE"):
        Team(sandbox, teams=("ENG", "NOPE")).source.vocabulary({"status"})
