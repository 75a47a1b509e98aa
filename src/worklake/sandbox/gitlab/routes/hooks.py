"""Webhooks of projects and of the group: setting them up, trying them, and what they delivered."""

from __future__ import annotations

import base64
import re
import uuid
from typing import Any

import orjson

from worklake.sandbox.gitlab.api import Route
from worklake.sandbox.gitlab.call import Call, Reply, json_reply, no_content
from worklake.sandbox.gitlab.entities import MAINTAINER, OWNER, Delivery, Hook
from worklake.sandbox.gitlab.errors import ApiError, invalid_field, invalid_parameter, not_found, not_served
from worklake.sandbox.gitlab.hooks import is_loopback
from worklake.sandbox.gitlab.paging import paged
from worklake.sandbox.gitlab.rendering import Json, shown_time

_FLAGS = (
    "push_events", "tag_push_events", "issues_events", "confidential_issues_events", "note_events",
    "confidential_note_events", "merge_requests_events", "milestone_events", "releases_events", "pipeline_events",
    "wiki_page_events", "deployment_events", "feature_flag_events", "job_events", "emoji_events",
    "resource_access_token_events", "vulnerability_events", "repository_update_events",
)  # fmt: skip
_HEADER_NAME = re.compile(r"[A-Za-z][A-Za-z0-9._-]*")
_UNSERVED_FIELDS = (
    "url_variables", "push_events_branch_filter", "branch_filter_strategy", "custom_webhook_template",
    "subgroup_events", "member_events", "project_events",
)  # fmt: skip
_EVENTS = {"issues_events": "Issue Hook", "confidential_issues_events": "Confidential Issue Hook"}
_MOST_HEADERS, _MOST_HOOKS, _MOST_GROUP_HOOKS = 20, 100, 50


def _owner(call: Call) -> int | None:
    """The number of the path's project, None for the group. Only maintainers see hooks, of the group only owners."""
    if "/groups/" in call.path:
        call.check_group()
        call.require(OWNER)
        return None
    project = call.project()
    call.require(MAINTAINER)
    return project.id


def _list(call: Call) -> Reply:
    owner = _owner(call)
    hooks = [hook for hook in call.store.hooks.values() if hook.project_id == owner]
    return paged(call, hooks, lambda hook: _shown(call, hook))


def _read(call: Call) -> Reply:
    return json_reply(_shown(call, _hook(call)))


def _create(call: Call) -> Reply:
    owner, url = _owner(call), _checked_url(call)
    kind, most = ("group", _MOST_GROUP_HOOKS) if owner is None else ("project", _MOST_HOOKS)
    if sum(hook.project_id == owner for hook in call.store.hooks.values()) >= most:
        raise ApiError(422, {"message": {"base": [f"Maximum number of {kind} hooks ({most}) exceeded"]}})
    flags = {name: name == "push_events" for name in _FLAGS}
    hook = Hook(call.store.next_id("hook"), owner, url, str(uuid.uuid4()), call.site.clock(), flags)
    _write(call, hook)
    call.store.hooks[hook.id] = hook
    return json_reply(_shown(call, hook), 201)


def _edit(call: Call) -> Reply:
    hook = _hook(call)
    if "url" in call.body:
        hook.url = _checked_url(call)
    _write(call, hook)
    return json_reply(_shown(call, hook))


def _delete(call: Call) -> Reply:
    del call.store.hooks[_hook(call).id]
    return no_content()


def _test(call: Call) -> Reply:
    """Send the newest issue of the project; a 2xx enables a disabled hook again."""
    hook, trigger = _hook(call), call.part("trigger")
    if trigger not in _FLAGS:
        raise invalid_parameter("trigger does not have a valid value")
    issues = call.store.issues.values()
    if hook.project_id is not None:
        issues = call.store.projects[hook.project_id].issues.values()
    newest = max(issues, key=lambda issue: issue.updated_at, default=None)
    if trigger not in _EVENTS or newest is None:
        text = "Ensure the project has issues." if newest is None else "This trigger has nothing to send here."
        raise ApiError(422, {"message": text})
    body = orjson.dumps(call.site.events.issue_body(newest, call.user, "update", {}))
    delivery = call.site.hooks.send_now(hook, trigger, _EVENTS[trigger], body)
    if delivery.status is None or not 200 <= delivery.status < 300:
        raise ApiError(422, {"message": f"Hook executed but returned HTTP {delivery.status}"})
    return json_reply({"message": "201 Created"}, 201)


def _deliveries(call: Call) -> Reply:
    hook = _hook(call)
    if "status" in call.query:
        raise not_served("the filter status of deliveries")
    return paged(call, hook.deliveries[::-1], lambda one: _delivery_json(hook, one))


def _resend(call: Call) -> Reply:
    hook, number = _hook(call), call.number("log_id")
    found = [one for one in hook.deliveries if one.id == number]
    if not found:
        raise not_found()
    event = _EVENTS.get(found[0].trigger, "Note Hook" if "note" in found[0].trigger else "Merge Request Hook")
    delivery = call.site.hooks.send_now(hook, found[0].trigger, event, found[0].body, found[0].key)
    return json_reply({"response_status": str(delivery.status or "internal error")}, 201)


def _hook(call: Call) -> Hook:
    owner = _owner(call)
    hook = call.store.hooks.get(call.number("hook_id"))
    if hook is None or hook.project_id != owner:
        raise not_found()
    return hook


def _checked_url(call: Call) -> str:
    url = call.body.required("url")
    if not is_loopback(url):
        raise ApiError(422, {"error": "Invalid url given: the sandbox delivers to this machine only"})
    return url


def _write(call: Call, hook: Hook) -> None:
    body = call.body
    for name in _UNSERVED_FIELDS:
        if body.values.get(name) not in (None, "", False, [], "wildcard", "false", "False"):
            raise not_served(f"the field {name} of hooks")
    for name in _FLAGS:
        if (flag := body.boolean(name)) is not None:
            hook.flags[name] = flag
    for name in ("name", "description", "token"):
        if name in body:
            setattr(hook, name, body.text(name) or None)
    if "signing_token" in body:
        hook.signing_token = _checked_signing_token(body.text("signing_token"))
    if (verify := body.boolean("enable_ssl_verification")) is not None:
        hook.enable_ssl_verification = verify
    if "custom_headers" in body:
        hook.custom_headers = _checked_headers(body.values["custom_headers"])


def _checked_signing_token(text: str | None) -> str | None:
    if not text:
        return None
    try:
        key = base64.b64decode(text.removeprefix("whsec_"), validate=True)
    except ValueError:
        key = b""
    if not text.startswith("whsec_") or len(key) != 32:
        raise invalid_field("signing_token", "must be whsec_ followed by 32 bytes in base64")
    return text


def _checked_headers(given: Any) -> dict[str, str]:
    if not isinstance(given, list) or not all(isinstance(one, dict) and "key" in one for one in given):
        raise invalid_parameter("custom_headers is invalid")
    if len(given) > _MOST_HEADERS:
        raise invalid_field("custom_headers", f"must not have more than {_MOST_HEADERS} entries")
    for one in given:
        if not _HEADER_NAME.fullmatch(str(one["key"])) or not str(one.get("value", "")).isprintable():
            raise invalid_field("custom_headers", "must have plain names and values")
    return {str(one["key"]): str(one.get("value", "")) for one in given}


def _shown(call: Call, hook: Hook) -> Json:
    """A hook; its token and signing token are never shown."""
    owner = {"group_id": call.store.group.id} if hook.project_id is None else {"project_id": hook.project_id}
    return {
        "id": hook.id, "url": hook.url, "name": hook.name, "description": hook.description,
        "created_at": shown_time(hook.created_at), **hook.flags, **owner,
        "enable_ssl_verification": hook.enable_ssl_verification, "alert_status": call.site.hooks.status(hook),
        "disabled_until": shown_time(hook.disabled_until), "url_variables": [], "push_events_branch_filter": None,
        "branch_filter_strategy": "wildcard", "custom_webhook_template": None,
        "custom_headers": [{"key": name} for name in hook.custom_headers],
    }  # fmt: skip


def _delivery_json(hook: Hook, one: Delivery) -> Json:
    return {
        "id": one.id, "url": hook.url, "trigger": one.trigger, "request_headers": {"Idempotency-Key": one.key},
        "request_data": orjson.loads(one.body), "response_headers": {}, "response_body": "",
        "execution_duration": round(one.seconds, 3), "response_status": str(one.status or "internal error"),
        "created_at": shown_time(one.at),
    }  # fmt: skip


def _routes(owner: str) -> tuple[Route, ...]:
    path = f"/{owner}/:id/hooks"
    return (
        Route("GET", path, _list),
        Route("POST", path, _create),
        Route("GET", f"{path}/:hook_id", _read),
        Route("PUT", f"{path}/:hook_id", _edit),
        Route("DELETE", f"{path}/:hook_id", _delete),
        Route("POST", f"{path}/:hook_id/test/:trigger", _test, slow=True),
        Route("GET", f"{path}/:hook_id/events", _deliveries),
        Route("POST", f"{path}/:hook_id/events/:log_id/resend", _resend, slow=True),
    )


ROUTES = (*_routes("projects"), *_routes("groups"))
