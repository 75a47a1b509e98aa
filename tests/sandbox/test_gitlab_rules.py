"""Access, limits, validation and the oddities of GitLab's REST API."""

from datetime import timedelta

import pytest

from tests.support.sandbox import Api, InProcess, sandbox_thread

ISSUES = "/projects/101/issues"


def _make(api: Api, **fields):
    answer = api.post(ISSUES, json={"title": "t", **fields})
    assert answer.status_code == 201, answer.text
    return answer.json()


@pytest.fixture
def tight():
    """A GitLab that allows 20 calls, 2 new issues and 1 note a minute."""
    with sandbox_thread("gitlab", quota_scale=0.01) as served:
        yield served


def test_bearer_and_private_token_both_work_and_nothing_else(gitlab: InProcess, api: Api):
    assert api.get("/user").status_code == 200
    bearer = {"PRIVATE-TOKEN": None, "Authorization": f"Bearer {gitlab.token}"}
    assert api.get("/user", headers=bearer).status_code == 200
    for headers in ({"PRIVATE-TOKEN": "wrong"}, {"PRIVATE-TOKEN": None}):
        answer = api.get("/user", headers=headers)
        assert (answer.status_code, answer.json()) == (401, {"message": "401 Unauthorized"})


def test_a_read_only_token_reads_and_may_not_write(gitlab: InProcess, api: Api):
    with Api(api.base, gitlab.provider.tokens["read_only"]) as reader:
        assert reader.get(ISSUES).status_code == 200
        answer = reader.post(ISSUES, json={"title": "t"})
    assert answer.status_code == 403 and answer.json()["error"] == "insufficient_scope"


def test_a_revoked_token_is_told_apart(fresh_gitlab: InProcess, fresh_api: Api):
    assert fresh_api.delete(f"{fresh_gitlab.control_url}/tokens/owner").status_code == 204
    answer = fresh_api.get("/user")
    assert answer.status_code == 401 and answer.json()["error"] == "invalid_token"


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/projects/999", {"message": "404 Project Not Found"}),
        ("/projects/team%2Fnothing/issues", {"message": "404 Project Not Found"}),
        ("/groups/nobody", {"message": "404 Group Not Found"}),
        (f"{ISSUES}/99999", {"message": "404 Not found"}),
    ],
)
def test_what_is_missing_is_404_in_the_right_shape(api: Api, path, body):
    answer = api.get(path)
    assert (answer.status_code, answer.json()) == (404, body)


@pytest.mark.parametrize(
    ("fields", "body"),
    [
        ({}, {"error": "title is missing"}),
        ({"title": " "}, {"message": {"title": ["can't be blank"]}}),
        ({"title": "x" * 256}, {"message": {"title": ["is too long (maximum is 255 characters)"]}}),
        ({"title": "x", "due_date": "soon"}, {"error": "due_date is invalid"}),
        ({"title": "x", "assignee_ids": ["a"]}, {"error": "assignee_ids is invalid"}),
        ({"title": "x", "issue_type": "story"}, {"error": "issue_type does not have a valid value"}),
    ],
)
def test_invalid_issues_are_refused_in_gitlabs_words(api: Api, fields, body):
    answer = api.post(ISSUES, json=fields)
    assert (answer.status_code, answer.json()) == (400, body)


def test_an_edit_needs_at_least_one_field_and_changes_only_what_is_sent(api: Api):
    made = _make(api, description="kept", labels="bug", due_date="2030-01-01")
    assert "at least one parameter" in api.put(f"{ISSUES}/{made['iid']}", json={}).json()["error"]
    edited = api.put(f"{ISSUES}/{made['iid']}", data={"title": "by form"}).json()
    assert (edited["description"], edited["labels"], edited["due_date"]) == ("kept", ["bug"], "2030-01-01")
    cleared = api.put(f"{ISSUES}/{made['iid']}", json={"due_date": "", "labels": "", "description": ""}).json()
    assert (cleared["due_date"], cleared["labels"], cleared["description"]) == (None, [], "")


def test_labels_are_added_and_removed_beside_the_others(api: Api):
    iid = _make(api, labels=["bug", "docs"])["iid"]
    edited = api.put(f"{ISSUES}/{iid}", json={"add_labels": "ux", "remove_labels": ["docs"]}).json()
    assert edited["labels"] == ["bug", "ux"]


def test_an_explicit_iid_guards_against_creating_twice(gitlab: InProcess, api: Api):
    assert _make(api, iid=7001)["iid"] == 7001
    again = api.post(ISSUES, json={"title": "t", "iid": 7001})
    assert (again.status_code, again.json()) == (409, {"message": "Duplicated issue"})
    with Api(api.base, gitlab.provider.tokens["developer"]) as developer:
        assert developer.post(ISSUES, json={"title": "t", "iid": 7001}).json()["iid"] == 7002


def test_an_assignee_alone_leaves_updated_at_where_it_was(api: Api):
    made = _make(api)
    assigned = api.put(f"{ISSUES}/{made['iid']}", json={"assignee_ids": [2]}).json()
    assert [one["id"] for one in assigned["assignees"]] == [2]
    stored = api.get(f"{ISSUES}?order_by=updated_at&updated_after={made['updated_at']}").json()
    assert assigned["updated_at"] == made["updated_at"] and made["id"] in [row["id"] for row in stored]


def test_edits_and_comments_move_updated_at(gitlab: InProcess, api: Api):
    made = _make(api)
    gitlab.clock.forward(seconds=5)
    edited = api.put(f"{ISSUES}/{made['iid']}", json={"labels": "bug"}).json()
    gitlab.clock.forward(seconds=5)
    api.post(f"{ISSUES}/{made['iid']}/notes", json={"body": "hello"})
    assert made["updated_at"] < edited["updated_at"] < api.get(f"{ISSUES}/{made['iid']}").json()["updated_at"]


def test_a_delete_is_guarded_by_the_time_of_the_last_change_at_full_precision(api: Api):
    made = _make(api)
    for since in (made["updated_at"], "Wed, 18 Mar 2026 09:30:00 GMT"):
        answer = api.delete(f"{ISSUES}/{made['iid']}", headers={"If-Unmodified-Since": since})
        assert answer.status_code == 412
    stretched = made["updated_at"].replace("Z", "999Z")
    answer = api.delete(f"{ISSUES}/{made['iid']}", headers={"If-Unmodified-Since": stretched})
    assert answer.status_code == 204


def test_only_owners_delete(gitlab: InProcess, api: Api):
    iid = _make(api)["iid"]
    with Api(api.base, gitlab.provider.tokens["developer"]) as developer:
        assert developer.delete(f"{ISSUES}/{iid}").status_code == 403


def test_deleted_issues_leave_no_trace(api: Api):
    made = _make(api)
    api.delete(f"{ISSUES}/{made['iid']}")
    assert api.get(f"{ISSUES}/{made['iid']}").status_code == 404
    assert made["id"] not in [row["id"] for row in api.get(f"{ISSUES}?per_page=100").json()]


def test_confidential_issues_are_missing_for_guests_who_have_no_part_in_them(gitlab: InProcess, api: Api):
    made = _make(api, confidential=True)
    with Api(api.base, gitlab.provider.tokens["guest"]) as guest:
        assert guest.get(f"{ISSUES}/{made['iid']}").status_code == 404
        assert made["id"] not in [row["id"] for row in guest.get(f"{ISSUES}?per_page=100").json()]
        me = guest.get("/user").json()["id"]
        api.put(f"{ISSUES}/{made['iid']}", json={"assignee_ids": [me]})
        assert guest.get(f"{ISSUES}/{made['iid']}").status_code == 200


def test_an_unchanged_answer_is_304_and_still_counts(api: Api):
    first = api.get(f"{ISSUES}?per_page=3")
    second = api.get(f"{ISSUES}?per_page=3", headers={"If-None-Match": first.headers["ETag"]})
    assert (second.status_code, second.content) == (304, b"") and first.headers["ETag"].startswith('W/"')
    spent = int(first.headers["RateLimit-Remaining"]) - int(second.headers["RateLimit-Remaining"])
    assert spent == 1
    _make(api)
    third = api.get(f"{ISSUES}?per_page=3", headers={"If-None-Match": first.headers["ETag"]})
    assert third.status_code == 200


def test_too_many_calls_are_429_in_plain_text_with_the_time_to_wait(tight: InProcess):
    with Api(f"{tight.base_url}/api/v4", tight.token) as api:
        answers = [api.get("/version") for _ in range(45)]
    refused = [answer for answer in answers if answer.status_code == 429]
    assert refused and refused[0].text == "Retry later\n"
    assert 1 <= int(refused[0].headers["Retry-After"]) <= 60
    assert refused[0].headers["RateLimit-Remaining"] == "0" and "RateLimit-ResetTime" in refused[0].headers
    assert answers[0].headers["RateLimit-Limit"] == "20"


def test_too_many_new_issues_are_429_in_json_with_quota_left(tight: InProcess):
    with Api(f"{tight.base_url}/api/v4", tight.token) as api:
        answers = [api.post(ISSUES, json={"title": "t"}) for _ in range(5)]
    refused = next(answer for answer in answers if answer.status_code == 429)
    assert "too many times" in refused.json()["message"]["error"]
    assert int(refused.headers["RateLimit-Remaining"]) > 0 and "Retry-After" not in refused.headers


def test_labels_refuse_a_name_that_exists(api: Api):
    answer = api.post("/projects/101/labels", json={"name": "bug", "color": "#123456"})
    assert (answer.status_code, answer.json()) == (409, {"message": "Label already exists"})
    assert api.post("/groups/team/labels", json={"name": "new", "color": "nope"}).status_code == 400


def test_a_renamed_label_is_renamed_on_its_issues(api: Api):
    iid = _make(api, labels="to be renamed")["iid"]
    api.put("/projects/101/labels/to%20be%20renamed", json={"new_name": "renamed"})
    assert api.get(f"{ISSUES}/{iid}").json()["labels"] == ["renamed"]


def test_an_edited_milestone_is_shown_anew_on_its_issues(api: Api):
    milestone = api.get("/projects/101/milestones").json()[1]
    iid = _make(api, milestone_id=milestone["id"])["iid"]
    api.put(f"/projects/101/milestones/{milestone['id']}", json={"title": "Another title"})
    listed = [row for row in api.get(f"{ISSUES}?milestone=Another%20title&per_page=100").json() if row["iid"] == iid]
    assert listed[0]["milestone"]["title"] == "Another title"


def test_a_second_merge_request_for_the_same_branches_is_409(api: Api):
    fields = {"title": "t", "source_branch": "same", "target_branch": "main"}
    assert api.post("/projects/101/merge_requests", json=fields).status_code == 201
    assert api.post("/projects/101/merge_requests", json=fields).status_code == 409


def test_a_draft_cannot_be_merged_and_a_wrong_sha_neither(api: Api):
    fields = {"title": "Draft: t", "source_branch": "d", "target_branch": "main"}
    iid = api.post("/projects/101/merge_requests", json=fields).json()["iid"]
    path = f"/projects/101/merge_requests/{iid}"
    assert api.put(f"{path}/merge").status_code == 405
    assert api.post(f"{path}/notes", json={"body": "/ready"}).status_code == 202
    assert api.put(f"{path}/merge", json={"sha": "0" * 40}).status_code == 409
    merged = api.put(f"{path}/merge").json()
    (newest,) = api.get("/projects/101/repository/commits?per_page=1").json()
    assert (merged["state"], newest["id"]) == ("merged", merged["merge_commit_sha"])


def test_a_moved_project_redirects_readers_and_refuses_writers(fresh_api: Api):
    assert fresh_api.put("/projects/101", json={"path": "site"}).json()["path_with_namespace"] == "team/site"
    answer = fresh_api.get("/projects/team%2Fweb/issues?state=opened", allow_redirects=False)
    assert answer.status_code == 301 and answer.headers["Location"].endswith("/projects/101/issues?state=opened")
    assert fresh_api.post("/projects/team%2Fweb/issues", json={"title": "t"}).status_code == 405
    assert fresh_api.get("/projects/team%2Fsite/issues").status_code == 200


def test_a_milestone_expires_over_night(fresh_gitlab: InProcess, fresh_api: Api):
    due = (fresh_gitlab.clock.now.date()).isoformat()
    milestone = fresh_api.post("/projects/101/milestones", json={"title": "today", "due_date": due}).json()
    made = _make(fresh_api, milestone_id=milestone["id"])
    path = f"{ISSUES}?iids[]={made['iid']}"
    assert fresh_api.get(path).json()[0]["milestone"]["expired"] is False
    fresh_gitlab.clock.forward(days=timedelta(days=1).days)
    assert fresh_api.get(path).json()[0]["milestone"]["expired"] is True
