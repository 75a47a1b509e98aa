"""A person edits a title in GitLab while Worklake is writing it there, told from outside."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.support.pairs import pairs_in
from tests.support.project import Project, Ran, sandbox_project
from tests.support.waiting import looks

pytest.importorskip("pysail", reason="the embedded engine is not installed")
pytestmark = pytest.mark.xdist_group("overwriting")

DELAY = 1.5


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    folder: Path = tmp_path_factory.mktemp("overwriting") / "project"
    with sandbox_project(folder, "--tasks", "160") as made:
        made.run("sync")
        yield made


def sync_with_a_person_in_between(project: Project, external_id: str, title: str) -> Ran:
    """A sync whose write to GitLab takes a while, in which a person gives the issue a title."""
    project.fault("gitlab", method="PUT", path=".*/issues/.*", delay_seconds=DELAY, times=1)
    with ThreadPoolExecutor(1) as pool:
        syncing = pool.submit(project.run, "sync")
        for _ in looks():
            if any(one["method"] == "PUT" and one.get("fault") for one in project.requests_made("gitlab")):
                break
            assert not syncing.done(), syncing.result()
        project.edit("gitlab", external_id, title=title)
        return syncing.result()


def title_in(project: Project, provider: str, external_id: str) -> str:
    return str(next(one["payload"]["title"] for one in project.items(provider) if one["external_id"] == external_id))


def test_what_a_write_went_over_is_found_by_the_next_sync_and_can_be_brought_back(project: Project) -> None:
    here, there = pairs_in(project, lambda task: not task["archived"] and not task["confidential"])[-1]
    project.edit("linear", there, title="Written by Worklake")
    assert sync_with_a_person_in_between(project, here, "Typed meanwhile").status == 0
    assert title_in(project, "gitlab", here) == "Written by Worklake"

    found = project.run("sync")
    assert (found.status, found.document["writes"]) == (3, [])
    (conflict,) = project.run("conflicts").document
    lost = next(value for value in conflict["values"] if value["source"] == "gitlab")
    assert (conflict["field"], lost["value"]) == ("title", "Typed meanwhile")
    assert lost["changed_at"] is not None and lost["actor"]
    asked = [one["path"] for one in project.requests_made("gitlab")].count
    reads = asked(next(one["path"] for one in project.requests_made("gitlab") if one["path"].endswith("/notes")))
    assert project.run("sync").status == 3
    assert reads == asked(
        next(one["path"] for one in project.requests_made("gitlab") if one["path"].endswith("/notes"))
    )

    told = project.run("explain", there).document["changes"]
    (written,) = [one for one in told if one["decision"] == "written" and one["new"] == "Written by Worklake"]
    assert written["window_seconds"] >= DELAY
    (over,) = [one for one in told if one["decision"] == "overwritten"]
    assert (over["old"], over["new"], over["actor"]) == ("Typed meanwhile", "Written by Worklake", lost["actor"])

    project.run("conflicts", "settle", conflict["conflict_id"], "--take", "gitlab")
    assert project.run("sync").status == 0
    assert [title_in(project, "gitlab", here), title_in(project, "linear", there)] == ["Typed meanwhile"] * 2
    last = project.run("sync")
    assert (last.status, last.document["writes"]) == (0, [])
