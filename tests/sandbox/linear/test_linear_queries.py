"""Reading: what is found, what is refused, and how."""

from __future__ import annotations

import requests


def test_viewer_is_the_tokens_owner_and_the_organization_the_workspace(linear):
    found = linear.data("{ viewer { id name email admin isMe } organization { name urlKey } }")
    assert found["viewer"]["admin"] is True
    assert found["viewer"]["isMe"] is True
    assert found["organization"]["urlKey"] == "team"


def test_issue_is_found_by_uuid_and_by_identifier(linear):
    [first] = linear.data("{ issues(first: 1) { nodes { id identifier } } }")["issues"]["nodes"]
    assert linear.issue(first["identifier"], "id")["id"] == first["id"]
    assert linear.issue(first["id"], "identifier")["identifier"] == first["identifier"]


def test_issue_has_linears_own_address(linear):
    issue = linear.create_issue("identifier url branchName", title="Crash: on save (again)!")
    assert issue["url"] == f"https://linear.app/team/issue/{issue['identifier']}/crash-on-save-again"
    assert issue["branchName"].endswith(f"/{issue['identifier'].lower()}-crash-on-save-again")


def test_numbers_are_written_as_javascript_writes_them(linear):
    issue = linear.create_issue("id", estimate=3)["id"]
    text = linear.post("query($id: String!) { issue(id: $id) { estimate priority } }", id=issue).text
    assert '{"estimate":3,"priority":0}' in text


def test_missing_entity_is_an_error_with_http_200(linear):
    answer = linear.post('{ issue(id: "ENG-99999") { id } }')
    assert answer.status_code == 200
    [error] = answer.json()["errors"]
    assert error["message"] == "Entity not found: Issue"
    assert error["extensions"]["code"] == "INPUT_ERROR"
    assert error["path"] == ["issue"]
    assert answer.json()["data"] is None


def test_invalid_query_is_http_400(linear):
    answer = linear.post("{ issues { nodes { titel } } }")
    assert answer.status_code == 400
    [error] = answer.json()["errors"]
    assert error["message"].startswith('Cannot query field "titel" on type "Issue".')
    assert error["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"
    assert error["locations"]


def test_syntax_error_is_http_400(linear):
    answer = linear.post("{ issues {")
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["extensions"]["code"] == "GRAPHQL_PARSE_FAILED"


def test_variable_of_the_wrong_type_is_http_400(linear):
    answer = linear.post("query($first: Int) { issues(first: $first) { nodes { id } } }", first="many")
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"


def test_date_that_is_none_is_refused(linear):
    query = "query($since: DateTimeOrDuration) { issues(filter: {updatedAt: {gte: $since}}) { nodes { id } } }"
    assert linear.post(query, since="yesterday").status_code == 400


def test_field_that_the_sandbox_does_not_serve_is_refused_by_name(linear):
    answer = linear.post("{ issues { nodes { id activitySummary } } customers { nodes { id } } }")
    assert answer.status_code == 400
    messages = [error["message"] for error in answer.json()["errors"]]
    assert messages == [
        "Issue.activitySummary is not served by the sandbox",
        "Query.customers is not served by the sandbox",
    ]


def test_unserved_field_inside_a_fragment_is_refused_too(linear):
    query = "query { issues { nodes { ...More } } } fragment More on Issue { ... on Issue { descriptionState } }"
    assert linear.error(query)["message"] == "Issue.descriptionState is not served by the sandbox"


def test_filter_argument_and_input_that_the_sandbox_does_not_serve_are_refused_by_name(linear):
    by_filter = linear.error("{ issues(filter: {slaStatus: {eq: Breached}}) { nodes { id } } }")
    assert by_filter["message"] == "IssueFilter.slaStatus is not served by the sandbox"
    by_argument = linear.error("{ issues(sort: [{title: {order: Ascending}}]) { nodes { id } } }")
    assert by_argument["message"] == "the argument sort of Query.issues is not served by the sandbox"
    given = {"teamId": linear.team()["id"], "title": "x", "templateId": "y"}
    by_input = linear.refusal("issueCreate", "success", input=("IssueCreateInput!", given))
    assert by_input["message"] == "IssueCreateInput.templateId is not served by the sandbox"


def test_fields_below_what_is_always_null_may_be_asked(linear):
    issue = linear.create_issue("botActor { name } documents { nodes { title } } favorite { id } reactions { emoji }")
    assert issue == {"botActor": None, "documents": {"nodes": []}, "favorite": None, "reactions": []}


def test_search_finds_words_of_title_description_and_identifier(linear):
    issue = linear.create_issue(title="The zebra crosses", description="over the *rainbow*")
    for term in ("zebra", "RAINBOW zebra", issue["identifier"]):
        found = linear.data(
            "query($term: String!) { searchIssues(term: $term) { totalCount nodes { id } } }", term=term
        )
        assert issue["id"] in [node["id"] for node in found["searchIssues"]["nodes"]]
    assert linear.data('{ searchIssues(term: "zebra unicorn") { totalCount } }')["searchIssues"]["totalCount"] == 0


def test_issue_is_found_by_its_branch(linear):
    issue = linear.create_issue("id branchName")
    query = "query($name: String!) { issueVcsBranchSearch(branchName: $name) { id } }"
    assert linear.data(query, name=issue["branchName"])["issueVcsBranchSearch"]["id"] == issue["id"]


def test_disabled_users_show_only_when_asked_for(linear):
    query = "query($all: Boolean) { users(includeDisabled: $all) { nodes { active } } }"
    assert all(user["active"] for user in linear.data(query)["users"]["nodes"])
    assert any(not user["active"] for user in linear.data(query, all=True)["users"]["nodes"])


def test_the_same_seed_gives_the_same_workspace(make_linear):
    query = "{ issues(first: 250) { nodes { id identifier title updatedAt labelIds } } }"
    assert make_linear().data(query) == make_linear().data(query)


def test_work_tied_by_attachment_carries_the_other_tools_address(make_linear):
    linear = make_linear(tasks=400)
    found = linear.data("{ attachments(first: 250) { nodes { url issue { id } } } }")["attachments"]["nodes"]
    assert found
    assert all("/-/issues/" in attachment["url"] for attachment in found)
    by_url = linear.data(
        "query($url: String!) { attachmentsForURL(url: $url) { nodes { issue { id } } } }", url=found[0]["url"]
    )
    assert by_url["attachmentsForURL"]["nodes"] == [{"issue": found[0]["issue"]}]


def test_without_a_token_or_with_a_wrong_one_it_is_401(linear):
    for headers in ({"X-No": "token"}, {"Authorization": "lin_api_wrong"}, {"Authorization": "Bearer wrong"}):
        answer = linear.post("{ viewer { id } }", headers=headers)
        assert answer.status_code == 401
        [error] = answer.json()["errors"]
        assert error["message"] == "Authentication required, not authenticated"
        assert error["extensions"]["code"] == "AUTHENTICATION_ERROR"


def test_personal_key_goes_bare_and_oauth_token_with_bearer(linear):
    for header in (linear.sandbox.token, f"Bearer {linear.sandbox.token}"):
        assert linear.post("{ viewer { id } }", headers={"Authorization": header}).status_code == 200


def test_read_only_token_reads_and_must_not_write(linear):
    linear.headers = {"Authorization": linear.sandbox.read_only_token}
    team = linear.team()["id"]
    error = linear.refusal("issueCreate", "success", input=("IssueCreateInput!", {"teamId": team, "title": "x"}))
    assert error["message"] == "Invalid scope: `write` required"
    assert error["extensions"]["code"] == "FORBIDDEN"


def test_get_answers_queries_and_refuses_mutations(linear):
    def get(query: str) -> requests.Response:
        return requests.get(f"{linear.url}/graphql", params={"query": query}, headers=linear.headers, timeout=10)

    assert get("{ viewer { id } }").json()["data"]["viewer"]["id"]
    assert get("{ __schema { queryType { name } } }").json()["data"]["__schema"]["queryType"]["name"] == "Query"
    assert get('mutation { issueDelete(id: "ENG-1") { success } }').status_code == 400


def test_body_that_is_no_graphql_request_is_http_400(linear):
    for body in (b"{", b"[]", b"{}", b'{"query": 5}', b'{"query": "{ viewer { id } }", "variables": []}'):
        answer = requests.post(f"{linear.url}/graphql", data=body, headers=linear.headers, timeout=10)
        assert answer.status_code == 400, body
