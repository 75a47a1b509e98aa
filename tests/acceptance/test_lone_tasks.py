"""What was known of a task while it stood in one tool alone counts once it stands in two."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.support.tools import running_tools, steps, write_settings
from worklake.project import open_settings

pytest.importorskip("pysail", reason="the embedded engine is not installed")
pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


def test_what_others_put_into_an_empty_field_that_has_an_owner_is_written_back_over(tmp_path) -> None:
    with running_tools(tmp_path, ["linear", "gitlab"], fields={"due_date": {"owner": "a"}}) as tools:
        here = tools.create("a", title="Without a day")
        tools.sync()
        there = tools.twins("a")[here]["b"]
        tools.edit("b", there, due_date="2031-12-24")
        assert [step.source for step in steps(tools.sync())] == ["b"]
        assert tools.shown("b", there)["due_date"] is None
        assert steps(tools.sync()) == []


def test_who_opens_a_task_again_brings_back_the_open_status_that_it_had_when_it_stood_elsewhere(tmp_path) -> None:
    with running_tools(tmp_path, ["linear", "gitlab"]) as tools:
        sources = {
            name: {**tools.served[name].provider.conf(tools.served[name].base_url), "token": f"file:secrets/{name}"}
            for name in "ab"
        }
        del sources["b"]["status_labels"]
        write_settings(tmp_path, "sources.yml", {"sources": sources})
        due = {"name": "due", "when": "due_date is not null", "to": ["a", "b"]}
        write_settings(tmp_path, "routing.yml", {"rules": [due]})
        tools = replace(tools, settings=open_settings(tmp_path))
        here = tools.create("a", title="Begun and done", state="In Progress")
        tools.sync()
        for fields in ({"state": "Done"}, {"dueDate": "2031-12-12"}):
            tools.edit("a", here, **fields)
            tools.sync()
        there = tools.twins("a")[here]["b"]
        assert tools.shown("b", there)["status"] == "completed"
        tools.edit("b", there, state_event="reopen")
        tools.sync()
        assert tools.shown("a", here)["status"] == "started"
