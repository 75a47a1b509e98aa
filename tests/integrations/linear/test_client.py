"""What becomes of each of Linear's answers, sent by a small server on this machine in Linear's shapes."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from pydantic import SecretStr

from worklake.errors import (
    AccessError,
    AuthError,
    InvalidInputError,
    NotFoundError,
    RetryableError,
    WorklakeError,
)
from worklake.integrations.http import CallMade, Http
from worklake.integrations.linear import LinearIntegration, LinearSettings, queries
from worklake.integrations.linear.client import LinearClient

TOKEN = "lin_api_verysecret123"
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


@dataclass
class Scripted:
    """Answers requests one after another, and keeps what was asked."""

    answers: list[tuple[int, dict[str, str], Any]] = field(default_factory=list)
    asked: list[tuple[str, dict[str, str], dict[str, Any]]] = field(default_factory=list)
    url: str = ""

    def answer(self, body: Any, status: int = 200, **headers: str) -> None:
        self.answers.append((status, {name.replace("_", "-"): value for name, value in headers.items()}, body))

    def fail(self, message: str, status: int = 200, data: Any = None, **extensions: Any) -> None:
        self.answer({"data": data, "errors": [{"message": message, "extensions": extensions}]}, status)


@pytest.fixture
def linear() -> Iterator[Scripted]:
    scripted = Scripted()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            scripted.asked.append((self.path, dict(self.headers), json.loads(body)))
            status, headers, answer = scripted.answers.pop(0)
            content = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def date_time_string(self, timestamp: float | None = None) -> str:
            return format_datetime(NOW, usegmt=True)

        def log_message(self, *args: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        scripted.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield scripted
        server.shutdown()
        thread.join()


@dataclass
class Waited:
    seconds: list[float] = field(default_factory=list)
    calls: list[CallMade] = field(default_factory=list)


@pytest.fixture
def waited() -> Waited:
    return Waited()


@pytest.fixture
def http(linear: Scripted, waited: Waited) -> Iterator[Http]:
    with Http(
        "linear",
        linear.url,
        SecretStr(TOKEN),
        LinearIntegration.wire,
        meter=waited.calls.append,
        clock=lambda: NOW + timedelta(seconds=sum(waited.seconds)),
        sleep=waited.seconds.append,
        random=lambda: 0.0,
    ) as session:
        yield session


def ask(http: Http) -> dict[str, Any]:
    return LinearClient(http).ask(queries.ISSUE.call(id="42"))


def test_half_a_character_spoils_only_itself(linear: Scripted, http: Http) -> None:
    linear.answer(b'{"data": {"issue": {"id": "42", "title": "a\\ud83db"}}}')
    assert ask(http) == {"issue": {"id": "42", "title": "a?b"}}


def test_an_answer_that_cannot_be_read_for_its_depth_names_the_setting_to_check(linear: Scripted, http: Http) -> None:
    linear.answer(b"[" * 200_000)
    with pytest.raises(RetryableError, match="base_url"):
        ask(http)


def test_an_operation_is_posted_to_the_one_endpoint_with_the_bare_key(linear: Scripted, http: Http) -> None:
    linear.answer({"data": {"issue": {"id": "42"}}})
    assert ask(http) == {"issue": {"id": "42"}}
    ((path, headers, body),) = linear.asked
    assert path == "/graphql"
    assert headers["Authorization"] == TOKEN
    assert headers["Content-Type"] == "application/json"
    assert body == {"query": queries.ISSUE.text, "operationName": "Issue", "variables": {"id": "42"}}


def test_a_call_is_metered_by_its_operation_and_with_the_quota_left(
    linear: Scripted, http: Http, waited: Waited
) -> None:
    linear.answer({"data": {}}, X_RateLimit_Requests_Remaining="2400", X_RateLimit_Requests_Reset="1772370000000")
    ask(http)
    assert [(call.endpoint, call.status, call.quota_left) for call in waited.calls] == [("query Issue", 200, 2400)]


REFUSALS = [
    (401, "Authentication required, not authenticated", {"code": "AUTHENTICATION_ERROR"}, AuthError),
    (400, "Authentication required, not authenticated", {"code": "AUTHENTICATION_ERROR"}, AuthError),
    (200, "Authentication failed", {"type": "authentication error"}, AuthError),
    (200, "Invalid scope: `write` required", {"code": "FORBIDDEN", "statusCode": 403}, AccessError),
    (403, "Invalid scope: `read` required", {"code": "FORBIDDEN"}, AccessError),
    (200, "Not on this plan", {"type": "feature not accessible"}, AccessError),
    (200, "Too many issues", {"type": "usage limit exceeded"}, AccessError),
    (200, "Entity not found: Issue", {"code": "INPUT_ERROR", "statusCode": 400}, NotFoundError),
    (400, "Entity not found: Issue", {"code": "INPUT_ERROR", "statusCode": 400}, NotFoundError),
    (200, "Argument Validation Error", {"code": "INVALID_INPUT"}, InvalidInputError),
    (400, "Query too complex", {"code": "INPUT_ERROR"}, InvalidInputError),
    (400, "Cannot query field", {"code": "GRAPHQL_VALIDATION_FAILED", "type": "graphql error"}, InvalidInputError),
    (200, "Something odd", {}, InvalidInputError),
    (200, "Internal server error", {"type": "internal error"}, RetryableError),
    (200, "Internal server error", {"code": "INTERNAL_SERVER_ERROR"}, RetryableError),
    (200, "Lock timeout", {"type": "lock timeout"}, RetryableError),
    (200, "Fetch failed", {"type": "network error"}, RetryableError),
    (200, "Odd", {"type": "unknown", "statusCode": 503}, RetryableError),
]


@pytest.mark.parametrize(("status", "message", "extensions", "kind"), REFUSALS)
def test_the_extensions_decide_what_a_refusal_is(
    linear: Scripted, http: Http, status: int, message: str, extensions: dict[str, Any], kind: type[WorklakeError]
) -> None:
    linear.fail(message, status, **extensions)
    with pytest.raises(kind) as refused:
        ask(http)
    assert type(refused.value) is kind
    assert message in str(refused.value)
    assert str(refused.value).startswith("linear: query Issue: ")


def test_an_answer_with_data_and_errors_is_an_error(linear: Scripted, http: Http) -> None:
    linear.fail("Internal server error", data={"issue": {"id": "42"}}, type="internal error")
    with pytest.raises(RetryableError):
        ask(http)


def test_of_several_errors_the_gravest_is_told(linear: Scripted, http: Http) -> None:
    errors = [
        {"message": "slow", "extensions": {"type": "lock timeout"}},
        {"message": "who are you", "extensions": {"code": "AUTHENTICATION_ERROR"}},
    ]
    linear.answer({"errors": errors})
    with pytest.raises(AuthError, match="who are you"):
        ask(http)


def rate_limited(linear: Scripted, status: int, **headers: str) -> None:
    error = {"message": "Rate limit exceeded. Only 2500 requests are allowed per 1 hour.", "extensions": {}}
    error["extensions"] = {"code": "RATELIMITED", "type": "ratelimited", "statusCode": 429, "userError": True}
    linear.answer({"errors": [error]}, status, **headers)


@pytest.mark.parametrize("status", [200, 400, 429])
def test_a_spent_limit_is_waited_out_until_its_reset(linear: Scripted, http: Http, waited: Waited, status: int) -> None:
    reset = int((NOW + timedelta(seconds=20)).timestamp() * 1000)
    rate_limited(linear, status, X_RateLimit_Requests_Remaining="0", X_RateLimit_Requests_Reset=str(reset))
    linear.answer({"data": {"issue": None}})
    assert ask(http) == {"issue": None}
    assert sum(waited.seconds) >= 20


def test_a_limit_that_stays_spent_for_long_tells_when_to_come_back(linear: Scripted, http: Http) -> None:
    reset = int((NOW + timedelta(minutes=30)).timestamp() * 1000)
    rate_limited(linear, 400, X_RateLimit_Complexity_Remaining="0", X_RateLimit_Complexity_Reset=str(reset))
    with pytest.raises(RetryableError) as refused:
        ask(http)
    assert refused.value.retry_after_seconds == pytest.approx(1800, abs=5)
    assert len(linear.asked) == 1


def test_an_issue_that_speaks_of_ratelimited_is_no_refusal(linear: Scripted, http: Http) -> None:
    linear.answer({"data": {"issue": {"title": "What RATELIMITED means"}}})
    assert ask(http)["issue"]["title"] == "What RATELIMITED means"


def test_a_passing_fault_of_the_server_is_tried_again(linear: Scripted, http: Http) -> None:
    linear.answer(b"bad gateway", 502)
    linear.answer({"data": {"issue": None}})
    assert ask(http) == {"issue": None}


@pytest.mark.parametrize("body", [b"<html>please log in</html>", b"[]", b"{}", b'{"data": null}', b""])
def test_an_answer_that_is_no_graphql_names_the_base_url(linear: Scripted, http: Http, body: bytes) -> None:
    linear.answer(body)
    with pytest.raises(RetryableError, match="base_url"):
        ask(http)


@pytest.mark.parametrize("status", [200, 400, 401, 403, 500])
def test_no_message_holds_the_key_even_where_the_server_repeats_it(
    linear: Scripted, http: Http, waited: Waited, status: int
) -> None:
    for _ in range(5):
        linear.fail(f"key {TOKEN} is no good, nor Bearer {TOKEN}", status)
    with pytest.raises(WorklakeError) as refused:
        ask(http)
    told = [str(error) for error in _chain(refused.value)]
    assert not any(TOKEN in text for text in told)


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def source(linear: Scripted, http: Http) -> LinearIntegration:
    settings = LinearSettings(token="env:LINEAR_API_KEY", base_url=linear.url, teams=("ENG", "OPS"))
    return LinearIntegration("linear", settings, http)


def test_a_check_with_a_wrong_key_is_one_finding_with_its_mend(linear: Scripted, http: Http) -> None:
    linear.fail("Authentication required, not authenticated", 401, code="AUTHENTICATION_ERROR")
    (finding,) = source(linear, http).check()
    assert not finding.ok
    assert finding.mend is not None
    assert "token" in finding.mend


def test_a_check_names_each_team_that_does_not_show(linear: Scripted, http: Http) -> None:
    viewer = {"name": "Kim", "email": "kim@x.example", "active": True, "admin": False, "guest": True}
    teams = {"nodes": [{"key": "ENG", "name": "Engineering", "retiredAt": None}]}
    linear.answer({"data": {"viewer": viewer, "organization": {"name": "Acme", "urlKey": "acme"}, "teams": teams}})
    findings = {finding.subject: finding for finding in source(linear, http).check()}
    assert (findings["team ENG"].ok, findings["team OPS"].ok) == (True, False)
    assert "guest" in findings["account"].detail
    assert "acme" in findings["connection"].detail
