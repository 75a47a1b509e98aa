"""Which field Linear means when it refuses an input: its errors name it in words, if at all."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

FIELD_OF_INPUT: Mapping[str, str] = {
    "title": "title",
    "description": "description",
    "stateId": "status",
    "priority": "priority",
    "labelIds": "labels",
    "addedLabelIds": "labels",
    "removedLabelIds": "labels",
    "assigneeId": "assignees",
    "dueDate": "due_date",
    "estimate": "estimate_points",
    "projectId": "project",
    "projectMilestoneId": "milestone",
    "cycleId": "cycle",
    "parentId": "parent_id",
}
"""Keys of an issue's input, and the canonical field that each one sets."""

_WORDS: Mapping[str, str] = {
    "milestone": "milestone",
    "label": "labels",
    "cycle": "cycle",
    "parent": "parent_id",
    "sub-issue": "parent_id",
    "state": "status",
    "project": "project",
    "assignee": "assignees",
    "user": "assignees",
    "estimate": "estimate_points",
    "due date": "due_date",
    "priority": "priority",
    "title": "title",
    "description": "description",
}
"""What a refusal may speak of, the more particular first: one of a milestone also speaks of its project."""

_FIELD_OF_ENTITY: Mapping[str, str] = {
    "User": "assignees",
    "WorkflowState": "status",
    "IssueLabel": "labels",
    "Project": "project",
    "ProjectMilestone": "milestone",
    "Cycle": "cycle",
}
_ENTITY = re.compile(r"Entity not found: (\w+)")


def refused_fields(words: str, sent: Mapping[str, Any]) -> tuple[str, ...]:
    """The canonical field that the provider's words are about, of those that were sent; none where they do not tell."""
    fields = {FIELD_OF_INPUT[key] for key in sent if key in FIELD_OF_INPUT}
    if len(fields) == 1:
        return tuple(fields)
    for key in sent:
        if key in FIELD_OF_INPUT and re.search(rf"\b{key}\b", words):
            return (FIELD_OF_INPUT[key],)
    lower = words.lower()
    found = next((field for word, field in _WORDS.items() if field in fields and word in lower), None)
    return (found,) if found else ()


def missing_field(words: str, sent: Mapping[str, Any]) -> str | None:
    """The field that refers to what does not exist, by the kind of entity that the words name; None where none does."""
    named = _ENTITY.match(words)
    field = _FIELD_OF_ENTITY.get(named[1]) if named else None
    return field if field in {FIELD_OF_INPUT.get(key) for key in sent} else None
