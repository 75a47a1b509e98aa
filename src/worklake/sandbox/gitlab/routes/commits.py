"""Commits, to read."""

from __future__ import annotations

from worklake.sandbox.gitlab.api import Route
from worklake.sandbox.gitlab.call import Call, Reply, json_reply
from worklake.sandbox.gitlab.entities import Commit, Project
from worklake.sandbox.gitlab.errors import not_found, not_served
from worklake.sandbox.gitlab.paging import paged
from worklake.sandbox.gitlab.rendering import Json, shown_time


def commit_json(call: Call, project: Project, commit: Commit) -> Json:
    """A commit as lists show it."""
    author = call.store.users[commit.author_id]
    return {
        "id": commit.id, "short_id": commit.id[:8], "created_at": shown_time(commit.at),
        "parent_ids": commit.parent_ids, "title": commit.title, "message": commit.message, "author_name": author.name,
        "author_email": author.email, "authored_date": shown_time(commit.at), "committer_name": author.name,
        "committer_email": author.email, "committed_date": shown_time(commit.at), "trailers": {},
        "extended_trailers": {}, "web_url": f"{call.show.base_url}/{project.full_path}/-/commit/{commit.id}",
    }  # fmt: skip


def _list(call: Call) -> Reply:
    project, query = call.project(), call.query
    for name in ("path", "first_parent", "follow"):
        if query.text(name) not in (None, "", "false", "False"):
            raise not_served(f"the filter {name} of commits")
    if query.text("order", ("default", "topo")) == "topo":
        raise not_served("the order topo of commits")
    commits = list(project.commits) if query.boolean("all") else _on_branch(project, query.text("ref_name") or "HEAD")
    if since := query.moment("since"):
        commits = [one for one in commits if one.at >= since]
    if until := query.moment("until"):
        commits = [one for one in commits if one.at <= until]
    if author := query.text("author"):
        users = call.store.users
        named = {user.id for user in users.values() if author.lower() in f"{user.name} <{user.email}>".lower()}
        commits = [one for one in commits if one.author_id in named]
    more: Json = {"stats": _STATS} if query.boolean("with_stats") else {}
    commits = sorted(commits, key=lambda one: one.at, reverse=True)
    reply = paged(call, commits, lambda one: {**commit_json(call, project, one), **more})
    # Commits are never counted.
    reply.headers.pop("X-Total", None)
    reply.headers.pop("X-Total-Pages", None)
    return reply


_STATS = {"additions": 1, "deletions": 0, "total": 1}


def _on_branch(project: Project, name: str) -> list[Commit]:
    """The commits of the default branch, or of a merge request's branch from there on."""
    ends = {request.iid for request in project.merge_requests.values() if request.state == "merged"}
    if name not in ("main", "HEAD"):
        own = {request.iid for request in project.merge_requests.values() if request.source_branch == name}
        if not own:
            raise not_served(f"commits of {name!r}")
        ends |= own
    return [one for one in project.commits if one.merge_request_iid is None or one.merge_request_iid in ends]


def _read(call: Call) -> Reply:
    project = call.project()
    commit = commit_named(call, project)
    shown = commit_json(call, project, commit)
    return json_reply({**shown, "stats": _STATS, "status": None, "project_id": project.id, "last_pipeline": None})


def _comments(call: Call) -> Reply:
    commit_named(call, call.project())
    return json_reply([])


def commit_named(call: Call, project: Project) -> Commit:
    """The commit that the path names by its sha, the beginning of it, or the default branch. Raises 404."""
    sha = call.part("sha").lower()
    found = [one for one in project.commits if len(sha) >= 4 and one.id.startswith(sha)]
    if sha in ("main", "head"):
        found = project.commits[:1]
    if not found:
        raise not_found("Commit")
    return found[0]


_PATH = "/projects/:id/repository/commits"
ROUTES = (
    Route("GET", _PATH, _list),
    Route("GET", f"{_PATH}/:sha", _read),
    Route("GET", f"{_PATH}/:sha/comments", _comments),
)
