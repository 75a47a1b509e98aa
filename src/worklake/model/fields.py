"""The field registry: every canonical field of a task, its type, how it merges and what it means.

A view (what one provider shows of one item) holds the same fields at that provider's resolution. In a view, people,
parents and blockers are the provider's own ids; in the canonical task they are Worklake's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

FieldValue = str | int | float | bool | list[str] | None
"""A field's value as it stands in views and changes: dates are ISO strings, sets are sorted lists."""

Fields = Mapping[str, FieldValue]


class Status(StrEnum):
    """Where a task stands, in Linear's state types."""

    TRIAGE = "triage"
    BACKLOG = "backlog"
    UNSTARTED = "unstarted"
    STARTED = "started"
    COMPLETED = "completed"
    CANCELED = "canceled"


OPEN_STATUSES = frozenset({Status.TRIAGE, Status.BACKLOG, Status.UNSTARTED, Status.STARTED})


class Priority(StrEnum):
    """How urgent a task is, in Linear's five steps."""

    NONE = "none"
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    URGENT = "urgent"


class MergeKind(StrEnum):
    """How edits of a field from several tools come together."""

    SCALAR = "scalar"
    SET = "set"
    TEXT = "text"


SCALAR, SET, TEXT = MergeKind.SCALAR, MergeKind.SET, MergeKind.TEXT
"""By these names the rules ask for the kind, as they do for each value: a member looked up in its enum takes longer
than the rest of the question.
"""


@dataclass(frozen=True, slots=True)
class FieldSpec:
    """One canonical field. `empty` is its value when nothing is set; `reference` names what its ids point at."""

    name: str
    type: type
    merge: MergeKind
    meaning: str
    empty: FieldValue = None
    reference: str | None = None


_SPECS = (
    FieldSpec("title", str, MergeKind.SCALAR, "One line that says what is to be done.", ""),
    FieldSpec("description", str, MergeKind.TEXT, "The body, in Markdown."),
    FieldSpec("status", Status, MergeKind.SCALAR, "Where the task stands.", Status.BACKLOG.value),
    FieldSpec("priority", Priority, MergeKind.SCALAR, "How urgent it is.", Priority.NONE.value),
    FieldSpec("labels", str, MergeKind.SET, "Label names, without those that stand for another field.", []),
    FieldSpec("assignees", str, MergeKind.SET, "The people who do it.", [], "person"),
    FieldSpec("due_date", date, MergeKind.SCALAR, "The day it is due, without time of day."),
    FieldSpec("start_date", date, MergeKind.SCALAR, "The day work on it should start."),
    FieldSpec("estimate_minutes", int, MergeKind.SCALAR, "Estimated effort in minutes."),
    FieldSpec("estimate_points", float, MergeKind.SCALAR, "Estimated effort in points of the team's own scale."),
    FieldSpec("project", str, MergeKind.SCALAR, "The name of the project it belongs to."),
    FieldSpec("milestone", str, MergeKind.SCALAR, "The title of its milestone within the project."),
    FieldSpec("cycle", str, MergeKind.SCALAR, "The name of the cycle or iteration it is planned into."),
    FieldSpec("parent_id", str, MergeKind.SCALAR, "The task it is a part of.", None, "task"),
    FieldSpec("blocked_by", str, MergeKind.SET, "The tasks that must be done before it.", [], "task"),
    FieldSpec("archived", bool, MergeKind.SCALAR, "Put away by its tool, hidden from its lists.", False),
    FieldSpec("confidential", bool, MergeKind.SCALAR, "Hidden from people outside the team.", False),
)

FIELDS: Mapping[str, FieldSpec] = {spec.name: spec for spec in _SPECS}
"""Every canonical field by name, in the order in which they are shown."""
