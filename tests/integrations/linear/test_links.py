"""Which URLs show an issue of a source, and which key stands for it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pydantic import SecretStr, ValidationError

from tests.support.sandbox import sandbox_thread
from worklake.integrations.http import Http
from worklake.integrations.linear import LinearIntegration, LinearSettings


@pytest.fixture
def source() -> Iterator[LinearIntegration]:
    settings = LinearSettings(token="env:LINEAR_API_KEY", teams=("ENG", "web2"))
    with Http("linear", settings.base_url, SecretStr("lin_api_x"), LinearIntegration.wire) as http:
        yield LinearIntegration("linear", settings, http)


@pytest.mark.parametrize(
    "url",
    [
        "https://linear.app/acme/issue/ENG-12",
        "https://linear.app/acme/issue/ENG-12/",
        "https://linear.app/acme/issue/ENG-12/fix-the-login",
        "https://linear.app/acme/issue/ENG-12/fix-the-login#comment-1a2b3c",
        "https://linear.app/acme/issue/ENG-12#comment-1a2b3c",
        "https://linear.app/acme/issue/ENG-12/fix?noRedirect=1",
        "https://linear.app/acme/issue/eng-12/fix-the-login",
        "http://linear.app/ACME/issue/ENG-12",
        "https://www.linear.app/acme/issue/ENG-12",
        "linear.app/acme/issue/ENG-12",
    ],
)
def test_the_page_of_an_issue_has_its_key(source: LinearIntegration, url: str) -> None:
    assert source.key_of(url) == "linear.app/acme/ENG-12"


@pytest.mark.parametrize(
    "url",
    [
        "https://linear.app/acme/issue/OPS-12/another-team",
        "https://linear.app/acme/project/website-1a2b",
        "https://linear.app/acme/issue/ENG",
        "https://linear.app/acme/team/ENG/all",
        "https://evil.example/linear.app/acme/issue/ENG-12",
        "https://linear.app.evil.example/acme/issue/ENG-12",
        "https://gitlab.com/acme/web/-/issues/12",
        "ENG-12",
        "",
        "https://linear.app/acme/issue/ENG-" + "9" * 5000,
    ],
)
def test_any_other_page_has_none(source: LinearIntegration, url: str) -> None:
    assert source.key_of(url) is None


def test_team_keys_are_read_in_capitals(source: LinearIntegration) -> None:
    assert source.key_of("https://linear.app/acme/issue/WEB2-1") == "linear.app/acme/WEB2-1"


def test_once_the_workspace_is_known_another_ones_issues_are_none_of_ours() -> None:
    with sandbox_thread("linear", tasks=5) as served:
        settings = LinearSettings(token="env:LINEAR_API_KEY", base_url=served.base_url, teams=("ENG",))
        http = Http("linear", served.base_url, SecretStr(served.token), LinearIntegration.wire)
        source = LinearIntegration("linear", settings, http)
        page = next(source.list_changed(None, served.clock()))
        url = next(item.payload["url"] for item in page.items if item.kind == "task")
    workspace, identifier = url.split("/")[3], url.split("/")[5]
    assert source.key_of(url) == f"linear.app/{workspace}/{identifier}"
    assert source.key_of(url.replace(f"/{workspace}/", "/another/")) is None


def test_settings_need_a_team_and_default_to_linears_own_address() -> None:
    assert LinearSettings(token="env:K", teams=("eng", "ENG")).teams == ("ENG",)
    assert LinearSettings(token="env:K", teams=("ENG",)).base_url == "https://api.linear.app"
    with pytest.raises(ValidationError, match="teams"):
        LinearSettings(token="env:K", teams=())
    with pytest.raises(ValidationError, match="teams"):
        LinearSettings(token="env:K", teams=("not a key",))
    with pytest.raises(ValidationError, match="secret"):
        LinearSettings(token="lin_api_written_out", teams=("ENG",))
