"""Within a run only the tasks that changed are routed, and all of them where what changed is not known."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.support.lake import START, link, task, versions
from worklake.lake.lake import Lake, open_lake
from worklake.model.ids import RunId
from worklake.settings.models import EmbeddedLake, People, Routing, Rule
from worklake.sync import rerouting
from worklake.sync.rerouting import keep_routes, version_of_tasks
from worklake.sync.routing import routes_of
from worklake.sync.run import Meter, RunContext

pytest.importorskip("pysail", reason="the embedded engine is not installed")

BUGS = Rule(name="bugs", when="array_contains(labels, 'bug')", to=("linear",))


@pytest.fixture
def lake(tmp_path: Path) -> Iterator[Lake]:
    with open_lake(EmbeddedLake(), tmp_path, create=True) as opened:
        opened.ensure()
        yield opened


def a_run(*rules: Rule) -> RunContext:
    return RunContext(RunId("run_1"), "sync", START, lambda: START, (), People(), Meter(), routing=Routing(rules=rules))


def edit(lake: Lake, number: int, run: RunContext | None, **changes: Any) -> None:
    """Change a task, within a run or past it."""
    row = task(number, **changes)
    lake.merge("tasks", [row])
    if run is not None:
        run.touched.add(row.task_id)


def looked_at(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The tasks that each routing looks at from now on."""
    seen: list[Any] = []
    route = rerouting.route

    def spying(lake: Lake, rules: Any, task_ids: Any, **how: Any) -> Any:
        seen.append(None if task_ids is None else sorted(task_ids))
        return route(lake, rules, task_ids, **how)

    monkeypatch.setattr(rerouting, "route", spying)
    return seen


def routed(lake: Lake, run: RunContext, before: int | None) -> list[str]:
    keep_routes(lake, run, before)
    return sorted(routes_of(lake))


def test_a_run_looks_only_at_the_tasks_that_it_changed(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    edit(lake, 1, None)
    keep_routes(lake, a_run(BUGS), None)
    run = a_run(BUGS)
    before = version_of_tasks(lake, run)
    edit(lake, 2, run, labels=["bug"])
    seen = looked_at(monkeypatch)
    assert routed(lake, run, before) == ["task_000002"]
    assert seen == [["task_000002"]]


def test_what_was_changed_past_a_run_is_looked_at_by_the_next(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    edit(lake, 1, None)
    keep_routes(lake, a_run(BUGS), None)
    edit(lake, 1, None, labels=["bug"])
    run = a_run(BUGS)
    seen = looked_at(monkeypatch)
    assert routed(lake, run, version_of_tasks(lake, run)) == ["task_000001"]
    assert seen == [None]


def test_a_run_that_died_before_it_noted_its_routing_is_made_up_for(lake: Lake) -> None:
    edit(lake, 1, None)
    keep_routes(lake, a_run(BUGS), None)
    killed = a_run(BUGS)
    edit(lake, 1, killed, labels=["bug"])
    run = a_run(BUGS)
    assert routed(lake, run, version_of_tasks(lake, run)) == ["task_000001"]


def test_a_task_that_a_source_lacks_is_watched_again_by_a_run_over_other_sources(lake: Lake) -> None:
    edit(lake, 1, None, labels=["bug"])
    keep_routes(lake, a_run(BUGS), None)
    assert lake.rows("select task_id from {watched}") == [{"task_id": "task_000001"}]
    lake.delete("watched", lake.sql("select task_id from {watched}"))
    run = a_run(BUGS)
    keep_routes(lake, run, version_of_tasks(lake, run))
    assert lake.rows("select task_id from {watched}") == []
    lake.append("links", [link(1, source="motion")])
    other = replace(run, sources=(_Named("motion"),))  # type: ignore[arg-type]
    keep_routes(lake, other, version_of_tasks(lake, other))
    assert lake.rows("select task_id from {watched}") == [{"task_id": "task_000001"}]


def test_a_run_that_changes_nothing_commits_nothing(lake: Lake) -> None:
    edit(lake, 1, None, labels=["bug"])
    keep_routes(lake, a_run(BUGS), None)
    before = [versions(lake, name) for name in ("routes", "watched", "cursors")]
    run = a_run(BUGS)
    keep_routes(lake, run, version_of_tasks(lake, run))
    assert [versions(lake, name) for name in ("routes", "watched", "cursors")] == before


class _Named:
    """As much of a source as routing asks for."""

    unreachable = None

    def __init__(self, name: str) -> None:
        self.name = name
