"""Pull requests and commits of GitHub: what is listed, at what cost, and what they show."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.integrations.github.team import WEB, Team
from worklake.integrations.base import Item
from worklake.integrations.views import CommitView, MergeRequestView
from worklake.model.rows import Kind


def of_kind(items: list[Item], kind: Kind) -> dict[str, Item]:
    return {item.external_id or "": item for item in items if item.kind is kind}


def view_of(team: Team, item: Item) -> Any:
    return team.source.lens.view(item.kind, item.payload)


def test_pull_requests_come_with_the_issues_and_take_a_call_each_for_their_branches(team: Team):
    items, position = team.listed()
    shown = {str(row["id"]): row for row in team.does("GET", f"{WEB}/issues?state=all&per_page=100")}
    pulls = of_kind(items, Kind.MERGE_REQUEST)
    assert set(pulls) == {known for known, row in shown.items() if "pull_request" in row} != set()
    team.served.clock.forward(minutes=5)
    made = team.served.provider.create_item({"title": "New", "head": "kim/eng-1", "body": "Fixes #1"})
    team.served.provider.edit_item(made, {"state": "merged", "as": "kim-b"})
    team.asked()
    items, position = team.listed(position)
    new = [item for item in of_kind(items, Kind.MERGE_REQUEST).values() if item.payload["title"] == "New"]
    completed = list(team.source.complete(new))
    assert [endpoint for endpoint, _ in team.asked()].count("GET /repos/:repo/pulls/:id") == 1
    view = view_of(team, completed[0])
    assert isinstance(view, MergeRequestView)
    assert (view.state, view.source_branch, view.target_branch, view.into_default) == (
        "merged",
        "kim/eng-1",
        "main",
        True,
    )
    assert (view.project, view.key) == ("team/web", f"{view.server}/team/web#{new[0].payload['number']}")
    (merger,) = (item for item in completed if item.kind is Kind.PERSON)
    assert (view.merged_by, merger.payload["login"]) == (merger.external_id, "kim-b")
    assert view.merged_at is not None and view.closed_at is not None
    assert team.listed(position) == ([], position)


def test_a_pull_request_that_rests_for_long_or_may_not_be_read_is_kept_without_its_branches(team: Team):
    items, _ = team.listed()
    item = next(iter(of_kind(items, Kind.MERGE_REQUEST).values()))
    team.served.clock.forward(days=400)
    resting = team.anew()
    resting.listed()
    assert list(resting.source.complete([item])) == [item]
    team.suffers({"path": ".*/pulls/.*", "status": 403, "times": 5})
    assert list(team.source.complete([item])) == [item]
    view = view_of(team, item)
    assert (view.source_branch, view.into_default) == (None, None)


def test_commits_that_name_something_come_once_and_a_branch_at_rest_costs_nothing(team: Team):
    items, position = team.listed()
    assert all("Format" not in item.payload["commit"]["message"] for item in of_kind(items, Kind.COMMIT).values())
    assert of_kind(items, Kind.COMMIT)
    team.served.clock.forward(minutes=5)
    team.served.provider.create_item({"message": "Follow #1\n\nAt length"})
    items, position = team.listed(position)
    (fresh,) = (
        item for item in of_kind(items, Kind.COMMIT).values() if "At length" in item.payload["commit"]["message"]
    )
    view = view_of(team, fresh)
    assert isinstance(view, CommitView)
    assert (view.project, view.message) == ("team/web", "Follow #1\n\nAt length")
    team.asked()
    assert team.listed(position) == ([], position)
    assert ("GET /repos/:repo/commits", 304) in team.asked()


def test_commits_are_the_same_after_their_repository_is_renamed(team: Team):
    team.served.provider.create_item({"message": "Follow #1"})
    items, position = team.listed()
    before = {item.payload["sha"]: known for known, item in of_kind(items, Kind.COMMIT).items()}
    team.does("PATCH", WEB, name="shop")
    team.served.clock.forward(minutes=5)
    team.served.provider.create_item({"message": "Follow #2"})
    again = of_kind(team.listed(position)[0], Kind.COMMIT)
    assert {view_of(team, item).project for item in again.values()} == {"team/shop"}
    after = {item.payload["sha"]: known for known, item in again.items()}
    assert len(after.keys() - before.keys()) == 1
    assert {sha: known for sha, known in after.items() if sha in before}.items() <= before.items()
    assert after.keys() & before.keys()


@pytest.mark.parametrize("status", [403, 404, 409])
def test_an_empty_or_hidden_repository_shows_no_commits_and_everything_else(team: Team, status: int):
    team.suffers({"path": ".*/commits", "status": status, "times": 5})
    items, _ = team.listed()
    assert of_kind(items, Kind.TASK) and not of_kind(items, Kind.COMMIT)


def test_a_position_of_a_version_that_left_pull_requests_out_begins_the_list_once_more(team: Team):
    _, position = team.listed()
    old = json.loads(position)
    for standing in old["repositories"].values():
        del standing["pulls"], standing["commits"]
    items, again = team.listed(json.dumps(old))
    assert of_kind(items, Kind.MERGE_REQUEST) and of_kind(items, Kind.COMMIT)
    assert team.listed(again) == ([], again)
    items, without = team.anew(merge_requests=False).listed(position)
    assert not of_kind(items, Kind.MERGE_REQUEST)
    assert "pulls" not in json.loads(without)["repositories"]["team/web"]
