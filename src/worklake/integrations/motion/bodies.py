"""What is sent to Motion to set canonical fields, and which field it means when it refuses. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from zoneinfo import ZoneInfo

from worklake.errors import RefusedValueError
from worklake.integrations.base import Payload
from worklake.integrations.motion.client import RefusedError
from worklake.integrations.motion.fields import PRIORITY_NAMES, due_time, label_names
from worklake.integrations.motion.statuses import StatusNames
from worklake.integrations.motion.texts import written
from worklake.model.fields import Fields, FieldValue
from worklake.model.ids import CommentId, TaskId

Body = dict[str, Any]

_FIELD_OF_KEY: Mapping[str, str] = {
    "name": "title",
    "description": "description",
    "status": "status",
    "priority": "priority",
    "labels": "labels",
    "label": "labels",
    "assigneeId": "assignees",
    "assignee": "assignees",
    "dueDate": "due_date",
    "duration": "estimate_minutes",
    "projectId": "project",
    "project": "project",
}
"""What Motion's words may speak of, the keys of a body among them, and the field that it is."""


def plain_body(fields: Fields, before: Payload, zone: ZoneInfo) -> Body:
    """The values that need nothing but themselves; `before` is the task as it was, empty for a new one."""
    body: Body = {}
    if "title" in fields:
        body["name"] = fields["title"]
    if "priority" in fields:
        body["priority"] = PRIORITY_NAMES[str(fields["priority"])]
    if "due_date" in fields:
        body["dueDate"] = due_time(fields["due_date"], before, zone)
    if "estimate_minutes" in fields:
        body["duration"] = fields["estimate_minutes"] or "NONE"
    assignees = fields.get("assignees")
    if isinstance(assignees, list) and assignees:
        body["assigneeId"] = assignees[0]
    return body


def described(text: FieldValue, marked: Iterable[TaskId | CommentId]) -> str:
    """The description as it is sent."""
    return written(None if text is None else str(text), marked)


def labels_after(wanted: FieldValue, shown: FieldValue, before: Payload) -> list[str]:
    """The labels of a task once those of `wanted` are added and those that only `shown` has are taken out: what others
    have put on it meanwhile stays, as far as it is known.
    """
    news = wanted if isinstance(wanted, list) else []
    old = shown if isinstance(shown, list) else []
    there = label_names(before)
    kept = [one for one in there if one in news or one not in old]
    return [*kept, *(one for one in news if one not in kept)]


def status_name(status: FieldValue, workspace: Payload, names: StatusNames) -> str:
    """The name of a status in a workspace. Raises `RefusedValueError` where it has none."""
    found = names.name_for(status, workspace)
    if found is None:
        raise RefusedValueError(
            f"the workspace {workspace.get('name')!r} has no status for {status}: make one in Motion, and name it under"
            " `statuses` in conf/sources.yml",
            ("status",),
        )
    return found


def refusal(error: RefusedError, sent: Iterable[str]) -> RefusedValueError:
    """What a refusal means for a write of these fields."""
    fields = tuple(sent)
    if len(fields) == 1:
        return RefusedValueError(str(error), fields)
    words = error.said.replace("'", " ").replace('"', " ").replace(",", " ").replace(".", " ").split()
    for word in words:
        field = _FIELD_OF_KEY.get(word) or _FIELD_OF_KEY.get(word[:1].lower() + word[1:])
        if field in fields:
            return RefusedValueError(str(error), (str(field),))
    return RefusedValueError(str(error))


def asks_for_the_whole(error: RefusedError) -> bool:
    """Whether a change is refused because it does not repeat what has to be there: name and workspace."""
    said = error.said
    return ("name" in said or "workspaceId" in said) and any(
        words in said for words in ("should not be empty", "required", "must be a string")
    )
