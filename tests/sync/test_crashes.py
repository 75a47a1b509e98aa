"""A pull that is killed, anywhere, is simply run again: nothing is lost, nothing is there twice."""

import os
import random
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.dying import Dying, dying_processes
from tests.support.project import Project, sandbox_project
from tests.support.waiting import looks
from tests.support.wholeness import assert_nothing_twice, assert_tasks_are_the_fold_of_changes

POINTS = 60
"""More commits and calls than the pull of this team makes."""
SEED = int(os.environ.get("WORKLAKE_SEED", "7"))
"""Chooses at which points the pulls die: not all of them each time."""


def contents(project: Project) -> dict[str, Any]:
    """What a pull left, without the ids and times of runs."""
    queries = {
        "tasks": "select * from {tasks} order by task_id",
        "comments": "select * from {comments} order by comment_id",
        "links": "select source, kind, external_id, task_id, state, seen, awaits, record_hash from {links}"
        " order by source, kind, external_id",
        "records": "select source, kind, external_id, record_hash from {records}"
        " order by source, kind, external_id, record_hash",
        "people": "select * from {people} order by source, external_id",
        "merge_requests": "select * from {merge_requests} order by source, external_id",
        "commits": "select * from {commits} order by source, external_id",
        "code_links": "select source, kind, external_id, key, named, how, task_id, judged from {code_links}"
        " order by source, kind, external_id, key",
        "proposals": "select proposal_id, task_id, other_task_id, state from {proposals} order by proposal_id",
    }
    return {name: project.rows(query) for name, query in queries.items()}


@pytest.fixture(scope="module")
def dying() -> Iterator[Dying]:
    with dying_processes() as made:
        yield made


@pytest.fixture(scope="module")
def team(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """A small team, pulled once, then edited: what a pull has to bring in the end."""
    with sandbox_project(tmp_path_factory.mktemp("team") / "project", "--tasks", "12") as project:
        yield project


def die_at_points(dying: Dying, team: Project, folder: Path, start: Path | None, moment: str, every: int) -> int:
    """Kill a pull at one point of so many, from the same start each time, and compare with an undisturbed one."""
    whole = Project(folder / "whole", team.served)
    _lay(team, whole, start)
    whole.pull()
    expected = contents(whole)
    points = 0
    for point in range(random.Random(f"{SEED} {moment}").randint(1, every), POINTS, every):
        killed = Project(folder / f"killed-{point}", team.served)
        _lay(team, killed, start)
        if not dying.dies(killed.folder, point, moment, "pull"):
            break
        points += 1
        killed.pull()
        assert contents(killed) == expected, f"killed {moment} point {point} (WORKLAKE_SEED={SEED})"
        assert_nothing_twice(killed.rows)
        assert_tasks_are_the_fold_of_changes(killed.rows)
        shutil.rmtree(killed.folder)
    return points


def _lay(team: Project, project: Project, start: Path | None) -> None:
    project.folder.mkdir()
    for name in ("conf", "secrets"):
        shutil.copytree(team.folder / name, project.folder / name)
    if start is not None:
        shutil.copytree(start, project.lake)


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("moment", ["after"])
def test_a_first_pull_killed_at_any_commit_or_call_ends_the_same(
    dying: Dying, team: Project, tmp_path: Path, moment: str
) -> None:
    assert die_at_points(dying, team, tmp_path, None, moment, 3) >= 7


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("moment", ["before"])
def test_a_later_pull_killed_at_any_commit_or_call_ends_the_same(dying: Dying, tmp_path: Path, moment: str) -> None:
    with sandbox_project(tmp_path / "edited", "--tasks", "12") as edited:
        edited.pull()
        start = tmp_path / "start"
        shutil.copytree(edited.lake, start)
        for provider, fields in (("gitlab", {"title": "Edited here"}), ("linear", {"priority": 1})):
            for item in edited.items(provider)[:2]:
                edited.edit(provider, item["external_id"], **fields)
        edited.create("linear", title="Brand new", team="ENG")
        assert die_at_points(dying, edited, tmp_path, start, moment, 3) >= 3


def test_a_killed_first_pull_goes_on_where_it_stopped(tmp_path: Path) -> None:
    with sandbox_project(tmp_path / "project", "--providers", "gitlab", "--tasks", "600") as project:
        project.fault("gitlab", path="/api/v4/projects/.*/issues$", delay_seconds=1.0)
        command = [sys.executable, "-m", "worklake", "pull", "--project", str(project.folder), "--no-progress"]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        committed = project.lake / "cursors" / "_delta_log" / "00000000000000000001.json"
        for _ in looks():
            if committed.exists():
                break
            assert process.poll() is None
        process.kill()
        process.wait()
        project.mend()
        before = [call["path"] for call in project.requests_made("gitlab") if call["path"].endswith("/issues")]
        counts = project.pull()["gitlab"]
        after = [call["path"] for call in project.requests_made("gitlab") if call["path"].endswith("/issues")]
        assert counts["error"] is None
        assert project.rows("select count(*) as n from {tasks}")[0]["n"] == 600
        assert_nothing_twice(project.rows)
        assert 0 < counts["seen"] < 600
        assert len(after) - len(before) < len(before) + 6
