"""The same pull, the same tasks, the same sync, also of what a killed one left, whatever engine the lake lives on.

Spark Connect is also how serverless compute is reached.
"""

from typing import Any

import pytest

import worklake
from tests.support.dying import dying_processes
from tests.support.project import Project
from tests.support.spark import ON_CONNECT
from tests.support.wholeness import (
    assert_nothing_twice,
    assert_tasks_are_the_fold_of_changes,
    assert_the_ledger_is_complete,
)

ROUTING = "rules: [{name: new, when: \"title = 'Brand new'\", to: [gitlab, linear]}]\n"
OF_THE_RUN = frozenset({"runs", "calls", "leases"})
"""Where there is no local folder, what tells of a run that finds nothing is committed at once, and nobody sees that the
process has died which holds the lake.
"""


@pytest.mark.parametrize(
    ("lake_at", "committed_at_once"),
    [("embedded", frozenset()), pytest.param("spark-connect", OF_THE_RUN, marks=ON_CONNECT)],
    indirect=["lake_at"],
)
def test_a_team_is_pulled_and_what_a_killed_sync_left_is_done_by_the_next(
    project: Project, committed_at_once: frozenset[str]
) -> None:
    project.settings("routing.yml", ROUTING)
    item, twin = _one_task_in_both_tools(project)
    first = project.pull()
    assert {name: one["error"] for name, one in first.items()} == {"gitlab": None, "linear": None}
    expected = {(name, item["external_id"]) for name in project.served for item in project.items(name)}
    assert set(_by_item(project)) == expected
    before = project.versions()
    project.pull()
    after = project.versions()
    assert {name for name in after if after[name] != before[name]} <= committed_at_once
    project.edit("linear", item, title="Edited by a person")
    created = project.create("linear", title="Brand new", team="ENG")
    with worklake.connect(project.folder) as lake, lake.lease("kim@laptop", "undo"):
        refused = project.run("sync")
    assert (refused.status, "held by kim@laptop (undo" in refused.stdout) == (2, True)
    with dying_processes() as dying:
        assert dying.dies(project.folder, "writes", "after", "sync"), "what it means to write is kept"
    # Its title there, its description here, and what is new.
    assert [one["outcome"] for one in project.rows("select outcome from {writes}")] == [None] * 3
    project.edit("gitlab", twin, labels="bug,edited meanwhile")
    if committed_at_once:
        refused = project.run("sync")
        assert (refused.status, "if it died, its lease ends then" in refused.stdout) == (2, True)
        project.rows(f"update delta.`{project.lake}/leases` set until = since")
    done = project.run("sync").document["writes"]
    assert {one["outcome"] for one in done} == {"acknowledged"}
    titles = {one["external_id"]: one["payload"]["title"] for one in project.items("gitlab")}
    assert titles[twin] == "Edited by a person"
    assert list(titles.values()).count("Brand new") == 1
    assert_nothing_twice(project.rows)
    assert_the_ledger_is_complete(project.rows)
    assert_tasks_are_the_fold_of_changes(project.rows)
    told = worklake.explain(item, project.folder).changes
    assert ("title", "Edited by a person") in [(change.field, change.new) for change in told]
    assert "edited meanwhile" in worklake.tasks(project.folder, where="title = 'Edited by a person'").tasks[0].labels
    found = worklake.tasks(project.folder, where="exists(labels, l -> l = 'bug') or title = 'Brand new'").tasks
    assert created in [link.external_id for task in found for link in task.links]
    assert all("bug" in task.labels or task.title == "Brand new" for task in found)
    status = project.run("status").document
    assert [source["backlog"] for source in status["sources"]] == [0, 0]


def _by_item(project: Project) -> dict[tuple[str, str], Any]:
    tasks = worklake.tasks(project.folder).tasks
    return {(link.source, link.external_id): task for task in tasks for link in task.links}


def _one_task_in_both_tools(project: Project) -> tuple[str, str]:
    """An issue of Linear, and one of GitLab that points at it."""
    issue = project.create("linear", title="In both", team="ENG")
    url = next(one["payload"]["url"] for one in project.items("linear") if one["external_id"] == issue)
    return issue, project.create("gitlab", title="In both", description=f"See {url}")
