"""GitLab's records for a seeded world."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta

from worklake.sandbox.gitlab.entities import (
    DEVELOPER,
    GUEST,
    MAINTAINER,
    OWNER,
    Commit,
    Group,
    Issue,
    IssueLink,
    Label,
    MergeRequest,
    Milestone,
    Note,
    Project,
    ResourceEvent,
    User,
)
from worklake.sandbox.gitlab.store import Store
from worklake.sandbox.world import GITLAB_GROUP, Work, World

STATUS_LABELS = {"triage": "status::triage", "backlog": "status::backlog", "unstarted": "status::todo",
                 "started": "status::doing", "canceled": "status::canceled"}  # fmt: skip
"""Scoped labels by which the team tells in GitLab what open and closed cannot; completed work has none."""
PRIORITY_LABELS = {word: f"priority::{word}" for word in ("urgent", "high", "medium", "low")}
_FIRST_ISSUE_ID = 1000
_COLORS = ("#d9534f", "#428bca", "#5cb85c", "#f0ad4e", "#8e44ad", "#009966", "#36454f", "#e6e6fa")
_PROJECT_LABELS = ("docs", "tech debt")


def store_from(world: World) -> Store:
    """The records of everything in the world that GitLab holds."""
    begun = world.now - timedelta(days=400)
    store = Store(Group(11, GITLAB_GROUP, "Team", begun))
    _add_people(store, world)
    for one in world.projects:
        path = f"{GITLAB_GROUP}/{one.slug}"
        store.projects[one.number + 100] = Project(
            one.number + 100, store.group.id, one.slug, path, one.name, one.description, begun, begun
        )
    _add_labels(store, world)
    _add_milestones(store, world)
    held = [work for work in world.work if "gitlab" in work.held_by]
    note_id = 5000
    for work in held:
        note_id = _add_issue(store, world, work, note_id)
    store.start_ids("issue", _FIRST_ISSUE_ID + len(world.work) + 1)
    store.start_ids("note", note_id + 1)
    _add_links(store, held)
    _add_merge_requests(store, world, held)
    return store


def _add_people(store: Store, world: World) -> None:
    for person in world.people:
        role = OWNER if person.number == 1 else MAINTAINER if person.number % 4 == 0 else DEVELOPER
        if person.number == len(world.people) > 2:
            role = GUEST
        store.users[person.number] = User(
            person.number, person.username, person.name, person.email, role, person.active
        )


def _add_labels(store: Store, world: World) -> None:
    names = [*world.labels, *STATUS_LABELS.values(), *PRIORITY_LABELS.values()]
    for name in names:
        # Two labels belong to projects, the rest to the group.
        owners = list(store.projects) if name in _PROJECT_LABELS else [None]
        for owner in owners:
            number = store.next_id("label")
            priority = list(PRIORITY_LABELS.values()).index(name) if name.startswith("priority::") else None
            color = _COLORS[number % len(_COLORS)]
            store.labels[number] = Label(number, name, color, None, owner, priority)


def _add_milestones(store: Store, world: World) -> None:
    for one in world.milestones:
        project = store.projects[one.project + 100]
        project.last_milestone_iid += 1
        state = "closed" if one.due_date < world.now.date() - timedelta(days=30) else "active"
        store.milestones[one.number] = Milestone(
            one.number, project.last_milestone_iid, project.id, None, one.title, "", project.created_at,
            project.created_at, one.start_date, one.due_date, state,
        )  # fmt: skip
    store.start_ids("milestone", len(world.milestones) + 1)


def _add_issue(store: Store, world: World, work: Work, note_id: int) -> int:
    closed = work.closed_at is not None
    labels = list(work.labels)
    if work.status in STATUS_LABELS:
        labels.append(STATUS_LABELS[work.status])
    if work.priority in PRIORITY_LABELS:
        labels.append(PRIORITY_LABELS[work.priority])
    assert work.gitlab_iid is not None
    issue = Issue(
        id=_FIRST_ISSUE_ID + work.number, iid=work.gitlab_iid, project_id=work.project + 100, title=work.title,
        author_id=work.author, created_at=work.created_at, updated_at=work.updated_at,
        description=world.description_at(work, "gitlab") or None, state="closed" if closed else "opened",
        closed_at=work.closed_at, closed_by_id=work.author if closed else None, labels=sorted(labels),
        milestone_id=work.milestone, assignee_ids=list(work.assignees), due_date=work.due_date,
        start_date=work.start_date, confidential=work.confidential, weight=work.estimate_points,
        time_estimate=(work.estimate_minutes or 0) * 60, relative_position=513 * work.number,
        user_notes_count=len(work.comments),
    )  # fmt: skip
    project = store.projects[issue.project_id]
    project.issues[issue.iid] = issue
    project.last_issue_iid = max(project.last_issue_iid, issue.iid)
    project.last_activity_at = max(project.last_activity_at, issue.updated_at)
    store.issues[issue.id] = issue
    if closed and work.closed_at:
        number = store.next_id("event")
        store.events_of(issue).append(ResourceEvent(number, "state", work.author, work.closed_at, "state", "closed"))
    for remark in work.comments:
        note_id += 1
        discussion = f"{note_id:040x}"
        note = Note(note_id, remark.body, remark.author, remark.at, remark.at, discussion)
        store.notes_of(issue).append(note)
    return note_id


def _add_links(store: Store, held: list[Work]) -> None:
    for work in held:
        for other in work.blocked_by:
            blocker = store.issues.get(_FIRST_ISSUE_ID + other)
            if blocker is not None:
                blocked = _FIRST_ISSUE_ID + work.number
                link = IssueLink(store.next_id("link"), blocker.id, blocked, "blocks", work.created_at)
                store.add_link(link)


def sha_of(*parts: object) -> str:
    """A commit's name, made of what it is."""
    return hashlib.sha1("\0".join(map(str, parts)).encode(), usedforsecurity=False).hexdigest()


def merge_commit(project: Project, request: MergeRequest, actor: User, at: datetime) -> Commit:
    """The commit that merging a merge request leaves on its target branch."""
    title = f"Merge branch '{request.source_branch}' into '{request.target_branch}'"
    message = f"{title}\n\n{request.title}\n\nSee merge request {project.full_path}!{request.iid}"
    return Commit(sha_of(request.sha, "merge"), title, message, actor.id, at, [request.sha], request.iid)


def _add_merge_requests(store: Store, world: World, held: list[Work]) -> None:
    for project in store.projects.values():
        parent = sha_of(project.full_path, "root")
        first = Commit(parent, "Initial commit", "Initial commit", 1, project.created_at, [])
        project.commits.append(first)
    states = ("merged", "opened", "closed", "opened")
    for place, work in enumerate(held[:: max(1, len(held) // 12)][:12]):
        _add_merge_request(store, world, work, states[place % len(states)])
    for place, work in enumerate(held[:6]):
        _add_commit(store, world, work, place)


def _add_merge_request(store: Store, world: World, work: Work, state: str) -> None:
    project = store.projects[work.project + 100]
    project.last_merge_request_iid += 1
    iid, number = project.last_merge_request_iid, store.next_id("merge_request")
    branch = f"{work.gitlab_iid}-work"
    title = f"Draft: {work.title}" if number % 5 == 0 else work.title
    message = f"{work.title}\n\nCloses #{work.gitlab_iid}\n"
    sha = sha_of(project.full_path, branch, message)
    author = work.assignees[0] if work.assignees else work.author
    merged_at = work.updated_at if state == "merged" else None
    project.commits.append(
        Commit(sha, work.title, message, author, work.created_at, [project.commits[0].id], merge_request_iid=iid)
    )
    request = MergeRequest(
        id=number, iid=iid, project_id=project.id, title=title, author_id=author, created_at=work.created_at,
        updated_at=work.updated_at, source_branch=branch, target_branch="main", sha=sha,
        description=f"Closes #{work.gitlab_iid}", state=state, labels=sorted(work.labels),
        assignee_ids=list(work.assignees), merged_at=merged_at, merged_by_id=1 if merged_at else None,
        merge_commit_sha=sha_of(sha, "merge") if merged_at else None,
        closed_at=work.updated_at if state == "closed" else None, closed_by_id=1 if state == "closed" else None,
    )  # fmt: skip
    project.merge_requests[iid] = request
    store.merge_requests[number] = request
    if merged_at:
        project.commits.append(merge_commit(project, request, store.users[1], merged_at))


def _add_commit(store: Store, world: World, work: Work, place: int) -> None:
    """A commit straight onto the default branch, each with another way of naming work, or with none."""
    project = store.projects[work.project + 100]
    other = next((one.linear_number for one in world.work if one.linear_number is not None), None)
    messages = (
        f"Tidy up after #{work.gitlab_iid}",
        f"{work.title}\n\nCloses #{work.gitlab_iid}",
        f"Follow {project.full_path}#{work.gitlab_iid}",
        f"Prepare ENG-{other}" if other is not None else "Prepare the release",
        "Format the code",
        f"Show how it is written\n\n`Closes #{work.gitlab_iid}`",
    )
    message, at = messages[place], world.now - timedelta(days=20, hours=place)
    sha = sha_of(project.full_path, "commit", place)
    project.commits.append(Commit(sha, message.partition("\n")[0], message, work.author, at, [project.commits[0].id]))
