from __future__ import annotations

import pytest

from worklake.integrations.gitlab.addresses import Addresses


@pytest.mark.parametrize(
    "url",
    [
        "https://gitlab.com/team/web/-/issues/12",
        "https://GitLab.com/team/web/-/issues/12/",
        "http://gitlab.com:80/team/web/-/issues/12",
        "https://gitlab.com/team/web/issues/12",
        "https://gitlab.com/team/web/-/work_items/12",
        "https://gitlab.com/team/web/-/issues/12#note_7",
        "https://gitlab.com/team/web/-/issues/12?show=1#x",
        "https://gitlab.com:443/team%2Fweb/-/issues/012",
    ],
)
def test_every_way_to_write_an_issues_url_leads_to_its_key(url):
    assert Addresses("https://gitlab.com").key_of(url) == "gitlab.com/team/web#12"


@pytest.mark.parametrize(
    "url",
    [
        "https://gitlab.com/team/web/-/merge_requests/12",
        "https://gitlab.com/team/web/-/issues",
        "https://gitlab.com/team/web/-/issues/new",
        "https://gitlab.com/team/web/-/issues/12/designs",
        "https://gitlab.com.evil.example/team/web/-/issues/12",
        "https://gitlab.com:8443/team/web/-/issues/12",
        "ftp://gitlab.com/team/web/-/issues/12",
        "https://gitlab.com/web/-/issues/12",
        "https://gitlab.com:port/team/web/-/issues/12",
        "https://[broken/team/web/-/issues/12",
        "team/web#12",
        "",
    ],
)
def test_other_urls_have_no_key(url):
    assert Addresses("https://gitlab.com").key_of(url) is None


def test_server_may_lie_below_a_path_and_on_a_port():
    addresses = Addresses("http://Example.com:8080/git")
    assert addresses.key_of("http://example.com:8080/git/a/b/c/-/issues/3") == "example.com:8080/git/a/b/c#3"
    assert addresses.key("a/b/c#3") == "example.com:8080/git/a/b/c#3"
    assert addresses.key_of("http://example.com:8080/gitter/a/b/-/issues/3") is None
