"""Merge requests."""

from __future__ import annotations

from collections.abc import Iterable

from worklake.sandbox.gitlab import merge_request_edits as edits
from worklake.sandbox.gitlab.api import Route
from worklake.sandbox.gitlab.call import Call, Reply, json_reply, no_content
from worklake.sandbox.gitlab.entities import DEVELOPER, OWNER, MergeRequest
from worklake.sandbox.gitlab.errors import not_served
from worklake.sandbox.gitlab.merge_request_filters import listed
from worklake.sandbox.gitlab.paging import paged
from worklake.sandbox.gitlab.rendering import Json, references, shown_time, time_stats
from worklake.sandbox.gitlab.routes.commits import commit_json, commit_named
from worklake.sandbox.gitlab.routes.issues import check_unmodified


def merge_request_json(call: Call, one: MergeRequest) -> Json:
    """A merge request."""
    project, show = call.store.projects[one.project_id], call.show
    assignees, draft = show.users(one.assignee_ids), one.title.startswith("Draft:")
    status = "not_open" if one.state != "opened" else "draft_status" if draft else "mergeable"
    return {
        "id": one.id, "iid": one.iid, "project_id": one.project_id, "title": one.title, "description": one.description,
        "state": one.state, "created_at": shown_time(one.created_at), "updated_at": shown_time(one.updated_at),
        "merged_by": show.user(one.merged_by_id), "merge_user": show.user(one.merged_by_id),
        "merged_at": shown_time(one.merged_at), "closed_by": show.user(one.closed_by_id),
        "closed_at": shown_time(one.closed_at), "target_branch": one.target_branch,
        "source_branch": one.source_branch, "user_notes_count": one.user_notes_count, "upvotes": 0, "downvotes": 0,
        "author": show.user(one.author_id), "assignees": assignees, "assignee": assignees[0] if assignees else None,
        "reviewers": show.users(one.reviewer_ids), "source_project_id": one.project_id,
        "target_project_id": one.project_id, "labels": one.labels, "draft": draft, "imported": False,
        "imported_from": "none", "work_in_progress": draft,
        "milestone": show.milestone(call.store.milestones[one.milestone_id]) if one.milestone_id else None,
        "merge_when_pipeline_succeeds": False, "merge_status": "can_be_merged", "detailed_merge_status": status,
        "merge_after": None, "sha": one.sha, "merge_commit_sha": one.merge_commit_sha, "squash_commit_sha": None,
        "discussion_locked": one.discussion_locked, "should_remove_source_branch": None,
        "force_remove_source_branch": one.remove_source_branch, "prepared_at": shown_time(one.created_at),
        "reference": f"!{one.iid}",
        "references": references(project, f"!{one.iid}"),
        "web_url": f"{show.base_url}/{project.full_path}/-/merge_requests/{one.iid}", "time_stats": time_stats(one),
        "squash": one.squash, "squash_on_merge": one.squash,
        "task_completion_status": {"count": 0, "completed_count": 0}, "has_conflicts": False,
        "blocking_discussions_resolved": True, "approvals_before_merge": None,
    }  # fmt: skip


def _full(call: Call, one: MergeRequest) -> Json:
    return {
        **merge_request_json(call, one), "subscribed": True, "changes_count": "1", "merge_error": None,
        "first_contribution": False, "user": {"can_merge": call.user.role >= DEVELOPER},
    }  # fmt: skip


def _of_project(call: Call) -> Reply:
    return _list(call, call.project().merge_requests.values(), "all")


def _of_group(call: Call) -> Reply:
    call.check_group()
    return _list(call, call.store.merge_requests.values(), "all")


def _of_all(call: Call) -> Reply:
    return _list(call, call.store.merge_requests.values(), "created_by_me")


def _list(call: Call, requests: Iterable[MergeRequest], default_scope: str) -> Reply:
    details = call.query.boolean("with_labels_details") or False
    view = call.query.text("view", ("simple",))

    def shown(one: MergeRequest) -> Json:
        row = merge_request_json(call, one)
        if view == "simple":
            return {name: row[name] for name in _SIMPLE}
        return {**row, "labels": call.show.label_details(one)} if details else row

    return paged(call, listed(call, requests, default_scope), shown)


_SIMPLE = (
    "id", "iid", "project_id", "title", "description", "state", "created_at", "updated_at", "web_url",
)  # fmt: skip
_UNSERVED_DETAILS = ("render_html", "include_diverged_commits_count", "include_rebase_in_progress")


def _read(call: Call) -> Reply:
    for name in _UNSERVED_DETAILS:
        if call.query.boolean(name):
            raise not_served(f"{name} of merge requests")
    return json_reply(_full(call, call.merge_request()))


def _create(call: Call) -> Reply:
    project = call.project()
    call.require(DEVELOPER)
    return json_reply(_full(call, edits.create(call.site, project, call.user, call.body)), 201)


def _edit(call: Call) -> Reply:
    request = call.merge_request()
    edits.update(call.site, request, call.user, call.body)
    return json_reply(_full(call, request))


def _merge(call: Call) -> Reply:
    request = call.merge_request()
    edits.merge(call.site, request, call.user, call.body)
    return json_reply(_full(call, request))


def _delete(call: Call) -> Reply:
    request = call.merge_request()
    call.require(OWNER)
    check_unmodified(call, request.updated_at)
    del call.project().merge_requests[request.iid]
    del call.store.merge_requests[request.id]
    return no_content()


def _commits(call: Call) -> Reply:
    request, project = call.merge_request(), call.project()
    commits = [one for one in project.commits if one.merge_request_iid == request.iid]
    return paged(call, commits, lambda one: commit_json(call, project, one))


def _closes_issues(call: Call) -> Reply:
    request, project = call.merge_request(), call.project()
    found = [project.issues[iid] for iid in edits.closed_issue_numbers(request) if iid in project.issues]
    return paged(call, [issue for issue in found if call.sees(issue)], call.show.issue)


def _participants(call: Call) -> Reply:
    request = call.merge_request()
    people = dict.fromkeys([request.author_id, *request.assignee_ids, *request.reviewer_ids])
    people |= dict.fromkeys(note.author_id for note in call.store.notes_of(request))
    return paged(call, list(people), call.show.user)


def _closed_by(call: Call) -> Reply:
    """`GET …/issues/:iid/closed_by`: the merge requests that close the issue when merged."""
    issue, project = call.issue(), call.project()
    found = [one for one in project.merge_requests.values() if issue.iid in edits.closed_issue_numbers(one)]
    return paged(call, found, lambda one: merge_request_json(call, one))


def _of_commit(call: Call) -> Reply:
    project = call.project()
    request = project.merge_requests.get(commit_named(call, project).merge_request_iid or 0)
    return paged(call, [request] if request else [], lambda one: merge_request_json(call, one))


_PATH = "/projects/:id/merge_requests/:iid"
ROUTES = (
    Route("GET", "/merge_requests", _of_all),
    Route("GET", "/groups/:id/merge_requests", _of_group),
    Route("GET", "/projects/:id/merge_requests", _of_project),
    Route("POST", "/projects/:id/merge_requests", _create),
    Route("GET", _PATH, _read),
    Route("PUT", _PATH, _edit),
    Route("DELETE", _PATH, _delete),
    Route("PUT", f"{_PATH}/merge", _merge),
    Route("GET", f"{_PATH}/commits", _commits),
    Route("GET", f"{_PATH}/closes_issues", _closes_issues),
    Route("GET", f"{_PATH}/related_issues", _closes_issues),
    Route("GET", f"{_PATH}/participants", _participants),
    Route("GET", "/projects/:id/repository/commits/:sha/merge_requests", _of_commit),
    Route("GET", "/projects/:id/issues/:iid/closed_by", _closed_by),
    Route("GET", "/projects/:id/issues/:iid/related_merge_requests", _closed_by),
)
