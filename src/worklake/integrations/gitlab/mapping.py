"""How GitLab's payloads and the canonical fields translate into each other (the lens)."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence

from worklake.integrations.base import Lens, Payload
from worklake.integrations.gitlab.addresses import Addresses
from worklake.integrations.gitlab.code import commit_view, merge_request_view
from worklake.integrations.gitlab.fields import ISSUE_LINKS, issue_fields, one_assignee
from worklake.integrations.gitlab.labels import LabelFields, one_of_each_scope
from worklake.integrations.gitlab.settings import GitLabSettings
from worklake.integrations.gitlab.texts import LONGEST_TEXT, LONGEST_TITLE, shown
from worklake.integrations.reading import (
    flag,
    number_id,
    objects,
    optional_date,
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
from worklake.model.fields import FIELDS, Fields, FieldValue
from worklake.model.ids import digest
from worklake.model.rows import Kind

RULES = "3"
"""Counts up when a payload would be read differently."""


class GitLabLens(Lens):
    """The lens of one source: which labels have a meaning, and which server it is, stand in its settings."""

    def __init__(self, settings: GitLabSettings) -> None:
        self._settings = settings
        self.addresses = Addresses(settings.base_url)
        self._fields = issue_fields(LabelFields(settings))
        self._getters = [(name, lens.key, lens.get) for name, lens in self._fields.items()]
        labels = [list(settings.status_labels.items()), list(settings.priority_labels.items())]
        self._fingerprint = digest("gitlab", RULES, settings.base_url, json.dumps(labels))
        self._views: Mapping[Kind, Callable[[Payload], View]] = {
            Kind.TASK: self._task,
            Kind.COMMENT: _comment,
            Kind.PERSON: _person,
            Kind.PROJECT: _project,
            Kind.MILESTONE: _milestone,
            Kind.MERGE_REQUEST: lambda payload: merge_request_view(payload, self.addresses),
            Kind.COMMIT: lambda payload: commit_view(payload, self.addresses),
        }

    def view(self, kind: Kind, payload: Payload) -> View:
        """What the payload shows. Raises `UnreadableError` that names the field, what was found and expected."""
        return self._views[kind](payload)

    def put(self, fields: Fields, payload: Payload) -> Payload:
        """The issue as GitLab would show it with these fields set; what already shows so stays as it is.

        People and milestones that the payload does not have are shown by id or title alone. Worklake's markers in the
        description stay.
        """
        result, shown = dict(payload), self.fields_of(payload)
        for name, value in self.project(fields, shown).items():
            lens = self._fields[name]
            if lens.put is not None and value != shown[name]:
                lens.put(result, value)
        return result

    def project(self, fields: Fields, shown: Fields | None) -> dict[str, FieldValue]:
        """How GitLab would show these fields: what it cannot set as it shows it, what it lacks not at all."""
        projected = {}
        for name, value in fields.items():
            lens = self._fields.get(name)
            if lens is None or (shown is not None and name not in shown):
                continue
            now = shown[name] if shown is not None else None
            if shown is not None and (lens.fit is None or value == now):
                projected[name] = now
            elif lens.fit is not None:
                projected[name] = lens.fit(value, now)
        return projected | _within_licence(projected, shown)

    def fields_of(self, payload: Payload) -> dict[str, FieldValue]:
        """The canonical fields that an issue has, as it shows them."""
        return {name: get(payload) for name, key, get in self._getters if key is None or key in payload}

    def without(self, names: Mapping[str, Sequence[str]]) -> GitLabLens:
        """The lens of a server on which these labels do not exist."""
        gone = {name for field in ("status", "priority") for name in names.get(field, ())}
        news = {
            key: {label: value for label, value in getattr(self._settings, key).items() if label not in gone}
            for key in ("status_labels", "priority_labels")
        }
        return GitLabLens(self._settings.model_copy(update=news))

    def fingerprint(self) -> str:
        """Changes with the labels that have a meaning, with the server's address and with the rules of reading."""
        return self._fingerprint

    def _task(self, payload: Payload) -> TaskView:
        number_id(payload)
        _is_whole(payload)
        fields = self.fields_of(payload)
        description = optional_text(payload, "description", LONGEST_TEXT)
        author = optional_object(payload, "author")
        references = optional_object(payload, "references")
        reference = optional_text(references, "full", LONGEST_TEXT) if references else None
        url = optional_text(payload, "web_url", LONGEST_TEXT)
        if reference:
            key: str | None = self.addresses.key(reference)
        else:
            key = self.addresses.key_of(url) if url else None
        return TaskView(
            fields,
            key,
            url,
            time(payload, "created_at"),
            time(payload, "updated_at"),
            optional_time(payload, "closed_at"),
            number_id(author) if author else None,
            _blocked_issues(payload),
            urls_in(description),
            markers_in(description),
            moved_to=_moved_to(payload),
        )


def _is_whole(payload: Payload) -> None:
    """Raises `UnreadableError` where an issue lacks what GitLab always tells: that must not be taken for empty."""
    for name in ("description", "due_date", "labels", "assignees"):
        if name not in payload:
            unreadable(name, None, "it, as GitLab tells it of every issue, or null")
    for name in ("labels", "assignees"):
        if payload[name] is None:
            unreadable(name, None, "a list")


def _within_licence(projected: Fields, shown: Fields | None) -> dict[str, FieldValue]:
    """What of labels and assignees the server's licence lets an issue have: only those with weights have scopes, of
    which an issue has one label, and issues with several assignees. Of an issue yet to be made nobody knows.
    """
    paid = shown is None or "estimate_points" in shown
    cuts = {"labels": one_of_each_scope} if paid else {"assignees": one_assignee}
    now = shown or {}
    return {
        name: cut(projected[name], now.get(name))
        for name, cut in cuts.items()
        if name in projected and projected[name] != now.get(name)
    }


def _moved_to(payload: Payload) -> str | None:
    target = optional_whole(payload, "moved_to_id")
    return None if target is None else str(target)


def _blocked_issues(payload: Payload) -> list[str]:
    if ISSUE_LINKS not in payload:
        return []
    links = objects(payload, ISSUE_LINKS)
    return sorted({number_id(link) for link in links if link.get("link_type") == "blocks"})


def _comment(payload: Payload) -> CommentView:
    number_id(payload)
    author = optional_object(payload, "author")
    body = text(payload, "body", LONGEST_TEXT)
    return CommentView(
        number_id(payload, "noteable_id"),
        number_id(author) if author else None,
        shown(body) or "",
        time(payload, "created_at"),
        time(payload, "updated_at"),
        comment_markers_in(body),
        internal=payload.get("internal") is True or payload.get("confidential") is True,
    )


def _person(payload: Payload) -> PersonView:
    number_id(payload)
    email = optional_text(payload, "email", LONGEST_TITLE) or optional_text(payload, "public_email", LONGEST_TITLE)
    username = text(payload, "username", LONGEST_TITLE)
    return PersonView(
        optional_text(payload, "name", LONGEST_TEXT) or username,
        username,
        email or None,
        optional_text(payload, "state", LONGEST_TITLE) in (None, "active"),
    )


def _project(payload: Payload) -> ProjectView:
    number_id(payload)
    return ProjectView(
        text(payload, "name", LONGEST_TITLE),
        optional_text(payload, "path_with_namespace", LONGEST_TEXT),
        optional_text(payload, "description", LONGEST_TEXT) or None,
        optional_text(payload, "web_url", LONGEST_TEXT),
        flag(payload, "archived"),
    )


def _milestone(payload: Payload) -> MilestoneView:
    number_id(payload)
    project = optional_whole(payload, "project_id")
    state = optional_text(payload, "state", LONGEST_TITLE)
    if state not in ("active", "closed"):
        unreadable("state", state, "active or closed")
    return MilestoneView(
        text(payload, "title", LONGEST_TITLE),
        None if project is None else str(project),
        optional_date(payload, "start_date"),
        optional_date(payload, "due_date"),
        state == "closed",
    )


ISSUE_FIELDS = frozenset(name for name in FIELDS if name not in {"parent_id", "blocked_by", "archived"})
"""The canonical fields that GitLab's REST API shows of an issue.

Parents are not in it. Blocking relations are shown by the issue that blocks (`TaskView.blocks`), as only its listing
tells that it has any.
"""

WRITABLE_FIELDS = ISSUE_FIELDS - {"start_date", "project", "cycle"}
"""The canonical fields that GitLab's REST API lets be set."""
