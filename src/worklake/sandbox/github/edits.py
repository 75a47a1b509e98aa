"""What people do to issues: every way of changing one goes through a draft, and the difference has its effects."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from copy import copy
from dataclasses import replace
from datetime import datetime
from typing import Any

from worklake.sandbox.github.entities import Comment, Event, Issue, Repository, User
from worklake.sandbox.github.errors import ApiError, forbidden, invalid
from worklake.sandbox.github.hooks import HookSender
from worklake.sandbox.github.rendering import Renderer
from worklake.sandbox.github.store import Gone, Store

LONGEST_TITLE, LONGEST_BODY, LONGEST_LABEL, MOST_ASSIGNEES = 256, 65_536, 50, 10
FIELDS = ("title", "body", "state", "state_reason", "labels", "assignees", "milestone")
_REASONS = ("completed", "not_planned", "duplicate", "reopened")
_PUSHERS_ONLY = ("labels", "assignees", "milestone")
_LINE_END = re.compile(r"\r\n|\r|\n")
_EDITABLE = ("title", "body", "state", "labels", "assignee_ids", "milestone")


class Editor:
    """Creates, changes, transfers and deletes issues in a person's name."""

    def __init__(self, store: Store, show: Renderer, hooks: HookSender, clock: Callable[[], datetime]) -> None:
        self._store, self._show, self._hooks, self._clock = store, show, hooks, clock
        self.when_closed: list[Callable[[Issue, User], None]] = []

    def create(self, repository: Repository, actor: User, fields: Mapping[str, Any]) -> Issue:
        """A new issue. Raises `ApiError`."""
        if fields.get("title") is None:
            raise invalid("title", "missing_field")
        now = self._clock()
        empty = Issue(0, repository.last_number + 1, repository.id, "", actor.id, now, now)
        draft = self._written(empty, repository, actor, {**fields, "state": "open"})
        issue = replace(draft, id=self._store.next_id(), events=[])
        self._store.add_issue(issue)
        self._note(issue, replace(issue, labels=[], assignee_ids=[], milestone=None), actor, now)
        self._tell(issue, actor, "opened")
        return issue

    def update(self, issue: Issue, actor: User, fields: Mapping[str, Any]) -> None:
        """Change an issue as sent. Raises `ApiError`."""
        if not actor.pushes and actor.id != issue.author_id:
            raise forbidden("Must have admin rights to Repository.")
        repository = self._store.repositories[issue.repository_id]
        self.commit(issue, self._written(issue, repository, actor, fields), actor)

    def draft_of(self, issue: Issue) -> Issue:
        """A copy to write on."""
        return replace(issue, labels=list(issue.labels), assignee_ids=list(issue.assignee_ids))

    def commit(self, issue: Issue, draft: Issue, actor: User) -> None:
        """Make an issue as its draft is, with all that follows from the difference."""
        before = copy(issue)
        changed = [name for name in _EDITABLE if getattr(issue, name) != getattr(draft, name)]
        if not changed:
            return
        now = self._clock()
        for name in changed:
            setattr(issue, name, getattr(draft, name))
        if "state" in changed:
            closed = issue.state == "closed"
            issue.closed_at, issue.closed_by_id = (now, actor.id) if closed else (None, None)
            issue.state_reason = draft.state_reason or ("completed" if closed else "reopened")
        issue.updated_at = now
        self._note(issue, before, actor, now)
        for name, action in (("title", "edited"), ("body", "edited"), ("state", issue.state)):
            if name in changed:
                told: dict[str, Any] = (
                    {"changes": {name: {"from": getattr(before, name)}}} if action == "edited" else {}
                )
                self._tell(issue, actor, {"open": "reopened"}.get(action, action), **told)
        for event in issue.events[len(before.events) :]:
            if event.kind in ("labeled", "unlabeled", "assigned", "unassigned", "milestoned", "demilestoned"):
                self._tell(issue, actor, event.kind)
        if "state" in changed and issue.state == "closed":
            for follows in self.when_closed:
                follows(issue, actor)

    def delete(self, issue: Issue, actor: User) -> None:
        """Forget an issue: who asks for it is told 410 from now on."""
        repository = self._store.repositories[issue.repository_id]
        self._tell(issue, actor, "deleted")
        self._store.deleted.append(Gone(issue.id, self._show.issue(issue)))
        self._store.remove_issue(issue)
        repository.deleted.add(issue.number)

    def transfer(self, issue: Issue, target: Repository, actor: User) -> Issue:
        """A new issue in another repository in the place of this one, which sends on to it."""
        now = self._clock()
        copied = replace(
            self.draft_of(issue), id=self._store.next_id(), number=target.last_number + 1, repository_id=target.id,
            updated_at=now, milestone=None, comments=0, parent_id=None, blocked_by=[], events=[],
            labels=[self._store.label(target, name).name for name in issue.labels],
        )  # fmt: skip
        self._store.add_issue(copied)
        for one in self._store.comments_of.get(issue.id, []):
            self._store.add_comment(replace(one, id=self._store.next_id(), issue_id=copied.id))
        repository = self._store.repositories[issue.repository_id]
        self._tell(issue, actor, "transferred")
        self._store.remove_issue(issue)
        repository.moved[issue.number] = (target.id, copied.number)
        return copied

    def add_comment(self, issue: Issue, actor: User, body: str) -> Comment:
        """A comment, which moves the issue's `updated_at`."""
        if issue.locked and not actor.pushes:
            raise forbidden("Unable to create comment because issue is locked.")
        now = self._clock()
        comment = Comment(self._store.next_id(), issue.id, actor.id, checked_body(body, "IssueComment"), now, now)
        self._store.add_comment(comment)
        issue.updated_at = now
        self._tell(issue, actor, "created", "issue_comment", comment=self._show.comment(comment))
        return comment

    def _written(self, issue: Issue, repository: Repository, actor: User, fields: Mapping[str, Any]) -> Issue:
        draft = self.draft_of(issue)
        dropped = () if actor.pushes else _PUSHERS_ONLY  # silently, as GitHub does
        for name, value in fields.items():
            if name == "title" and value is not None:
                draft.title = _checked_title(value)
            elif name == "body":
                draft.body = None if value is None else checked_body(value)
            elif name == "state" and value is not None:
                draft.state = _checked_state(value)
            elif name == "labels" and name not in dropped:
                draft.labels = self.labels(repository, value)
            elif name == "assignees" and name not in dropped:
                draft.assignee_ids = self._assignees(value)
            elif name == "milestone" and name not in dropped:
                draft.milestone = _checked_milestone(repository, value)
        reason = fields.get("state_reason")
        if reason is not None and reason not in _REASONS:
            raise invalid("state_reason", "invalid", value=reason)
        draft.state_reason = reason
        return draft

    def labels(self, repository: Repository, value: Any) -> list[str]:
        """Labels by name, as texts or objects, each made where the repository does not have it."""
        given = [one.get("name") if isinstance(one, dict) else one for one in value or []]
        names = [one.strip() for one in given if isinstance(one, str)]
        if len(names) < len(given) or not all(0 < len(name) <= LONGEST_LABEL for name in names):
            raise invalid("name", "invalid", "Label", value=given)
        return list(dict.fromkeys(self._store.label(repository, name).name for name in names))

    def _assignees(self, value: Any) -> list[int]:
        people = [(login, self._store.user_named(str(login))) for login in value or []]
        for login, person in people:
            if person is None or not person.is_assignable:
                raise invalid("assignees", "invalid", value=login)
        return list(dict.fromkeys(person.id for _, person in people if person))[:MOST_ASSIGNEES]

    def _note(self, issue: Issue, before: Issue, actor: User, now: datetime) -> None:
        """Write down what changed, as GitHub's history tells it: everything but the body."""
        events: list[tuple[str, dict[str, Any]]] = []
        if issue.title != before.title:
            events.append(("renamed", {"rename": {"from": before.title, "to": issue.title}}))
        repository = self._store.repositories[issue.repository_id]
        for kind, names, others in (
            ("labeled", issue.labels, before.labels),
            ("unlabeled", before.labels, issue.labels),
        ):
            for name in names:
                if name not in others:
                    color = repository.labels[name.lower()].color if name.lower() in repository.labels else "ededed"
                    events.append((kind, {"label": {"name": name, "color": color}}))
        people = (
            ("assigned", issue.assignee_ids, before.assignee_ids),
            ("unassigned", before.assignee_ids, issue.assignee_ids),
        )
        for kind, ids, rest in people:
            events += [(kind, {"assignee_id": one}) for one in ids if one not in rest]
        if issue.milestone != before.milestone:
            for kind, number in (("demilestoned", before.milestone), ("milestoned", issue.milestone)):
                if number in repository.milestones:
                    events.append((kind, {"milestone": {"title": repository.milestones[number].title}}))
        if issue.state != before.state:
            reason = issue.state_reason if issue.state == "closed" else None
            events.append(("closed" if issue.state == "closed" else "reopened", {"state_reason": reason}))
        issue.events = [
            *issue.events,
            *(Event(self._store.next_id(), kind, actor.id, now, told) for kind, told in events),
        ]

    def _tell(self, issue: Issue, actor: User, action: str, event: str = "issues", **more: Any) -> None:
        repository = self._store.repositories[issue.repository_id]
        hooks = [hook for hook in repository.hooks.values() if hook.active and {event, "*"} & set(hook.events)]
        if not hooks or (issue.pull and event == "issues"):
            return
        payload = {
            "action": action, "issue": self._show.issue(issue), **more,
            "repository": self._show.repository(repository, actor), "sender": self._show.user(actor.id),
        }  # fmt: skip
        for hook in hooks:
            self._hooks.send_later(hook, event, action, payload)


def _checked_title(value: Any) -> str:
    title = _LINE_END.sub(" ", str(value)).strip()
    if not title:
        raise invalid("title", "missing_field")
    if len(title) > LONGEST_TITLE:
        message = f"title is too long (maximum is {LONGEST_TITLE} characters)"
        raise invalid("title", "custom", message=message)
    return title


def checked_body(value: Any, resource: str = "Issue") -> str:
    """A text as it is kept. Raises 422 where it is too long or no text."""
    if not isinstance(value, str):
        raise ApiError(422, f"Invalid request.\n\nFor 'properties/body', {value!r} is not a string.")
    if len(value) > LONGEST_BODY:
        message = f"body is too long (maximum is {LONGEST_BODY} characters)"
        raise invalid("body", "custom", resource, message=message)
    return value


def _checked_state(value: Any) -> str:
    if value not in ("open", "closed"):
        raise invalid("state", "invalid", value=value)
    return str(value)


def _checked_milestone(repository: Repository, value: Any) -> int | None:
    if value is None or value == "":
        return None
    try:
        number = int(value)
    except (TypeError, ValueError):
        number = 0
    if number not in repository.milestones:
        raise invalid("milestone", "invalid", value=value)
    return number
