"""Rows of the tables that writing needs: plans and the ledger. `lake/tables.py` says which table holds which."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum

from pydantic import Field

from worklake.model.fields import FieldValue
from worklake.model.rows import Row


class Operation(StrEnum):
    """What a step does to an item."""

    CREATE = "create"
    UPDATE = "update"
    CLOSE = "close"
    REOPEN = "reopen"
    ARCHIVE = "archive"
    RESTORE = "restore"
    DELETE = "delete"


class Outcome(StrEnum):
    """What became of a step. A write without one was called, or may have been, and nobody knows what became of it."""

    ACKNOWLEDGED = "acknowledged"
    NOT_SENT = "not_sent"
    OVERWRITTEN = "overwritten"
    STALE = "stale"
    FAILED = "failed"
    REFUSED = "refused"
    GONE = "gone"
    NO_ACCESS = "no_access"
    PAUSED = "paused"
    WAITING = "waiting"


class PlannedStep(Row):
    """One write that a plan means to make. People, parents and blockers are canonical ids."""

    step_id: str = Field(description="Derived from what the step does")
    task_id: str = Field(description="The task")
    source: str = Field(description="The source that is written to")
    external_id: str | None = Field(description="The item; null where it is yet to be made")
    operation: Operation = Field(description="create, update, close, reopen, archive, restore or delete")
    fields: Mapping[str, FieldValue] = Field(description="The fields to set, as the source would show them")
    expected: Mapping[str, FieldValue] = Field(description="What the item must still show of these fields")
    expected_revision: datetime | None = Field(description="When the item last changed, as the source said")
    why: str = Field(description="Which edits the step carries on, in words")
    undoes: str | None = Field(default=None, description="The write that the step takes back, if it does")
    comment_id: str | None = Field(
        default=None, description="The comment on the item that is written, where it is one; its field is `comment`"
    )


class TakenBack(Row):
    """A field of a task that an undo everywhere brings back to what it was."""

    task_id: str = Field(description="The task")
    field: str = Field(description="The field; `deleted` where the task's items were to be deleted")
    now: FieldValue = Field(description="Its value when the plan was made; where it has another one, it is left")
    back: FieldValue = Field(description="The value before")


class SavedPlan(Row):
    """A plan as it was saved."""

    plan_id: str = Field(description="Derived from the steps: the same state gives the same plan")
    run_id: str = Field(description="The run that made it")
    made_at: datetime = Field(description="When it was made")
    steps: tuple[PlannedStep, ...] = Field(description="In the order in which they are applied")
    waiting: Mapping[str, int] = Field(description="Steps that a short quota leaves for a later plan, per source")
    stopped_by: tuple[str, ...] = Field(description="What the brake says against it, if anything")
    undoes: str | None = Field(default=None, description="The run that the plan takes back, if it does")
    takes_back: tuple[TakenBack, ...] | None = Field(
        default=None, description="What it takes back of tasks, too; null where it writes before-images only"
    )

    @property
    def holds(self) -> bool:
        """Whether it writes before-images, which are held then: no task wants them."""
        return self.undoes is not None and self.takes_back is None


class Write(Row):
    """One write to a source: the intent is kept before the call, the outcome after it.

    Fields are in the provider's own ids, so that the row can be understood without anything else.
    """

    write_id: str = Field(description="Derived from run, step and part")
    run_id: str = Field(description="The run that wrote")
    plan_id: str = Field(description="The plan that the step belongs to")
    step_id: str = Field(description="The step of that plan")
    task_id: str = Field(description="The task")
    source: str = Field(description="The source that was written to")
    external_id: str | None = Field(description="The item; of a creation, null until it is known")
    operation: Operation = Field(description="What was called")
    sent: Mapping[str, FieldValue] = Field(description="The fields that were sent")
    before: Mapping[str, FieldValue] = Field(description="What the item showed of them before")
    shown: Mapping[str, FieldValue] | None = Field(description="What it showed of them afterwards")
    outcome: Outcome | None = Field(description="What became of it; null while nobody knows")
    error: str | None = Field(description="What the provider said against it")
    batch: int = Field(description="Records of earlier batches were read before the call and tell nothing of it")
    intended_at: datetime = Field(description="When the intent was kept")
    finished_at: datetime | None = Field(description="When the outcome was kept")
    undoes: str | None = Field(default=None, description="The write that this one took back, if it did")
    read_at: datetime | None = Field(
        default=None, description="When the item was read before: until the answer, an edit could be overwritten"
    )
    revision: datetime | None = Field(default=None, description="When the item last changed, as it was read then")
    checked: bool | None = Field(
        default=None,
        description="Whether the provider's history was looked at for edits that it overwrote; null where it has none",
    )
    comment_id: str | None = Field(default=None, description="The comment on the item that was written, if it was one")
