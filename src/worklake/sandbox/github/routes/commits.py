"""Commits of the default branch, to read."""

from __future__ import annotations

from worklake.sandbox.github.api import Route
from worklake.sandbox.github.call import Call, Reply, json_reply
from worklake.sandbox.github.errors import ApiError, not_served
from worklake.sandbox.github.paging import paged


def _list(call: Call) -> Reply:
    """Newest first; 409 where there are none at all."""
    repository = call.repository()
    for name in ("path", "author", "committer"):
        if name in call.query:
            raise not_served(f"the filter {name} of commits")
    if call.query.get("sha", "main") != "main":
        raise not_served("commits of other branches than the default one")
    if not repository.commits:
        raise ApiError(409, "Git Repository is empty.")
    since, until = call.moment("since"), call.moment("until")
    rows = [one for one in repository.commits if (not since or one.at >= since) and (not until or one.at <= until)]
    rows.sort(key=lambda one: one.at, reverse=True)
    return paged(call, rows, lambda one: call.show.commit(one, repository))


def _read(call: Call) -> Reply:
    repository, sha = call.repository(), call.part("sha").lower()
    found = next((one for one in repository.commits if len(sha) >= 4 and one.sha.startswith(sha)), None)
    if found is None:
        raise ApiError(422, f"No commit found for SHA: {sha}")
    return json_reply(call.show.commit(found, repository))


ROUTES = (
    Route("GET", "/repos/:owner/:repo/commits", _list),
    Route("GET", "/repos/:owner/:repo/commits/:sha", _read),
)
