"""python-gitlab, GitLab's own client for Python, against the sandbox in a process of its own."""

import gitlab as python_gitlab
import pytest

from tests.support.sandbox import Served


@pytest.fixture(scope="module")
def client(gitlab_process: Served):
    return python_gitlab.Gitlab(gitlab_process.base_url, private_token=gitlab_process.token)


@pytest.fixture
def project(client):
    return client.projects.get("team/web")


def test_authenticates_and_tells_who_it_is(client):
    client.auth()
    assert client.user.username and "@" in client.user.email


def test_offset_and_keyset_iterators_list_the_same_issues(project):
    by_offset = [issue.id for issue in project.issues.list(iterator=True, per_page=7, order_by="updated_at")]
    by_keyset = [
        issue.id
        for issue in project.issues.list(
            iterator=True, per_page=7, order_by="updated_at", sort="desc", pagination="keyset"
        )
    ]
    assert by_offset == by_keyset and len(by_offset) > 14


def test_totals_of_a_short_list_are_told(project):
    listed = project.issues.list(iterator=True, per_page=5)
    assert listed.total == len(list(listed))


def test_creates_edits_and_closes_an_issue(project):
    made = project.issues.create({"title": "Made by a client", "description": "Text", "labels": "bug,new one"})
    assert (made.state, made.labels) == ("opened", ["bug", "new one"])
    made.title, made.due_date = "Edited by a client", "2030-01-02"
    made.save()
    made.state_event = "close"
    made.save()
    read = project.issues.get(made.iid)
    assert (read.title, read.due_date, read.state) == ("Edited by a client", "2030-01-02", "closed")
    assert read.attributes["closed_by"]["username"] == read.author["username"]


def test_deletes_an_issue_which_is_then_missing(project):
    made = project.issues.create({"title": "Short-lived"})
    made.delete()
    with pytest.raises(python_gitlab.exceptions.GitlabGetError) as raised:
        project.issues.get(made.iid)
    assert raised.value.response_code == 404


def test_notes_and_discussions(project):
    issue = project.issues.create({"title": "Talked about"})
    note = issue.notes.create({"body": "First"})
    note.body = "First, edited"
    note.save()
    thread = issue.discussions.create({"body": "A thread"})
    thread.notes.create({"body": "An answer"})
    written = [one.body for one in issue.notes.list(get_all=True, sort="asc") if not one.system]
    assert written == ["First, edited", "A thread", "An answer"]
    assert project.issues.get(issue.iid).user_notes_count == 3


def test_labels_and_milestones(project):
    label = project.labels.create({"name": "scope::x/y", "color": "#112233"})
    assert project.labels.get("scope::x/y").id == label.id
    milestone = project.milestones.create({"title": "Client's milestone", "due_date": "2030-02-03"})
    issue = project.issues.create({"title": "Planned", "milestone_id": milestone.id, "labels": ["scope::x/y"]})
    assert issue.milestone["title"] == "Client's milestone" and issue.labels == ["scope::x/y"]
    label.delete()
    assert project.issues.get(issue.iid).labels == []


def test_links_time_and_moving(client, project):
    first, second = (project.issues.create({"title": title}) for title in ("First", "Second"))
    first.links.create({"target_project_id": project.id, "target_issue_iid": second.iid, "link_type": "blocks"})
    assert [link.link_type for link in second.links.list(get_all=True)] == ["is_blocked_by"]
    assert first.time_estimate("3h30m")["time_estimate"] == 12600
    assert first.add_spent_time("30m")["human_total_time_spent"] == "30m"
    other = next(one for one in client.projects.list(get_all=True) if one.id != project.id)
    old_iid = second.iid
    second.move(other.id)
    left = project.issues.get(old_iid)
    assert left.state == "closed" and left.moved_to_id == second.id != left.id
    assert (second.project_id, second.state) == (other.id, "opened")


def test_merge_requests_and_commits(project):
    issue = project.issues.create({"title": "Solved by a branch"})
    request = project.mergerequests.create(
        {"title": "Solve", "source_branch": "solve", "target_branch": "main", "description": f"Closes #{issue.iid}"}
    )
    assert [one.iid for one in request.closes_issues()] == [issue.iid]
    assert next(request.commits()).title == "Solve"
    request.merge()
    assert project.mergerequests.get(request.iid).state == "merged"
    assert project.issues.get(issue.iid).state == "closed"
    assert project.commits.get(request.sha).short_id == request.sha[:8]


def test_people_groups_and_history(client, project):
    people = client.users.list(get_all=True)
    assert [user.id for user in client.users.list(username=people[0].username)] == [people[0].id]
    assert {user.state for user in people} == {"active", "blocked"}
    assert {member.access_level for member in project.members_all.list(get_all=True)} >= {10, 30, 50}
    group = client.groups.get("team")
    assert len(group.projects.list(get_all=True)) == len(client.projects.list(get_all=True, membership=True))
    assert group.issues.list(per_page=1, get_all=False)
    issue = project.issues.create({"title": "With history", "labels": "bug"})
    issue.state_event = "close"
    issue.save()
    assert [event.state for event in issue.resourcestateevents.list(get_all=True)] == ["closed"]
    assert [event.action for event in issue.resourcelabelevents.list(get_all=True)] == ["add"]


def test_a_wrong_token_is_refused(gitlab_process):
    with pytest.raises(python_gitlab.exceptions.GitlabAuthenticationError):
        python_gitlab.Gitlab(gitlab_process.base_url, private_token="wrong").auth()
