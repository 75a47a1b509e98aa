from __future__ import annotations

import gzip
import itertools
import os
import threading
import time
import traceback
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from pydantic import SecretStr

from tests.integrations.answers import Answer, AnswerServer, answering
from worklake.errors import AccessError, AuthError, NotFoundError, RetryableError, SettingsError, UnknownOutcomeError
from worklake.integrations import http as http_module
from worklake.integrations.http import TRIES, CallMade, Http
from worklake.integrations.wire import Wire, header_quota

TOKEN = "glpat-very-secret-1234"
NOW = datetime(2026, 3, 18, 9, 30, tzinfo=UTC)


class Bench:
    """An `Http` with a clock that only moves when it sleeps."""

    def __init__(self, base_url: str, wire: Wire | None = None, timer: Callable[[], float] = time.perf_counter) -> None:
        self.now, self.slept, self.calls = NOW, list[float](), list[CallMade]()
        self.http = Http(
            "gitlab-web", base_url, SecretStr(TOKEN), wire or Wire("PRIVATE-TOKEN", quota=header_quota("RateLimit-")),
            meter=self.calls.append, clock=lambda: self.now, sleep=self.sleep, random=lambda: 0.0,
            timer=timer,
        )  # fmt: skip
        self.base_url = base_url

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += timedelta(seconds=seconds)

    def get(self, path: str = "/api/v4/projects/7/issues") -> object:
        return self.http.get(self.base_url + path)


@pytest.fixture
def server():
    with answering(Answer()) as server:
        yield server


@pytest.fixture
def bench(server: AnswerServer) -> Bench:
    return Bench(server.base_url)


@pytest.mark.parametrize("status", [500, 502, 503, 504, 429])
def test_passing_refusal_of_a_read_is_tried_again(server, bench, status):
    server.will_answer(Answer(status), Answer(status), Answer(body=b"[1]"))
    assert bench.get().json() == [1]
    assert [(call.status, call.attempt) for call in bench.calls] == [(status, 1), (status, 2), (200, 3)]


def test_pauses_grow(server, bench):
    server.will_answer(Answer(503))
    with pytest.raises(RetryableError):
        bench.get()
    assert bench.slept == [0.25, 0.5, 1.0, 2.0]


def test_tries_are_bounded_and_the_error_names_source_endpoint_and_mend(server, bench):
    server.will_answer(Answer(503, body=b'{"message": "down for a while"}'))
    with pytest.raises(RetryableError, match=r"gitlab-web: GET /api/v4/projects/:id/issues: .*503.*down.* again"):
        bench.get()
    assert len(server.asked) == TRIES


def test_lost_reply_of_a_read_is_tried_again(server, bench):
    server.will_answer(Answer(drop=True), Answer(body=b"[1]"))
    assert bench.get().json() == [1]
    assert [call.status for call in bench.calls] == [None, 200]


def test_transfer_that_breaks_off_is_tried_again(server, bench):
    server.will_answer(Answer(body=b"[1, 2", promised=500), Answer(body=b"[1, 2]"))
    assert bench.get().json() == [1, 2]


@pytest.mark.parametrize("packed", [False, True])
def test_body_that_comes_in_drops_for_ever_is_given_up(packed):
    passed, never = itertools.count(step=400.0), threading.Event()
    body = gzip.compress(os.urandom(20_000)) if packed else b"x" * 20_000
    headers = {"Content-Encoding": "gzip"} if packed else {}
    with answering(Answer(headers=headers, body=body, at_once=5_000, hold=never)) as server:
        bench = Bench(server.base_url, timer=lambda: next(passed))
        started = time.monotonic()
        with pytest.raises(RetryableError, match="it took too long after 5 tries"):
            bench.get()
        assert time.monotonic() - started < 5
        never.set()


def test_packed_body_is_unpacked_and_counted_as_it_is_read(server, bench):
    server.will_answer(Answer(headers={"Content-Encoding": "gzip"}, body=gzip.compress(b"[1]" + b" " * 300_000)))
    assert bench.get().json() == [1]
    assert bench.calls[0].received_bytes == 300_003


def test_body_that_cannot_be_unpacked_is_named(server, bench):
    server.will_answer(Answer(headers={"Content-Encoding": "gzip"}, body=b"[1]"))
    with pytest.raises(RetryableError, match=r"ContentDecodingError: .*incorrect header check after 5 tries"):
        bench.get()


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b'{"errors": [{"message": "Slow down", "extensions": {}}, {"message": "Really"}]}', r"\(Slow down; Really\)"),
        (b'{"errors": [{"odd": 1}]}', r'\(\[\{"odd":1\}\]\)'),
    ],
)
def test_what_a_refusal_says_is_told_in_words(server, bench, body, words):
    server.will_answer(Answer(500, body=body))
    with pytest.raises(RetryableError, match=words):
        bench.get()


def test_post_that_only_asks_is_tried_again_and_named_as_told(server, bench):
    server.will_answer(Answer(drop=True), Answer(503), Answer(body=b'{"data": 1}'))
    url = f"{server.base_url}/graphql"
    answer = bench.http.request("POST", url, json={}, endpoint="query Issues", repeatable=True)
    assert answer.json() == {"data": 1}
    assert {call.endpoint for call in bench.calls} == {"query Issues"}


@pytest.mark.parametrize("named", ["12", format_datetime(NOW + timedelta(seconds=12), usegmt=True)])
def test_retry_after_is_waited_for(server, bench, named):
    server.will_answer(Answer(429, {"Retry-After": named}), Answer())
    bench.get()
    assert bench.slept == [12.25]


def test_retry_after_as_a_date_is_read_by_the_clock_of_the_server(server, bench):
    hour_ahead = NOW + timedelta(hours=1)
    headers = {
        "Date": format_datetime(hour_ahead, usegmt=True),
        "Retry-After": format_datetime(hour_ahead + timedelta(seconds=5), usegmt=True),
    }
    server.will_answer(Answer(503, headers), Answer())
    bench.get()
    assert bench.slept == [5.25]


@pytest.mark.parametrize("named", ["9" * 400, "-5", "soon"])
def test_retry_after_that_names_no_time_is_as_none(server, bench, named):
    server.will_answer(Answer(429, {"Retry-After": named}), Answer())
    bench.get()
    assert bench.slept == [2.0]


def test_wait_beyond_the_cap_is_told_instead_of_slept(server, bench):
    server.will_answer(Answer(429, {"Retry-After": "900"}))
    with pytest.raises(RetryableError, match="in 900 s") as raised:
        bench.get()
    assert raised.value.retry_after_seconds == 900
    assert bench.slept == [] and len(server.asked) == 1


def test_spent_quota_is_waited_for_before_the_next_call(server, bench):
    reset = str(int(NOW.timestamp()) + 20)
    server.will_answer(Answer(headers={"RateLimit-Remaining": "0", "RateLimit-Reset": reset}), Answer())
    bench.get()
    assert bench.slept == []
    bench.get()
    assert bench.slept == [20.0]
    assert [call.quota_left for call in bench.calls] == [0, None]


def test_quota_that_is_spent_for_long_sends_nothing(server, bench):
    reset = str(int(NOW.timestamp()) + 3000)
    server.will_answer(Answer(headers={"RateLimit-Remaining": "0", "RateLimit-Reset": reset}))
    bench.get()
    with pytest.raises(RetryableError, match="quota is spent") as raised:
        bench.get()
    assert raised.value.retry_after_seconds == 3000
    assert len(server.asked) == 1


def test_quota_may_be_told_in_milliseconds_and_by_several_limits(server):
    reset = str(int(NOW.timestamp() * 1000) + 7000)
    wire = Wire(quota=header_quota("X-RateLimit-Requests-", "X-Complexity-", per_second=1000))
    bench = Bench(server.base_url, wire)
    headers = {"X-RateLimit-Requests-Remaining": "40", "X-Complexity-Remaining": "0", "X-Complexity-Reset": reset}
    server.will_answer(Answer(headers=headers), Answer())
    bench.get()
    bench.get()
    assert bench.slept == [7.0]
    assert bench.calls[0].quota_left == 40


def test_provider_may_refuse_for_now_with_another_status(server):
    wire = Wire(refuses_for_now=lambda status, body: status == 400 and b"RATELIMITED" in body)
    bench = Bench(server.base_url, wire)
    server.will_answer(Answer(400, body=b'{"code": "RATELIMITED"}'), Answer(400, body=b'{"code": "BAD"}'))
    assert bench.http.post(server.base_url + "/graphql", json={}).json() == {"code": "BAD"}
    assert len(bench.calls) == 2


@pytest.mark.parametrize(("status", "kind"), [(401, AuthError), (403, AccessError), (404, NotFoundError)])
def test_refusal_is_an_error_that_can_be_acted_on(server, bench, status, kind):
    server.will_answer(Answer(status, body=b'{"message": "404 Project Not Found"}'))
    with pytest.raises(kind, match=r"gitlab-web: GET /api/v4/projects/:id/issues: .*Project Not Found"):
        bench.get()
    assert len(server.asked) == 1


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b'{"message": "401 Unauthorized"}', ": 401 Unauthorized. "),
        (b'{"errors": [{"message": "not authenticated", "extensions": {"code": "X"}}]}', ": 401 not authenticated. "),
        (b"", ": 401 Unauthorized. "),
    ],
)
def test_refusal_is_told_in_the_providers_words_once(server, bench, body, said):
    server.will_answer(Answer(401, body=body))
    with pytest.raises(AuthError) as caught:
        bench.get()
    assert said in str(caught.value)


def test_what_is_not_there_may_mean_another_server(server, bench):
    server.will_answer(Answer(404))
    with pytest.raises(NotFoundError, match="base_url"):
        bench.get()


@pytest.mark.parametrize("status", [400, 405, 409, 422])
def test_other_refusals_come_back_to_the_caller(server, bench, status):
    server.will_answer(Answer(status))
    assert bench.get().status_code == status


def test_unchanged_object_is_told_by_its_etag(server, bench):
    server.will_answer(Answer(headers={"ETag": 'W/"1"'}, body=b"[1]"), Answer(304, body=b""))
    first = bench.http.get_changed(server.base_url + "/projects/7", None)
    assert first.headers["ETag"] == 'W/"1"'
    assert bench.http.get_changed(server.base_url + "/projects/7", 'W/"1"') is None
    assert [asked.headers.get("If-None-Match") for asked in server.asked] == [None, 'W/"1"']


def test_token_goes_to_its_own_server_only(server, bench):
    with answering(Answer(body=b"[]")) as elsewhere:
        bench.http.get(elsewhere.base_url + "/named-directly")
        assert TOKEN not in str(elsewhere.asked)


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("status", [302, 307])
def test_an_answer_that_sends_us_to_another_server_is_not_followed(server, bench, method, status):
    with answering(Answer(body=b"[]")) as elsewhere:
        host = elsewhere.base_url.removeprefix("http://")
        server.will_answer(Answer(status, {"Location": f"{elsewhere.base_url}/users/sign_in"}))
        with pytest.raises(RetryableError, match=rf"sends us on to {host}\. Check `base_url`"):
            bench.http.request(method, server.base_url + "/api/v4/projects/7/issues")
        assert elsewhere.asked == []


@pytest.mark.parametrize("target", ["http://[::1", "file:///etc/passwd"])
def test_an_answer_that_sends_us_nowhere_is_named(server, bench, target):
    server.will_answer(Answer(302, {"Location": target}))
    with pytest.raises(RetryableError, match=r"gitlab-web: GET .*the server sends us on to .*Check `base_url`"):
        bench.get()


def test_token_stays_on_a_redirect_within_the_server(server, bench):
    server.will_answer(Answer(301, {"Location": "/api/v4/projects/8"}), Answer(body=b"[]"))
    bench.get()
    assert [asked.headers["PRIVATE-TOKEN"] for asked in server.asked] == [TOKEN, TOKEN]
    assert [call.status for call in bench.calls] == [301, 200]


def test_no_other_login_is_sent_along(server, bench, tmp_path, monkeypatch):
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login someone password other-secret\n")
    monkeypatch.setenv("NETRC", str(netrc))
    bench.get()
    assert "Authorization" not in server.asked[0].headers


@pytest.mark.parametrize(
    "answer", [Answer(401, body=f'{{"message": "bad {TOKEN}"}}'.encode()), Answer(503), Answer(drop=True), Answer(403)]
)
def test_no_exception_holds_the_token(server, bench, answer):
    server.will_answer(answer)
    with pytest.raises(Exception) as raised:
        bench.get()
    error = raised.value
    assert TOKEN not in "".join(traceback.format_exception(error))
    while error is not None:
        assert TOKEN not in repr(vars(error)) + repr(error.args)
        request = getattr(error, "request", None)
        assert request is None or TOKEN not in str(request.headers)
        error = error.__cause__ or error.__context__


def test_answer_does_not_hold_the_token(bench):
    assert TOKEN not in str(bench.get().request.headers)
    assert TOKEN not in str(bench.http.headers)


def test_server_that_does_not_answer_is_given_up(server, bench, monkeypatch):
    monkeypatch.setattr(http_module, "READ_SECONDS", 0.05)
    hold = threading.Event()
    server.will_answer(Answer(hold=hold))
    try:
        with pytest.raises(UnknownOutcomeError, match="took too long"):
            bench.http.post(server.base_url + "/issues", json={})
    finally:
        hold.set()


def test_server_that_is_not_there_is_told_with_the_setting_to_check():
    with answering(Answer()) as server:
        gone = server.base_url
    with pytest.raises(RetryableError, match=r"no answer: ConnectionError: .*refused"):
        Bench(gone).get()


def test_base_url_without_a_server_is_a_settings_error():
    with pytest.raises(SettingsError, match="names no server"):
        Bench("http://")


def test_meter_tells_endpoint_without_ids_and_size(server, bench):
    server.will_answer(Answer(headers={"RateLimit-Remaining": "99"}, body=b"[1,2,3]"))
    bench.get("/api/v4/projects/team%2Fweb/issues/12/notes?page=2&private=1")
    (call,) = bench.calls
    assert call.endpoint == "GET /api/v4/projects/:id/issues/:id/notes"
    assert (call.source, call.status, call.received_bytes, call.quota_left) == ("gitlab-web", 200, 7, 99)
    assert call.called_at == NOW and call.seconds >= 0


def test_several_threads_may_use_one_session(server, bench):
    threads = [threading.Thread(target=lambda: [bench.get() for _ in range(10)]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert len(bench.calls) == len(server.asked) == 40
