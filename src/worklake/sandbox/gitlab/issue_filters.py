"""Which issues a list holds: the filters of issue lists as one question per issue."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from worklake.sandbox.gitlab import filters
from worklake.sandbox.gitlab.call import Call
from worklake.sandbox.gitlab.entities import GUEST, ISSUE_TYPES, Issue
from worklake.sandbox.gitlab.params import Params

Question = Callable[[Issue], bool]
_DUE_WORDS = ("0", "any", "today", "tomorrow", "overdue", "week", "month", "next_month_and_previous_two_weeks")
_ROLES = {"author": filters.author_of, "assignee": filters.assignees_of}


def questions(call: Call, default_scope: str) -> list[Question]:
    """What an issue must answer with yes to be listed; empty when every issue is."""
    query = call.query
    return [
        *([call.sees] if call.user.role <= GUEST else []),
        *filters.scope(call, default_scope),
        *_own(query),
        *_weight(query),
        *filters.labels(query),
        *filters.milestone(call, query),
        *(question for role, ids_of in _ROLES.items() for question in filters.people(call, query, role, ids_of)),
        *filters.times(query),
        *filters.words(call),
        *_due(call),
        *filters.negated(call, _ROLES),
        *(_reversed(question) for question in _weight(query.nested("not"))),
        *filters.hollow(query, "epic_id", "iteration_id", "iteration_title", "my_reaction_emoji", "health_status"),
    ]


def _own(query: Params) -> list[Question]:
    asked: list[Question] = []
    state = query.text("state", ("opened", "closed", "all"))
    if state in ("opened", "closed"):
        asked.append(lambda issue: issue.state == state)
    confidential = query.boolean("confidential")
    if confidential is not None:
        asked.append(lambda issue: issue.confidential == confidential)
    issue_type = query.text("issue_type", ISSUE_TYPES)
    if issue_type is not None:
        asked.append(lambda issue: issue.issue_type == issue_type)
    if iids := query.ids("iids"):
        wanted = frozenset(iids)
        asked.append(lambda issue: issue.iid in wanted)
    if (closer := query.integer("closed_by_id")) is not None:
        asked.append(lambda issue: issue.closed_by_id == closer)
    return asked


def _weight(query: Params) -> list[Question]:
    word = query.text("weight")
    if word == "None":
        return [lambda issue: issue.weight is None]
    if word == "Any":
        return [lambda issue: issue.weight is not None]
    wanted = query.integer("weight")
    return [] if wanted is None else [lambda issue: issue.weight == wanted]


def _reversed(question: Question) -> Question:
    return lambda issue: not question(issue)


def _due(call: Call) -> list[Question]:
    word = call.query.text("due_date", _DUE_WORDS)
    if word is None:
        return []
    today = call.site.clock().date()
    if word == "0":
        return [lambda issue: issue.due_date is None]
    if word == "any":
        return [lambda issue: issue.due_date is not None]
    if word == "overdue":
        return [lambda issue: issue.due_date is not None and issue.due_date < today]
    monday = today - timedelta(days=today.weekday())
    first = today.replace(day=1)
    next_first = (first + timedelta(days=32)).replace(day=1)
    spans = {
        "today": (today, today),
        "tomorrow": (today + timedelta(days=1), today + timedelta(days=1)),
        "week": (monday, monday + timedelta(days=6)),
        "month": (first, next_first - timedelta(days=1)),
        "next_month_and_previous_two_weeks": (
            today - timedelta(days=14),
            (next_first + timedelta(days=32)).replace(day=1) - timedelta(days=1),
        ),
    }
    low, high = spans[word]
    return [lambda issue: issue.due_date is not None and low <= issue.due_date <= high]
