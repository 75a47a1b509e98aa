"""What plan, apply, sync, undo and the demo answer: the JSON documents of `--json` and of the Python calls of the same
names. `model/documents.py` has those of the other commands.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from pydantic import Field, SerializerFunctionWrapHandler, model_serializer

from worklake.model.documents import (
    DecidedLinksDocument,
    Document,
    ExplainDocument,
    PullDocument,
    PulledSource,
    TaskDocument,
)
from worklake.model.heart_rows import Operation


class FieldChange(Document):
    """A field that a step sets. People, parents and blockers are canonical ids."""

    field: str
    before: Any = Field(description="What the item shows now; null where it is yet to be made")
    after: Any = Field(description="What it will show")


class StepDocument(Document):
    """One write that a plan means to make."""

    step_id: str = Field(description="Derived from what the step does")
    task_id: str
    source: str = Field(description="The source that is written to")
    external_id: str | None = Field(description="The item; null where it is yet to be made")
    operation: Operation = Field(description="create, update, close, reopen, archive, restore or delete")
    changes: list[FieldChange] = Field(description="Just the fields that are set")
    why: str = Field(description="Which edits it carries on, or which rule asks for it")
    expected_revision: datetime | None = Field(description="When the item last changed, as its source says")
    comment_id: str | None = Field(
        default=None, description="The comment on the item that is written; the key is only there where it is one"
    )
    title: str = Field(default="", exclude=True)
    key: str = Field(default="", exclude=True)
    """What people call the item: `ENG-12`, `team/web#3`."""

    @model_serializer(mode="wrap")
    def _without_no_comment(self, serialize: SerializerFunctionWrapHandler) -> dict[str, Any]:
        written: dict[str, Any] = serialize(self)
        if self.comment_id is None:
            written.pop("comment_id", None)
        return written


class ConflictValue(Document):
    """A value that competes."""

    source: str = Field(description="Whose value it is; worklake where it is the task's own")
    value: Any
    changed_at: datetime | None
    actor: str | None


class ConflictDocument(Document):
    """One conflict of `worklake conflicts`: values of a field that wait for a person to decide."""

    conflict_id: str
    task_id: str
    field: str = Field(description="The field; `task` or `deleted` where it is about an item as a whole")
    values: list[ConflictValue]
    opened_at: datetime
    kind: str = Field(
        default="differs", description="differs, refused (by a tool), undone, or overwritten (by our write)"
    )
    run_id: str = Field(default="", description="The run that opened it")
    title: str = Field(default="", description="The task's title")
    reason: str = Field(
        default="", description="Why a person has to decide: edits differ, a provider's words against a value, an undo"
    )
    items: list[str] = Field(default_factory=list, exclude=True)
    """What people call the items of the task, with their sources: `linear ENG-12`, `gitlab team/web#3`."""


class PlanDocument(Document):
    """`worklake plan`."""

    plan_id: str = Field(description="Derived from the steps: the same state gives the same plan")
    run_id: str = Field(description="The run that made it")
    steps: list[StepDocument] = Field(description="In the order in which they are applied")
    conflicts: list[ConflictDocument] = Field(description="Open conflicts, on which no source is written")
    stopped_by: list[str] = Field(description="What the brake says against it; nothing is applied as long as it does")
    frozen: list[str] = Field(
        default_factory=list,
        exclude_if=lambda found: not found,
        description="Only where there are any: fields that are left alone in a source, because a name that the settings"
        " give a meaning does not exist there any more",
    )
    waiting: Mapping[str, int] = Field(
        default_factory=dict,
        exclude_if=lambda found: not found,
        description="Only where there are any: steps that are left to a later plan because the source's quota is short,"
        " by source",
    )
    takes_minutes: Mapping[str, int] = Field(
        default_factory=dict,
        exclude_if=lambda found: not found,
        description="Only where there are any: about how many minutes the steps take, those in `waiting` included,"
        " where a source's requests are paced, by source",
    )
    no_access: Mapping[str, int] = Field(
        default_factory=dict,
        exclude_if=lambda found: not found,
        description="Only where there are any: items that lack something and may not be written, by source",
    )
    undecided: Mapping[str, int] = Field(
        default_factory=dict,
        exclude_if=lambda found: not found,
        description="Only where there are any: items that are not made before a person has decided whether their tasks"
        " are the same as others (`worklake links`), by source",
    )
    to_allow: int | None = Field(default=None, exclude=True)
    """The number that lets the plan pass the brake."""
    pulled: Mapping[str, PulledSource] = Field(default_factory=dict, exclude=True)
    notes: list[str] = Field(default_factory=list, exclude=True)
    """What else people should know: steps that wait for a quota, sources that could not be looked at."""


class AdjustedField(Document):
    """A field that shows something else than what was written: cut, trimmed, rounded, reformatted."""

    field: str
    sent: Any
    shown: Any


class WriteDocument(Document):
    """What became of one step."""

    step_id: str
    outcome: str = Field(
        description="acknowledged, or why not: stale (it moved since the plan), refused (by the provider), failed,"
        " gone, no_access, paused (its source refuses the credentials), waiting (its source's quota is spent, or it is"
        " down), not_sent, overwritten (by a person), unknown"
    )
    error: str | None = Field(description="What was said against it; also where a part of it was refused")
    adjusted: list[AdjustedField] = Field(
        default_factory=list,
        exclude_if=lambda found: not found,
        description="Only where there are any: fields of which the source made something else than what was sent",
    )
    source: str = Field(default="", exclude=True)
    key: str = Field(default="", exclude=True)

    @property
    def done(self) -> bool:
        """Whether the step was done to its end, no field of it refused."""
        return self.outcome == "acknowledged" and self.error is None


class ApplyDocument(Document):
    """`worklake apply`. The numbers count steps; the next plan takes up whatever was not applied and is still due."""

    run_id: str = Field(description="The run that wrote; `worklake undo` takes it back")
    plan_id: str
    applied: int = Field(description="Steps that their sources acknowledged")
    stale: int = Field(description="Steps left out because somebody moved the same fields since the plan was made")
    failed: int = Field(description="All other steps, those in `waiting` aside; `writes` says why")
    writes: list[WriteDocument] = Field(description="In the order of the plan's steps")
    waiting: Mapping[str, int] = Field(
        default_factory=dict,
        exclude_if=lambda found: not found,
        description="Only where there are any: steps that the next run goes on with because the source's quota is spent"
        " or it is down, or as no item may be made there, by source",
    )
    undoes: str | None = Field(
        default=None,
        exclude_if=lambda found: found is None,
        description="Only where the plan was made by `worklake undo`: the run that it takes back",
    )
    done_before: int = Field(
        default=0,
        exclude_if=lambda found: not found,
        description="Only where there are any: steps of the plan that were applied before, and are not tried again",
    )
    notes: list[str] = Field(default_factory=list, exclude=True)
    conflicts: list[ConflictDocument] = Field(default_factory=list, exclude=True)


class SyncDocument(ApplyDocument):
    """`worklake sync`: the document of `worklake apply`, and what was pulled before."""

    pulled: Mapping[str, PulledSource] = Field(description="What the pull did, by source, as in `worklake pull`")
    frozen: list[str] = Field(
        default_factory=list,
        exclude_if=lambda found: not found,
        description="Only where there are any: fields that are left alone in a source, because a name that the settings"
        " give a meaning does not exist there any more",
    )
    open_conflicts: list[str] = Field(
        default_factory=list,
        exclude_if=lambda found: not found,
        description="Only where there are any: the ids of the open conflicts, on whose fields no source is written",
    )
    no_access: Mapping[str, int] = Field(
        default_factory=dict,
        exclude_if=lambda found: not found,
        description="Only where there are any: items that lack something and may not be written, by source",
    )
    undecided: Mapping[str, int] = Field(
        default_factory=dict,
        exclude_if=lambda found: not found,
        description="Only where there are any: items that are not made before a person has decided whether their tasks"
        " are the same as others (`worklake links`), by source",
    )


class LeftDocument(Document):
    """Something that an undo leaves as it is."""

    task_id: str
    source: str = Field(description="The source; empty where it is about the task itself")
    field: str
    reason: str


class TakenBackDocument(Document):
    """A field of a task that goes back to what it was before the run."""

    task_id: str
    field: str
    now: Any
    back: Any


class UndoDocument(PlanDocument):
    """`worklake undo`: a plan as of `worklake plan`, and with --apply what became of it, as of `worklake apply`."""

    undoes: str = Field(description="The run that it takes back")
    takes_back: list[TakenBackDocument] = Field(description="With --everywhere: the fields of tasks that go back")
    left: list[LeftDocument] = Field(description="What it leaves as it is, because it was changed since, and why")
    applied: int | None = Field(description="As in `worklake apply`; null without --apply")
    stale: int | None
    failed: int | None
    writes: list[WriteDocument] | None


class SettledDocument(Document):
    """`worklake conflicts settle`."""

    conflict_id: str
    task_id: str
    field: str
    source: str = Field(description="Whose value was taken; worklake for a value that was given, or is the task's own")
    value: Any = Field(
        description="The value that the next plan writes everywhere; of an item as a whole, what is to become of it"
    )
    left: str | None = Field(default=None, description="The source that does not get it, and may show another")


class StillOpen(Document):
    """A conflict that could not be settled so."""

    conflict_id: str
    reason: str


class SettledRunDocument(Document):
    """`worklake conflicts settle --run RUN_ID`: all open conflicts that a run opened."""

    run_id: str
    settled: list[SettledDocument]
    left: list[StillOpen] = Field(description="Those that stay open, and why")


class DemoDocument(Document):
    """`worklake demo`: the document of each command of its story, in order."""

    pulled: PullDocument
    due: list[TaskDocument]
    routed: PlanDocument = Field(description="What the rules of routing ask for")
    linked: DecidedLinksDocument = Field(description="The work that stood in two tools, told by its titles alone")
    first: SyncDocument = Field(description="The sync that brings the work to where the rules want it")
    plan: PlanDocument = Field(description="After people edited two tasks in several tools")
    conflicts: list[ConflictDocument]
    settled: SettledDocument
    refused: ApplyDocument = Field(description="The plan, applied while one of the tools takes no calls")
    survived: SyncDocument = Field(description="The sync after that")
    undone: UndoDocument = Field(description="A later sync, taken back everywhere")
    explained: list[ExplainDocument]
    last: PlanDocument = Field(description="A plan with nothing in it: the tools agree")
