from __future__ import annotations

import pytest

from worklake.integrations.github.addresses import Addresses, Place, place_in, place_of


@pytest.mark.parametrize(
    ("base_url", "server"),
    [
        ("https://api.github.com", "github.com"),
        ("https://api.team.ghe.com", "team.ghe.com"),
        ("https://git.example/api/v3", "git.example"),
        ("https://git.example:8443/api/v3", "git.example:8443"),
        ("http://127.0.0.1:8000", "127.0.0.1:8000"),
    ],
)
def test_pages_are_where_the_api_belongs(base_url: str, server: str):
    addresses = Addresses(base_url)
    assert addresses.server == server
    key = addresses.key(Place("Team/Web", 12))
    assert key == f"{server}/team/web#12"
    assert addresses.place_of(key) == Place("team/web", 12)


@pytest.mark.parametrize(
    "url",
    [
        "https://github.com/team/web/issues/12",
        "https://github.com/Team/Web/issues/12#issuecomment-7",
        "https://GITHUB.com:443/team/web/issues/12/?x=1",
    ],
)
def test_a_page_of_an_issue_leads_to_its_key(url: str):
    assert Addresses("https://api.github.com").key_of(url) == "github.com/team/web#12"


@pytest.mark.parametrize(
    "url",
    [
        "https://github.com/team/web/pull/12", "https://github.com/team/web/issues", "https://github.com/team/web",
        "https://gitlab.com/team/web/issues/12", "https://github.com.evil.example/team/web/issues/12", "x", "",
        "ftp://github.com/team/web/issues/12",
    ],
)  # fmt: skip
def test_other_pages_lead_nowhere(url: str):
    assert Addresses("https://api.github.com").key_of(url) is None


def test_keys_of_other_servers_are_no_places():
    addresses = Addresses("https://api.github.com")
    for key in ("gitlab.com/team/web#12", "github.com/team#12", "github.com/team/web", "github.com/a/b/c#1"):
        assert addresses.place_of(key) is None


def test_payloads_tell_where_issues_are():
    assert place_of({"repository_url": "https://api.github.com/repos/team/web", "number": 3}) == Place("team/web", 3)
    assert place_in("https://git.example/api/v3/repos/team/web/issues/3") == Place("team/web", 3)
    for odd in ({}, {"repository_url": 7, "number": 3}, {"repository_url": "x", "number": 3}):
        assert place_of(odd) is None
    for odd in (None, 7, "https://api.github.com/repos/team/web/pulls/3"):
        assert place_in(odd) is None
