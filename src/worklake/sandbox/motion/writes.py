"""What a body of `POST /v1/tasks` or `PATCH /v1/tasks/{id}` does, and what it is refused for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from typing import Any

from worklake.sandbox.motion.entities import DEADLINES, NONE, PRIORITIES, REMINDER, Task, Workspace
from worklake.sandbox.motion.errors import ApiError, invalid, refused
from worklake.sandbox.motion.html import to_html
from worklake.sandbox.motion.store import Store

Body = Mapping[str, Any]

KEYS = frozenset(
    {
        "name", "workspaceId", "dueDate", "duration", "status", "autoScheduled", "projectId", "description", "priority",
        "labels", "assigneeId",
    }
)  # fmt: skip
"""What a body may hold; anything else is refused."""


class Writes:
    """Makes and changes tasks. `makes_labels` says whether labels that a workspace lacks are made, `takes_null`
    whether null takes a due date or a project away.
    """

    def __init__(self, store: Store, makes_labels: Callable[[], bool], takes_null: Callable[[], bool]) -> None:
        self._store, self._makes_labels, self._takes_null = store, makes_labels, takes_null
        self._setters: Mapping[str, Callable[[Task, Any], None]] = {
            "name": self._name,
            "dueDate": self._due,
            "duration": self._duration,
            "status": self._status,
            "autoScheduled": self._auto,
            "projectId": self._project,
            "description": self._description,
            "priority": self._priority,
            "labels": self._labels,
            "assigneeId": self._assignee,
        }

    def create(self, body: Body) -> Task:
        """A new task. Raises `ApiError`, and then makes nothing."""
        _check_keys(body)
        problems = [f"{key} should not be empty" for key in ("name", "workspaceId") if not body.get(key)]
        if problems:
            raise invalid(*problems)
        workspace = self._store.workspace(str(body["workspaceId"]))
        now = self._store.now()
        task = Task("", "", workspace.id, workspace.first_status, self._store.me, now, now, interacted=now)
        self._set(task, body)
        if task.auto and task.due is None:
            raise refused("dueDate is required for a task that is scheduled")
        task.id = self._store.new_id("tk")
        self._store.tasks[task.id] = task
        self._written(task)
        return task

    def update(self, task: Task, body: Body) -> None:
        """Change a task, all of it or nothing. Raises `ApiError`."""
        _check_keys(body)
        if body.get("workspaceId", task.workspace) != task.workspace:
            raise refused("A task is moved to another workspace by its own call")
        before = {name: getattr(task, name) for name in Task.__dataclass_fields__}
        try:
            self._set(task, body)
        except ApiError:
            for name, value in before.items():
                setattr(task, name, value)
            raise
        self._written(task)

    def _written(self, task: Task) -> None:
        """What follows once all of a body was taken: the workspace has the task's labels, the scheduler looks at it."""
        known = self._workspace(task).labels
        known += [one for one in task.labels if one not in known]
        self._store.touched(task)

    def move(self, task: Task, body: Body) -> None:
        """To another workspace, where its project, status, labels and assignee are left behind."""
        workspace = self._store.workspace(str(body.get("workspaceId")))
        assignee = body.get("assigneeId")
        task.workspace, task.status, task.labels, task.project = workspace.id, workspace.first_status, [], None
        task.assignee = None
        if assignee is not None:
            self._assignee(task, assignee)
        self._store.touched(task)

    def _set(self, task: Task, body: Body) -> None:
        for key, value in body.items():
            if key != "workspaceId":
                self._setters[key](task, value)

    def _workspace(self, task: Task) -> Workspace:
        return self._store.workspaces[task.workspace]

    def _name(self, task: Task, value: Any) -> None:
        if not isinstance(value, str) or not value.strip():
            raise invalid("name should not be empty")
        task.name = value

    def _description(self, task: Task, value: Any) -> None:
        if not isinstance(value, str):
            raise invalid("description must be a string")
        task.html = to_html(value)

    def _due(self, task: Task, value: Any) -> None:
        task.due = None if value is None and self._takes_null() else _moment(value, "dueDate")

    def _duration(self, task: Task, value: Any) -> None:
        whole = isinstance(value, int) and not isinstance(value, bool) and value > 0
        if not whole and value not in (NONE, REMINDER):
            raise invalid('duration must be a positive number of minutes, "NONE" or "REMINDER"')
        task.duration = value

    def _status(self, task: Task, value: Any) -> None:
        status = self._workspace(task).status(value)
        if status is None:
            raise refused(f"Status {value} does not exist in this workspace")
        if status.resolved != task.status.resolved:
            task.completed = self._store.now() if status.resolved else None
        task.status = status

    def _auto(self, task: Task, value: Any) -> None:
        if value is None:
            task.auto, task.start_on, task.deadline = False, None, "NONE"
            return
        if not isinstance(value, Mapping):
            raise invalid("autoScheduled must be an object")
        deadline = value.get("deadlineType", "SOFT")
        if deadline not in DEADLINES:
            raise invalid(f"autoScheduled.deadlineType must be one of the following values: {', '.join(DEADLINES)}")
        start = _moment(value.get("startDate"), "autoScheduled.startDate") if value.get("startDate") else None
        task.auto, task.deadline = True, deadline
        task.start_on = start.date() if start else self._store.now().date()

    def _project(self, task: Task, value: Any) -> None:
        if value is None and self._takes_null():
            task.project = None
            return
        project = self._store.projects.get(value) if isinstance(value, str) else None
        if project is None or project.workspace != task.workspace:
            raise refused(f"Project {value} does not exist in this workspace")
        task.project = project.id

    def _priority(self, task: Task, value: Any) -> None:
        if value not in PRIORITIES:
            raise invalid(f"priority must be one of the following values: {', '.join(PRIORITIES)}")
        task.priority = value

    def _labels(self, task: Task, value: Any) -> None:
        if not isinstance(value, list) or not all(isinstance(one, str) and one for one in value):
            raise invalid("each value in labels must be a string")
        known = self._workspace(task).labels
        news = [one for one in dict.fromkeys(value) if one not in known]
        if news and not self._makes_labels():
            raise refused(f"Label {news[0]} does not exist in this workspace")
        task.labels = list(dict.fromkeys(value))

    def _assignee(self, task: Task, value: Any) -> None:
        if value not in self._workspace(task).members:
            raise refused(f"Assignee {value} is not a member of this workspace")
        task.assignee = value


def day(value: Any) -> date:
    """A day as `YYYY-MM-DD`."""
    try:
        return date.fromisoformat(value)
    except (TypeError, ValueError):
        raise invalid("startOn must be a date such as 2026-01-31") from None


def _check_keys(body: Body) -> None:
    unknown = sorted(set(body) - KEYS)
    if unknown:
        raise invalid(*(f"property {key} should not exist" for key in unknown))


def _moment(value: Any, key: str) -> datetime:
    try:
        moment = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        raise invalid(f"{key} must be a valid ISO 8601 date string") from None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise invalid(f"{key} must be a valid ISO 8601 date string") from None
