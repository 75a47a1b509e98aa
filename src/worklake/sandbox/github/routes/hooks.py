"""Webhooks of repositories, and the log of their deliveries."""

from __future__ import annotations

from typing import Any

from worklake.sandbox.github.api import Route
from worklake.sandbox.github.call import Call, Reply, json_reply
from worklake.sandbox.github.entities import Delivery, Hook
from worklake.sandbox.github.errors import forbidden, invalid, not_found
from worklake.sandbox.github.hooks import is_loopback
from worklake.sandbox.github.paging import paged
from worklake.sandbox.github.rendering import shown_time

_MOST = 20


def _list(call: Call) -> Reply:
    return paged(call, list(_admin(call).values()), lambda hook: _shown(call, hook))


def _create(call: Call) -> Reply:
    hooks = _admin(call)
    if len(hooks) >= _MOST:
        raise invalid("base", "custom", "Hook", message=f"The repository cannot have more than {_MOST} hooks")
    hook = Hook(call.store.next_id(), call.repository().id, "", ["push"], call.site.clock())
    _fill(call, hook)
    if not hook.url:
        raise invalid("url", "missing_field", "Hook")
    hooks[hook.id] = hook
    _ping(call, hook)
    return json_reply(_shown(call, hook), 201)


def _read(call: Call) -> Reply:
    return json_reply(_shown(call, _hook(call)))


def _edit(call: Call) -> Reply:
    hook = _hook(call)
    _fill(call, hook)
    return json_reply(_shown(call, hook))


def _delete(call: Call) -> Reply:
    del _admin(call)[_hook(call).id]
    return Reply(b"", 204)


def _pinged(call: Call) -> Reply:
    _ping(call, _hook(call))
    return Reply(b"", 204)


def _deliveries(call: Call) -> Reply:
    wanted = call.query.get("status")
    rows = [
        one for one in reversed(_hook(call).deliveries)
        if not wanted or (200 <= one.status < 400) is (wanted == "success")
    ]  # fmt: skip
    return paged(call, rows, lambda one: _delivery(one, call.repository().id))


def _deliver_again(call: Call) -> Reply:
    hook = _hook(call)
    number = call.number("delivery_id")
    found = next((one for one in hook.deliveries if one.id == number), None)
    if found is None:
        raise not_found()
    call.site.hooks.send_again(hook, found)
    return json_reply({}, 202)


def _fill(call: Call, hook: Hook) -> None:
    config = call.body.get("config")
    if isinstance(config, dict):
        url = config.get("url", hook.url)
        if not isinstance(url, str) or not is_loopback(url):
            raise invalid("url", "custom", "Hook", message="the sandbox delivers to this machine alone")
        hook.url, hook.secret = url, config.get("secret", hook.secret)
    events: Any = call.body.get("events")
    if isinstance(events, list):
        hook.events = [str(one) for one in events]
    if isinstance(call.body.get("active"), bool):
        hook.active = call.body["active"]


def _ping(call: Call, hook: Hook) -> None:
    payload = {
        "zen": "Keep it logically awesome.", "hook_id": hook.id, "hook": _shown(call, hook),
        "repository": call.show.repository(call.repository(), call.user), "sender": call.show.user(call.user.id),
    }  # fmt: skip
    call.site.hooks.send_later(hook, "ping", None, payload)


def _admin(call: Call) -> dict[int, Hook]:
    if call.user.permission != "admin":
        raise not_found() if not call.user.pushes else forbidden("Must have admin rights to Repository.")
    return call.repository().hooks


def _hook(call: Call) -> Hook:
    hook = _admin(call).get(call.number("hook_id"))
    if hook is None:
        raise not_found()
    return hook


def _shown(call: Call, hook: Hook) -> dict[str, Any]:
    url = f"{call.show.address(call.repository())}/hooks/{hook.id}"
    last = hook.deliveries[-1] if hook.deliveries else None
    secret = {"secret": "********"} if hook.secret else {}
    return {
        "type": "Repository", "id": hook.id, "name": "web", "active": hook.active, "events": hook.events,
        "config": {"content_type": "json", "insecure_ssl": "0", "url": hook.url, **secret},
        "updated_at": shown_time(hook.created_at), "created_at": shown_time(hook.created_at), "url": url,
        "test_url": f"{url}/test", "ping_url": f"{url}/pings", "deliveries_url": f"{url}/deliveries",
        "last_response": {"code": last.status if last else None, "status": "unused" if last is None else "active",
                          "message": None},
    }  # fmt: skip


def _delivery(one: Delivery, repository_id: int) -> dict[str, Any]:
    words = "OK" if 200 <= one.status < 400 else "Invalid HTTP Response" if one.status else "failed to connect to host"
    return {
        "id": one.id, "guid": one.guid, "delivered_at": shown_time(one.at), "redelivery": one.redelivery,
        "duration": one.seconds, "status": words, "status_code": one.status, "event": one.event,
        "action": one.action, "installation_id": None, "repository_id": repository_id, "throttled_at": None,
    }  # fmt: skip


_PATH = "/repos/:owner/:repo/hooks"
ROUTES = (
    Route("GET", _PATH, _list),
    Route("POST", _PATH, _create),
    Route("GET", f"{_PATH}/:hook_id", _read),
    Route("PATCH", f"{_PATH}/:hook_id", _edit),
    Route("DELETE", f"{_PATH}/:hook_id", _delete),
    Route("POST", f"{_PATH}/:hook_id/pings", _pinged),
    Route("GET", f"{_PATH}/:hook_id/deliveries", _deliveries),
    Route("POST", f"{_PATH}/:hook_id/deliveries/:delivery_id/attempts", _deliver_again, slow=True),
)
