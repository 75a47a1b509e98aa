"""The limits: requests an hour, points a minute, and what may be written."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import requests

from tests.sandbox.github.conftest import ISSUES, GitHubApi
from tests.support.sandbox import sandbox_thread

MOMENT = 1_700_000_400.0
"""An epoch second at which no window ends soon."""


@contextmanager
def limited(quota_scale: float, token: str = "admin") -> Iterator[GitHubApi]:
    """A GitHub with these limits, for which time stands still."""
    with sandbox_thread("github", tasks=5, quota_scale=quota_scale) as served, GitHubApi(served, token) as api:
        served.provider._site.limits._clock = lambda: MOMENT
        yield api


def wait(api: GitHubApi, seconds: float) -> None:
    api.served.provider._site.limits._clock = lambda: MOMENT + seconds


def said(answer: requests.Response) -> str:
    return str(answer.json().get("message"))


def test_a_spent_hour_is_refused_with_nothing_remaining_until_it_is_over():
    with limited(0.001) as api:
        answers = [api.get("/repos/team/web") for _ in range(7)]
        assert [one.status_code for one in answers] == [200] * 1 + [403] * 6
        assert "secondary" in said(answers[1]), "a point a minute comes first"
        spent = [one for one in answers if "API rate limit exceeded" in said(one)]
        assert spent and {one.headers["X-RateLimit-Remaining"] for one in spent} == {"0"}
        wait(api, float(spent[0].headers["X-RateLimit-Reset"]) - MOMENT)
        assert api.get("/repos/team/web").status_code == 200


def test_asking_for_the_limit_is_free_of_it():
    with limited(0.004) as api:
        answers = [api.get("/rate_limit") for _ in range(30)]
        assert {one.status_code for one in answers} == {200}
        assert answers[-1].headers["X-RateLimit-Remaining"] == "20"


def test_too_many_points_a_minute_are_a_secondary_limit():
    with limited(0.01) as api:
        answers = [api.get("/user") for _ in range(10)]
        assert [one.status_code for one in answers] == [200] * 9 + [403]
        assert "secondary rate limit" in said(answers[9])
        assert answers[9].headers["Retry-After"] == "60"
        assert int(answers[9].headers["X-RateLimit-Remaining"]) > 0
        wait(api, 60)
        assert api.get("/user").status_code == 200


def test_eighty_writes_a_minute_are_the_most_and_reading_goes_on():
    with limited(1) as api:
        api.hooks["response"].clear()
        answers = [api.post(ISSUES, json={"title": f"Number {number}"}) for number in range(81)]
        assert [one.status_code for one in answers] == [201] * 80 + [403]
        assert "secondary rate limit" in said(answers[80])
        assert api.get(ISSUES).status_code == 200
        wait(api, 60)
        assert api.post(ISSUES, json={"title": "A minute later"}).status_code == 201
