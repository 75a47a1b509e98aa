"""Where tasks should be: the rules of `conf/routing.yml` over all tasks concerned, in one pass where the data is."""

# ruff: noqa: S608  nothing in the queries below comes from outside

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import orjson
import pyarrow as pa

from worklake.errors import LakeError, SettingsError
from worklake.lake.lake import Lake
from worklake.lake.names import spelled_out
from worklake.model.ids import SourceName, TaskId, digest
from worklake.model.route_rows import Route
from worklake.model.rows import Cursor
from worklake.settings.conditions import ALIAS
from worklake.settings.models import Rule
from worklake.sync.rows import rows_to_arrow
from worklake.sync.rules.state import TaskState

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

STAGE = "route"
"""The stage under which `cursors` holds the rules that all tasks were last routed by."""

NONE_HOLDS = "no rule holds any more; the task stays where it is"

_ROUTED_BY = f"select position from {{cursors}} where stage = '{STAGE}'"
_DECIDED_ANEW = """
    select d.task_id, d.rule_fingerprint from {evaluated} d left join {routes} r on d.task_id = r.task_id
    where (r.task_id is null and d.rule_fingerprint <> '') or d.rule_fingerprint <> r.rule_fingerprint
"""
_COUNT = "select count(rule_fingerprint) as n from {evaluated}"
_ROUTES = "select task_id, rule, reason, targets from {routes} where targets is not null"
_GONE = "select r.task_id from {routes} r left anti join {tasks} t on r.task_id = t.task_id"
_UNMET = """
    select distinct w.task_id from (select task_id, explode(targets) as source from {routes} where {among}) w
    left semi join {tasks} t on w.task_id = t.task_id
    left anti join (select task_id, source from {links} where kind = 'task' and state <> 'creating') l
        on w.task_id = l.task_id and w.source = l.source
"""


@dataclass(frozen=True, slots=True)
class Routed:
    """Where a task should be. Without a rule it has no targets: it stays where it is."""

    rule: str | None
    reason: str
    targets: tuple[SourceName, ...]


def route(
    lake: Lake, rules: Sequence[Rule], task_ids: Collection[str] | None, *, run_id: str, now: datetime
) -> dict[TaskId, Routed]:
    """Decide for these tasks (None: all), and for all of them where the rules changed; keep what is decided otherwise.

    The answer holds the decisions that are not as they were. A task that no rule holds for any more stays where it
    is. A killed run is simply repeated. Raises `SettingsError` where a condition cannot be evaluated.
    """
    fingerprint = _fingerprint(rules)
    routed_by = next((row["position"] for row in lake.rows(_ROUTED_BY)), _fingerprint(()))
    moved = routed_by != fingerprint
    if not moved and (not rules or (task_ids is not None and not task_ids)):
        return {}
    rows = _decided_anew(lake, rules, None if moved else task_ids)
    if moved:
        _check_types(lake, rules)
    by_fingerprint = {_fingerprint([rule]): rule for rule in rules}
    decided = {"run_id": run_id, "decided_at": now}
    routes = [row | _decision(by_fingerprint.get(row["rule_fingerprint"])) | decided for row in rows]
    lake.merge("routes", rows_to_arrow(Route, routes))
    if moved or task_ids is None:
        lake.delete("routes", lake.sql(_GONE))
    if moved:
        lake.merge("cursors", [_cursor(fingerprint, run_id, now)])
    return {TaskId(row["task_id"]): _routed(row) for row in routes}


def routes_of(lake: Lake, task_ids: Collection[str] | None = None) -> dict[TaskId, Routed]:
    """The decisions in force for those of these tasks (None: all) that a rule holds for."""
    among = f"{_ROUTES} and {{among}}"
    rows = lake.rows(_ROUTES) if task_ids is None else lake.rows_among(among, "task_id", task_ids)
    return {TaskId(row["task_id"]): _routed(row) for row in rows}


def wanted(routes: Mapping[TaskId, Routed]) -> dict[TaskId, tuple[SourceName, ...]]:
    """The sources that must hold each task."""
    return {task: routed.targets for task, routed in routes.items() if routed.targets}


def route_for(routes: Mapping[TaskId, Routed]) -> Callable[[TaskState], Sequence[tuple[str, str]]]:
    """What the planner asks: the sources that must hold a task, each with the reason."""

    def told(task: TaskState) -> Sequence[tuple[str, str]]:
        routed = routes.get(TaskId(task.task_id))
        return [(source, routed.reason) for source in routed.targets] if routed is not None else ()

    return told


def unmet(lake: Lake, task_ids: Collection[str] | None = None) -> set[TaskId]:
    """Those of these tasks (None: all) that a source must hold and has no link of yet, whoever decided it and when."""
    if task_ids is None:
        found = lake.rows(_UNMET.replace("{among}", "true"))
    else:
        found = lake.rows_among(_UNMET, "task_id", task_ids)
    return {TaskId(row["task_id"]) for row in found}


def _fingerprint(rules: Sequence[Rule]) -> str:
    """Stands for these rules in this order."""
    return digest(orjson.dumps([[rule.name, rule.when, *rule.to] for rule in rules]).decode())


def _decided_anew(lake: Lake, rules: Sequence[Rule], task_ids: Collection[str] | None) -> list[dict[str, Any]]:
    try:
        return _ask(lake, rules, task_ids, _DECIDED_ANEW)
    except LakeError as error:
        raise _not_evaluated(lake, rules, error) from error


def _ask(lake: Lake, rules: Sequence[Rule], task_ids: Collection[str] | None, query: str) -> list[dict[str, Any]]:
    """The rows of a query over {evaluated}. Raises `LakeError`, whenever an engine finds that it cannot do it."""
    from pyspark.errors import PySparkException

    try:
        evaluated = _evaluated(lake, rules, task_ids)
    except PySparkException as error:
        raise LakeError(str(error).strip().split("\n")[0]) from error
    return lake.rows(query, evaluated=evaluated)


def _evaluated(lake: Lake, rules: Sequence[Rule], task_ids: Collection[str] | None) -> DataFrame:
    """Tasks with the fingerprint of the first rule that holds; it is empty where none does."""
    from pyspark.sql import functions

    holds = [functions.when(functions.expr(rule.when), functions.lit(_fingerprint([rule]))) for rule in rules]
    # The embedded engine refuses lambda functions as a filter over Delta tables, and a filter on the result would
    # become one: rand() keeps the optimiser from that.
    decided_by = functions.when(functions.rand() >= 0, functions.coalesce(*holds, functions.lit("")))
    return tasks_among(lake, task_ids).select("task_id", decided_by.alias("rule_fingerprint"))


def tasks_among(lake: Lake, task_ids: Collection[str] | None) -> DataFrame:
    """These tasks (None: all) with the columns of `tasks`, as conditions name them."""
    tasks = lake.read("tasks")
    if task_ids is None:
        return tasks.alias(ALIAS)
    among = spelled_out("task_id", task_ids)
    if among is not None:
        return tasks.where(among).alias(ALIAS)
    chosen = lake.frame(pa.table({"task_id": pa.array(sorted(set(task_ids)), pa.string())}))
    return tasks.join(chosen, "task_id", "left_semi").alias(ALIAS)


def _decision(rule: Rule | None) -> dict[str, Any]:
    if rule is None:
        return {"rule": None, "reason": NONE_HOLDS, "targets": None}
    reason = f"rule {rule.name}: {' '.join(rule.when.split())}"
    return {"rule": rule.name, "reason": reason, "targets": list(dict.fromkeys(rule.to))}


def _routed(row: Mapping[str, Any]) -> Routed:
    return Routed(row["rule"], row["reason"], tuple(SourceName(name) for name in row["targets"] or ()))


def _cursor(fingerprint: str, run_id: str, now: datetime) -> Cursor:
    return Cursor(source="", stage=STAGE, position=fingerprint, batch=0, run_id=run_id, moved_at=now)


def _check_types(lake: Lake, rules: Sequence[Rule]) -> None:
    from pyspark.sql import functions

    conditions = [functions.expr(rule.when).alias(rule.name) for rule in rules]
    types = [field.dataType.simpleString() for field in tasks_among(lake, None).select(*conditions).schema]
    wrong = [
        f"{_place(number, rule)}: it gives {kind}; a condition gives true or false"
        for number, (rule, kind) in enumerate(zip(rules, types, strict=True))
        if kind not in ("boolean", "void")
    ]
    if wrong:
        raise SettingsError("\n".join(wrong))


def _place(number: int, rule: Rule) -> str:
    return f"conf/routing.yml: rules.{number}.when of {rule.name!r}: found {' '.join(rule.when.split())!r}"


def _not_evaluated(lake: Lake, rules: Sequence[Rule], error: LakeError) -> LakeError | SettingsError:
    """The error that names the rules which cannot be evaluated, in the engine's words; else the one given."""
    problems = []
    _ask(lake, [], None, _COUNT)  # a lake that cannot be read at all is not the rules' fault
    for number, rule in enumerate(rules):
        try:
            _ask(lake, [rule], None, _COUNT)
        except LakeError as said:
            problems.append(f"{_place(number, rule)}: the engine says: {said}")
    return SettingsError("\n".join(problems)) if problems else error
