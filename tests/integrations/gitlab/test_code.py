"""Merge requests and commits of GitLab: what is listed, at what cost, and what they show."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest
import requests

from tests.support.sandbox import InProcess, sandbox_thread
from worklake.errors import UnreadableError
from worklake.integrations.base import Item
from worklake.integrations.gitlab import GitLabIntegration
from worklake.integrations.gitlab.client import Entries, GitLabClient
from worklake.integrations.gitlab.code import DEFAULT_BRANCH
from worklake.integrations.gitlab.listing import Listing
from worklake.integrations.gitlab.settings import GitLabSettings
from worklake.integrations.views import CommitView, MergeRequestView
from worklake.model.rows import Kind
from worklake.testing.source import Opened, SourceToTest, open_for_test


@pytest.fixture(scope="module")
def served() -> Iterator[InProcess]:
    with sandbox_thread("gitlab", tasks=24) as one:
        yield one


def opened(served: InProcess, **more: Any) -> Opened:
    settings = GitLabSettings(base_url=served.base_url, token="env:X", projects=("team/web",), **more)
    return open_for_test(SourceToTest(GitLabIntegration, settings, served.token))


def listed(
    served: InProcess, position: str | None = None, **more: Any
) -> tuple[dict[Kind, list[Item]], str, list[str]]:
    """Items by kind, the position behind them, and the lists that were asked for."""
    source = opened(served, **more)
    pages = list(source.integration.list_changed(position, served.clock()))
    found: dict[Kind, list[Item]] = {}
    for page in pages:
        for item in page.items:
            found.setdefault(item.kind, []).append(item)
    return found, pages[-1].position, [call.endpoint.rpartition("/")[2] for call in source.calls]


def merge_request(served: InProcess, item: Item) -> MergeRequestView:
    view = opened(served).integration.lens.view(item.kind, item.payload)
    assert isinstance(view, MergeRequestView)
    return view


def test_merge_requests_and_commits_come_once_and_a_quiet_pull_asks_each_list_once(served: InProcess):
    found, position, _ = listed(served)
    shown = requests.get(
        f"{served.base_url}/api/v4/projects/101/merge_requests?per_page=100",
        headers={"PRIVATE-TOKEN": served.token}, timeout=10,
    ).json()  # fmt: skip
    ids = [item.external_id for item in found[Kind.MERGE_REQUEST]]
    assert sorted(ids) == sorted(str(row["id"]) for row in shown)
    assert found[Kind.COMMIT]
    assert all("#" in item.payload["message"] or "ENG-" in item.payload["message"] for item in found[Kind.COMMIT])
    _, again, asked = listed(served, position)
    assert (again, asked) == (position, ["issues", "merge_requests", "commits"])
    assert listed(served, position, merge_requests=False, commits=False)[2] == ["issues"]


def test_a_merge_shows_with_the_next_listing_what_was_merged_by_whom_and_into_what(served: InProcess):
    _, position, _ = listed(served)
    served.clock.forward(minutes=1)
    made = served.provider.create_item({"title": "New", "source_branch": "kim/eng-1", "description": "Fixes #1"})
    served.provider.edit_item(made, {"state_event": "merge"})
    served.provider.create_item({"message": "Nothing of note"})
    served.provider.create_item({"message": "Follow #1"})
    found, position, _ = listed(served, position)
    view = next(
        one for one in (merge_request(served, item) for item in found[Kind.MERGE_REQUEST]) if one.title == "New"
    )
    assert (view.state, view.source_branch, view.into_default, view.description) == (
        "merged", "kim/eng-1", True, "Fixes #1",
    )  # fmt: skip
    assert view.merged_at is not None and view.merged_by in {item.external_id for item in found[Kind.PERSON]}
    assert view.key.startswith(f"{view.server}/team/web!") and view.project == "team/web"
    (commit,) = [item for item in found[Kind.COMMIT] if item.payload["title"] == "Follow #1"]
    shown = opened(served).integration.lens.view(Kind.COMMIT, commit.payload)
    assert isinstance(shown, CommitView)
    assert (shown.project, f"101@{shown.sha}") == ("team/web", commit.external_id)
    assert "Nothing of note" not in [item.payload["title"] for item in found[Kind.COMMIT]]


def test_into_another_branch_is_told_from_into_the_default_one(served: InProcess):
    _, position, _ = listed(served)
    served.clock.forward(minutes=1)
    served.provider.create_item({"title": "Side", "source_branch": "a", "target_branch": "release"})
    found, _, _ = listed(served, position)
    views = [merge_request(served, item) for item in found[Kind.MERGE_REQUEST]]
    assert [view.into_default for view in views if view.title == "Side"] == [False]


class Renaming:
    """A project whose default branch is called otherwise after a while; counted is how often its details are read."""

    def __init__(self) -> None:
        self.default, self.requests, self.asked = "master", list[dict[str, Any]](), 0

    def get_changed(self, path: str, etag: str | None) -> tuple[dict[str, Any], str] | None:
        self.asked += 1
        return None if etag == self.default else ({"id": 1, "default_branch": self.default}, self.default)

    def page(self, path: str, query: dict[str, str]) -> Entries:
        entries = [dict(one) for one in self.requests] if path.endswith("/merge_requests") else []
        return Entries(entries, following=None, by_number=False, guessed=False, answered_at=None)

    def merged(self, number: int, target: str, at: datetime) -> None:
        self.requests.append({"id": number, "state": "merged", "target_branch": target, "updated_at": at.isoformat()})

    def listed(self, position: str | None, now: datetime) -> tuple[dict[str, str], str]:
        """The default branch that each merge request is told with, the position behind them."""
        settings = GitLabSettings(base_url="https://git.example", token="env:X", projects=("team/web",), commits=False)
        pages = list(Listing(cast("GitLabClient", self), "gitlab", settings, position, now).pages())
        requests = [item for page in pages for item in page.items if item.kind is Kind.MERGE_REQUEST]
        return {str(item.external_id): item.payload[DEFAULT_BRANCH] for item in requests}, pages[-1].position


def test_a_default_branch_that_is_renamed_is_known_to_what_is_merged_into_it_and_a_quiet_listing_asks_nothing():
    project, now = Renaming(), datetime(2026, 3, 18, tzinfo=UTC)
    project.merged(1, "master", now - timedelta(minutes=9))
    found, position = project.listed(None, now)
    assert (found, project.asked) == ({"1": "master"}, 1)

    project.default, now = "main", now + timedelta(hours=1)
    project.merged(2, "main", now - timedelta(minutes=9))
    project.merged(3, "release", now - timedelta(minutes=8))
    found, position = project.listed(position, now)
    assert (found["2"], found["3"], project.asked) == ("main", "main", 2), "read once for both"
    assert project.listed(position, now + timedelta(days=9))[1] == position, "what is known already asks for nothing"
    assert project.asked == 2

    project.default, now = "trunk", now + timedelta(days=9)
    project.merged(4, "main", now - timedelta(minutes=9))
    found, _ = project.listed(position, now)
    assert (found["4"], project.asked) == ("trunk", 3), "the details are a day old, and something came"


def test_a_position_of_a_version_that_read_no_merge_requests_goes_on_with_all_of_them(served: InProcess):
    _, position, _ = listed(served)
    old = json.loads(position)
    for mark in old["projects"].values():
        for name in ("merge_requests", "commits", "default_branch", "project_id"):
            mark.pop(name)
    found, again, _ = listed(served, json.dumps(old))
    assert found[Kind.MERGE_REQUEST]
    assert all(merge_request(served, item).into_default is not None for item in found[Kind.MERGE_REQUEST])
    assert {str(item.external_id).partition("@")[0] for item in found[Kind.COMMIT]} == {"101"}
    for mark in old["projects"].values():
        mark["default_branch"] = "main"
    commits = listed(served, json.dumps(old), merge_requests=False)[0][Kind.COMMIT]
    assert {str(item.external_id).partition("@")[0] for item in commits} == {"101"}, "read for the commits alone"
    assert {key for mark in json.loads(again)["projects"].values() for key in mark} >= {"merge_requests", "commits"}


def test_commits_are_the_same_after_their_project_is_renamed():
    with sandbox_thread("gitlab", tasks=1) as served:
        served.provider.create_item({"message": "Follow #1"})
        found, position, _ = listed(served)
        before = {item.payload["id"]: item.external_id for item in found[Kind.COMMIT]}
        url, headers = f"{served.base_url}/api/v4/projects/101", {"PRIVATE-TOKEN": served.token}
        requests.put(url, json={"path": "shop"}, headers=headers, timeout=10).raise_for_status()
        served.clock.forward(minutes=5)
        served.provider.create_item({"message": "Follow #2"})
        found, _, _ = listed(served, position)
    after = {item.payload["id"]: item.external_id for item in found[Kind.COMMIT]}
    assert all("team/shop" in item.payload["web_url"] for item in found[Kind.COMMIT])
    assert len(after.keys() - before.keys()) == 1
    assert {sha: known for sha, known in after.items() if sha in before}.items() <= before.items()
    assert after.keys() & before.keys()


@pytest.mark.parametrize("status", [403, 404])
def test_a_project_that_shows_no_merge_requests_and_no_repository_is_read_all_the_same(served: InProcess, status: int):
    fault = {"path": ".*/(merge_requests|commits)", "status": status, "times": 10}
    requests.post(f"{served.control_url}/faults", json=[fault], timeout=10).raise_for_status()
    try:
        found, _, _ = listed(served)
        told = [finding.detail for finding in opened(served).integration.check() if "project" in finding.subject]
    finally:
        requests.delete(f"{served.control_url}/faults", timeout=10)
    assert found[Kind.TASK] and not found.keys() & {Kind.MERGE_REQUEST, Kind.COMMIT}
    assert told[0].endswith("; it has no merge requests and no commits, or does not show them to this token")


def test_what_cannot_be_read_names_the_field(served: InProcess):
    found, _, _ = listed(served)
    lens = opened(served).integration.lens
    request, commit = found[Kind.MERGE_REQUEST][0].payload, found[Kind.COMMIT][0].payload
    for kind, payload, field in (
        (Kind.MERGE_REQUEST, {**request, "state": "odd"}, "state"),
        (Kind.MERGE_REQUEST, {**request, "references": None}, "full"),
        (Kind.COMMIT, {**commit, "web_url": "https://elsewhere.example/team/web/-/commit/1"}, "web_url"),
    ):
        with pytest.raises(UnreadableError, match=f"^{field}: "):
            lens.view(kind, payload)
