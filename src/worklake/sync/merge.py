"""Merge: takes pulled records into account, a chunk at a time, and commits what follows from them.

Every chunk is committed in an order that makes a crash harmless: changes, then tasks and what belongs to them, then
links, then the cursor. Each step repeated has no further effect, so a killed merge is simply run again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from functools import cached_property

import pyarrow as pa

from worklake.integrations.views import TaskView
from worklake.lake.lake import Lake
from worklake.model import code_rows, rows
from worklake.model.ids import TaskId, proposal_id
from worklake.sync.aside import PUT_ASIDE
from worklake.sync.blocking import Blocked, blocked_items
from worklake.sync.code import find_out, keep_named
from worklake.sync.cursors import cursors_of, move_cursors, newest_batch
from worklake.sync.fold import Folding, Known, Outcome, RowDict, Stamp
from worklake.sync.heart.comments.taking import CommentObservation
from worklake.sync.known import KnownLoader
from worklake.sync.match import Match, Proposed, match
from worklake.sync.pending import Chunk, Observed, pending_chunks
from worklake.sync.people import Directory
from worklake.sync.rows import rows_to_arrow
from worklake.sync.rules.state import ItemKey
from worklake.sync.run import RunContext, Source, SourceCounts, collect_now, collection_paused
from worklake.sync.shared import facts_of, merge_shared, take_shared_comments
from worklake.sync.surroundings import commit_row, merge_request_row, milestone_row, parse_date, person_row, project_row
from worklake.sync.twins import propose_twins


@dataclass(frozen=True, slots=True)
class _Standing:
    """Where the merge of a source stands: the last batch taken in, and the mapping it was read with."""

    batch: int
    mapping: str | None


@collection_paused()
def merge_source(lake: Lake, source: Source, run: RunContext, counts: SourceCounts) -> bool:
    """Take in whatever was pulled from this source and not merged yet; says whether there was anything.

    When the source's mapping changed since the last merge, every item's current record is read anew first.
    """
    standing = _standing(lake, run, source.name)
    directory = Directory.of(run.people)
    mapping = f"{source.integration.lens.fingerprint()}|{directory.fingerprint()}"
    merging = _Merging(lake, source, run, directory, counts)
    merged = False
    if standing.mapping not in (None, mapping):
        step = 1 + newest_batch(lake, run)
        for chunk in merging.chunks(after=0, anew=True):
            merging.take_surroundings(chunk)
        for chunk in merging.chunks(after=0, anew=True):
            merging.take(chunk, step, since=standing.batch, anew=True)
            del chunk  # the collector would walk over all of it
            collect_now()
            merged = True
    for chunk in merging.chunks(after=standing.batch, anew=False):
        through = chunk.through
        merging.take(chunk, through, since=standing.batch)
        del chunk
        collect_now()
        merging.move_cursors(mapping, through)
        standing = _Standing(through, mapping)
        merged = True
    if merged and standing.mapping != mapping:
        merging.move_cursors(mapping, standing.batch)
    return merged


def _standing(lake: Lake, run: RunContext, source: str) -> _Standing:
    cursor = cursors_of(lake, run).get((source, "merge"))
    return _Standing(cursor.batch, cursor.position) if cursor is not None else _Standing(0, None)


class _Merging:
    def __init__(self, lake: Lake, source: Source, run: RunContext, directory: Directory, counts: SourceCounts) -> None:
        self._lake = lake
        self._source = source
        self._run = run
        self._directory = directory
        self._counts = counts
        self._done = 0

    @cached_property
    def _loader(self) -> KnownLoader:
        return KnownLoader(self._lake, self._source.name)

    def chunks(self, *, after: int, anew: bool) -> Iterable[Chunk]:
        """What is pending, or everything anew."""
        run, name = self._run, self._source.name
        return pending_chunks(
            self._lake, name, self._source.integration.lens, after=after, anew=anew, run_id=run.run_id, now=run.clock()
        )

    def take(self, chunk: Chunk, step: int, since: int, *, anew: bool = False) -> None:
        """Take one chunk in and commit it; `anew` where it was taken in before and is only read otherwise."""
        stamp = Stamp(self._source.name, self._source.provider, self._run.run_id, self._run.clock(), step)
        self.take_surroundings(chunk)
        known = self._loader.known(chunk)
        blocked = blocked_items(chunk.tasks, known.links, known.waiting)
        if blocked:
            known.links |= self._loader.links(blocked.keys() - known.links.keys())
        mentions = {item.external_id: keys for item in chunk.tasks if (keys := self._mentions(item.view))}
        unlinked = [item for item in chunk.tasks if item.external_id not in known.links]
        neighbours = self._loader.neighbourhood(unlinked, mentions)
        matches, proposed = match(self._source.name, unlinked, mentions, neighbours)
        matches |= _moves(chunk.tasks, unlinked, known)
        folding = Folding(stamp, self._with_tasks(known, chunk, matches), matches)
        homes = {item.external_id: _home(item, known, matches) for item in chunk.tasks}
        shared = self._shared(chunk.tasks, homes, known, matches)
        blocked, of_blocked = self._blocked(blocked, homes, shared, known, matches)
        folding.tasks([item for item in chunk.tasks if item.external_id not in shared], mentions)
        folding.linked(chunk.tasks)
        folding.blocking(chunk.tasks, aside=blocked)
        folding.waiting()
        comments = self._shared_comments(chunk, homes, known, matches, step)
        observed = {one.external_id for one in comments}
        folding.comments([item for item in chunk.comments if item.external_id not in observed])
        proposed += self._twins(unlinked, matches)
        find_out(self._lake, self._run, _called_anew(chunk.tasks, known, homes))
        # Before the links: an item that has one is not matched again.
        self._commit_proposals(proposed)
        if any(told.no_more_by for told in blocked.values()):
            # Before the links, with which this is no news any more.
            merge_shared(self._lake, self._run, self._source.name, [], of_blocked, {}, step, blocked=blocked)
        self._commit(folding.outcome, known, since)
        together = [item for item in chunk.tasks if item.external_id in shared]
        facts = {
            ItemKey(self._source.name, item.external_id): facts_of(
                item, mentions.get(item.external_id, ()), matches.get(item.external_id)
            )
            for item in together
        }
        merge_shared(
            self._lake,
            self._run,
            self._source.name,
            together,
            of_blocked | {one: homes[one] for one in shared},
            facts,
            step,
            anew=anew,
            blocked=blocked,
        )
        take_shared_comments(self._lake, self._run, comments)
        self._take_code(chunk, known)
        self._commit_quarantine(chunk)
        self._done += len(chunk)
        self._run.progress(self._source.name, "merge", self._done, None)

    def _blocked(
        self,
        blocked: Mapping[str, Blocked],
        homes: Mapping[str, str],
        shared: Set[str],
        known: Known,
        matches: Mapping[str, Match],
    ) -> tuple[dict[str, Blocked], dict[str, str]]:
        """What is said of items whose tasks live in several items, and the tasks of these."""
        if not blocked:
            return {}, {}
        links = {one: known.links[one]["task_id"] for one in blocked if one in known.links and one not in homes}
        several = self._several(known, matches)
        tasks = {one: task for one, task in links.items() if task in several}
        tasks |= {one: homes[one] for one in blocked if one in shared}
        return {one: told for one, told in blocked.items() if one in tasks}, tasks

    def _several(self, known: Known, matches: Mapping[str, Match]) -> set[str]:
        """The tasks that live in several items, or were once settled by a person or merged with others."""
        several = self._loader.shared({link["task_id"] for link in known.links.values()})
        several |= {one.task_id for one in matches.values() if one.linked_by != "born"}
        return several | {task for task, row in known.tasks.items() if row["standings"] is not None}

    def _shared(
        self, tasks: Sequence[Observed[TaskView]], homes: Mapping[str, str], known: Known, matches: Mapping[str, Match]
    ) -> set[str]:
        """The items whose tasks live in several items, or were once settled by a person or merged with others, and
        those that were deleted or archived, or are back: what follows from that, the heart decides.
        """
        several = self._several(known, matches)
        moved = {item.external_id for item in tasks if _was_put_away_or_back(item, known.links.get(item.external_id))}
        return {external_id for external_id, task in homes.items() if task in several or external_id in moved}

    def _shared_comments(
        self, chunk: Chunk, homes: Mapping[str, str], known: Known, matches: Mapping[str, Match], step: int
    ) -> list[CommentObservation]:
        """The comments on tasks that live in several items: copies of others' may be among them."""
        if not chunk.comments:
            return []
        several, found = self._several(known, matches), []
        for item in chunk.comments:
            link = known.links.get(item.view.task)
            task = homes.get(item.view.task) or (link["task_id"] if link is not None else None)
            if task is not None and task in several:
                found.append(
                    CommentObservation(self._source.name, item.external_id, item.view, step, task, item.record_hash)
                )
        return found

    def move_cursors(self, mapping: str, batch: int) -> None:
        """Note that everything up to this batch is taken in, as this mapping reads it."""
        move_cursors(self._lake, self._run, self._source.name, {"merge": mapping}, batch)

    def _mentions(self, view: TaskView) -> list[str]:
        """Keys of other sources' items that a view's URLs show, each once."""
        if not view.urls:
            return []
        own = self._source.integration
        keys = (self._run.key_elsewhere(url, own) for url in view.urls)
        return list(dict.fromkeys(key for key in keys if key is not None))

    def _with_tasks(self, known: Known, chunk: Chunk, matches: Mapping[str, Match]) -> Known:
        """Known, with the tasks that may be moved here. Those that items of other sources are go to the heart, which
        reads them itself.
        """
        known.accounts = self._loader.accounts()
        concerned = {link["task_id"] for link in (*known.links.values(), *known.waiting)}
        if self._loader.lake_knows_source:
            concerned |= {one.task_id for one in matches.values() if one.linked_by == "born"}
        known.tasks = self._loader.tasks(concerned)
        return known

    def _twins(self, unlinked: Sequence[Observed[TaskView]], matches: Mapping[str, Match]) -> list[Proposed]:
        """What may be the same as the new tasks among these, by their titles."""
        born = [
            {
                "task_id": found.task_id,
                "title": item.view.fields["title"],
                "project": item.view.fields.get("project"),
                "created_at": item.view.created_at,
            }
            for item in unlinked
            if (found := matches[item.external_id]).linked_by == "born" and not item.view.deleted
        ]
        return propose_twins(*self._loader.alike(born))

    def take_surroundings(self, chunk: Chunk) -> None:
        """Commit people, projects and milestones; they come first, so that tasks can refer to them."""
        name, provider = self._source.name, self._source.provider
        people = [person_row(name, provider, item, self._directory) for item in chunk.people]
        self._merge("people", rows.Person, people)
        self._merge("projects", rows.Project, [project_row(name, item) for item in chunk.projects])
        self._merge("milestones", rows.Milestone, [milestone_row(name, item) for item in chunk.milestones])

    def _take_code(self, chunk: Chunk, known: Known) -> None:
        """Commit merge requests and commits, and which tasks they name, once the tasks are there."""
        name = self._source.name
        requests = [merge_request_row(name, item, known.accounts) for item in chunk.merge_requests]
        self._merge("merge_requests", code_rows.MergeRequest, requests)
        self._merge("commits", code_rows.Commit, [commit_row(name, item) for item in chunk.commits])
        keep_named(self._lake, self._run, name, chunk.merge_requests, chunk.commits)

    def _commit(self, outcome: Outcome, known: Known, since: int) -> None:
        if outcome.changes:
            written = self._loader.change_ids_after(since)
            fresh = [change for change in outcome.changes if change["change_id"] not in written]
            if fresh:
                self._lake.append("changes", rows_to_arrow(rows.Change, fresh))
        self._run.touched.update(outcome.tasks)
        tasks = [draft | _dates(draft) for draft in outcome.tasks.values()]
        self._merge("tasks", rows.Task, tasks, [row | _dates(row) for row in known.tasks.values()])
        self._merge("comments", rows.Comment, outcome.comments)
        self._merge(
            "links", rows.Link, outcome.links, [*known.links.values(), *known.comment_links.values(), *known.waiting]
        )

    def _commit_proposals(self, proposed: Sequence[Proposed]) -> None:
        """New proposals only: one that a person has decided on is not asked again."""
        if not proposed:
            return
        now = self._run.clock()
        by_id = {proposal_id(one.task_id, one.other_task_id): one for one in proposed}
        known = self._loader.proposal_ids()
        fresh = [
            rows.Proposal(
                proposal_id=identity,
                task_id=one.task_id,
                other_task_id=one.other_task_id,
                reason=one.reason,
                state=rows.ProposalState.PROPOSED,
                proposed_at=now,
                decided_at=None,
                run_id=self._run.run_id,
            )
            for identity, one in by_id.items()
            if identity not in known
        ]
        if fresh:
            self._lake.merge("proposals", fresh)

    def _commit_quarantine(self, chunk: Chunk) -> None:
        """Put aside what cannot be read, and close what was put aside before and can be read now.

        What waits to be completed is closed by the pull that completes it: what is read here may be older.
        """
        self._counts.quarantined += sum(row.kind == rows.Kind.TASK for row in chunk.quarantined)
        open_rows = self._loader.open_quarantine()
        readable = {(kind.value, item.external_id) for kind in rows.Kind for item in chunk.by_kind(kind)}
        newer = {(row.kind, row.external_id) for row in chunk.quarantined}
        now = self._run.clock()
        closed = [
            rows.Quarantined(**row | {"resolved_at": now})
            for row in open_rows
            if (row["kind"], row["external_id"]) in readable | newer and not row["reason"].startswith(PUT_ASIDE)
        ]
        put_aside = {(row.kind, row.external_id, row.record_hash) for row in chunk.quarantined}
        closed = [row for row in closed if (row.kind, row.external_id, row.record_hash) not in put_aside]
        if closed or chunk.quarantined:
            self._lake.merge("quarantine", [*closed, *chunk.quarantined])

    def _merge(
        self, table: str, model: type[rows.Row], values: Sequence[RowDict], stored: Sequence[RowDict] | None = None
    ) -> None:
        if values:
            data: pa.Table = rows_to_arrow(model, values)
            self._lake.merge(table, data, stored)


def _called_anew(tasks: Iterable[Observed[TaskView]], known: Known, homes: Mapping[str, str]) -> dict[str, str]:
    """The tasks of items that were not known by their keys, by these."""
    links = known.links
    return {
        item.view.key: homes[item.external_id]
        for item in tasks
        if item.view.key and (item.external_id not in links or links[item.external_id]["key"] != item.view.key)
    }


def _was_put_away_or_back(item: Observed[TaskView], link: RowDict | None) -> bool:
    """Whether a known item was deleted or archived since it was last seen, or is back."""
    if link is None:
        return False
    if item.view.deleted or link["state"] in (rows.LinkState.DELETED, rows.LinkState.MISSING):
        return item.view.deleted is not bool(link["state"] == rows.LinkState.DELETED)
    return bool(item.view.fields.get("archived")) is not bool(link["state"] == rows.LinkState.ARCHIVED)


def _moves(
    tasks: Iterable[Observed[TaskView]], unlinked: Iterable[Observed[TaskView]], known: Known
) -> dict[str, Match]:
    """The tasks of unknown items that took the place of known ones, which their provider moved."""
    places = {item.view.moved_to: item for item in tasks if item.view.moved_to and item.external_id in known.links}
    found = {}
    for item in unlinked:
        old = places.get(item.external_id)
        if old is not None:
            task = TaskId(known.links[old.external_id]["task_id"])
            found[item.external_id] = Match(task, "moved", f"moved there from {old.view.key or old.external_id}")
    return found


def _home(item: Observed[TaskView], known: Known, matches: Mapping[str, Match]) -> str:
    """The task that an item belongs to."""
    matched = matches.get(item.external_id)
    return matched.task_id if matched is not None else str(known.links[item.external_id]["task_id"])


def _dates(draft: RowDict) -> RowDict:
    return {name: parse_date(draft[name]) for name in ("due_date", "start_date")}
