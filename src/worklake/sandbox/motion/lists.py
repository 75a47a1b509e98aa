"""Lists: filters, pages of fifty, and the cursor that names the last row of a page."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Any, TypeVar

import orjson
from starlette.datastructures import QueryParams

from worklake.sandbox.motion.entities import Task
from worklake.sandbox.motion.errors import invalid, refused
from worklake.sandbox.motion.rendering import Json, time
from worklake.sandbox.motion.store import Store

PAGE_SIZE = 50

Row = TypeVar("Row")
Place = tuple[float, str]
"""Where a row stands: the newest first, those of one moment by id."""


def tasks_of(store: Store, query: QueryParams) -> list[Task]:
    """The tasks that a query means, in their order. Resolved ones are hidden unless they are asked for."""
    statuses = query.getlist("status")
    everything = query.get("includeAllStatuses")
    if everything is not None and statuses:
        raise refused("status and includeAllStatuses cannot be used together")
    if everything not in (None, "true", "false"):
        raise invalid("includeAllStatuses must be a boolean value")
    if query.get("workspaceId"):
        store.workspace(query["workspaceId"])

    def means(task: Task) -> bool:
        if statuses:
            return task.status.name in statuses
        return everything == "true" or not task.status.resolved

    return [task for task in store.in_order() if means(task) and _fits(task, query)]


def _fits(task: Task, query: QueryParams) -> bool:
    name, label = query.get("name"), query.get("label")
    wanted = {"workspaceId": task.workspace, "projectId": task.project, "assigneeId": task.assignee}
    return (
        all(query.get(key) in (None, "", value) for key, value in wanted.items())
        and (not name or name.casefold() in task.name.casefold())
        and (not label or label in task.labels)
    )


def page(
    key: str,
    rows: Sequence[Row],
    query: QueryParams,
    place: Callable[[Row], tuple[datetime, str]],
    show: Callable[[Row], Json],
) -> Json:
    """A page of rows, which are in their order; on the last one no cursor is told."""
    after = query.get("cursor")
    if after:
        created, row_id = _read(after)
        rows = [row for row in rows if (-place(row)[0].timestamp(), place(row)[1]) > (-created.timestamp(), row_id)]
    shown = rows[:PAGE_SIZE]
    meta: Json = {"pageSize": PAGE_SIZE}
    if len(rows) > PAGE_SIZE:
        meta = {"nextCursor": _write(*place(shown[-1])), **meta}
    return {"meta": meta, key: [show(row) for row in shown]}


def by_time(rows: Iterator[Any]) -> list[Any]:
    """Rows that have `created` and `id`, the newest first."""
    return sorted(rows, key=lambda row: (-row.created.timestamp(), row.id))


def _write(created: datetime, row_id: str) -> str:
    return base64.b64encode(orjson.dumps({"createdTime": time(created), "id": row_id, "query": {}})).decode()


def _read(cursor: str) -> tuple[datetime, str]:
    try:
        told = orjson.loads(base64.b64decode(cursor, validate=True))
        return datetime.fromisoformat(told["createdTime"]), str(told["id"])
    except (binascii.Error, ValueError, KeyError, TypeError):
        raise refused("Invalid cursor") from None
