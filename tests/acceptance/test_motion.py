"""Stories of Motion beside GitLab: what its scheduler does is nobody's edit, and what goes wrong is made good."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.support.tools import Tools, running_tools, steps, writes
from worklake.integrations.http import Http
from worklake.model.heart_rows import Outcome
from worklake.project import holder
from worklake.sync import cycle

pytest.importorskip("pysail", reason="the embedded engine is not installed")
# The stories share two tools.
pytestmark = [pytest.mark.xdist_group("motion-stories"), pytest.mark.slow]

GITLAB, MOTION = "a", "b"


@pytest.fixture(scope="module")
def team(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tools]:
    with running_tools(tmp_path_factory.mktemp("team"), ["gitlab", "motion"], tasks=5) as made:
        made.sync()
        yield made


@pytest.fixture
def tools(team: Tools, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Tools]:
    """Two tools that agree; nobody waits between two tries, or for what an earlier test had refused."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    monkeypatch.setitem(Http.__init__.__kwdefaults__, "sleep", lambda seconds: None)
    yield team
    team.mend()
    requests.patch(f"{team.served[MOTION].control_url}/switches", json={"phantom_ids": 0}, timeout=10)
    for _ in range(3):
        if not steps(team.sync()):
            return


def a_pair(tools: Tools, **fields: Any) -> tuple[str, str]:
    """GitLab's and Motion's id of a new task that is in both."""
    made = tools.create(GITLAB, **{"title": "In both", **fields})
    tools.sync()
    return made, tools.twins(GITLAB)[made][MOTION]


def versions(tools: Tools) -> dict[str, int]:
    """How many commits the tables that a sync may write have."""
    return {name: len(tools.lake.history(name)) for name in ("records", "changes", "links", "plans", "writes")}


def test_what_the_scheduler_moves_is_nobodys_edit(tools: Tools) -> None:
    _, motion = a_pair(tools, due_date="2031-01-15")
    tools.edit(MOTION, motion, duration=45, autoScheduled={"startDate": "2031-01-01"})
    tools.sync()
    assert steps(tools.sync()) == []
    before, shown = versions(tools), tools.items(MOTION)[motion]
    for minutes in (6, 12):
        tools.served[MOTION].clock.forward(minutes=minutes)
        assert steps(tools.sync()) == []
    after = tools.items(MOTION)[motion]
    assert (after["updatedTime"], after["scheduledStart"]) != (shown["updatedTime"], shown["scheduledStart"])
    assert versions(tools) == before


def test_edits_in_both_tools_of_different_fields_are_kept(tools: Tools) -> None:
    gitlab, motion = a_pair(tools)
    tools.edit(GITLAB, gitlab, title="From GitLab", labels="bug")
    tools.edit(MOTION, motion, dueDate="2031-02-03T12:00:00.000Z", priority="ASAP", status="In Progress")
    tools.sync()
    here, there = tools.shown(GITLAB, gitlab), tools.shown(MOTION, motion)
    for name, value in {
        "title": "From GitLab", "labels": ["bug"], "due_date": "2031-02-03", "priority": "urgent", "status": "started",
    }.items():  # fmt: skip
        assert here[name] == there[name] == value, name
    assert tools.items(MOTION)[motion]["dueDate"] == "2031-02-03T12:00:00.000Z"
    assert steps(tools.sync()) == []


def test_due_date_that_is_taken_away_is_taken_away_in_the_other_tool(tools: Tools) -> None:
    gitlab, motion = a_pair(tools, due_date="2031-03-04")
    tools.edit(GITLAB, gitlab, due_date="")
    tools.sync()
    assert tools.items(MOTION)[motion]["dueDate"] is None
    tools.edit(MOTION, motion, dueDate="2031-05-06T12:00:00.000Z")
    tools.sync()
    tools.edit(MOTION, motion, dueDate=None)
    tools.sync()
    assert tools.shown(GITLAB, gitlab)["due_date"] is None


def test_words_edited_in_motion_change_those_words_elsewhere(tools: Tools) -> None:
    gitlab, motion = a_pair(tools, description="First paragraph.\n\n* a list\n* of two\n\nLast one.")
    html = tools.items(MOTION)[motion]["description"]
    tools.edit(MOTION, motion, html=html.replace("First paragraph", "First paragraph, edited"))
    tools.sync()
    assert "First paragraph, edited." in str(tools.shown(GITLAB, gitlab)["description"])
    assert "worklake:" not in str(tools.items(GITLAB)[gitlab]["description"])
    assert steps(tools.sync()) == []


@pytest.mark.parametrize("drop", ["before", "after"])
def test_task_whose_making_was_not_answered_is_made_once(tools: Tools, drop: str) -> None:
    name = f"Lost {drop}"
    tools.create(GITLAB, title=name)
    tools.fault(MOTION, method="POST", path="/v1/tasks", drop=drop, times=1)
    tools.sync()
    tools.sync()
    assert [one["name"] for one in tools.items(MOTION).values()].count(name) == 1
    assert steps(tools.sync()) == []


def test_task_with_a_phantom_id_is_made_once(tools: Tools) -> None:
    requests.patch(f"{tools.served[MOTION].control_url}/switches", json={"phantom_ids": 1}, timeout=10)
    gitlab = tools.create(GITLAB, title="Phantom", due_date="2031-01-15")
    tools.served[GITLAB].provider.edit_item(gitlab, {"description": "/estimate 30m"})
    tools.sync()
    tools.sync()
    held = [one for one, payload in tools.items(MOTION).items() if payload["name"] == "Phantom"]
    assert held == [tools.twins(GITLAB)[gitlab][MOTION]]


def test_refused_requests_leave_the_rest_to_a_later_run_and_stop_nothing_else(tools: Tools) -> None:
    gitlab, motion = a_pair(tools)
    tools.edit(GITLAB, gitlab, title="Too fast")
    tools.fault(MOTION, method="PATCH", path="/v1/tasks", status=429)
    result = tools.sync()
    assert [write.outcome for write in writes(result)] == [Outcome.WAITING]
    assert [one["status"] for one in tools.asked(MOTION)[-2:]] == [429, 429]
    assert tools.items(MOTION)[motion]["name"] == "In both"


def test_task_that_was_deleted_in_motion_is_canceled_in_gitlab_by_a_sweep(tools: Tools) -> None:
    gitlab, motion = a_pair(tools)
    tools.served[MOTION].provider.delete_item(motion)
    assert steps(tools.sync()) == []
    with tools.lake.lease(holder(), "sweep"):
        swept = cycle.sweep(tools.lake, tools.run("sweep"))
    assert [one.external_id for one in swept.swept[MOTION].found] == [motion]
    tools.sync()
    assert tools.shown(GITLAB, gitlab)["status"] == "canceled"
