"""Who edited what when, as GitHub's events tell it."""

from __future__ import annotations

from datetime import timedelta

from tests.integrations.github.team import WEB, Team


def test_edits_are_told_with_what_they_took_out_and_put_in(team: Team):
    issue = team.opens("Before", labels=["bug"])
    team.served.clock.forward(minutes=1)
    begun = team.served.clock()
    path = f"{WEB}/issues/{issue['number']}"
    team.does("PATCH", path, title="After", body="Not told", milestone=1)
    team.does("POST", f"{path}/labels", labels=["docs", "priority: high", "in progress"])
    team.does("DELETE", f"{path}/labels/bug")
    team.does("POST", f"{path}/assignees", assignees=["zoe.oneill"])
    team.does("PATCH", path, state="closed")
    edits = list(team.source.history(str(issue["id"]), begun))
    assert [(edit.field, edit.before, edit.after, edit.told) for edit in edits] == [
        ("title", "Before", "After", True),
        ("milestone", None, None, False),
        ("labels", [], ["docs"], True),
        ("priority", None, None, False),
        ("status", None, None, False),
        ("labels", ["bug"], [], True),
        ("assignees", [], ["2"], True),
        ("status", None, None, False),
    ]
    assert {edit.actor for edit in edits} == {team.source.account()}
    only = list(team.source.history(str(issue["id"]), begun, frozenset({"labels"})))
    assert [edit.after for edit in only] == [["docs"], []]


def test_nothing_is_asked_for_fields_that_github_does_not_tell(team: Team):
    issue = team.opens()
    team.shown(issue["id"])
    assert list(team.source.history(str(issue["id"]), team.served.clock(), frozenset({"description"}))) == []
    assert team.asked() == []


def test_an_edit_in_the_very_second_is_not_left_out(team: Team):
    issue = team.opens("Before")
    since = team.served.clock()
    team.does("PATCH", f"{WEB}/issues/{issue['number']}", title="After")
    assert [edit.field for edit in team.source.history(str(issue["id"]), since)] == ["title"]
    assert list(team.source.history(str(issue["id"]), since + timedelta(seconds=2))) == []
