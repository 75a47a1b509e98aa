"""What people do to issues: every way of changing one goes through a draft, and the difference has its effects."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from worklake.sandbox.gitlab.entities import (
    GUEST,
    DeletedIssue,
    Issue,
    IssueLink,
    Note,
    Noteable,
    Project,
    User,
)
from worklake.sandbox.gitlab.errors import ApiError, forbidden, invalid_parameter
from worklake.sandbox.gitlab.history import record_events
from worklake.sandbox.gitlab.hook_events import Changes, HookEvents
from worklake.sandbox.gitlab.issue_params import (
    ISSUE_FIELDS,
    LARGEST_IID,
    may_set_history,
    refuse_unserved_issue_params,
    write_issue_params,
)
from worklake.sandbox.gitlab.params import Params
from worklake.sandbox.gitlab.quick_actions import Outcome, perform
from worklake.sandbox.gitlab.rendering import Renderer, shown_date, time_stats
from worklake.sandbox.gitlab.store import Store

_EDITABLE = (
    "title", "description", "state", "labels", "milestone_id", "assignee_ids", "due_date", "confidential",
    "discussion_locked", "issue_type", "weight", "time_estimate", "time_spent",
)  # fmt: skip
_SILENT_FIELDS = frozenset({"assignee_ids"})
"""A change of nothing but these leaves `updated_at` alone."""
_LOCAL_REFERENCE = re.compile(r"(?<![\w/#&])#(?=\d)")


class IssueEditor:
    """Creates, changes, moves and deletes issues in a person's name."""

    def __init__(self, store: Store, show: Renderer, events: HookEvents, clock: Callable[[], datetime]) -> None:
        self._store, self._show, self._events, self._clock = store, show, events, clock

    def create(self, project: Project, actor: User, params: Params) -> Issue:
        """A new issue; its description's quick actions are carried out. Raises `ApiError`."""
        params.required("title")
        now = self._clock()
        refuse_unserved_issue_params(params)
        iid = params.integer("iid") if may_set_history(actor) else None
        if iid is not None and not 0 < iid <= LARGEST_IID:
            raise invalid_parameter("iid is invalid")
        if iid is not None and iid in project.issues:
            raise ApiError(409, {"message": "Duplicated issue"})
        created_at = (params.moment("created_at") if may_set_history(actor) else None) or now
        draft = Issue(0, iid or project.last_issue_iid + 1, project.id, "", actor.id, created_at, now)
        write_issue_params(draft, params, self._store, actor)
        outcome = self._carry_out(draft, project, actor)
        number = self._store.next_id("issue")
        issue = replace(draft, id=number, state="opened", relative_position=513 * number)
        self._store.add_issue(issue)
        project.last_activity_at = now
        record_events(self._store, issue, replace(issue, labels=[], milestone_id=None), actor, now)
        self._events.issue(issue, actor, "open", {})
        if draft.state == "closed":
            self.commit(issue, replace(issue, state="closed"), actor)
        return self._follow_up(issue, outcome, actor)

    def update(self, issue: Issue, actor: User, params: Params) -> Issue:
        """Change an issue as sent; answers it, or the one that a `/move` made. Raises `ApiError`."""
        if actor.role <= GUEST and actor.id != issue.author_id:
            raise forbidden()
        if not params.names_any(ISSUE_FIELDS):
            names = ", ".join(ISSUE_FIELDS[:-1])
            raise invalid_parameter(f"{names} are missing, at least one parameter must be provided")
        refuse_unserved_issue_params(params)
        draft = self.draft_of(issue)
        write_issue_params(draft, params, self._store, actor)
        outcome = Outcome(issue.description or "")
        if "description" in params:
            outcome = self._carry_out(draft, self._store.projects[issue.project_id], actor)
        at = params.moment("updated_at") if may_set_history(actor) else None
        self.commit(issue, draft, actor, at)
        return self._follow_up(issue, outcome, actor)

    def run_commands(self, issue: Issue, text: str, actor: User) -> Outcome:
        """Carry out the quick actions of a note; answers the text that is left."""
        draft = self.draft_of(issue)
        project = self._store.projects[issue.project_id]
        today = self._clock().date()
        outcome = perform(text, draft, store=self._store, project=project, actor=actor, today=today)
        self.commit(issue, draft, actor)
        self._follow_up(issue, outcome, actor)
        return outcome

    def draft_of(self, issue: Issue) -> Issue:
        """A copy to write on."""
        return replace(issue, labels=list(issue.labels), assignee_ids=list(issue.assignee_ids))

    def commit(self, issue: Issue, draft: Issue, actor: User, at: datetime | None = None) -> Changes:
        """Make an issue as its draft is, with all that follows from the difference; answers the difference."""
        changes = {
            name: (getattr(issue, name), getattr(draft, name))
            for name in _EDITABLE
            if getattr(issue, name) != getattr(draft, name)
        }
        if not changes and at is None:
            return changes
        before, now = self.draft_of(issue), self._clock()
        with self._store.changing(issue):
            for name, (_, value) in changes.items():
                setattr(issue, name, value)
            if "state" in changes:
                closed = issue.state == "closed"
                issue.closed_at, issue.closed_by_id = (now, actor.id) if closed else (None, None)
            if not changes.keys() <= _SILENT_FIELDS or at is not None:
                issue.updated_at = at or now
        self._store.projects[issue.project_id].last_activity_at = now
        record_events(self._store, issue, before, actor, now)
        self._write_system_notes(issue, changes, actor, now)
        if not changes.keys() <= _SILENT_FIELDS:
            changes["updated_at"] = (before.updated_at, issue.updated_at)
        action = {"closed": "close", "opened": "reopen"}[issue.state] if "state" in changes else "update"
        self._events.issue(issue, actor, action, changes)
        return changes

    def touch(self, issue: Issue) -> None:
        """Move `updated_at`, as a comment does."""
        with self._store.changing(issue):
            issue.updated_at = self._clock()

    def move(self, issue: Issue, target: Project, actor: User) -> Issue:
        """A new issue in another project; the old one stays, closed. Raises `ApiError`."""
        if target.id == issue.project_id:
            raise ApiError(400, {"message": "Cannot move issue to project it originates from!"})
        if issue.moved_to_id is not None:
            raise ApiError(400, {"message": "Cannot move issue, it has been moved already!"})
        moved = self._copy(issue, target, actor, with_notes=True)
        with self._store.changing(issue):
            issue.moved_to_id = moved.id
        self.add_note(issue, actor, f"moved to {target.full_path}#{moved.iid}", system=True)
        self.add_note(moved, actor, f"moved from {self._path_of(issue)}#{issue.iid}", system=True)
        self.commit(issue, replace(self.draft_of(issue), state="closed"), actor)
        return moved

    def clone(self, issue: Issue, target: Project, actor: User, *, with_notes: bool) -> Issue:
        """A copy of an issue in this or another project."""
        return self._copy(issue, target, actor, with_notes=with_notes)

    def delete(self, issue: Issue) -> None:
        """Forget an issue: no event, no hook, no trace in the API."""
        self._store.deleted.append(DeletedIssue(issue.id, self._show.issue(issue)))
        self._store.remove_issue(issue)

    def link(self, source: Issue, target: Issue, link_type: str) -> IssueLink:
        """Relate two issues. Raises 409 when they are related already."""
        if link_type == "is_blocked_by":
            source, target, link_type = target, source, "blocks"
        for link in self._store.links_of.get(source.id, ()):
            if target.id in (link.source_id, link.target_id):
                raise ApiError(409, {"message": "Issue(s) already assigned"})
        made = IssueLink(self._store.next_id("link"), source.id, target.id, link_type, self._clock())
        self._store.add_link(made)
        return made

    def add_note(
        self, on: Noteable, actor: User, body: str, *, system: bool = False, internal: bool = False,
        at: datetime | None = None,
    ) -> Note:  # fmt: skip
        """Append a note to an issue or merge request, written now unless told."""
        number, now = self._store.next_id("note"), at or self._clock()
        note = Note(number, body, actor.id, now, now, f"{number:040x}", system=system, internal=internal)
        self._store.notes_of(on).append(note)
        if not system:
            on.user_notes_count += 1
            self._store.rendered.pop(on.id if isinstance(on, Issue) else -1, None)
        return note

    def _carry_out(self, draft: Issue, project: Project, actor: User) -> Outcome:
        text = draft.description or ""
        today = self._clock().date()
        outcome = perform(text, draft, store=self._store, project=project, actor=actor, today=today)
        if outcome.text != text:
            draft.description = outcome.text
        return outcome

    def _follow_up(self, issue: Issue, outcome: Outcome, actor: User) -> Issue:
        for link_type, other_id in outcome.related:
            wanted = "relates_to" if link_type == "duplicate" else link_type
            linked = {
                end for link in self._store.links_of.get(issue.id, ()) for end in (link.source_id, link.target_id)
            }
            if other_id not in linked and other_id in self._store.issues:
                self.link(issue, self._store.issues[other_id], wanted)
        if outcome.clone_to:
            self.clone(issue, outcome.clone_to, actor, with_notes=False)
        if outcome.move_to and issue.moved_to_id is None:
            return self.move(issue, outcome.move_to, actor)
        return issue

    def _copy(self, issue: Issue, target: Project, actor: User, *, with_notes: bool) -> Issue:
        now, number = self._clock(), self._store.next_id("issue")
        same_project = target.id == issue.project_id
        copy = replace(
            self.draft_of(issue),
            id=number,
            iid=target.last_issue_iid + 1,
            project_id=target.id,
            author_id=issue.author_id if with_notes else actor.id,
            created_at=issue.created_at if with_notes else now,
            updated_at=now,
            moved_to_id=None,
            relative_position=513 * number,
            labels=[name for name in issue.labels if self._store.label_named(target.id, name)],
            milestone_id=issue.milestone_id if same_project else None,
            user_notes_count=issue.user_notes_count if with_notes else 0,
        )
        self._store.add_issue(copy)
        target.last_activity_at = now
        if with_notes:
            self._copy_notes(issue, copy)
        self._events.issue(copy, actor, "open", {})
        return copy

    def _copy_notes(self, issue: Issue, copy: Issue) -> None:
        """The notes of an issue on another, with ids and threads of their own; authors and times stay. What refers to
        issues of the old project names that.
        """
        threads: dict[str, str] = {}
        for note in self._store.notes_of(issue):
            number = self._store.next_id("note")
            body = note.body
            if copy.project_id != issue.project_id:
                body = _LOCAL_REFERENCE.sub(f"{self._path_of(issue)}#", body)
            thread = threads.setdefault(note.discussion_id, f"{number:040x}")
            self._store.notes_of(copy).append(replace(note, id=number, body=body, discussion_id=thread))

    def _path_of(self, issue: Issue) -> str:
        return self._store.projects[issue.project_id].full_path

    def _write_system_notes(self, issue: Issue, changes: Changes, actor: User, now: datetime) -> None:
        texts = []
        if "title" in changes:
            before, after = changes["title"]
            texts.append(f"changed title from **{before}** to **{after}**")
        if "description" in changes:
            texts.append("changed the description")
        if "assignee_ids" in changes:
            old, new = changes["assignee_ids"]
            texts += [f"{word} @{self._store.users[one].username}"
                      for word, ids, others in (("assigned to", new, old), ("unassigned", old, new))
                      for one in ids if one not in others]  # fmt: skip
        if "due_date" in changes:
            due = shown_date(issue.due_date)
            texts.append(f"changed due date to {due}" if due else "removed due date")
        if "time_estimate" in changes:
            estimate = time_stats(issue)["human_time_estimate"]
            texts.append(f"changed time estimate to {estimate}" if estimate else "removed time estimate")
        if "confidential" in changes:
            texts.append(f"made the issue {'confidential' if issue.confidential else 'visible to everyone'}")
        for text in texts:
            self.add_note(issue, actor, text, system=True)
