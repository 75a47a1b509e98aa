"""How Linear's payloads and the canonical fields translate into each other (the lens)."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from worklake.integrations.base import Lens, Payload
from worklake.integrations.linear.links import key_of, parse_issue_url
from worklake.integrations.linear.reading import (
    LONGEST,
    nodes,
    optional_number,
    optional_text,
    reference,
    require,
    some_object,
    text,
    text_id,
)
from worklake.integrations.reading import flag, optional_date, optional_object, optional_time, time, unreadable
from worklake.integrations.text import comment_markers_in, markers_in, urls_in, with_markers, without_markers
from worklake.integrations.views import CommentView, MilestoneView, PersonView, ProjectView, TaskView, View
from worklake.model.fields import FIELDS, Fields, FieldValue, Priority, Status
from worklake.model.ids import CommentId, TaskId, digest
from worklake.model.rows import Kind

RULES = "2"
"""Counts up when a payload would be read differently."""

STATUS_OF_TYPE: Mapping[str, str] = {
    "triage": Status.TRIAGE.value,
    "backlog": Status.BACKLOG.value,
    "unstarted": Status.UNSTARTED.value,
    "started": Status.STARTED.value,
    "completed": Status.COMPLETED.value,
    "canceled": Status.CANCELED.value,
    "duplicate": Status.CANCELED.value,
}
STATE_NAMES: Mapping[str, str] = {
    Status.TRIAGE.value: "Triage",
    Status.BACKLOG.value: "Backlog",
    Status.UNSTARTED.value: "Todo",
    Status.STARTED.value: "In Progress",
    Status.COMPLETED.value: "Done",
    Status.CANCELED.value: "Canceled",
}
"""The names that the states of a new team have."""

PRIORITIES = tuple(p.value for p in (Priority.NONE, Priority.URGENT, Priority.HIGH, Priority.MEDIUM, Priority.LOW))
"""Linear's numbers 0 to 4, in its order."""


class FieldLens(NamedTuple):
    """One field: `get` reads it, `cut` says how Linear would show a canonical value where it now shows `shown`, and
    `put` gives the parts of the payload that such a value replaces."""

    get: Callable[[Payload], Any]
    cut: Callable[[Any, Any], FieldValue]
    put: Callable[[Any, Payload], Payload]


def _get_description(payload: Payload) -> str | None:
    body = optional_text(payload, "description")
    return None if body is None else without_markers(body) or None


def _cut_description(body: str | None, _: Any) -> str | None:
    return _text(without_markers(body or ""), None)


def marked_in(body: str | None) -> list[TaskId | CommentId]:
    """What Worklake's markers in a text name."""
    return [*map(TaskId, markers_in(body)), *map(CommentId, comment_markers_in(body))]


def _put_description(body: str | None, payload: Payload) -> Payload:
    return {"description": with_markers(body or "", marked_in(payload["description"])) or None}


def _get_status(payload: Payload) -> str:
    kind = some_object(payload, "state").get("type")
    status = STATUS_OF_TYPE.get(kind) if type(kind) is str else None
    if status is None:
        unreadable("state.type", kind, "one of " + ", ".join(STATUS_OF_TYPE))
    return status


def _put_status(status: str, payload: Payload) -> Payload:
    ended = payload["updatedAt"]
    return {
        "state": {"name": STATE_NAMES[status], "type": status},
        "completedAt": (payload["completedAt"] or ended) if status == Status.COMPLETED else None,
        "canceledAt": (payload["canceledAt"] or ended) if status == Status.CANCELED else None,
    }


def _get_priority(payload: Payload) -> str:
    number = optional_number(payload, "priority")
    if number is None or number not in (0, 1, 2, 3, 4):
        unreadable("priority", number, "a whole number from 0 to 4")
    return PRIORITIES[int(number)]


def _get_labels(payload: Payload) -> list[str]:
    return sorted({text(node, "name") for node in nodes(payload, "labels")})


def _put_labels(names: list[str], payload: Payload) -> Payload:
    shown = nodes(payload, "labels")
    kept = [node for node in shown if node["name"] in names]
    held = {node["name"] for node in shown}
    return {"labels": _whole([*kept, *({"name": name} for name in names if name not in held)])}


def _get_assignees(payload: Payload) -> list[str]:
    assignee = reference(payload, "assignee")
    return [] if assignee is None else [assignee]


def _cut_assignees(people: list[str] | None, shown: list[str]) -> FieldValue:
    if not people:
        return []
    return shown if shown and shown[0] in people else [min(people)]


def _get_estimate(payload: Payload) -> float | None:
    number = optional_number(payload, "estimate")
    return None if number is None else float(number)


def _cut_estimate(points: float | None, shown: float | None) -> FieldValue:
    if points is None or points == shown:
        return shown if points is not None else None
    return float(max(math.floor(points + 0.5), 0))


def _get_cycle(payload: Payload) -> str | None:
    cycle = optional_object(payload, "cycle")
    if cycle is None:
        return None
    return optional_text(cycle, "name") or f"{optional_number(cycle, 'number') or 0:g}"


def _get_blocked_by(payload: Payload) -> list[str]:
    shown = nodes(payload, "inverseRelations")
    if not shown:
        return []
    return sorted({text_id(some_object(node, "issue")) for node in shown if node.get("type") == "blocks"})


def _put_blocked_by(blockers: list[str], payload: Payload) -> Payload:
    shown = nodes(payload, "inverseRelations")
    kept = [node for node in shown if node.get("type") != "blocks" or node["issue"]["id"] in blockers]
    held = {node["issue"]["id"] for node in kept if node.get("type") == "blocks"}
    added = [{"type": "blocks", "issue": {"id": blocker}} for blocker in blockers if blocker not in held]
    return {"inverseRelations": _whole([*kept, *added])}


def _put_archived(archived: bool, payload: Payload) -> Payload:
    return {"archivedAt": payload["updatedAt"]} if archived else {"archivedAt": None, "trashed": None}


def _name(named: Payload | None) -> str | None:
    return None if named is None else text(named, "name") or None


def _named(key: str) -> FieldLens:
    """An object that is known by its name."""
    return FieldLens(
        get=lambda payload: _name(optional_object(payload, key)),
        cut=_text,
        put=lambda name, _: {key: None if name is None else {"name": name}},
    )


def _text(value: str | None, _: Any) -> str | None:
    """A text as Linear's database can hold it."""
    return (value or "").replace("\0", "")[:LONGEST] or None


def _elements(values: Iterable[str] | None, _: Any) -> FieldValue:
    return sorted({cut for value in values or () if (cut := _text(value, None))})


def _cut_title(title: str | None, shown: str) -> str:
    """A title is one line, without spaces around it."""
    cut = _text(title, None) or ""
    return cut if cut == shown else " ".join(cut.split("\n")).strip()


def _cut_labels(names: Iterable[str] | None, shown: Sequence[str]) -> FieldValue:
    """Names have no spaces around them."""
    cut = (name if name in shown else name.strip() for name in names or ())
    return _elements(cut, None)


FIELD_LENSES: Mapping[str, FieldLens] = {
    "title": FieldLens(
        get=lambda payload: text(payload, "title"),
        cut=_cut_title,
        put=lambda title, _: {"title": title},
    ),
    "description": FieldLens(
        get=_get_description,
        cut=_cut_description,
        put=_put_description,
    ),
    "status": FieldLens(_get_status, lambda status, _: status or Status.BACKLOG.value, _put_status),
    "priority": FieldLens(
        _get_priority,
        cut=lambda priority, _: priority or Priority.NONE.value,
        put=lambda priority, _: {"priority": PRIORITIES.index(priority)},
    ),
    "labels": FieldLens(_get_labels, _cut_labels, _put_labels),
    "assignees": FieldLens(
        _get_assignees, _cut_assignees, put=lambda people, _: {"assignee": {"id": people[0]} if people else None}
    ),
    "due_date": FieldLens(
        get=lambda payload: optional_date(payload, "dueDate"),
        cut=lambda day, _: day or None,
        put=lambda day, _: {"dueDate": day},
    ),
    "estimate_points": FieldLens(_get_estimate, _cut_estimate, put=lambda points, _: {"estimate": points}),
    "project": _named("project"),
    "milestone": _named("projectMilestone"),
    "cycle": FieldLens(
        _get_cycle,
        cut=_text,
        put=lambda name, _: {"cycle": None if name is None else {"name": name}},
    ),
    "parent_id": FieldLens(
        get=lambda payload: reference(payload, "parent"),
        cut=lambda parent, _: parent or None,
        put=lambda parent, _: {"parent": None if parent is None else {"id": parent}},
    ),
    "blocked_by": FieldLens(_get_blocked_by, _elements, _put_blocked_by),
    "archived": FieldLens(
        get=lambda payload: optional_time(payload, "archivedAt") is not None,
        cut=lambda archived, _: bool(archived),
        put=_put_archived,
    ),
}
"""Every canonical field that Linear shows. It has no start date, no confidential issues, and points, not minutes."""

_NOTHING: Fields = {}
_GETTERS = tuple((name, lens.get) for name, lens in FIELD_LENSES.items())


class LinearLens(Lens):
    """Linear's payloads as canonical fields and back; the same for every source."""

    def view(self, kind: Kind, payload: Payload) -> View:
        """What the payload shows. Raises `UnreadableError`."""
        return _VIEWS[kind](payload)

    def put(self, fields: Fields, payload: Payload) -> Payload:
        """The issue as Linear would show it with these fields. What Linear would choose (ids of a label or a state
        that is named) is left out; what already shows the wished value stays as it is, with its finer detail."""
        shown = _shown(payload)
        changed = dict(payload)
        for name, value in self.project(fields, shown).items():
            if value != shown[name]:
                changed.update(FIELD_LENSES[name].put(value, payload))
        return changed

    def project(self, fields: Fields, shown: Fields | None) -> dict[str, FieldValue]:
        """These fields as Linear would show them on an issue that now shows `shown`, and a milestone that goes with
        the project: it lives in one."""
        now = shown or _NOTHING
        cut = {
            name: FIELD_LENSES[name].cut(value, now[name] if name in now else FIELDS[name].empty)
            for name, value in fields.items()
            if name in FIELD_LENSES
        }
        shown_project = now.get("project")
        project = cut.get("project", shown_project)
        moves = "project" in fields and project != shown_project and "milestone" not in fields
        if moves or (project is None and "milestone" in fields):
            cut["milestone"] = None
        return cut

    def fingerprint(self) -> str:
        """Changes with the rules of this module; no setting has a part in them."""
        return digest("linear", RULES)


_ISSUE_KEYS = frozenset(
    {
        "id", "identifier", "url", "title", "description", "priority", "estimate", "dueDate", "createdAt", "updatedAt",
        "completedAt", "canceledAt", "archivedAt", "trashed", "state", "creator", "assignee", "project",
        "projectMilestone", "cycle", "parent", "labels", "inverseRelations", "attachments",
    }
)  # fmt: skip


def _shown(payload: Payload) -> dict[str, FieldValue]:
    return {name: get(payload) for name, get in _GETTERS}


def _whole(shown: list[Payload]) -> Payload:
    return {"nodes": shown, "pageInfo": {"hasNextPage": False}}


def _task(payload: Payload) -> TaskView:
    text_id(payload)
    require(payload, _ISSUE_KEYS)
    url = text(payload, "url")
    shown_at = parse_issue_url(url)
    identifier = text(payload, "identifier")
    body = optional_text(payload, "description")
    attached = [text(node, "url") for node in nodes(payload, "attachments")]
    return TaskView(
        fields=_shown(payload),
        key=shown_at and key_of(shown_at.workspace, identifier),
        url=url,
        created_at=time(payload, "createdAt"),
        updated_at=time(payload, "updatedAt"),
        completed_at=optional_time(payload, "completedAt") or optional_time(payload, "canceledAt"),
        author=reference(payload, "creator"),
        urls=_urls(body, attached),
        markers=markers_in(body),
        deleted=flag(payload, "trashed"),
    )


def _urls(body: str | None, attached: list[str]) -> list[str]:
    written = urls_in(body)
    return list(dict.fromkeys([*written, *attached])) if attached else written


def _comment(payload: Payload) -> CommentView:
    text_id(payload)
    body = text(payload, "body")
    return CommentView(
        task=text(payload, "issueId"),
        author=reference(payload, "user"),
        body=without_markers(body),
        created_at=time(payload, "createdAt"),
        updated_at=time(payload, "updatedAt"),
        markers=comment_markers_in(body),
        url=optional_text(payload, "url"),
        answers=optional_text(payload, "parentId"),
    )


def _person(payload: Payload) -> PersonView:
    text_id(payload)
    return PersonView(
        name=text(payload, "name"),
        username=text(payload, "displayName") or None,
        email=optional_text(payload, "email"),
        active=flag(payload, "active"),
    )


def _project(payload: Payload) -> ProjectView:
    text_id(payload)
    return ProjectView(
        name=text(payload, "name"),
        path=text(payload, "slugId"),
        description=optional_text(payload, "description"),
        url=text(payload, "url"),
        archived=optional_time(payload, "archivedAt") is not None or flag(payload, "trashed"),
    )


def _milestone(payload: Payload) -> MilestoneView:
    text_id(payload)
    return MilestoneView(
        title=text(payload, "name"),
        project=reference(payload, "project"),
        start_date=None,
        due_date=optional_date(payload, "targetDate"),
        closed=text(payload, "status") == "done" or optional_time(payload, "archivedAt") is not None,
    )


_VIEWS: Mapping[Kind, Callable[[Payload], View]] = {
    Kind.TASK: _task,
    Kind.COMMENT: _comment,
    Kind.PERSON: _person,
    Kind.PROJECT: _project,
    Kind.MILESTONE: _milestone,
}
