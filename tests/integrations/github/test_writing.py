"""Writing: by which calls, what GitHub drops or refuses, and what cannot be told."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.integrations.github.team import DELETE, WEB, Team
from worklake.errors import AccessError, InvalidInputError, RefusedValueError, RetryableError, UnknownOutcomeError
from worklake.model.ids import CommentId, TaskId

MARK = TaskId("task_0123456789abcdef")
SECONDARY = {"message": "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."}


def opened(team: Team, **fields: object) -> tuple[str, dict]:
    """A new issue, just read: its id and what it shows."""
    made = team.opens(**fields)
    return str(made["id"]), team.shown(made["id"])


def test_what_an_issue_has_for_itself_is_set_in_one_call(team: Team):
    issue, shown = opened(team)
    team.source.update(issue, {"title": "New", "description": "Text", "status": "canceled"}, shown)
    assert team.asked() == [("PATCH /repos/:repo/issues/:id", 200)]
    now = team.shown(issue)
    assert (now["title"], now["description"], now["status"]) == ("New", "Text", "canceled")


def test_nothing_that_did_not_change_is_sent(team: Team):
    issue, shown = opened(team, labels=["bug"])
    team.source.update(issue, {"title": shown["title"], "labels": ["bug"], "status": "unstarted"}, shown)
    assert team.asked() == [("GET /repos/:repo/issues/:id", 200)]


def test_labels_are_taken_off_one_by_one_and_put_on_in_one_call_before_a_priority_goes(team: Team):
    issue, shown = opened(team, labels=["bug", "docs", "a/b", "priority: low"])
    team.source.update(issue, {"labels": ["ux", "security"], "priority": "high"}, shown)
    assert team.asked() == [
        ("DELETE /repos/:repo/issues/:id/labels/:name", 200), ("DELETE /repos/:repo/issues/:id/labels/:name", 200),
        ("DELETE /repos/:repo/issues/:id/labels/:name", 200), ("POST /repos/:repo/issues/:id/labels", 200),
        ("DELETE /repos/:repo/issues/:id/labels/:name", 200),
        ("GET /repos/:repo/issues/:id", 200),
    ]  # fmt: skip
    assert (team.shown(issue)["labels"], team.shown(issue)["priority"]) == (["security", "ux"], "high")


@pytest.mark.parametrize(("before", "after"), [("low", "high"), ("high", "low")])
def test_between_two_calls_a_priority_shows_as_before_or_as_it_is_to_be(team: Team, before: str, after: str):
    issue, shown = opened(team, labels=[f"priority: {before}"])
    team.suffers({"method": "DELETE", "path": ".*/labels/.*", "status": 500, "times": 100})
    with pytest.raises(UnknownOutcomeError):
        team.source.update(issue, {"priority": after}, shown)
    team.suffers()
    assert team.shown(issue)["priority"] in (before, after)


def test_people_that_others_assign_meanwhile_stay(team: Team):
    issue, shown = opened(team, assignees=["kim-b"])
    team.does("POST", f"{team.served.base_url}{WEB}/issues/{_number(team, issue)}/assignees", assignees=["zoe.oneill"])
    team.source.update(issue, {"assignees": ["3"]}, shown)
    assert team.shown(issue)["assignees"] == ["2", "3"]


def test_closed_for_another_reason_is_opened_and_closed_again(team: Team):
    issue, _ = opened(team, state="open")
    team.does("PATCH", f"{WEB}/issues/{_number(team, issue)}", state="closed")
    shown = team.shown(issue)
    team.source.update(issue, {"status": "canceled"}, shown)
    assert [method.split()[0] for method, _ in team.asked()] == ["PATCH", "PATCH", "PATCH"]
    assert team.shown(issue)["status"] == "canceled"
    team.source.close(issue)
    assert team.shown(issue)["status"] == "canceled"


def test_closing_what_is_done_leaves_it_done(team: Team):
    issue, _ = opened(team)
    team.does("PATCH", f"{WEB}/issues/{_number(team, issue)}", state="closed")
    assert team.view(team.source.close(issue)).fields["status"] == "completed"


def test_status_labels_go_with_the_status(team: Team):
    issue, shown = opened(team, labels=["Backlog"])
    assert shown["status"] == "backlog"
    shown = team.view(team.source.update(issue, {"status": "started"}, shown)).fields
    names = [one["name"] for one in team.does("GET", f"{WEB}/issues/{_number(team, issue)}")["labels"]]
    assert (shown["status"], names) == ("started", ["in progress"])
    shown = team.view(team.source.update(issue, {"status": "completed"}, shown)).fields
    assert (shown["status"], shown["labels"]) == ("completed", [])
    assert team.does("GET", f"{WEB}/issues/{_number(team, issue)}")["labels"] == []


def test_parent_and_blockers_are_set_exchanged_and_taken_away(team: Team):
    issue, shown = opened(team)
    one, other = str(team.opens("One")["id"]), str(team.opens("Other")["id"])
    shown = team.view(team.source.update(issue, {"parent_id": one, "blocked_by": [one]}, shown)).fields
    assert (shown["parent_id"], shown["blocked_by"]) == (one, [one])
    shown = team.view(team.source.update(issue, {"parent_id": other, "blocked_by": [other]}, shown)).fields
    assert (shown["parent_id"], shown["blocked_by"]) == (other, [other])
    shown = team.view(team.source.update(issue, {"parent_id": None, "blocked_by": []}, shown)).fields
    assert (shown["parent_id"], shown["blocked_by"]) == (None, [])


def test_a_parent_that_is_gone_is_refused_by_its_name(team: Team):
    issue, shown = opened(team)
    gone = team.opens("Gone")
    team.asks(DELETE, id=gone["node_id"])
    with pytest.raises(RefusedValueError) as refused:
        team.source.update(issue, {"parent_id": str(gone["id"])}, shown)
    assert refused.value.fields == ("parent_id",)
    with pytest.raises(RefusedValueError) as refused:
        team.source.update(issue, {"parent_id": issue}, shown)
    assert refused.value.fields == ("parent_id",)


def test_all_of_a_new_issue_but_relations_and_closing_is_one_call(team: Team):
    parent = str(team.opens("Parent")["id"])
    team.shown(parent)
    view = team.creates(labels=["bug"], priority="high", assignees=["1"], milestone="Beta", status="started")
    assert [call for call, _ in team.asked() if not call.startswith("GET")] == ["POST /repos/:repo/issues"]
    assert view.fields["labels"] == ["bug"]
    view = team.creates("task_00000000000000aa", parent_id=parent, blocked_by=[parent], status="canceled")
    assert (view.fields["parent_id"], view.fields["blocked_by"]) == (parent, [parent])
    assert view.fields["status"] == "canceled"


def test_a_new_issue_whose_later_calls_fail_is_given_as_it_was_made(team: Team):
    parent = str(team.opens("Parent")["id"])
    team.shown(parent)
    team.suffers({"method": "POST", "path": "sub_issues", "status": 422, "body": {"message": "no"}})
    view = team.creates(parent_id=parent, status="completed")
    assert (view.fields["parent_id"], view.fields["status"]) == (None, "unstarted")
    assert view.markers == [MARK]


def test_without_push_access_what_github_drops_is_refused_by_name(team: Team):
    issue = str(team.does("POST", f"{WEB}/issues", token="reader", title="Mine")["id"])
    reader = team.anew("reader")
    shown = reader.shown(issue)
    with pytest.raises(RefusedValueError, match="push access") as refused:
        reader.source.update(issue, {"title": "Still mine", "milestone": "Beta"}, shown)
    assert refused.value.fields == ("milestone",)
    assert reader.shown(issue)["title"] == "Still mine"
    with pytest.raises(AccessError):
        reader.source.update(issue, {"labels": ["bug"]}, reader.shown(issue))


def test_values_that_github_refuses_are_told_by_field(team: Team):
    issue, shown = opened(team)
    with pytest.raises(RefusedValueError, match="no milestone 'Never'") as refused:
        team.source.update(issue, {"milestone": "Never"}, shown)
    assert refused.value.fields == ("milestone",)
    said = {"message": "Validation Failed", "errors": [{"resource": "Label", "field": "name", "code": "invalid"}]}
    team.suffers({"method": "POST", "path": "/labels$", "status": 422, "body": said})
    with pytest.raises(RefusedValueError) as refused:
        team.source.update(issue, {"labels": ["odd"]}, shown)
    assert refused.value.fields == ("labels",)
    with pytest.raises(InvalidInputError, match="none of `repositories`"):
        team.source.create({"title": "x"}, where="team/api", marker=MARK, made_id=None)


def test_a_change_that_breaks_off_half_way_is_not_told_as_not_done(team: Team):
    issue, shown = opened(team)
    team.suffers({"method": "PATCH", "path": "/issues/", "status": 403, "body": SECONDARY})
    with pytest.raises(UnknownOutcomeError, match="A part of the change is made already"):
        team.source.update(issue, {"title": "New", "labels": ["bug"]}, shown)
    team.suffers()
    assert (team.shown(issue)["title"], team.shown(issue)["labels"]) == ("An issue", ["bug"])


def test_a_secondary_limit_is_waited_out_as_long_as_it_says_or_a_minute(team: Team):
    issue, shown = opened(team)
    told = {"method": "PATCH", "status": 403, "headers": {"Retry-After": "7"}, "body": SECONDARY, "times": 1}
    team.suffers(told, {**told, "headers": {}})
    team.source.update(issue, {"title": "Patient"}, shown)
    assert 7 <= team.pauses[0] < 60 <= team.pauses[1]
    assert team.shown(issue)["title"] == "Patient"


def test_a_forbidden_call_is_no_limit(team: Team):
    issue, shown = opened(team)
    reader = team.anew("read_only")
    with pytest.raises(AccessError, match="not accessible by personal access token"):
        reader.source.update(issue, {"title": "New"}, shown)
    assert reader.pauses == []


def test_a_spent_hour_ends_the_run_with_the_time_until_then(team: Team):
    headers = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "4102444800", "X-RateLimit-Resource": "core"}
    body = {"message": "API rate limit exceeded for user ID 1."}
    team.suffers({"status": 403, "headers": headers, "body": body})
    with pytest.raises(RetryableError) as raised:
        team.listed()
    assert raised.value.retry_after_seconds and raised.value.retry_after_seconds > 3600


def test_what_is_left_for_graphql_says_nothing_of_the_rest(team: Team):
    headers = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "4102444800", "X-RateLimit-Resource": "graphql"}
    team.suffers({"path": "/graphql", "status": 200, "headers": headers, "body": {"data": {}}, "times": 1})
    made = str(team.opens()["id"])
    team.source.delete(made)
    assert team.shown(made)["title"] == "An issue"


def test_writes_are_slowed_down_to_what_the_settings_say(team: Team):
    slow = team.anew(writes_per_minute=2)
    issue = str(team.opens()["id"])
    shown = slow.shown(issue)
    for number in range(3):
        shown = slow.view(slow.source.update(issue, {"title": f"Number {number}"}, shown)).fields
    assert len(slow.pauses) == 1 and 50 < slow.pauses[0] <= 60


def test_only_admins_delete(team: Team):
    issue, _ = opened(team)
    writer = team.anew("writer")
    with pytest.raises(AccessError, match="correct permissions"):
        writer.source.delete(issue)
    team.source.delete(issue)
    assert issue not in list(team.source.list_ids())


def test_a_made_issue_is_found_again_but_no_older_one(team: Team):
    team.creates()
    now = team.served.clock()
    found = team.anew().source.find_created(MARK, None, now - timedelta(minutes=1))
    assert found is not None and team.view(found).markers == [MARK]
    assert team.anew().source.find_created(MARK, None, now + timedelta(days=3)) is None


def test_an_app_writes_as_its_own_account(team: Team):
    app = team.anew("installation")
    account = app.source.account()
    assert account is not None and account != team.source.account()
    issue, shown = opened(team)
    app.source.update(issue, {"title": "By the App"}, shown)
    edits = list(app.source.history(issue, team.served.clock() - timedelta(minutes=5)))
    assert [(edit.field, edit.before, edit.after, edit.actor) for edit in edits] == [
        ("title", "An issue", "By the App", account)
    ]


def test_nobody_is_called_and_nothing_linked_by_what_is_written(team: Team):
    text = "For @kim-b, see #1.\n\n`@kim-b`\n\n```\n@property\n```\n\nMail kim@x.example, https://medium.com/@kim"
    view = team.creates(description=text)
    body = team.does("GET", str(view.url).replace("/team/", "/repos/team/"))["body"]
    sent = body.partition("\n\n")[2]
    assert sent == text.replace("For @", "For @\u2060").replace("see #", "see #\u2060")
    assert view.fields["description"] == text
    issue = str(team.does("GET", str(view.url).replace("/team/", "/repos/team/"))["id"])
    made = team.source.add_comment(issue, text, marker=CommentId("comment_0123456789abcdef"), made_id=None)
    assert "@\u2060kim-b" in made.payload["body"] and team.remark(made).body == text


def _number(team: Team, issue: str) -> int:
    number: int = next(one["payload"]["number"] for one in team.served.provider.items() if one["external_id"] == issue)
    return number
