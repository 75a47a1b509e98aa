"""The schema is Linear's own, and the tables of what is served name nothing that it does not have."""

from __future__ import annotations

from pathlib import Path

import pytest
from gql import Client, gql
from gql.transport.requests import RequestsHTTPTransport
from graphql import GraphQLObjectType, build_schema, get_named_type, is_leaf_type, is_required_argument

import worklake.sandbox.linear
from worklake.sandbox.linear.fields import SERVED

PACKAGE = Path(worklake.sandbox.linear.__file__).parent
SDL = build_schema((PACKAGE / "schema.graphql").read_text(encoding="utf-8"), assume_valid=True)


@pytest.mark.parametrize("type_name", sorted(SERVED))
def test_every_served_field_exists_in_linears_schema(type_name):
    described = SDL.type_map[type_name]
    assert isinstance(described, GraphQLObjectType)
    for name, field in SERVED[type_name].items():
        assert name in described.fields
        if not field.hollow:
            paging = {"first", "after", "last", "before", "orderBy", "includeArchived"}
            assert field.arguments - paging <= set(described.fields[name].args)


def test_schema_comes_with_its_licence():
    notice = (PACKAGE / "schema.graphql.LICENSE").read_text(encoding="utf-8")
    assert "Copyright (c) 2019 Linear" in notice
    assert "MIT License" in notice


def test_gql_fetches_the_whole_schema_without_a_token(linear):
    with Client(transport=RequestsHTTPTransport(f"{linear.url}/graphql"), fetch_schema_from_transport=True) as session:
        fetched = session.client.schema
    assert set(fetched.type_map) >= {name for name in SDL.type_map if not name.startswith("__")}
    assert str(fetched.type_map["Issue"].fields["estimate"].type) == "Float"


def test_gql_queries_and_mutates(linear):
    transport = RequestsHTTPTransport(f"{linear.url}/graphql", headers=linear.headers)
    with Client(transport=transport, schema=SDL) as session:
        found = session.execute(gql("{ issues(first: 3) { nodes { id identifier url } } }"))["issues"]["nodes"]
        update = gql("mutation($id: String!) { issueUpdate(id: $id, input: {priority: 1}) { issue { priority } } }")
        update.variable_values = {"id": found[0]["id"]}
        changed = session.execute(update)
    assert len(found) == 3
    assert changed["issueUpdate"]["issue"]["priority"] == 1


LISTS = {
    "Issue": "issues", "Team": "teams", "User": "users", "WorkflowState": "workflowStates", "IssueLabel": "issueLabels",
    "Project": "projects", "ProjectStatus": "projectStatuses", "ProjectMilestone": "projectMilestones",
    "Cycle": "cycles", "Comment": "comments", "IssueRelation": "issueRelations", "Attachment": "attachments",
}  # fmt: skip


@pytest.mark.parametrize("type_name", sorted(LISTS))
def test_every_served_field_of_every_row_answers(make_linear, type_name):
    linear = make_linear(tasks=400)
    selected = selection_of_all_served_fields(type_name)
    for start in range(0, len(selected), 25):
        fields = " ".join(selected[start : start + 25])
        found = linear.data(f"{{ {LISTS[type_name]}(first: 20) {{ nodes {{ id {fields} }} }} }}")
        assert found[LISTS[type_name]]["nodes"]


def test_every_served_field_of_the_workspace_its_history_and_its_people_answers(linear):
    issue = linear.create_issue()["id"]
    linear.clock.advance(minutes=1)
    linear.update_issue(issue, title="Renamed", priority=2, stateId=linear.state("Done"))
    history = " ".join(selection_of_all_served_fields("IssueHistory"))
    assert linear.issue(issue, f"history {{ nodes {{ {history} }} }}")["history"]["nodes"]
    organization = " ".join(selection_of_all_served_fields("Organization"))
    assert linear.data(f"{{ organization {{ {organization} }} }}")["organization"]["urlKey"] == "team"
    membership = " ".join(selection_of_all_served_fields("TeamMembership"))
    query = f"{{ viewer {{ teamMemberships {{ nodes {{ {membership} }} }} }} }}"
    assert len(linear.data(query)["viewer"]["teamMemberships"]["nodes"]) == 2


def selection_of_all_served_fields(type_name: str) -> list[str]:
    selected = []
    for name in SERVED[type_name]:
        field = SDL.type_map[type_name].fields[name]
        if any(is_required_argument(argument) for argument in field.args.values()):
            continue
        size = "(first: 1)" if "first" in field.args else ""
        inner = "" if is_leaf_type(get_named_type(field.type)) else " { __typename }"
        selected.append(f"{name}{size}{inner}")
    return selected
