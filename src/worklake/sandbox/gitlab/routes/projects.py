"""Projects, groups, people, and what the server says of itself."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from worklake.sandbox.gitlab.api import Route
from worklake.sandbox.gitlab.call import Call, Reply, json_reply
from worklake.sandbox.gitlab.entities import MAINTAINER, Project, User
from worklake.sandbox.gitlab.errors import invalid_field, not_found
from worklake.sandbox.gitlab.hooks import VERSION
from worklake.sandbox.gitlab.paging import keyset_by_id, paged, wants_keyset
from worklake.sandbox.gitlab.rendering import Json


def _list(call: Call) -> Reply:
    call.site.limits.use("projects", call.user)
    return _projects(call)


def _of_group(call: Call) -> Reply:
    call.check_group()
    return _projects(call)


def _projects(call: Call) -> Reply:
    query = call.query
    found = sorted(call.store.projects.values(), key=lambda one: one.id, reverse=query.text("sort") != "asc")
    if search := query.text("search"):
        found = [one for one in found if search.lower() in f"{one.name}\n{one.path}".lower()]
    if after := query.moment("updated_after") or query.moment("last_activity_after"):
        found = [one for one in found if one.last_activity_at >= after]
    if before := query.moment("updated_before") or query.moment("last_activity_before"):
        found = [one for one in found if one.last_activity_at <= before]
    if query.boolean("archived"):
        found = []
    if wants_keyset(call):
        return keyset_by_id(call, found, lambda one: one.id, lambda one: _shown(call, one))
    order = query.text("order_by", ("id", "name", "path", "created_at", "updated_at", "last_activity_at")) or "id"
    column = "last_activity_at" if order == "updated_at" else order
    found.sort(key=lambda one: (str(getattr(one, column)).zfill(12), one.id), reverse=query.text("sort") != "asc")
    return paged(call, found, lambda one: _shown(call, one))


def _read(call: Call) -> Reply:
    project = call.project()
    call.site.limits.use("project", call.user)
    return json_reply(_shown(call, project))


def _edit(call: Call) -> Reply:
    """Rename or move a project; its old path answers with a redirect from then on."""
    project, body = call.project(), call.body
    call.require(MAINTAINER)
    if name := body.text("name"):
        project.name = name
    if "description" in body:
        project.description = body.text("description") or ""
    path = body.text("path")
    if path and path != project.path:
        if not re.fullmatch(r"[a-z0-9_][a-z0-9_.-]*", path):
            raise invalid_field("path", "can only include lowercase letters, digits, '_', '-' and '.'")
        call.store.old_paths[project.full_path] = project.id
        project.path, project.full_path = path, f"{call.store.group.path}/{path}"
        call.show.forget_all()
    project.last_activity_at = call.site.clock()
    return json_reply(_shown(call, project))


def _shown(call: Call, project: Project) -> Json:
    access = {"project_access": None, "group_access": {"access_level": call.user.role, "notification_level": 3}}
    return {**call.show.project(project), "permissions": access}


def _groups(call: Call) -> Reply:
    call.site.limits.use("groups", call.user)
    groups = [call.store.group]
    if search := call.query.text("search"):
        groups = [group for group in groups if search.lower() in f"{group.name}\n{group.path}".lower()]
    return paged(call, groups, call.show.group)


def _group(call: Call) -> Reply:
    call.check_group()
    shown = call.show.group(call.store.group)
    if call.query.boolean("with_projects") is not False:
        projects = [call.show.project(project) for project in call.store.projects.values()]
        shown = {**shown, "projects": projects, "shared_projects": []}
    return json_reply(shown)


def _me(call: Call) -> Reply:
    return json_reply(call.show.current_user(call.user))


def _users(call: Call) -> Reply:
    found = _searched(call, list(call.store.users.values()))
    if username := call.query.text("username"):
        found = [user for user in found if user.username.lower() == username.lower()]
    if call.query.boolean("active"):
        found = [user for user in found if user.active]
    if wants_keyset(call):
        return keyset_by_id(call, found, lambda user: user.id, lambda user: call.show.user(user.id))
    found.sort(key=lambda user: user.id, reverse=call.query.text("sort", ("asc", "desc")) != "asc")
    return paged(call, found, lambda user: call.show.user(user.id))


def _user(call: Call) -> Reply:
    call.site.limits.use("users", call.user)
    user = call.store.users.get(call.number("id"))
    if user is None:
        raise not_found("User")
    return json_reply({**(call.show.user(user.id) or {}), "bio": "", "bot": False})


def _members(call: Call) -> Reply:
    return _of_owner(call, lambda user: call.show.member(user))


def _member(call: Call) -> Reply:
    _check_owner(call)
    user = call.store.users.get(call.number("user_id"))
    if user is None:
        raise not_found()
    return json_reply(call.show.member(user))


def _project_users(call: Call) -> Reply:
    return _of_owner(call, lambda user: call.show.user(user.id))


def _of_owner(call: Call, show: Callable[[User], Json | None]) -> Reply:
    _check_owner(call)
    return paged(call, _searched(call, list(call.store.users.values())), show)


def _direct_members(call: Call) -> Reply:
    """Everybody belongs to the group; a project has no members of its own."""
    call.project()
    nobody: Sequence[User] = ()
    return paged(call, nobody, call.show.member)


def _check_owner(call: Call) -> None:
    if "/groups/" in call.path:
        call.check_group()
    else:
        call.project()


def _searched(call: Call, users: list[User]) -> list[User]:
    search = call.query.text("search") or call.query.text("query")
    if not search:
        return users
    wanted = search.lower()
    return [one for one in users if wanted in f"{one.name}\n{one.username}".lower() or wanted == one.email.lower()]


def _metadata(call: Call) -> Reply:
    kas = {"enabled": False, "externalUrl": None, "externalK8sProxyUrl": None, "version": None}
    return json_reply({"version": VERSION, "revision": "0123456789a", "kas": kas, "enterprise": True})


ROUTES = (
    Route("GET", "/projects", _list),
    Route("GET", "/projects/:id", _read),
    Route("PUT", "/projects/:id", _edit),
    Route("GET", "/projects/:id/users", _project_users),
    Route("GET", "/projects/:id/members", _direct_members),
    Route("GET", "/projects/:id/members/all", _members),
    Route("GET", "/projects/:id/members/all/:user_id", _member),
    Route("GET", "/groups", _groups),
    Route("GET", "/groups/:id", _group),
    Route("GET", "/groups/:id/projects", _of_group),
    Route("GET", "/groups/:id/members", _members),
    Route("GET", "/groups/:id/members/all", _members),
    Route("GET", "/user", _me),
    Route("GET", "/users", _users),
    Route("GET", "/users/:id", _user),
    Route("GET", "/metadata", _metadata),
    Route("GET", "/version", _metadata),
)
