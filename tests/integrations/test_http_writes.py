"""What becomes of writes on a network that fails: what is sent twice, and which error says what about the outcome."""

from __future__ import annotations

import pytest

from tests.integrations.answers import Answer, AnswerServer, answering
from tests.integrations.test_http import TOKEN, Bench
from worklake.errors import RetryableError, UnknownOutcomeError
from worklake.integrations.http import TRIES
from worklake.integrations.wire import Wire


@pytest.fixture
def server():
    with answering(Answer()) as server:
        yield server


@pytest.fixture
def bench(server: AnswerServer) -> Bench:
    return Bench(server.base_url)


@pytest.mark.parametrize("answer", [Answer(drop=True), Answer(body=b"{", promised=9), Answer(500), Answer(503)])
@pytest.mark.parametrize("method", ["POST", "PATCH"])
def test_write_whose_outcome_is_unknown_is_not_sent_twice(server, bench, method, answer):
    server.will_answer(answer, Answer())
    with pytest.raises(UnknownOutcomeError, match=r"gitlab-web: \w+ /issues: .* may have been done"):
        bench.http.request(method, f"{server.base_url}/issues", json={"title": "x"})
    assert len(server.asked) == 1


def test_write_that_was_refused_for_now_is_sent_again(server, bench):
    server.will_answer(Answer(429, {"Retry-After": "3"}), Answer(201))
    assert bench.http.post(f"{server.base_url}/issues", json={"title": "x"}).status_code == 201
    assert bench.slept[0] >= 3


def test_refusal_that_does_not_say_for_how_long_lasts_as_long_as_the_provider_means(server):
    bench = Bench(server.base_url, Wire("Authorization", refused_for_seconds=45.0))
    server.will_answer(Answer(429), Answer(429, {"Retry-After": "3"}), Answer(201))
    assert bench.http.post(f"{server.base_url}/issues", json={"title": "x"}).status_code == 201
    assert bench.slept[0] >= 45 and 3 <= bench.slept[1] < 45


def test_writes_wait_for_their_turn_and_reads_do_not(server):
    seconds = [100.0]
    bench = Bench(server.base_url, timer=lambda: seconds[0])
    bench.http.limit_writes(2, 60.0)
    for _ in range(2):
        bench.http.patch(f"{server.base_url}/issues", json={"title": "x"})
    bench.get()
    assert bench.slept == []
    seconds[0] = 130.0
    for _ in range(3):
        bench.http.patch(f"{server.base_url}/issues", json={"title": "x"})
    assert bench.slept == [30.0, 30.0, 90.0]
    seconds[0] = 500.0
    bench.http.patch(f"{server.base_url}/issues", json={"title": "x"})
    assert len(bench.slept) == 3


def test_write_that_is_refused_for_long_was_not_done(server, bench):
    server.will_answer(Answer(429, {"Retry-After": "900"}))
    with pytest.raises(RetryableError) as raised:
        bench.http.post(f"{server.base_url}/issues", json={"title": "x"})
    assert raised.value.retry_after_seconds == 900


def test_write_that_finds_no_server_was_not_done_and_is_tried_again():
    with answering(Answer()) as server:
        gone = server.base_url
    bench = Bench(gone)
    with pytest.raises(RetryableError, match="refused"):
        bench.http.post(f"{gone}/issues", json={"title": "x"})
    assert len(bench.calls) == TRIES


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
def test_write_that_may_be_repeated_is_tried_again(server, bench, method):
    server.will_answer(Answer(drop=True), Answer(502), Answer(body=b'{"id": 1}'))
    assert bench.http.request(method, f"{server.base_url}/issues/1").json() == {"id": 1}
    assert len(server.asked) == 3


def test_post_that_may_be_repeated_is_tried_again_and_its_outcome_unknown_in_the_end(server, bench):
    server.will_answer(Answer(503))
    with pytest.raises(UnknownOutcomeError):
        bench.http.request("POST", f"{server.base_url}/estimate", json={}, repeatable=True, writes=True)
    assert len(server.asked) == TRIES


@pytest.mark.parametrize("last", [Answer(429, {"Retry-After": "900"}), Answer(503, {"Retry-After": "900"})])
def test_refusal_after_a_lost_reply_does_not_make_the_outcome_known(server, bench, last):
    server.will_answer(Answer(drop=True), last)
    with pytest.raises(UnknownOutcomeError):
        bench.http.put(f"{server.base_url}/issues/1", json={"title": "x"})


def test_quota_that_ends_after_a_lost_reply_does_not_make_the_outcome_known(server, bench):
    reset = str(int(bench.now.timestamp()) + 900)
    server.will_answer(Answer(502, {"RateLimit-Remaining": "0", "RateLimit-Reset": reset}), Answer())
    with pytest.raises(UnknownOutcomeError, match="quota"):
        bench.http.put(f"{server.base_url}/issues/1", json={"title": "x"})
    assert len(server.asked) == 1


def test_failing_query_is_retryable_although_it_is_posted(server, bench):
    server.will_answer(Answer(503))
    with pytest.raises(RetryableError):
        bench.http.request("POST", f"{server.base_url}/graphql", json={}, repeatable=True)


@pytest.mark.parametrize("method", ["POST", "PUT"])
def test_write_that_is_sent_on_as_a_read_was_not_done(server, bench, method):
    server.will_answer(Answer(302, {"Location": "/elsewhere"}), Answer())
    with pytest.raises(RetryableError, match="base_url"):
        bench.http.request(method, f"{server.base_url}/issues/1", json={"title": "x"})


def test_error_of_a_write_does_not_hold_the_token(server, bench):
    server.will_answer(Answer(500, body=f"no good: {TOKEN}".encode()))
    with pytest.raises(UnknownOutcomeError) as raised:
        bench.http.post(f"{server.base_url}/issues", json={})
    assert TOKEN not in str(raised.value)


def test_write_of_which_the_provider_says_that_it_is_done_is_given_back_although_its_status_is_an_error(server):
    wire = Wire(done_anyway=lambda status, body: status == 503 and b"was saved" in body)
    server.will_answer(Answer(503, body=b"it was saved"), Answer(503, body=b"down"))
    bench = Bench(server.base_url, wire)
    answer = bench.http.post(f"{server.base_url}/issues", json={})
    assert (answer.status_code, len(server.asked)) == (503, 1)
    with pytest.raises(UnknownOutcomeError):
        bench.http.post(f"{server.base_url}/issues", json={})


@pytest.mark.parametrize(("status", "words"), [(409, "another change"), (529, "overloaded"), (429, "too many")])
def test_refusal_for_now_says_why(server, status, words):
    server.will_answer(Answer(status))
    bench = Bench(server.base_url, Wire(refuses_for_now=lambda status, body: status in (409, 429, 529)))
    with pytest.raises(RetryableError, match=words):
        bench.http.post(f"{server.base_url}/issues", json={})
    assert len(server.asked) == TRIES
