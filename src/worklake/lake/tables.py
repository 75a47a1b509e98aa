"""Every table of the lake, declared once. Columns, types and comments come from the row models in `model/rows.py`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from worklake.model import code_rows, route_rows, rows


@dataclass(frozen=True, slots=True)
class Table:
    """A table: its row model, what identifies a row, and how it is written.

    `key` is empty for append-only tables. Tables that are merged into carry deletion vectors, so that a small merge
    does not rewrite large files. `cluster_by` is applied where the engine can.
    """

    name: str
    row: type[rows.Row]
    comment: str
    key: tuple[str, ...] = ()
    cluster_by: tuple[str, ...] = ()

    @property
    def append_only(self) -> bool:
        """Whether rows are only ever added."""
        return not self.key


_TABLES = (
    Table(
        "records",
        rows.Record,
        "Payloads as received: one row per distinct payload of a source's item",
        cluster_by=("source", "batch"),
    ),
    Table(
        "links",
        rows.Link,
        "Task by source item: what was last seen of it",
        key=("source", "kind", "external_id"),
        cluster_by=("source", "external_id"),
    ),
    Table("tasks", rows.Task, "Tasks, canonical and current", key=("task_id",), cluster_by=("task_id",)),
    Table("comments", rows.Comment, "Comments on tasks", key=("comment_id",), cluster_by=("task_id",)),
    Table("people", rows.Person, "Accounts of people", key=("source", "external_id")),
    Table("projects", rows.Project, "Projects of the sources", key=("source", "external_id")),
    Table("milestones", rows.Milestone, "Milestones of the sources", key=("source", "external_id")),
    Table(
        "merge_requests",
        code_rows.MergeRequest,
        "Merge requests of GitLab and pull requests of GitHub",
        key=("source", "external_id"),
    ),
    Table("commits", code_rows.Commit, "Commits that name an item of a tool", key=("source", "external_id")),
    Table(
        "code_links",
        code_rows.CodeLink,
        "What merge requests and commits name, and which task that is",
        key=("source", "kind", "external_id", "key"),
        cluster_by=("task_id",),
    ),
    Table("changes", rows.Change, "Every observed field change; `tasks` is its fold", cluster_by=("task_id",)),
    Table(
        "conflicts",
        rows.Conflict,
        "Values that compete for a field, open or settled",
        key=("conflict_id",),
        cluster_by=("task_id",),
    ),
    Table("routes", route_rows.Route, "Where tasks should be, and why", key=("task_id",), cluster_by=("task_id",)),
    Table("watched", rows.Watched, "Tasks that may have something to be written", key=("task_id",)),
    Table("plans", rows.Plan, "Plans as they were saved", key=("plan_id",)),
    Table("steps", rows.Step, "The writes that plans mean to make", cluster_by=("plan_id",)),
    Table(
        "writes",
        rows.Write,
        "The ledger: every write to a source, with what was there before",
        key=("write_id",),
        cluster_by=("run_id",),
    ),
    Table("proposals", rows.Proposal, "Pairs of tasks that may be one", key=("proposal_id",)),
    Table(
        "quarantine",
        rows.Quarantined,
        "Payloads that could not be read",
        key=("source", "kind", "external_id", "record_hash"),
    ),
    Table("cursors", rows.Cursor, "Where each pull, merge and routing stands", key=("source", "stage")),
    Table("runs", rows.Run, "Every run, its counts and how it ended", key=("run_id",)),
    Table("calls", rows.Call, "Every HTTP call to a provider", cluster_by=("called_at",)),
)

TABLES: Mapping[str, Table] = {table.name: table for table in _TABLES}
"""Every declared table by name."""
