"""Lists of issues: of a project, of the group, of everything the caller may see."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date

import orjson

from worklake.sandbox.gitlab.call import Call, Reply
from worklake.sandbox.gitlab.entities import Issue
from worklake.sandbox.gitlab.indexes import SORT_VALUES, SortValue, microseconds
from worklake.sandbox.gitlab.issue_filters import Question, questions
from worklake.sandbox.gitlab.paging import (
    keyset_headers,
    no_keyset,
    offset_window,
    per_page,
    read_cursor,
    wants_keyset,
)

_ORDERS = (
    "id", "created_at", "due_date", "label_priority", "milestone_due", "popularity", "priority", "relative_position",
    "title", "updated_at", "weight",
)  # fmt: skip
_KEPT_LISTS = 16
_LAST = 2**62


def project_issues(call: Call) -> Reply:
    """`GET /projects/:id/issues`, by offset or keyset."""
    project = call.project()
    if wants_keyset(call):
        return _keyset_page(call, project.id, questions(call, "all"))
    return _offset_page(call, project.id, "all", deepest="Issue")


def group_issues(call: Call) -> Reply:
    """`GET /groups/:id/issues`, by offset alone."""
    call.check_group()
    return _offset_page(call, None, "all")


def all_issues(call: Call) -> Reply:
    """`GET /issues`, by offset alone; the caller's own unless `scope` tells otherwise."""
    return _offset_page(call, None, "created_by_me")


def issue_statistics(call: Call) -> Reply:
    """`GET …/issues_statistics`: how many issues of a list are open and closed."""
    project_id = call.project().id if "id" in call.segments and "/projects/" in call.path else None
    asked = questions(call, "all" if "id" in call.segments else "created_by_me")
    order = call.store.indexes.order(project_id, "id")
    states = [issue.state for issue in _matching(call, order.all(descending=False), asked)]
    counts = {"all": len(states), "closed": states.count("closed"), "opened": states.count("opened")}
    return Reply(orjson.dumps({"statistics": {"counts": counts}}))


def _keyset_page(call: Call, project_id: int, asked: list[Question]) -> Reply:
    column = call.query.text("order_by") or "created_at"
    if column not in SORT_VALUES:
        raise no_keyset()
    descending = call.query.text("sort", ("asc", "desc")) != "asc"
    order = call.store.indexes.order(project_id, column)
    cursor = read_cursor(call, column, str if column == "title" else int)
    low, high = _bounds(call, column)
    first, last = (high, low) if descending else (low, high)
    if cursor is not None:
        ids = order.after(cursor[0], cursor[1], descending=descending)
    elif first is not None:
        ids = order.from_value(first, descending=descending)
    else:
        ids = order.all(descending=descending)
    size = per_page(call)
    page: list[Issue] = []
    more = False
    value = SORT_VALUES[column]
    for issue in _matching(call, ids, asked, _past(column, last, descending=descending)):
        if len(page) == size:
            more = True
            break
        page.append(issue)
    headers = keyset_headers(call, column, value(page[-1]), page[-1].id) if more else {}
    return Reply(_joined(call, page), headers=headers)


def _bounds(call: Call, column: str) -> tuple[int | None, int | None]:
    """The lowest and highest value that the filters let through in a column of times."""
    if column not in ("updated_at", "created_at"):
        return None, None
    name = column.removesuffix("_at")
    after, before = call.query.moment(f"{name}_after"), call.query.moment(f"{name}_before")
    return (microseconds(after) if after else None), (microseconds(before) if before else None)


def _past(column: str, last: int | None, *, descending: bool) -> Callable[[Issue], bool] | None:
    """Whether no later row of this order can match any more."""
    if last is None:
        return None
    value = SORT_VALUES[column]
    limit: int = last

    def past(issue: Issue) -> bool:
        number: SortValue = value(issue)
        return isinstance(number, int) and (number < limit if descending else number > limit)

    return past


def _matching(
    call: Call, ids: Iterator[int], asked: list[Question], past: Callable[[Issue], bool] | None = None
) -> Iterator[Issue]:
    issues = call.store.issues
    for number in ids:
        issue = issues[number]
        if past is not None and past(issue):
            return
        if all(question(issue) for question in asked):
            yield issue


def _offset_page(call: Call, project_id: int | None, scope: str, deepest: str | None = None) -> Reply:
    column = call.query.text("order_by", _ORDERS) or "created_at"
    descending = call.query.text("sort", ("asc", "desc")) != "asc"
    asked = questions(call, scope)
    listed = _listed(call, project_id, column, asked, scope, descending=descending)
    start, stop, headers = offset_window(call, len(listed), deepest=deepest)
    return Reply(_joined(call, [call.store.issues[number] for number in listed[start:stop]]), headers=headers)


def _listed(
    call: Call, project_id: int | None, column: str, asked: list[Question], scope: str, *, descending: bool
) -> list[int]:
    """The ids of the whole list; kept until an issue changes, since the next page asks for the same list."""
    filters = {name: value for name, value in call.query.values.items() if name not in ("page", "per_page")}
    key = (
        project_id,
        scope,
        call.user.id,
        call.site.clock().date(),
        orjson.dumps(filters, option=orjson.OPT_SORT_KEYS),
    )
    kept = call.site.lists
    version = call.store.indexes.version
    if key in kept and kept[key][0] == version:
        found: list[int] = kept[key][1]
        return found
    if column in SORT_VALUES:
        ids = call.store.indexes.order(project_id, column).all(descending=descending)
        listed = [issue.id for issue in _matching(call, ids, asked)]
    else:
        by_id = call.store.indexes.order(project_id, "id").all(descending=descending)
        matching = list(_matching(call, by_id, asked))
        rank = _rank(call, column)
        matching.sort(key=lambda issue: _directed(rank(issue), descending=descending))
        listed = [issue.id for issue in matching]
    while len(kept) >= _KEPT_LISTS:
        kept.pop(next(iter(kept)))
    kept[key] = (version, listed)
    return listed


def _directed(rank: int | None, *, descending: bool) -> int:
    if rank is None:
        return _LAST
    return -rank if descending else rank


def _rank(call: Call, column: str) -> Callable[[Issue], int | None]:
    milestones, store = call.store.milestones, call.store
    priorities = {label.name: label.priority for label in store.labels.values() if label.priority is not None}

    def milestone_due(issue: Issue) -> int | None:
        due: date | None = milestones[issue.milestone_id].due_date if issue.milestone_id else None
        return due.toordinal() if due else None

    def label_priority(issue: Issue) -> int | None:
        return min((priorities[name] for name in issue.labels if name in priorities), default=None)

    def priority(issue: Issue) -> int | None:
        due, label = milestone_due(issue), label_priority(issue)
        return None if due is None and label is None else (due or 10**7) * 1000 + (999 if label is None else label)

    ranks = {"milestone_due": milestone_due, "label_priority": label_priority, "priority": priority}
    return ranks.get(column, lambda issue: 0)


def _joined(call: Call, issues: list[Issue]) -> bytes:
    show = call.show
    if call.query.boolean("with_labels_details"):
        return orjson.dumps([show.issue(issue, with_labels_details=True) for issue in issues])
    return b"[" + b",".join([show.issue_bytes(issue) for issue in issues]) + b"]"
