"""Complexity and rate limits."""

from __future__ import annotations

ONE = "{ viewer { id name } }"


def test_complexity_counts_properties_objects_and_page_sizes(linear):
    def complexity(query: str, **variables: object) -> int:
        return int(linear.post(query, **variables).headers["X-Complexity"])

    assert complexity(ONE) == 2  # one object, two properties, rounded up
    assert complexity("{ issues(first: 100) { nodes { id title } } }") == 121  # 1 + 100 * 1.2
    assert complexity("{ issues { nodes { id title } } }") == 61  # 50 when no size is given
    sized = "query($n: Int = 10) { issues(first: $n) { nodes { id } } }"
    assert complexity(sized) == 12
    assert complexity(sized, n=20) == 23
    nested = "{ issues(first: 10) { nodes { id labels(first: 5) { nodes { name } } } } }"
    assert complexity(nested) == 1 + 10 * (1 + 0.1 + 1 + 5 * 1.1) + 0


def test_query_beyond_10000_points_is_refused_unexecuted(linear):
    answer = linear.post("{ issues(first: 250) { nodes { labels(first: 50) { nodes { id } } } } }")
    assert answer.status_code == 400
    [error] = answer.json()["errors"]
    assert error["message"] == "Query too complex"
    assert error["extensions"]["code"] == "INPUT_ERROR"
    assert error["extensions"]["userPresentableMessage"].endswith("Maximum allowed complexity: 10000.")


def test_headers_tell_both_buckets(make_linear):
    linear = make_linear(quota_scale=1)
    first, second = linear.post(ONE), linear.post(ONE)
    assert first.headers["X-RateLimit-Requests-Limit"] == "2500"
    assert first.headers["X-RateLimit-Requests-Remaining"] == "2499"
    assert second.headers["X-RateLimit-Requests-Remaining"] == "2498"
    assert first.headers["X-RateLimit-Complexity-Limit"] == "3000000"
    assert second.headers["X-RateLimit-Complexity-Remaining"] == "2999996"
    reset = int(second.headers["X-RateLimit-Requests-Reset"]) - linear.clock.now.timestamp() * 1000
    assert abs(reset - 2 * 3_600_000 / 2500) < 2


def test_oauth_tokens_have_their_own_larger_bucket(make_linear):
    linear = make_linear(quota_scale=1)
    answer = linear.post(ONE, headers={"Authorization": f"Bearer {linear.sandbox.token}"})
    assert answer.headers["X-RateLimit-Requests-Limit"] == "5000"
    assert answer.headers["X-RateLimit-Complexity-Limit"] == "2000000"


def test_over_the_request_limit_it_is_http_400_until_the_bucket_leaks(make_linear):
    linear = make_linear(quota_scale=0.002)  # five requests an hour
    assert [linear.post(ONE).status_code for _ in range(5)] == [200] * 5
    refused = linear.post(ONE)
    assert refused.status_code == 400
    [error] = refused.json()["errors"]
    assert error["message"].startswith("Rate limit exceeded. Only 5 requests are allowed per 1 hour")
    extensions = error["extensions"]
    assert extensions["code"] == "RATELIMITED"
    assert extensions["type"] == "ratelimited"
    assert extensions["statusCode"] == 429
    assert extensions["userError"] is True
    assert refused.headers["X-RateLimit-Requests-Remaining"] == "0"
    linear.clock.advance(minutes=13)
    assert linear.post(ONE).status_code == 200


def test_over_the_complexity_limit_it_is_http_400(make_linear):
    linear = make_linear(quota_scale=0.001)  # 3,000 points an hour
    heavy = (
        "{ issues(first: 250) { nodes { id team { id } state { id } creator { id } assignee { id } cycle { id } } } }"
    )
    assert linear.post(heavy).status_code == 200
    refused = linear.post(heavy)
    assert refused.status_code == 400
    assert refused.json()["errors"][0]["message"].startswith("Rate limit exceeded. Only 3000 complexity points")
    assert refused.headers["X-RateLimit-Requests-Remaining"] == "1"
    linear.clock.advance(minutes=30)
    assert linear.post(heavy).status_code == 200


def test_search_has_its_own_limit_by_the_minute(make_linear):
    linear = make_linear(quota_scale=1)
    search = '{ searchIssues(term: "login", first: 1) { nodes { id } } }'
    answers = [linear.post(search) for _ in range(31)]
    assert [answer.status_code for answer in answers] == [200] * 30 + [400]
    assert answers[-1].json()["errors"][0]["extensions"]["code"] == "RATELIMITED"
    assert answers[0].headers["X-RateLimit-Endpoint-Name"] == "searchIssues"
    assert answers[0].headers["X-RateLimit-Endpoint-Requests-Remaining"] == "29"
    assert linear.post(ONE).status_code == 200


def test_rate_limit_status_says_what_the_headers_say(make_linear):
    linear = make_linear(quota_scale=1)
    answer = linear.post(
        "{ rateLimitStatus { kind limits { type period allowedAmount remainingAmount requestedAmount reset } } }"
    )
    found = answer.json()["data"]["rateLimitStatus"]
    requests = next(limit for limit in found["limits"] if limit["type"] == "requests")
    assert found["kind"] == "apiKey"
    assert requests["allowedAmount"] == 2500
    assert requests["period"] == 3_600_000
    assert str(requests["remainingAmount"]) == answer.headers["X-RateLimit-Requests-Remaining"]


def test_refusals_carry_the_headers_and_cost_a_request(make_linear):
    linear = make_linear(quota_scale=1)
    invalid = linear.post("{ nothing }")
    assert invalid.status_code == 400
    assert invalid.headers["X-RateLimit-Requests-Remaining"] == "2499"
    stranger = linear.post(ONE, headers={"X-No": "token"})
    assert stranger.headers["X-RateLimit-Requests-Limit"] == "600"
