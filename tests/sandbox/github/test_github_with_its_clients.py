"""Published clients of GitHub, unmodified, against the sandbox: tried where they are installed."""

from __future__ import annotations

import pytest

from tests.support.sandbox import InProcess


def test_pygithub_works_unmodified(github: InProcess):
    pygithub = pytest.importorskip("github", reason="PyGithub is not installed")
    if not hasattr(pygithub, "Github"):
        pytest.skip("PyGithub is not installed")
    client = pygithub.Github(base_url=github.base_url, auth=pygithub.Auth.Token(github.token), per_page=20)
    assert client.get_user().login == "kim-b"
    repository = client.get_repo("team/web")
    listed = list(repository.get_issues(state="all", sort="updated", direction="asc"))
    assert len({one.id for one in listed}) == len(listed) > 20
    assert any(one.pull_request for one in listed)
    issue = repository.create_issue("By a client", body="Text", labels=["bug", "fresh"], assignees=["kim-b"])
    issue.add_to_labels("docs")
    issue.remove_from_labels("bug")
    assert [label.name for label in issue.get_labels()] == ["fresh", "docs"]
    comment = issue.create_comment("Said")
    comment.edit("Said again")
    assert [one.body for one in issue.get_comments()] == ["Said again"]
    issue.edit(title="New", state="closed", state_reason="not_planned")
    assert (issue.title, issue.state_reason) == ("New", "not_planned")
    child = repository.create_issue("Child")
    issue.add_sub_issue(child.id)
    assert [one.number for one in issue.get_sub_issues()] == [child.number]
    assert {event.event for event in issue.get_events()} >= {"renamed", "closed", "labeled"}
    hook = repository.create_hook("web", {"url": "http://127.0.0.1:9/x"}, events=["issues"])
    hook.delete()
    with pytest.raises(pygithub.UnknownObjectException):
        repository.get_issue(99999)


def test_githubkit_works_unmodified(github: InProcess):
    githubkit = pytest.importorskip("githubkit", reason="githubkit is not installed")
    client = githubkit.GitHub(githubkit.TokenAuthStrategy(github.token), base_url=github.base_url + "/")
    issues = client.rest.issues
    listed = issues.list_for_repo("team", "web", state="all", per_page=50).parsed_data
    made = issues.create("team", "web", title="By a client", labels=["bug"]).parsed_data
    closed = issues.update("team", "web", made.number, state="closed", state_reason="completed").parsed_data
    assert (closed.state, closed.state_reason) == ("closed", "completed")
    assert issues.add_blocked_by_dependency("team", "web", made.number, issue_id=listed[0].id).status_code == 201
    assert [one.id for one in issues.list_dependencies_blocked_by("team", "web", made.number).parsed_data] == [
        listed[0].id
    ]
    pages = client.rest.paginate(issues.list_for_repo, owner="team", repo="web", state="all", per_page=7)
    assert len(list(pages)) == len(listed) + 1
    assert client.rest.users.get_authenticated().parsed_data.login == "kim-b"
    assert client.graphql("{ viewer { login } }") == {"viewer": {"login": "kim-b"}}
