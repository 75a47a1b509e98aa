"""A project folder whose settings point at the running sandbox."""

from __future__ import annotations

import os
from collections.abc import Mapping
from io import StringIO
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from worklake.sandbox.provider import SandboxProvider
from worklake.sandbox.world import World

_SETTINGS = Path("conf", "worklake.yml")


def refuse_existing_project(folder: Path) -> None:
    """Raise `FileExistsError` when the folder already holds a project's settings."""
    if (folder / _SETTINGS).exists():
        raise FileExistsError(f"{folder / _SETTINGS} exists already; give a folder without a project")


def write_project(
    folder: Path, world: World, providers: Mapping[str, SandboxProvider], base_urls: Mapping[str, str]
) -> None:
    """Write `conf/` and, readable by the owner alone, the tokens under `secrets/`; changes no file that exists."""
    refuse_existing_project(folder)
    sources: dict[str, Any] = {}
    for name, provider in providers.items():
        secret = Path("secrets", name)
        _write_new(folder / secret, provider.token + "\n", mode=0o600)
        entry = provider.conf(base_urls[name])
        sources[name] = {"provider": entry.pop("provider"), "token": f"file:{secret}", **entry}
    people = [
        {
            "name": one.name,
            "linear": one.email,
            "gitlab": one.username,
            "github": one.username,
            "motion": one.email,
        }
        for one in world.people
    ]
    kinds = {provider.name for provider in providers.values()}
    people = [{key: value for key, value in one.items() if key == "name" or key in kinds} for one in people]
    _write_yaml(folder / "conf" / "sources.yml", {"sources": sources})
    policy = {"fields": {"default": "latest"}, "brake": {"share": 0.2, "at_least": 10}}
    _write_yaml(folder / "conf" / "policy.yml", policy)
    _write_yaml(folder / "conf" / "routing.yml", {"rules": []})
    _write_yaml(folder / "conf" / "people.yml", {"people": people})
    if not (folder / ".gitignore").exists():
        _write_new(folder / ".gitignore", "# The lake, and secrets kept in files\n/lake/\n/secrets/\n", mode=0o644)
    _write_yaml(folder / _SETTINGS, {"lake": {"engine": "embedded", "path": "lake"}, "time_zone": "UTC"})


def _write_yaml(path: Path, content: Mapping[str, Any]) -> None:
    yaml = YAML()
    yaml.default_flow_style = False
    path.parent.mkdir(parents=True, exist_ok=True)
    text = StringIO()
    yaml.dump(content, text)
    _write_new(path, text.getvalue(), mode=0o644)


def _write_new(path: Path, text: str, mode: int) -> None:
    """Write a file that is not there yet; one with the same content stays, another is `FileExistsError`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    except FileExistsError:
        if path.read_text(encoding="utf-8") == text:
            return
        raise FileExistsError(f"{path} exists already with other content; it was not changed") from None
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
