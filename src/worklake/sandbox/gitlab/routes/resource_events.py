"""The history of states, labels and milestones of issues and merge requests."""

from __future__ import annotations

from collections.abc import Callable

from worklake.sandbox.gitlab.api import Route
from worklake.sandbox.gitlab.call import Call, Reply, json_reply
from worklake.sandbox.gitlab.entities import Noteable, ResourceEvent
from worklake.sandbox.gitlab.errors import not_found
from worklake.sandbox.gitlab.paging import paged
from worklake.sandbox.gitlab.rendering import Json, shown_time


def _listing(kind: str) -> Callable[[Call], Reply]:
    def listed(call: Call) -> Reply:
        on = call.noteable()
        events = [event for event in call.store.events_of(on) if event.kind == kind]
        return paged(call, events, lambda event: _shown(call, on, event))

    return listed


def _reading(kind: str) -> Callable[[Call], Reply]:
    def read(call: Call) -> Reply:
        on, number = call.noteable(), call.number("event_id")
        found = [event for event in call.store.events_of(on) if event.kind == kind and event.id == number]
        if not found:
            raise not_found(f"Resource{kind.capitalize()}Event")
        return json_reply(_shown(call, on, found[0]))

    return read


def _shown(call: Call, on: Noteable, event: ResourceEvent) -> Json:
    shown: Json = {
        "id": event.id, "user": call.show.user(event.user_id), "created_at": shown_time(event.created_at),
        "resource_type": on.kind, "resource_id": on.id,
    }  # fmt: skip
    if event.kind == "state":
        return {**shown, "state": event.subject}
    if event.kind == "label":
        label = call.store.label_named(on.project_id, str(event.subject))
        return {**shown, "label": call.show.label(label) if label else None, "action": event.action}
    milestone = call.store.milestones.get(int(event.subject))
    return {
        **shown, "milestone": call.show.milestone(milestone) if milestone else None, "action": event.action,
        "state": on.state,
    }  # fmt: skip


ROUTES = tuple(
    route
    for noteable in ("issues", "merge_requests")
    for kind in ("state", "label", "milestone")
    for route in (
        Route("GET", f"/projects/:id/{noteable}/:iid/resource_{kind}_events", _listing(kind)),
        Route("GET", f"/projects/:id/{noteable}/:iid/resource_{kind}_events/:event_id", _reading(kind)),
    )
)
