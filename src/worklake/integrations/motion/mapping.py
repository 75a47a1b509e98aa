"""How Motion's payloads and the canonical fields translate into each other (the lens)."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence

from worklake.integrations.base import Lens, Payload
from worklake.integrations.motion import texts
from worklake.integrations.motion.fields import LONGEST_TITLE, task_fields, text_id
from worklake.integrations.motion.settings import MotionSettings
from worklake.integrations.motion.statuses import LONGEST_NAME, StatusNames
from worklake.integrations.reading import optional_object, optional_text, optional_time, text, time, unreadable
from worklake.integrations.text import urls_in
from worklake.integrations.views import CommentView, PersonView, ProjectView, TaskView, View
from worklake.model.fields import Fields, FieldValue
from worklake.model.ids import digest
from worklake.model.rows import Kind

RULES = "1"
"""Counts up when a payload would be read differently."""

TASK_FIELDS = frozenset(
    {
        "title", "description", "status", "priority", "labels", "assignees", "due_date", "start_date",
        "estimate_minutes", "project",
    }
)  # fmt: skip
"""The canonical fields that Motion shows of a task."""
WRITABLE_FIELDS = TASK_FIELDS - {"start_date"}
"""Those that can be set. The start is the scheduler's: it cannot be set without giving the whole task to it."""

_MOVED_BY_MOTION = frozenset(
    {"updatedTime", "lastInteractedTime", "scheduledStart", "scheduledEnd", "schedulingIssue", "chunks"}
)
"""What the scheduler moves although nobody edited the task."""
_PARTS_THAT_TELL: Mapping[str, tuple[str, ...]] = {"workspace": ("id",), "project": ("id", "name")}
"""Of what stands whole in every task, the parts that are about the task."""
_ALWAYS_TOLD = ("name", "description", "status", "priority", "labels", "assignees", "dueDate", "workspace")


class MotionLens(Lens):
    """The lens of one source: what statuses mean, and where a due time is which day, stand in its settings."""

    def __init__(self, settings: MotionSettings) -> None:
        self._settings = settings
        self.statuses = StatusNames(settings.statuses)
        self._fields = task_fields(self.statuses, settings.zone)
        meanings = {name: status.value for name, status in settings.statuses.items()}
        self._fingerprint = digest("motion", RULES, settings.time_zone, json.dumps(list(meanings.items())))
        self._views: Mapping[Kind, Callable[[Payload], View]] = {
            Kind.TASK: self._task,
            Kind.COMMENT: _comment,
            Kind.PERSON: _person,
            Kind.PROJECT: _project,
        }

    def view(self, kind: Kind, payload: Payload) -> View:
        """What the payload shows. Raises `UnreadableError` that names the field, what was found and expected."""
        return self._views[kind](payload)

    def put(self, fields: Fields, payload: Payload) -> Payload:
        """The task as Motion would show it with these fields set; what already shows so stays as it is.

        Worklake's markers in the description stay, and the time of day of a due day.
        """
        result, shown = dict(payload), self.fields_of(payload)
        for name, value in self.project(fields, shown).items():
            lens = self._fields[name]
            if lens.put is not None and value != shown[name]:
                lens.put(result, value)
        return result

    def project(self, fields: Fields, shown: Fields | None) -> dict[str, FieldValue]:
        """How Motion would show these fields: what it cannot set as it shows it."""
        projected: dict[str, FieldValue] = {}
        for name, value in fields.items():
            lens = self._fields.get(name)
            if lens is None:
                continue
            now = shown.get(name) if shown is not None else None
            if shown is not None and (lens.fit is None or value == now):
                projected[name] = now
            elif lens.fit is not None:
                projected[name] = lens.fit(value, now)
        return projected

    def fields_of(self, payload: Payload) -> dict[str, FieldValue]:
        """The canonical fields that a task shows."""
        return {name: lens.get(payload) for name, lens in self._fields.items()}

    def telling(self, payload: Payload) -> Payload:
        """A task without what Motion's scheduler moves, and without the words of its workspace."""
        told = {key: value for key, value in payload.items() if key not in _MOVED_BY_MOTION}
        for key, parts in _PARTS_THAT_TELL.items():
            whole = told.get(key)
            if isinstance(whole, dict):
                told[key] = {part: whole.get(part) for part in parts}
        return told

    def without(self, names: Mapping[str, Sequence[str]]) -> MotionLens:
        """The lens of an account in which these statuses do not exist."""
        gone = names.get("status", ())
        left = {name: status for name, status in self._settings.statuses.items() if name not in gone}
        return MotionLens(self._settings.model_copy(update={"statuses": left}))

    def fingerprint(self) -> str:
        """Changes with the meaning of statuses, with the time zone and with the rules of reading."""
        return self._fingerprint

    def _task(self, payload: Payload) -> TaskView:
        text_id(payload)
        for name in _ALWAYS_TOLD:
            if name not in payload:
                unreadable(name, None, "it, as Motion tells it of every task")
        creator = optional_object(payload, "creator")
        html = text(payload, "description", texts.LONGEST_TEXT)
        fields = self.fields_of(payload)
        description = fields["description"]
        return TaskView(
            fields=fields,
            key=None,
            url=None,
            created_at=time(payload, "createdTime"),
            updated_at=optional_time(payload, "updatedTime"),
            completed_at=optional_time(payload, "completedTime"),
            author=text_id(creator) if creator else None,
            urls=urls_in(description if isinstance(description, str) else None),
            markers=texts.markers_in(html),
        )


def _comment(payload: Payload) -> CommentView:
    text_id(payload)
    creator = optional_object(payload, "creator")
    html = text(payload, "content", texts.LONGEST_TEXT)
    written_at = time(payload, "createdAt")
    return CommentView(
        task=text_id(payload, "taskId"),
        author=text_id(creator) if creator else None,
        body=texts.shown(html) or "",
        created_at=written_at,
        updated_at=written_at,
        markers=texts.comment_markers_in(html),
    )


def _person(payload: Payload) -> PersonView:
    text_id(payload)
    email = optional_text(payload, "email", LONGEST_TITLE) or None
    name = optional_text(payload, "name", LONGEST_TITLE) or email
    return PersonView(name or unreadable("name", None, "a name or an e-mail address"), None, email, active=True)


def _project(payload: Payload) -> ProjectView:
    text_id(payload)
    described = texts.shown(optional_text(payload, "description", texts.LONGEST_TEXT))
    return ProjectView(text(payload, "name", LONGEST_NAME), None, described, None, archived=False)
