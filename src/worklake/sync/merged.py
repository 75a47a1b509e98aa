"""What is merged may complete the tasks that it names: the rules under `merged` in `conf/routing.yml`.

Each merge request is judged once for each task that it names, when it is merged and the task is known; the rules of
that moment count. What they complete is a change like any other, and the next plan carries it to the other tools.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from worklake.errors import LakeError, SettingsError
from worklake.lake.lake import Lake
from worklake.model.code_rows import CodeLink
from worklake.model.fields import Status
from worklake.model.ids import digest
from worklake.settings.models import MergedRule
from worklake.sync.code import DONE, MERGED, is_due
from worklake.sync.cursors import move_cursors
from worklake.sync.heart.store import Loaded
from worklake.sync.ports import store_of
from worklake.sync.routing import tasks_among
from worklake.sync.rows import rows_to_arrow
from worklake.sync.rules.putaway import is_open
from worklake.sync.rules.state import HOLDING, MERGE_REQUEST, Change, Decision, ItemKey
from worklake.sync.rules.task import Moment, fold_onto
from worklake.sync.run import RunContext

_TO_JUDGE = """
    select c.*, m.key as request, m.merged_at, m.merged_by, m.into_default from {code_links} c
    join {merge_requests} m on c.source = m.source and c.external_id = m.external_id
    where c.kind = 'merge_request' and c.task_id is not null and not c.judged and m.state = 'merged'
    order by m.merged_at, m.key, c.key
"""
_STATUS_SINCE = """
    select task_id, max(case when field = 'task' then observed_at else coalesce(changed_at, observed_at) end) as since
    from {changes} where {among} and (
        (field = 'task' and decision = 'created')
        or (field = 'status' and decision in ('taken', 'settled', 'undone'))
    )
    group by task_id
"""

Row = dict[str, Any]


def complete_merged(lake: Lake, run: RunContext, begin: Callable[[], None]) -> None:
    """Ask the rules about what was merged and not judged yet, and complete the tasks for which one holds.

    Asks nothing of the lake where nothing is due. `begin` is called before anything is written. A killed run is simply
    repeated. Raises `SettingsError` where a condition cannot be evaluated.
    """
    if not is_due(lake, run):
        return
    rows = lake.rows(_TO_JUDGE)
    moment = Moment(run.run_id, run.clock())
    store = store_of(lake, run)
    asked = {row["task_id"] for row in rows if _may_complete(row)} if run.routing.merged else set()
    holding = _holding(lake, run.routing.merged, asked) if asked else {}
    since = {row["task_id"]: row["since"] for row in lake.rows_among(_STATUS_SINCE, "task_id", asked)}
    changes, tasks = list[Change](), {}
    for task, loaded in store.load(asked).items():
        its_own = [row for row in rows if row["task_id"] == task and _may_complete(row)]
        change = completion(
            loaded, its_own, run.routing.merged, holding.get(task, frozenset()), since.get(task), moment
        )
        if change is not None:
            changes.append(change)
        if change is not None or not loaded.kept:  # a run that died may have kept the change and not the task
            tasks[task] = fold_onto(loaded.task, [change] if change is not None else [])
    begin()
    if tasks:
        store.commit(changes, list(tasks.values()))
    if rows:
        judged = [
            {name: row[name] for name in CodeLink.model_fields} | {"judged": True, "run_id": run.run_id} for row in rows
        ]
        lake.merge("code_links", rows_to_arrow(CodeLink, judged))
    move_cursors(lake, run, "", {MERGED: DONE})


def completion(
    loaded: Loaded,
    rows: Sequence[Row],
    rules: Sequence[MergedRule],
    holding: Collection[str],
    since: Any,
    moment: Moment,
) -> Change | None:
    """The change by which the first of these merged merge requests that a rule holds for completes a task, if any does.

    `holding` are the names of the rules whose conditions hold for it, `since` is when its status was last set, as far
    as anybody knows. Who set it after the merge is not overruled, nor is a person who has yet to decide on it. Pure.
    """
    task = loaded.task
    status = task.fields.get("status")
    held = any(one.open and one.field == "status" and one.kind in HOLDING for one in loaded.conflicts)
    if status is None or not is_open(status.value) or held:
        return None
    for row in rows:
        rule = next((one for one in rules if one.name in holding and row["how"] in one.named), None)
        identity = "change_" + digest(task.task_id, MERGE_REQUEST, row["source"], row["external_id"])
        if rule is None or identity in loaded.decided or (since is not None and since > row["merged_at"]):
            continue
        how = {"closes": "closes", "branch": "has in the name of its branch"}.get(row["how"], "mentions")
        return Change(
            change_id=identity,
            task_id=task.task_id,
            field="status",
            old=status.value,
            new=Status.COMPLETED.value,
            origin=ItemKey(row["source"], f"{MERGE_REQUEST}{row['request']}"),
            actor=row["merged_by"],
            changed_at=row["merged_at"],
            decision=Decision.TAKEN,
            reason=f"rule {rule.name}: {row['request']}, which {how} {row['named']}, was merged",
            position=task.version,
            run_id=moment.run_id,
            observed_at=moment.now,
        )
    return None


def _may_complete(row: Row) -> bool:
    return row["into_default"] is True and row["merged_at"] is not None


def _holding(lake: Lake, rules: Sequence[MergedRule], tasks: Collection[str]) -> Mapping[str, Collection[str]]:
    """The names of the rules whose conditions hold, for each of these tasks."""
    try:
        return _evaluated(lake, rules, tasks)
    except LakeError as error:
        raise _not_evaluated(lake, rules, tasks, error) from error


def _evaluated(lake: Lake, rules: Sequence[MergedRule], tasks: Collection[str]) -> dict[str, frozenset[str]]:
    from pyspark.errors import PySparkException
    from pyspark.sql import functions

    try:
        conditions = [functions.expr(rule.when).alias(f"rule_{place}") for place, rule in enumerate(rules)]
        evaluated = tasks_among(lake, tasks).select("task_id", *conditions)
    except PySparkException as error:
        raise LakeError(str(error).strip().split("\n")[0]) from error
    found = lake.rows("select * from {evaluated}", evaluated=evaluated)
    return {
        row["task_id"]: frozenset(rule.name for place, rule in enumerate(rules) if row[f"rule_{place}"] is True)
        for row in found
    }


def _not_evaluated(
    lake: Lake, rules: Sequence[MergedRule], tasks: Collection[str], error: LakeError
) -> LakeError | SettingsError:
    """The error that names the rules which cannot be evaluated, in the engine's words; else the one given."""
    problems = []
    _evaluated(lake, [], tasks)  # a lake that cannot be read at all is not the rules' fault
    for number, rule in enumerate(rules):
        try:
            _evaluated(lake, [rule], tasks)
        except LakeError as said:
            found = " ".join(rule.when.split())
            problems.append(
                f"conf/routing.yml: merged.{number}.when of {rule.name!r}: found {found!r}: the engine says: {said}"
            )
    return SettingsError("\n".join(problems)) if problems else error
