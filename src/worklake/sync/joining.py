"""Bringing tasks together that a person said are one: all that belongs to those that go moves to those that stay.

Each step repeated has no further effect, so that a run which died is made good by the next.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import orjson
import pyarrow as pa

from worklake.lake.lake import Lake
from worklake.model.code_rows import CodeLink
from worklake.model.ids import change_id
from worklake.model.rows import Change, Comment, Conflict, Decision, Link, Task
from worklake.sync.rows import rows_to_arrow
from worklake.sync.rules.comments import COMMENT
from worklake.sync.run import RunContext
from worklake.sync.shared import meet

_Row = dict[str, Any]

_OPEN_CONFLICTS = "select * from {conflicts} where is_open and {among}"
_LINKS = "select * from {links} where {among}"
_COMMENTS = "select * from {comments} where {among}"
_NAMED_BY_CODE = "select * from {code_links} where {among}"
_CHILDREN = "select * from {tasks} where {among}"
_BLOCKED = """
    select t.* from {tasks} t left semi join (
        select task_id from (select task_id, explode(blocked_by) as blocker from {tasks}) where {among}
    ) b on t.task_id = b.task_id
"""


def bring_together(lake: Lake, gone: Mapping[str, str], run: RunContext) -> None:
    """Move all that belongs to the tasks that go to those that stay, which `gone` has by the ids of the first."""
    links = lake.rows_among(_LINKS, "task_id", gone)
    _note_changes(lake, gone, links, run)
    comments = lake.rows_among(_COMMENTS, "task_id", gone)
    lake.merge("comments", rows_to_arrow(Comment, [one | {"task_id": gone[one["task_id"]]} for one in comments]))
    named = lake.rows_among(_NAMED_BY_CODE, "task_id", gone)
    lake.merge("code_links", rows_to_arrow(CodeLink, [one | {"task_id": gone[one["task_id"]]} for one in named]))
    referring = lake.rows_among(_CHILDREN, "parent_id", gone) + lake.rows_among(_BLOCKED, "blocker", gone)
    repointed = {task["task_id"]: _repointed(task, gone) for task in referring if task["task_id"] not in gone}
    lake.merge("tasks", rows_to_arrow(Task, list(repointed.values())))
    for table in ("tasks", "routes", "watched"):
        lake.delete(table, pa.table({"task_id": sorted(gone)}))
    _close_conflicts(lake, gone, run)
    lake.merge("links", rows_to_arrow(Link, [_moved(link, gone[link["task_id"]], run) for link in links]))
    meet(lake, run, set(gone.values()))


def _close_conflicts(lake: Lake, gone: Mapping[str, str], run: RunContext) -> None:
    """Nothing of a task that goes is left to decide: where its items differ, their meeting asks anew. What is open
    about copies of comments goes with these.
    """
    over = {"is_open": False, "settled_at": run.clock()}
    rows = [
        row | {"task_id": gone[row["task_id"]]}
        if row["field"] == COMMENT
        else row | over | {"reason": f"a person said that its task is {gone[row['task_id']]}"}
        for row in lake.rows_among(_OPEN_CONFLICTS, "task_id", gone)
    ]
    lake.merge("conflicts", rows_to_arrow(Conflict, rows))


def _moved(link: _Row, keep: str, run: RunContext) -> _Row:
    """The link at its new task. Of an item nothing was seen there yet: the two meet for the first time."""
    row = link | {"task_id": keep, "run_id": run.run_id}
    if link["kind"] != "task":
        return row
    unseen = orjson.dumps({"fields": {}, "blocks": orjson.loads(link["seen"])["blocks"]}).decode()
    return row | {"is_primary": False, "linked_by": "accepted", "seen": unseen}


def _note_changes(lake: Lake, gone: Mapping[str, str], links: Sequence[_Row], run: RunContext) -> None:
    """Each moved item is told at the task that stays; the task that goes says where it went."""
    now = run.clock()
    changes = {}
    for link in (one for one in links if one["kind"] == "task"):
        went, keep = link["task_id"], gone[link["task_id"]]
        for task, new, reason in (
            (
                keep,
                orjson.dumps(orjson.loads(link["seen"])["fields"]).decode(),
                f"a person said that {went} is this task",
            ),
            (went, f'"{keep}"', f"a person said it is {keep}"),
        ):
            change = Change(
                change_id=change_id(task, "task", link["source"], new, went, link["record_hash"]),
                task_id=task,
                field="task",
                old=None,
                new=new,
                source=link["source"],
                external_id=link["external_id"],
                actor=None,
                changed_at=now,
                decision=Decision.LINKED,
                reason=reason,
                batch=0,
                run_id=run.run_id,
                observed_at=now,
            )
            changes[change.change_id] = change
    written = lake.rows_among("select change_id from {changes} where {among}", "change_id", changes)
    known = {row["change_id"] for row in written}
    fresh = [change for one, change in changes.items() if one not in known]
    if fresh:
        lake.append("changes", fresh)


def _repointed(task: _Row, gone: Mapping[str, str]) -> _Row:
    blockers = sorted({gone.get(one, one) for one in task["blocked_by"]} - {task["task_id"]})
    parent = gone.get(task["parent_id"], task["parent_id"])
    return task | {"parent_id": None if parent == task["task_id"] else parent, "blocked_by": blockers}
