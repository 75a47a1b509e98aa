"""Explain: everything that is known to have happened to a task, and where its items show something else."""

from __future__ import annotations

from typing import Any

import orjson
import pyarrow as pa

from worklake.errors import InvalidInputError, NotFoundError
from worklake.lake.lake import Lake
from worklake.model.documents import ChangeDocument, CodeDocument, ExplainDocument
from worklake.sync.explaining import by_time, differences, overwritten_told, writes_told
from worklake.sync.run import RunContext, Source
from worklake.sync.tasks import links_of

_FIND = """
    select distinct l.task_id, t.title from {links} l left join {tasks} t on l.task_id = t.task_id
    where l.kind = 'task'
      and (l.task_id = :name or l.external_id = :name or l.url = :name
           or lower(l.key) in (lower(:name), lower(:key)) or endswith(lower(l.key), concat('/', lower(:name))))
"""
_JOINED_TO = "select task_id from {proposals} where state in ('accepting', 'accepted') and other_task_id = :task"
_CHANGES = """
    select field, old, new, source, external_id, actor, changed_at, decision, reason, run_id, observed_at
    from {changes} where task_id = :task
    order by coalesce(changed_at, observed_at), observed_at, case decision when 'created' then 0 else 1 end, field
"""

_CODE = """
    select l.source, l.kind, coalesce(m.key, l.external_id) as key, coalesce(m.title, c.title) as title, m.state,
           l.how, l.named, coalesce(m.url, c.url) as url,
           coalesce(m.merged_at, m.updated_at, c.committed_at) as at
    from {code_links} l
    left join {merge_requests} m on l.kind = 'merge_request' and l.source = m.source and l.external_id = m.external_id
    left join {commits} c on l.kind = 'commit' and l.source = c.source and l.external_id = c.external_id
    where l.task_id = :task order by at, key, l.key
"""


def explain(lake: Lake, name: str, run: RunContext) -> ExplainDocument:
    """Every change and every write of a task, oldest first, and the fields that its items show differently.

    `name` is a task id (also of a task that was joined to another), an external id, a key such as `ENG-12` or
    `team/web#3` in large or small letters, or a provider's URL. Raises `NotFoundError` when there is no such task,
    `InvalidInputError` when there are several.
    """
    now, task_id = find_task(lake, name, run.sources)
    row = lake.rows("select * from {tasks} where task_id = :task", {"task": task_id})[0]
    changes = [ChangeDocument(**_decoded(change)) for change in lake.rows(_CHANGES, {"task": task_id})]
    told = by_time([*changes, *writes_told(lake, task_id), *overwritten_told(lake, task_id)])
    return ExplainDocument(
        task_id=task_id,
        title=row["title"],
        asked_for=name.strip().lower() if now else None,
        links=links_of(lake, pa.chunked_array([[task_id]])).get(task_id, []),
        changes=told,
        differences=differences(lake, task_id, run),
        code=[CodeDocument(**row) for row in lake.rows(_CODE, {"task": task_id})],
    )


def find_task(lake: Lake, name: str, sources: tuple[Source, ...]) -> tuple[str | None, str]:
    """The task of this id, item, key or URL; and before it the same, if it is another one by now.

    Raises `NotFoundError` when there is none, `InvalidInputError` when there are several.
    """
    name = name.strip()
    name = name.lower() if name.lower().startswith("task_") else name
    now = _joined_to(lake, name)
    found = _find(lake, now or name, sources)
    return now, _joined_to(lake, found) or found  # an item may not have moved yet, where a run died


def _joined_to(lake: Lake, name: str) -> str | None:
    """The task that holds what the task of this id held, if a person said that the two are one."""
    now = None
    while found := lake.rows(_JOINED_TO, {"task": now or name}):
        now = str(found[0]["task_id"])
    return now


def _find(lake: Lake, name: str, sources: tuple[Source, ...]) -> str:
    key = next((key for source in sources if (key := source.integration.key_of(name)) is not None), name)
    found = lake.rows(_FIND, {"name": name, "key": key})
    if not found:
        raise NotFoundError(
            f"there is no task {name!r}; name one by its task id, its tool's id or key (ENG-12, team/web#3) or its URL"
        )
    if len(found) > 1:
        listed = "\n".join(f"  {row['task_id']}  {row['title']}" for row in found)
        raise InvalidInputError(f"{name!r} names {len(found)} tasks; say which:\n{listed}")
    return str(found[0]["task_id"])


def _decoded(change: dict[str, Any]) -> dict[str, Any]:
    for side in ("old", "new"):
        if change[side] is not None:
            change[side] = orjson.loads(change[side])
    return change
