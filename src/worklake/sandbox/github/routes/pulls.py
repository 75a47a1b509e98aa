"""Pull requests: lists, reading, opening and merging."""

from __future__ import annotations

from typing import Any

from worklake.sandbox.github.api import Route
from worklake.sandbox.github.call import Call, Reply, json_reply
from worklake.sandbox.github.entities import Issue, Pull
from worklake.sandbox.github.errors import not_found, not_served
from worklake.sandbox.github.paging import paged


def _list(call: Call) -> Reply:
    """The open ones unless told otherwise. There is no `since`: it is ignored."""
    repository = call.repository()
    for name in ("head", "base"):
        if name in call.query:
            raise not_served(f"the filter {name} of pull requests")
    state = call.one_of("state", ("open", "closed", "all"))
    column = call.one_of("sort", ("created", "updated", "popularity", "long-running"))
    if column not in ("created", "updated"):
        raise not_served(f"the order {column} of pull requests")
    rows = [one for one in repository.issues.values() if one.pull and state in ("all", one.state)]
    newest_first = call.query.get("direction", "desc" if column == "created" else "asc") == "desc"
    rows.sort(key=lambda one: (getattr(one, f"{column}_at"), one.id), reverse=newest_first)
    return paged(call, rows, call.show.pull)


def _read(call: Call) -> Reply:
    issue = call.repository().issues.get(call.number("number"))
    if issue is None or issue.pull is None:
        raise not_found()
    return json_reply(_whole(call, issue, issue.pull))


def _whole(call: Call, issue: Issue, pull: Pull) -> dict[str, Any]:
    """A pull request as its own call shows it."""
    merged = pull.merged_at is not None
    more = {
        "merged": merged, "mergeable": None, "rebaseable": None, "mergeable_state": "unknown",
        "merged_by": call.show.user(pull.merged_by_id), "comments": issue.comments, "review_comments": 0,
        "maintainer_can_modify": False, "commits": 1, "additions": 1, "deletions": 0, "changed_files": 1,
    }  # fmt: skip
    return {**call.show.pull(issue), **more}


def _open(call: Call) -> Reply:
    issue = call.site.code.open(call.repository(), call.user, call.body)
    assert issue.pull is not None
    return json_reply(_whole(call, issue, issue.pull), 201)


def _merge(call: Call) -> Reply:
    issue = call.repository().issues.get(call.number("number"))
    if issue is None or issue.pull is None:
        raise not_found()
    made = call.site.code.merge(issue, call.user, call.text("sha", resource="PullRequest"))
    return json_reply({"sha": made.sha, "merged": True, "message": "Pull Request successfully merged"})


ROUTES = (
    Route("GET", "/repos/:owner/:repo/pulls", _list),
    Route("GET", "/repos/:owner/:repo/pulls/:number", _read),
    Route("POST", "/repos/:owner/:repo/pulls", _open),
    Route("PUT", "/repos/:owner/:repo/pulls/:number/merge", _merge),
)
