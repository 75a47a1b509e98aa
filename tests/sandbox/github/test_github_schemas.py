"""Answers against GitHub's published description (`tests/contracts`)."""

from __future__ import annotations

import json

import pytest
import requests

from tests.sandbox.github.conftest import ISSUES, GitHubApi
from tests.support.github_schemas import problems, undescribed

LISTS = [
    (f"{ISSUES}?state=all&per_page=100", "issue"),
    (f"{ISSUES}/comments?sort=updated&direction=asc", "issue-comment"),
    (f"{ISSUES}/events", "issue-event"),
    ("/repos/team/web/labels?per_page=100", "label"),
    ("/repos/team/web/milestones?state=all", "milestone"),
    ("/repos/team/web/assignees", "simple-user"),
    ("/repos/team/web/pulls?state=all", "pull-request-simple"),
    ("/repos/team/web/commits", "commit"),
    ("/user/repos", "repository"),
    ("/orgs/team/repos", "minimal-repository"),
]


@pytest.mark.parametrize(("path", "schema"), LISTS)
def test_every_row_of_a_list_is_as_described(api: GitHubApi, path: str, schema: str):
    rows = api.get(path).json()
    assert rows
    assert {name for row in rows for name in undescribed(schema, row)} == set()


def test_single_records_are_as_described(api: GitHubApi):
    assert undescribed("full-repository", api.get("/repos/team/web").json()) == set()
    assert undescribed("private-user", api.get("/user").json()) - {"user_view_type"} == set()
    assert undescribed("public-user", api.get("/users/zoe.oneill").json()) == set()
    assert api.get("/rate_limit").json()["resources"]["search"]["limit"] == 30
    pull = next(row for row in api.get(f"{ISSUES}?state=all&per_page=100").json() if "pull_request" in row)
    assert undescribed("pull-request", api.get(f"/repos/team/web/pulls/{pull['number']}").json()) == set()


def test_writes_are_answered_as_described(api: GitHubApi):
    one, other = api.opens("One", labels=["bug"], assignees=["kim-b"], body="Text"), api.opens("Other")
    path = f"{ISSUES}/{one['number']}"
    assert api.patch(path, json={"title": "New", "state": "closed", "state_reason": "not_planned"}).ok
    assert api.post(f"{path}/labels", json={"labels": ["docs"]}).ok
    assert api.delete(f"{path}/labels/bug").ok
    assert api.post(f"{path}/assignees", json={"assignees": ["zoe.oneill"]}).ok
    assert api.delete(f"{path}/assignees", json={"assignees": ["zoe.oneill"]}).ok
    assert api.post(f"{path}/sub_issues", json={"sub_issue_id": other["id"]}).ok
    assert api.get(f"{ISSUES}/{other['number']}/parent").json()["id"] == one["id"]
    assert api.delete(f"{path}/sub_issue", json={"sub_issue_id": other["id"]}).ok
    assert api.post(f"{path}/dependencies/blocked_by", json={"issue_id": other["id"]}).ok
    assert api.get(f"{path}/dependencies/blocked_by").json()[0]["id"] == other["id"]
    assert api.delete(f"{path}/dependencies/blocked_by/{other['id']}").ok
    comment = api.post(f"{path}/comments", json={"body": "Said"}).json()
    assert api.patch(f"{ISSUES}/comments/{comment['id']}", json={"body": "Said again"}).ok
    assert api.delete(f"{ISSUES}/comments/{comment['id']}").status_code == 204
    label = {"name": "x y/z", "color": "ff0000", "description": "A label"}
    assert api.post("/repos/team/web/labels", json=label).ok
    assert api.patch("/repos/team/web/labels/x%20y%2Fz", json={"new_name": "z"}).ok
    milestone = api.post("/repos/team/web/milestones", json={"title": "M", "due_on": "2026-05-01T00:00:00Z"}).json()
    assert api.patch(f"/repos/team/web/milestones/{milestone['number']}", json={"state": "closed"}).ok
    kinds = [event["event"] for event in api.get(f"{path}/events").json()]
    assert kinds == ["labeled", "assigned", "renamed", "closed", "labeled", "unlabeled", "assigned", "unassigned"]


def test_an_answer_or_a_call_that_is_not_as_described_is_noticed(api: GitHubApi):
    api.hooks["response"].clear()
    answer = api.get(ISSUES)
    rows = answer.json()
    rows[0]["id"] = "seven"
    answer._content = json.dumps(rows).encode()
    assert problems(answer)
    odd: requests.Response = api.post(ISSUES, json={"title": "x", "labels": "bug,docs"[:0] or [7]})
    assert odd.status_code == 422 or problems(odd)
    assert undescribed("issue", {"invented": 1}) == {"invented"}
