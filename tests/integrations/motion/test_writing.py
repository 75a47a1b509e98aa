"""Tasks are made once, and changed with what changed alone; what Motion refuses is named."""

from __future__ import annotations

from datetime import timedelta

import pytest
import requests

from tests.integrations.motion.account import Account, marker
from tests.support.motion_schema import query_problems, request_problems
from worklake.errors import InvalidInputError, NotFoundError, RefusedValueError, RetryableError, UnknownOutcomeError
from worklake.model.ids import CommentId, digest
from worklake.model.rows import Kind


def test_update_sends_only_what_changed(small):
    task = small.creates(name="Before", priority="LOW")
    shown = small.shown(task)
    small.sent.clear()
    small.source.update(task, {"title": "After", "priority": "low", "labels": []}, shown)
    assert small.bodies() == [{"name": "After"}]
    assert small.asked() == ["PATCH /v1/tasks/:id"]


def test_update_that_changes_nothing_writes_nothing(small):
    task = small.creates()
    shown = small.shown(task)
    item = small.source.update(task, {"title": "A task", "priority": "none"}, shown)
    assert small.view(item).fields == shown
    assert small.asked() == ["GET /v1/tasks/:id"]


def test_motion_that_insists_on_name_and_workspace_gets_them_from_then_on(small):
    small.switches(patch_needs_name=1)
    task = small.creates(name="Kept")
    shown = small.shown(task)
    small.sent.clear()
    small.source.update(task, {"priority": "high"}, shown)
    whole = {"name": "Kept", "workspaceId": small.workspace("Team")}
    assert small.bodies() == [{"priority": "HIGH"}, {**whole, "priority": "HIGH"}]
    small.source.update(task, {"priority": "low"}, small.shown(task))
    assert small.bodies() == [{**whole, "priority": "LOW"}]


def test_labels_are_set_with_those_that_others_put_on_it(small):
    task = small.creates(labels=["bug", "theirs"])
    shown = {**small.shown(task), "labels": ["bug"]}
    item = small.source.update(task, {"labels": ["ours"]}, shown)
    assert small.view(item).fields["labels"] == ["ours", "theirs"]


def test_unknown_label_that_is_refused_is_named(small):
    small.switches(refuse_unknown_labels=1)
    task = small.creates()
    with pytest.raises(RefusedValueError, match="never heard of") as refused:
        small.source.update(task, {"labels": ["never heard of"], "title": "x"}, small.shown(task))
    assert refused.value.fields == ("labels",)
    assert small.shown(task)["title"] == "A task"


def test_due_date_and_project_are_taken_away_and_where_that_is_refused_it_is_named(small):
    def due() -> str:
        return small.creates(dueDate="2026-05-01T12:00:00.000Z")

    task = due()
    assert small.view(small.source.update(task, {"due_date": None}, small.shown(task))).fields["due_date"] is None
    small.switches(refuse_null=1)
    task = due()
    with pytest.raises(RefusedValueError) as refused:
        small.source.update(task, {"due_date": None, "title": "x"}, small.shown(task))
    assert refused.value.fields == ("due_date",)


def test_nobody_is_assigned_by_a_call_of_its_own(small):
    task = small.creates(assigneeId=small.source.account())
    shown = small.shown(task)
    item = small.source.update(task, {"assignees": [], "title": "Free"}, shown)
    assert (small.view(item).fields["assignees"], small.view(item).fields["title"]) == ([], "Free")
    assert small.asked() == ["DELETE /v1/tasks/:id/assignee", "PATCH /v1/tasks/:id"]


def test_change_that_was_begun_is_never_certainly_not_done(small):
    task = small.creates(assigneeId=small.source.account())
    shown = small.shown(task)
    small.suffers({"method": "PATCH", "status": 429})
    with pytest.raises(UnknownOutcomeError, match="part of the change is made"):
        small.source.update(task, {"assignees": [], "title": "Free"}, shown)


def test_status_is_written_by_the_name_of_the_tasks_own_workspace(small):
    other = small.workspace("My Tasks")
    meant = {"Todo": "unstarted", "Someday": "unstarted", "Finished": "completed", "Completed": "completed"}
    both = small.again(workspaces=["Team", "My Tasks"], statuses=meant)
    task = small.creates(workspaceId=other)
    shown = both.shown(task)
    assert shown["status"] == "unstarted"
    both.source.update(task, {"status": "completed"}, shown)
    assert small.payload(task)["status"]["name"] == "Finished"


def test_status_that_a_workspace_lacks_is_refused_by_name(small):
    meant = {"Todo": "unstarted", "Someday": "unstarted", "In Progress": "started", "Completed": "completed"}
    both = small.again(workspaces=["Team", "My Tasks"], statuses=meant)
    task = small.creates(workspaceId=small.workspace("My Tasks"))
    with pytest.raises(RefusedValueError, match="no status for started") as refused:
        both.source.update(task, {"status": "started"}, both.shown(task))
    assert refused.value.fields == ("status",)


def test_project_goes_by_its_name_which_must_be_the_only_one(small):
    task = small.creates()
    shown = small.shown(task)
    item = small.source.update(task, {"project": "Mobile"}, shown)
    assert small.view(item).fields["project"] == "Mobile"
    assert small.asked() == ["GET /v1/projects", "PATCH /v1/tasks/:id"]
    item = small.source.update(task, {"project": "we-b"}, small.shown(task))
    assert small.view(item).fields["project"] == "Web"
    with pytest.raises(RefusedValueError, match="no project 'Moon'") as refused:
        small.source.update(task, {"project": "Moon"}, small.shown(task))
    assert refused.value.fields == ("project",)
    _make_project(small, "Moon")
    assert small.view(small.source.update(task, {"project": "Moon"}, small.shown(task))).fields["project"] == "Moon"
    _make_project(small, "Moon")
    with pytest.raises(RefusedValueError, match="2 projects named"):
        small.again().source.update(task, {"project": "Moon"}, {"project": None})


def test_start_of_a_task_is_not_written(small):
    task = small.creates()
    with pytest.raises(RefusedValueError) as refused:
        small.source.update(task, {"start_date": "2026-05-01"}, small.shown(task))
    assert refused.value.fields == ("start_date",)


def test_new_task_says_all_that_it_is_in_one_call(small):
    small.makes("warm")
    small.asked()
    item = small.makes(
        "all of it", description="**Text**", status="started", priority="urgent", labels=["bug"], due_date="2026-05-01",
        assignees=[small.source.account()],
    )  # fmt: skip
    assert small.asked() == ["GET /v1/users/me", "POST /v1/tasks"]
    view = small.view(item)
    assert view.markers == [marker("all of it")]
    assert {key: view.fields[key] for key in ("description", "status", "priority", "labels", "due_date")} == {
        "description": "**Text**", "status": "started", "priority": "urgent", "labels": ["bug"],
        "due_date": "2026-05-01",
    }  # fmt: skip


def test_marker_is_where_a_person_sees_it_and_stays_when_the_text_is_written_anew(small):
    item = small.makes("marked", description="First")
    assert item.external_id is not None
    assert f"<code>worklake:{marker('marked')}</code>" in item.payload["description"]
    shown = small.view(item).fields
    later = small.again()
    later.source.update(item.external_id, {"description": "Second"}, shown)
    assert later.view(later.source.read(item.external_id)).markers == [marker("marked")]


def test_made_task_is_found_newest_first_by_as_few_pages_as_that_takes(account):
    begun = account.served.clock.now
    item = account.makes("wanted")
    account.asked()
    found = account.finds("wanted", since=begun)
    assert found is not None and found.external_id == item.external_id
    assert account.asked() == ["GET /v1/tasks"]
    assert account.finds("another", since=begun + timedelta(minutes=1)) is None
    assert account.asked() == [], "what was listed for the first is not listed for the second"
    account.makes("another")
    account.asked()
    assert account.finds("another", since=begun) is not None


def test_made_task_is_looked_for_to_the_end_where_lists_are_not_in_the_order_of_making(account):
    begun = account.served.clock.now
    item = account.makes("buried")
    rows = [one["payload"] for one in account.served.provider.items()]  # the oldest first
    pages = [rows[:50], rows[50:]]
    account.suffers(
        {"path": "/v1/tasks", "status": 200, "times": 1,
         "body": {"meta": {"nextCursor": "next", "pageSize": 50}, "tasks": pages[0]}},
        {"path": "/v1/tasks", "status": 200, "body": {"meta": {"pageSize": 50}, "tasks": pages[1]}},
    )  # fmt: skip
    found = account.finds("buried", since=begun)
    assert found is not None and found.external_id == item.external_id


def test_phantom_id_is_noticed_and_the_task_found_by_its_marker(small):
    small.switches(phantom_ids=1)
    begun = small.served.clock.now
    with pytest.raises(UnknownOutcomeError, match="cannot be read"):
        small.makes("phantom", due_date="2026-05-01", estimate_minutes=30)
    found = small.finds("phantom", since=begun)
    assert found is not None
    assert small.view(small.source.read(str(found.external_id))).fields["title"] == "phantom"
    real = small.makes("real", due_date="2026-05-01", estimate_minutes=30)
    assert small.shown(str(real.external_id))["estimate_minutes"] == 30


def test_task_is_made_only_in_a_workspace_of_the_settings(small):
    with pytest.raises(InvalidInputError, match="none of `workspaces`"):
        small.source.create({"title": "x"}, where="My Tasks", marker=marker("x"), made_id=None)
    both = small.again(workspaces=["Team", "My Tasks"], create_in="My Tasks", statuses={
        "Someday": "unstarted", "Finished": "completed", "Todo": "unstarted",
    })  # fmt: skip
    item = both.source.create({"title": "x", "status": "unstarted"}, where=None, marker=marker("x"), made_id=None)
    assert (item.payload["workspace"]["name"], item.payload["status"]["name"]) == ("My Tasks", "Someday")


def test_close_cancels_and_completes_where_nothing_is_canceled(small):
    task = small.creates()
    assert small.view(small.source.close(task)).fields["status"] == "canceled"
    small.asked()
    small.source.close(task)
    assert small.asked() == ["GET /v1/tasks/:id"]
    assert small.view(small.source.reopen(task)).fields["status"] == "unstarted"
    few = small.again(statuses={"Todo": "unstarted", "Completed": "completed"})
    assert few.view(few.source.close(task)).fields["status"] == "completed"


def test_what_motion_does_not_do_is_said(small):
    task = small.creates()
    for call in (
        lambda: small.source.archive(task),
        lambda: small.source.restore(task),
        lambda: small.source.edit_comment(task, "cm1", "x", marker=None),
        lambda: small.source.delete_comment(task, "cm1"),
    ):
        with pytest.raises(InvalidInputError, match="Motion"):
            call()
    assert list(small.source.history(task, small.served.clock())) == []
    assert small.source.key_of("https://app.usemotion.com/web/pm/x") is None
    assert small.asked() == []


def test_ids_lead_nowhere_else(small):
    for strange in ("../users/me", "..", ".", "tk1/move", "tk1?x=1", "ü#"):
        with pytest.raises(NotFoundError):
            small.source.read(strange)


def test_unreadable_answer_to_a_write_leaves_its_outcome_unknown(small):
    task = small.creates()
    shown = small.shown(task)
    small.suffers({"method": "PATCH", "status": 200, "body": "<html>"})
    with pytest.raises(UnknownOutcomeError):
        small.source.update(task, {"title": "x"}, shown)


def test_vocabulary_is_what_the_workspaces_know(small):
    names = small.source.vocabulary(frozenset({"status", "project", "assignees", "labels"}))
    assert names.known["status"] == {"backlog", "unstarted", "started", "completed", "canceled"}
    assert names.known["project"] == {"Web", "API", "Mobile"}
    assert small.source.account() in names.known["assignees"]
    assert names.missing == {} and "labels" not in names.known
    assert small.again(statuses={"Todo": "unstarted", "Completed": "completed", "Gone": "started"}).source.vocabulary(
        frozenset({"status"})
    ).missing == {"status": ("Gone",)}


def test_usual_statuses_that_a_workspace_lacks_freeze_nothing(small):
    other = small.again(workspaces=["My Tasks"])
    names = other.source.vocabulary(frozenset({"status"}))
    assert names.missing == {} and other.source.mapped_names() == {}
    assert names.known["status"] == {"unstarted", "completed"}
    task = small.creates(workspaceId=small.workspace("My Tasks"), status="Doing")
    assert other.view(other.source.close(task)).fields["status"] == "completed"
    assert other.view(other.source.reopen(task)).fields["status"] == "unstarted"
    assert small.payload(task)["status"]["name"] == "Someday", "the workspace's default"


def test_check_tells_what_statuses_mean_nothing_and_which_are_lacking(small):
    told = {one.subject: one for one in small.again(workspaces=["Team", "My Tasks", "Nowhere"]).source.check()}
    assert told["workspace Team"].ok and "statuses" not in told["workspace Team"].detail
    assert "'Someday', 'Doing', 'Finished'" in told["workspace My Tasks"].detail
    assert not told["workspace Nowhere"].ok and told["workspace Nowhere"].mend
    assert "600000 requests a minute" in told["quota"].detail


def test_requests_are_as_the_unofficial_description_has_them(small):
    """Names and workspaces aside, which a change leaves out, and null, which takes away."""
    known = small.source.account()
    item = small.makes(
        "described", description="x", labels=["bug"], due_date="2026-05-01", estimate_minutes=15, assignees=[known],
        project="Web",
    )  # fmt: skip
    task = str(item.external_id)
    changes = {"title": "y", "due_date": "2026-05-02", "status": "started", "labels": [], "project": "API",
               "priority": "high", "estimate_minutes": None, "assignees": []}  # fmt: skip
    small.source.update(task, changes, small.shown(task))
    small.source.close(task)
    small.source.add_comment(task, "Hi", marker=comment_marker("c"), made_id=None)
    list(small.source.comments(task))
    small.listed()
    small.source.vocabulary(frozenset({"status", "project", "assignees"}))
    small.source.delete(task)
    assert {method for method, _, _, _ in small.sent} == {"GET", "POST", "PATCH", "DELETE"}
    for method, path, query, body in small.sent:
        assert query_problems(method, path, set(query or ())) == []
        found = [] if body is None else request_problems(method, path, body)
        if method == "PATCH":
            found = [one for one in found if "is a required property" not in one]
        assert found == [], (method, path, body)


def test_comments_are_read_oldest_first_and_found_by_their_marker(small):
    task = small.creates()
    for name, body in (("one", "First <b>x</b>"), ("two", "Second")):
        small.served.clock.forward(seconds=1)
        small.source.add_comment(task, body, marker=comment_marker(name), made_id=None)
    views = [small.source.lens.view(Kind.COMMENT, one.payload) for one in small.source.comments(task)]
    assert [view.body for view in views] == ["First \\<b>x\\</b>", "Second"]
    found = small.source.find_comment(task, comment_marker("two"), None)
    assert found is not None and small.source.lens.view(Kind.COMMENT, found.payload) == views[1]
    assert small.source.find_comment(task, comment_marker("three"), None) is None
    with pytest.raises(NotFoundError):
        list(small.source.comments("tk0"))


def test_two_refusals_stop_the_source_before_anything_else_is_asked(small):
    paced = small.again(requests_per_minute=11)
    small.suffers({"status": 429})
    with pytest.raises(RetryableError) as stopped:
        paced.listed()
    assert stopped.value.retry_after_seconds == 3600
    assert [call.status for call in paced.calls] == [429, 429]
    assert paced.calls[1].called_at - paced.calls[0].called_at >= timedelta(seconds=60)
    small.suffers()
    later = small.again(requests_per_minute=11)
    with pytest.raises(RetryableError, match="too many requests"):
        later.listed()
    assert later.calls == []


def _make_project(account: Account, name: str) -> None:
    answer = requests.post(
        f"{account.served.base_url}/v1/projects",
        json={"name": name, "workspaceId": account.workspace("Team")},
        headers={"X-API-Key": account.served.token},
        timeout=10,
    )
    answer.raise_for_status()


def comment_marker(name: str) -> CommentId:
    return CommentId("comment_" + digest("motion", name))
