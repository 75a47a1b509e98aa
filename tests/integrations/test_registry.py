from __future__ import annotations

import subprocess
import sys
from importlib.metadata import EntryPoint

import pytest
from pydantic import SecretStr

from worklake.errors import SettingsError
from worklake.integrations.gitlab.settings import GitLabSettings
from worklake.integrations.registry import GROUP, Providers, open_source, providers, settings_models


def point(name: str, value: str) -> EntryPoint:
    return EntryPoint(name, value, GROUP)


def test_our_providers_are_installed():
    assert {"gitlab", "linear"} <= set(providers())
    assert settings_models()["gitlab"] is GitLabSettings


def test_broken_package_harms_only_who_asks_for_it():
    found = Providers(
        {"good": point("good", "worklake.integrations.gitlab:GitLabIntegration"), "bad": point("bad", "no.such")}
    )
    assert found["good"].provider == "gitlab"
    assert sorted(found) == ["bad", "good"]
    with pytest.raises(SettingsError, match=r"provider 'bad' of the package no\.such cannot be loaded: ModuleNotFound"):
        found["bad"]


def test_what_is_no_integration_is_told():
    with pytest.raises(SettingsError, match="not a subclass of BaseIntegration"):
        Providers({"odd": point("odd", "json:dumps")})["odd"]


def test_unknown_provider_is_a_key_error():
    with pytest.raises(KeyError):
        providers()["nothing"]


def test_source_is_opened_without_reaching_anything():
    settings = GitLabSettings(base_url="http://127.0.0.1:9", token="env:X", projects=("team/web",))
    calls: list[object] = []
    source = open_source("web", settings, SecretStr("secret"), calls.append)
    assert source.provider == "gitlab" and calls == []


@pytest.mark.parametrize(
    "module", ["worklake.integrations.registry", "worklake.integrations.gitlab", "worklake.testing"]
)
def test_heavy_packages_are_loaded_only_when_needed(module):
    code = f"import sys, {module}; print(sorted({{'pytest', 'hypothesis', 'gitlab', 'gql'}} & set(sys.modules)))"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert shown.stdout.strip() == "[]"
