"""People: the caller, users, members."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from worklake.sandbox.gitlab.api import Route
from worklake.sandbox.gitlab.call import Call, Reply, json_reply
from worklake.sandbox.gitlab.entities import User
from worklake.sandbox.gitlab.errors import forbidden, not_found, not_served
from worklake.sandbox.gitlab.paging import keyset_pages, paged, wants_keyset
from worklake.sandbox.gitlab.rendering import Json

_ORDERS: dict[str, Callable[[User], str]] = {
    "name": lambda user: user.name,
    "username": lambda user: user.username,
    # All accounts were made together.
    "created_at": lambda user: "",
    "updated_at": lambda user: "",
}
_FOR_ADMINISTRATORS = ("two_factor", "extern_uid", "provider", "admins", "auditors", "saml_provider_id", "skip_ldap")


def _me(call: Call) -> Reply:
    return json_reply(call.show.current_user(call.user))


def _users(call: Call) -> Reply:
    query = call.query
    found = _searched(call, list(call.store.users.values()))
    for name in _FOR_ADMINISTRATORS:
        if query.text(name):
            raise forbidden()
    for name in ("created_after", "created_before", "with_custom_attributes", "public_email"):
        if query.text(name):
            raise not_served(f"{name} of users")
    if username := query.text("username"):
        found = [user for user in found if user.username.lower() == username.lower()]
    if query.boolean("active") or query.boolean("exclude_blocked"):
        found = [user for user in found if user.active]
    if query.boolean("blocked") or query.boolean("exclude_active"):
        found = [user for user in found if not user.active]
    if query.boolean("external") or query.boolean("exclude_humans"):
        found = []
    if wants_keyset(call):
        return keyset_pages(call, found, lambda user: user.id, _ORDERS, lambda user: call.show.user(user.id))
    order = query.text("order_by", ("id", *_ORDERS)) or "id"
    text_of = _ORDERS.get(order, _ORDERS["created_at"])
    found.sort(key=lambda user: (text_of(user), user.id), reverse=query.text("sort", ("asc", "desc")) != "asc")
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
    found = _searched(call, list(call.store.users.values()))
    if wanted := call.query.ids("user_ids"):
        found = [user for user in found if user.id in wanted]
    if unwanted := call.query.ids("skip_users"):
        found = [user for user in found if user.id not in unwanted]
    if call.query.text("state", ("awaiting", "active")) == "awaiting":
        found = []
    return paged(call, found, show)


def _direct_members(call: Call) -> Reply:
    """Everybody belongs to the group; a project has no members of its own."""
    call.project()
    nobody: Sequence[User] = ()
    return paged(call, nobody, call.show.member)


def _direct_member(call: Call) -> Reply:
    call.project()
    call.number("user_id")
    raise not_found()


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


ROUTES = (
    Route("GET", "/user", _me),
    Route("GET", "/users", _users),
    Route("GET", "/users/:id", _user),
    Route("GET", "/projects/:id/users", _project_users),
    Route("GET", "/projects/:id/members", _direct_members),
    Route("GET", "/projects/:id/members/all", _members),
    Route("GET", "/projects/:id/members/all/:user_id", _member),
    Route("GET", "/projects/:id/members/:user_id", _direct_member),
    Route("GET", "/groups/:id/members", _members),
    Route("GET", "/groups/:id/members/all", _members),
    Route("GET", "/groups/:id/members/all/:user_id", _member),
    Route("GET", "/groups/:id/members/:user_id", _member),
)
