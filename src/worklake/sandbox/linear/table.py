"""Rows by id, and by the values of the columns that are declared as indexed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Generic, TypeVar

from worklake.sandbox.linear.entities import Entity
from worklake.sandbox.linear.errors import already_exists, entity_not_found

Row = TypeVar("Row", bound=Entity)


class Table(Generic[Row]):
    """One kind of row. Rows are changed through `change` only, so that the indexes stay true."""

    def __init__(self, name: str, indexes: Iterable[str] = ()) -> None:
        self.name = name
        self._rows: dict[str, Row] = {}
        self._indexes: dict[str, dict[Any, dict[str, Row]]] = {column: {} for column in indexes}

    def __len__(self) -> int:
        return len(self._rows)

    def __iter__(self) -> Iterator[Row]:
        return iter(self._rows.values())

    def get(self, identity: str | None) -> Row | None:
        """The row of that id, or None."""
        return self._rows.get(identity) if identity is not None else None

    def need(self, identity: str) -> Row:
        """The row of that id; Linear's "Entity not found" when there is none."""
        row = self._rows.get(identity)
        if row is None:
            raise entity_not_found(self.name)
        return row

    def where(self, column: str, value: object) -> list[Row]:
        """The rows whose indexed `column` has `value`, in the order of their arrival there."""
        return list(self._indexes[column].get(value, {}).values())

    def count(self, column: str, value: object) -> int:
        """How many rows `where` would give."""
        return len(self._indexes[column].get(value, {}))

    def insert(self, row: Row) -> Row:
        """Add a row; Linear's conflict error when its id is taken."""
        if row.id in self._rows:
            raise already_exists(self.name, row.id)
        self._rows[row.id] = row
        for column, buckets in self._indexes.items():
            buckets.setdefault(getattr(row, column), {})[row.id] = row
        return row

    def change(self, row: Row, **values: Any) -> None:
        """Set columns of a row."""
        for column, value in values.items():
            buckets = self._indexes.get(column)
            if buckets is not None:
                buckets[getattr(row, column)].pop(row.id)
                buckets.setdefault(value, {})[row.id] = row
            setattr(row, column, value)

    def delete(self, row: Row) -> None:
        """Remove a row for good."""
        del self._rows[row.id]
        for column, buckets in self._indexes.items():
            buckets[getattr(row, column)].pop(row.id)
