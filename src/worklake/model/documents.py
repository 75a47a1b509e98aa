"""What each command answers: the JSON documents of `--json` and of the Python calls of the same names. Those of plan,
apply, sync and undo are in `model/plan_documents.py`.

Fields with `exclude` are there for people and Python alone; they are no part of the JSON document.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from worklake.model.fields import Priority, Status


class Document(BaseModel):
    """A command's answer. Times are UTC and written as RFC 3339."""

    model_config = ConfigDict(frozen=True)


class PulledSource(Document):
    """What a pull did with one source. The numbers count tasks, but for those that say what else."""

    requests: int = Field(description="HTTP calls made, repeated ones included")
    seen: int = Field(description="Tasks that the source listed")
    new: int = Field(description="Tasks among them that were not known")
    changed: int = Field(description="Known tasks among them that had changed")
    comments: int = Field(description="Comments that were new or had changed")
    quarantined: int = Field(description="Tasks that could not be read and were put aside")
    merge_requests: int = Field(default=0, description="Merge requests that were new or had changed")
    commits: int = Field(default=0, description="Commits that were new and name an item of a tool")
    error: str | None = Field(description="Why the source was not read to its end, if so")
    error_kind: str | None = Field(description="What kind of failure: AuthError, AccessError, RetryableError …")


class PullDocument(Document):
    """`worklake pull`."""

    run_id: str
    state: str = Field(description="done, partial (a source was not read to its end) or failed (none was, no commit)")
    sources: Mapping[str, PulledSource]


class LinkDocument(Document):
    """An item that a task is."""

    source: str
    provider: str
    external_id: str
    url: str | None
    state: str
    key: str | None = Field(default=None, exclude=True)
    """What people call it, with its host: `linear.app/acme/ENG-12`."""


class TaskDocument(Document):
    """One task of `worklake tasks`. People are person ids: e-mail addresses where known."""

    task_id: str
    source: str = Field(description="The source it was first seen in")
    title: str
    description: str | None
    status: Status
    priority: Priority
    labels: list[str]
    assignees: list[str]
    due_date: date | None
    start_date: date | None
    estimate_minutes: int | None
    estimate_points: float | None
    project: str | None
    milestone: str | None
    cycle: str | None
    parent_id: str | None
    blocked_by: list[str]
    archived: bool
    confidential: bool
    links: list[LinkDocument]
    created_at: datetime | None
    updated_at: datetime | None
    completed_at: datetime | None


class SweptSource(Document):
    """What a sweep found in one source."""

    requests: int
    listed: int = Field(description="Items that the source lists")
    missing: int = Field(description="Known items that it does not list; each was asked for")
    deleted: int
    archived: int
    moved: int = Field(description="Items that are where the settings do not look; nothing follows from that")
    no_access: int = Field(description="Items that may be there and that the token cannot see")
    back: int = Field(description="Items that are there again")
    error: str | None = Field(description="Why the source was not swept to its end, if so")


class SweptItem(Document):
    """An item of which a sweep found that it is not there as it was."""

    source: str
    external_id: str
    key: str | None
    task_id: str
    title: str
    found: str = Field(description="deleted, archived, moved or no_access")
    why: str


class SweepDocument(Document):
    """`worklake sweep`."""

    run_id: str
    state: str
    sources: dict[str, SweptSource]
    items: list[SweptItem]


class ProposalDocument(Document):
    """Two tasks that may be one: `other_task_id`'s items would move to `task_id`."""

    proposal_id: str
    task_id: str
    title: str
    source: str
    other_task_id: str
    other_title: str
    other_source: str
    reason: str
    proposed_at: datetime
    key: str | None = Field(default=None, description="What people call the first task in its source, with its host")
    other_key: str | None = Field(default=None, description="What people call the other one")
    doubt: str | None = Field(
        default=None, description="Why `worklake links accept --all` leaves it to a person who looks at it; else null"
    )
    differs: list[str] = Field(
        default_factory=list, description="The fields in which both tasks say something, and not the same"
    )


class ChangeDocument(Document):
    """One row of `worklake explain`, oldest first: a change that was observed or made, or what became of a write."""

    field: str
    old: Any
    new: Any
    source: str
    external_id: str | None
    actor: str | None
    changed_at: datetime | None
    decision: str = Field(
        description="Of a change: created, linked, taken, agreed, lost, refused, held, settled or undone; of a write:"
        " written, adjusted (by the provider), undone, stale, refused, failed, gone, no_access, paused, not_sent,"
        " unknown, overwritten (our write, by a person; or a person's edit, by our write: the reason says which)"
    )
    reason: str
    run_id: str
    observed_at: datetime
    window_seconds: float | None = Field(
        default=None, description="Of a write: from reading the item to the answer; edits made meanwhile may be lost"
    )


class DifferenceDocument(Document):
    """A field that one of a task's items shows differently from the task."""

    source: str
    external_id: str
    field: str
    shown: Any
    task: Any
    why: str = Field(default="", description="Why it stands: due, held, refused, or the same in meaning")


class CodeDocument(Document):
    """A merge request or commit that names a task."""

    source: str
    kind: str = Field(description="merge_request or commit")
    key: str = Field(description="What people call it, with its host; of a commit its project and sha")
    title: str
    state: str | None = Field(description="opened, merged or closed; null for a commit")
    how: str = Field(description="closes, branch or mentions")
    named: str = Field(description="The name as it stands there")
    url: str | None
    at: datetime | None = Field(description="When it was merged or committed, else when it last changed")


class ExplainDocument(Document):
    """`worklake explain TASK`."""

    task_id: str
    title: str
    asked_for: str | None = Field(description="The task id that was given, where that task is part of this one now")
    links: list[LinkDocument]
    changes: list[ChangeDocument]
    differences: list[DifferenceDocument]
    code: list[CodeDocument] = Field(
        default_factory=list, description="Merge requests and commits that name the task, oldest first"
    )


class CheckLine(Document):
    """One line of `worklake check`."""

    subject: str
    ok: bool
    detail: str
    mend: str | None


class CheckDocument(Document):
    """`worklake check`."""

    ok: bool
    checks: list[CheckLine]


class QuarantineDocument(Document):
    """A payload that could not be read."""

    source: str
    kind: str
    external_id: str
    reason: str
    quarantined_at: datetime


class FailureDocument(Document):
    """A step of the newest plan that was tried and not done; the next plan takes it up as long as it is due."""

    source: str
    task_id: str
    external_id: str | None = Field(description="The item; null where it is yet to be made")
    operation: str
    outcome: str = Field(description="As in `worklake apply`")
    error: str | None = Field(description="What was said against it, with the mend where there is one")
    at: datetime
    key: str | None = Field(default=None, exclude=True)
    title: str = Field(default="", exclude=True)


class SourceStatus(Document):
    """How one source stands."""

    source: str
    provider: str
    tasks: int
    cursor: str | None = Field(description="Where the next pull goes on, in the integration's own words")
    cursor_moved_at: datetime | None = Field(description="When a pull last found something")
    last_pulled_at: datetime | None = Field(description="When a pull last read the source, to its end or in part")
    last_change_at: datetime | None = Field(description="When the newest item last changed, as the source says")
    last_error: str | None = Field(description="Why the last run did not read the source to its end, if so")
    backlog: int = Field(description="Records that are pulled and not merged yet")
    pending: int = Field(default=0, description="Steps of the newest plan that are not written, and those that wait")
    no_access: int = Field(default=0, description="Items that the token may not write; tried when they are read again")
    outside: int = Field(
        default=0, description="Items in projects or teams that the settings no longer name: nothing is written there"
    )
    paused: str | None = Field(
        default=None, description="Why nothing is written there, with the mend, if the last run was refused"
    )
    quarantined: int
    frozen: list[str] = Field(
        default_factory=list,
        description="Fields that the last run left alone there: a name that the settings give a meaning is gone",
    )


class TableStatus(Document):
    """The size of one table."""

    table: str
    rows: int
    bytes: int
    files: int


class NoAccessDocument(Document):
    """An item that may not be written. `worklake sweep`, or a pull that finds it changed, reads it again."""

    source: str
    external_id: str
    key: str | None
    task_id: str
    title: str
    error: str | None = Field(description="What was said against the write; null where a sweep could not see the item")
    at: datetime | None = Field(description="When the write was tried")


class RunStatus(Document):
    """A run."""

    run_id: str
    command: str
    state: str
    started_at: datetime
    finished_at: datetime | None


class StatusDocument(Document):
    """`worklake status`."""

    lake: str
    engine: str
    last_run: RunStatus | None
    runs: list[RunStatus] = Field(default_factory=list, description="The newest ten")
    open_conflicts: int = Field(default=0, description="How many conflicts wait for a person")
    proposed_links: int = Field(default=0, description="How many proposed links wait for a person")
    sources: list[SourceStatus]
    quarantine: list[QuarantineDocument]
    failures: list[FailureDocument] = Field(
        default_factory=list, description="Steps that were tried and not done, the newest fifty"
    )
    no_access: list[NoAccessDocument] = Field(
        default_factory=list, description="Items that may not be written, at most fifty"
    )
    tables: list[TableStatus]


class MaintainedTable(Document):
    """What `worklake maintain` did to one table."""

    table: str
    files_before: int
    files_after: int
    files_deleted: int


class MaintainDocument(Document):
    """`worklake maintain`."""

    tables: list[MaintainedTable]


class DecidedDocument(Document):
    """`worklake links accept` and `worklake links refuse`."""

    proposal_id: str
    state: str
    task_id: str | None = Field(description="The task that holds both now, if accepted")


class JoinedDocument(Document):
    """`worklake links add`."""

    task_id: str = Field(description="The task that holds both now")


class LeftLinkDocument(Document):
    """A proposal that is not decided on with the others."""

    proposal_id: str
    reason: str


class DecidedLinksDocument(Document):
    """`worklake links accept` and `worklake links refuse` with `--all` or `--from`: many proposals at once."""

    state: str = Field(description="accepted or refused")
    applied: bool = Field(description="False where it is only shown what would be decided, as it is without --apply")
    decided: list[DecidedDocument]
    left: list[LeftLinkDocument] = Field(description="Those that are not decided on, and why")
    between: dict[str, int] = Field(description="How many, by the sources of the two tasks: `gitlab, linear`")
    differs: dict[str, int] = Field(description="In how many of them the two tasks differ, by field")


class InitDocument(Document):
    """`worklake init`."""

    folder: str
    written: list[str]
    kept: list[str] = Field(description="Files that were there before and were left as they are")
    made: list[CheckLine] = Field(
        default_factory=list, description="With `--notion` what was made in each data source, or why nothing could be"
    )
