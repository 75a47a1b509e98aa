"""Answers against GitLab's published description (`tests/contracts`)."""

import pytest

from tests.support.gitlab_schemas import problems
from tests.support.sandbox import Api

PUBLISHED, WRITTEN = "gitlab.openapi-subset.json", "gitlab.openapi-supplement.json"
# Members that GitLab's documentation shows and these two schema files lack.
UNDESCRIBED = {"commands_changes", "created_at", "membership_state", "public_email", "locked"}

LISTS = [
    ("/projects/101/issues?per_page=100", PUBLISHED, "API_Entities_Issue"),
    ("/groups/team/issues?per_page=50", PUBLISHED, "API_Entities_Issue"),
    ("/projects/101/merge_requests", PUBLISHED, "API_Entities_MergeRequestBasic"),
    ("/projects/101/repository/commits", PUBLISHED, "API_Entities_Commit"),
    ("/projects/101/milestones", PUBLISHED, "API_Entities_Milestone"),
    ("/projects/101/milestones", WRITTEN, "Milestone"),
    ("/projects/101/labels?with_counts=true", WRITTEN, "Label"),
    ("/projects/101/members/all", WRITTEN, "Member"),
    ("/groups", PUBLISHED, "API_Entities_Group"),
    ("/users", PUBLISHED, "API_Entities_UserBasic"),
    ("/groups/team/projects", PUBLISHED, "API_Entities_Project"),
]


@pytest.mark.parametrize(("path", "file", "name"), LISTS)
def test_every_row_of_a_list_matches_the_published_schema(api: Api, path, file, name):
    rows = api.get(path).json()
    assert rows
    for row in rows:
        found = problems(file, name, row)
        assert [one for one in found if one.split(":")[0] not in UNDESCRIBED | {"permissions"}] == []


def test_a_published_type_that_is_broken_is_noticed(api: Api):
    row = api.get("/projects/101/issues?per_page=1").json()[0]
    assert problems(PUBLISHED, "API_Entities_Issue", {**row, "id": "seven"})
    assert problems(PUBLISHED, "API_Entities_Issue", {**row, "assignees": row["author"]})
    assert problems(PUBLISHED, "API_Entities_Issue", {**row, "invented": 1})


def test_single_records_match_the_published_schemas(api: Api):
    issue = api.post("/projects/101/issues", json={"title": "x", "description": "- [x] a\n- [ ] b"}).json()
    assert problems(PUBLISHED, "API_Entities_Issue", issue) == []
    assert issue["task_completion_status"] == {"count": 2, "completed_count": 1}
    note = api.post(f"/projects/101/issues/{issue['iid']}/notes", json={"body": "hello"}).json()
    assert problems(PUBLISHED, "API_Entities_Note", note) == []
    other = api.post("/projects/101/issues", json={"title": "y"}).json()["iid"]
    link = {"target_project_id": 101, "target_issue_iid": other}
    made = api.post(f"/projects/101/issues/{issue['iid']}/links", json=link).json()
    assert problems(PUBLISHED, "API_Entities_IssueLink", made) == []
    related = api.get(f"/projects/101/issues/{issue['iid']}/links").json()[0]
    assert problems(PUBLISHED, "API_Entities_RelatedIssue", related) == []
    assert problems(PUBLISHED, "API_Entities_Metadata", api.get("/metadata").json()) == []
    request = api.get("/projects/101/merge_requests/1").json()
    assert problems(PUBLISHED, "API_Entities_MergeRequest", request) == []
    commit = api.get(f"/projects/101/repository/commits/{request['sha']}").json()
    assert problems(PUBLISHED, "API_Entities_CommitDetail", commit) == []
    hook = api.post("/projects/101/hooks", json={"url": "http://127.0.0.1:9/x"}).json()
    assert problems(PUBLISHED, "API_Entities_ProjectHook", hook) == []
    assert problems(PUBLISHED, "API_Entities_IssuableTimeStats", issue["time_stats"]) == []


@pytest.mark.parametrize("kind", ["state", "label", "milestone"])
def test_resource_events_match_their_schema(api: Api, kind):
    milestone = api.get("/projects/101/milestones").json()[0]["id"]
    fields = {"title": "x", "labels": "bug", "milestone_id": milestone}
    iid = api.post("/projects/101/issues", json=fields).json()["iid"]
    api.put(f"/projects/101/issues/{iid}", json={"state_event": "close"})
    events = api.get(f"/projects/101/issues/{iid}/resource_{kind}_events").json()
    assert len(events) == 1
    assert problems(WRITTEN, "ResourceEvent", events[0]) == []


def test_with_labels_details_labels_are_objects(api: Api):
    rows = api.get("/projects/101/issues?with_labels_details=true&labels=Any").json()
    assert rows and all(set(label) >= {"id", "name", "color"} for row in rows for label in row["labels"])
