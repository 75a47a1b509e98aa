"""Accounts, and what is left of their limits."""

from __future__ import annotations

from worklake.sandbox.github.api import Route
from worklake.sandbox.github.call import Call, Reply, json_reply
from worklake.sandbox.github.errors import not_found
from worklake.sandbox.github.paging import paged


def _self(call: Call) -> Reply:
    """The caller's own account, which alone shows an e-mail address. An App has none."""
    more = {
        "user_view_type": "private", "email": call.user.email, "private_gists": 0, "total_private_repos": 0,
        "owned_private_repos": 0, "disk_usage": 0, "collaborators": 0, "two_factor_authentication": True,
    }  # fmt: skip
    return json_reply({**call.show.whole_user(call.user), **more})


def _by_login(call: Call) -> Reply:
    user = call.store.user_named(call.part("login"))
    if user is None:
        raise not_found()
    return json_reply(call.show.whole_user(user))


def _by_id(call: Call) -> Reply:
    user = call.store.users.get(call.number("user_id"))
    if user is None:
        raise not_found()
    return json_reply(call.show.whole_user(user))


def _assignable(call: Call) -> Reply:
    call.repository()
    rows = [user for user in call.store.users.values() if user.is_assignable]
    return paged(call, rows, lambda user: call.show.user(user.id))


def _limits(call: Call) -> Reply:
    """Free of the limit that it tells."""
    resources = {name: call.site.limits.shown(call.user, name) for name in ("core", "graphql")}
    search = {"limit": 30, "used": 0, "remaining": 30, "reset": resources["core"]["reset"], "resource": "search"}
    return json_reply({"resources": {**resources, "search": search}, "rate": resources["core"]})


ROUTES = (
    Route("GET", "/user", _self, installations=False),
    Route("GET", "/user/:user_id", _by_id),
    Route("GET", "/users/:login", _by_login),
    Route("GET", "/repos/:owner/:repo/assignees", _assignable),
    Route("GET", "/rate_limit", _limits, free=True),
)
