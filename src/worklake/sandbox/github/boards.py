"""Projects (Projects v2): what is done to their items, and the two workflows that tie them to open and closed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

from worklake.sandbox.github.edits import Editor
from worklake.sandbox.github.entities import Issue, Project, ProjectItem, User
from worklake.sandbox.github.store import Store

DONE = "Done"
CLOSED_IS_DONE, DONE_CLOSES = "closed_is_done", "done_closes"
"""Switches of the workflows: closing an issue moves its item to Done, which is on in a new project, and moving an item
to Done closes its issue.
"""


class Boards:
    """The projects of one GitHub. Nothing that is done to an item moves the time of its issue."""

    def __init__(
        self, store: Store, editor: Editor, clock: Callable[[], datetime], switches: Mapping[str, int]
    ) -> None:
        self._store, self._editor, self._clock, self._switches = store, editor, clock, switches
        editor.when_closed.append(self._closed)

    def project(self, owner: str, number: int) -> Project | None:
        """A project by whose it is, in any case, and its number."""
        found = (one for one in self._store.projects if one.owner.lower() == owner.lower() and one.number == number)
        return next(found, None)

    def add(self, project: Project, issue: Issue) -> ProjectItem:
        """The item of an issue, made where it is not in the project yet."""
        item = project.items.get(issue.id)
        if item is None:
            now = self._clock()
            item = project.items[issue.id] = ProjectItem(self._store.next_id(), issue.id, now, now)
        return item

    def remove(self, project: Project, issue: Issue) -> None:
        """Take an issue out of the project."""
        project.items.pop(issue.id, None)

    def move(self, project: Project, item: ProjectItem, option_id: str | None, actor: User) -> None:
        """Give an item an option of the field, or none."""
        if item.option_id == option_id:
            return
        now = self._clock()
        item.option_id, item.updated_at = option_id, now
        item.moved_at = now if option_id is not None else None
        issue = self._store.issues[item.issue_id]
        if self._switches[DONE_CLOSES] and option_id == done_of(project) and issue.state == "open":
            self._editor.update(issue, actor, {"state": "closed"})

    def _closed(self, issue: Issue, actor: User) -> None:
        """Move the items of an issue that was closed."""
        for project in self._store.projects if self._switches[CLOSED_IS_DONE] else ():
            if issue.id in project.items:
                self.move(project, project.items[issue.id], done_of(project), actor)


def done_of(project: Project) -> str | None:
    """The id of the option Done, if there is one."""
    return option_id(project, DONE)


def option_id(project: Project, name: str) -> str | None:
    """The id of the option of this name, in any case."""
    return next((one for one, known in project.options.items() if known.lower() == name.lower()), None)
