"""A quota that the provider does not tell of: turns the same time apart, across runs, and what a refusal means."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

import pytest

from tests.integrations.answers import Answer, answering
from tests.integrations.test_http import Bench
from worklake.errors import RetryableError
from worklake.integrations.pace import Pace, state_file

NOW = datetime(2026, 3, 18, 9, 30, tzinfo=UTC)
APART = timedelta(seconds=5)


@pytest.fixture
def file(tmp_path):
    return tmp_path / "state" / "turns.json"


@pytest.fixture
def server():
    with answering(Answer()) as server:
        yield server


def paced(server, file) -> Bench:
    bench = Bench(server.base_url)
    bench.http.pace = Pace(APART, file)
    return bench


def test_turns_are_the_same_time_apart(file):
    pace = Pace(APART, file)
    assert [pace.wait(NOW, 60) for _ in range(4)] == [0, 5, 10, 15]
    assert pace.wait(NOW + timedelta(minutes=5), 60) == 0


def test_next_run_goes_on_where_this_one_stopped(file):
    assert [Pace(APART, file).wait(NOW, 60) for _ in range(3)] == [0, 5, 10]


def test_turn_that_is_too_far_away_is_not_taken(file):
    pace = Pace(APART, file)
    assert [pace.wait(NOW, 8) for _ in range(4)] == [0, 5, 10, 10]


def test_runs_side_by_side_share_the_turns(file):
    waits: list[float] = []

    def ask() -> None:
        pace = Pace(APART, file)
        waits.extend(pace.wait(NOW, 1000) for _ in range(20))

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert sorted(waits) == [5.0 * number for number in range(80)]


@pytest.mark.parametrize("text", ["", "[]", '{"next": 7}', '{"next": "soon"}', '{"next": "9999-01-01T00:00:00+00:00"}'])
def test_file_that_makes_no_sense_holds_nothing_up(file, text):
    file.parent.mkdir()
    file.write_text(text)
    pace = Pace(APART, file)
    assert [pace.wait(NOW, 60) for _ in range(2)] == [0, 5]


def test_run_that_cannot_keep_a_file_keeps_the_turns_by_itself(tmp_path):
    (tmp_path / "taken").write_text("not a folder")
    pace = Pace(APART, tmp_path / "taken" / "turns.json")
    assert [pace.wait(NOW, 60) for _ in range(3)] == [0, 5, 10]
    assert pace.refused(NOW) == 60


def test_file_is_named_after_the_quota_and_without_its_words(tmp_path):
    environment = {"XDG_STATE_HOME": str(tmp_path)}
    one = state_file("https://a.example", "env:A_KEY", environment=environment)
    other = state_file("https://a.example", "env:B_KEY", environment=environment)
    assert one.parent == other.parent == tmp_path / "worklake"
    assert one != other and "KEY" not in one.name


@pytest.mark.parametrize(("environment", "begins"), [({"HOME": "/home/kim"}, "/home/kim/.local/state"), ({}, "/")])
def test_file_is_in_the_users_home_where_there_is_one(environment, begins):
    assert str(state_file("x", environment=environment)).startswith(begins)


def test_requests_wait_for_their_turns(server, file):
    bench = paced(server, file)
    for _ in range(3):
        bench.get()
    assert bench.slept == [5, 5]
    later = paced(server, file)
    later.now = bench.now
    later.get()
    assert later.slept == [5]


def test_repetitions_take_turns_as_well(server, file):
    bench = paced(server, file)
    server.will_answer(Answer(503), Answer())
    bench.get()
    assert (bench.now - NOW).total_seconds() >= 5


def test_refused_request_is_not_repeated_within_a_minute(server, file):
    bench = paced(server, file)
    server.will_answer(Answer(429), Answer())
    bench.get()
    assert [call.status for call in bench.calls] == [429, 200]
    assert bench.calls[1].called_at - bench.calls[0].called_at >= timedelta(seconds=60)


def test_longer_wait_that_the_provider_asks_for_holds_for_the_next_run_too(server, file):
    bench = paced(server, file)
    server.will_answer(Answer(429, {"Retry-After": "900"}), Answer())
    with pytest.raises(RetryableError) as raised:
        bench.get()
    assert raised.value.retry_after_seconds == 900
    later = paced(server, file)
    later.now = bench.now + timedelta(minutes=14)
    later.get()
    assert sum(later.slept) == pytest.approx(60)


def test_second_refusal_stops_the_run_and_holds_back_the_next_for_an_hour(server, file):
    bench = paced(server, file)
    server.will_answer(Answer(429), Answer(429), Answer())
    with pytest.raises(RetryableError) as raised:
        bench.get()
    assert raised.value.retry_after_seconds == 3600
    later = paced(server, file)
    later.now = bench.now + timedelta(minutes=50)
    for one in (bench, later):
        with pytest.raises(RetryableError, match="too many requests"):
            one.get()
    assert len(server.asked) == 2
    later.now = bench.now + timedelta(minutes=61)
    later.get()
    assert len(server.asked) == 3
