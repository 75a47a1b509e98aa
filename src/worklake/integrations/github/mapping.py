"""How GitHub's payloads and the canonical fields translate into each other (the lens)."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence

from worklake.integrations.base import Lens, Payload
from worklake.integrations.github.addresses import Addresses, place_of
from worklake.integrations.github.code import commit_view, pull_view
from worklake.integrations.github.fields import LONGEST, issue_fields
from worklake.integrations.github.labels import LabelFields
from worklake.integrations.github.options import OptionFields, changed_at
from worklake.integrations.github.settings import GitHubSettings
from worklake.integrations.github.texts import shown
from worklake.integrations.reading import (
    flag,
    number_id,
    optional_object,
    optional_text,
    optional_time,
    optional_whole,
    text,
    time,
    unreadable,
)
from worklake.integrations.text import comment_markers_in, markers_in, urls_in
from worklake.integrations.views import CommentView, MilestoneView, PersonView, ProjectView, TaskView, View
from worklake.model.fields import FIELDS, Fields, FieldValue, Status
from worklake.model.ids import digest
from worklake.model.rows import Kind

RULES = "1"
"""Counts up when a payload would be read differently."""
ISSUE_ID = "_issue_id"
"""Key under which a comment carries the id of its issue, of which GitHub tells the address alone."""
REPOSITORY_ID = "_repository_id"
"""Key under which a milestone carries the id of its repository."""
MOVED_TO = "_moved_to"
"""Key under which an issue that was transferred carries the id of the one in its place."""

WRITABLE_FIELDS = frozenset(
    {"title", "description", "status", "priority", "labels", "assignees", "milestone", "parent_id", "blocked_by"}
)
"""The canonical fields of an issue that can be set."""
ISSUE_FIELDS = WRITABLE_FIELDS | {"project"}
"""The canonical fields that GitHub shows of an issue. It has no dates, estimates or cycles on an issue itself."""


class GitHubLens(Lens):
    """The lens of one source: which labels or options have a meaning, and which server it is, stand in its settings."""

    def __init__(self, settings: GitHubSettings) -> None:
        self._settings = settings
        self.addresses = Addresses(settings.base_url)
        self._labels = LabelFields(settings)
        self.options = OptionFields(settings.project, self._labels) if settings.project is not None else None
        self._fields = issue_fields(self._labels, self.options)
        self._getters = [(name, lens.has, lens.get) for name, lens in self._fields.items()]
        labels = [list(settings.status_labels.items()), list(settings.priority_labels.items())]
        project = [] if settings.project is None else [settings.project.model_dump_json()]
        self._fingerprint = digest("github", RULES, settings.base_url, json.dumps(labels), *project)
        self._views: Mapping[Kind, Callable[[Payload], View]] = {
            Kind.TASK: self._task,
            Kind.COMMENT: _comment,
            Kind.PERSON: _person,
            Kind.PROJECT: _project,
            Kind.MILESTONE: _milestone,
            Kind.MERGE_REQUEST: lambda payload: pull_view(payload, self.addresses),
            Kind.COMMIT: lambda payload: commit_view(payload, self.addresses),
        }

    def view(self, kind: Kind, payload: Payload) -> View:
        """What the payload shows. Raises `UnreadableError` that names the field, what was found and expected."""
        return self._views[kind](payload)

    def put(self, fields: Fields, payload: Payload) -> Payload:
        """The issue as GitHub would show it with these fields set; what already shows so stays as it is.

        People, milestones and issues that the payload does not have are shown by id or title alone. Worklake's markers
        in the body stay.
        """
        result, now = dict(payload), self.fields_of(payload)
        for name, value in self.project(fields, now).items():
            lens = self._fields[name]
            if lens.put is not None and value != now[name]:
                lens.put(result, value)
        return result

    def project(self, fields: Fields, shown: Fields | None) -> dict[str, FieldValue]:
        """How GitHub would show these fields: what it cannot set as it shows it, what it lacks not at all."""
        projected: dict[str, FieldValue] = {}
        for name, value in fields.items():
            lens = self._fields.get(name)
            if lens is None or (shown is not None and name not in shown):
                continue
            now = shown[name] if shown is not None else None
            if shown is not None and (lens.fit is None or value == now):
                projected[name] = now
            elif lens.fit is not None:
                projected[name] = lens.fit(value, now)
        return projected

    def fields_of(self, payload: Payload) -> dict[str, FieldValue]:
        """The canonical fields that an issue has, as it shows them."""
        return {name: get(payload) for name, has, get in self._getters if has(payload)}

    def without(self, names: Mapping[str, Sequence[str]]) -> GitHubLens:
        """The lens of a GitHub on which these labels and options do not exist."""
        gone = {name for field in ("status", "priority") for name in names.get(field, ())}
        news: dict[str, object] = {
            key: {label: value for label, value in getattr(self._settings, key).items() if label not in gone}
            for key in ("status_labels", "priority_labels")
        }
        project = self._settings.project
        if project is not None:
            kept = {option: status for option, status in project.status.items() if option not in gone}
            news["project"] = project.model_copy(update={"status": kept})
        return GitHubLens(self._settings.model_copy(update=news))

    def is_on_the_way(self, field: str, before: FieldValue, sent: FieldValue, shown: FieldValue) -> bool:
        """Whether a new issue was made, and its card not yet moved. A change never shows anything but before and after:
        what is to be open has its card moved before it is opened, and what is closed shows so whatever its card says.
        """
        made = before == FIELDS["status"].empty and shown == Status.UNSTARTED.value != sent
        return self.options is not None and field == "status" and made

    def fingerprint(self) -> str:
        """Changes with the labels that have a meaning, with the server's address and with the rules of reading."""
        return self._fingerprint

    def _task(self, payload: Payload) -> TaskView:
        number_id(payload)
        _is_whole(payload)
        body = optional_text(payload, "body", LONGEST)
        author = optional_object(payload, "user")
        place = place_of(payload)
        moved_to = optional_whole(payload, MOVED_TO)
        return TaskView(
            self.fields_of(payload),
            self.addresses.key(place) if place is not None else None,
            optional_text(payload, "html_url", LONGEST),
            time(payload, "created_at"),
            changed_at(payload),
            optional_time(payload, "closed_at"),
            number_id(author) if author else None,
            urls=urls_in(body),
            markers=markers_in(body),
            moved_to=None if moved_to is None else str(moved_to),
        )


def _is_whole(payload: Payload) -> None:
    """Raises `UnreadableError` where an issue lacks what GitHub always tells: that must not be taken for empty."""
    for name in ("body", "labels", "assignees", "milestone"):
        if name not in payload:
            unreadable(name, None, "it, as GitHub tells it of every issue, or null")
    if payload["assignees"] is None:
        unreadable("assignees", None, "a list")


def _comment(payload: Payload) -> CommentView:
    number_id(payload)
    author = optional_object(payload, "user")
    body = text(payload, "body", LONGEST)
    return CommentView(
        number_id(payload, ISSUE_ID),
        number_id(author) if author else None,
        shown(body) or "",
        time(payload, "created_at"),
        time(payload, "updated_at"),
        comment_markers_in(body),
        optional_text(payload, "html_url", LONGEST),
    )


def _person(payload: Payload) -> PersonView:
    number_id(payload)
    login = text(payload, "login", LONGEST)
    email = optional_text(payload, "email", LONGEST)
    return PersonView(optional_text(payload, "name", LONGEST) or login, login, email or None, active=True)


def _project(payload: Payload) -> ProjectView:
    number_id(payload)
    return ProjectView(
        text(payload, "name", LONGEST),
        optional_text(payload, "full_name", LONGEST),
        optional_text(payload, "description", LONGEST) or None,
        optional_text(payload, "html_url", LONGEST),
        flag(payload, "archived"),
    )


def _milestone(payload: Payload) -> MilestoneView:
    number_id(payload)
    repository = optional_whole(payload, REPOSITORY_ID)
    state = optional_text(payload, "state", LONGEST)
    if state not in ("open", "closed"):
        unreadable("state", state, "open or closed")
    due = optional_time(payload, "due_on")
    return MilestoneView(
        text(payload, "title", LONGEST),
        None if repository is None else str(repository),
        None,
        due.date().isoformat() if due is not None else None,
        state == "closed",
    )
