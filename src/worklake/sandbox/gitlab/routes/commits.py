"""Commits, to read."""

from __future__ import annotations

from worklake.sandbox.gitlab.api import Route
from worklake.sandbox.gitlab.call import Call, Reply, json_reply
from worklake.sandbox.gitlab.entities import Commit, Project
from worklake.sandbox.gitlab.errors import not_found
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
    project = call.project()
    merged = {request.iid for request in project.merge_requests.values() if request.state == "merged"}
    commits = [one for one in project.commits if one.merge_request_iid is None or one.merge_request_iid in merged]
    if call.query.boolean("all"):
        commits = list(project.commits)
    if since := call.query.moment("since"):
        commits = [one for one in commits if one.at >= since]
    if until := call.query.moment("until"):
        commits = [one for one in commits if one.at <= until]
    commits = sorted(commits, key=lambda one: one.at, reverse=True)
    reply = paged(call, commits, lambda one: commit_json(call, project, one))
    # Commits are never counted.
    reply.headers.pop("X-Total", None)
    reply.headers.pop("X-Total-Pages", None)
    return reply


def _read(call: Call) -> Reply:
    project = call.project()
    commit = commit_named(call, project)
    stats = {"additions": 1, "deletions": 0, "total": 1}
    shown = commit_json(call, project, commit)
    return json_reply({**shown, "stats": stats, "status": None, "project_id": project.id, "last_pipeline": None})


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
