"""The heart's store over the lake's tables."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Any

import pyarrow as pa

from worklake.lake.lake import Lake
from worklake.lake.names import spelled_out
from worklake.model import rows
from worklake.model.heart_rows import SavedPlan, Write
from worklake.model.rows import Kind, LinkState
from worklake.sync.heart.store import Decided, KnownItem, Loaded, StoredLink, answered
from worklake.sync.lake_store import comments, decisions, joined, ledger, links, tasks
from worklake.sync.lake_store.links import ItemFacts, LinkStamp
from worklake.sync.rows import rows_to_arrow
from worklake.sync.rules.comments import CommentLink
from worklake.sync.rules.state import Change, Conflict, ItemKey, TaskState
from worklake.sync.rules.task import fold_onto

_RowDict = dict[str, Any]

_TASKS = f"select {tasks.COLUMNS} from {{tasks}} where {{among}}"  # noqa: S608  columns of the row model
_OLD_TASKS = "select task_id, source, created_at, updated_at, completed_at from {tasks} where {among}"
_LINKS = f"select {links.COLUMNS} from {{links}} where kind = 'task' and {{among}}"  # noqa: S608
_LINKS_OF = f"select {links.COLUMNS} from {{links}} where kind = 'task' and {{sources}} and {{among}}"  # noqa: S608
_OLD_LINKS = "select * from {links} where kind = 'task' and {sources} and {among}"
_COMMENTS = f"""
    select {comments.COLUMNS} from {{links}} where kind = 'comment' and {{among}} order by source, external_id
"""  # noqa: S608
_WRITTEN = "select comment_id, author, created_at from {comments} where {among}"
_OLD_COMMENTS = "select source, external_id, comment_id, first_seen_at from {links} where kind = 'comment' and {among}"
_HOLDERS = """
    select task_id, source, external_id from {links}
    where kind = 'task' and state <> 'creating' and {among}
    order by case when state = 'deleted' then 0 else 1 end, source, external_id
"""
_CHILDREN = "select task_id from {tasks} where {among}"
_BLOCKED = "select task_id from (select task_id, explode(blocked_by) as blocker from {tasks}) where {among}"
_OPEN_CONFLICTS = "select * from {conflicts} where is_open and {among} order by opened_at, conflict_id"
_KEPT_CHANGES = "select change_id from {changes} where {among}"
_DECIDED = "select task_id, change_id, field, decision, position from {changes} where position is not null and {among}"
_CHANGES = "select * from {changes} where position is not null and {among} order by number"
_UNRESOLVED = "select * from {writes} where outcome is null order by number"
_UNCHECKED = "select * from {writes} where checked = false and outcome = 'acknowledged' order by number"
_ITEMS = """
    select external_id, state, key from {links}
    where kind = 'task' and state <> 'creating' and source = :source order by external_id
"""
_LIVE = """
    select source, count(*) as items from {links} where kind = 'task' and state = 'linked' and {among} group by source
"""


def nothing() -> None:
    """What comes before the first write where nobody waits for it."""


class LakeStore:
    """Keeps the contract of `worklake.sync.heart.store.Store` over a lake whose tables are there (`Lake.ensure`).

    Whoever uses it holds the lake's lease. `providers` has the kind of provider of each source; to `touched` it adds
    the tasks whose rows it changes. `begin` is called before it writes anything.
    """

    def __init__(
        self,
        lake: Lake,
        run_id: str,
        clock: Callable[[], datetime],
        providers: Mapping[str, str] = MappingProxyType({}),
        touched: set[str] | None = None,
        begin: Callable[[], None] = nothing,
    ) -> None:
        self._begin = begin
        self._lake, self._run_id, self._clock, self._providers = lake, run_id, clock, providers
        self._touched = set[str]() if touched is None else touched
        self._facts: dict[ItemKey, ItemFacts] = {}
        self._behind: dict[str, TaskState] = {}
        self._left_over: dict[ItemKey, str] = {}
        self._unresolved: list[Write] | None = None

    def tell(self, facts: Mapping[ItemKey, ItemFacts]) -> None:
        """What a pull knows of items besides their fields; it is kept whenever their links are."""
        self._facts.update(facts)

    # tasks and what belongs to them

    def load(self, task_ids: Collection[str]) -> dict[str, Loaded]:
        """See `Store.load`."""
        wanted = set(task_ids)
        stored = {row["task_id"]: row for row in self._lake.rows_among(_TASKS, "task_id", wanted)}
        link_rows = _by_task(self._lake.rows_among(_LINKS, "task_id", wanted))
        conflicts = _by_task(self._lake.rows_among(_OPEN_CONFLICTS, "task_id", wanted))
        decided = _by_task(self._lake.rows_among(_DECIDED, "task_id", wanted))
        unfolded = self._unfolded(stored, decided)
        loaded = {}
        gone = joined.went(self._lake, decided.keys() - stored.keys())
        for task in wanted & (stored.keys() | decided.keys()) - gone.keys():
            its_links = self._links_of(link_rows[task])
            state = self._state(task, stored.get(task), link_rows[task], its_links, unfolded[task])
            loaded[task] = Loaded(
                state,
                its_links,
                tuple(decisions.conflict_of(row) for row in conflicts[task]),
                frozenset(row["change_id"] for row in decided[task]),
                task not in self._behind,
                answered(
                    Decided(one["change_id"], one["field"], one["decision"], one["position"]) for one in decided[task]
                ),
            )
        return loaded

    def _unfolded(
        self, stored: Mapping[str, _RowDict], decided: Mapping[str, Sequence[_RowDict]]
    ) -> dict[str, list[Change]]:
        """Changes that were kept in a merge that died before it kept the tasks."""
        ids = [
            row["change_id"]
            for task, known in decided.items()
            for row in known
            if task not in stored or row["position"] >= (stored[task]["version"] or 0)
        ]
        found = defaultdict(list)
        for row in self._lake.rows_among(_CHANGES, "change_id", ids):
            found[row["task_id"]].append(decisions.change_of(row))
        return found

    def _state(
        self,
        task: str,
        row: _RowDict | None,
        link_rows: Iterable[_RowDict],
        its_links: Iterable[StoredLink],
        unfolded: Iterable[Change],
    ) -> TaskState:
        self._behind.pop(task, None)
        state = TaskState(task, {})
        if row is not None:
            born_as = next((ItemKey(one["source"], one["external_id"]) for one in link_rows if one["is_primary"]), None)
            shown = next((link.seen for link in its_links if link.key == born_as), {})
            state = tasks.task_state(row, born_as, shown)
        later = sorted(unfolded, key=lambda change: change.position)
        if later:
            state = self._behind[task] = fold_onto(state, later)
        return state

    def _links_of(self, link_rows: Sequence[_RowDict]) -> tuple[StoredLink, ...]:
        over = links.replaced(link_rows)
        found = sorted((links.stored_link(row) for row in link_rows), key=lambda link: link.key)
        self._left_over |= {link.key: link.task_id for link in found if link.key in over}
        return tuple(link for link in found if link.key not in over)

    def went(self, task_ids: Collection[str]) -> dict[str, str]:
        """See `Store.went`."""
        return joined.went(self._lake, task_ids)

    def last_batch(self) -> int:
        """See `Store.last_batch`."""
        return self._largest("cursors", "batch")

    def find(self, keys: Collection[ItemKey]) -> dict[ItemKey, StoredLink]:
        """See `Store.find`."""
        found = self._rows_of_items(_LINKS_OF, keys)
        return {key: links.stored_link(found[key]) for key in keys if key in found}

    def _rows_of_items(self, query: str, keys: Collection[ItemKey]) -> dict[ItemKey, _RowDict]:
        """The rows of a query for items. Others may go by the same id in other sources: those are not even read."""
        sources = spelled_out("source", {key.source for key in keys}) or "true"
        found = self._lake.rows_among(
            query.replace("{sources}", sources), "external_id", {key.external_id for key in keys}
        )
        return {ItemKey(row["source"], row["external_id"]): row for row in found}

    def holders(self, task_ids: Collection[str]) -> dict[str, list[ItemKey]]:
        """See `Store.holders`."""
        held = _by_task(self._lake.rows_among(_HOLDERS, "task_id", set(task_ids)))
        return {task: [ItemKey(row["source"], row["external_id"]) for row in found] for task, found in held.items()}

    def conflicts(self, conflict_ids: Collection[str]) -> dict[str, Conflict]:
        """See `Store.conflicts`."""
        found = self._lake.rows_among("select * from {conflicts} where {among}", "conflict_id", set(conflict_ids))
        return {row["conflict_id"]: decisions.conflict_of(row) for row in found}

    def commit(
        self,
        changes: Sequence[Change] = (),
        tasks: Sequence[TaskState] = (),
        links: Sequence[StoredLink] = (),
        conflicts: Sequence[Conflict] = (),
        ended: Collection[ItemKey] = (),
    ) -> None:
        """See `Store.commit`."""
        ending = self.find(ended)
        named = {one.task_id for rows_of in (changes, tasks, links, conflicts, ending.values()) for one in rows_of}
        self._merge("watched", [{"task_id": task} for task in named])
        self._keep_changes(changes)
        self._keep_tasks(tasks)
        by_id = {one.conflict_id: one for one in conflicts}
        self._merge("conflicts", [decisions.conflict_row(one) for one in by_id.values()])
        self._keep_links({link.key: link for link in links}, list(ending.values()))

    def comments(self, task_ids: Collection[str]) -> dict[str, list[CommentLink]]:
        """See `Store.comments`."""
        found = _by_task(self._lake.rows_among(_COMMENTS, "task_id", set(task_ids)))
        written = {row["comment_id"]: row for row in self._lake.rows_among(_WRITTEN, "task_id", found.keys())}
        return {
            task: [
                comments.comment_link(row, written.get(row["comment_id"]) if row["is_primary"] else None)
                for row in of_task
            ]
            for task, of_task in found.items()
        }

    def keep_comments(self, links: Sequence[CommentLink], changes: Sequence[Change] = ()) -> None:
        """See `Store.keep_comments`. What was taken for a person's comment and is a copy leaves `comments`."""
        self._merge(
            "watched",
            [{"task_id": task} for task in {link.task_id for link in links} | {change.task_id for change in changes}],
        )
        self._keep_comment_changes(changes)
        by_key = {link.key: link for link in links}
        found = self._lake.rows_among(_OLD_COMMENTS, "external_id", {key.external_id for key in by_key})
        old = {ItemKey(row["source"], row["external_id"]): row for row in found}
        over = {old[key]["comment_id"] for key, link in by_key.items() if key in old} - {
            link.comment_id for link in by_key.values()
        }
        if over:
            self._lake.delete("comments", pa.table({"comment_id": sorted(over)}))
        self._merge("comments", [comments.comment_row(link) for link in by_key.values() if link.is_born])
        stamp = LinkStamp(self._run_id, self._clock(), self._providers)
        self._merge("links", [comments.comment_link_row(link, old.get(key), stamp) for key, link in by_key.items()])

    def _keep_comment_changes(self, changes: Sequence[Change]) -> None:
        ids = {change.change_id for change in changes}
        known = {row["change_id"] for row in self._lake.rows_among(_KEPT_CHANGES, "change_id", ids)}
        fresh = {change.change_id: change for change in changes if change.change_id not in known}
        if fresh:
            told = [decisions.change_row(one, 0) | {"position": None, "number": None} for one in fresh.values()]
            self._lake.append("changes", rows_to_arrow(rows.Change, told))

    def _keep_changes(self, changes: Sequence[Change]) -> None:
        known = self._lake.rows_among(_DECIDED, "task_id", {change.task_id for change in changes})
        ids = {row["change_id"] for row in known}
        fresh: dict[str, Change] = {}
        for change in changes:
            if change.change_id not in ids:
                fresh.setdefault(change.change_id, change)
        if fresh:
            first = self._largest("changes", "number") + 1
            ordered = [decisions.change_row(one, first + place) for place, one in enumerate(fresh.values())]
            self._begin()
            self._lake.append("changes", rows_to_arrow(rows.Change, ordered))

    def _keep_tasks(self, states: Iterable[TaskState]) -> None:
        by_id = {state.task_id: state for state in states}
        self._touched.update(by_id)
        old = {row["task_id"]: row for row in self._lake.rows_among(_OLD_TASKS, "task_id", by_id.keys())}
        self._merge("tasks", [tasks.task_row(one, old.get(task), self._facts) for task, one in by_id.items()])
        for task in by_id:
            self._behind.pop(task, None)

    def _keep_links(self, fresh: Mapping[ItemKey, StoredLink], ended: Sequence[StoredLink]) -> None:
        """A link that takes the place of one that ended says so: a crash before that one is deleted does no harm."""
        old = self._rows_of_items(_OLD_LINKS, fresh.keys())
        stamp = LinkStamp(self._run_id, self._clock(), self._providers)
        ended = [link for link in ended if link.key not in fresh]
        places = links.replacements(fresh.values(), ended)
        self._merge(
            "links",
            [
                links.link_row(link, old.get(key), self._facts.get(key), stamp, places.get(key))
                for key, link in fresh.items()
            ],
        )
        over = {link.key for link in ended}
        over |= {key for key, task in self._left_over.items() if any(link.task_id == task for link in fresh.values())}
        if over:
            self._delete_links(over)

    def _delete_links(self, keys: Collection[ItemKey]) -> None:
        columns = {
            "source": [key.source for key in keys],
            "kind": [Kind.TASK.value for _ in keys],
            "external_id": [key.external_id for key in keys],
        }
        self._begin()
        self._lake.delete("links", pa.table(columns))
        for key in keys:
            self._left_over.pop(key, None)

    # what may be pending

    def watched(self) -> set[str]:
        """See `Store.watched`."""
        return set(self._lake.sql("select task_id from {watched}").column("task_id").to_pylist())

    def release(self, task_ids: Collection[str]) -> None:
        """See `Store.release`. A task whose row a merge that died left behind its changes is kept first."""
        released = set(task_ids)
        self._keep_tasks([self._behind[task] for task in released & self._behind.keys()])
        if released:
            self._begin()
            self._lake.delete("watched", pa.table({"task_id": sorted(released)}))

    def watch(self, task_ids: Collection[str]) -> None:
        """See `Store.watch`."""
        self._merge("watched", [{"task_id": task} for task in sorted(set(task_ids))])

    def referrers(self, task_ids: Collection[str]) -> set[str]:
        """See `Store.referrers`."""
        wanted = set(task_ids)
        found = self._lake.rows_among(_CHILDREN, "parent_id", wanted)
        found += self._lake.rows_among(_BLOCKED, "blocker", wanted)
        return {row["task_id"] for row in found}

    # plans and the ledger

    def save_plan(self, plan: SavedPlan) -> None:
        """See `Store.save_plan`. The steps, which the plan's id is derived from, come first."""
        counted = self._lake.rows("select count(*) as n from {steps} where plan_id = :plan", {"plan": plan.plan_id})
        if plan.steps and not counted[0]["n"]:
            self._begin()
            self._lake.append("steps", rows_to_arrow(rows.Step, ledger.step_rows(plan)))
        self._merge("plans", [ledger.plan_row(plan, self._largest("plans", "number") + 1)])

    def plan(self, plan_id: str | None = None) -> SavedPlan | None:
        """See `Store.plan`."""
        if plan_id is None:
            found = self._lake.rows("select * from {plans} order by number desc limit 1")
        else:
            found = self._lake.rows("select * from {plans} where plan_id = :plan", {"plan": plan_id})
        if not found:
            return None
        query = "select * from {steps} where plan_id = :plan order by position"
        return ledger.saved_plan(found[0], self._lake.rows(query, {"plan": found[0]["plan_id"]}))

    def intend(self, writes: Sequence[Write]) -> None:
        """See `Store.intend`."""
        known = self._numbers_of(writes)
        fresh = {write.write_id: write for write in writes if write.write_id not in known}
        if fresh:
            self._begin()
            self._unresolved = None
            self._lake.append("writes", rows_to_arrow(rows.Write, self._write_rows(fresh.values(), {})))

    def finish(self, writes: Sequence[Write]) -> None:
        """See `Store.finish`."""
        newest = {write.write_id: write for write in writes}
        self._unresolved = None
        self._merge("writes", self._write_rows(newest.values(), self._numbers_of(writes)))

    def _numbers_of(self, writes: Iterable[Write]) -> dict[str, int]:
        query = "select write_id, number from {writes} where {among}"
        found = self._lake.rows_among(query, "write_id", {write.write_id for write in writes})
        return {row["write_id"]: row["number"] for row in found}

    def _write_rows(self, writes: Collection[Write], known: Mapping[str, int]) -> list[_RowDict]:
        first = self._largest("writes", "number") + 1 if len(known) < len(writes) else 0
        return [ledger.write_row(write, known.get(write.write_id, first + place)) for place, write in enumerate(writes)]

    def unresolved(self, task_ids: Collection[str] | None = None) -> list[Write]:
        """See `Store.unresolved`. They are few, and asked for once until this store writes others."""
        if self._unresolved is None:
            self._unresolved = [ledger.write_of(row) for row in self._lake.rows(_UNRESOLVED)]
        return [write for write in self._unresolved if task_ids is None or write.task_id in task_ids]

    def unchecked(self) -> list[Write]:
        """See `Store.unchecked`."""
        return [ledger.write_of(row) for row in self._lake.rows(_UNCHECKED)]

    def writes(self, run_id: str) -> list[Write]:
        """See `Store.writes`."""
        found = self._lake.rows("select * from {writes} where run_id = :run order by number", {"run": run_id})
        return [ledger.write_of(row) for row in found]

    def writes_of_plan(self, plan_id: str) -> list[Write]:
        """See `Store.writes_of_plan`."""
        found = self._lake.rows("select * from {writes} where plan_id = :plan order by number", {"plan": plan_id})
        return [ledger.write_of(row) for row in found]

    def changes(self, *, run_id: str | None = None, task_id: str | None = None) -> list[Change]:
        """See `Store.changes`. What a pull of one source alone brought is not among them."""
        column, value = ("task_id", task_id) if task_id is not None else ("run_id", run_id)
        return [decisions.change_of(row) for row in self._lake.rows_among(_CHANGES, column, [str(value)])]

    def conflicts_of(self, run_id: str) -> list[Conflict]:
        """See `Store.conflicts_of`."""
        query = "select * from {conflicts} where run_id = :run order by opened_at, conflict_id"
        return [decisions.conflict_of(row) for row in self._lake.rows(query, {"run": run_id})]

    def items_of(self, source: str) -> list[KnownItem]:
        """See `Store.items_of`."""
        found = self._lake.rows(_ITEMS, {"source": source})
        return [KnownItem(row["external_id"], LinkState(row["state"]), row["key"]) for row in found]

    def live_items(self, sources: Collection[str]) -> dict[str, int]:
        """See `Store.live_items`."""
        found = {row["source"]: row["items"] for row in self._lake.rows_among(_LIVE, "source", set(sources))}
        return {source: found.get(source, 0) for source in sources}

    # rows

    def _largest(self, table: str, column: str) -> int:
        """The largest number in a column; 0 where there is none."""
        return self._lake.rows(f"select max({column}) as n from {{{table}}}")[0]["n"] or 0  # noqa: S608

    def _merge(self, table: str, values: Sequence[_RowDict]) -> None:
        if values:
            self._begin()
            self._lake.merge(table, rows_to_arrow(self._lake.table(table).row, values))


def _by_task(found: Iterable[_RowDict]) -> defaultdict[str, list[_RowDict]]:
    grouped: defaultdict[str, list[_RowDict]] = defaultdict(list)
    for row in found:
        grouped[row["task_id"]].append(row)
    return grouped
