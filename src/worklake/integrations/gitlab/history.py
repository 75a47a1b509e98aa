"""Who edited which field of an issue when: GitLab's resource events, and the remarks it makes itself."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from collections.abc import Set as AbstractSet
from datetime import datetime
from typing import Any

from worklake.integrations.base import FieldEdit, Payload
from worklake.integrations.gitlab.client import PAGE_SIZE, GitLabClient, external_id
from worklake.integrations.gitlab.labels import LabelFields
from worklake.integrations.reading import time

_REMARKS = (
    (re.compile(r"\Achanged title from "), "title"),
    (re.compile(r"changed the description"), "description"),
    (re.compile(r"assigned (?:to )?@|removed assignee"), "assignees"),
    (re.compile(r"(?:changed|removed) (?:the )?due date"), "due_date"),
    (re.compile(r"(?:changed|added|removed) (?:the )?time estimate"), "estimate_minutes"),
    (re.compile(r"made the [\w ]+ (?:confidential|visible)"), "confidential"),
)
"""How GitLab says which field was edited. A new title, which may say anything, comes first."""

_BETWEEN_TITLES = "** to **"
_MARKS = (re.compile(r"\{-(.*?)-\}"), re.compile(r"\{\+(.*?)\+\}"))
"""How GitLab marks the parts that a new title took out and put in."""

HISTORY_FIELDS = frozenset({"status", "priority", "labels", "milestone", *(field for _, field in _REMARKS)})
"""The fields whose edits GitLab tells."""
_OF_LABELS = frozenset({"status", "priority", "labels"})


class History:
    """The edits of issues. A kind of event costs a call, and only those are asked for that the fields need."""

    def __init__(self, client: GitLabClient, labels: LabelFields) -> None:
        self._client = client
        self._labels = labels

    def of(self, path: str, since: datetime, fields: AbstractSet[str]) -> Iterator[FieldEdit]:
        """The edits of the issue at this path at or after `since`, oldest first."""
        found: list[FieldEdit] = []
        if "status" in fields:
            found += self._events(path, "state", since, lambda event: FieldEdit("status", *_by(event)))
        if fields & _OF_LABELS:
            found += self._events(path, "label", since, self._label_edit)
        if "milestone" in fields:
            found += self._events(path, "milestone", since, lambda event: FieldEdit("milestone", *_by(event)))
        if fields - _OF_LABELS - {"milestone"}:
            found += self._remarks(path, since)
        return iter(sorted((edit for edit in found if edit.field in fields), key=lambda edit: edit.at))

    def _events(
        self, path: str, kind: str, since: datetime, read: Callable[[Payload], FieldEdit]
    ) -> Iterator[FieldEdit]:
        for event in self._client.all(f"{path}/resource_{kind}_events"):
            if isinstance(event, dict) and time(event, "created_at") >= since:
                yield read(event)

    def _label_edit(self, event: Payload) -> FieldEdit:
        """A label put on or taken off; a deleted one has no name any more."""
        at, actor = _by(event)
        label = event.get("label")
        name = label.get("name") if isinstance(label, dict) else None
        if not isinstance(name, str):
            return FieldEdit("labels", at, actor)
        field = self._labels.meaning_of(name)
        if field != "labels":
            return FieldEdit(field, at, actor)
        added = event.get("action") == "add"
        return FieldEdit(field, at, actor, [] if added else [name], [name] if added else [], told=True)

    def _remarks(self, path: str, since: datetime) -> Iterator[FieldEdit]:
        """What GitLab's own notes say, newest first in its answer, so that old ones are not read."""
        query = {
            "activity_filter": "only_activity", "order_by": "created_at", "sort": "desc", "per_page": str(PAGE_SIZE),
        }  # fmt: skip
        for note in self._client.all(f"{path}/notes", query):
            if not isinstance(note, dict):
                continue
            if time(note, "created_at") < since:
                return
            body: Any = note.get("body")
            if note.get("system") is True and isinstance(body, str):
                field = next((field for pattern, field in _REMARKS if pattern.search(body)), None)
                if field == "title":
                    yield _title_edit(note, body)
                elif field is not None:
                    yield FieldEdit(field, *_by(note))


def _title_edit(note: Payload, body: str) -> FieldEdit:
    """A new title, with the values where the remark can be read in one way only: it marks what differs in both."""
    at, actor = _by(note)
    titles = body.removeprefix("changed title from **").removesuffix("**").split(_BETWEEN_TITLES)
    if len(titles) != 2 or not body.endswith("**"):
        return FieldEdit("title", at, actor)
    before, after = (marks.sub(r"\1", title) for marks, title in zip(_MARKS, titles, strict=True))
    return FieldEdit("title", at, actor, before, after, told=True)


def _by(event: Payload) -> tuple[datetime, str | None]:
    actor = event.get("user") or event.get("author")
    return time(event, "created_at"), external_id(actor) if isinstance(actor, dict) else None
