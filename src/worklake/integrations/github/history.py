"""Who edited which field of an issue when, as GitHub's own events tell it. Of edits of the body it keeps nothing."""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from datetime import datetime

from worklake.integrations.base import FieldEdit, Payload
from worklake.integrations.github.addresses import Place
from worklake.integrations.github.client import GitHubClient, external_id
from worklake.integrations.github.labels import LabelFields
from worklake.integrations.reading import time
from worklake.model.fields import FieldValue

_PUT_IN = {"labeled": "label", "assigned": "assignee"}
_TAKEN_OUT = {"unlabeled": "label", "unassigned": "assignee"}
HISTORY_FIELDS = frozenset({"title", "status", "priority", "labels", "assignees", "milestone"})
"""The fields whose edits GitHub tells."""


class History:
    """The edits of issues."""

    def __init__(self, client: GitHubClient, labels: LabelFields) -> None:
        self._client, self._labels = client, labels

    def of(self, place: Place, since: datetime, fields: AbstractSet[str]) -> Iterator[FieldEdit]:
        """The edits of the issue at this place at or after `since`, oldest first."""
        if not fields:
            return
        begin = since.replace(microsecond=0)  # GitHub tells seconds
        found = []
        for event in self._client.all(f"{place.path}/events"):
            if isinstance(event, dict) and time(event, "created_at") >= begin:
                edit = self._edit(event)
                found += [edit] if edit is not None and edit.field in fields else []
        yield from sorted(found, key=lambda edit: edit.at)

    def _edit(self, event: Payload) -> FieldEdit | None:
        """The edit that an event tells of, if any: many are about other things."""
        kind, by = event.get("event"), event.get("actor")
        at, actor = time(event, "created_at"), external_id(by) if isinstance(by, dict) else None
        if kind in ("closed", "reopened"):
            return FieldEdit("status", at, actor)
        if kind in ("milestoned", "demilestoned"):
            return FieldEdit("milestone", at, actor)
        if kind == "renamed":
            return _renamed(event, at, actor)
        if kind in _PUT_IN or kind in _TAKEN_OUT:
            return self._element(event, str(kind), at, actor)
        return None

    def _element(self, event: Payload, kind: str, at: datetime, actor: str | None) -> FieldEdit:
        """A label or a person put in or taken out."""
        key = _PUT_IN.get(kind) or _TAKEN_OUT[kind]
        held = event.get(key)
        if key == "assignee":
            field, element = "assignees", external_id(held) if isinstance(held, dict) else None
        else:
            name = held.get("name") if isinstance(held, dict) else None
            element = name if isinstance(name, str) else None
            field = self._labels.meaning_of(element) if element is not None else "labels"
        if element is None or field not in ("labels", "assignees"):
            return FieldEdit(field, at, actor)
        before: FieldValue = [] if kind in _PUT_IN else [element]
        return FieldEdit(field, at, actor, before, [element] if kind in _PUT_IN else [], told=True)


def _renamed(event: Payload, at: datetime, actor: str | None) -> FieldEdit:
    told = event.get("rename")
    before, after = (told.get("from"), told.get("to")) if isinstance(told, dict) else (None, None)
    if not isinstance(before, str) or not isinstance(after, str):
        return FieldEdit("title", at, actor)
    return FieldEdit("title", at, actor, before, after, told=True)
