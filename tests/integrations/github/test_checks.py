"""What `worklake check` says, and how to mend it."""

from __future__ import annotations

from tests.integrations.github.team import WEB, Team
from worklake.integrations.base import Finding


def found(team: Team) -> dict[str, Finding]:
    return {finding.subject: finding for finding in team.source.check()}


def test_all_well_is_told_with_account_access_and_what_is_left(team: Team):
    told = found(team)
    assert all(finding.ok for finding in told.values())
    assert "calls left in this hour" in told["server"].detail
    assert told["account"].detail == "Kim Berger (@kim-b)"
    assert told["repository team/web"].detail == "team/web, access to read and push"


def test_an_app_is_told_by_its_account(team: Team):
    assert found(team.anew("installation"))["account"].detail == "worklake (@worklake[bot])"


def test_an_app_whose_account_nobody_tells_is_told_as_such(team: Team):
    app = team.anew("installation")
    app.suffers({"path": "^/users/", "status": 404}, {"path": "^/user$", "status": 403})
    assert found(app)["account"].detail == "an App's"
    assert app.source.account() is None


def test_a_server_without_limits_is_well(team: Team):
    team.suffers({"path": "/rate_limit", "status": 404})
    assert found(team)["server"].ok


def test_what_a_token_cannot_is_told(team: Team):
    told = found(team.anew("reader"))
    assert "without push access labels, people and milestones cannot be written" in told["repository team/web"].detail
    refused = {"message": "Resource not accessible by personal access token"}
    team.suffers({"path": "/issues$", "status": 403, "body": refused})
    no_issues = found(team)["repository team/web"]
    assert not no_issues.ok and no_issues.mend and "permission Issues" in no_issues.mend
    team.suffers({"path": "/(pulls|commits)$", "status": 403, "body": refused, "times": 2})
    no_code = found(team)["repository team/web"]
    assert no_code.ok and "without the permission Pull requests and Contents (read) less is known" in no_code.detail


def test_a_repository_that_is_missing_renamed_or_archived_is_told(team: Team):
    missing = found(team.anew(repositories=["team/nothing"]))["repository team/nothing"]
    assert not missing.ok and missing.mend and "correct `repositories`" in missing.mend
    team.does("PATCH", WEB, name="shop")
    renamed = found(team)["repository team/web"]
    assert not renamed.ok and renamed.mend == "write team/shop in its place"
    team.does("PATCH", "/repos/team/shop", archived=True)
    assert "archived" in found(team.anew(repositories=["team/shop"]))["repository team/shop"].detail


def test_a_label_with_a_meaning_that_does_not_exist_is_told(team: Team):
    told = found(team.anew(status_labels={"doing": "started"}))
    assert not told["labels of status"].ok and "'doing'" in told["labels of status"].detail
    assert "labels of priority" not in told


def test_a_server_that_is_no_github_is_told(team: Team):
    team.http.hooks["response"].clear()
    team.suffers({"status": 200, "body": "<html>"})
    server = found(team)["server"]
    assert not server.ok and "something that GitHub does not send" in server.detail


def test_a_project_is_told_with_access_and_options(team: Team):
    told = found(team.with_project())
    assert all(finding.ok for finding in told.values())
    assert told["project team/1"].detail == "Roadmap, access to read and write"
    assert told["field Status of project team/1"].detail == "all 3 options exist"
    some = found(team.with_project(status={"in progress": "started"}))
    assert "unstarted there: 'Todo', 'Done'" in some["field Status of project team/1"].detail
    assert "the organisation permission Projects" in found(team.with_project("read_only"))["project team/1"].detail


def test_a_project_that_cannot_be_read_is_told_with_the_missing_permission(team: Team):
    for token, words in (("no_projects", "Resource not accessible"), ("classic", "['read:project']")):
        told = found(team.with_project(token))["project team/1"]
        assert not told.ok and words in told.detail
        assert told.mend and "the organisation permission Projects" in told.mend
    absent = found(team.with_project(number=2))["project team/2"]
    assert not absent.ok and "Could not resolve to a ProjectV2 with the number 2" in absent.detail
    of_a_person = found(team.with_project(owner="kim-b"))["project kim-b/1"]
    assert of_a_person.mend and "a fine-grained one does not reach the project of a user" in of_a_person.mend
    assert "the organisation permission" not in of_a_person.mend


def test_a_field_or_option_that_does_not_serve_is_told(team: Team):
    text = found(team.with_project(field="Title"))["field Title of project team/1"]
    assert not text.ok and text.detail == "the field 'Title' is no single select"
    none = found(team.with_project(field="Stage"))["field Stage of project team/1"]
    assert not none.ok and "does not exist; there are 'Title', 'Assignees', 'Status'" in none.detail
    assert not found(team.with_project(field="status"))["field status of project team/1"].ok, "its case counts"
    gone = found(team.with_project(status={"Doing": "started"}))["field Status of project team/1"]
    assert not gone.ok and "'Doing'" in gone.detail and "'Todo', 'In Progress', 'Done'" in gone.detail
