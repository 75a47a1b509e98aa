"""GitHub's memory: every record by its id, and the few ways to find one."""

from __future__ import annotations

from itertools import count
from typing import NamedTuple

from worklake.sandbox.github.entities import Comment, Issue, Label, Milestone, Project, Repository, User


class Gone(NamedTuple):
    """An issue that was deleted, as it was last shown."""

    id: int
    payload: dict[str, object]


class Store:
    """All records of one GitHub."""

    def __init__(self) -> None:
        self.users: dict[int, User] = {}
        self.repositories: dict[int, Repository] = {}
        self.issues: dict[int, Issue] = {}
        self.comments: dict[int, Comment] = {}
        self.comments_of: dict[int, list[Comment]] = {}
        self.projects: list[Project] = []
        self.deleted: list[Gone] = []
        self.old_names: dict[str, int] = {}
        self._ids = count(100_000)

    def next_id(self) -> int:
        """A new id; no two records of any kind share one."""
        return next(self._ids)

    def user_named(self, login: str) -> User | None:
        """A user by login, in any case."""
        wanted = login.lower()
        return next((user for user in self.users.values() if user.login.lower() == wanted), None)

    def repository_at(self, full_name: str) -> Repository | None:
        """A repository by owner and name, in any case."""
        wanted = full_name.lower()
        return next((one for one in self.repositories.values() if one.full_name.lower() == wanted), None)

    def add_issue(self, issue: Issue) -> None:
        """Take a new issue or pull request in."""
        repository = self.repositories[issue.repository_id]
        repository.issues[issue.number] = issue
        repository.last_number = max(repository.last_number, issue.number)
        self.issues[issue.id] = issue

    def remove_issue(self, issue: Issue) -> None:
        """Forget an issue with its comments and relations."""
        del self.issues[issue.id]
        del self.repositories[issue.repository_id].issues[issue.number]
        for comment in self.comments_of.pop(issue.id, []):
            del self.comments[comment.id]
        for project in self.projects:
            project.items.pop(issue.id, None)
        for other in self.issues.values():
            if other.parent_id == issue.id:
                other.parent_id = None
            if issue.id in other.blocked_by:
                other.blocked_by.remove(issue.id)

    def add_comment(self, comment: Comment) -> None:
        """Take a new comment in."""
        self.comments[comment.id] = comment
        self.comments_of.setdefault(comment.issue_id, []).append(comment)
        self.issues[comment.issue_id].comments += 1

    def remove_comment(self, comment: Comment) -> None:
        """Forget a comment."""
        del self.comments[comment.id]
        self.comments_of[comment.issue_id].remove(comment)
        self.issues[comment.issue_id].comments -= 1

    def label(self, repository: Repository, name: str) -> Label:
        """The repository's label of this name in any case, made where there is none."""
        known = repository.labels.get(name.lower())
        if known is None:
            known = repository.labels[name.lower()] = Label(self.next_id(), name)
        return known

    def milestone(self, issue: Issue) -> Milestone | None:
        """The milestone that an issue has."""
        milestones = self.repositories[issue.repository_id].milestones
        return milestones[issue.milestone] if issue.milestone is not None else None
