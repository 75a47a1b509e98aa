"""Which merge requests a list holds, and in which order."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime

from worklake.sandbox.gitlab import filters
from worklake.sandbox.gitlab.call import Call
from worklake.sandbox.gitlab.entities import MergeRequest, Noteable
from worklake.sandbox.gitlab.errors import not_served
from worklake.sandbox.gitlab.params import Params

Question = Callable[[MergeRequest], bool]
_ORDERS = ("created_at", "updated_at", "title", "merged_at")
_OTHER_ORDERS = ("label_priority", "milestone_due", "popularity", "priority")
_APPROVERS = ("approver_ids", "approved_by_ids", "approved_by_usernames")
_UNSERVED = ("approved", "deployed_after", "deployed_before", "environment")


def listed(call: Call, requests: Iterable[MergeRequest], default_scope: str) -> list[MergeRequest]:
    """The merge requests that the caller asked for, in the order that it asked for. Raises 400 and 501."""
    asked = _questions(call, default_scope)
    found = [one for one in requests if all(question(one) for question in asked)]
    order = call.query.text("order_by", (*_ORDERS, *_OTHER_ORDERS)) or "created_at"
    if order in _OTHER_ORDERS:
        raise not_served(f"the order {order} of merge requests")
    descending = call.query.text("sort", ("asc", "desc")) != "asc"
    column = _COLUMNS[order]
    without = [one for one in found if column(one) is None]
    ranked = [one for one in found if column(one) is not None]
    ranked.sort(key=lambda one: (column(one), one.id), reverse=descending)
    return [*ranked, *sorted(without, key=lambda one: one.id, reverse=descending)]


_COLUMNS: dict[str, Callable[[MergeRequest], datetime | str | None]] = {
    "created_at": lambda one: one.created_at,
    "updated_at": lambda one: one.updated_at,
    "merged_at": lambda one: one.merged_at,
    "title": lambda one: one.title.lower(),
}


def _questions(call: Call, default_scope: str) -> list[Question]:
    query = call.query
    for name in _UNSERVED:
        if query.text(name) is not None:
            raise not_served(f"the filter {name} of merge requests")
    me, for_review = call.user.id, query.text("scope") == "reviews_for_me"
    return [
        *([lambda one: me in one.reviewer_ids] if for_review else filters.scope(call, default_scope)),
        *_own(query),
        *filters.labels(query),
        *filters.milestone(call, query),
        *(question for role, ids_of in _ROLES.items() for question in filters.people(call, query, role, ids_of)),
        *filters.times(query),
        *filters.words(call),
        *filters.negated(call, _ROLES),
        *filters.hollow(query, "my_reaction_emoji"),
        *_approved(query),
    ]


def _approved(query: Params) -> list[Question]:
    """Nobody approves anything here: `None` lets all through, a name nothing."""
    given = [names for name in _APPROVERS if (names := query.names(name))]
    return [] if all(names[0].lower() == "none" for names in given) else [lambda one: False]


def _reviewers_of(one: Noteable) -> list[int]:
    return one.reviewer_ids if isinstance(one, MergeRequest) else []


def _merger_of(one: Noteable) -> list[int]:
    return [one.merged_by_id] if isinstance(one, MergeRequest) and one.merged_by_id else []


_ROLES = {
    "author": filters.author_of,
    "assignee": filters.assignees_of,
    "reviewer": _reviewers_of,
    "merge_user": _merger_of,
}


def _own(query: Params) -> list[Question]:
    asked: list[Question] = []
    state = query.text("state", ("opened", "closed", "locked", "merged", "all"))
    if state not in (None, "all"):
        asked.append(lambda one: one.state == state)
    if iids := query.ids("iids"):
        wanted = frozenset(iids)
        asked.append(lambda one: one.iid in wanted)
    if source_branch := query.text("source_branch"):
        asked.append(lambda one: one.source_branch == source_branch)
    if target_branch := query.text("target_branch"):
        asked.append(lambda one: one.target_branch == target_branch)
    if (source := query.integer("source_project_id")) is not None:
        asked.append(lambda one: one.project_id == source)
    if (draft := query.text("wip", ("yes", "no"))) is not None:
        asked.append(lambda one: one.title.startswith("Draft:") == (draft == "yes"))
    return asked
