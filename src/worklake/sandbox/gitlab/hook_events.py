"""The bodies that webhooks carry."""

from __future__ import annotations

import uuid
from datetime import date, datetime
from typing import Any

from worklake.sandbox.gitlab.entities import Issue, MergeRequest, Milestone, Note, Noteable, Project, User
from worklake.sandbox.gitlab.hooks import HookSender
from worklake.sandbox.gitlab.rendering import Json, Renderer, time_stats
from worklake.sandbox.gitlab.store import Store

Changes = dict[str, tuple[Any, Any]]


def hook_time(value: object) -> object:
    """Times as hooks show them (`2017-09-15 16:52:00 UTC`), other values as they are."""
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M:%S UTC")
    return value.isoformat() if isinstance(value, date) else value


class HookEvents:
    """Tells the hooks of a project and of its group what happened there."""

    def __init__(self, store: Store, show: Renderer, sender: HookSender) -> None:
        self._store, self._show, self._sender = store, show, sender

    def issue(self, issue: Issue, actor: User, action: str, changes: Changes) -> None:
        """An issue was opened, closed, reopened or changed."""
        prefix = "confidential_" if issue.confidential else ""
        event = "Confidential Issue Hook" if issue.confidential else "Issue Hook"
        self._send(
            issue.project_id, f"{prefix}issues_events", event, lambda: self.issue_body(issue, actor, action, changes)
        )

    def note(self, note: Note, on: Noteable, actor: User, action: str) -> None:
        """A comment was written or changed."""
        hidden = note.internal or (isinstance(on, Issue) and on.confidential)
        prefix, event = ("confidential_", "Confidential Note Hook") if hidden else ("", "Note Hook")
        self._send(on.project_id, f"{prefix}note_events", event, lambda: self.note_body(note, on, actor, action))

    def merge_request(self, request: MergeRequest, actor: User, action: str, changes: Changes) -> None:
        """A merge request was opened, closed, reopened, merged or changed."""
        self._send(
            request.project_id,
            "merge_requests_events",
            "Merge Request Hook",
            lambda: self.merge_request_body(request, actor, action, changes),
        )

    def milestone(self, milestone: Milestone, actor: User, action: str) -> None:
        """A milestone of a project was created, closed, reopened or deleted."""
        if milestone.project_id is not None:
            self._send(
                milestone.project_id,
                "milestone_events",
                "Milestone Hook",
                lambda: self.milestone_body(milestone, actor, action),
            )

    def issue_body(self, issue: Issue, actor: User, action: str, changes: Changes) -> Json:
        """The body of an issue event."""
        return {
            **self._frame("issue", issue.project_id, actor),
            "object_attributes": {**self._attributes(issue), "action": action},
            "labels": self._labels(issue.labels, issue.project_id),
            "changes": self._changes(changes, issue.project_id),
            "assignees": self._people(issue.assignee_ids),
        }

    def note_body(self, note: Note, on: Noteable, actor: User, action: str) -> Json:
        """The body of a note event."""
        kind = "issue" if isinstance(on, Issue) else "merge_request"
        attributes = {
            "id": note.id, "note": note.body, "noteable_type": on.kind, "author_id": note.author_id,
            "created_at": hook_time(note.created_at), "updated_at": hook_time(note.updated_at),
            "project_id": on.project_id, "noteable_id": on.id, "system": note.system, "internal": note.internal,
            "discussion_id": note.discussion_id, "action": action, "url": f"{self._url(on)}#note_{note.id}",
        }  # fmt: skip
        shown = {**self._attributes(on), "labels": self._labels(on.labels, on.project_id)}
        return {**self._frame("note", on.project_id, actor), "object_attributes": attributes, kind: shown}

    def merge_request_body(self, request: MergeRequest, actor: User, action: str, changes: Changes) -> Json:
        """The body of a merge request event."""
        return {
            **self._frame("merge_request", request.project_id, actor),
            "object_attributes": {**self._attributes(request), "action": action},
            "labels": self._labels(request.labels, request.project_id),
            "changes": self._changes(changes, request.project_id),
            "assignees": self._people(request.assignee_ids),
            "reviewers": self._people(request.reviewer_ids),
        }

    def milestone_body(self, milestone: Milestone, actor: User, action: str) -> Json:
        """The body of a milestone event."""
        attributes = {
            "id": milestone.id, "iid": milestone.iid, "title": milestone.title, "description": milestone.description,
            "state": milestone.state, "created_at": hook_time(milestone.created_at),
            "updated_at": hook_time(milestone.updated_at), "due_date": hook_time(milestone.due_date),
            "start_date": hook_time(milestone.start_date), "project_id": milestone.project_id,
        }  # fmt: skip
        frame = self._frame("milestone", milestone.project_id or 0, actor)
        return {**frame, "object_attributes": attributes, "action": action}

    def _send(self, project_id: int, flag: str, event: str, body: Any) -> None:
        hooks = self._store.hooks.values()
        wanting = [hook for hook in hooks if hook.project_id in (None, project_id) and hook.flags[flag]]
        if wanting:
            payload, event_uuid = body(), str(uuid.uuid4())
            for hook in wanting:
                self._sender.send_later(hook, flag, event, payload, event_uuid)

    def _frame(self, kind: str, project_id: int, actor: User) -> Json:
        project = self._store.projects[project_id]
        return {
            "object_kind": kind, "event_type": kind, "user": self._person(actor), "project": self._project(project),
            "repository": {
                "name": project.name, "url": f"git@localhost:{project.full_path}.git",
                "description": project.description, "homepage": f"{self._show.base_url}/{project.full_path}",
            },
        }  # fmt: skip

    def _project(self, project: Project) -> Json:
        return {
            "id": project.id, "name": project.name, "description": project.description, "avatar_url": None,
            "web_url": f"{self._show.base_url}/{project.full_path}", "namespace": self._store.group.name,
            "visibility_level": 0, "path_with_namespace": project.full_path, "default_branch": "main",
        }  # fmt: skip

    def _person(self, user: User) -> Json:
        return {
            "id": user.id, "name": user.name, "username": user.username, "avatar_url": None, "email": "[REDACTED]",
        }  # fmt: skip

    def _people(self, user_ids: list[int]) -> list[Json]:
        return [self._person(self._store.users[one]) for one in user_ids]

    def _labels(self, names: list[str], project_id: int) -> list[Json]:
        found = (self._store.label_named(project_id, name) for name in names)
        return [
            {
                "id": label.id, "title": label.name, "color": label.color, "project_id": label.project_id,
                "template": False, "description": label.description,
                "type": "ProjectLabel" if label.project_id else "GroupLabel",
                "group_id": None if label.project_id else self._store.group.id,
            }
            for label in found if label
        ]  # fmt: skip

    def _changes(self, changes: Changes, project_id: int) -> Json:
        shown: Json = {}
        for name, (before, after) in changes.items():
            if name == "labels":
                before, after = self._labels(before or [], project_id), self._labels(after, project_id)
            elif name == "assignee_ids":
                name, before, after = "assignees", self._people(before or []), self._people(after)
            shown[name] = {"previous": hook_time(before), "current": hook_time(after)}
        return shown

    def _attributes(self, one: Noteable) -> Json:
        shared = {
            "id": one.id, "iid": one.iid, "title": one.title, "description": one.description, "state": one.state,
            "created_at": hook_time(one.created_at), "updated_at": hook_time(one.updated_at),
            "closed_at": hook_time(one.closed_at), "author_id": one.author_id, "assignee_ids": one.assignee_ids,
            "assignee_id": one.assignee_ids[0] if one.assignee_ids else None, "milestone_id": one.milestone_id,
            "discussion_locked": one.discussion_locked, "url": self._url(one), **time_stats(one),
        }  # fmt: skip
        if isinstance(one, Issue):
            return {
                **shared, "project_id": one.project_id, "confidential": one.confidential, "weight": one.weight,
                "due_date": hook_time(one.due_date), "type": "Issue", "severity": one.severity.lower(),
                "relative_position": one.relative_position, "moved_to_id": one.moved_to_id,
            }  # fmt: skip
        return {
            **shared, "source_project_id": one.project_id, "target_project_id": one.project_id,
            "source_branch": one.source_branch, "target_branch": one.target_branch,
            "draft": one.title.startswith("Draft:"),
            "merge_commit_sha": one.merge_commit_sha, "reviewer_ids": one.reviewer_ids, "last_commit": {"id": one.sha},
        }  # fmt: skip

    def _url(self, one: Noteable) -> str:
        kind = "issues" if isinstance(one, Issue) else "merge_requests"
        return f"{self._show.base_url}/{self._store.projects[one.project_id].full_path}/-/{kind}/{one.iid}"
