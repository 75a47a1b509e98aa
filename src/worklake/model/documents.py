"""What each command answers: the JSON documents of `--json` and of the Python calls of the same names."""

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
    """What a pull did with one source. The numbers count tasks, except `requests` and `comments`."""

    requests: int = Field(description="HTTP calls made, repeated ones included")
    seen: int = Field(description="Tasks that the source listed")
    new: int = Field(description="Tasks among them that were not known")
    changed: int = Field(description="Known tasks among them that had changed")
    comments: int = Field(description="Comments that were new or had changed")
    quarantined: int = Field(description="Tasks that could not be read and were put aside")
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


class TaskDocument(Document):
    """One task of `worklake tasks`. People are person ids: e-mail addresses where known."""

    task_id: str
    source: str = Field(description="The source it was first seen in and takes its fields from")
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


class ChangeDocument(Document):
    """One row of `worklake explain`, oldest first."""

    field: str
    old: Any
    new: Any
    source: str
    external_id: str | None
    actor: str | None
    changed_at: datetime | None
    decision: str
    reason: str
    run_id: str
    observed_at: datetime


class DifferenceDocument(Document):
    """A field that one of a task's items shows differently from the task."""

    source: str
    external_id: str
    field: str
    shown: Any
    task: Any


class ExplainDocument(Document):
    """`worklake explain TASK`."""

    task_id: str
    title: str
    asked_for: str | None = Field(description="The task id that was given, where that task is part of this one now")
    links: list[LinkDocument]
    changes: list[ChangeDocument]
    differences: list[DifferenceDocument]


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
    quarantined: int


class TableStatus(Document):
    """The size of one table."""

    table: str
    rows: int
    bytes: int
    files: int


class RunStatus(Document):
    """The newest run."""

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
    sources: list[SourceStatus]
    quarantine: list[QuarantineDocument]
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


class InitDocument(Document):
    """`worklake init`."""

    folder: str
    written: list[str]
    kept: list[str] = Field(description="Files that were there before and were left as they are")


class DemoDocument(Document):
    """`worklake demo`: what its three pulls did, what was due, and the two tasks that were edited in between."""

    pulls: list[PullDocument]
    due: list[TaskDocument]
    explained: list[ExplainDocument]
