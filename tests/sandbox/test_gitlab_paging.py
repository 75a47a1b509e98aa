import re
from urllib.parse import quote

import pytest

from tests.support.sandbox import Api, InProcess, sandbox_thread

ISSUES = "/projects/101/issues"


def _links(answer):
    return {name: url for url, name in re.findall(r'<([^>]+)>; rel="(\w+)"', answer.headers.get("Link", ""))}


def _scan(api: Api, query: str, path: str = ISSUES):
    rows, url = [], f"{path}?{query}"
    while url:
        answer = api.get(url)
        assert answer.status_code == 200, answer.text
        rows += answer.json()
        url = _links(answer).get("next")
    return rows


def test_offset_pages_tell_where_they_are(api: Api):
    answer = api.get(f"{ISSUES}?per_page=10&page=2")
    total = int(answer.headers["X-Total"])
    assert (answer.headers["X-Page"], answer.headers["X-Prev-Page"], answer.headers["X-Next-Page"]) == ("2", "1", "3")
    assert answer.headers["X-Total-Pages"] == str(-(-total // 10))
    assert set(_links(answer)) == {"prev", "next", "first", "last"}
    assert api.get(f"{ISSUES}?per_page=100").headers["X-Next-Page"] == ""


def test_a_page_is_20_rows_and_never_more_than_100(api: Api):
    assert api.get(ISSUES).headers["X-Per-Page"] == "20"
    assert api.get(f"{ISSUES}?per_page=1000").headers["X-Per-Page"] == "100"


@pytest.mark.parametrize(
    "column", ["created_at", "updated_at", "title", "id", "weight", "due_date", "relative_position"]
)
@pytest.mark.parametrize("sort", ["asc", "desc"])
def test_keyset_pages_hold_every_issue_once_in_order(api: Api, column, sort):
    rows = _scan(api, f"pagination=keyset&order_by={column}&sort={sort}&per_page=3")
    assert sorted(row["id"] for row in rows) == sorted(row["id"] for row in _scan(api, "per_page=100"))
    values = [row.get(column) for row in rows if row.get(column) is not None]
    if column == "title":
        values = [value.lower() for value in values]
    assert values == sorted(values, reverse=sort == "desc")
    assert all(row.get(column) is None for row in rows[len(values) :])


def test_keyset_pages_tell_only_the_way_on(api: Api):
    answer = api.get(f"{ISSUES}?pagination=keyset&order_by=id&sort=asc&per_page=5")
    assert list(_links(answer)) == ["next"]
    assert not {name for name in answer.headers if name.lower().startswith("x-")}
    assert "Link" not in api.get(f"{ISSUES}?pagination=keyset&order_by=id&sort=asc&per_page=100").headers


def test_an_order_without_keyset_is_405(api: Api):
    assert api.get(f"{ISSUES}?pagination=keyset&order_by=popularity&sort=asc").status_code == 405


def test_group_issues_have_no_keyset_pages(api: Api):
    assert "X-Page" in api.get("/groups/team/issues?pagination=keyset&order_by=id&sort=asc").headers


def test_a_broken_cursor_is_400(api: Api):
    assert api.get(f"{ISSUES}?pagination=keyset&order_by=id&sort=asc&cursor=@@").status_code == 400


def test_keyset_by_updated_at_loses_nothing_while_rows_change(fresh_api: Api):
    wanted = {row["id"] for row in _scan(fresh_api, "per_page=100")}
    seen, url = [], f"{ISSUES}?pagination=keyset&order_by=updated_at&sort=asc&per_page=4"
    for turn in range(1000):
        answer = fresh_api.get(url)
        seen += [row["id"] for row in answer.json()]
        if turn < 5:
            # The last row of the page, which the cursor was made from, and one of the first move to the end.
            for row in (answer.json()[-1], answer.json()[0]):
                fresh_api.put(f"{ISSUES}/{row['iid']}", json={"title": f"changed {turn}"})
        if "Link" not in answer.headers:
            break
        url = _links(answer)["next"]
    assert set(seen) == wanted and len(seen) == len(wanted) + 10


def test_offset_by_updated_at_skips_a_row_when_one_before_it_changes(fresh_api: Api):
    before = _scan(fresh_api, "order_by=updated_at&sort=asc&per_page=100")
    first = fresh_api.get(f"{ISSUES}?order_by=updated_at&sort=asc&per_page=5").json()
    fresh_api.put(f"{ISSUES}/{first[0]['iid']}", json={"title": "moved to the end"})
    second = fresh_api.get(f"{ISSUES}?order_by=updated_at&sort=asc&per_page=5&page=2").json()
    assert before[5]["id"] not in [row["id"] for row in first + second]


def test_updated_after_is_inclusive_on_microseconds_shown_as_milliseconds(api: Api):
    row = api.get(f"{ISSUES}?per_page=1&order_by=updated_at").json()[0]
    shown = quote(row["updated_at"])
    assert row["id"] in [one["id"] for one in api.get(f"{ISSUES}?updated_after={shown}").json()]
    # The stored time has more digits than the shown one, so that the same text misses it from above.
    assert row["id"] not in [one["id"] for one in api.get(f"{ISSUES}?updated_before={shown}&per_page=100").json()]


@pytest.mark.parametrize("sort", ["asc", "desc"])
def test_time_bounds_hold_in_keyset_scans(api: Api, sort):
    everything = _scan(api, "per_page=100&order_by=updated_at&sort=asc")
    low, high = everything[3]["updated_at"], everything[-3]["updated_at"]
    query = f"updated_after={quote(low)}&updated_before={quote(high)}&per_page=4"
    rows = _scan(api, f"pagination=keyset&order_by=updated_at&sort={sort}&{query}")
    assert {row["id"] for row in rows} == {row["id"] for row in everything[3:-3]}


def test_an_unencoded_plus_makes_a_time_invalid(api: Api):
    answer = api.get(f"{ISSUES}?updated_after=2026-01-01T00:00:00+02:00")
    assert (answer.status_code, answer.json()) == (400, {"error": "updated_after is invalid"})


@pytest.mark.parametrize(
    ("query", "holds"),
    [
        ("state=opened", lambda row: row["state"] == "opened"),
        ("state=closed", lambda row: row["state"] == "closed"),
        ("labels=bug", lambda row: "bug" in row["labels"]),
        ("labels=None", lambda row: row["labels"] == []),
        ("labels=Any", lambda row: row["labels"] != []),
        ("not[labels]=status::doing", lambda row: "status::doing" not in row["labels"]),
        ("assignee_id=None", lambda row: row["assignees"] == []),
        ("assignee_id=2", lambda row: 2 in [one["id"] for one in row["assignees"]]),
        ("author_username=kim-b", lambda row: row["author"]["username"] == "kim-b"),
        ("iids[]=1&iids[]=3", lambda row: row["iid"] in (1, 3)),
        ("milestone=None", lambda row: row["milestone"] is None),
        ("milestone=Beta", lambda row: (row["milestone"] or {}).get("title") == "Beta"),
        ("confidential=true", lambda row: row["confidential"]),
        ("due_date=overdue", lambda row: row["due_date"] and row["due_date"] < "2026-03-18"),
        ("due_date=0", lambda row: row["due_date"] is None),
        ("search=fix&in=title", lambda row: "fix" in row["title"].lower()),
        ("created_after=2026-01-01", lambda row: row["created_at"] >= "2026-01-01"),
        ("weight=None", lambda row: row["weight"] is None),
        ("scope=created_by_me", lambda row: row["author"]["id"] == 1),
    ],
)
def test_filters_let_through_exactly_what_they_describe(api: Api, query, holds):
    everything = _scan(api, "per_page=100")
    expected = {row["id"] for row in everything if holds(row)}
    assert {row["id"] for row in _scan(api, f"{query}&per_page=7")} == expected
    assert {row["id"] for row in _scan(api, f"{query}&per_page=7&pagination=keyset&order_by=id&sort=asc")} == expected


@pytest.mark.parametrize("query", ["state=open", "order_by=colour", "sort=up", "scope=mine", "per_page=0", "page=-1"])
def test_words_that_gitlab_does_not_know_are_400(api: Api, query):
    answer = api.get(f"{ISSUES}?{query}")
    assert answer.status_code == 400 and "valid value" in answer.json()["error"]


def test_issues_across_projects_are_the_callers_own_unless_told_otherwise(api: Api):
    assert {row["author"]["id"] for row in _scan(api, "per_page=100", "/issues")} == {1}
    assert len(_scan(api, "scope=all&per_page=100", "/issues")) == len(_scan(api, "per_page=100", "/groups/11/issues"))


@pytest.fixture(scope="module")
def large():
    with sandbox_thread("gitlab", tasks=26_000, quota_scale=1000) as served:
        yield served


def test_from_10000_rows_on_nothing_is_counted(large: InProcess):
    with Api(f"{large.base_url}/api/v4", large.token) as api:
        answer = api.get(f"{ISSUES}?per_page=100")
        assert "X-Total" not in answer.headers and "X-Total-Pages" not in answer.headers
        assert "last" not in _links(answer)
        assert "X-Total" in api.get("/projects/105/issues?per_page=100").headers


def test_an_offset_past_50000_rows_is_405_where_keyset_exists(api: Api):
    assert api.get(f"{ISSUES}?per_page=100&page=500").status_code == 200
    assert api.get(f"{ISSUES}?per_page=100&page=501").status_code == 405
    assert api.get("/groups/team/issues?per_page=100&page=501").status_code == 200


def test_projects_have_keyset_pages_by_id(api: Api):
    rows = _scan(api, "pagination=keyset&order_by=id&sort=asc&per_page=1", "/projects")
    assert [row["id"] for row in rows] == sorted(row["id"] for row in api.get("/projects").json())
