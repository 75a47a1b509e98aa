"""Motion's JSON, with its names and its times."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from worklake.sandbox.motion.entities import Comment, Project, Status, Task, User, Workspace
from worklake.sandbox.motion.store import Store

Json = dict[str, Any]


def time(moment: datetime | None) -> str | None:
    """A moment to the millisecond."""
    return None if moment is None else moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def user(one: User) -> Json:
    """An account."""
    return {"id": one.id, "name": one.name, "email": one.email}


def status(one: Status) -> Json:
    """A status."""
    return {"name": one.name, "isDefaultStatus": one.default, "isResolvedStatus": one.resolved}


def workspace(one: Workspace) -> Json:
    """A workspace with its statuses and labels, as it stands in every task too."""
    return {
        "id": one.id,
        "name": one.name,
        "teamId": one.team_id,
        "type": one.kind,
        "statuses": [status(each) for each in one.statuses],
        "labels": [{"name": label} for label in one.labels],
    }


def project(one: Project, *, whole: bool = False) -> Json:
    """A project; `whole` as its own calls show it."""
    shown: Json = {"id": one.id, "name": one.name, "description": one.html, "workspaceId": one.workspace}
    if whole:
        shown |= {
            "status": status(Status("Todo", default=True)),
            "createdTime": time(one.created),
            "updatedTime": time(one.updated),
            "customFieldValues": {},
        }
    return shown


def comment(store: Store, one: Comment) -> Json:
    """A comment."""
    return {
        "id": one.id,
        "taskId": one.task,
        "content": one.html,
        "createdAt": time(one.created),
        "creator": user(store.users[one.creator]),
    }


def task(store: Store, one: Task) -> Json:
    """A task."""
    start, end = one.scheduled or (None, None)
    return {
        "id": one.id,
        "name": one.name,
        "description": one.html,
        "duration": one.duration,
        "dueDate": time(one.due),
        "deadlineType": one.deadline,
        "parentRecurringTaskId": None,
        "completed": one.status.resolved,
        "completedTime": time(one.completed),
        "createdTime": time(one.created),
        "updatedTime": time(one.updated),
        "lastInteractedTime": time(one.interacted),
        "startOn": one.start_on.isoformat() if one.start_on else None,
        "creator": user(store.users[one.creator]),
        "assignees": [user(store.users[one.assignee])] if one.assignee else [],
        "workspace": workspace(store.workspaces[one.workspace]),
        "project": project(store.projects[one.project]) if one.project else None,
        "status": status(one.status),
        "priority": one.priority,
        "labels": [{"name": label} for label in one.labels],
        "scheduledStart": time(start),
        "scheduledEnd": time(end),
        "schedulingIssue": one.auto and one.due is not None and end is not None and end > one.due,
        "customFieldValues": {},
        "chunks": _chunks(one),
    }


def _chunks(one: Task) -> list[Json]:
    if one.scheduled is None:
        return []
    start, end = one.scheduled
    return [
        {
            "id": f"ck{one.passes:03}{one.id[5:]}",
            "duration": one.duration,
            "scheduledStart": time(start),
            "scheduledEnd": time(end),
            "completedTime": None,
            "isFixed": False,
        }
    ]
