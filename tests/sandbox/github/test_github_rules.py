"""What GitHub does with issues that one might not expect, as its contract note tells it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import requests

from tests.sandbox.github.conftest import ISSUES, GitHubApi
from tests.support.sandbox import InProcess

As = Callable[[str], GitHubApi]


def test_the_list_is_of_open_issues_and_pull_requests_unless_told(api: GitHubApi):
    rows = api.get(f"{ISSUES}?per_page=100").json()
    assert {row["state"] for row in rows} == {"open"}
    every = api.get(f"{ISSUES}?state=all&per_page=100").json()
    assert {row["state"] for row in every} == {"open", "closed"}
    assert any("pull_request" in row for row in every)
    pulls = api.get("/repos/team/web/pulls?state=all").json()
    assert {row["number"] for row in pulls} == {row["number"] for row in every if "pull_request" in row}
    assert {row["id"] for row in pulls}.isdisjoint(row["id"] for row in every)


def test_times_have_seconds(api: GitHubApi):
    assert all(len(row[name]) == 20 for row in api.get(ISSUES).json() for name in ("created_at", "updated_at"))


def test_names_of_labels_make_labels_in_whatever_case(api: GitHubApi):
    first = api.opens(labels=["Brand New"])
    second = api.opens(labels=["brand new", {"name": "bug"}])
    assert [one["name"] for one in second["labels"]] == ["Brand New", "bug"]
    assert first["labels"][0]["color"] == "ededed"


def test_labels_replace_in_an_edit_and_are_added_on_their_own(api: GitHubApi):
    path = f"{ISSUES}/{api.opens(labels=['bug', 'docs'])['number']}"
    assert [one["name"] for one in api.patch(path, json={"labels": ["ux"]}).json()["labels"]] == ["ux"]
    assert [one["name"] for one in api.post(f"{path}/labels", json={"labels": ["bug"]}).json()] == ["ux", "bug"]
    assert api.delete(f"{path}/labels/docs").status_code == 404
    assert [one["name"] for one in api.put(f"{path}/labels", json={"labels": ["docs"]}).json()] == ["docs"]
    assert api.delete(f"{path}/labels").status_code == 204


def test_the_reason_of_closing_counts_only_where_the_state_changes(api: GitHubApi):
    path = f"{ISSUES}/{api.opens()['number']}"
    assert api.patch(path, json={"state": "closed"}).json()["state_reason"] == "completed"
    assert (
        api.patch(path, json={"state": "closed", "state_reason": "not_planned"}).json()["state_reason"] == "completed"
    )
    assert api.patch(path, json={"state": "open"}).json()["state_reason"] == "reopened"
    closed = api.patch(path, json={"state": "closed", "state_reason": "not_planned"}).json()
    assert (closed["state_reason"], closed["closed_by"]["login"]) == ("not_planned", "kim-b")


def test_without_push_access_labels_people_and_milestones_are_dropped_in_silence(as_: As):
    reader = as_("reader")
    made = reader.post(ISSUES, json={"title": "Mine", "labels": ["bug"], "assignees": ["kim-b"], "milestone": 1}).json()
    assert (made["title"], made["labels"], made["assignees"], made["milestone"]) == ("Mine", [], [], None)
    path = f"{ISSUES}/{made['number']}"
    assert reader.patch(path, json={"title": "Still mine", "labels": ["bug"]}).json()["labels"] == []
    assert reader.patch(f"{ISSUES}/1", json={"title": "Not mine"}).status_code == 403


def test_who_cannot_be_assigned_is_refused_in_an_edit_and_left_out_on_its_own(api: GitHubApi):
    path = f"{ISSUES}/{api.opens()['number']}"
    refused = api.patch(path, json={"assignees": ["nobody"]})
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "assignees")
    assert api.post(f"{path}/assignees", json={"assignees": ["nobody"]}).json()["assignees"] == []


@pytest.mark.parametrize(
    ("fields", "field", "code"),
    [
        ({}, "title", "missing_field"),
        ({"title": " "}, "title", "missing_field"),
        ({"title": "x" * 257}, "title", "custom"),
        ({"title": "x", "body": "x" * 65_537}, "body", "custom"),
        ({"title": "x", "milestone": 99}, "milestone", "invalid"),
        ({"title": "x", "labels": ["x" * 51]}, "name", "invalid"),
    ],
)
def test_what_does_not_fit_is_refused_by_name(api: GitHubApi, fields: dict, field: str, code: str):
    refused = api.post(ISSUES, json=fields)
    assert refused.status_code == 422
    assert (refused.json()["errors"][0]["field"], refused.json()["errors"][0]["code"]) == (field, code)


def test_a_deleted_issue_is_gone_and_only_graphql_deletes(api: GitHubApi, as_: As):
    issue = api.opens()
    delete = "mutation ($id: ID!) { deleteIssue(input: {issueId: $id}) { repository { nameWithOwner } } }"
    assert as_("writer").ask(delete, id=issue["node_id"])["errors"][0]["type"] == "FORBIDDEN"
    assert api.delete(f"{ISSUES}/{issue['number']}").headers["X-Sandbox-Not-Served"]
    assert api.ask(delete, id=issue["node_id"])["data"]["deleteIssue"]["repository"] == {"nameWithOwner": "team/web"}
    assert api.get(f"{ISSUES}/{issue['number']}").status_code == 410
    assert issue["id"] not in [row["id"] for row in api.get(f"{ISSUES}?state=all&per_page=100").json()]
    assert api.get(f"{ISSUES}/99999").status_code == 404


def test_a_transferred_issue_sends_on_to_the_new_one(api: GitHubApi):
    issue, target = api.opens("Moves", labels=["bug"]), api.get("/repos/team/api").json()["node_id"]
    transfer = (
        "mutation ($i: ID!, $r: ID!) { transferIssue(input: {issueId: $i, repositoryId: $r})"
        " { issue { number databaseId } } }"
    )
    moved = api.ask(transfer, i=issue["node_id"], r=target)["data"]["transferIssue"]["issue"]
    found = api.get(f"{ISSUES}/{issue['number']}")
    assert found.history[0].status_code == 301
    assert (found.json()["id"], found.json()["number"]) == (moved["databaseId"], moved["number"])
    assert found.json()["id"] != issue["id"]


def test_a_renamed_repository_sends_on_whatever_is_asked(api: GitHubApi):
    assert api.patch("/repos/team/web", json={"name": "shop"}).json()["full_name"] == "team/shop"
    assert api.get(ISSUES).history[0].status_code == 301
    assert api.post(ISSUES, json={"title": "Sent on"}).json()["repository_url"].endswith("/repos/team/shop")


def test_issues_that_are_switched_off_are_gone(api: GitHubApi):
    number = api.opens()["number"]
    api.patch("/repos/team/web", json={"has_issues": False})
    for answer in (api.get(ISSUES), api.get(f"{ISSUES}/{number}"), api.post(ISSUES, json={"title": "x"})):
        assert (answer.status_code, "disabled" in answer.json()["message"]) == (410, True)


def test_relations_are_by_global_id_and_move_no_time(api: GitHubApi, github: InProcess):
    one, other = api.opens("One"), api.opens("Other")
    github.clock.forward(seconds=5)
    path = f"{ISSUES}/{one['number']}"
    assert api.post(f"{path}/sub_issues", json={"sub_issue_id": other["number"]}).status_code == 404
    assert api.post(f"{path}/sub_issues", json={"sub_issue_id": other["id"]}).status_code == 201
    assert api.post(f"{path}/dependencies/blocked_by", json={"issue_id": other["id"]}).status_code == 201
    assert api.post(f"{path}/dependencies/blocked_by", json={"issue_id": other["id"]}).status_code == 422
    now, child = api.get(path).json(), api.get(f"{ISSUES}/{other['number']}").json()
    assert now["updated_at"] == one["updated_at"]
    assert now["issue_dependencies_summary"]["total_blocked_by"] == now["sub_issues_summary"]["total"] == 1
    assert child["parent_issue_url"] == now["url"]
    third = api.opens("Third")
    again = {"sub_issue_id": other["id"]}
    assert api.post(f"{ISSUES}/{third['number']}/sub_issues", json=again).status_code == 422
    assert api.post(f"{ISSUES}/{third['number']}/sub_issues", json={**again, "replace_parent": True}).ok


def test_comments_of_a_repository_are_one_list_with_those_of_pull_requests(api: GitHubApi, github: InProcess):
    comment = api.post(f"{ISSUES}/1/comments", json={"body": "New"}).json()
    rows = api.get(f"/repos/team/web/issues/comments?since={comment['updated_at']}").json()
    assert [row["id"] for row in rows] == [comment["id"]]
    every = api.get("/repos/team/web/issues/comments?sort=updated&direction=asc&per_page=100").json()
    assert [row["updated_at"] for row in every] == sorted(row["updated_at"] for row in every)
    assert any("/pull/" in row["html_url"] for row in every)


@pytest.mark.parametrize(
    ("headers", "status", "said"),
    [
        ({"Authorization": ""}, 401, "Requires authentication"),
        ({"Authorization": "Bearer nonsense"}, 401, "Bad credentials"),
        ({"User-Agent": ""}, 403, "User-Agent"),
        ({"X-GitHub-Api-Version": "2020-01-01"}, 400, "not a supported version"),
    ],
)
def test_calls_without_what_every_call_needs_are_refused(github: InProcess, headers: dict, status: int, said: str):
    answer = requests.get(
        github.base_url + ISSUES, headers={"Authorization": f"Bearer {github.token}", **headers}, timeout=10
    )
    assert (answer.status_code, said in answer.json()["message"]) == (status, True)


def test_the_newer_version_has_no_single_assignee(api: GitHubApi):
    number = api.opens(assignees=["kim-b"])["number"]
    assert "assignee" in api.get(f"{ISSUES}/{number}").json()
    api.hooks["response"].clear()
    newer = api.get(f"{ISSUES}/{number}", headers={"X-GitHub-Api-Version": "2026-03-10"}).json()
    assert "assignee" not in newer and newer["assignees"][0]["login"] == "kim-b"


def test_tokens_differ_in_what_they_may_do(api: GitHubApi, as_: As):
    refused = as_("read_only").post(ISSUES, json={"title": "x"})
    assert (refused.status_code, refused.json()["message"]) == (403, "Resource not accessible by personal access token")
    app = as_("installation")
    assert app.get("/user").json()["message"] == "Resource not accessible by integration"
    assert app.ask("{ viewer { login } }")["data"]["viewer"]["login"] == "worklake[bot]"
    assert app.post(ISSUES, json={"title": "By an App"}).json()["user"]["type"] == "Bot"
    assert as_("classic").get("/user").headers["X-OAuth-Scopes"] == "repo"


def test_what_is_not_served_is_said(api: GitHubApi):
    for answer in (
        api.get("/search/issues?q=x"),
        api.get(f"{ISSUES}?type=Bug"),
        api.post(ISSUES, json={"title": "x", "type": "Bug"}),
    ):
        assert answer.headers["X-Sandbox-Not-Served"]
        assert answer.status_code in (404, 501)


def test_what_is_merged_is_closed_with_the_issues_that_it_closes_and_moves_the_branch(api: GitHubApi):
    issue, pulls = api.opens("To be done"), "/repos/team/web/pulls"
    made = api.post(
        pulls, json={"title": "Do it", "head": "do-it", "base": "main", "body": f"Fixes #{issue['number']}"}
    )
    assert made.status_code == 201
    path = f"{pulls}/{made.json()['number']}"
    assert api.post(pulls, json={"title": "Again", "head": "do-it", "base": "main"}).status_code == 422
    draft = api.post(pulls, json={"title": "Draft", "head": "draft", "base": "main", "draft": True}).json()
    assert api.put(f"{pulls}/{draft['number']}/merge").status_code == 405
    assert api.put(f"{path}/merge", json={"sha": "0" * 40}).status_code == 409
    merged = api.put(f"{path}/merge").json()
    assert merged["merged"] is True
    (newest,) = api.get("/repos/team/web/commits?per_page=1").json()
    assert newest["sha"] == merged["sha"] and newest["commit"]["message"].startswith("Merge pull request #")
    assert api.get(f"/repos/team/web/commits?until={newest['commit']['committer']['date']}&per_page=1").ok
    shown = api.get(path).json()
    assert (shown["merged"], shown["state"], shown["merged_by"]["login"], shown["base"]["ref"]) == (
        True, "closed", "kim-b", "main",
    )  # fmt: skip
    assert api.get(f"{ISSUES}/{issue['number']}").json()["state"] == "closed"
