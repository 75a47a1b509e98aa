"""Which issues a list holds: the filters of issue lists as one question per issue."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

from worklake.sandbox.gitlab.call import Call
from worklake.sandbox.gitlab.entities import GUEST, ISSUE_TYPES, Issue
from worklake.sandbox.gitlab.errors import invalid_parameter
from worklake.sandbox.gitlab.params import Params

Question = Callable[[Issue], bool]
_DUE_WORDS = ("0", "any", "today", "tomorrow", "overdue", "week", "month", "next_month_and_previous_two_weeks")


def questions(call: Call, default_scope: str) -> list[Question]:
    """What an issue must answer with yes to be listed; empty when every issue is."""
    query = call.query
    return [
        *_visibility(call),
        *_scope(call, default_scope),
        *_state(query),
        *_labels(query),
        *_milestone(call),
        *_people(call),
        *_times(query),
        *_words(call),
        *_due(call),
        *_negated(call),
    ]


def _visibility(call: Call) -> list[Question]:
    return [call.sees] if call.user.role <= GUEST else []


def _scope(call: Call, default: str) -> list[Question]:
    scope = (call.query.text("scope") or default).replace("-", "_")
    if scope not in ("created_by_me", "assigned_to_me", "all"):
        raise invalid_parameter("scope does not have a valid value")
    me = call.user.id
    if scope == "created_by_me":
        return [lambda issue: issue.author_id == me]
    if scope == "assigned_to_me":
        return [lambda issue: me in issue.assignee_ids]
    return []


def _state(query: Params) -> list[Question]:
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
    weight = query.text("weight")
    if weight is not None:
        asked.append(_present_or(weight, lambda issue: issue.weight, query.integer))
    return asked


def _present_or(word: str, value: Callable[[Issue], int | None], number: Callable[[str], int | None]) -> Question:
    if word == "None":
        return lambda issue: value(issue) is None
    if word == "Any":
        return lambda issue: value(issue) is not None
    wanted = number("weight")
    return lambda issue: value(issue) == wanted


def _labels(query: Params) -> list[Question]:
    names = query.names("labels")
    if not names:
        return []
    if names[0].lower() == "none":
        return [lambda issue: not issue.labels]
    if names[0].lower() == "any":
        return [lambda issue: bool(issue.labels)]
    wanted = frozenset(names)
    return [lambda issue: wanted.issubset(issue.labels)]


def _milestone(call: Call) -> list[Question]:
    title = call.query.text("milestone") or call.query.text("milestone_id")
    if title is None:
        return []
    today, milestones = call.site.clock().date(), call.store.milestones
    if title.lower() == "none":
        return [lambda issue: issue.milestone_id is None]
    if title.lower() == "any":
        return [lambda issue: issue.milestone_id is not None]
    if title in ("Upcoming", "Started"):
        upcoming = title == "Upcoming"
        wanted = {
            one.id for one in milestones.values()
            if one.state == "active" and ((one.start_date or date.max) > today) == upcoming
        }  # fmt: skip
    else:
        wanted = {one.id for one in milestones.values() if one.title == title}
    return [lambda issue: issue.milestone_id in wanted]


def _people(call: Call) -> list[Question]:
    query, asked = call.query, list[Question]()
    assignee = query.text("assignee_id")
    if assignee is not None and assignee.lower() in ("none", "0"):
        asked.append(lambda issue: not issue.assignee_ids)
    elif assignee is not None and assignee.lower() == "any":
        asked.append(lambda issue: bool(issue.assignee_ids))
    elif assignee is not None:
        number = query.integer("assignee_id")
        asked.append(lambda issue: number in issue.assignee_ids)
    if usernames := query.names("assignee_username"):
        assigned = _user_ids(call, usernames)
        asked.append(lambda issue: assigned.issubset(issue.assignee_ids))
    author = query.integer("author_id")
    if author is not None:
        asked.append(lambda issue: issue.author_id == author)
    if usernames := query.names("author_username"):
        authors = _user_ids(call, usernames)
        asked.append(lambda issue: issue.author_id in authors)
    return asked


def _user_ids(call: Call, usernames: list[str]) -> frozenset[int]:
    found = (call.store.user_named(name) for name in usernames)
    return frozenset(user.id if user else -1 for user in found)


def _times(query: Params) -> list[Question]:
    asked: list[Question] = []
    if (after := query.moment("updated_after")) is not None:
        updated_from = after
        asked.append(lambda issue: issue.updated_at >= updated_from)
    if (before := query.moment("updated_before")) is not None:
        updated_until = before
        asked.append(lambda issue: issue.updated_at <= updated_until)
    if (after := query.moment("created_after")) is not None:
        created_from = after
        asked.append(lambda issue: issue.created_at >= created_from)
    if (before := query.moment("created_before")) is not None:
        created_until = before
        asked.append(lambda issue: issue.created_at <= created_until)
    return asked


def _words(call: Call) -> list[Question]:
    search = call.query.text("search")
    if not search:
        return []
    places = call.query.names("in") or ["title", "description"]
    call.site.limits.use("search", call.user)
    words = search.lower().split()

    def holds(issue: Issue) -> bool:
        text = issue.title if "title" in places else ""
        if "description" in places:
            text += "\n" + (issue.description or "")
        lowered = text.lower()
        return all(word in lowered for word in words)

    return [holds]


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


def _negated(call: Call) -> list[Question]:
    unwanted = call.query.nested("not")
    asked: list[Question] = []
    if labels := unwanted.names("labels"):
        barred = frozenset(labels)
        asked.append(lambda issue: barred.isdisjoint(issue.labels))
    if usernames := unwanted.names("assignee_username"):
        people = _user_ids(call, usernames)
        asked.append(lambda issue: people.isdisjoint(issue.assignee_ids))
    if usernames := unwanted.names("author_username"):
        authors = _user_ids(call, usernames)
        asked.append(lambda issue: issue.author_id not in authors)
    if (title := unwanted.text("milestone")) is not None:
        milestones = {one.id for one in call.store.milestones.values() if one.title == title}
        asked.append(lambda issue: issue.milestone_id not in milestones)
    if iids := unwanted.ids("iids"):
        numbers = frozenset(iids)
        asked.append(lambda issue: issue.iid not in numbers)
    return asked
