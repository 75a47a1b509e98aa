"""What clients of GraphQL send over the wire, beyond the plain POST of one query."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests

QUERY = "query($first: Int = 2) { issues(first: $first) { nodes { id } } }"


def _get(linear: Any, **parameters: str) -> requests.Response:
    return requests.get(f"{linear.url}/graphql", params=parameters, headers=linear.headers, timeout=10)


@pytest.mark.parametrize(
    "query",
    [
        "query { ... on Query { viewer { id } } }",
        "query { ... { viewer { id } } }",
        "query { ...Hidden } fragment Hidden on Query { viewer { id } }",
        "query { __me: viewer { id } }",
        "query { __typename ... on Query { ...Hidden } } fragment Hidden on Query { viewer { id } }",
    ],
)
def test_nothing_but_the_schema_is_told_without_a_token_however_it_is_asked(linear, query):
    answer = linear.post(query, headers={"X-Without": "token"})
    assert answer.status_code == 401
    assert "data" not in answer.json()


def test_schema_is_told_without_a_token_through_a_fragment_too(linear):
    query = "query { ...All } fragment All on Query { __schema { queryType { name } } }"
    assert linear.post(query, headers={"X-Without": "token"}).json()["data"]["__schema"]["queryType"]["name"] == "Query"


def test_search_in_a_fragment_counts_as_a_search(linear):
    answer = linear.post('query { ... on Query { searchIssues(term: "a") { nodes { id } } } }')
    assert answer.headers["X-RateLimit-Endpoint-Name"] == "searchIssues"


def test_query_is_asked_by_get_and_a_mutation_is_not(linear):
    answer = _get(linear, query=QUERY, variables='{"first": 3}', operationName="")
    assert len(answer.json()["data"]["issues"]["nodes"]) == 3
    answer = _get(linear, query='mutation { ... on Mutation { issueArchive(id: "ENG-1") { success } } }')
    assert answer.status_code == 400 and "only support query operations" in answer.text


def test_directives_leave_out_and_take_in(linear):
    query = """query($more: Boolean = false) { issues(first: 1) { nodes {
        id title @include(if: $more) number @skip(if: true) customers: activitySummary @include(if: $more) } } }"""
    [row] = linear.data(query)["issues"]["nodes"]
    assert row.keys() == {"id"}
    assert linear.error(query, more=True)["extensions"]["code"] == "NOT_SERVED_BY_SANDBOX"


def test_one_of_several_operations_is_chosen_by_its_name(linear):
    body = {"query": "query A { viewer { id } } query B { viewer { name } }", "operationName": "B"}
    answer = requests.post(f"{linear.url}/graphql", json=body, headers=linear.headers, timeout=10)
    assert answer.json()["data"]["viewer"].keys() == {"name"}
    assert linear.error(body["query"])["message"].startswith("Must provide operation name")


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ([{"query": "{ viewer { id } }"}], "Operation batching disabled."),
        ({"query": "{ viewer { id } }", "variables": []}, "`variables` in a POST body must be an object if provided."),
        ({"query": "{ viewer { id } }", "variables": 0}, "`variables` in a POST body must be an object if provided."),
        ({"query": "{ viewer { id } }", "operationName": 5}, "`operationName` in a POST body must be a string"),
        ({"variables": {}}, "GraphQL operations must contain a non-empty `query`."),
    ],
)
def test_bodies_that_are_no_request_are_http_400(linear, body, message):
    answer = requests.post(f"{linear.url}/graphql", json=body, headers=linear.headers, timeout=10)
    assert answer.status_code == 400 and message in answer.json()["errors"][0]["message"]


def test_client_with_persisted_queries_is_told_to_send_the_text(linear):
    hashed = {"persistedQuery": {"version": 1, "sha256Hash": "0" * 64}}
    for answer in (
        requests.post(f"{linear.url}/graphql", json={"extensions": hashed}, headers=linear.headers, timeout=10),
        _get(linear, extensions=json.dumps(hashed)),
    ):
        assert answer.json()["errors"][0]["message"] == "PersistedQueryNotSupported"
    whole = {"query": QUERY, "extensions": hashed}
    assert "data" in requests.post(f"{linear.url}/graphql", json=whole, headers=linear.headers, timeout=10).json()


@pytest.mark.parametrize(
    ("method", "path", "status"), [("POST", "/oauth/token", 404), ("GET", "/", 404), ("PUT", "/graphql", 405)]
)
def test_other_addresses_say_that_the_sandbox_does_not_serve_them(linear, method, path, status):
    answer = requests.request(method, f"{linear.url}{path}", timeout=10)
    [error] = answer.json()["errors"]
    assert (answer.status_code, error["message"]) == (status, f"{method} {path} is not served by the sandbox")
    assert error["extensions"]["code"] == "NOT_SERVED_BY_SANDBOX"


def test_options_tell_the_methods(linear):
    answer = requests.options(f"{linear.url}/graphql", timeout=10)
    assert answer.status_code == 204 and "POST" in answer.headers["Allow"]


def test_scheme_of_the_token_is_read_in_any_case(linear):
    for scheme in ("Bearer", "bearer", "BEARER"):
        headers = {"Authorization": f"{scheme} {linear.sandbox.token}"}
        assert linear.post("{ viewer { id } }", headers=headers).status_code == 200


@pytest.mark.parametrize(
    ("mutation", "url", "source"),
    [
        ("attachmentLinkGitHubPR", "https://github.com/a/b/pull/7", "github"),
        ("attachmentLinkGitHubIssue", "https://github.com/a/b/issues/7", "github"),
        ("attachmentLinkURL", "https://example.com/x", "api"),
    ],
)
def test_issue_is_linked_with_other_places(linear, mutation, url, source):
    issue = linear.create_issue()["id"]
    arguments = {"issueId": ("String!", issue), "url": ("String!", url)}
    made = linear.result(mutation, "attachment { id url title sourceType issue { id } }", **arguments)["attachment"]
    assert (made["url"], made["sourceType"], made["issue"]["id"]) == (url, source, issue)
    again = linear.result(mutation, "attachment { id title }", title=("String", "Named"), **arguments)["attachment"]
    assert again == {"id": made["id"], "title": "Named"}


def test_issue_is_linked_with_a_merge_request_whose_address_fits(linear):
    arguments = {
        "issueId": ("String!", linear.create_issue()["id"]), "number": ("Float!", 5),
        "projectPathWithNamespace": ("String!", "team/web"),
    }  # fmt: skip
    url = "https://gitlab.com/team/web/-/merge_requests/5"
    made = linear.result("attachmentLinkGitLabMR", "attachment { sourceType }", url=("String!", url), **arguments)
    assert made["attachment"]["sourceType"] == "gitlab"
    wrong = ("String!", "https://gitlab.com/team/web/-/merge_requests/6")
    refused = linear.refusal("attachmentLinkGitLabMR", "success", url=wrong, **arguments)
    assert refused["message"] == "Argument Validation Error"


@pytest.mark.parametrize("url", ["http://[::1", "no url", ""])
def test_address_that_is_none_is_an_argument_error(linear, url):
    issue = linear.create_issue()["id"]
    given = {"issueId": issue, "title": "t", "url": url}
    refused = linear.refusal("attachmentCreate", "success", input=("AttachmentCreateInput!", given))
    assert refused["message"] == "Argument Validation Error"
    hook = {"url": url, "resourceTypes": ["Issue"], "allPublicTeams": True}
    assert linear.refusal("webhookCreate", "success", input=("WebhookCreateInput!", hook))["message"]


@pytest.mark.parametrize("date", ["soon", "0001-01-01T00:00:00+14:00", "P99999999999D", "-P9999Y"])
def test_date_that_is_none_is_told_without_the_words_of_python(linear, date):
    query = "query($since: DateTimeOrDuration) { issues(filter: {updatedAt: {gte: $since}}) { nodes { id } } }"
    answer = linear.post(query, since=date)
    assert answer.status_code == 400
    assert f'Cannot represent "{date}" as a date or time' in answer.json()["errors"][0]["message"]


def test_audit_log_of_a_workspace_where_nobody_changes_settings_is_empty(linear):
    assert linear.data("{ auditEntries(first: 5) { nodes { id } } }")["auditEntries"]["nodes"] == []


def test_many_clients_at_once_each_get_a_number_of_their_own(linear):
    team = linear.team()["id"]

    def create(number: int) -> str:
        query = "mutation($input: IssueCreateInput!) { issueCreate(input: $input) { issue { identifier } } }"
        made = linear.data(query, input={"teamId": team, "title": f"at once {number}"})
        return made["issueCreate"]["issue"]["identifier"]

    with ThreadPoolExecutor(16) as pool:
        assert len(set(pool.map(create, range(48)))) == 48


@pytest.mark.parametrize(
    ("mutation", "kind", "fields"),
    [
        ("projectMilestoneCreate", "ProjectMilestoneCreateInput!", {"name": "m", "projectId": ""}),
        ("issueLabelCreate", "IssueLabelCreateInput!", {"name": "l", "teamId": ""}),
        (
            "webhookCreate",
            "WebhookCreateInput!",
            {"url": "http://127.0.0.1:9", "resourceTypes": ["Issue"], "teamId": ""},
        ),
    ],
)
def test_empty_reference_names_nothing(linear, mutation, kind, fields):
    assert linear.refusal(mutation, "success", input=(kind, fields))["message"].startswith("Entity not found")


def test_repeating_a_create_with_its_own_id_is_a_conflict_for_every_kind(linear):
    team, issue, other = linear.team()["id"], linear.create_issue()["id"], linear.create_issue()["id"]
    project = linear.data("{ projects(first: 1) { nodes { id } } }")["projects"]["nodes"][0]["id"]
    kinds = {
        "issue": ("IssueCreateInput!", {"teamId": team, "title": "t"}),
        "comment": ("CommentCreateInput!", {"issueId": issue, "body": "b"}),
        "issueRelation": ("IssueRelationCreateInput!", {"issueId": issue, "relatedIssueId": other, "type": "blocks"}),
        "issueLabel": ("IssueLabelCreateInput!", {"name": "made twice"}),
        "project": ("ProjectCreateInput!", {"name": "p", "teamIds": [team]}),
        "projectMilestone": ("ProjectMilestoneCreateInput!", {"name": "m", "projectId": project}),
        "attachment": ("AttachmentCreateInput!", {"issueId": issue, "url": "https://example.com/1", "title": "t"}),
        "webhook": ("WebhookCreateInput!", {"url": "http://127.0.0.1:9", "resourceTypes": ["Issue"], "teamId": team}),
    }
    for number, (name, (kind, fields)) in enumerate(kinds.items()):
        fields = {**fields, "id": f"00000000-0000-4000-8000-{number:012d}"}
        assert linear.result(f"{name}Create", "success", input=(kind, fields)) == {"success": True}
        if name == "attachment":
            fields = {**fields, "url": "https://example.com/2"}  # On the same URL it would be an update.
        refused = linear.refusal(f"{name}Create", "success", input=(kind, fields))
        assert refused["message"].startswith("conflict on insert of"), name
        assert refused["extensions"]["userPresentableMessage"].endswith("already exists.")
