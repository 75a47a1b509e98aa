"""Repositories: reading and listing them, and what their owner may change of them."""

from __future__ import annotations

from typing import Any

from worklake.sandbox.github.api import Route
from worklake.sandbox.github.call import Call, Reply, json_reply
from worklake.sandbox.github.entities import Repository
from worklake.sandbox.github.errors import forbidden, not_found
from worklake.sandbox.github.paging import paged


def _read(call: Call) -> Reply:
    return json_reply(_whole(call, call.repository()))


def _whole(call: Call, repository: Repository) -> dict[str, Any]:
    return {**call.show.repository(repository, call.user), "network_count": 0, "subscribers_count": 1}


def _edit(call: Call) -> Reply:
    """Rename it, after which the old name sends on to it, archive it, or switch its issues off."""
    repository = call.repository()
    if call.user.permission != "admin":
        raise forbidden("Must have admin rights to Repository.")
    name = call.text("name", resource="Repository")
    if name and name != repository.name:
        call.store.old_names[repository.full_name.lower()] = repository.id
        repository.name = name
    for key in ("has_issues", "archived"):
        if isinstance(call.body.get(key), bool):
            setattr(repository, key, call.body[key])
    if "description" in call.body:
        repository.description = call.text("description", resource="Repository") or ""
    repository.updated_at = call.site.clock()
    return json_reply(_whole(call, repository))


def _list(call: Call) -> Reply:
    return paged(call, list(call.store.repositories.values()), lambda one: call.show.repository(one, call.user))


def _list_of_owner(call: Call) -> Reply:
    owners = {one.owner.lower() for one in call.store.repositories.values()}
    if call.part("org").lower() not in owners:
        raise not_found()
    return _list(call)


ROUTES = (
    Route("GET", "/repos/:owner/:repo", _read),
    Route("PATCH", "/repos/:owner/:repo", _edit),
    Route("GET", "/user/repos", _list, installations=False),
    Route("GET", "/orgs/:org/repos", _list_of_owner),
)
