"""Records as GitLab's JSON."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import date, datetime
from itertools import islice
from typing import Any
from urllib.parse import quote

import orjson

from worklake.sandbox.gitlab.durations import human_duration
from worklake.sandbox.gitlab.entities import Group, Issue, Label, MergeRequest, Milestone, Note, Noteable, Project, User
from worklake.sandbox.gitlab.store import Store

Json = dict[str, Any]
_RENDERED_AHEAD = 200_000
_TASK = re.compile(r"^\s*(?:[-*+]|\d+\.)\s+\[([ xX])\]\s", re.MULTILINE)


def shown_time(moment: datetime | None) -> str | None:
    """A moment as the API shows it: cut to the millisecond, `Z`."""
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z") if moment else None


def shown_date(day: date | None) -> str | None:
    """A day as the API shows it."""
    return day.isoformat() if day else None


class Renderer:
    """Shows the records of a store; `base_url` begins every address. Rendered issues are kept until they change."""

    def __init__(self, store: Store, base_url: str, clock: Callable[[], datetime]) -> None:
        self._store, self.base_url, self._clock = store, base_url, clock
        self._rendered_on: date | None = None
        self._users: dict[int, Json] = {}
        self._ready_made: dict[tuple[str, int], orjson.Fragment] = {}

    def user(self, user_id: int | None) -> Json | None:
        """The short form of a user, which every other record holds."""
        if user_id is None:
            return None
        if user_id not in self._users:
            one = self._store.users[user_id]
            self._users[user_id] = {
                "id": one.id, "username": one.username, "public_email": "", "name": one.name,
                "state": "active" if one.active else "blocked", "locked": False, "avatar_url": None,
                "web_url": f"{self.base_url}/{one.username}",
            }  # fmt: skip
        return self._users[user_id]

    def move_to(self, base_url: str) -> None:
        """Show everything under another address from now on."""
        self.base_url = base_url
        self._users.clear()
        self.forget_all()

    def users(self, user_ids: Iterable[int]) -> list[Json]:
        """Several users in the short form."""
        return [shown for shown in map(self.user, user_ids) if shown]

    def current_user(self, user: User) -> Json:
        """The caller's own account, which alone shows an e-mail address."""
        return {
            **(self.user(user.id) or {}), "email": user.email, "commit_email": user.email, "bio": "", "bot": False,
            "created_at": shown_time(self._store.group.created_at), "is_admin": False, "two_factor_enabled": True,
            "external": False, "private_profile": False, "can_create_project": True, "can_create_group": True,
        }  # fmt: skip

    def member(self, user: User) -> Json:
        """A user as a member of the group's projects."""
        return {
            **(self.user(user.id) or {}), "access_level": user.role, "expires_at": None, "membership_state": "active",
            "created_at": shown_time(self._store.group.created_at),
        }  # fmt: skip

    def issue_bytes(self, issue: Issue) -> bytes:
        """An issue as lists show it, as JSON text."""
        kept = self._store.rendered
        today = self._clock().date()
        if today != self._rendered_on:
            # A milestone may expire over night.
            self.forget_all()
            self._rendered_on = today
        text = kept.get(issue.id)
        if text is None:
            user, milestone = self._ready_made_user, self._ready_made_milestone
            text = kept[issue.id] = orjson.dumps(self._issue(issue, user, milestone, None))
        return text

    def forget_all(self) -> None:
        """Render every issue anew, since something that they all may show has changed."""
        self._store.rendered.clear()
        self._ready_made.clear()

    def render_ahead(self) -> None:
        """Render the issues now (at most 200,000), so that the first one who reads them is served like the next."""
        for issue in islice(self._store.issues.values(), _RENDERED_AHEAD):
            self.issue_bytes(issue)

    def issue(self, issue: Issue, *, with_labels_details: bool = False) -> Json:
        """An issue as lists show it."""
        labels: list[Json] | None = None
        if with_labels_details:
            labels = self.label_details(issue)
        return self._issue(issue, self.user, self.milestone, labels)

    def label_details(self, one: Noteable) -> list[Json]:
        """The labels of an issue or merge request as `with_labels_details` shows them."""
        found = (self._store.label_named(one.project_id, name) for name in one.labels)
        return [self.label(label) for label in found if label]

    def _issue(
        self,
        issue: Issue,
        user: Callable[[int], Any],
        milestone: Callable[[Milestone], Any],
        label_details: list[Json] | None,
    ) -> Json:
        project = self._store.projects[issue.project_id]
        assignees = [user(one) for one in issue.assignee_ids]
        completed, tasks = _tasks(issue.description)
        api = f"{self.base_url}/api/v4/projects/{issue.project_id}"
        return {
            "id": issue.id, "iid": issue.iid, "project_id": issue.project_id, "title": issue.title,
            "description": issue.description, "state": issue.state, "created_at": shown_time(issue.created_at),
            "updated_at": shown_time(issue.updated_at), "closed_at": shown_time(issue.closed_at),
            "closed_by": user(issue.closed_by_id) if issue.closed_by_id else None,
            "labels": issue.labels if label_details is None else label_details,
            "milestone": milestone(self._store.milestones[issue.milestone_id]) if issue.milestone_id else None,
            "assignees": assignees, "author": user(issue.author_id), "type": issue.issue_type.upper(),
            "assignee": assignees[0] if assignees else None, "user_notes_count": issue.user_notes_count,
            "merge_requests_count": 0, "upvotes": 0, "downvotes": 0, "start_date": shown_date(issue.start_date),
            "due_date": shown_date(issue.due_date), "confidential": issue.confidential,
            "discussion_locked": issue.discussion_locked, "issue_type": issue.issue_type,
            "web_url": f"{self.base_url}/{project.full_path}/-/issues/{issue.iid}",
            "time_stats": time_stats(issue), "task_completion_status": {"count": tasks, "completed_count": completed},
            "weight": issue.weight, "blocking_issues_count": self._blocking(issue), "has_tasks": tasks > 0,
            "task_status": f"{completed} of {tasks} checklist item{'' if tasks == 1 else 's'} completed",
            "_links": {
                "self": f"{api}/issues/{issue.iid}", "notes": f"{api}/issues/{issue.iid}/notes",
                "award_emoji": f"{api}/issues/{issue.iid}/award_emoji", "project": api, "closed_as_duplicate_of": None,
            },
            "references": references(project, f"#{issue.iid}"), "severity": issue.severity,
            "moved_to_id": issue.moved_to_id, "imported": False, "imported_from": "none",
            "service_desk_reply_to": None, "epic_iid": None, "epic": None, "iteration": None, "health_status": None,
        }  # fmt: skip

    def full_issue(self, issue: Issue) -> Json:
        """An issue as a call for it alone shows it."""
        return {**self.issue(issue), "subscribed": True}

    def label(self, label: Label) -> Json:
        """A label without its counts."""
        return {
            "id": label.id, "name": label.name, "description": label.description,
            "description_html": label.description or "", "text_color": "#FFFFFF", "color": label.color,
            "archived": False,
        }  # fmt: skip

    def counted_label(self, label: Label, counts: tuple[int, int, int]) -> Json:
        """A label with its counts of open issues, closed issues and open merge requests."""
        return {
            **self.label(label), "open_issues_count": counts[0], "closed_issues_count": counts[1],
            "open_merge_requests_count": counts[2], "subscribed": False, "priority": label.priority,
            "is_project_label": label.project_id is not None,
        }  # fmt: skip

    def milestone(self, one: Milestone) -> Json:
        """A milestone."""
        if one.project_id is not None:
            owner, path = {"project_id": one.project_id}, self._store.projects[one.project_id].full_path
        else:
            owner, path = {"group_id": self._store.group.id}, f"groups/{self._store.group.path}"
        return {
            "id": one.id, "iid": one.iid, **owner, "title": one.title, "description": one.description,
            "state": one.state, "created_at": shown_time(one.created_at), "updated_at": shown_time(one.updated_at),
            "due_date": shown_date(one.due_date), "start_date": shown_date(one.start_date),
            "expired": bool(one.due_date and one.due_date < self._clock().date()),
            "web_url": f"{self.base_url}/{path}/-/milestones/{one.iid}",
        }  # fmt: skip

    def note(self, note: Note, on: Noteable) -> Json:
        """A note of an issue or merge request."""
        return {
            "id": note.id, "type": "DiscussionNote" if note.threaded else None, "body": note.body,
            "author": self.user(note.author_id), "created_at": shown_time(note.created_at),
            "updated_at": shown_time(note.updated_at), "system": note.system, "noteable_id": on.id,
            "noteable_type": on.kind, "project_id": on.project_id, "resolvable": False,
            "confidential": note.internal, "internal": note.internal, "imported": False, "imported_from": "none",
            "noteable_iid": on.iid, "commands_changes": {},
        }  # fmt: skip

    def group(self, group: Group) -> Json:
        """A group."""
        return {
            "id": group.id, "web_url": f"{self.base_url}/groups/{group.path}", "name": group.name, "path": group.path,
            "description": "", "visibility": "private", "full_name": group.name, "full_path": group.path,
            "created_at": shown_time(group.created_at), "parent_id": None, "avatar_url": None,
            "request_access_enabled": True, "archived": False,
        }  # fmt: skip

    def project(self, project: Project) -> Json:
        """A project."""
        group, web_url = self._store.group, f"{self.base_url}/{project.full_path}"
        opened = sum(issue.state == "opened" for issue in project.issues.values())
        api = f"{self.base_url}/api/v4/projects/{project.id}"
        return {
            "id": project.id, "description": project.description, "name": project.name,
            "name_with_namespace": f"{group.name} / {project.name}", "path": project.path,
            "path_with_namespace": project.full_path, "created_at": shown_time(project.created_at),
            "default_branch": "main", "tag_list": [], "topics": [], "web_url": web_url,
            "ssh_url_to_repo": f"git@localhost:{project.full_path}.git", "http_url_to_repo": f"{web_url}.git",
            "readme_url": f"{web_url}/-/blob/main/README.md", "forks_count": 0, "avatar_url": None, "star_count": 0,
            "last_activity_at": shown_time(project.last_activity_at), "visibility": "private",
            "namespace": {
                "id": group.id, "name": group.name, "path": group.path, "kind": "group", "full_path": group.path,
                "parent_id": None, "avatar_url": None, "web_url": f"{self.base_url}/groups/{group.path}",
            },
            "_links": {"self": api, "issues": f"{api}/issues", "labels": f"{api}/labels", "members": f"{api}/members"},
            "empty_repo": False, "archived": False, "issues_enabled": True, "merge_requests_enabled": True,
            "open_issues_count": opened, "updated_at": shown_time(project.last_activity_at), "creator_id": 1,
            "permissions": {"project_access": None, "group_access": None},
        }  # fmt: skip

    def _ready_made_user(self, user_id: int) -> orjson.Fragment:
        made = self._ready_made.get(("user", user_id))
        if made is None:
            made = self._ready_made["user", user_id] = orjson.Fragment(orjson.dumps(self.user(user_id)))
        return made

    def _ready_made_milestone(self, one: Milestone) -> orjson.Fragment:
        made = self._ready_made.get(("milestone", one.id))
        if made is None:
            made = self._ready_made["milestone", one.id] = orjson.Fragment(orjson.dumps(self.milestone(one)))
        return made

    def _blocking(self, issue: Issue) -> int:
        links = self._store.links_of.get(issue.id)
        if not links:
            return 0
        blocked = [link.target_id for link in links if link.link_type == "blocks" and link.source_id == issue.id]
        return sum(self._store.issues[one].state == "opened" for one in blocked)


def references(project: Project, short: str) -> Json:
    """How text may refer to an issue or merge request."""
    return {"short": short, "relative": short, "full": f"{project.full_path}{short}"}


def time_stats(one: Issue | MergeRequest) -> Json:
    """Estimate and time spent, in seconds and in words."""
    return {
        "time_estimate": one.time_estimate, "total_time_spent": one.time_spent,
        "human_time_estimate": human_duration(one.time_estimate),
        "human_total_time_spent": human_duration(one.time_spent),
    }  # fmt: skip


def encoded(path: str) -> str:
    """A full path as it stands in an API address."""
    return quote(path, safe="")


def _tasks(description: str | None) -> tuple[int, int]:
    """Of a description's checklist: how many are done, how many there are."""
    if not description or "[" not in description:
        return 0, 0
    marks = _TASK.findall(description)
    return sum(mark != " " for mark in marks), len(marks)
