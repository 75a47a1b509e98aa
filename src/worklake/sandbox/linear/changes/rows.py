"""What the simpler changes have in common: copy the given inputs into columns and write those that differ."""

from __future__ import annotations

from typing import Any, TypeVar

from worklake.sandbox.linear.entities import Entity
from worklake.sandbox.linear.errors import invalid_argument
from worklake.sandbox.linear.names import camel, snake
from worklake.sandbox.linear.request import Input, Request
from worklake.sandbox.linear.table import Table

Row = TypeVar("Row", bound=Entity)


def copied(given: Input, names: str) -> dict[str, Any]:
    """The columns for those of `names` that were given."""
    return {snake(name): given[name] for name in names.split() if name in given}


def require_name(given: Input) -> None:
    """Refuse an empty `name`."""
    if "name" in given and not (given["name"] or "").strip():
        raise invalid_argument("name should not be empty.")


def write(request: Request, table: Table[Row], row: Row, columns: dict[str, Any]) -> dict[str, Any] | None:
    """Write the columns that differ and move `updatedAt`; the old values by GraphQL name, None when nothing differs."""
    changed = {column: value for column, value in columns.items() if getattr(row, column) != value}
    if not changed:
        return None
    changed["updated_at"] = request.moment
    before = {camel(column): getattr(row, column) for column in changed}
    table.change(row, **changed)
    return before
