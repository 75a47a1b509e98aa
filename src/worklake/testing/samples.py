"""Values to write: some for every field, those that name something out of what the server holds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from worklake.integrations.views import TaskView
from worklake.model.fields import FieldValue, Priority, Status

PLAIN: Mapping[str, Sequence[FieldValue]] = {
    "title": ("A plain title", "Ünïcode & <b>signs</b> 🚀", "x" * 400, "  spaces   around  "),
    "description": ("Some text.", None, "Other text,\n\nin two paragraphs."),
    "status": tuple(status.value for status in Status),
    "priority": tuple(priority.value for priority in Priority),
    "labels": ([], ["bug"], ["a label with spaces", "bug", "übersetzung", "🙂"], ["team::platform", "x/y & z"]),
    "assignees": ([],),
    "due_date": ("2026-04-01", None, "2024-02-29"),
    "start_date": ("2026-03-01", None),
    "estimate_minutes": (90, None, 4321),
    "estimate_points": (3.0, None, 5.0),
    "milestone": (None,),
    "project": (None,),
    "cycle": (None,),
    "parent_id": (None,),
    "blocked_by": ([],),
    "confidential": (True, False),
}
"""Values that mean the same everywhere."""

_NAMING = ("assignees", "milestone", "project", "cycle")


def values_for(field: str, tasks: Mapping[str, TaskView], like: TaskView | None) -> Iterator[FieldValue]:
    """Values of a field: the plain ones, and some that tasks of the server have, of the same project where told."""
    plain = PLAIN.get(field, ())
    yield from plain
    if field in ("parent_id", "blocked_by"):
        others = [one for one, view in tasks.items() if view is not like][:1]
        yield from ([others] if field == "blocked_by" else others)
    if field in _NAMING:
        near = [
            view for view in tasks.values() if like is None or view.fields.get("project") == like.fields.get("project")
        ]
        seen: list[FieldValue] = list(plain)
        for view in near if field != "project" else tasks.values():
            value = view.fields.get(field)
            if value not in seen and len(seen) < len(plain) + 2:
                seen.append(value)
                yield value
