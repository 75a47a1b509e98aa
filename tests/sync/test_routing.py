"""Rules say where a task should be: in order, in one pass, decided anew only when the task or the rules change."""

from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.support.lake import START, content, link, task, tasks, versions
from worklake.errors import SettingsError
from worklake.lake.lake import Lake, open_lake
from worklake.model.fields import Priority, Status
from worklake.model.rows import Task
from worklake.settings.models import EmbeddedLake, Rule
from worklake.sync.routing import NONE_HOLDS, Routed, route, route_for, routes_of, unmet, wanted
from worklake.sync.rules.state import TaskState

pytest.importorskip("pysail", reason="the embedded engine is not installed")

BUGS = Rule(name="bugs", when="array_contains(labels, 'bug')", to=("linear",))
DUE = Rule(name="deadlines", when="due_date is not null", to=("motion", "linear"))
URGENT = Rule(name="urgent", when="priority = 'urgent'", to=("pager",))


@pytest.fixture
def lake(tmp_path: Path) -> Iterator[Lake]:
    with open_lake(EmbeddedLake(), tmp_path, create=True) as opened:
        opened.ensure()
        yield opened


def plain(number: int, **changes: Any) -> Task:
    return task(number, **{"labels": [], "due_date": None, "priority": Priority.NONE} | changes)


def routed(lake: Lake, *rules: Rule, only: list[str] | None = None, now: datetime = START) -> dict[str, Routed]:
    return {str(key): one for key, one in route(lake, rules, only, run_id="run_1", now=now).items()}


def targets(lake: Lake, *rules: Rule, only: list[str] | None = None) -> dict[str, tuple[str, ...]]:
    return {key: tuple(map(str, one.targets)) for key, one in routed(lake, *rules, only=only).items()}


def test_the_first_rule_that_holds_decides(lake: Lake) -> None:
    both = plain(1, labels=["bug"], due_date=date(2026, 3, 1))
    lake.append("tasks", [both, plain(2, due_date=date(2026, 3, 1)), plain(3, labels=["bug"])])
    assert targets(lake, BUGS, DUE) == {
        "task_000001": ("linear",),
        "task_000002": ("motion", "linear"),
        "task_000003": ("linear",),
    }


def test_rules_in_another_order_decide_otherwise(lake: Lake) -> None:
    lake.append("tasks", [plain(1, labels=["bug"], due_date=date(2026, 3, 1))])
    assert targets(lake, DUE, BUGS) == {"task_000001": ("motion", "linear")}


def test_a_task_that_no_rule_holds_for_stays_where_it_was_born(lake: Lake) -> None:
    lake.append("tasks", [plain(1)])
    assert routed(lake, BUGS, DUE) == {}
    assert wanted(routes_of(lake)) == {}
    assert content(lake, "routes") == []


def test_a_condition_that_is_null_does_not_hold(lake: Lake) -> None:
    lake.append("tasks", [plain(1, estimate_minutes=None), plain(2, estimate_minutes=90)])
    large = Rule(name="large", when="estimate_minutes > 60", to=("linear",))
    small = Rule(name="small", when="not (estimate_minutes > 60)", to=("motion",))
    assert targets(lake, large, small) == {"task_000002": ("linear",)}


@pytest.mark.parametrize(
    "when",
    [
        "exists(labels, l -> lower(l) like 'bug%')",
        "forall(labels, l -> l <> 'later') and size(labels) > 0",
        "get(labels, 0) = 'Bug: login'",
        "t.title = 'Task {tasks} \"1\"' and Archived = false",
        "status in ('started', 'unstarted') and title rlike '^Task .tasks. '",
        "due_date between '2026-03-01' and date'2026-03-31'",
        "updated_at >= '2026-03-01' -- of this spring",
        "due_date + interval 2 days > date_add(due_date, 1)",
        "case when confidential then true end",
        "true",
    ],
)
def test_conditions_are_spark_sql_over_the_columns_of_tasks(lake: Lake, when: str) -> None:
    values = {"title": 'Task {tasks} "1"', "labels": ["Bug: login"], "due_date": date(2026, 3, 5), "confidential": True}
    lake.append("tasks", [plain(1, **values)])
    assert targets(lake, Rule(name="one", when=when, to=("linear",))) == {"task_000001": ("linear",)}


def test_a_decision_is_kept_with_rule_reason_and_run(lake: Lake) -> None:
    lake.append("tasks", [plain(1, due_date=date(2026, 3, 1))])
    routed(lake, DUE)
    (row,) = content(lake, "routes")
    assert (row["rule"], row["targets"], row["run_id"]) == ("deadlines", ["motion", "linear"], "run_1")
    assert row["reason"] == "rule deadlines: due_date is not null"
    assert row["decided_at"] == START


def test_what_has_not_changed_is_not_decided_again(lake: Lake) -> None:
    lake.append("tasks", [plain(1, due_date=date(2026, 3, 1)), plain(2)])
    routed(lake, DUE)
    before = versions(lake, "routes"), versions(lake, "cursors")
    assert routed(lake, DUE) == {}
    assert (versions(lake, "routes"), versions(lake, "cursors")) == before


def test_an_edit_of_a_column_that_no_rule_names_decides_nothing_anew(lake: Lake) -> None:
    lake.append("tasks", [plain(1, due_date=date(2026, 3, 1))])
    routed(lake, DUE)
    lake.merge("tasks", [plain(1, due_date=date(2026, 3, 1), title="Edited", status=Status.COMPLETED)])
    assert routed(lake, DUE) == {}


def test_an_edit_that_makes_another_rule_hold_decides_anew(lake: Lake) -> None:
    lake.append("tasks", [plain(1, labels=["bug"]), plain(2)])
    routed(lake, BUGS, DUE)
    lake.merge("tasks", [plain(1, due_date=date(2026, 3, 1)), plain(2, labels=["bug"])])
    assert targets(lake, BUGS, DUE) == {"task_000001": ("motion", "linear"), "task_000002": ("linear",)}


def test_a_decision_that_stays_as_it_was_is_not_written_again(lake: Lake) -> None:
    lake.append("tasks", [plain(1, labels=["bug"]), plain(2)])
    routed(lake, BUGS)
    before = versions(lake, "routes")
    lake.merge("tasks", [plain(1, labels=["bug", "urgent"])])
    assert routed(lake, BUGS) == {}
    assert routed(lake, BUGS, DUE) == {}
    assert versions(lake, "routes") == before


def test_a_rule_that_says_something_else_under_its_old_name_decides_anew(lake: Lake) -> None:
    lake.append("tasks", [plain(1, labels=["bug"])])
    routed(lake, BUGS)
    elsewhere = BUGS.model_copy(update={"to": ("motion",)})
    assert targets(lake, elsewhere, only=[]) == {"task_000001": ("motion",)}


def test_a_task_that_no_longer_matches_is_wanted_nowhere_and_the_decision_says_so(lake: Lake) -> None:
    lake.append("tasks", [plain(1, labels=["bug"])])
    routed(lake, BUGS)
    lake.merge("tasks", [plain(1)])
    assert routed(lake, BUGS) == {"task_000001": Routed(None, NONE_HOLDS, ())}
    assert wanted(routes_of(lake)) == {}


def test_only_the_tasks_that_are_named_are_looked_at(lake: Lake) -> None:
    lake.append("tasks", tasks(1, 4, due_date=date(2026, 3, 1)))
    routed(lake, DUE)
    lake.merge("tasks", tasks(1, 4, due_date=None))
    assert list(routed(lake, DUE, only=["task_000002"])) == ["task_000002"]
    assert routed(lake, DUE, only=[]) == {}


def test_many_named_tasks_are_looked_at_too(lake: Lake) -> None:
    lake.append("tasks", tasks(0, 1200, due_date=None))
    routed(lake, DUE)
    lake.merge("tasks", tasks(0, 1000, due_date=date(2026, 3, 1)))
    assert len(routed(lake, DUE, only=[f"task_{number:06}" for number in range(800)])) == 800


def test_other_rules_decide_anew_for_every_task_whichever_are_named(lake: Lake) -> None:
    lake.append("tasks", [plain(1, labels=["bug"]), plain(2, priority=Priority.URGENT)])
    routed(lake, BUGS)
    assert targets(lake, URGENT, only=[]) == {"task_000001": (), "task_000002": ("pager",)}
    assert routed(lake, URGENT, only=[]) == {}


def test_without_rules_any_more_nothing_is_wanted(lake: Lake) -> None:
    lake.append("tasks", [plain(1, labels=["bug"])])
    routed(lake, BUGS)
    assert targets(lake) == {"task_000001": ()}
    assert wanted(routes_of(lake)) == {}


def test_a_project_without_rules_commits_nothing(lake: Lake) -> None:
    lake.append("tasks", [plain(1)])
    before = versions(lake, "routes"), versions(lake, "cursors")
    assert routed(lake) == {}
    assert (versions(lake, "routes"), versions(lake, "cursors")) == before


def test_rules_are_applied_again_where_a_run_died_before_it_had_noted_them(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    lake.append("tasks", [plain(1, labels=["bug"]), plain(2, due_date=date(2026, 3, 1))])
    merge = lake.merge

    def dying(name: str, rows: Any) -> Any:
        if name == "cursors":
            raise KeyboardInterrupt
        return merge(name, rows)

    monkeypatch.setattr(lake, "merge", dying)
    with pytest.raises(KeyboardInterrupt):
        routed(lake, BUGS, DUE)
    monkeypatch.undo()
    lake.delete("routes", lake.sql("select task_id from {routes} where task_id = 'task_000002'"))
    assert list(routed(lake, BUGS, DUE, only=[])) == ["task_000002"]


def test_the_route_of_a_task_that_is_no_more_goes_with_it(lake: Lake) -> None:
    lake.append("tasks", [plain(1, labels=["bug"]), plain(2, labels=["bug"])])
    routed(lake, BUGS)
    lake.delete("tasks", lake.sql("select task_id from {tasks} where task_id = 'task_000001'"))
    routed(lake, BUGS)
    assert list(routes_of(lake)) == ["task_000002"]


def test_a_routed_task_is_unmet_until_each_target_has_a_link(lake: Lake) -> None:
    lake.append("tasks", [plain(1, due_date=date(2026, 3, 1)), plain(2)])
    routed(lake, DUE)
    assert unmet(lake) == {"task_000001"}
    lake.append("links", [link(1, source="motion"), link(2, source="linear", task_id="task_000001", state="creating")])
    assert unmet(lake) == {"task_000001"}
    lake.merge("links", [link(2, source="linear", task_id="task_000001")])
    assert unmet(lake) == set()


def test_the_planner_is_told_each_source_with_the_reason(lake: Lake) -> None:
    lake.append("tasks", [plain(1, due_date=date(2026, 3, 1)), plain(2)])
    routed(lake, DUE)
    told = route_for(routes_of(lake, ["task_000001", "task_000002"]))
    assert told(TaskState("task_000001", {})) == [
        ("motion", "rule deadlines: due_date is not null"),
        ("linear", "rule deadlines: due_date is not null"),
    ]
    assert told(TaskState("task_000002", {})) == ()


@pytest.mark.parametrize(
    ("when", "said"),
    [
        ("cast(title as int) > 3", "the engine says: "),
        ("archived = 'yes'", "the engine says: "),
        ("nvl(estimate_minutes, 1)", "it gives bigint; a condition gives true or false"),
    ],
)
def test_a_condition_that_the_engine_cannot_evaluate_is_told_by_its_rule(lake: Lake, when: str, said: str) -> None:
    lake.append("tasks", [plain(1, title="no number")])
    with pytest.raises(SettingsError) as caught:
        routed(lake, BUGS, Rule(name="broken", when=when, to=("linear",)))
    assert str(caught.value).startswith(f"conf/routing.yml: rules.1.when of 'broken': found {when!r}: {said}")
    assert content(lake, "routes") == []
