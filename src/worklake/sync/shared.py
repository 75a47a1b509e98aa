"""Merging tasks that live in several items: what was pulled of them goes to the heart.

A task that lives in one item only is a copy of it, which `fold` makes by the thousand.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from types import MappingProxyType

import orjson

from worklake.errors import UnreadableError
from worklake.integrations.views import TaskView
from worklake.lake.lake import Lake
from worklake.model.rows import Kind
from worklake.sync.blocking import Blocked
from worklake.sync.heart.comments.taking import CommentObservation, take_comments
from worklake.sync.heart.merging import merge_tasks
from worklake.sync.heart.ports import Blocking, Observation
from worklake.sync.lake_store import ItemFacts
from worklake.sync.match import Match
from worklake.sync.pending import Observed
from worklake.sync.ports import ports_of, rules_of, store_of
from worklake.sync.rules.state import Edited, ItemKey
from worklake.sync.rules.task import Moment
from worklake.sync.run import RunContext

_ELSEWHERE = """
    select task_id, source, external_id from {links} t
    where kind = 'task' and state <> 'creating' and source <> :source and {among}
"""
_LAST = """
    select r.source, coalesce(max(c.batch), 0) as merged from {records} r
    left join (select source, batch from {cursors} where stage = 'merge') c on r.source = c.source
    where r.source <> :source group by r.source having max(r.batch) > coalesce(max(c.batch), 0)
"""
_PENDING = """
    select r.source, r.external_id, r.payload, r.batch from {records} r
    where r.kind = 'task' and r.source = :source and r.batch > :after and {among} order by r.batch
"""

_UNSEEN = """
    select l.source, l.external_id, l.task_id, r.payload from {links} l
    join {records} r on l.source = r.source and l.external_id = r.external_id and l.record_hash = r.record_hash
    where l.kind = 'task' and r.kind = 'task' and l.seen like '{"fields":{}%' and {among}
"""


_NOTHING = TaskView({}, None, None, None, None, None, None)
"""What is seen of an item that was not read itself."""


def merge_shared(
    lake: Lake,
    run: RunContext,
    source: str,
    items: Sequence[Observed[TaskView]],
    homes: Mapping[str, str],
    facts: Mapping[ItemKey, ItemFacts],
    batch: int,
    *,
    anew: bool = False,
    blocked: Mapping[str, Blocked] = MappingProxyType({}),
) -> None:
    """Merge these items of one source into their tasks (`homes`, by external id), and with them what was pulled of
    the same tasks from the other sources and is not merged yet, so that no source is taken before another.

    `blocked` is what items of the source say of others that they block; of those, `homes` has the tasks as well.
    """
    if not items and not blocked:
        return
    read = {one.external_id: one for one in items}
    observations = [
        Observation(
            source,
            external_id,
            read[external_id].view if external_id in read else _NOTHING,
            batch,
            homes[external_id],
            reread=anew and external_id in read,
            edits={"blocked_by": Edited(told.at)} if told else {},
            blocking=Blocking(frozenset(told.by), frozenset(told.no_more_by)) if told else None,
            partial=external_id not in read,
        )
        for external_id in sorted(read.keys() | blocked.keys())
        for told in [blocked.get(external_id)]
    ]
    store = store_of(lake, run)
    others = _pending_elsewhere(lake, run, source, set(homes.values()))
    store.tell(facts)
    merge_tasks(store, ports_of(lake, run), [*observations, *others], rules_of(run), Moment(run.run_id, run.clock()))


def take_shared_comments(lake: Lake, run: RunContext, comments: Sequence[CommentObservation]) -> None:
    """Take comments on tasks that live in several items into account."""
    if comments:
        moment = Moment(run.run_id, run.clock())
        take_comments(store_of(lake, run), ports_of(lake, run), comments, moment)


def meet(lake: Lake, run: RunContext, tasks: Collection[str]) -> None:
    """Merge those items of these tasks of which nothing was seen there yet, as their current records show them."""
    lenses = {one.name: one.integration.lens for one in (*run.sources, *run.elsewhere)}
    store = store_of(lake, run)
    batch, met = store.last_batch(), []
    for row in lake.rows_among(_UNSEEN, "l.task_id", tasks):
        if row["source"] in lenses:
            view = lenses[row["source"]].view(Kind.TASK, orjson.loads(row["payload"]))
            if isinstance(view, TaskView):
                met.append(Observation(row["source"], row["external_id"], view, batch, row["task_id"]))
    if met:
        merge_tasks(store, ports_of(lake, run), met, rules_of(run), Moment(run.run_id, run.clock()))


def facts_of(item: Observed[TaskView], mentions: Iterable[str], matched: Match | None) -> ItemFacts:
    """What is kept of an item besides its fields."""
    view = item.view
    return ItemFacts(
        mentions=tuple(mentions),
        blocks=tuple(view.blocks),
        record_hash=item.record_hash,
        linked_by=matched.linked_by if matched is not None else "born",
        created_at=view.created_at,
        completed_at=view.completed_at,
    )


def _pending_elsewhere(lake: Lake, run: RunContext, source: str, tasks: set[str]) -> list[Observation]:
    """What was pulled of these tasks from other sources and is not merged yet. What cannot be read waits for its own
    source's merge, which puts it aside.
    """
    lenses = {one.name: one.integration.lens for one in (*run.sources, *run.elsewhere)}
    merged = {row["source"]: row["merged"] for row in lake.rows(_LAST, {"source": source}) if row["source"] in lenses}
    linked = {
        ItemKey(row["source"], row["external_id"]): row["task_id"]
        for row in (lake.rows_among(_ELSEWHERE, "task_id", tasks, {"source": source}) if merged else ())
    }
    found: dict[ItemKey, Observation] = {}
    for other, after in sorted(merged.items()):
        ids = {key.external_id for key in linked if key.source == other}
        for row in lake.rows_among(_PENDING, "external_id", ids, {"source": other, "after": after}):
            key = ItemKey(other, row["external_id"])
            try:
                view = lenses[other].view(Kind.TASK, orjson.loads(row["payload"]))
            except UnreadableError:
                continue
            if isinstance(view, TaskView):
                found[key] = Observation(other, key.external_id, view, row["batch"], linked[key])
    return list(found.values())
