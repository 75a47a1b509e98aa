"""What the real providers send of a new item, of which nothing is set but what they set themselves."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from worklake.integrations.base import Payload
from worklake.integrations.github.texts import written as written_for_github
from worklake.integrations.gitlab.texts import written as written_for_gitlab
from worklake.integrations.motion.texts import as_html
from worklake.integrations.notion.body import Kind, steps_between
from worklake.integrations.notion.markdown import blocks_of
from worklake.integrations.notion.richtext import shown_elements, text_elements
from worklake.integrations.text import with_markers
from worklake.model.ids import TaskId

NOTION_TABLE = "248104cd-477e-80af-bc30-000bd28de8f9"
NOTION_PROPERTIES = {
    "status": "Status", "priority": "Priority", "labels": "Tags", "assignees": "Who", "due_date": "Due",
    "start_date": "Start", "estimate_minutes": "Minutes", "estimate_points": "Points", "parent_id": "Parent",
    "blocked_by": "Blocked by",
}  # fmt: skip
MOTION_WORKSPACE = "Team"
_MOTION_STATUSES = ("Todo", "In Progress", "Completed", "Canceled", "Backlog", "Not Started")


def gitlab_issue(external_id: str, at: str, marker: str | None, *, paid: bool) -> Payload:
    """An issue; on a server with a licence it has a weight, and with that scoped labels and several assignees."""
    marked = [TaskId(marker)] if marker else []
    return {
        "id": int(external_id), "iid": 1, "project_id": 7, "title": "", "state": "opened", "created_at": at,
        "description": written_for_gitlab(None, marked) or None, "updated_at": at, "closed_at": None, "labels": [],
        "milestone": None, "assignees": [], "assignee": None, "author": {"id": 1, "username": "eve"},
        "due_date": None, "start_date": None, "confidential": False, "web_url": "https://gitlab.example/team/web/-/issues/1",
        "time_stats": {"time_estimate": 0, "total_time_spent": 0}, "_links": {"closed_as_duplicate_of": None},
        "references": {"full": "team/web#1"}, "moved_to_id": None, **({"weight": None} if paid else {}),
    }  # fmt: skip


def github_issue(external_id: str, at: str, marker: str | None) -> Payload:
    """An issue, with its parent and blockers as they are read by calls of their own."""
    address, marked = "https://api.github.com/repos/team/web", [TaskId(marker)] if marker else []
    return {
        "id": int(external_id), "number": 1, "url": f"{address}/issues/1", "repository_url": address,
        "html_url": "https://github.com/team/web/issues/1", "title": "",
        "body": written_for_github(None, marked) or None, "state": "open", "state_reason": None,
        "user": {"id": 1, "login": "eve"}, "labels": [], "assignees": [], "milestone": None, "created_at": at,
        "updated_at": at, "closed_at": None, "parent_issue_url": None, "_parent": None, "_blocked_by": [],
        "issue_dependencies_summary": {"total_blocked_by": 0},
    }  # fmt: skip


def linear_issue(external_id: str, at: str, marker: str | None) -> Payload:
    """An issue; its id may be of our making."""
    nothing: dict[str, Any] = {"nodes": [], "pageInfo": {"hasNextPage": False}}
    return {
        "id": external_id, "identifier": "ENG-1", "url": "https://linear.app/acme/issue/ENG-1/a-title", "title": "",
        "description": with_markers("", [TaskId(marker)] if marker else []) or None, "priority": 0, "estimate": None,
        "dueDate": None, "createdAt": at, "updatedAt": at, "completedAt": None, "canceledAt": None, "archivedAt": None,
        "trashed": None, "team": {"id": "team", "key": "ENG"}, "state": {"name": "Backlog", "type": "backlog"},
        "creator": {"id": "eve"}, "assignee": None, "project": None, "projectMilestone": None, "cycle": None,
        "parent": None, "labels": nothing, "inverseRelations": nothing, "attachments": nothing,
    }  # fmt: skip


def motion_task(external_id: str, at: str, marker: str | None) -> Payload:
    """A task, which Motion gives its default status and a priority, its description in HTML."""
    statuses = [
        {"name": name, "isDefaultStatus": name == "Todo", "isResolvedStatus": name == "Completed"}
        for name in _MOTION_STATUSES
    ]
    return {
        "id": external_id, "name": "", "description": as_html(None, [TaskId(marker)] if marker else []),
        "status": statuses[0], "duration": "NONE", "dueDate": None, "deadlineType": "SOFT", "completed": False,
        "completedTime": None, "createdTime": at, "updatedTime": at, "lastInteractedTime": at, "startOn": None,
        "creator": {"id": "eve"}, "assignees": [], "project": None, "priority": "MEDIUM", "labels": [],
        "workspace": {"id": "ws", "name": MOTION_WORKSPACE, "labels": [], "statuses": statuses},
        "scheduledStart": None, "scheduledEnd": None, "schedulingIssue": False, "customFieldValues": {}, "chunks": [],
    }  # fmt: skip


def notion_page(external_id: str, at: str, marker: str | None) -> Payload:
    """A page of a table with a property for each field, to which Notion gives the first status; its body is empty."""
    held: dict[str, tuple[str, Any]] = {
        "Name": ("title", []), "Status": ("status", {"name": "Not started"}), "Priority": ("select", None),
        "Tags": ("multi_select", []), "Who": ("people", []), "Due": ("date", None), "Parent": ("relation", []),
        "Blocked by": ("relation", []), "Start": ("date", None), "Minutes": ("number", None),
        "Points": ("number", None), "External ID": ("rich_text", shown_elements(text_elements(marker or ""))),
    }  # fmt: skip
    return {
        "object": "page", "id": external_id, "url": "https://www.notion.so/1", "created_time": at,
        "last_edited_time": at, "created_by": {"id": "eve"}, "in_trash": False, "children": [],
        "parent": {"type": "data_source_id", "data_source_id": NOTION_TABLE},
        "properties": {name: {"id": name, "type": kind, kind: value} for name, (kind, value) in held.items()},
    }  # fmt: skip


def page_written_in_part(page: Payload, text: str, stops: Callable[[], bool]) -> Payload:
    """The page after some of the calls that write this text as its body: before each it may stop."""
    blocks = list(page["children"])
    for step in steps_between(blocks, blocks_of(text)):
        if stops():
            break
        place = next((number for number, block in enumerate(blocks) if block is step.at), -1)
        if step.kind is Kind.PUT_IN:
            blocks[place + 1 : place + 1] = step.new
        else:
            blocks[place : place + 1] = step.new
    return {**page, "children": blocks}
