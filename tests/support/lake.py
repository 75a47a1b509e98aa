"""Lakes and rows for tests."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa

from worklake.lake.lake import Lake
from worklake.model.fields import Priority, Status
from worklake.model.rows import Call, Cursor, Link, Task

START = datetime(2026, 3, 1, 8, 30, 15, 123456, tzinfo=UTC)


def task(number: int, **changes: Any) -> Task:
    """A task; `changes` replace fields."""
    values: dict[str, Any] = {
        "task_id": f"task_{number:06}",
        "title": f"Task {number}",
        "description": None if number % 3 == 0 else f"Line one\nit's {number} 'quoted' \\ {{braces}} ✓",
        "status": Status.STARTED,
        "priority": Priority.LOW,
        "labels": ["a", "b"] if number % 2 else [],
        "assignees": [f"p{number % 5}@x.example"],
        "due_date": None if number % 4 else START.date(),
        "start_date": None,
        "estimate_minutes": number if number % 2 else None,
        "estimate_points": number / 2,
        "project": "web",
        "milestone": None,
        "cycle": None,
        "parent_id": None,
        "blocked_by": [],
        "archived": False,
        "confidential": bool(number % 2),
        "source": "gitlab-web",
        "created_at": START + timedelta(seconds=number),
        "updated_at": None if number % 5 == 0 else START,
        "completed_at": None,
    }
    return Task(**{**values, **changes})


def tasks(first: int, last: int, **changes: Any) -> list[Task]:
    """Tasks from `first` to before `last`."""
    return [task(number, **changes) for number in range(first, last)]


def link(number: int, **changes: Any) -> Link:
    """A link; three columns make its key."""
    values: dict[str, Any] = {
        "source": "linear",
        "kind": "task",
        "external_id": str(number),
        "provider": "linear",
        "task_id": f"task_{number:06}",
        "comment_id": None,
        "key": None,
        "url": None,
        "is_primary": True,
        "state": "linked",
        "seen": "{}",
        "mentions": [],
        "awaits": [],
        "record_hash": "h",
        "remote_updated_at": None,
        "linked_by": "born",
        "first_seen_at": START,
        "run_id": "run_1",
    }
    return Link(**{**values, **changes})


def call(number: int) -> Call:
    """A call; `calls` is an append-only table."""
    return Call(
        source="linear",
        endpoint="GET /items",
        status=200,
        seconds=0.25,
        received_bytes=number,
        quota_left=None,
        attempt=1,
        run_id="run_1",
        called_at=START,
    )


def cursor(source: str, batch: int) -> Cursor:
    """A cursor; a small table with a key."""
    return Cursor(source=source, stage="pull", position="", batch=batch, run_id="run_1", moved_at=START)


def content(lake: Lake, name: str) -> list[dict[str, Any]]:
    """Every row of a table, in a fixed order, as the engine reads it."""
    return in_order(lake.sql(f"SELECT * FROM {{{name}}}"))


def in_order(rows: pa.Table) -> list[dict[str, Any]]:
    """The rows of a table in a fixed order."""
    return sorted(rows.to_pylist(), key=repr)


def versions(lake: Lake, name: str) -> list[int]:
    """The versions of a table, newest first."""
    return [commit.version for commit in lake.history(name)]
