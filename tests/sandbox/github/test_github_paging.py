"""Pages by number and by cursor, and calls that cost nothing."""

from __future__ import annotations

import pytest

from tests.sandbox.github.conftest import ISSUES, GitHubApi
from worklake.sandbox.github import paging

SCAN = f"{ISSUES}?state=all&sort=updated&direction=asc"


def _followed(api: GitHubApi, path: str) -> list[int]:
    found: list[int] = []
    following: str | None = path
    while following is not None:
        answer = api.get(following)
        found += [row["id"] for row in answer.json()]
        following = answer.links.get("next", {}).get("url")
    return found


def test_links_lead_through_every_row_once(api: GitHubApi):
    every = [row["id"] for row in api.get(f"{SCAN}&per_page=100").json()]
    assert _followed(api, f"{SCAN}&per_page=7") == every
    first = api.get(f"{SCAN}&per_page=7")
    assert set(first.links) == {"next", "last"}
    assert "/repositories/701/issues" in first.links["next"]["url"]


def test_thirty_rows_are_a_page_and_a_hundred_the_most(api: GitHubApi):
    assert len(api.get(f"{ISSUES}?state=all").json()) == 30
    for number in range(80):
        api.opens(f"Number {number}")
    assert len(api.get(f"{ISSUES}?state=all&per_page=500").json()) == 100


def test_a_long_list_has_cursors_and_refuses_deep_pages(api: GitHubApi, monkeypatch: pytest.MonkeyPatch):
    every = [row["id"] for row in api.get(f"{SCAN}&per_page=100").json()]
    monkeypatch.setattr(paging, "LONG_LIST", 10)
    monkeypatch.setattr(paging, "DEEPEST_ROW", 20)
    link = api.get(f"{SCAN}&per_page=7").links["next"]["url"]
    assert "after=" in link and "page=" not in link.replace("per_page=", "")
    assert _followed(api, f"{SCAN}&per_page=7") == every
    assert _followed(api, f"{SCAN.replace('asc', 'desc')}&per_page=7") == every[::-1]
    refused = api.get(f"{SCAN}&per_page=10&page=3")
    assert (refused.status_code, "cursor based pagination" in refused.json()["message"]) == (422, True)
    assert api.get(f"{SCAN}&after=nonsense").status_code == 422


def test_a_row_that_moves_while_pages_are_counted_hides_another(api: GitHubApi):
    first = [row["id"] for row in api.get(f"{SCAN}&per_page=10&page=1").json()]
    every = [row["id"] for row in api.get(f"{SCAN}&per_page=100").json()]
    api.patch(f"{ISSUES}/{api.get(f'{SCAN}&per_page=1').json()[0]['number']}", json={"title": "Moved"})
    second = [row["id"] for row in api.get(f"{SCAN}&per_page=10&page=2").json()]
    assert every[10] not in first + second


def test_what_is_unchanged_is_not_sent_again_and_costs_nothing(api: GitHubApi):
    path = f"{SCAN}&per_page=100"
    answer = api.get(path)
    left = int(answer.headers["X-RateLimit-Remaining"])
    again = api.get(path, headers={"If-None-Match": answer.headers["ETag"]})
    assert (again.status_code, again.content, int(again.headers["X-RateLimit-Remaining"])) == (304, b"", left)
    api.opens("New")
    changed = api.get(path, headers={"If-None-Match": answer.headers["ETag"]})
    assert changed.status_code == 200 and int(changed.headers["X-RateLimit-Remaining"]) < left
