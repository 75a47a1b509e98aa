"""Canonical tasks as rows of `tasks`: columns that people read, and beside them which edit brought each field.

The columns hold the values. A value that its column cannot hold as it is, such as a day that is none, stands beside
them as well.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from datetime import date, datetime
from typing import Any, NamedTuple

from worklake.model.fields import FIELDS, OPEN_STATUSES, FieldSpec, FieldValue, MergeKind, Status
from worklake.model.rows import Task
from worklake.sync.lake_store.links import ItemFacts
from worklake.sync.lake_store.texts import from_text, to_text
from worklake.sync.rules.state import ItemKey, Standing, TaskState

COLUMNS = ", ".join(name for name in Task.model_fields if name not in ("created_at", "completed_at"))
"""What reading a task takes."""

_OVER = frozenset({Status.COMPLETED.value, Status.CANCELED.value})
_OPEN = frozenset(status.value for status in OPEN_STATUSES)


def task_row(task: TaskState, old: Mapping[str, Any] | None, facts: Mapping[ItemKey, ItemFacts]) -> dict[str, Any]:
    """The row of a task that stood as `old`, if it did. `facts` are of items of this run."""
    row: dict[str, Any] = {"task_id": task.task_id, "version": task.version, "last_open": task.last_open}
    for name, spec in FIELDS.items():
        row[name] = _to_column(spec, task.fields[name].value if name in task.fields else None)
    edits = _fields_by_edit(task)
    origins = [one.origin for one in edits if one.origin is not None]
    told = [facts[one] for one in origins if one in facts]
    times = [one.at for one in edits if one.at is not None]
    if old is not None:
        times += [old["updated_at"]] if old["updated_at"] else []
        row["source"], row["created_at"] = old["source"], old["created_at"]
    else:
        row["source"] = origins[0].source if origins else ""
        row["created_at"] = min((one.created_at for one in told if one.created_at), default=None)
    row["updated_at"] = max(times, default=None)
    row["completed_at"] = _completed_at(task, old, told)
    row["standings"] = to_text([_standing(edit, names, task, row) for edit, names in edits.items()])
    return row


def _completed_at(task: TaskState, old: Mapping[str, Any] | None, told: Iterable[ItemFacts]) -> datetime | None:
    status = task.fields.get("status")
    if status is None or status.value not in _OVER:
        return None
    if old is not None and old["completed_at"] is not None:
        completed: datetime = old["completed_at"]
        return completed
    return min((one.completed_at for one in told if one.completed_at), default=status.at)


class _Edit(NamedTuple):
    """An edit, which may have brought several fields."""

    at: datetime | None
    origin: ItemKey | None
    actor: str | None
    also: tuple[ItemKey, ...]


def _fields_by_edit(task: TaskState) -> dict[_Edit, list[str]]:
    """Fields that one edit brought stand together, as most of them come with the task itself."""
    found: dict[_Edit, list[str]] = {}
    edit, names = None, list[str]()
    for name, one in task.fields.items():
        its = _Edit(one.at, one.origin, one.actor, one.also)
        if its != edit:
            edit, names = its, found.setdefault(its, [])
        names.append(name)
    return found


def _standing(edit: _Edit, names: list[str], task: TaskState, row: Mapping[str, Any]) -> dict[str, Any]:
    source, external_id = edit.origin or (None, None)
    entry: dict[str, Any] = {"at": edit.at, "source": source, "external_id": external_id, "actor": edit.actor}
    entry |= {"fields": names} | ({"also": [list(one) for one in edit.also]} if edit.also else {})
    beside = {name: value for name in names if not _is_shown(row, name, value := task.fields[name].value)}
    return entry | {"values": beside} if beside else entry


def _is_shown(row: Mapping[str, Any], name: str, value: FieldValue) -> bool:
    """Whether the field's column gives back just this value."""
    if name not in FIELDS:
        return False
    column = _from_column(row[name])
    return type(column) is type(value) and column == value


def task_state(row: Mapping[str, Any], born_as: ItemKey | None, shown: Container[str]) -> TaskState:
    """A task as it stands in its row. `born_as` is the item that it took its fields from before it had standings, which
    shows the fields `shown`.
    """
    if row["standings"] is None:
        return _without_standings(row, born_as, shown)
    fields: dict[str, Standing] = {}
    for entry in from_text(row["standings"]):
        at = datetime.fromisoformat(entry["at"]) if entry["at"] else None
        origin = ItemKey(entry["source"], entry["external_id"]) if entry["source"] is not None else None
        also = tuple(ItemKey(*one) for one in entry.get("also", ()))
        beside = entry.get("values", {})
        for name in entry["fields"]:
            value = beside[name] if name in beside else _from_column(row[name])
            fields[name] = Standing(value, at, origin, entry["actor"], also)
    ordered = {name: fields.pop(name) for name in FIELDS if name in fields} | fields
    return TaskState(row["task_id"], ordered, row["version"], row["last_open"])


def _without_standings(row: Mapping[str, Any], born_as: ItemKey | None, shown: Container[str]) -> TaskState:
    """A task that was never merged with other sources. What its item does not show, it says nothing of."""
    at = row["updated_at"]
    fields = {
        name: Standing(_from_column(column), at, born_as)
        for name in FIELDS
        if ((column := row[name]) is not None and column is not False and column != []) or name in shown
    }
    return TaskState(row["task_id"], fields, 0, row["status"] if row["status"] in _OPEN else row["last_open"])


def _to_column(spec: FieldSpec, value: FieldValue) -> object:
    """What the column of a field shows for a value."""
    if spec.merge is MergeKind.SET:
        return value if isinstance(value, list) else []
    if spec.type is date:
        return _day(value)
    if spec.type is bool:
        return value is True
    if spec.type is float and isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    if spec.type in (int, float):
        return value if type(value) is spec.type else None
    return value if isinstance(value, str) else spec.empty


def _day(value: FieldValue) -> date | None:
    try:
        return date.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None


def _from_column(column: object) -> FieldValue:
    """The value that a column shows."""
    return column.isoformat() if isinstance(column, date) else column  # type: ignore[return-value]
