"""What the lake holds of the items in a chunk and of those around them, fetched by joins on what is concerned."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence, Set

import pyarrow as pa

from worklake.integrations.views import TaskView
from worklake.lake.lake import Lake
from worklake.model.rows import ProposalState
from worklake.sync.fold import Known, RowDict, references
from worklake.sync.match import Elsewhere, Neighbours
from worklake.sync.pending import Chunk, Observed
from worklake.sync.twins import Candidate, Pair

_OWN_LINKS = "select t.* from {links} t where t.source = :source and {among}"
_WAITING = "select kind, external_id, awaits from {links} where source = :source and awaits is not null"
_BY_KEY = """
    select t.task_id, t.source, t.key from {links} t where t.source <> :source and t.kind = 'task' and {among}
"""
_MENTIONING = """
    select t.task_id, t.source, t.name as key, t.key as mentioned
    from (
        select task_id, source, key as name, explode(mentions) as key from {links}
        where source <> :source and kind = 'task' and mentions is not null
    ) t
    where {among}
"""
_OCCUPIED = """
    select t.task_id from {links} t
    where t.source = :source and t.kind = 'task' and t.state <> 'creating' and {among}
"""
_SHARED = "select t.task_id from {links} t where t.kind = 'task' and {among} group by t.task_id having count(*) > 1"
_LETTERS = "regexp_replace(lower(title), '[^\\\\pL\\\\pN]+', '')"
_ALIKE = f"case when {_LETTERS} = '' then lower(title) else {_LETTERS} end"
"""What titles that are nearly the same have in common: their letters and digits."""
_CANDIDATES = f"""
    with candidates as (
        select t.task_id, t.title, t.project, t.created_at from {{tasks}} t
        left anti join {{born}} b on t.task_id = b.task_id
        union all
        select task_id, title, project, created_at from {{born}}
    )
    select c.* from (select *, {_ALIKE} as alike from candidates) c
    left semi join (select {_ALIKE} as alike from {{born}}) b on c.alike = b.alike
"""  # noqa: S608  nothing in it comes from outside
_HELD = "select t.task_id, t.source from {links} t where t.kind = 'task' and t.state <> 'deleted' and {among}"
_PROPOSED = "select t.* from {proposals} t where t.state <> 'accepted' and {among}"
_TASKS = "select t.* from {tasks} t where {among}"
_COMMENTS = "select t.* from {comments} t where {among}"

_BORN = pa.schema(
    [
        ("task_id", pa.string()),
        ("title", pa.string()),
        ("project", pa.string()),
        ("created_at", pa.timestamp("us", tz="UTC")),
    ]
)


class KnownLoader:
    """Fetches, for one source, what a merge needs to know. Asks nothing of a lake that cannot have an answer."""

    def __init__(self, lake: Lake, source: str) -> None:
        self._lake = lake
        self._source = source
        sources = {row["source"] for row in lake.rows("select distinct source from {links}")}
        self.lake_knows_source = source in sources
        self._lake_knows_others = bool(sources - {source})

    def known(self, chunk: Chunk) -> Known:
        """Links of the chunk's items and of those they refer to, and earlier items that wait for one of them."""
        known = Known()
        if not self.lake_knows_source:
            self.lake_knows_source = True
            return known
        refs = {one for item in chunk.tasks for one in references(item.view.fields, item.view.blocks)}
        tasks = {item.external_id for item in chunk.tasks}
        comments = {item.external_id for item in chunk.comments}
        wanted = tasks | comments | refs | {item.view.task for item in chunk.comments}
        for link in self._rows(_OWN_LINKS, external_id=wanted):
            if link["kind"] == "task":
                known.links[link["external_id"]] = link
            else:
                known.comment_links[link["external_id"]] = link
        known.waiting = self._waiting_for(tasks, besides=tasks | comments)
        referred = {one for link in known.waiting for one in link["awaits"]} - wanted
        moving = [link["comment_id"] for link in known.waiting if link["comment_id"]]
        known.comments = {row["comment_id"]: row for row in self._rows(_COMMENTS, comment_id=moving)}
        for link in self._rows(_OWN_LINKS, external_id=referred):
            if link["kind"] == "task":
                known.links[link["external_id"]] = link
        return known

    def _waiting_for(self, tasks: Set[str], besides: Set[str]) -> list[RowDict]:
        """Links of other items than `besides` that wait for one of these tasks."""
        waiting = {
            row["external_id"]
            for row in self._lake.rows(_WAITING, {"source": self._source})
            if not tasks.isdisjoint(row["awaits"])
        }
        found = self._rows(_OWN_LINKS, external_id=waiting - besides)
        return [link for link in found if link["awaits"]]

    def neighbourhood(
        self, unlinked: Sequence[Observed[TaskView]], mentions: Mapping[str, Sequence[str]]
    ) -> Neighbours:
        """Other sources' items that these mention or that mention these."""
        if not unlinked or not self._lake_knows_others:
            return Neighbours()
        keys = {key for item in unlinked for key in mentions.get(item.external_id, ())}
        by_key: dict[str, list[Elsewhere]] = defaultdict(list)
        for row in self._rows(_BY_KEY, key=keys):
            by_key[row["key"]].append(Elsewhere(row["task_id"], row["source"], row["key"]))
        mentioning: dict[str, list[Elsewhere]] = defaultdict(list)
        for row in self._rows(_MENTIONING, key={item.view.key for item in unlinked if item.view.key}):
            mentioning[row["mentioned"]].append(Elsewhere(row["task_id"], row["source"], row["key"] or "another item"))
        markers = {marker for item in unlinked for marker in item.view.markers}
        candidates = markers | {other.task_id for found in (*by_key.values(), *mentioning.values()) for other in found}
        return Neighbours(
            by_key=by_key,
            mentioning=mentioning,
            tasks=frozenset(row["task_id"] for row in self._rows(_TASKS, task_id=markers)),
            occupied=frozenset(row["task_id"] for row in self._rows(_OCCUPIED, task_id=candidates)),
        )

    def alike(self, born: Sequence[RowDict]) -> tuple[list[Candidate], list[Pair]]:
        """New tasks (id, title, project, when they were made) and all that have nearly the same titles, with what is
        proposed of them. Nothing where there is one source only.
        """
        if not born or not self._lake_knows_others:
            return [], []
        rows = self._lake.rows(_CANDIDATES, born=pa.Table.from_pylist(list(born), _BORN))
        new = {row["task_id"] for row in born}
        tasks = {row["task_id"] for row in rows}
        if not tasks - new:
            return [], []
        held: dict[str, set[str]] = defaultdict(set)
        for row in self._rows(_HELD, task_id=tasks):
            held[row["task_id"]].add(row["source"])
        for task in new:
            held[task].add(self._source)
        candidates = [Candidate(**row, sources=frozenset(held[row["task_id"]])) for row in rows if held[row["task_id"]]]
        known = {
            row["proposal_id"]: Pair(row["task_id"], row["other_task_id"], row["state"] == ProposalState.REFUSED)
            for column in ("task_id", "other_task_id")
            for row in self._rows(_PROPOSED, **{column: tasks})
        }
        return candidates, [known[one] for one in sorted(known)]

    def links(self, external_ids: Collection[str]) -> dict[str, RowDict]:
        """The task links of these items of the source, by external id."""
        found = self._rows(_OWN_LINKS, external_id=external_ids)
        return {link["external_id"]: link for link in found if link["kind"] == "task"}

    def shared(self, task_ids: Collection[str]) -> set[str]:
        """Those of these tasks that live in several items. Nobody is asked where there is one source only."""
        if not self._lake_knows_others:
            return set()
        return {row["task_id"] for row in self._rows(_SHARED, task_id=task_ids)}

    def tasks(self, task_ids: Iterable[str]) -> dict[str, RowDict]:
        """Drafts of these tasks by id: their rows with dates as ISO strings."""
        return {row["task_id"]: row | _iso_dates(row) for row in self._rows(_TASKS, task_id=set(task_ids))}

    def accounts(self) -> dict[str, str]:
        """Person ids of the source's accounts by external id."""
        found = self._lake.sql(
            "select external_id, person_id from {people} where source = :source", {"source": self._source}
        )
        return dict(zip(*(column.to_pylist() for column in found.columns), strict=True))

    def change_ids_after(self, batch: int) -> set[str]:
        """Ids of changes of the source that a killed merge wrote after this batch."""
        query = "select change_id from {changes} where source = :source and batch > :batch"
        found = self._lake.sql(query, {"source": self._source, "batch": batch})
        return set(found.column("change_id").to_pylist())

    def proposal_ids(self) -> set[str]:
        """Ids of all proposals ever made."""
        return set(self._lake.sql("select proposal_id from {proposals}").column("proposal_id").to_pylist())

    def open_quarantine(self) -> list[RowDict]:
        """What of the source is put aside and not resolved."""
        query = "select * from {quarantine} where source = :source and resolved_at is null"
        return self._lake.rows(query, {"source": self._source})

    def _rows(self, query: str, **wanted: Collection[str]) -> list[RowDict]:
        """The query's rows (as `t`) for these values of a column."""
        ((column, values),) = wanted.items()
        arguments = {"source": self._source} if ":source" in query else None
        return self._lake.rows_among(query, f"t.{column}", set(values), arguments)


def _iso_dates(row: RowDict) -> RowDict:
    return {name: row[name].isoformat() if row[name] else None for name in ("due_date", "start_date")}
