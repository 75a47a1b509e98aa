"""Views as the tests of matching and folding need them."""

from datetime import UTC, datetime
from typing import Any

from worklake.integrations.views import CommentView, TaskView
from worklake.sync.pending import Observed

MOMENT = datetime(2026, 3, 1, 12, tzinfo=UTC)

FIELDS: dict[str, Any] = {
    "title": "Write it",
    "description": None,
    "status": "unstarted",
    "priority": "none",
    "labels": [],
    "assignees": [],
    "due_date": None,
    "project": "Web",
    "parent_id": None,
    "blocked_by": [],
    "archived": False,
}


def task(external_id: str, record_hash: str = "h1", **given: Any) -> Observed[TaskView]:
    """An observed task; keywords are fields, or attributes of the view."""
    attributes = {name: given.pop(name) for name in list(given) if name in TaskView.__dataclass_fields__}
    view = TaskView(
        fields=FIELDS | given,
        key=attributes.pop("key", f"host/{external_id}"),
        url=None,
        created_at=MOMENT,
        updated_at=MOMENT,
        completed_at=None,
        author=None,
    )
    for name, value in attributes.items():
        setattr(view, name, value)
    return Observed(external_id, record_hash, MOMENT, view)


def comment(external_id: str, of: str, body: str = "Hello", record_hash: str = "h1") -> Observed[CommentView]:
    """An observed comment on a task."""
    return Observed(external_id, record_hash, MOMENT, CommentView(of, "7", body, MOMENT, MOMENT))
