"""What people do to merge requests."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

from worklake.sandbox.gitlab.call import Site
from worklake.sandbox.gitlab.entities import Commit, MergeRequest, Project, User
from worklake.sandbox.gitlab.errors import ApiError, forbidden, invalid_parameter, not_served
from worklake.sandbox.gitlab.history import record_events
from worklake.sandbox.gitlab.issue_params import write_common_params
from worklake.sandbox.gitlab.params import Params
from worklake.sandbox.gitlab.quick_actions import Outcome, perform
from worklake.sandbox.gitlab.seed import merge_commit, sha_of
from worklake.sandbox.gitlab.store import is_number

_EDITABLE = (
    "title", "description", "state", "labels", "milestone_id", "assignee_ids", "reviewer_ids", "discussion_locked",
    "target_branch", "time_estimate", "time_spent", "squash", "remove_source_branch",
)  # fmt: skip
FIELDS = (
    "assignee_id", "assignee_ids", "reviewer_ids", "description", "discussion_locked", "labels", "add_labels",
    "remove_labels", "milestone_id", "state_event", "target_branch", "title", "squash", "remove_source_branch",
    "allow_collaboration", "allow_maintainer_to_push", "merge_after", "approvals_before_merge",
)  # fmt: skip
_UNSERVED_FIELDS = FIELDS[-4:]


def create(site: Site, project: Project, actor: User, params: Params) -> MergeRequest:
    """Open a merge request. Raises 409 when one is open for the same branches."""
    params.require("title", "source_branch", "target_branch")
    source, target = params.required("source_branch"), params.required("target_branch")
    if params.integer("target_project_id") not in (None, project.id):
        raise not_served("merge requests into another project")
    if source == target:
        raise ApiError(422, {"message": ["You can't use same project/branch for source and target"]})
    for other in project.merge_requests.values():
        if other.state == "opened" and (other.source_branch, other.target_branch) == (source, target):
            text = f"Another open merge request already exists for this source branch: !{other.iid}"
            raise ApiError(409, {"message": [text]})
    now = site.clock()
    project.last_merge_request_iid += 1
    iid, number = project.last_merge_request_iid, site.store.next_id("merge_request")
    sha = sha_of(project.full_path, source, iid)
    title = params.required("title")
    project.commits.append(Commit(sha, title, title, actor.id, now, [project.commits[0].id], merge_request_iid=iid))
    draft = MergeRequest(number, iid, project.id, "", actor.id, now, now, source, target, sha)
    _write(site, draft, actor, params)
    outcome = _carry_out(site, draft, actor, draft.description or "")
    if outcome.commands:
        draft.description = outcome.text
    request = replace(draft, state="opened")
    project.merge_requests[iid] = request
    site.store.merge_requests[number] = request
    project.last_activity_at = now
    record_events(site.store, request, replace(request, labels=[], milestone_id=None), actor, now)
    site.events.merge_request(request, actor, "open", {})
    commit(site, request, draft, actor)
    return request


def update(site: Site, request: MergeRequest, actor: User, params: Params) -> None:
    """Change a merge request as sent."""
    if not params.names_any(FIELDS):
        raise invalid_parameter(f"{', '.join(FIELDS)} are missing, at least one parameter must be provided")
    draft = _draft_of(request)
    _write(site, draft, actor, params)
    if "description" in params:
        outcome = _carry_out(site, draft, actor, draft.description or "")
        if outcome.commands:
            draft.description = outcome.text
    commit(site, request, draft, actor)


def merge(site: Site, request: MergeRequest, actor: User, params: Params) -> None:
    """Merge as sent. Raises 401 without permission, 405 when it cannot be merged, 409 when `sha` is not its head."""
    if actor.role < 30:
        raise ApiError(401, {"message": "401 Unauthorized"})
    if request.state != "opened" or request.title.startswith("Draft:"):
        raise ApiError(405, {"message": "405 Method Not Allowed"})
    if params.text("sha") not in (None, request.sha):
        raise ApiError(409, {"message": f"SHA does not match HEAD of source branch: {request.sha}"})
    draft = replace(_draft_of(request), state="merged")
    if (squash := params.boolean("squash")) is not None:
        draft.squash = squash
    if (remove := params.boolean("should_remove_source_branch")) is not None:
        draft.remove_source_branch = remove
    commit(site, request, draft, actor)


def run_commands(site: Site, request: MergeRequest, text: str, actor: User) -> Outcome:
    """Carry out the quick actions of a note; answers the text that is left."""
    draft = _draft_of(request)
    outcome = _carry_out(site, draft, actor, text)
    commit(site, request, draft, actor)
    return outcome


def commit(site: Site, request: MergeRequest, draft: MergeRequest, actor: User) -> None:
    """Make a merge request as its draft is, with all that follows from the difference."""
    changes = {
        name: (getattr(request, name), getattr(draft, name))
        for name in _EDITABLE
        if getattr(request, name) != getattr(draft, name)
    }
    if not changes:
        return
    now, before = site.clock(), _draft_of(request)
    for name, (_, value) in changes.items():
        setattr(request, name, value)
    record_events(site.store, request, before, actor, now)
    action = "update"
    if "state" in changes:
        action = {"merged": "merge", "closed": "close", "opened": "reopen"}[request.state]
        _change_state(site, request, actor)
    if not changes.keys() <= {"assignee_ids"}:
        request.updated_at = now
    site.events.merge_request(request, actor, action, changes)


def push(site: Site, project: Project, actor: User, message: str) -> Commit:
    """A commit straight onto the default branch."""
    now = site.clock()
    sha, title = sha_of(project.full_path, message, now), message.partition("\n")[0]
    made = Commit(sha, title, message, actor.id, now, [project.commits[0].id])
    project.commits.append(made)
    project.last_activity_at = now
    return made


def closed_issue_numbers(request: MergeRequest) -> list[int]:
    """The iids of the project's issues that a description's `Closes #1` names."""
    words = (request.description or "").replace(",", " ").split()
    return [
        int(number)
        for word, reference in pairwise(words)
        if word.lower().rstrip(":") in ("close", "closes", "closed", "fix", "fixes", "fixed", "resolves", "implements")
        and is_number(number := reference.lstrip("#").rstrip(".;"))
        and reference.startswith("#")
    ]


def _change_state(site: Site, request: MergeRequest, actor: User) -> None:
    now = site.clock()
    if request.state == "merged":
        request.merged_at, request.merged_by_id = now, actor.id
        request.merge_commit_sha = sha_of(request.sha, "merge")
        project = site.store.projects[request.project_id]
        project.commits.append(merge_commit(project, request, actor, now))
        for iid in closed_issue_numbers(request):
            if issue := project.issues.get(iid):
                site.editor.commit(issue, replace(site.editor.draft_of(issue), state="closed"), actor)
    closed = request.state == "closed"
    request.closed_at, request.closed_by_id = (now, actor.id) if closed else (None, None)


def _draft_of(request: MergeRequest) -> MergeRequest:
    return replace(
        request,
        labels=list(request.labels),
        assignee_ids=list(request.assignee_ids),
        reviewer_ids=list(request.reviewer_ids),
    )


def _write(site: Site, draft: MergeRequest, actor: User, params: Params) -> None:
    if actor.role < 30 and actor.id != draft.author_id:
        raise forbidden()
    for name in _UNSERVED_FIELDS:
        if params.text(name) not in (None, "", "false", "False", "0"):
            raise not_served(f"the field {name} of merge requests")
    write_common_params(draft, params, site.store, actor)
    if (squash := params.boolean("squash")) is not None:
        draft.squash = squash
    if (remove := params.boolean("remove_source_branch")) is not None:
        draft.remove_source_branch = remove
    reviewers = params.ids("reviewer_ids")
    if reviewers is not None:
        draft.reviewer_ids = [one for one in reviewers if one in site.store.users]
    if (branch := params.text("target_branch")) is not None:
        draft.target_branch = branch


def _carry_out(site: Site, draft: MergeRequest, actor: User, text: str) -> Outcome:
    project = site.store.projects[draft.project_id]
    return perform(text, draft, store=site.store, project=project, actor=actor, today=site.clock().date())
