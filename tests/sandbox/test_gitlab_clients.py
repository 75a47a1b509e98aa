"""What GitLab's clients send over the wire, in the many ways in which they send it."""

from __future__ import annotations

import socket
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import pytest
import requests

from tests.support.sandbox import Api, InProcess

ISSUES = "/projects/101/issues"
UNSERVED = "X-Sandbox-Not-Served"


def _listed(api: Api, query: str, path: str = ISSUES) -> list[dict]:
    answer = api.get(f"{path}?per_page=100&{query}")
    assert answer.status_code == 200, answer.text
    return answer.json()


def _refusal(api: Api, query: str, path: str = ISSUES) -> tuple[int, str]:
    answer = api.get(f"{path}?{query}")
    return answer.status_code, answer.json()["error"]


@pytest.mark.parametrize(("yes", "no"), [("true", "false"), ("True", "False"), ("1", "0"), ("yes", "no"), ("T", "F")])
def test_truth_is_understood_as_every_client_writes_it(api: Api, yes: str, no: str):
    assert {row["confidential"] for row in _listed(api, f"confidential={no}")} == {False}
    assert all(isinstance(label, dict) for row in _listed(api, f"with_labels_details={yes}") for label in row["labels"])
    assert _listed(api, f"active={yes}", "/users") != _listed(api, f"active={no}", "/users")


def test_truth_that_is_none_is_refused(api: Api):
    assert _refusal(api, "confidential=maybe") == (400, "confidential is invalid")


def test_negated_filters_leave_out_what_the_filter_alone_shows(api: Api):
    everything = {row["id"] for row in _listed(api, "")}
    username = _listed(api, "")[0]["author"]["username"]
    title = next(row["milestone"]["title"] for row in _listed(api, "") if row["milestone"])
    for name, value in (
        ("author_id", "2"), ("assignee_id", "2"), ("author_username", username), ("milestone", title),
        ("milestone_id", "None"), ("labels", "ux"), ("weight", "None"), ("assignee_id", "None"),
    ):  # fmt: skip
        shown = {row["id"] for row in _listed(api, f"{name}={value}")}
        left = {row["id"] for row in _listed(api, f"not[{name}]={value}")}
        assert shown and left == everything - shown, name


def test_filters_by_what_no_issue_has_show_nothing_rather_than_everything(api: Api):
    everything = len(_listed(api, ""))
    for name, value in (("epic_id", "7"), ("iteration_title", "x"), ("my_reaction_emoji", "thumbsup")):
        assert _listed(api, f"{name}={value}") == []
        assert len(_listed(api, f"{name}=None")) == everything


@pytest.mark.parametrize(
    ("query", "error"),
    [
        ("milestone_id=5", "milestone_id does not have a valid value"),
        ("milestone=a&milestone_id=Any", "milestone_id, milestone are mutually exclusive"),
        ("assignee_id=1&assignee_username=a", "assignee_id, assignee_username are mutually exclusive"),
        ("not=x", "not is invalid"),
        ("labels[][x]=1", "labels is invalid"),
        ("updated_after=0001-01-01T00:00:00%2B14:00", "updated_after is invalid"),
        ("pagination=keyset&order_by=updated_at&cursor=WyJ1cGRhdGVkX2F0IiwieCIsMV0=", "cursor is invalid"),
        ("pagination=keyset&order_by=title&cursor=WyJ0aXRsZSIsMSwxXQ==", "cursor is invalid"),
    ],
)
def test_parameters_that_make_no_sense_are_400(api: Api, query: str, error: str):
    assert _refusal(api, query) == (400, error)


def test_merge_requests_are_filtered_like_issues(api: Api):
    path = "/projects/101/merge_requests"
    everything = {row["iid"] for row in _listed(api, "", path)}
    first = _listed(api, "", path)[0]
    author = first["author"]["username"]
    assert {row["author"]["username"] for row in _listed(api, f"author_username={author}", path)} == {author}
    assert _listed(api, "author_username=nobody", path) == _listed(api, "milestone=none-such", path) == []
    drafts, rest = _listed(api, "wip=yes", path), _listed(api, "wip=no", path)
    assert {row["iid"] for row in drafts} | {row["iid"] for row in rest} == everything
    assert all(row["draft"] for row in drafts) and not any(row["draft"] for row in rest)
    without = {row["iid"] for row in _listed(api, f"not[author_id]={first['author']['id']}", path)}
    assert first["iid"] not in without and without < everything
    assert set(_listed(api, "view=simple", path)[0]) < set(first)


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("/projects/101/merge_requests", "approved=yes"),
        ("/projects/101/merge_requests", "order_by=popularity"),
        ("/projects/101/repository/commits", "path=README.md"),
        ("/projects/101/repository/commits", "ref_name=no-such-branch"),
        ("/projects", "with_programming_language=ruby"),
        ("/projects/101", "statistics=true"),
    ],
)
def test_what_only_gitlab_could_filter_or_show_is_501_and_says_so(api: Api, path: str, query: str):
    answer = api.get(f"{path}?{query}")
    assert answer.status_code == 501 and "the sandbox does not serve" in answer.json()["error"]
    assert answer.headers[UNSERVED]


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("POST", f"{ISSUES}/1/subscribe", 404),
        ("GET", f"{ISSUES}/1/award_emoji", 404),
        ("GET", "/projects/101/pipelines", 404),
        ("POST", "/projects", 405),
        ("PATCH", ISSUES, 405),
    ],
)
def test_a_call_that_is_not_served_says_that_the_sandbox_refuses_it(api: Api, method: str, path: str, status: int):
    answer = api.request(method, path)
    assert answer.status_code == status
    assert answer.json()["error"] == {404: "404 Not Found", 405: "405 Not Allowed"}[status]
    assert answer.json()["sandbox"] == f"the sandbox does not serve {method} /api/v4{path}"
    assert answer.headers[UNSERVED] == f"{method} /api/v4{path}"


def test_fields_that_are_not_served_are_refused_and_never_dropped(api: Api):
    iid = api.post(ISSUES, json={"title": "t"}).json()["iid"]
    for method, path, fields in (
        ("PUT", f"{ISSUES}/{iid}", {"epic_id": 3}),
        ("POST", ISSUES, {"title": "t", "discussion_to_resolve": "abc"}),
        ("PUT", "/projects/101", {"visibility": "public"}),
        ("POST", "/projects/101/hooks", {"url": "http://127.0.0.1:9", "custom_webhook_template": "{}"}),
        ("POST", f"{ISSUES}/{iid}/discussions", {"body": "b", "position": {"base_sha": "a"}}),
    ):
        assert api.request(method, path, json=fields).status_code == 501, fields


def test_forms_of_every_kind_are_read(api: Api):
    url = "title=a%2Bb+c&labels=x,y&assignee_ids[]=1&assignee_ids[]=2&confidential=true"
    made = api.post(ISSUES, data=url, headers={"Content-Type": "application/x-www-form-urlencoded"}).json()
    assert (made["title"], made["labels"], made["confidential"]) == ("a+b c", ["x", "y"], True)
    assert [one["id"] for one in made["assignees"]] == [1, 2]
    parts = {"title": (None, "Größe"), "description": (None, "two\nlines"), "labels": (None, "x")}
    made = api.post(ISSUES, files=parts).json()
    assert (made["title"], made["description"], made["labels"]) == ("Größe", "two\nlines", ["x"])
    assert api.post(ISSUES, files={"file": ("a.txt", b"a")}).status_code == 501
    assert api.post(f"{ISSUES}?title=in+the+query").json()["title"] == "in the query"
    answer = api.post(ISSUES, data="<title>t</title>", headers={"Content-Type": "application/xml"})
    assert answer.status_code == 415


def test_bytes_that_are_no_text_are_400(api: Api):
    for answer in (
        api.post(ISSUES, data=b"title=%ff%fe"),
        api.post(ISSUES, json={"title": "a\0b"}),
        api.get(f"{ISSUES}?search=%ed%a0%80"),
    ):
        assert (answer.status_code, answer.text) == (400, "Bad Request")


@pytest.mark.parametrize("segment", ["%C2%B2", "%D9%A1", "99999999999999999999", "-1", "1.json"])
def test_numbers_in_paths_are_ascii_digits(api: Api, segment: str):
    answer = api.get(f"{ISSUES}/{segment}")
    assert (answer.status_code, answer.json()) == (400, {"error": "issue_iid is invalid"})
    assert api.get(f"/projects/{segment}").status_code == 404


def test_project_paths_are_found_however_they_are_encoded_and_not_unencoded(api: Api):
    for path in ("team%2Fweb", "team%2fweb", "TEAM%2FWEB", "101"):
        assert api.get(f"/projects/{path}").json()["id"] == 101
    assert api.get("/projects/team/web").status_code == 404


def test_head_and_options_are_answered_without_a_body(api: Api):
    head = api.head(ISSUES)
    assert head.status_code == 200 and int(head.headers["X-Total"]) > 0 and head.content == b""
    options = api.options(ISSUES)
    assert (options.status_code, options.content) == (204, b"")
    assert set(options.headers["Allow"].split(", ")) == {"OPTIONS", "GET", "HEAD", "POST"}


def test_the_token_may_stand_in_the_query(gitlab: InProcess, api: Api):
    for name in ("private_token", "access_token"):
        assert requests.get(f"{api.base}/user?{name}={gitlab.token}", timeout=10).status_code == 200
        assert requests.get(f"{api.base}/user?{name}=wrong", timeout=10).status_code == 401


def test_an_address_that_is_too_long_is_414(api: Api):
    assert api.get(f"{ISSUES}?search={'x' * 9000}").status_code == 414


def test_pipelined_requests_are_answered_in_their_order(gitlab: InProcess):
    address = urlsplit(gitlab.base_url)
    lines = "".join(
        f"GET /api/v4{ISSUES}/{iid} HTTP/1.1\r\nHost: sandbox\r\nPRIVATE-TOKEN: {gitlab.token}\r\n"
        f"{'Connection: close' if iid == 3 else 'Connection: keep-alive'}\r\n\r\n"
        for iid in (1, 2, 3)
    )
    with socket.create_connection((address.hostname or "", address.port or 0), timeout=10) as connection:
        connection.sendall(lines.encode())
        received = b""
        while chunk := connection.recv(65536):
            received += chunk
    assert [received.index(f'"iid":{iid},'.encode()) for iid in (1, 2, 3)] == sorted(
        received.index(f'"iid":{iid},'.encode()) for iid in (1, 2, 3)
    )
    assert received.count(b"HTTP/1.1 200") == 3


def test_many_clients_at_once_each_get_an_issue_of_their_own(fresh_api: Api, fresh_gitlab: InProcess):
    def create(number: int) -> int:
        with Api(fresh_api.base, fresh_gitlab.token) as session:
            return session.post(ISSUES, json={"title": f"at once {number}"}).json()["iid"]

    with ThreadPoolExecutor(16) as pool:
        iids = list(pool.map(create, range(64)))
    assert len(set(iids)) == 64
    assert len(_listed(fresh_api, "search=at+once&in=title")) == 64


def test_people_are_listed_in_every_order_by_offset_and_by_keyset(api: Api):
    for order in ("id", "name", "username", "created_at"):
        by_offset = [row["id"] for row in _listed(api, f"order_by={order}&sort=asc", "/users")]
        seen, address = [], f"/users?pagination=keyset&order_by={order}&sort=asc&per_page=3"
        while address:
            answer = api.get(address)
            seen += [row["id"] for row in answer.json()]
            address = answer.links.get("next", {}).get("url", "").removeprefix(api.base)
        assert seen == by_offset and len(seen) == 8
    assert {row["state"] for row in _listed(api, "blocked=true", "/users")} == {"blocked"}


def test_members_are_read_one_by_one(api: Api):
    assert api.get("/groups/team/members/1").json()["id"] == 1
    assert api.get("/projects/101/members/all/1").json()["access_level"] == 50
    direct = api.get("/projects/101/members/1")
    assert (direct.status_code, direct.json()) == (404, {"message": "404 Not found"})


def test_merge_requests_keep_their_settings_and_their_history(api: Api):
    fields = {
        "title": "t", "source_branch": "kept", "target_branch": "main", "squash": True, "remove_source_branch": True,
        "labels": "bug",
    }  # fmt: skip
    made = api.post("/projects/101/merge_requests", json=fields).json()
    assert (made["squash"], made["force_remove_source_branch"]) == (True, True)
    path = f"/projects/101/merge_requests/{made['iid']}"
    milestone = api.get("/projects/101/milestones").json()[0]["id"]
    api.put(path, json={"labels": "ux", "milestone_id": milestone})
    events = api.get(f"{path}/resource_label_events").json()
    assert [(one["action"], one["label"]["name"]) for one in events] == [
        ("add", "bug"), ("add", "ux"), ("remove", "bug"),
    ]  # fmt: skip
    assert api.get(f"{path}/resource_milestone_events").json()[0]["milestone"]["id"] == milestone
    planned = api.get(f"/projects/101/milestones/{milestone}/merge_requests").json()
    assert [one["iid"] for one in planned] == [made["iid"]]


def test_owners_may_date_a_note_back(api: Api):
    made = api.post(f"{ISSUES}/1/notes", json={"body": "old", "created_at": "2020-01-02T03:04:05Z"}).json()
    assert made["created_at"] == "2020-01-02T03:04:05.000Z"


def test_labels_and_milestones_are_checked_as_gitlab_checks_them(api: Api):
    labels = "/projects/101/labels"
    assert api.post(labels, json={"name": "violet one", "color": "rebeccapurple"}).json()["color"] == "#663399"
    assert api.post(labels, json={}).json() == {"error": "name is missing, color is missing"}
    for fields in ({"name": "x" * 256, "color": "red"}, {"name": "p", "color": "red", "priority": -1}):
        assert api.post(labels, json=fields).status_code == 400
    days = {"title": "backwards", "start_date": "2030-01-02", "due_date": "2030-01-01"}
    answer = api.post("/projects/101/milestones", json=days)
    assert answer.json() == {"message": {"due_date": ["must be greater than start date"]}}


def test_graphql_says_what_of_it_is_served(api: Api):
    url = f"{api.base.removesuffix('/api/v4')}/api/graphql"
    told = api.post(url, json={"query": "{ currentUser { username } }"})
    assert "The sandbox serves of GitLab's GraphQL only" in told.json()["errors"][0]["message"]
    two = {"query": "query A { __typename } query B { b: __typename }", "operationName": "B", "variables": "{}"}
    assert api.post(url, json=two).json() == {"data": {"b": "Query"}}


def test_time_that_no_database_holds_is_refused_and_leaves_the_issue_readable(api: Api):
    made = api.post(ISSUES, json={"title": "t", "description": "/estimate 99999999999999999999h\n/spend 9e99h"}).json()
    for path in ("time_estimate", "add_spent_time"):
        answer = api.post(f"{ISSUES}/{made['iid']}/{path}", json={"duration": "99999999999999999999h"})
        assert (answer.status_code, answer.json()) == (400, {"error": "duration is invalid"})
    assert api.get(f"{ISSUES}/{made['iid']}").json()["time_stats"]["time_estimate"] == 0
