"""Rows as plain dictionaries, for work by the hundred thousand, into Arrow tables of a declared row model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from operator import itemgetter
from typing import Any

import pyarrow as pa

from worklake.lake.schema import arrow_schema
from worklake.model.rows import Row


def rows_to_arrow(model: type[Row], rows: Sequence[Mapping[str, Any]]) -> pa.Table:
    """These rows with the model's columns; a row that lacks a column without a default raises `KeyError`."""
    schema = arrow_schema(model)
    columns = [pa.array(_values(model, field.name, rows), field.type) for field in schema]
    return pa.Table.from_arrays(columns, schema=schema)


def _values(model: type[Row], name: str, rows: Sequence[Mapping[str, Any]]) -> list[Any]:
    declared = model.model_fields[name]
    if declared.is_required():
        return list(map(itemgetter(name), rows))
    return [row.get(name, declared.default) for row in rows]
