"""Archiving issues, the trash and what leaves it for good."""

from __future__ import annotations

from datetime import timedelta

from worklake.sandbox.linear import events, shapes
from worklake.sandbox.linear.changes import history
from worklake.sandbox.linear.entities import Issue
from worklake.sandbox.linear.errors import LinearError
from worklake.sandbox.linear.request import Request
from worklake.sandbox.linear.times import moment

GRACE = timedelta(days=30)


def archive_issue(request: Request, id: str, trash: bool | None = None) -> Issue:
    """`issueArchive`, to the trash with `trash: true`."""
    issue = request.store.find_issue(id)
    if trash:
        return delete_issue(request, id)
    if issue.archived_at is None:
        request.store.issues.change(issue, archived_at=request.moment, updated_at=request.moment)
        history.record(request, issue, {"archived": True})
        events.tell(request, "update", issue, {"archivedAt": None})
    return issue


def unarchive_issue(request: Request, id: str) -> Issue:
    """`issueUnarchive`: back from the archive or the trash."""
    issue = request.store.find_issue(id)
    if issue.archived_at is not None:
        restore(request, issue)
    return issue


def delete_issue(request: Request, id: str, permanentlyDelete: bool | None = None) -> Issue:
    """`issueDelete`: to the trash for 30 days, or for good by an admin."""
    issue = request.store.find_issue(id)
    if permanentlyDelete:
        if not request.actor.admin:
            raise LinearError(
                "Only admins can permanently delete issues", code="FORBIDDEN", kind="forbidden", status=403
            )
        if not issue.trashed:
            trash(request, issue)
        remove(request, issue)
    elif not issue.trashed:
        trash(request, issue)
    return issue


def trash(request: Request, issue: Issue) -> None:
    """Put the issue into the trash: archived, `trashed`, and gone after 30 days."""
    request.store.issues.change(issue, trashed=True, archived_at=request.moment, updated_at=request.moment)
    history.record(request, issue, {"trashed": True})
    events.tell(request, "remove", issue)


def restore(request: Request, issue: Issue) -> None:
    """Take the issue out of the archive and out of the trash."""
    before = {"archivedAt": issue.archived_at, "trashed": issue.trashed}
    was_trashed = issue.trashed
    request.store.issues.change(issue, trashed=None, archived_at=None, auto_archived_at=None, updated_at=request.moment)
    history.record(request, issue, {"archived": False} | ({"trashed": False} if was_trashed else {}))
    events.tell(request, "update", issue, before)


def purge(request: Request) -> None:
    """Remove for good what has lain in the trash for 30 days."""
    limit = moment(request.now - GRACE)
    for issue in request.store.issues.where("trashed", True):
        if issue.archived_at is not None and issue.archived_at <= limit:
            remove(request, issue)


def remove(request: Request, issue: Issue) -> None:
    """Remove the issue and all that hangs on it; its number stays taken."""
    store = request.store
    store.deleted_issues[issue.id] = shapes.issue_item(store, issue)
    for child in store.issues.where("parent_id", issue.id):
        store.issues.change(child, parent_id=None)
    for comment in store.comments.where("issue_id", issue.id):
        store.comments.delete(comment)
    for attachment in store.attachments.where("issue_id", issue.id):
        store.attachments.delete(attachment)
    for entry in store.history.where("issue_id", issue.id):
        store.history.delete(entry)
    sides = store.relations.where("issue_id", issue.id) + store.relations.where("related_issue_id", issue.id)
    for relation in {relation.id: relation for relation in sides}.values():
        store.relations.delete(relation)
    store.issues.delete(issue)
