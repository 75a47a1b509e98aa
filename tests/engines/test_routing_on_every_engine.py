"""The same rules, the same decisions, whatever engine the lake lives on."""

from datetime import date

import pytest

from tests.support.conditions import CALLED
from tests.support.lake import START, link, task
from worklake.errors import SettingsError
from worklake.lake.lake import Lake
from worklake.settings.models import Rule
from worklake.sync.routing import NONE_HOLDS, Routed, route, routes_of, unmet

RULES = (
    Rule(name="bugs", when="exists(labels, l -> lower(l) like 'bug%')", to=("linear",)),
    Rule(name="deadlines", when="due_date >= '2026-03-01' and not (estimate_minutes > 60)", to=("linear", "gitlab")),
)


def test_rules_decide_are_kept_and_decide_anew(lake: Lake) -> None:
    bug = task(1, labels=["Bug: login"], due_date=None)
    small, unknown = (
        task(n, labels=[], due_date=date(2026, 3, 5), estimate_minutes=m) for n, m in ((2, 30), (3, None))
    )
    lake.append("tasks", [bug, small, unknown])
    decided = route(lake, RULES, None, run_id="run_1", now=START)
    assert {key: one.targets for key, one in decided.items()} == {
        "task_000001": ("linear",),
        "task_000002": ("linear", "gitlab"),
    }
    assert routes_of(lake, ["task_000001", "task_000002", "task_000003"]) == decided
    assert route(lake, RULES, None, run_id="run_2", now=START) == {}
    lake.append("links", [link(1, task_id="task_000001"), link(2, task_id="task_000002")])
    assert unmet(lake) == {"task_000002"}
    lake.merge("tasks", [task(1, labels=[], due_date=None)])
    assert route(lake, RULES, ["task_000001"], run_id="run_3", now=START) == {
        "task_000001": Routed(None, NONE_HOLDS, ())
    }


def test_a_condition_that_cannot_be_evaluated_is_told_by_its_rule(lake: Lake) -> None:
    lake.append("tasks", [task(1, title="no number")])
    broken = [Rule(name="broken", when="cast(title as int) > 3", to=("linear",))]
    with pytest.raises(SettingsError, match=r"rules\.0\.when of 'broken': found 'cast\(title as int\) > 3'"):
        route(lake, broken, None, run_id="run_1", now=START)


def test_every_function_that_a_condition_may_call_is_known(lake: Lake) -> None:
    lake.append("tasks", [task(1)])
    rules = [Rule(name=name, when=f"({call}) is null and false", to=("linear",)) for name, call in CALLED.items()]
    rules.append(Rule(name="last", when="true", to=("linear",)))
    decided = route(lake, rules, None, run_id="run_1", now=START)
    assert [one.rule for one in decided.values()] == ["last"]
