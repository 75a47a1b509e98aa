"""Projects, groups, and what the server says of itself."""

from __future__ import annotations

import re
from collections.abc import Iterable

from worklake.sandbox.gitlab.api import Route
from worklake.sandbox.gitlab.call import Call, Reply, json_reply
from worklake.sandbox.gitlab.entities import MAINTAINER, OWNER, Project
from worklake.sandbox.gitlab.errors import invalid_field, not_served
from worklake.sandbox.gitlab.hooks import VERSION
from worklake.sandbox.gitlab.paging import keyset_pages, paged, wants_keyset
from worklake.sandbox.gitlab.params import Params
from worklake.sandbox.gitlab.rendering import Json


def _list(call: Call) -> Reply:
    call.site.limits.use("projects", call.user)
    return _projects(call)


def _of_group(call: Call) -> Reply:
    call.check_group()
    return _projects(call)


def _projects(call: Call) -> Reply:
    query = call.query
    simple = query.boolean("simple") or False

    def shown(project: Project) -> Json:
        row = _shown(call, project)
        return {name: row[name] for name in _SIMPLE} if simple else row

    found = _filtered(call)
    if wants_keyset(call):
        return keyset_pages(call, found, lambda one: one.id, {}, shown)
    order = query.text("order_by", (*_ORDERS, *_OTHER_ORDERS)) or "id"
    if order in _OTHER_ORDERS:
        raise not_served(f"the order {order} of projects")
    column = _COLUMNS.get(order, order)
    found.sort(key=lambda one: (str(getattr(one, column)).zfill(12), one.id), reverse=query.text("sort") != "asc")
    return paged(call, found, shown)


_ORDERS = ("id", "name", "path", "created_at", "updated_at", "last_activity_at", "star_count")
_OTHER_ORDERS = (
    "similarity", "repository_size", "storage_size", "packages_size", "wiki_size", "container_registry_size",
)  # fmt: skip
_COLUMNS = {"updated_at": "last_activity_at", "star_count": "id"}
_SIMPLE = (
    "id", "description", "name", "name_with_namespace", "path", "path_with_namespace", "created_at", "default_branch",
    "tag_list", "topics", "ssh_url_to_repo", "http_url_to_repo", "web_url", "readme_url", "forks_count", "avatar_url",
    "star_count", "last_activity_at", "visibility", "namespace",
)  # fmt: skip
_UNSERVED = ("statistics", "with_custom_attributes", "license")
_UNSERVED_FILTERS = (*_UNSERVED, "with_programming_language", "repository_storage", "with_security_reports")


def _filtered(call: Call) -> list[Project]:
    """The projects that the filters let through; all are private, living and nobody's favourite."""
    query = call.query
    _refuse(query, _UNSERVED_FILTERS, "projects")
    visibility = query.text("visibility", ("public", "internal", "private"))
    nothing = (
        query.boolean("archived"), query.boolean("starred"), query.boolean("imported"), query.text("topic"),
        query.text("topic_id"), query.text("marked_for_deletion_on"), query.boolean("active") is False,
        query.boolean("wiki_checksum_failed"), query.boolean("repository_checksum_failed"),
        query.boolean("owned") and call.user.role < OWNER, visibility in ("public", "internal"),
        call.user.role < (query.integer("min_access_level") or 0),
    )  # fmt: skip
    if any(nothing):
        return []
    found = list(call.store.projects.values())
    if search := query.text("search"):
        whole = query.boolean("search_namespaces")
        found = [
            one for one in found if search.lower() in f"{one.name}\n{one.full_path if whole else one.path}".lower()
        ]
    if after := query.moment("updated_after") or query.moment("last_activity_after"):
        found = [one for one in found if one.last_activity_at >= after]
    if before := query.moment("updated_before") or query.moment("last_activity_before"):
        found = [one for one in found if one.last_activity_at <= before]
    if (low := query.integer("id_after")) is not None:
        found = [one for one in found if one.id > low]
    if (high := query.integer("id_before")) is not None:
        found = [one for one in found if one.id < high]
    return found


def _refuse(query: Params, names: Iterable[str], of: str) -> None:
    """Refuse (501) parameters that would change the answer and are not served."""
    for name in names:
        if query.text(name) not in (None, "", "false", "False", "0"):
            raise not_served(f"{name} of {of}")


def _read(call: Call) -> Reply:
    project = call.project()
    _refuse(call.query, _UNSERVED, "projects")
    call.site.limits.use("project", call.user)
    return json_reply(_shown(call, project))


_EDITABLE = frozenset({"id", "name", "description", "path"})


def _edit(call: Call) -> Reply:
    """Rename or move a project; its old path answers with a redirect from then on."""
    project, body = call.project(), call.body
    call.require(MAINTAINER)
    if unserved := sorted(body.values.keys() - _EDITABLE):
        raise not_served(f"the field {unserved[0]} of projects")
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
    query, role = call.query, call.user.role
    _refuse(query, ("statistics", "with_custom_attributes", "repository_storage"), "groups")
    nothing = (
        query.boolean("archived"), query.boolean("active") is False, query.boolean("owned") and role < OWNER,
        query.text("marked_for_deletion_on"), query.text("visibility") in ("public", "internal"),
        role < (query.integer("min_access_level") or 0), call.store.group.id in (query.ids("skip_groups") or ()),
    )  # fmt: skip
    groups = [] if any(nothing) else [call.store.group]
    if search := call.query.text("search"):
        groups = [group for group in groups if search.lower() in f"{group.name}\n{group.path}".lower()]
    return paged(call, groups, call.show.group)


def _group(call: Call) -> Reply:
    call.check_group()
    _refuse(call.query, ("with_custom_attributes",), "groups")
    shown = call.show.group(call.store.group)
    if call.query.boolean("with_projects") is not False:
        projects = [call.show.project(project) for project in call.store.projects.values()]
        shown = {**shown, "projects": projects, "shared_projects": []}
    return json_reply(shown)


def _metadata(call: Call) -> Reply:
    kas = {"enabled": False, "externalUrl": None, "externalK8sProxyUrl": None, "version": None}
    return json_reply({"version": VERSION, "revision": "0123456789a", "kas": kas, "enterprise": True})


ROUTES = (
    Route("GET", "/projects", _list),
    Route("GET", "/projects/:id", _read),
    Route("PUT", "/projects/:id", _edit),
    Route("GET", "/groups", _groups),
    Route("GET", "/groups/:id", _group),
    Route("GET", "/groups/:id/projects", _of_group),
    Route("GET", "/metadata", _metadata),
    Route("GET", "/version", _metadata),
)
