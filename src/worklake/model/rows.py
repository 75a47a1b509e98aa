"""What Worklake keeps: one frozen model per kind of row. `lake/tables.py` says which table holds which."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field

from worklake.model.fields import Priority, Status


class Row(BaseModel):
    """A row of a table. Times are UTC."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Kind(StrEnum):
    """What a source's item is."""

    TASK = "task"
    COMMENT = "comment"
    PERSON = "person"
    PROJECT = "project"
    MILESTONE = "milestone"
    MERGE_REQUEST = "merge_request"
    COMMIT = "commit"


class LinkState(StrEnum):
    """How an item stands to us."""

    LINKED = "linked"
    CREATING = "creating"
    MISSING = "missing"
    ARCHIVED = "archived"
    DELETED = "deleted"
    NO_ACCESS = "no_access"
    PAUSED = "paused"


class Decision(StrEnum):
    """What became of an observed change."""

    CREATED = "created"
    TAKEN = "taken"
    LINKED = "linked"


class RunState(StrEnum):
    """How a run ended. A run that is `running` while nobody holds the lake has died."""

    RUNNING = "running"
    DONE = "done"
    PARTIAL = "partial"
    FAILED = "failed"


class ProposalState(StrEnum):
    """What a person said of a proposed link."""

    PROPOSED = "proposed"
    ACCEPTING = "accepting"
    ACCEPTED = "accepted"
    REFUSED = "refused"


class Record(Row):
    """A payload of a source's item, as received. One row per distinct payload."""

    source: str = Field(description="Name of the source in the settings")
    kind: str = Field(description="task, comment, person, project, milestone, merge_request or commit")
    external_id: str = Field(description="The provider's id of the item")
    record_hash: str = Field(description="Hash of the payload as it was listed, its keys sorted")
    payload: str = Field(description="The payload as JSON, with what was read besides the listing")
    remote_updated_at: datetime | None = Field(description="When the provider says the item last changed")
    batch: int = Field(description="Number of the commit that brought it; grows by one with every commit of a pull")
    run_id: str = Field(description="The run that received it")
    received_at: datetime = Field(description="When it was received")


class Link(Row):
    """An item of a source that is (or comments on) a task."""

    source: str = Field(description="Name of the source in the settings")
    kind: str = Field(description="task or comment")
    external_id: str = Field(description="The provider's id of the item")
    provider: str = Field(description="Kind of provider, such as gitlab")
    task_id: str = Field(description="The task that the item is, or that it comments on")
    comment_id: str | None = Field(description="The comment that the item is; null for a task")
    key: str | None = Field(description="What people call the item, with its host: linear.app/acme/ENG-12")
    url: str | None = Field(description="Where a person sees the item")
    is_primary: bool = Field(description="Whether the task was born as this item")
    state: str = Field(description="linked, creating, missing, archived, deleted, no_access or paused")
    seen: str = Field(description="The item's fields as its provider showed them when last taken into account, as JSON")
    # Null rather than an empty list: the embedded engine merges tables with empty lists three times as slowly.
    mentions: list[str] | None = Field(description="Keys of other tools' items that this one points at, if any")
    awaits: list[str] | None = Field(description="External ids that it refers to and that were not seen yet, if any")
    record_hash: str = Field(description="Hash of the record that `seen` was read from")
    remote_updated_at: datetime | None = Field(description="When the provider says the item last changed")
    linked_by: str = Field(description="Why it belongs to the task: born, mention, moved, accepted")
    first_seen_at: datetime = Field(description="When Worklake first saw the item")
    run_id: str = Field(description="The run that last moved this link")
    adjusted: str | None = Field(
        default=None, description="Per field, pairs of what was sent and what was then shown, as JSON; null: none"
    )
    merges: int | None = Field(default=None, description="How often `seen` has moved; null counts as 0")
    looked_at: int | None = Field(
        default=None,
        description="Number of the commit of records at which the item was last looked at; null counts as 0",
    )
    made_id: str | None = Field(default=None, description="The id that an item which we make would have, if we choose")
    mapping: str | None = Field(
        default=None, description="Fingerprint of the mapping that `seen` was read with, for tasks of several items"
    )
    replaces: str | None = Field(
        default=None, description="External id of the link, to be deleted, that stood for the item while it was made"
    )


class Task(Row):
    """A piece of work, whatever tools it lives in."""

    task_id: str = Field(description="Worklake's id of the task")
    title: str = Field(description="One line that says what is to be done")
    description: str | None = Field(description="The body, in Markdown")
    status: Status = Field(description="triage, backlog, unstarted, started, completed or canceled")
    priority: Priority = Field(description="none, low, medium, high or urgent")
    labels: list[str] = Field(description="Label names, sorted, without those that stand for another field")
    assignees: list[str] = Field(description="Person ids, sorted")
    due_date: date | None = Field(description="The day it is due")
    start_date: date | None = Field(description="The day work on it should start")
    estimate_minutes: int | None = Field(description="Estimated effort in minutes")
    estimate_points: float | None = Field(description="Estimated effort in points of the team's own scale")
    project: str | None = Field(description="Name of its project")
    milestone: str | None = Field(description="Title of its milestone")
    cycle: str | None = Field(description="Name of its cycle or iteration")
    parent_id: str | None = Field(description="The task it is a part of")
    blocked_by: list[str] = Field(description="Task ids that must be done before it, sorted")
    archived: bool = Field(description="Put away by its tool")
    confidential: bool = Field(description="Hidden from people outside the team")
    source: str = Field(description="The source it was first seen in")
    created_at: datetime | None = Field(description="When it was created, as its source says")
    updated_at: datetime | None = Field(description="When it last changed, as its source says")
    completed_at: datetime | None = Field(description="When it was completed or canceled, as its source says")
    standings: str | None = Field(
        default=None,
        description="Which edit brought each field, as JSON: at, source, external_id and actor, with the fields, and "
        "in `also` where somebody said the same since; null where no merge of several sources has touched the task",
    )
    version: int | None = Field(default=None, description="How many positions of `changes` the row has folded")
    last_open: str | None = Field(default=None, description="The last status in which the task was open")


class Comment(Row):
    """A remark on a task."""

    comment_id: str = Field(description="Worklake's id of the comment")
    task_id: str = Field(description="The task it is about")
    source: str = Field(description="The source it was written in")
    author: str | None = Field(description="Person id of who wrote it")
    body: str = Field(description="The text, in Markdown")
    created_at: datetime | None = Field(description="When it was written, as its source says")
    updated_at: datetime | None = Field(description="When it was last edited, as its source says")


class Person(Row):
    """One account of a person. Accounts with the same `person_id` belong to the same person."""

    source: str = Field(description="Name of the source in the settings")
    external_id: str = Field(description="The provider's id of the account")
    person_id: str = Field(description="E-mail address in lower case where known, else account name and source")
    name: str = Field(description="The person's name as the provider shows it")
    username: str | None = Field(description="Account name")
    email: str | None = Field(description="E-mail address, where the provider shows it")
    active: bool = Field(description="Whether the account is in use")
    record_hash: str = Field(description="Hash of the record this was read from")


class Project(Row):
    """A project of a source."""

    source: str = Field(description="Name of the source in the settings")
    external_id: str = Field(description="The provider's id of the project")
    project_id: str = Field(description="Worklake's id of the project")
    name: str = Field(description="Its name")
    path: str | None = Field(description="Its path or key at the provider")
    description: str | None = Field(description="What it is about")
    url: str | None = Field(description="Where a person sees it")
    archived: bool = Field(description="Put away by its tool")
    record_hash: str = Field(description="Hash of the record this was read from")


class Milestone(Row):
    """A milestone of a source's project."""

    source: str = Field(description="Name of the source in the settings")
    external_id: str = Field(description="The provider's id of the milestone")
    milestone_id: str = Field(description="Worklake's id of the milestone")
    title: str = Field(description="Its title")
    project: str | None = Field(description="The provider's id of its project")
    start_date: date | None = Field(description="The day it starts")
    due_date: date | None = Field(description="The day it is due")
    closed: bool = Field(description="Whether it is over")
    record_hash: str = Field(description="Hash of the record this was read from")


class Change(Row):
    """One observed change of one field, append-only. `tasks` is the fold of these rows."""

    change_id: str = Field(description="Derived from what changed, so that a repeated merge adds nothing")
    task_id: str = Field(description="The task that changed")
    field: str = Field(description="The field; `task` where the row brings a whole task or moves an item to it")
    old: str | None = Field(description="Value before, as JSON")
    new: str | None = Field(description="Value after, as JSON; for field `task` an object of all its fields")
    source: str = Field(description="The source it was seen in")
    external_id: str | None = Field(description="The item it was seen at")
    actor: str | None = Field(description="Person id of who made it, where the provider says so")
    changed_at: datetime | None = Field(description="When it was made, as the provider says")
    decision: str = Field(description="created, taken or linked; agreed, lost, refused, held, settled, undone or noted")
    reason: str = Field(description="Why it was decided so")
    batch: int = Field(description="Number of the commit of records that it was read from")
    run_id: str = Field(description="The run that took it into account")
    observed_at: datetime = Field(description="When that run took it into account")
    position: int | None = Field(default=None, description="Place among the task's changes, from 0")
    number: int | None = Field(default=None, description="Place among all changes, in the order they were kept")


class Watched(Row):
    """A task that may have something to be written. Which fields, and where, is always worked out anew."""

    task_id: str = Field(description="The task")


class Conflict(Row):
    """Values that compete for a field of a task. An open one holds the field until a person settles it."""

    conflict_id: str = Field(description="Derived from what competes")
    task_id: str = Field(description="The task")
    field: str = Field(description="The field; `task` for the whole task")
    kind: str = Field(
        description="differs, refused (by a provider), undone, overwritten (by our write), or"
        " left (a person lets the item show what it shows: decided, until either value moves)"
    )
    contenders: str = Field(
        description="The values as JSON: source, external_id (null for a person's own), value, changed_at, actor"
    )
    is_open: bool = Field(description="Whether it still has an effect: but for one that was left, a person is asked")
    reason: str = Field(description="Why a person may have to decide, or how it was settled")
    run_id: str = Field(description="The run that opened it")
    opened_at: datetime = Field(description="When it was opened")
    settled_at: datetime | None = Field(description="When it was settled")
    winner_source: str | None = Field(description="The source whose value was taken, if it was a source's")
    winner_external_id: str | None = Field(description="The item whose value was taken, if it was an item's")
    value: str | None = Field(description="The value that was taken, as JSON")
    at_source: str | None = Field(description="The source that refuses the value, if one does")
    at_external_id: str | None = Field(description="The item that it refuses the value for")
    mapping: str | None = Field(
        default=None,
        description="Stands for the mapping under which the source refused the very value; null where it did not say"
        " what it refuses, so that every run tries again",
    )


class Plan(Row):
    """A plan as it was saved; its steps are in `steps`."""

    plan_id: str = Field(description="Derived from the steps: the same state gives the same plan")
    run_id: str = Field(description="The run that made it")
    made_at: datetime = Field(description="When it was made")
    steps: int = Field(description="How many steps it has")
    waiting: str = Field(description="Steps that a short quota leaves for a later plan, per source, as JSON")
    stopped_by: str = Field(description="What the brake says against it, as a JSON list")
    undoes: str | None = Field(description="The run that the plan takes back, if it does")
    number: int = Field(description="Place among all plans, in the order they were saved")
    takes_back: str | None = Field(
        default=None, description="What it takes back of tasks, as JSON: task_id, field, now, back; null: nothing"
    )


class Step(Row):
    """One write that a plan means to make."""

    plan_id: str = Field(description="The plan")
    position: int = Field(description="Place in the plan, from 0")
    step_id: str = Field(description="Derived from what the step does")
    task_id: str = Field(description="The task")
    source: str = Field(description="The source that is written to")
    external_id: str | None = Field(description="The item; null where it is yet to be made")
    operation: str = Field(description="create, update, close, reopen, archive, restore or delete")
    fields: str = Field(description="The fields to set, as the source would show them, as JSON")
    expected: str = Field(description="What the item must still show of these fields, as JSON")
    expected_revision: datetime | None = Field(description="When the item last changed, as the source said")
    why: str = Field(description="Which edits the step carries on, in words")
    undoes: str | None = Field(description="The write that the step takes back, if it does")
    comment_id: str | None = Field(default=None, description="The comment on the item that is written, if it is one")


class Write(Row):
    """One write to a source: the intent is kept before the call, the outcome after it."""

    write_id: str = Field(description="Derived from run, plan and step")
    run_id: str = Field(description="The run that wrote")
    plan_id: str = Field(description="The plan that the step belongs to")
    step_id: str = Field(description="The step of that plan")
    task_id: str = Field(description="The task")
    source: str = Field(description="The source that was written to")
    external_id: str | None = Field(description="The item; of a creation, null until it is known")
    operation: str = Field(description="create, update, close, reopen, archive, restore or delete")
    sent: str = Field(description="The fields that were sent, in the provider's ids, as JSON")
    before: str = Field(description="What the item showed of them before, as JSON")
    shown: str | None = Field(description="What it showed of them afterwards, as JSON")
    outcome: str | None = Field(
        description="acknowledged, not_sent, overwritten, stale, failed, refused, gone, no_access, paused or waiting; "
        "null while nobody knows"
    )
    error: str | None = Field(description="What was said against it")
    batch: int = Field(description="Number of the last commit of records when it was called")
    intended_at: datetime = Field(description="When the intent was kept")
    finished_at: datetime | None = Field(description="When the outcome was kept")
    undoes: str | None = Field(description="The write that this one took back, if it did")
    number: int = Field(description="Place among all writes, in the order they were meant")
    read_at: datetime | None = Field(
        default=None, description="When the item was read before: until the answer, an edit could be overwritten"
    )
    revision: datetime | None = Field(default=None, description="When the item last changed, as it was read then")
    checked: bool | None = Field(
        default=None,
        description="Whether the provider's history was looked at for edits that it overwrote; null where it has none",
    )
    comment_id: str | None = Field(default=None, description="The comment on the item that was written, if it was one")


class Proposal(Row):
    """Two tasks that may be one. A person accepts or refuses it."""

    proposal_id: str = Field(description="Derived from the two tasks")
    task_id: str = Field(description="The task that would stay")
    other_task_id: str = Field(description="The task whose items would move to it")
    reason: str = Field(description="Why they may be one")
    state: str = Field(description="proposed; accepting: a person accepted it, not all has moved; accepted or refused")
    proposed_at: datetime = Field(description="When it was proposed")
    decided_at: datetime | None = Field(description="When a person decided")
    run_id: str = Field(description="The run that proposed it")


class Quarantined(Row):
    """A payload that could not be read."""

    source: str = Field(description="Name of the source in the settings")
    kind: str = Field(description="task, comment, person, project, milestone, merge_request or commit")
    external_id: str = Field(description="The provider's id of the item; empty where it has none")
    record_hash: str = Field(description="Hash of the payload")
    reason: str = Field(description="What could not be read, and what was expected")
    payload: str = Field(description="The payload as received")
    run_id: str = Field(description="The run that received it")
    quarantined_at: datetime = Field(description="When it was put aside")
    resolved_at: datetime | None = Field(description="When a newer payload of the item could be read")


class Cursor(Row):
    """Where an engine stands with a source."""

    source: str = Field(description="Name of the source in the settings; empty for route, routed, merged")
    stage: str = Field(description="pull, whole, merge, route, routed or merged")
    position: str = Field(
        description="pull: where the provider's listing goes on; whole: fingerprint of the settings of which a listing "
        "came to its end; merge: the mapping it was made with; route: the rules; routed: the version of tasks up to "
        "which all are routed, and the sources that were asked; merged: due where the rules for what is merged have "
        "yet to be asked, else done"
    )
    batch: int = Field(description="The last commit of records that this stage has done with")
    run_id: str = Field(description="The run that moved it")
    moved_at: datetime = Field(description="When it was moved")


class Run(Row):
    """One run of an engine."""

    run_id: str = Field(description="Sortable by time")
    command: str = Field(description="What was run")
    state: str = Field(description="running, done, partial or failed")
    started_at: datetime = Field(description="When it started")
    finished_at: datetime | None = Field(description="When it ended")
    counts: str = Field(description="What it did, per source, as JSON")
    error: str | None = Field(description="What went wrong, per source, in words")


class Call(Row):
    """One HTTP call to a provider."""

    source: str = Field(description="Name of the source in the settings")
    endpoint: str = Field(description="Method and path with ids left out, or the GraphQL operation")
    status: int | None = Field(description="HTTP status; null where no answer came")
    seconds: float = Field(description="From sending to the last byte")
    received_bytes: int = Field(description="Size of the answer's body as it was decoded")
    quota_left: int | None = Field(description="Requests left, as the provider's headers say")
    attempt: int = Field(description="1 for the first try")
    run_id: str = Field(description="The run that made it")
    called_at: datetime = Field(description="When it was sent")
