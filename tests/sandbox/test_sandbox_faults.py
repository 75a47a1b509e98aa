import time

import pytest
import requests

from tests.support.sandbox import Api, InProcess
from worklake.sandbox.faults import operation_name

ISSUES = "/projects/101/issues"


@pytest.fixture
def faults(gitlab: InProcess, api: Api):
    """Posts rules; they end with the test."""
    yield lambda *rules: api.post(f"{gitlab.control_url}/faults", json=list(rules))
    api.delete(f"{gitlab.control_url}/faults")


def test_a_status_answers_instead_of_the_provider_as_often_as_told(api: Api, faults):
    faults({"method": "GET", "path": "/issues$", "status": 503, "body": {"down": True}, "times": 2,
            "headers": {"Retry-After": "3"}})  # fmt: skip
    answers = [api.get(ISSUES) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [503, 503, 200]
    assert answers[0].json() == {"down": True} and answers[0].headers["Retry-After"] == "3"


def test_other_methods_and_paths_are_left_alone(api: Api, faults):
    faults({"method": "POST", "path": "/issues$", "status": 500, "body": "broken"})
    assert api.get(ISSUES).status_code == 200
    assert api.post(ISSUES, json={"title": "t"}).text == "broken"
    assert api.post("/projects/101/labels", json={"name": "fine", "color": "red"}).status_code == 201


def test_without_times_a_rule_holds_until_the_rules_are_deleted(gitlab: InProcess, api: Api, faults):
    faults({"path": "/version", "status": 502})
    assert [api.get("/version").status_code for _ in range(4)] == [502] * 4
    assert api.delete(f"{gitlab.control_url}/faults").status_code == 204
    assert api.get("/version").status_code == 200


def test_drop_before_cuts_the_connection_and_does_nothing(api: Api, faults):
    faults({"method": "POST", "path": "/issues$", "drop": "before", "times": 1})
    with pytest.raises(requests.ConnectionError):
        api.post(ISSUES, json={"title": "never made"})
    assert api.get(f"{ISSUES}?search=never").json() == []


def test_drop_after_does_the_work_and_loses_the_reply(api: Api, faults):
    faults({"method": "POST", "path": "/issues$", "drop": "after", "times": 1})
    with pytest.raises(requests.ConnectionError):
        api.post(ISSUES, json={"title": "made unseen"})
    assert [row["title"] for row in api.get(f"{ISSUES}?search=unseen").json()] == ["made unseen"]


def test_a_delay_comes_before_the_ordinary_answer(api: Api, faults):
    faults({"path": "/version", "delay_seconds": 0.3, "times": 1})
    begun = time.monotonic()
    assert api.get("/version").status_code == 200
    assert time.monotonic() - begun >= 0.3


def test_a_reply_that_is_cut_inside_does_the_work_and_shows_a_part_of_it(api: Api, faults):
    faults({"method": "POST", "path": "/issues$", "drop": "inside", "times": 1})
    with pytest.raises(requests.exceptions.RequestException):
        api.post(ISSUES, json={"title": "Half told"})
    assert api.get(ISSUES, params={"search": "Half told"}).json()[0]["title"] == "Half told"


def test_an_operation_of_graphql_can_be_meant_alone(gitlab: InProcess, api: Api, faults):
    faults({"method": "POST", "operation": "^Ours$", "status": 503})
    ask = {name: {"query": f"query {name} {{ currentUser {{ id }} }}"} for name in ("Ours", "Theirs")}
    url = f"{gitlab.base_url}/api/graphql"
    assert [api.post(url, json=body).status_code for body in ask.values()] == [503, 200]
    assert api.post(ISSUES, json={"title": "No GraphQL"}).status_code == 201


def test_a_path_matches_encoded_and_decoded(api: Api, faults):
    faults({"path": "/projects/team/web$", "status": 500, "times": 1})
    assert api.get("/projects/team%2Fweb").status_code == 500


@pytest.mark.parametrize(
    ("rule", "word"),
    [
        ({"path": "("}, "regular expression"),
        ({"operation": "("}, "operation '(' is not a regular expression"),
        ({"drop": "sometimes"}, "none of 'before'"),
        ({"status": 42}, "100 to 599"),
        ({"times": 0}, "from 1"),
        ({"when": "now"}, "'when'"),
        ({"method": "FETCH"}, "FETCH"),
        ("fault", "object"),
    ],
)
def test_a_rule_that_makes_no_sense_is_refused_with_the_reason(faults, rule, word):
    answer = faults(rule)
    assert answer.status_code == 422 and word in answer.json()["error"]


def test_the_log_tells_every_call_also_the_faulty_ones(gitlab: InProcess, api: Api, faults):
    api.delete(f"{gitlab.control_url}/requests")
    faults({"path": "/version", "status": 500, "times": 1}, {"path": "/user", "drop": "before", "times": 1})
    api.get("/version")
    with pytest.raises(requests.ConnectionError):
        api.get("/user")
    api.get("/projects/team%2Fweb/issues?state=opened")
    log = api.get(f"{gitlab.control_url}/requests").json()
    assert [(one["method"], one["path"], one["query"], one["status"]) for one in log] == [
        ("GET", "/api/v4/version", "", 500),
        ("GET", "/api/v4/user", "", None),
        ("GET", "/api/v4/projects/team%2Fweb/issues", "state=opened", 200),
    ]
    assert log[0]["at"].endswith("Z")


@pytest.mark.parametrize(
    ("body", "name"),
    [
        (b'{"query": "query Issues($a: Int) { issues { id } }"}', "Issues"),
        (b'{"query": "query A { a } query B { b }", "operationName": "B"}', "B"),
        (b'{"query": "{ viewer { id } }"}', None),
        (b"[1]", None),
        (b"nonsense", None),
    ],
)
def test_graphql_calls_are_logged_with_their_operation(body, name):
    assert operation_name(body) == name
