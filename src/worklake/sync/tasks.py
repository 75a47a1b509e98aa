"""The task list: canonical tasks with the items that they are."""

# ruff: noqa: S608  nothing in the queries below comes from outside

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from worklake.errors import LakeError
from worklake.lake.lake import Lake
from worklake.model.documents import LinkDocument, TaskDocument
from worklake.sync.conditions import HOLDS, reason, refused, with_condition

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

OPEN = "status not in ('completed', 'canceled') and not archived"

# The embedded engine refuses lambda functions as a filter over Delta tables. So the condition is a projected column,
# and rand() keeps the optimiser from making a filter of it again.
_CHOSEN = "select t.*, {condition} and rand() >= 0 as is_chosen from {{candidates}} t"
_OF_SOURCE = """
    left semi join (select task_id from {{links}} where kind = 'task' and source = :source) s on t.task_id = s.task_id
"""
_ORDER = "is_finished, due_date asc nulls last, priority_rank, updated_at desc nulls last, task_id"
_RANK = "case priority when 'urgent' then 0 when 'high' then 1 when 'medium' then 2 when 'low' then 3 else 4 end"
_FINISHED = f"case when {OPEN} then 0 else 1 end"
_LINKS = """
    select l.task_id, l.source, l.provider, l.external_id, l.url, l.state, l.key from {links} l
    left semi join {wanted} w on l.task_id = w.task_id
    where l.kind = 'task'
    order by l.first_seen_at, l.source, l.external_id
"""


@dataclass(frozen=True, slots=True)
class Selection:
    """Which tasks: all conditions given hold. `today` is the day it is for whoever asks."""

    today: date
    where: str | None = None
    overdue: bool = False
    due_today: bool = False
    source: str | None = None
    limit: int | None = None


@dataclass(frozen=True, slots=True)
class TaskList:
    """The selected tasks, and how many there are in all where `limit` cut the list."""

    tasks: list[TaskDocument]
    total: int


def list_tasks(lake: Lake, selection: Selection) -> TaskList:
    """The selected tasks: open ones first, due soonest first, then by priority, then the last changed.

    Raises `InvalidInputError` when the condition is not one in valid SQL over the columns of `tasks`.
    """
    candidates = lake.read("tasks") if selection.where is None else with_condition(lake, selection.where)
    chosen, arguments = _chosen(selection)
    limit = f"limit {int(selection.limit)}" if selection.limit is not None else ""
    query = (
        f"select *, {_RANK} as priority_rank, {_FINISHED} as is_finished from ({chosen}) where is_chosen"
        f" order by {_ORDER} {limit}"
    )
    try:
        found = lake.sql(query, arguments, candidates=candidates)
        cut = selection.limit is not None and found.num_rows == selection.limit
        total = _count(lake, chosen, arguments, candidates) if cut else found.num_rows
    except LakeError as error:
        if selection.where is None:
            raise
        raise refused(selection.where, reason(selection.where, str(error))) from error
    links = links_of(lake, found.column("task_id"))
    tasks = [_document(row, links.get(row["task_id"], [])) for row in found.to_pylist()]
    return TaskList(tasks, total)


def links_of(lake: Lake, task_ids: pa.ChunkedArray) -> Mapping[str, list[LinkDocument]]:
    """The items that these tasks are, by task id, first seen first."""
    if not len(task_ids):
        return {}
    links: dict[str, list[LinkDocument]] = defaultdict(list)
    for row in lake.rows(_LINKS, wanted=pa.table({"task_id": task_ids})):
        links[row.pop("task_id")].append(LinkDocument(**row))
    return links


def _chosen(selection: Selection) -> tuple[str, dict[str, Any]]:
    """The query for all tasks with a column that says which are selected, and its arguments."""
    conditions: list[str] = []
    arguments: dict[str, Any] = {}
    if selection.where is not None:
        conditions.append(HOLDS)
    if selection.overdue or selection.due_today:
        operator = ("<=" if selection.overdue else "=") if selection.due_today else "<"
        conditions += [f"due_date {operator} :today", OPEN]
        arguments["today"] = selection.today
    query = _CHOSEN
    if selection.source is not None:
        query += _OF_SOURCE
        arguments["source"] = selection.source
    return query.format(condition=" and ".join(conditions) or "true"), arguments


def _count(lake: Lake, chosen: str, arguments: Mapping[str, Any], candidates: DataFrame) -> int:
    counted = lake.sql(f"select count(*) as n from ({chosen}) where is_chosen", arguments, candidates=candidates)
    return int(counted.column("n")[0].as_py())


def _document(row: Mapping[str, Any], links: list[LinkDocument]) -> TaskDocument:
    fields = {name: row[name] for name in TaskDocument.model_fields if name != "links"}
    return TaskDocument(**fields, links=links)
