"""The same sync on Spark, also where it is killed: `tests/acceptance` kills it everywhere on the embedded engine."""

import pytest

from tests.engines.conftest import PutLake
from tests.support.dying import dying_processes
from tests.support.project import Project
from tests.support.spark import SPARK
from tests.support.wholeness import (
    assert_nothing_twice,
    assert_tasks_are_the_fold_of_changes,
    assert_the_ledger_is_complete,
)
from worklake.settings.models import SparkLake

ROUTING = "rules: [{name: shared, when: \"title like 'Shared%'\", to: [gitlab, linear]}]\n"


@pytest.mark.parametrize("project", [SPARK], indirect=True)
def test_a_sync_that_is_killed_is_finished_by_the_next(project: Project, empty_lake: PutLake) -> None:
    empty_lake(project.folder, lambda folder: SparkLake(engine="spark", path=str(folder / "lake")))
    project.settings("routing.yml", ROUTING)
    shared = project.create("linear", title="Shared", team="ENG")
    project.create("gitlab", title="Shared, made in GitLab")
    with dying_processes() as dying:
        assert dying.dies(project.folder, "writes", "after", "sync"), "what it means to write is kept"
    assert [one["outcome"] for one in project.rows("select outcome from {writes}")] == [None, None]
    project.edit("linear", shared, title="Shared, edited", dueDate="2031-01-01")
    project.run("sync")
    assert project.run("sync").document["writes"] == []
    here, there = (
        sorted(
            (one["payload"]["title"], one["payload"].get("due_date") or one["payload"].get("dueDate"))
            for one in project.items(name)
            if one["payload"]["title"].startswith("Shared")
        )
        for name in ("gitlab", "linear")
    )
    assert here == there == [("Shared, edited", "2031-01-01"), ("Shared, made in GitLab", None)]
    assert_nothing_twice(project.rows)
    assert_tasks_are_the_fold_of_changes(project.rows)
    assert_the_ledger_is_complete(project.rows)
