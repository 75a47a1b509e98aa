"""The same sync, whatever engine the lake lives on, also where it is killed."""

import pytest

from tests.support.dying import dying_processes
from tests.support.project import Project
from tests.support.wholeness import (
    assert_nothing_twice,
    assert_tasks_are_the_fold_of_changes,
    assert_the_ledger_is_complete,
)

ROUTING = "rules: [{name: shared, when: \"title like 'Shared%'\", to: [gitlab, linear]}]\n"
POINT = 30
"""A commit or call in the middle: what was pulled is merged, and some of the plan is applied."""


@pytest.mark.timeout(900)
def test_a_sync_that_is_killed_is_finished_by_the_next(project: Project) -> None:
    project.settings("routing.yml", ROUTING)
    shared = project.create("linear", title="Shared", team="ENG")
    assert project.run("sync").document["applied"] == 1
    project.edit("linear", shared, title="Shared, edited", dueDate="2031-01-01")
    project.create("gitlab", title="Shared, made in GitLab")
    with dying_processes() as dying:
        assert dying.dies(project.folder, POINT, "after", "sync")
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
