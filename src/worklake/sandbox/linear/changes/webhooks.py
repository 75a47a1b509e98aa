"""Webhook subscriptions; only admins may make them."""

from __future__ import annotations

import hashlib

from worklake.sandbox.linear.changes.rows import copied, write
from worklake.sandbox.linear.entities import Webhook
from worklake.sandbox.linear.errors import LinearError, already_exists, invalid_argument
from worklake.sandbox.linear.events import RESOURCE_TYPES
from worklake.sandbox.linear.request import Input, Request
from worklake.sandbox.linear.webhooks import is_loopback


def create_webhook(request: Request, input: Input) -> Webhook:
    """`webhookCreate`, to a loopback URL only (Linear itself: public HTTPS only)."""
    _need_admin(request)
    store = request.store
    _check(input)
    team_id = store.find_team(input["teamId"]).id if input.get("teamId") is not None else None
    if (team_id is None) is not bool(input.get("allPublicTeams")):
        raise invalid_argument("Either teamId or allPublicTeams is required, and not both.")
    identity = store.chosen_id("webhook", input.get("id"))
    if store.webhooks.get(identity) is not None:
        raise already_exists("Webhook", identity)
    return store.webhooks.insert(
        Webhook(
            id=identity,
            created_at=request.moment,
            updated_at=request.moment,
            url=input["url"],
            resource_types=list(input["resourceTypes"]),
            secret=input.get("secret") or _new_secret(request, identity),
            label=input.get("label"),
            enabled=input.get("enabled") is not False,
            all_public_teams=team_id is None,
            team_id=team_id,
            creator_id=request.actor.id,
        )
    )


def update_webhook(request: Request, id: str, input: Input) -> Webhook:
    """`webhookUpdate`."""
    _need_admin(request)
    _check(input)
    hook = request.store.webhooks.need(id)
    given = copied(input, "url resourceTypes secret label enabled").items()
    columns = {name: value for name, value in given if value is not None or name == "label"}
    write(request, request.store.webhooks, hook, columns)
    return hook


def delete_webhook(request: Request, id: str) -> str:
    """`webhookDelete`: what still waits for a retry is dropped."""
    _need_admin(request)
    hook = request.store.webhooks.need(id)
    request.store.webhooks.delete(hook)
    request.deliveries.forget(hook.id)
    return hook.id


def rotate_secret(request: Request, id: str) -> str:
    """`webhookRotateSecret`: the new secret."""
    _need_admin(request)
    hook = request.store.webhooks.need(id)
    secret = _new_secret(request, hook.id)
    write(request, request.store.webhooks, hook, {"secret": secret})
    return secret


def disable_given_up(request: Request) -> None:
    """Disable the webhooks whose last retry failed, as Linear may do."""
    for identity in request.deliveries.given_up():
        hook = request.store.webhooks.get(identity)
        if hook is not None:
            write(request, request.store.webhooks, hook, {"enabled": False})


def _need_admin(request: Request) -> None:
    if not request.actor.admin:
        raise LinearError("Only admins can manage webhooks", code="FORBIDDEN", kind="forbidden", status=403)


def _check(given: Input) -> None:
    if given.get("url") is not None and not is_loopback(given["url"]):
        raise invalid_argument("url must be a loopback URL: the sandbox sends to nowhere else.")
    unknown = [one for one in given.get("resourceTypes") or [] if one not in RESOURCE_TYPES]
    if unknown or given.get("resourceTypes") == []:
        raise invalid_argument(f"resourceTypes must be some of {', '.join(sorted(RESOURCE_TYPES))}.")


def _new_secret(request: Request, identity: str) -> str:
    number = request.store.new_id("webhook secret")
    return "lin_wh_" + hashlib.sha256(f"{identity}{number}".encode()).hexdigest()[:40]
