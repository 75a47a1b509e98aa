"""One API call on its way to an answer, and the answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal
from urllib.parse import unquote, urlencode

import orjson

from worklake.sandbox.github.boards import Boards
from worklake.sandbox.github.code_edits import CodeEditor
from worklake.sandbox.github.edits import Editor
from worklake.sandbox.github.entities import Comment, Issue, Repository, User
from worklake.sandbox.github.errors import ApiError, forbidden, gone, invalid, not_found
from worklake.sandbox.github.hooks import HookSender
from worklake.sandbox.github.limits import Limits
from worklake.sandbox.github.rendering import Renderer
from worklake.sandbox.github.store import Store

ProjectAccess = Literal["none", "read", "write"]
DISABLED = "Issues has been disabled in this repository."


@dataclass(slots=True)
class Site:
    """One GitHub: what it knows, shows, edits, limits and sends."""

    store: Store
    show: Renderer
    editor: Editor
    code: CodeEditor
    hooks: HookSender
    limits: Limits
    clock: Callable[[], datetime]
    boards: Boards


@dataclass(slots=True)
class Reply:
    """An answer: its body is what goes over the wire."""

    body: bytes
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)


def json_reply(value: object, status: int = 200, headers: dict[str, str] | None = None) -> Reply:
    """An answer with a JSON body."""
    return Reply(orjson.dumps(value), status, headers or {})


@dataclass(slots=True)
class Call:
    """A call by a known user; `path` is as it was sent, `segments` are its variable parts, still encoded."""

    site: Site
    user: User
    method: str
    path: str
    query: Mapping[str, str]
    body: dict[str, Any]
    segments: dict[str, str]
    projects: ProjectAccess = "write"
    scopes: str | None = None
    """What the token may do with projects, and the scopes of a classic one."""

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
        """A variable part of the path that is a number."""
        text = self.part(name)
        if not (text.isascii() and text.isdigit() and len(text) <= 18):
            raise not_found()
        return int(text)

    def repository(self) -> Repository:
        """The repository that the path names; one that was renamed is 301, or 307 for what changes something."""
        if "repository_id" in self.segments:
            found = self.store.repositories.get(self.number("repository_id"))
            if found is None:
                raise not_found()
            return found
        name = f"{self.part('owner')}/{self.part('repo')}"
        repository = self.store.repository_at(name)
        if repository is None:
            moved = self.store.old_names.get(name.lower())
            if moved is None:
                raise not_found()
            rest = self.path.split("/", 4)[4:]
            raise self._moved("/".join([f"/repositories/{moved}", *rest]))
        return repository

    def with_issues(self) -> Repository:
        """The repository that the path names, refused where its issues are switched off."""
        repository = self.repository()
        if not repository.has_issues:
            raise gone(DISABLED)
        return repository

    def writable(self) -> Repository:
        """The same, for a call that changes something in it."""
        repository = self.with_issues()
        if repository.archived:
            raise forbidden("Repository was archived so is read-only.")
        return repository

    def issue(self) -> Issue:
        """The issue that the path names: 410 for one that was deleted, 301 for one that was transferred."""
        repository = self.repository() if self.method == "GET" else self.writable()
        number = self.number("number")
        issue = repository.issues.get(number)
        if issue is not None:
            if issue.pull is None and not repository.has_issues:
                raise gone(DISABLED)
            return issue
        if number in repository.deleted:
            raise gone("This issue was deleted")
        if number in repository.moved:
            target, now = repository.moved[number]
            rest = self.path.partition(f"/issues/{number}")[2]
            raise self._moved(f"/repositories/{target}/issues/{now}{rest}")
        raise not_found()

    def comment(self) -> Comment:
        """The comment that the path names."""
        comment = self.store.comments.get(self.number("comment_id"))
        if comment is None or self.store.issues[comment.issue_id].repository_id != self.repository().id:
            raise not_found()
        return comment

    def require_push(self) -> None:
        """Refuse a caller without push access."""
        if not self.user.pushes:
            raise forbidden()

    def text(self, name: str, *, required: bool = False, resource: str = "Issue") -> str | None:
        """A text of the body. Raises 422 where it is something else, or lacks and is required."""
        value = self.body.get(name)
        if value is None and not required:
            return None
        if value is None:
            raise invalid(name, "missing_field", resource)
        if not isinstance(value, str):
            raise ApiError(422, f"Invalid request.\n\nFor 'properties/{name}', {value!r} is not a string.")
        return value

    def moment(self, name: str) -> datetime | None:
        """A time of the query. Raises 422 where it is none."""
        text = self.query.get(name)
        if not text:
            return None
        try:
            moment = datetime.fromisoformat(text)
        except ValueError as error:
            raise invalid(name, "invalid") from error
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)

    def one_of(self, name: str, allowed: tuple[str, ...]) -> str:
        """A word of the query, by default the first of those allowed."""
        word = self.query.get(name) or allowed[0]
        if word not in allowed:
            raise invalid(name, "invalid")
        return word

    def _moved(self, path: str) -> ApiError:
        location = {"Location": self.show.base_url + path + (f"?{urlencode(self.query)}" if self.query else "")}
        status = 301 if self.method == "GET" else 307
        return ApiError(status, "Moved Permanently", headers=location, url=location["Location"])
