"""Filters that lists of issues and of merge requests share, as questions to one of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date

from worklake.sandbox.gitlab.call import Call
from worklake.sandbox.gitlab.entities import Noteable
from worklake.sandbox.gitlab.errors import invalid_parameter
from worklake.sandbox.gitlab.params import Params

Question = Callable[[Noteable], bool]
"""What must be answered with yes by whatever is listed."""


def scope(call: Call, default: str) -> list[Question]:
    """`scope`: whose."""
    wanted = (call.query.text("scope") or default).replace("-", "_")
    if wanted not in ("created_by_me", "assigned_to_me", "all"):
        raise invalid_parameter("scope does not have a valid value")
    me = call.user.id
    if wanted == "created_by_me":
        return [lambda one: one.author_id == me]
    return [lambda one: me in one.assignee_ids] if wanted == "assigned_to_me" else []


def labels(query: Params) -> list[Question]:
    """`labels`: all of these, `None` or `Any`."""
    names = query.names("labels")
    if not names:
        return []
    if names[0].lower() == "none":
        return [lambda one: not one.labels]
    if names[0].lower() == "any":
        return [lambda one: bool(one.labels)]
    wanted = frozenset(names)
    return [lambda one: wanted.issubset(one.labels)]


def milestone(call: Call, query: Params) -> list[Question]:
    """`milestone` by its title, or `milestone_id`, which is one of four words."""
    query.exclude("milestone_id", "milestone")
    word = query.text("milestone_id", ("Any", "None", "Upcoming", "Started"))
    title = word if word is not None else query.text("milestone")
    if not title:
        return []
    if title.lower() == "none":
        return [lambda one: one.milestone_id is None]
    if title.lower() == "any":
        return [lambda one: one.milestone_id is not None]
    today, milestones = call.site.clock().date(), call.store.milestones
    if title in ("Upcoming", "Started"):
        upcoming = title == "Upcoming"
        wanted = {
            one.id for one in milestones.values()
            if one.state == "active" and ((one.start_date or date.max) > today) == upcoming
        }  # fmt: skip
    else:
        wanted = {one.id for one in milestones.values() if one.title == title}
    return [lambda one: one.milestone_id in wanted]


def people(call: Call, query: Params, role: str, ids_of: Callable[[Noteable], list[int]]) -> list[Question]:
    """`<role>_id` (a number, `None` or `Any`) or `<role>_username` (all of these); `ids_of` tells who has the role."""
    query.exclude(f"{role}_id", f"{role}_username")
    word = query.text(f"{role}_id")
    if word is not None and word.lower() in ("none", "0"):
        return [lambda one: not ids_of(one)]
    if word is not None and word.lower() == "any":
        return [lambda one: bool(ids_of(one))]
    if (number := query.integer(f"{role}_id")) is not None:
        return [lambda one: number in ids_of(one)]
    if usernames := query.names(f"{role}_username"):
        wanted = user_ids(call, usernames)
        return [lambda one: wanted.issubset(ids_of(one))]
    return []


def user_ids(call: Call, usernames: list[str]) -> frozenset[int]:
    """The ids of usernames; -1 stands for one that nobody has."""
    found = (call.store.user_named(name) for name in usernames)
    return frozenset(user.id if user else -1 for user in found)


def author_of(one: Noteable) -> list[int]:
    """The author, as the only one with this role."""
    return [one.author_id]


def assignees_of(one: Noteable) -> list[int]:
    """The assignees."""
    return one.assignee_ids


def times(query: Params) -> list[Question]:
    """`updated_after`, `created_before` and so on, both ends included."""
    asked: list[Question] = []
    if (updated_from := query.moment("updated_after")) is not None:
        asked.append(lambda one: one.updated_at >= updated_from)
    if (updated_until := query.moment("updated_before")) is not None:
        asked.append(lambda one: one.updated_at <= updated_until)
    if (created_from := query.moment("created_after")) is not None:
        asked.append(lambda one: one.created_at >= created_from)
    if (created_until := query.moment("created_before")) is not None:
        asked.append(lambda one: one.created_at <= created_until)
    return asked


def words(call: Call) -> list[Question]:
    """`search` in the places that `in` names."""
    search = call.query.text("search")
    if not search:
        return []
    places = call.query.names("in") or ["title", "description"]
    call.site.limits.use("search", call.user)
    wanted = search.lower().split()

    def holds(one: Noteable) -> bool:
        text = one.title if "title" in places else ""
        if "description" in places:
            text += "\n" + (one.description or "")
        lowered = text.lower()
        return all(word in lowered for word in wanted)

    return [holds]


def hollow(query: Params, *names: str) -> list[Question]:
    """Filters by what nothing here has (epics, iterations, reactions): `None` lets everything through, else nothing."""
    given = [word for name in names if (word := query.text(name))]
    return [] if all(word.lower() in ("none", "0") for word in given) else [lambda one: False]


def negated(call: Call, roles: Mapping[str, Callable[[Noteable], list[int]]]) -> list[Question]:
    """`not[…]`: none of these labels, people of these roles, milestones or numbers."""
    unwanted = call.query.nested("not")
    asked: list[Question] = []
    if names := unwanted.names("labels"):
        barred = frozenset(names)
        asked.append(lambda one: barred.isdisjoint(one.labels))
    for role, ids_of in roles.items():
        unwanted.exclude(f"{role}_id", f"{role}_username")
        if usernames := unwanted.names(f"{role}_username"):
            asked.append(_without(user_ids(call, usernames), ids_of))
        else:
            asked += [_reversed(question) for question in people(call, unwanted, role, ids_of)]
    asked += [_reversed(question) for question in milestone(call, unwanted)]
    if iids := unwanted.ids("iids"):
        numbers = frozenset(iids)
        asked.append(lambda one: one.iid not in numbers)
    return asked


def _without(barred: frozenset[int], ids_of: Callable[[Noteable], list[int]]) -> Question:
    return lambda one: barred.isdisjoint(ids_of(one))


def _reversed(question: Question) -> Question:
    return lambda one: not question(one)
