"""The calls, by method and path."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any
from urllib.parse import unquote

from starlette.datastructures import QueryParams

from worklake.sandbox.motion import rendering
from worklake.sandbox.motion.entities import Comment, Project
from worklake.sandbox.motion.errors import invalid, not_found, not_served
from worklake.sandbox.motion.html import to_html
from worklake.sandbox.motion.lists import by_time, page, tasks_of
from worklake.sandbox.motion.site import Site

Answer = tuple[int, Any]


@dataclass(frozen=True, slots=True)
class Call:
    """One call: where, with which names in its path, its query and its body."""

    site: Site
    names: tuple[str, ...]
    query: QueryParams
    body: Mapping[str, Any]


Handler = Callable[[Call], Answer]


def handler_of(method: str, path: str) -> tuple[Handler | None, tuple[str, ...]]:
    """What answers a call, and the names out of its path."""
    for verb, pattern, handler in _ROUTES:
        found = pattern.fullmatch(path)
        if found is not None and verb == method:
            return handler, tuple(unquote(name) for name in found.groups())
    return None, ()


def _list_tasks(call: Call) -> Answer:
    store = call.site.store
    rows = tasks_of(store, call.query)
    show = partial(rendering.task, store)
    return 200, page("tasks", rows, call.query, lambda one: (one.created, one.id), show)


def _read_task(call: Call) -> Answer:
    store = call.site.store
    return 200, rendering.task(store, store.task(call.names[0]))


def _create_task(call: Call) -> Answer:
    site = call.site
    task = site.writes.create(call.body)
    shown = rendering.task(site.store, task)
    if site.switches["phantom_ids"] and isinstance(task.duration, int) and task.due is not None:
        site.switches["phantom_ids"] -= 1
        shown["id"] = site.store.new_id("tk")
    return 201, shown


def _update_task(call: Call) -> Answer:
    site = call.site
    task = site.store.task(call.names[0])
    if site.switches["patch_needs_name"]:
        problems = [f"{key} should not be empty" for key in ("name", "workspaceId") if not call.body.get(key)]
        if problems:
            raise invalid(*problems)
    site.writes.update(task, call.body)
    return 200, rendering.task(site.store, task)


def _delete_task(call: Call) -> Answer:
    store = call.site.store
    task = store.task(call.names[0])
    store.deleted[task.id] = rendering.task(store, task)
    del store.tasks[task.id]
    return 204, None


def _move_task(call: Call) -> Answer:
    site = call.site
    task = site.store.task(call.names[0])
    site.writes.move(task, call.body)
    return 200, rendering.task(site.store, task)


def _unassign(call: Call) -> Answer:
    store = call.site.store
    task = store.task(call.names[0])
    task.assignee = None
    store.touched(task)
    return 204, None


def _list_projects(call: Call) -> Answer:
    store = call.site.store
    workspace = store.workspace(_required(call, "workspaceId"))
    rows = by_time(one for one in store.projects.values() if one.workspace == workspace.id)
    show = partial(rendering.project, whole=True)
    return 200, page("projects", rows, call.query, lambda one: (one.created, one.id), show)


def _read_project(call: Call) -> Answer:
    found = call.site.store.projects.get(call.names[0])
    if found is None:
        raise not_found("Project")
    return 200, rendering.project(found, whole=True)


def _create_project(call: Call) -> Answer:
    store = call.site.store
    name, workspace = call.body.get("name"), store.workspace(str(call.body.get("workspaceId")))
    if not isinstance(name, str) or not name.strip():
        raise invalid("name should not be empty")
    now = store.now()
    html = to_html(str(call.body.get("description") or ""))
    made = Project(store.new_id("pr"), name, html, workspace.id, now, now)
    store.projects[made.id] = made
    return 201, rendering.project(made, whole=True)


def _list_comments(call: Call) -> Answer:
    store = call.site.store
    task = store.task(_required(call, "taskId"))
    rows = by_time(iter(store.comments.get(task.id, ())))
    show = partial(rendering.comment, store)
    return 200, page("comments", rows, call.query, lambda one: (one.created, one.id), show)


def _create_comment(call: Call) -> Answer:
    store = call.site.store
    task, content = store.task(str(call.body.get("taskId"))), call.body.get("content")
    if not isinstance(content, str) or not content.strip():
        raise invalid("content should not be empty")
    made = Comment(store.new_id("cm"), task.id, to_html(content), store.now(), store.me)
    store.comments.setdefault(task.id, []).append(made)
    return 201, rendering.comment(store, made)


def _list_workspaces(call: Call) -> Answer:
    wanted = [*call.query.getlist("ids[]"), *call.query.getlist("ids")]
    rows = [one for one in call.site.store.workspaces.values() if not wanted or one.id in wanted]
    return 200, {"meta": {"pageSize": 50}, "workspaces": [rendering.workspace(one) for one in rows]}


def _list_users(call: Call) -> Answer:
    store = call.site.store
    wanted = call.query.get("workspaceId")
    members = store.workspace(wanted).members if wanted else tuple(store.users)
    users = [rendering.user(store.users[one]) for one in members]
    return 200, {"meta": {"pageSize": 50}, "users": users}


def _me(call: Call) -> Answer:
    store = call.site.store
    return 200, rendering.user(store.users[store.me])


def _list_statuses(call: Call) -> Answer:
    store = call.site.store
    wanted = call.query.get("workspaceId")
    spaces = [store.workspace(wanted)] if wanted else list(store.workspaces.values())
    return 200, [rendering.status(one) for space in spaces for one in space.statuses]


def _list_schedules(call: Call) -> Answer:
    day = [{"start": "09:00", "end": "17:00"}]
    week = dict.fromkeys(("monday", "tuesday", "wednesday", "thursday", "friday"), day)
    hours = {"name": "Work Hours", "isDefaultTimezone": True, "timezone": "Etc/UTC"}
    return 200, [{**hours, "schedule": {**week, "saturday": [], "sunday": []}}]


def _recurring(call: Call) -> Answer:
    raise not_served("recurring tasks")


def _custom_fields(call: Call) -> Answer:
    raise not_served("custom fields")


def _required(call: Call, key: str) -> str:
    value = call.query.get(key)
    if not value:
        raise invalid(f"{key} should not be empty")
    return value


_NAME = "([^/]+)"
_ROUTES = tuple(
    (method, re.compile(path.replace("{}", _NAME)), handler)
    for method, path, handler in (
        ("GET", "/v1/tasks", _list_tasks),
        ("POST", "/v1/tasks", _create_task),
        ("GET", "/v1/tasks/{}", _read_task),
        ("PATCH", "/v1/tasks/{}", _update_task),
        ("DELETE", "/v1/tasks/{}", _delete_task),
        ("PATCH", "/v1/tasks/{}/move", _move_task),
        ("DELETE", "/v1/tasks/{}/assignee", _unassign),
        ("GET", "/v1/projects", _list_projects),
        ("POST", "/v1/projects", _create_project),
        ("GET", "/v1/projects/{}", _read_project),
        ("GET", "/v1/comments", _list_comments),
        ("POST", "/v1/comments", _create_comment),
        ("GET", "/v1/workspaces", _list_workspaces),
        ("GET", "/v1/users/me", _me),
        ("GET", "/v1/users", _list_users),
        ("GET", "/v1/statuses", _list_statuses),
        ("GET", "/v1/schedules", _list_schedules),
        ("GET", "/v1/recurring-tasks", _recurring),
        ("POST", "/v1/recurring-tasks", _recurring),
        ("DELETE", "/v1/recurring-tasks/{}", _recurring),
        ("GET", "/beta/workspaces/{}/custom-fields", _custom_fields),
        ("POST", "/beta/workspaces/{}/custom-fields", _custom_fields),
        ("DELETE", "/beta/workspaces/{}/custom-fields/{}", _custom_fields),
        ("POST", "/beta/custom-field-values/task/{}", _custom_fields),
        ("DELETE", "/beta/custom-field-values/task/{}/custom-fields/{}", _custom_fields),
        ("POST", "/beta/custom-field-values/project/{}", _custom_fields),
        ("DELETE", "/beta/custom-field-values/project/{}/custom-fields/{}", _custom_fields),
    )
)
