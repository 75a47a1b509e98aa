"""What writing to GitLab costs, and what becomes of writes that fail half-way."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import requests

from tests.support.sandbox import NOW, InProcess, sandbox_thread
from worklake.errors import (
    AccessError,
    InvalidInputError,
    NotFoundError,
    RefusedValueError,
    RetryableError,
    UnknownOutcomeError,
)
from worklake.integrations.gitlab import GitLabIntegration
from worklake.integrations.gitlab.settings import GitLabSettings
from worklake.model.ids import CommentId, TaskId
from worklake.model.rows import Kind
from worklake.testing.source import Opened, SourceToTest, open_for_test

PROJECTS = ("team/web", "team/api")
MARK = TaskId("task_0123456789abcdef")


@pytest.fixture(scope="module")
def sandbox() -> Iterator[InProcess]:
    with sandbox_thread("gitlab", tasks=60) as sandbox:
        yield sandbox


@pytest.fixture(autouse=True)
def _no_misfortune(sandbox: InProcess) -> Iterator[None]:
    yield
    requests.delete(f"{sandbox.control_url}/faults", timeout=10).raise_for_status()


@pytest.fixture
def source(sandbox: InProcess) -> Opened:
    return source_of(sandbox)


def source_of(sandbox: InProcess, token: str = "owner", **more: Any) -> Opened:
    settings = GitLabSettings(
        base_url=sandbox.base_url,
        token="env:X",
        **({"projects": PROJECTS, "status_labels": {"status::doing": "started"}} | more),
    )
    return open_for_test(SourceToTest(GitLabIntegration, settings, sandbox.provider.tokens[token]))


def misfortune(sandbox: InProcess, **fault: Any) -> None:
    requests.post(f"{sandbox.control_url}/faults", json=fault, timeout=10).raise_for_status()


def held(sandbox: InProcess, external_id: str | None) -> dict[str, Any]:
    return next(item["payload"] for item in sandbox.provider.items() if item["external_id"] == external_id)


def created(source: Opened, mark: TaskId = MARK, **fields: Any) -> str:
    item = source.integration.create({"title": "Made"} | fields, where=None, marker=mark, made_id=None)
    assert item.external_id is not None
    return item.external_id


def shown(source: Opened, task: str) -> dict[str, Any]:
    return source.shown(source.integration.read(task)).fields


def endpoints(source: Opened) -> list[str]:
    return [call.endpoint.replace("/api/v4/projects/:id", "") for call in source.calls]


def test_task_not_seen_before_is_read_in_two_calls_and_again_in_one(source, sandbox):
    task = sandbox.provider.create_item({"title": "Asked for"})
    source.integration.read(task)
    assert endpoints(source) == ["query IssueAddresses", "GET /issues/:id", "GET "]  # the last: its project's name
    source.calls.clear()
    source.integration.read(task)
    assert endpoints(source) == ["GET /issues/:id"]


def test_task_out_of_a_listing_is_read_in_one_call(source, sandbox):
    task = sandbox.provider.create_item({"title": "Listed"})
    source.items()
    shown(source, task)
    source.calls.clear()
    shown(source, task)
    assert endpoints(source) == ["GET /issues/:id"]


def test_update_takes_one_call_and_two_where_an_estimate_is_set(source, sandbox):
    task = sandbox.provider.create_item({"title": "Costs"})
    before = shown(source, task)
    source.calls.clear()
    fields = {"title": "New", "status": "completed", "labels": ["bug"], "due_date": "2026-04-01", "description": "x"}
    before = source.shown(source.integration.update(task, fields, before)).fields
    assert endpoints(source) == ["PUT /issues/:id"]
    source.calls.clear()
    before = source.shown(source.integration.update(task, {"estimate_minutes": 75, "title": "Newer"}, before)).fields
    assert (before["estimate_minutes"], before["title"]) == (75, "Newer")
    assert endpoints(source) == ["POST /issues/:id/time_estimate", "PUT /issues/:id"]
    source.calls.clear()
    before = source.shown(source.integration.update(task, {"estimate_minutes": None}, before)).fields
    assert before["estimate_minutes"] is None
    assert endpoints(source) == ["POST /issues/:id/reset_time_estimate", "GET /issues/:id"]


def test_update_that_changes_nothing_only_reads(source, sandbox):
    task = sandbox.provider.create_item({"title": "Same", "labels": ["bug"]})
    before = shown(source, task)
    source.calls.clear()
    source.integration.update(task, {"title": "Same", "labels": ["bug"]}, before)
    assert endpoints(source) == ["GET /issues/:id"]


def test_creation_takes_a_call_more_for_an_estimate_and_for_being_closed(source):
    source.integration.read(created(source))
    source.calls.clear()
    made = created(source, TaskId("task_00000000000000a1"), estimate_minutes=30, status="completed")
    assert endpoints(source) == ["POST /issues", "POST /issues/:id/time_estimate", "PUT /issues/:id"]
    assert {name: shown(source, made)[name] for name in ("estimate_minutes", "status")} == {
        "estimate_minutes": 30, "status": "completed",
    }  # fmt: skip


def test_created_task_whose_later_calls_fail_is_given_as_it_was_made(source, sandbox):
    misfortune(sandbox, path="time_estimate", status=503)
    item = source.integration.create(
        {"title": "Half", "estimate_minutes": 30, "status": "completed"},
        where="team/api", marker=TaskId("task_00000000000000a2"), made_id=None,
    )  # fmt: skip
    view = source.shown(item)
    assert (view.fields["estimate_minutes"], view.fields["status"]) == (None, "unstarted")
    assert held(sandbox, item.external_id)["references"]["full"].startswith("team/api#")


def test_created_task_is_found_in_every_project_of_the_source(source):
    mark = TaskId("task_00000000000000a3")
    made = source.integration.create({"title": "Elsewhere"}, where="team/api", marker=mark, made_id=None)
    found = source.integration.find_created(mark, None, NOW)
    assert found is not None and found.external_id == made.external_id
    assert source.integration.find_created(mark, None, datetime(2026, 3, 25, tzinfo=UTC)) is None


def test_new_tasks_are_made_where_the_settings_say(sandbox):
    source = source_of(sandbox, create_in="team/api")
    made = created(source, TaskId("task_00000000000000a4"))
    assert held(sandbox, made)["references"]["full"].startswith("team/api#")
    with pytest.raises(InvalidInputError, match="team/mobile"):
        source.integration.create({"title": "x"}, where="team/mobile", marker=MARK, made_id=None)


def test_refused_value_is_told_with_its_field_and_the_words_of_gitlab(source):
    with pytest.raises(RefusedValueError, match="400 title is missing") as refused:
        source.integration.create({"title": " "}, where=None, marker=MARK, made_id=None)
    assert refused.value.fields == ("title",)


def test_milestone_is_found_by_its_title_and_one_that_is_not_there_is_refused(source, sandbox):
    listed = [source.shown(item).fields["milestone"] for item in source.items() if item.kind == "task"]
    title = next(title for title in listed if title)
    donor = next(
        item for item in source.items() if item.kind == "task" and source.shown(item).fields["milestone"] == title
    )
    task = sandbox.provider.create_item({"title": "Planned", "project_id": donor.payload["project_id"]})
    before = shown(source, task)
    after = source.shown(source.integration.update(task, {"milestone": title}, before)).fields
    assert after == {**before, "milestone": title}
    with pytest.raises(RefusedValueError, match="has no milestone 'Never'") as refused:
        source.integration.update(task, {"milestone": "Never", "title": "x"}, after)
    assert refused.value.fields == ("milestone",)
    assert shown(source, task) == after
    assert source.shown(source.integration.update(task, {"milestone": None}, after)).fields == before


def test_change_that_fails_after_its_first_call_is_of_unknown_outcome(source, sandbox):
    task = sandbox.provider.create_item({"title": "Half changed"})
    before = shown(source, task)
    misfortune(sandbox, method="PUT", status=429, headers={"Retry-After": "900"})
    with pytest.raises(UnknownOutcomeError, match="part"):
        source.integration.update(task, {"estimate_minutes": 30, "title": "New"}, before)
    with pytest.raises(RetryableError):
        source.integration.update(task, {"title": "New"}, before)
    assert shown(source, task) == {**before, "estimate_minutes": 30}


def test_estimate_that_cannot_be_read_back_is_of_unknown_outcome(source, sandbox):
    task = sandbox.provider.create_item({"title": "Estimated in the dark"})
    before = shown(source, task)
    misfortune(sandbox, method="GET", status=503)
    with pytest.raises(UnknownOutcomeError):
        source.integration.update(task, {"estimate_minutes": 30}, before)


def test_role_that_is_too_low_is_an_access_error(sandbox):
    task = sandbox.provider.create_item({"title": "Not yours"})
    developer = source_of(sandbox, "developer")
    with pytest.raises(AccessError):
        developer.integration.delete(task)
    with pytest.raises(AccessError):
        source_of(sandbox, "read_only").integration.update(task, {"title": "x"}, shown(developer, task))


def test_update_of_a_task_that_is_gone_is_not_found(source, sandbox):
    task = sandbox.provider.create_item({"title": "Gone"})
    before = shown(source, task)
    sandbox.provider.delete_item(task)
    with pytest.raises(NotFoundError):
        source.integration.update(task, {"title": "x"}, before)


def test_closing_puts_the_label_for_canceled_where_there_is_one(sandbox):
    source = source_of(sandbox, status_labels={"status::doing": "started", "status::canceled": "canceled"})
    task = sandbox.provider.create_item({"title": "Given up", "labels": ["status::doing", "bug"]})
    assert source.shown(source.integration.close(task)).fields["status"] == "canceled"
    assert held(sandbox, task)["labels"] == ["bug", "status::canceled"]
    assert source.shown(source.integration.reopen(task)).fields["status"] == "unstarted"


def test_many_tasks_are_read_in_a_call_for_fifty_addresses_and_one_for_a_hundred_of_a_project(source, sandbox):
    tasks = [sandbox.provider.create_item({"title": f"Many {number}"}) for number in range(60)]
    assert [item.external_id for item in source.integration.read_many(tasks[:1])] == tasks[:1]
    source.calls.clear()
    assert {item.external_id for item in source.integration.read_many(tasks)} == set(tasks)
    assert endpoints(source) == ["query IssueAddresses", "query IssueAddresses", "GET /issues"]
    source.calls.clear()
    assert len(list(source.integration.read_many(tasks))) == 60
    assert endpoints(source) == ["GET /issues"]


def test_tasks_are_read_where_they_were_known_to_be_without_asking_where_they_are(source, sandbox):
    tasks = [sandbox.provider.create_item({"title": f"Recalled {number}"}) for number in range(3)]
    for task in tasks:
        key = source.integration.lens.view(Kind.TASK, held(sandbox, task)).key
        source.integration.recall(task, key, {"project": "Web"})
    source.calls.clear()
    assert {item.external_id for item in source.integration.read_many(tasks)} == set(tasks)
    assert endpoints(source) == ["GET /issues"]


def test_a_task_that_is_not_where_it_was_known_to_be_is_found_all_the_same(source, sandbox):
    tasks = [sandbox.provider.create_item({"title": f"Moved {number}"}) for number in range(2)]
    one, other = (source.integration.lens.view(Kind.TASK, held(sandbox, task)).key for task in tasks)
    source.integration.recall(tasks[0], other, {})
    source.integration.recall(tasks[1], f"{one}0000", {})
    assert {item.external_id for item in source.integration.read_many(tasks)} == set(tasks)
    fresh = source_of(sandbox)
    fresh.integration.recall(tasks[0], other, {})
    assert fresh.integration.read(tasks[0]).external_id == tasks[0]


def test_task_that_a_list_leaves_out_is_read_alone_before_it_counts_as_gone(source, sandbox):
    tasks = [sandbox.provider.create_item({"title": f"Left out {number}"}) for number in range(3)]
    list(source.integration.read_many(tasks))
    sandbox.provider.delete_item(tasks[1])
    misfortune(sandbox, method="GET", path="/issues$", status=200, body=[held(sandbox, tasks[0])], times=1)
    assert {item.external_id for item in source.integration.read_many(tasks)} == {tasks[0], tasks[2]}


def test_comment_takes_one_call(source, sandbox):
    task = sandbox.provider.create_item({"title": "Discussed"})
    source.integration.read(task)
    source.calls.clear()
    mark = CommentId("comment_0123456789abcdef")
    note = source.integration.add_comment(task, "Hello", marker=mark, made_id=None)
    assert note.external_id is not None
    source.integration.edit_comment(task, note.external_id, "Hello again", marker=mark)
    source.integration.find_comment(task, mark, None)
    source.integration.delete_comment(task, note.external_id)
    assert endpoints(source) == [
        "POST /issues/:id/notes", "PUT /issues/:id/notes/:id", "GET /issues/:id/notes", "DELETE /issues/:id/notes/:id",
    ]  # fmt: skip


def test_empty_comment_is_refused_in_gitlabs_words_or_kept_by_its_marker(source, sandbox):
    task = sandbox.provider.create_item({"title": "Nothing to say"})
    with pytest.raises(RefusedValueError):
        source.integration.edit_comment(
            task, str(source.integration.add_comment(task, "x", marker=CommentId("comment_0123456789abcdef"),
                                                     made_id=None).external_id), " ", marker=None,
        )  # fmt: skip


def test_names_with_a_meaning_that_no_project_has_are_missing(sandbox):
    source = source_of(sandbox, status_labels={"status::doing": "started", "renamed": "backlog"}, priority_labels={})
    names = source.integration.vocabulary(frozenset({"status", "priority", "title"}))
    assert (names.known, names.missing) == ({}, {"status": ("renamed",)})
    assert len(source.calls) == len(PROJECTS)
    source.calls.clear()
    assert source.integration.vocabulary(frozenset({"title", "priority"})).missing == {}
    assert source.calls == []


def test_address_that_graphql_fails_to_tell_is_not_taken_for_gone(source, sandbox):
    misfortune(sandbox, path="graphql", status=200, body={"errors": [{"message": "Timeout"}], "data": {"_0": None}})
    with pytest.raises(RetryableError, match="Timeout"):
        source.integration.read("1001")
    with pytest.raises(RetryableError):
        list(source.integration.read_many(["1001", "1002"]))
