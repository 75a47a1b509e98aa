"""What a person says of a proposed link: the two tasks are one, or they are not."""

from __future__ import annotations

from typing import Any

import orjson
import pyarrow as pa

from worklake.errors import InvalidInputError, NotFoundError
from worklake.lake.lake import Lake
from worklake.model.code_rows import CodeLink
from worklake.model.ids import change_id
from worklake.model.rows import Change, Comment, Decision, Link, Proposal, ProposalState, Run, RunState, Task
from worklake.sync.rows import rows_to_arrow
from worklake.sync.run import RunContext
from worklake.sync.shared import meet

_REFERRING = """
    select * from {tasks} where parent_id = :other or array_contains(blocked_by, :other)
"""


def refuse(lake: Lake, proposal: str, run: RunContext) -> None:
    """The two tasks are not one; it is not proposed again. Raises `NotFoundError`, `InvalidInputError`."""
    row = _undecided(lake, proposal)
    _decide(lake, row, ProposalState.REFUSED, run)


def accept(lake: Lake, proposal: str, run: RunContext) -> str:
    """The two tasks are one: all items and comments of the second move to the first, whose id is the answer.

    Repeating it after a crash completes what was begun. Raises `NotFoundError`, `InvalidInputError`.
    """
    row = _undecided(lake, proposal)
    keep, gone = row["task_id"], row["other_task_id"]
    links = lake.rows("select * from {links} where task_id = :other", {"other": gone})
    _note_changes(lake, row, links, run)
    comments = lake.rows("select * from {comments} where task_id = :other", {"other": gone})
    if comments:
        lake.merge("comments", rows_to_arrow(Comment, [comment | {"task_id": keep} for comment in comments]))
    named = lake.rows("select * from {code_links} where task_id = :other", {"other": gone})
    if named:
        lake.merge("code_links", rows_to_arrow(CodeLink, [row | {"task_id": keep} for row in named]))
    referring = lake.rows(_REFERRING, {"other": gone})
    if referring:
        lake.merge("tasks", rows_to_arrow(Task, [_repointed(task, gone, keep) for task in referring]))
    lake.delete("tasks", pa.table({"task_id": [gone]}))
    moved = [_moved(link, keep, run) for link in links]
    lake.merge("links", rows_to_arrow(Link, moved))
    meet(lake, run, str(keep))
    _decide(lake, row, ProposalState.ACCEPTED, run)
    return str(keep)


def _moved(link: dict[str, Any], keep: str, run: RunContext) -> dict[str, Any]:
    """The link at its new task. Of an item nothing was seen there yet: the two meet for the first time."""
    row = link | {"task_id": keep, "run_id": run.run_id}
    if link["kind"] != "task":
        return row
    unseen = orjson.dumps({"fields": {}, "blocks": orjson.loads(link["seen"])["blocks"]}).decode()
    return row | {"is_primary": False, "linked_by": "accepted", "seen": unseen}


def _undecided(lake: Lake, proposal: str) -> dict[str, Any]:
    rows = lake.rows("select * from {proposals} where proposal_id = :id", {"id": proposal})
    if not rows:
        raise NotFoundError(f"there is no proposal {proposal!r}; list them with: worklake tasks --proposed-links")
    if rows[0]["state"] != ProposalState.PROPOSED:
        raise InvalidInputError(f"the proposal {proposal} was {rows[0]['state']} at {rows[0]['decided_at']:%F %R} UTC")
    tasks = lake.sql(
        "select task_id from {tasks} where task_id in (:one, :two)",
        {"one": rows[0]["task_id"], "two": rows[0]["other_task_id"]},
    )
    if rows[0]["task_id"] not in tasks.column("task_id").to_pylist():
        raise InvalidInputError(f"the task {rows[0]['task_id']} is no more; refuse the proposal {proposal}")
    return rows[0]


def _decide(lake: Lake, row: dict[str, Any], state: ProposalState, run: RunContext) -> None:
    now = run.clock()
    lake.merge("proposals", [Proposal(**row | {"state": state, "decided_at": now})])
    lake.append(
        "runs",
        [
            Run(
                run_id=run.run_id,
                command=run.command,
                state=RunState.DONE,
                started_at=run.started_at,
                finished_at=now,
                counts="{}",
                error=None,
            )
        ],
    )


def _note_changes(lake: Lake, row: dict[str, Any], links: list[dict[str, Any]], run: RunContext) -> None:
    """Each moved item is told at the task that stays; the task that goes says where it went."""
    now = run.clock()
    keep, gone = row["task_id"], row["other_task_id"]
    items = [link for link in links if link["kind"] == "task"]
    changes = []
    for task, reason in ((keep, f"a person said that {gone} is this task"), (gone, f"a person said it is {keep}")):
        for link in items:
            new = orjson.dumps(orjson.loads(link["seen"])["fields"]).decode() if task == keep else f'"{keep}"'
            changes.append(
                Change(
                    change_id=change_id(task, "task", link["source"], new, gone, link["record_hash"]),
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
            )
    written = lake.sql("select change_id from {changes} where task_id in (:one, :two)", {"one": keep, "two": gone})
    known = set(written.column("change_id").to_pylist())
    fresh = [change for change in changes if change.change_id not in known]
    if fresh:
        lake.append("changes", fresh)


def _repointed(task: dict[str, Any], gone: str, keep: str) -> dict[str, Any]:
    blockers = sorted({keep if one == gone else one for one in task["blocked_by"]} - {task["task_id"]})
    parent = keep if task["parent_id"] == gone else task["parent_id"]
    return task | {"parent_id": parent, "blocked_by": blockers}
