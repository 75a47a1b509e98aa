"""Webhook events: which webhooks hear of a change, and what they are told."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

from worklake.sandbox.linear import shapes
from worklake.sandbox.linear.entities import Attachment, Comment, Issue, IssueLabel, Project, Webhook
from worklake.sandbox.linear.request import Request
from worklake.sandbox.linear.store import Store
from worklake.sandbox.linear.webhooks import Delivery, signature

Told = Issue | Comment | IssueLabel | Project | Attachment

RESOURCE_TYPES = frozenset({
    "Issue", "Comment", "IssueLabel", "Project", "ProjectUpdate", "ProjectLabel", "Cycle", "Attachment", "Reaction",
    "Document", "Initiative", "InitiativeUpdate", "Customer", "CustomerNeed", "IssueSLA", "User", "Release",
    "ReleaseNote", "OAuthAuthorization", "PermissionChange", "AgentSessionEvent", "AppUserNotification",
})  # fmt: skip


def tell(request: Request, action: str, entity: Told, before: Mapping[str, Any] | None = None) -> None:
    """Send `action` (create, update, remove) on `entity` to the webhooks that listen for it.

    `before` holds the old values of what an update changed, under their GraphQL names.
    """
    store = request.store
    kind = type(entity).__name__
    listeners = [hook for hook in store.webhooks if _listens(hook, kind, _teams_of(store, entity))]
    if not listeners:
        return
    data, url = _shape(store, entity)
    actor = request.actor
    event: dict[str, Any] = {
        "action": action,
        "actor": {
            "id": actor.id,
            "type": "user",
            "name": actor.name,
            "email": actor.email,
            "url": store.user_url(actor),
        },
        "createdAt": request.moment,
        "data": data,
        "url": url,
        "type": kind,
        "organizationId": store.organization.id,
        "webhookTimestamp": int(request.now.timestamp() * 1000),
    }
    if before is not None:
        event["updatedFrom"] = before
    for hook in listeners:
        request.deliveries.send(_delivery(request, hook, kind, event))


def _listens(hook: Webhook, kind: str, team_ids: list[str]) -> bool:
    if not hook.enabled or kind not in hook.resource_types:
        return False
    return hook.all_public_teams or hook.team_id in team_ids


def _teams_of(store: Store, entity: Told) -> list[str]:
    match entity:
        case Issue():
            return [entity.team_id]
        case Comment() | Attachment():
            issue = store.issues.get(entity.issue_id)
            return [issue.team_id] if issue else []
        case Project():
            return entity.team_ids
        case IssueLabel():
            return [entity.team_id] if entity.team_id else [team.id for team in store.teams]


def _shape(store: Store, entity: Told) -> tuple[dict[str, Any], str | None]:
    match entity:
        case Issue():
            return shapes.issue_event(store, entity), store.issue_url(entity)
        case Comment():
            return shapes.comment_event(store, entity), store.comment_url(entity)
        case Attachment():
            return shapes.attachment_event(store, entity), entity.url
        case Project():
            return shapes.project_event(store, entity), store.project_url(entity)
        case IssueLabel():
            return shapes.label_event(entity), None


def _delivery(request: Request, hook: Webhook, kind: str, event: Mapping[str, Any]) -> Delivery:
    body = orjson.dumps({**event, "webhookId": hook.id})
    headers = {
        "Content-Type": "application/json; charset=utf-8",
        "User-Agent": "Linear-Webhook",
        "Linear-Delivery": request.store.new_id("delivery"),
        "Linear-Event": kind,
        "Linear-Timestamp": str(event["webhookTimestamp"]),
        "Linear-Signature": signature(hook.secret, body),
    }
    return Delivery(webhook_id=hook.id, url=hook.url, headers=headers, body=body, due=request.now)
