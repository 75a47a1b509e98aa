"""The limits: requests an hour, points a minute, and what may be written."""

from __future__ import annotations

from tests.sandbox.github.conftest import ISSUES, GitHubApi
from tests.support.sandbox import sandbox_thread


def test_a_spent_hour_is_refused_with_nothing_remaining():
    with sandbox_thread("github", tasks=5, quota_scale=0.001) as served, GitHubApi(served, "read_only") as api:
        statuses = [api.get("/repos/team/web").status_code for _ in range(6)]
        assert statuses == [200, 403, 403, 403, 403, 403]
    with sandbox_thread("github", tasks=5, quota_scale=0.004) as served, GitHubApi(served) as api:
        answers = [api.get("/rate_limit") for _ in range(30)]
        assert {one.status_code for one in answers} == {200}
        assert answers[-1].headers["X-RateLimit-Remaining"] == "20"


def test_too_many_points_a_minute_are_a_secondary_limit():
    with sandbox_thread("github", tasks=5, quota_scale=0.01) as served, GitHubApi(served) as api:
        answers = [api.get("/user") for _ in range(12)]
        refused = [one for one in answers if one.status_code == 403]
        assert refused and "secondary rate limit" in refused[0].json()["message"]
        assert refused[0].headers["Retry-After"] == "60"
        assert int(refused[0].headers["X-RateLimit-Remaining"]) > 0


def test_eighty_writes_a_minute_are_the_most():
    with sandbox_thread("github", tasks=5, quota_scale=1) as served, GitHubApi(served) as api:
        answers = [api.post(ISSUES, json={"title": f"Number {number}"}) for number in range(82)]
        assert [one.status_code for one in answers[:80]] == [201] * 80
        assert "secondary rate limit" in answers[81].json()["message"]
        assert api.get(ISSUES).status_code == 200
