"""The client against answers that GitHub may give, and such as only others give."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import SecretStr

from tests.integrations.answers import Answer, AnswerServer, answering
from worklake.errors import AccessError, NotFoundError, RetryableError, UnknownOutcomeError
from worklake.integrations.github.client import WIRE, GitHubClient, GoneError, RefusedError
from worklake.integrations.http import CallMade, Http

TOKEN = "github_pat_very_secret_1234"


@pytest.fixture
def server() -> Iterator[AnswerServer]:
    with answering(Answer()) as server:
        yield server


@pytest.fixture
def calls() -> list[CallMade]:
    return []


@pytest.fixture
def client(server: AnswerServer, calls: list[CallMade]) -> GitHubClient:
    http = Http("github", server.base_url, SecretStr(TOKEN), WIRE, meter=calls.append, sleep=lambda seconds: None)
    return GitHubClient(http)


def told(body: Any, status: int = 200, **headers: str) -> Answer:
    return Answer(status, {name.replace("_", "-"): value for name, value in headers.items()}, json.dumps(body).encode())


def test_every_call_says_what_it_wants(server, client):
    client.get("/user")
    sent = server.asked[0].headers
    assert sent["Accept"] == "application/vnd.github+json"
    assert sent["X-GitHub-Api-Version"] == "2022-11-28"
    assert sent["Authorization"] == f"Bearer {TOKEN}"
    assert sent["User-Agent"].startswith("worklake/")


def test_links_are_followed_wherever_they_lead_on_the_server(server, client, calls):
    following = f"{server.base_url}/repositories/7/issues?after=Y3Vyc29y&per_page=100"
    server.will_answer(told([{"id": 1}], Link=f'<{following}>; rel="next"'), told([{"id": 2}]))
    assert [one["id"] for one in client.all("/repos/team/web/issues")] == [1, 2]
    assert server.asked[1].path == "/repositories/7/issues?after=Y3Vyc29y&per_page=100"
    assert {call.endpoint for call in calls} == {"GET /repos/:repo/issues"}


def test_a_link_to_another_server_is_not_followed(server, client):
    server.will_answer(told([{"id": 1}], Link='<https://evil.example/repositories/7/issues?page=2>; rel="next"'))
    with pytest.raises(RetryableError, match="a next page of the same server"):
        list(client.all("/repos/team/web/issues"))
    assert len(server.asked) == 1


def test_a_list_without_end_is_given_up(server, client):
    server.will_answer(told([{"id": 1}], Link=f'<{server.base_url}/repositories/7/issues?page=2>; rel="next"'))
    with pytest.raises(RetryableError, match="has no end"):
        list(client.all("/repos/team/web/issues"))


@pytest.mark.parametrize("answer", [told({"id": 1}), told("x"), Answer(200, {}, b"<html>")])
def test_an_answer_that_is_no_list_is_not_taken_for_one(server, client, answer):
    server.will_answer(answer)
    with pytest.raises(RetryableError, match="something that GitHub does not send"):
        client.page("/repos/team/web/issues")


@pytest.mark.parametrize(
    ("answer", "error", "said"),
    [
        (told({"message": "This issue was deleted"}, 410), GoneError, "This issue was deleted"),
        (told({"message": "Issues has been disabled in this repository."}, 410), AccessError, "Switch its issues on"),
        (told({"message": "Not Found"}, 404), NotFoundError, "Not Found"),
        (told({"message": "Repository access blocked"}, 403), AccessError, "Repository access blocked"),
        (told({"message": "Validation Failed", "errors": [{"field": "title"}]}, 422), RefusedError, '"field":"title"'),
        (Answer(400, {}, b"<html>no"), RefusedError, "400"),
    ],
)
def test_refusals_are_told_apart(server, client, answer, error, said):
    server.will_answer(answer)
    with pytest.raises(error) as raised:
        client.get("/repos/team/web/issues/1")
    assert said in str(raised.value) and TOKEN not in str(raised.value)


def test_a_write_whose_answer_is_garbled_may_have_been_done(server, client):
    server.will_answer(Answer(201, {}, b"<html>"))
    with pytest.raises(UnknownOutcomeError):
        client.write("POST", "/repos/team/web/issues", {"title": "x"})


@pytest.mark.parametrize(
    ("errors", "error"),
    [
        ([{"type": "FORBIDDEN", "message": "no"}], AccessError),
        ([{"type": "NOT_FOUND", "message": "no"}], NotFoundError),
        ([{"type": "RATE_LIMITED", "message": "no"}], RetryableError),
        ([{"message": "Something else"}], RefusedError),
    ],
)
def test_what_graphql_says_is_told_by_its_kind(server, client, errors, error):
    server.will_answer(told({"data": None, "errors": errors}))
    with pytest.raises(error):
        client.ask("Viewer", "query Viewer { viewer { login } }", {})


def test_graphql_of_a_server_of_ones_own_is_beside_its_rest(server):
    http = Http("github", f"{server.base_url}/api/v3", SecretStr(TOKEN), WIRE)
    server.will_answer(told({"data": {"viewer": {}}}))
    GitHubClient(http).ask("Viewer", "query Viewer { viewer { login } }", {})
    assert server.asked[0].path == "/api/graphql"


def test_names_and_numbers_do_not_reach_the_meter(server, client, calls):
    for path in ("/repos/team/web/issues/12/labels/a%2Fb", "/users/kim", "/repos/team/web/issues/12", "/user/7"):
        client.get(path)
    assert [call.endpoint for call in calls] == [
        "GET /repos/:repo/issues/:id/labels/:name", "GET /users/:login", "GET /repos/:repo/issues/:id", "GET /user/:id",
    ]  # fmt: skip
