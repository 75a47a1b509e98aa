"""GitLab's memory: every record by its id, and the few ways to find one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count

from worklake.sandbox.gitlab.entities import (
    DeletedIssue,
    Group,
    Hook,
    Issue,
    IssueLink,
    Label,
    MergeRequest,
    Milestone,
    Note,
    Noteable,
    Project,
    ResourceEvent,
    User,
)
from worklake.sandbox.gitlab.indexes import IssueIndexes

NoteableKey = tuple[str, int]


def is_number(text: str) -> bool:
    """Whether a text is a number as ids are: ASCII digits, and not more of them than a database holds."""
    return text.isascii() and text.isdigit() and len(text) <= 18


class Store:
    """All records of one GitLab. Change an issue only inside `changing`, which keeps its orders right."""

    def __init__(self, group: Group) -> None:
        self.group = group
        self.users: dict[int, User] = {}
        self.projects: dict[int, Project] = {}
        self.labels: dict[int, Label] = {}
        self.milestones: dict[int, Milestone] = {}
        self.issues: dict[int, Issue] = {}
        self.merge_requests: dict[int, MergeRequest] = {}
        self.notes: dict[NoteableKey, list[Note]] = {}
        self.events: dict[NoteableKey, list[ResourceEvent]] = {}
        self.links: dict[int, IssueLink] = {}
        self.links_of: dict[int, list[IssueLink]] = defaultdict(list)
        self.hooks: dict[int, Hook] = {}
        self.deleted: list[DeletedIssue] = []
        self.rendered: dict[int, bytes] = {}
        self.old_paths: dict[str, int] = {}
        self.indexes = IssueIndexes(self._issues_of)
        self._ids: dict[str, count[int]] = {}

    def start_ids(self, kind: str, first: int) -> None:
        """Let the ids of a kind of record go on from `first`."""
        self._ids[kind] = count(first)

    def next_id(self, kind: str) -> int:
        """A new id for a kind of record."""
        return next(self._ids.setdefault(kind, count(1)))

    def add_issue(self, issue: Issue) -> None:
        """Take a new issue in."""
        project = self.projects[issue.project_id]
        project.issues[issue.iid] = issue
        project.last_issue_iid = max(project.last_issue_iid, issue.iid)
        self.issues[issue.id] = issue
        self.indexes.add(issue)

    def remove_issue(self, issue: Issue) -> None:
        """Forget an issue with its notes, events and links."""
        self.indexes.remove(issue)
        del self.issues[issue.id]
        del self.projects[issue.project_id].issues[issue.iid]
        for kept in (self.notes, self.events):
            kept.pop(("Issue", issue.id), None)
        for link in list(self.links_of.get(issue.id, ())):
            self.remove_link(link)
        self.rendered.pop(issue.id, None)

    @contextmanager
    def changing(self, issue: Issue) -> Iterator[None]:
        """Keep the orders right, and forget the rendered form, around a change of an issue."""
        self.indexes.remove(issue)
        try:
            yield
        finally:
            self.indexes.add(issue)
            self.rendered.pop(issue.id, None)

    def add_link(self, link: IssueLink) -> None:
        """Take a relation in."""
        self.links[link.id] = link
        for end in (link.source_id, link.target_id):
            self.links_of[end].append(link)
            self.rendered.pop(end, None)

    def remove_link(self, link: IssueLink) -> None:
        """Forget a relation."""
        del self.links[link.id]
        for end in (link.source_id, link.target_id):
            self.links_of[end].remove(link)
            self.rendered.pop(end, None)

    def notes_of(self, noteable: Noteable) -> list[Note]:
        """The notes of an issue or merge request, oldest first; add to the list to add one."""
        return self.notes.setdefault((noteable.kind, noteable.id), [])

    def events_of(self, noteable: Noteable) -> list[ResourceEvent]:
        """The resource events of an issue or merge request, oldest first; add to the list to add one."""
        return self.events.setdefault((noteable.kind, noteable.id), [])

    def user_named(self, username: str) -> User | None:
        """A user by username, in any case."""
        wanted = username.lower()
        return next((user for user in self.users.values() if user.username.lower() == wanted), None)

    def project_at(self, id_or_path: str) -> Project | None:
        """A project by number or full path, in any case."""
        if is_number(id_or_path):
            return self.projects.get(int(id_or_path))
        wanted = id_or_path.lower()
        return next((project for project in self.projects.values() if project.full_path == wanted), None)

    def labels_for(self, project_id: int | None) -> list[Label]:
        """The labels that a project (None: the group alone) may use, by name."""
        owners = (None, project_id)
        return sorted((label for label in self.labels.values() if label.project_id in owners), key=lambda one: one.name)

    def label_named(self, project_id: int | None, name: str) -> Label | None:
        """A label that a project may use, by its exact name; the project's own before the group's."""
        found = [one for one in self.labels.values() if one.name == name and one.project_id in (None, project_id)]
        return max(found, key=lambda label: label.project_id or 0, default=None)

    def milestones_for(self, project_id: int | None) -> list[Milestone]:
        """The milestones of a project, or of the group."""
        return [one for one in self.milestones.values() if one.project_id == project_id]

    def _issues_of(self, project_id: int | None) -> Iterator[Issue]:
        return iter(self.issues.values() if project_id is None else self.projects[project_id].issues.values())
