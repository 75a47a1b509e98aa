"""While not all that a tool holds is known, nothing is made there by a rule: it might be there already."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.support.tools import Tools, running_tools, steps, write_settings
from worklake.project import open_settings

pytest.importorskip("pysail", reason="the embedded engine is not installed")
EVERYWHERE = {"rules": [{"name": "everywhere", "when": "true", "to": ["a", "b"]}]}


@pytest.fixture
def tools(tmp_path: Path) -> Iterator[Tools]:
    """Linear as `a`, GitLab as `b`; every task belongs in both."""
    with running_tools(tmp_path, ("linear", "gitlab")) as made:
        yield made


def titles(tools: Tools, source: str) -> Counter[str]:
    return Counter(one["title"] for one in tools.items(source).values())


def with_settings(tools: Tools, folder: Path, projects: list[str], routing: Mapping[str, Any]) -> Tools:
    """The same tools, where these projects of GitLab are read."""
    entries = {
        name: {**one.provider.conf(one.base_url), "token": f"file:secrets/{name}"} for name, one in tools.served.items()
    }
    entries["b"] |= {"projects": projects, "create_in": projects[0]}
    write_settings(folder, "sources.yml", {"sources": entries})
    write_settings(folder, "routing.yml", routing)
    return replace(tools, settings=open_settings(folder))


def test_nothing_is_made_where_what_was_read_could_not_be_merged(tools: Tools) -> None:
    born = tools.create("a", title="Pointed at", state="In Progress")
    tools.create("b", title="Pointed at", description=f"See {tools.items('a')[born]['url']}")
    tools.fault("b", method="GET", path="/labels", status=503)
    first = tools.sync()
    assert "503" in str(first.pulled.counts["b"].error)
    assert (steps(first), dict(first.planned.unread)) == ([], {"b": 1})
    tools.mend()
    tools.sync()
    assert titles(tools, "a") == titles(tools, "b") == {"Pointed at": 1}


def test_nothing_is_made_where_an_added_project_was_not_read_to_its_end(tools: Tools, tmp_path: Path) -> None:
    web, api = tools.settings.sources["b"].projects[:2]
    before = with_settings(tools, tmp_path, [web], {"rules": []})
    before.create("b", title="Of web", project=web)
    before.sync()
    before.create("b", title="In both", project=api)
    before.create("a", title="In both")
    after = with_settings(tools, tmp_path, [web, api], EVERYWHERE)
    after.fault("b", method="GET", path="team(%2F|/)api/issues", status=503)
    second = after.sync()
    assert "team/api" in str(second.pulled.counts["b"].error)
    assert ([step.source for step in steps(second)], dict(second.planned.unread)) == (["a"], {"b": 1})
    after.mend()
    third = after.sync()
    assert (dict(third.planned.undecided), dict(third.planned.unread)) == ({"a": 1, "b": 1}, {})
    assert titles(after, "a") == titles(after, "b") == {"Of web": 1, "In both": 1}
