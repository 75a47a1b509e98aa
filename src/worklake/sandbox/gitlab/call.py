"""One API call on its way to an answer, and the answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import unquote

import orjson

from worklake.sandbox.gitlab.entities import GUEST, Issue, MergeRequest, Noteable, Project, User
from worklake.sandbox.gitlab.errors import ApiError, forbidden, invalid_parameter, not_found
from worklake.sandbox.gitlab.hook_events import HookEvents
from worklake.sandbox.gitlab.hooks import HookSender
from worklake.sandbox.gitlab.issue_edits import IssueEditor
from worklake.sandbox.gitlab.limits import Limits
from worklake.sandbox.gitlab.params import Params
from worklake.sandbox.gitlab.rendering import Renderer
from worklake.sandbox.gitlab.store import Store, is_number


@dataclass(slots=True)
class Site:
    """One GitLab: what it knows, shows, edits, limits and sends."""

    store: Store
    show: Renderer
    editor: IssueEditor
    hooks: HookSender
    events: HookEvents
    limits: Limits
    clock: Callable[[], datetime]
    lists: dict[Any, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Reply:
    """An answer: its body is what goes over the wire."""

    body: bytes
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    media_type: str = "application/json"


def json_reply(value: object, status: int = 200, headers: dict[str, str] | None = None) -> Reply:
    """An answer with a JSON body."""
    return Reply(orjson.dumps(value), status, headers or {})


def no_content() -> Reply:
    """204."""
    return Reply(b"", 204)


@dataclass(slots=True)
class Call:
    """A call by a known user; `path` is as it was sent, `segments` are its variable parts, still encoded."""

    site: Site
    user: User
    method: str
    path: str
    query: Params
    query_text: str
    body: Params
    headers: Mapping[str, str]
    segments: dict[str, str]

    @property
    def store(self) -> Store:
        """The records."""
        return self.site.store

    @property
    def show(self) -> Renderer:
        """Their JSON."""
        return self.site.show

    def part(self, name: str) -> str:
        """A variable part of the path, decoded."""
        return unquote(self.segments[name])

    def number(self, name: str) -> int:
        """A variable part of the path that must be a number."""
        text = self.part(name)
        if not is_number(text):
            if name == "iid":
                name = "merge_request_iid" if "/merge_requests/" in self.path else "issue_iid"
            raise invalid_parameter(f"{name} is invalid")
        return int(text)

    def project(self) -> Project:
        """The project that the path names."""
        name = self.part("id")
        project = self.store.project_at(name)
        if project is None:
            moved = self.store.old_paths.get(name.lower())
            if moved is not None:
                self._redirect(str(moved))
            raise not_found("Project")
        return project

    def check_group(self) -> None:
        """Refuse a path that names another group than the one that is there."""
        if self.part("id").lower() not in (str(self.store.group.id), self.store.group.path):
            raise not_found("Group")

    def issue(self) -> Issue:
        """The issue that the path names."""
        issue = self.project().issues.get(self.number("iid"))
        if issue is None or not self.sees(issue):
            raise not_found("Issue" if self.method == "DELETE" else "")
        return issue

    def merge_request(self) -> MergeRequest:
        """The merge request that the path names."""
        request = self.project().merge_requests.get(self.number("iid"))
        if request is None:
            raise not_found()
        return request

    def noteable(self) -> Noteable:
        """The issue or merge request that the path names."""
        return self.merge_request() if "/merge_requests/" in self.path else self.issue()

    def sees(self, issue: Issue) -> bool:
        """Whether the caller may know of an issue: guests see confidential ones only as author or assignee."""
        if not issue.confidential or self.user.role > GUEST:
            return True
        return self.user.id == issue.author_id or self.user.id in issue.assignee_ids

    def require(self, role: int) -> None:
        """Refuse a caller whose role is lower."""
        if self.user.role < role:
            raise forbidden()

    def _redirect(self, target: str) -> None:
        if self.method not in ("GET", "HEAD"):
            raise ApiError(405, {"message": "405 Method Not Allowed"})
        location = self.show.base_url + self.path.replace(self.segments["id"], target, 1)
        if self.query_text:
            location += "?" + self.query_text
        raise ApiError(301, {"message": "This resource has been moved permanently"}, {"Location": location})
