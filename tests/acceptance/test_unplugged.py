"""A source that is taken out of the settings keeps its links and values, and goes on where it stood once it is back."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.support.tools import running_tools, steps, write_settings
from worklake.project import open_settings

pytest.importorskip("pysail", reason="the embedded engine is not installed")
pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

LINKS = "select * from {links} where source = 'b' order by external_id"


def test_a_source_that_is_taken_out_of_the_settings_is_left_alone_and_taken_up_again(tmp_path) -> None:
    with running_tools(tmp_path, ["linear", "gitlab"]) as whole:
        here = whole.create("a", title="In both")
        whole.sync()
        there = whole.twins("a")[here]["b"]
        whole.sync()
        kept = {name: (tmp_path / "conf" / name).read_text() for name in ("sources.yml", "routing.yml")}
        linear = whole.served["a"]
        write_settings(
            tmp_path,
            "sources.yml",
            {"sources": {"a": {**linear.provider.conf(linear.base_url), "token": "file:secrets/a"}}},
        )
        write_settings(tmp_path, "routing.yml", {"rules": [{"name": "here", "when": "true", "to": ["a"]}]})
        alone = replace(whole, settings=open_settings(tmp_path))
        links, shown, asked = whole.rows(LINKS), whole.items("b"), len(whole.asked("b"))
        alone.edit("a", here, title="Edited while the other was unplugged")
        for _ in range(2):
            assert steps(alone.sync()) == []
        assert (whole.rows(LINKS), whole.items("b"), len(whole.asked("b"))) == (links, shown, asked)
        whole.edit("b", there, due_date="2031-05-05")
        for name, text in kept.items():
            (tmp_path / "conf" / name).write_text(text)
        again = replace(whole, settings=open_settings(tmp_path))
        again.sync()
        assert steps(again.sync()) == []
        assert [again.shown(source, item)["title"] for source, item in (("a", here), ("b", there))] == [
            "Edited while the other was unplugged"
        ] * 2
        assert again.shown("a", here)["due_date"] == again.shown("b", there)["due_date"] == "2031-05-05"
