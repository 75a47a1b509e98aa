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
