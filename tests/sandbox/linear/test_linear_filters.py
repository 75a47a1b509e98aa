"""Filters, compared with the same question asked of the rows themselves."""

from __future__ import annotations

import pytest

FIELDS = """id identifier number title description priority estimate dueDate createdAt updatedAt completedAt archivedAt
  labelIds state { name type } team { key } assignee { id email } project { name } cycle { number } parent { id }
  projectMilestone { name } labels(first: 5) { nodes { name } } comments(first: 3) { nodes { id } }"""


def find(linear, **issue_filter):
    query = f"""query($filter: IssueFilter) {{ issues(first: 100, includeArchived: true, filter: $filter) {{
      nodes {{ {FIELDS} }} }} }}"""
    return linear.data(query, filter=issue_filter)["issues"]["nodes"]


def label_names(row):
    return {label["name"] for label in row["labels"]["nodes"]}


SINCE = "2026-07-01T00:00:00.000Z"
CASES = {
    "state type in": (
        {"state": {"type": {"in": ["started", "triage"]}}},
        lambda r: r["state"]["type"] in ("started", "triage"),
    ),
    "state type not in": ({"state": {"type": {"nin": ["completed"]}}}, lambda r: r["state"]["type"] != "completed"),
    "state name": ({"state": {"name": {"eq": "Done"}}}, lambda r: r["state"]["name"] == "Done"),
    "team": ({"team": {"key": {"eq": "ENG"}}}, lambda r: True),
    "other team": ({"team": {"key": {"neq": "ENG"}}}, lambda r: False),
    "unassigned": ({"assignee": {"null": True}}, lambda r: r["assignee"] is None),
    "assigned": ({"assignee": {"null": False}}, lambda r: r["assignee"] is not None),
    "assignee's address": (
        {"assignee": {"email": {"endsWith": "@team.example"}, "name": {"containsIgnoreCase": "k"}}},
        lambda r: r["assignee"] is not None and "k" in r["assignee"]["email"],
    ),
    "nobody or urgent": (
        {"or": [{"assignee": {"null": True}}, {"priority": {"eq": 1}}]},
        lambda r: r["assignee"] is None or r["priority"] == 1,
    ),
    "nobody or somebody, inside the relation": (
        {"assignee": {"or": [{"null": True}, {"email": {"startsWith": "kim"}}]}},
        lambda r: r["assignee"] is None or r["assignee"]["email"].startswith("kim"),
    ),
    "both": (
        {"and": [{"priority": {"gte": 2}}, {"priority": {"lte": 3}}], "dueDate": {"null": False}},
        lambda r: r["priority"] in (2, 3) and r["dueDate"] is not None,
    ),
    "priority between": ({"priority": {"gt": 0, "lt": 4}}, lambda r: 0 < r["priority"] < 4),
    "estimate without": ({"estimate": {"null": True}}, lambda r: r["estimate"] is None),
    "estimate in or none": (
        {"estimate": {"or": [{"null": True}, {"in": [1, 8]}]}},
        lambda r: r["estimate"] in (None, 1, 8),
    ),
    "updated since": ({"updatedAt": {"gte": SINCE}}, lambda r: r["updatedAt"] >= SINCE),
    "updated in the last two weeks": (
        {"updatedAt": {"gt": "-P2W"}},
        lambda r: r["updatedAt"] > "2026-07-08T10:00:00.000Z",
    ),
    "created by month": ({"createdAt": {"lt": "2026-05"}}, lambda r: r["createdAt"] < "2026-05-01"),
    "completed": ({"completedAt": {"null": False}}, lambda r: r["completedAt"] is not None),
    "archived": ({"archivedAt": {"null": False}}, lambda r: r["archivedAt"] is not None),
    "due soon": (
        {"dueDate": {"gte": "2026-07-22", "lt": "P1M"}},
        lambda r: "2026-07-22" <= (r["dueDate"] or "") < "2026-08-22",
    ),
    "title contains": ({"title": {"contains": "Fix"}}, lambda r: "Fix" in r["title"]),
    "title without": ({"title": {"notContainsIgnoreCase": "fix"}}, lambda r: "fix" not in r["title"].lower()),
    "accents": ({"title": {"containsIgnoreCaseAndAccent": "ÉXPORT"}}, lambda r: "export" in r["title"].lower()),
    "no description": ({"description": {"null": True}}, lambda r: r["description"] is None),
    "numbers": ({"number": {"in": [1, 3, 5]}}, lambda r: r["number"] in (1, 3, 5)),
    "by identifier": ({"id": {"in": ["ENG-2", "ENG-4"]}}, lambda r: r["identifier"] in ("ENG-2", "ENG-4")),
    "not by identifier": ({"id": {"nin": ["ENG-2", "ENG-4"]}}, lambda r: r["identifier"] not in ("ENG-2", "ENG-4")),
    "some label": ({"labels": {"some": {"name": {"eq": "bug"}}}}, lambda r: "bug" in label_names(r)),
    "a bare label field means some": ({"labels": {"name": {"eq": "bug"}}}, lambda r: "bug" in label_names(r)),
    "every label": (
        {"labels": {"every": {"name": {"in": ["bug", "docs"]}}}},
        lambda r: label_names(r) <= {"bug", "docs"},
    ),
    "two labels": ({"labels": {"length": {"gte": 2}}}, lambda r: len(label_names(r)) >= 2),
    "no label": ({"labels": {"null": True}}, lambda r: not label_names(r)),
    "label of a group": (
        {"labels": {"some": {"parent": {"name": {"eq": "team"}}}}},
        lambda r: any("::" in n for n in label_names(r)),
    ),
    "project": ({"project": {"name": {"eq": "Web"}}}, lambda r: r["project"] and r["project"]["name"] == "Web"),
    "milestone": (
        {"projectMilestone": {"name": {"eq": "Beta"}}},
        lambda r: (r["projectMilestone"] or {}).get("name") == "Beta",
    ),
    "cycle": ({"cycle": {"isActive": {"eq": True}}}, lambda r: (r["cycle"] or {}).get("number") == 13),
    "no cycle": ({"cycle": {"null": True}}, lambda r: r["cycle"] is None),
    "sub-issues": ({"parent": {"null": False}}, lambda r: r["parent"] is not None),
    "commented": ({"comments": {"length": {"gt": 0}}}, lambda r: bool(r["comments"]["nodes"])),
    "nothing asked": ({}, lambda r: True),
}  # fmt: skip


@pytest.fixture(scope="module")
def unchanged(served, make_linear_for_module):
    """One workspace for all cases, and all of its issues: reading changes nothing."""
    linear = make_linear_for_module(tasks=170)
    return linear, served[1].app, find(linear)


@pytest.mark.parametrize("case", sorted(CASES))
def test_filter_finds_exactly_the_issues_that_satisfy_it(served, unchanged, case):
    linear, served[1].app, rows = unchanged
    given, satisfies = CASES[case]
    expected = {row["identifier"] for row in rows if satisfies(row)}
    assert {row["identifier"] for row in find(linear, **given)} == expected


def test_filter_by_blocking_relations_sees_both_sides(linear):
    blocker, blocked = linear.create_issue()["id"], linear.create_issue()["id"]
    relation = {"issueId": blocker, "relatedIssueId": blocked, "type": "blocks"}
    linear.result("issueRelationCreate", "success", input=("IssueRelationCreateInput!", relation))
    assert blocker in [row["id"] for row in find(linear, hasBlockingRelations={"eq": True})]
    assert blocked in [row["id"] for row in find(linear, hasBlockedByRelations={"eq": True})]
    assert blocker not in [row["id"] for row in find(linear, hasBlockedByRelations={"eq": True})]


def test_other_lists_filter_by_their_own_fields(linear):
    cycles = linear.data("{ cycles(filter: {isActive: {eq: true}}) { nodes { startsAt endsAt isActive } } }")
    assert [cycle["isActive"] for cycle in cycles["cycles"]["nodes"]] == [True]
    states = linear.data('{ workflowStates(filter: {team: {key: {eq: "OPS"}}}) { nodes { team { key } } } }')
    assert {state["team"]["key"] for state in states["workflowStates"]["nodes"]} == {"OPS"}
    me = linear.data("{ users(filter: {isMe: {eq: true}}) { nodes { isMe } } }")["users"]["nodes"]
    assert me == [{"isMe": True}]
    issue = linear.create_issue()["id"]
    linear.result("commentCreate", "success", input=("CommentCreateInput!", {"issueId": issue, "body": "Hear, hear"}))
    query = "query($id: ID!) { comments(filter: {issue: {id: {eq: $id}}}) { nodes { body } } }"
    assert linear.data(query, id=issue)["comments"]["nodes"] == [{"body": "Hear, hear"}]
    projects = linear.data('{ projects(filter: {status: {type: {eq: "started"}}}) { nodes { state } } }')
    assert {project["state"] for project in projects["projects"]["nodes"]} == {"started"}
