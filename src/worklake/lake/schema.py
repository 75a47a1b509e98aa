"""From row models to Arrow: the one place where a Pydantic annotation becomes a column type."""

from __future__ import annotations

import types
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from enum import StrEnum
from functools import cache
from typing import TYPE_CHECKING, Any, Union, get_args, get_origin

from worklake.errors import LakeError
from worklake.model.rows import Row

if TYPE_CHECKING:
    import pyarrow as pa

    from worklake.lake.tables import Table

SQL_TYPES = {
    "string": "STRING",
    "int64": "BIGINT",
    "double": "DOUBLE",
    "bool": "BOOLEAN",
    "date32[day]": "DATE",
    "timestamp[us, tz=UTC]": "TIMESTAMP",
}


def _strip_optional(annotation: Any) -> tuple[Any, bool]:
    if get_origin(annotation) in (Union, types.UnionType):
        members = [member for member in get_args(annotation) if member is not type(None)]
        if len(members) != 1:
            raise TypeError(f"a column has one type, found {annotation}")
        return members[0], True
    return annotation, False


def _arrow_type(annotation: Any) -> pa.DataType:
    import pyarrow as pa

    if get_origin(annotation) in (list, tuple):
        return pa.list_(_arrow_type(get_args(annotation)[0]))
    if isinstance(annotation, type) and issubclass(annotation, StrEnum):
        return pa.string()
    simple = {
        str: pa.string(),
        int: pa.int64(),
        float: pa.float64(),
        bool: pa.bool_(),
        datetime: pa.timestamp("us", "UTC"),
        date: pa.date32(),
    }
    if annotation not in simple:
        raise TypeError(f"no column type for {annotation}")
    return simple[annotation]


@cache
def arrow_schema(row: type[Row]) -> pa.Schema:
    """The columns of a row model; a field that may be None is nullable, descriptions are the fields' comments."""
    import pyarrow as pa

    fields = []
    for name, field in row.model_fields.items():
        annotation, nullable = _strip_optional(field.annotation)
        comment = {"comment": field.description} if field.description else None
        fields.append(pa.field(name, _arrow_type(annotation), nullable=nullable, metadata=comment))
    return pa.schema(fields)


def lacking(tables: Iterable[Table], stored: Mapping[str, Collection[str]]) -> dict[str, list[str]]:
    """The declared columns that are not among the stored ones, by the names of those tables that lack any."""
    lacked = {
        table.name: [name for name in arrow_schema(table.row).names if name not in stored[table.name]]
        for table in tables
    }
    return {name: columns for name, columns in lacked.items() if columns}


def sql_type(arrow_type: pa.DataType) -> str:
    """The Spark SQL name of a column type."""
    name = str(arrow_type)
    if name.startswith("list<"):
        return f"ARRAY<{sql_type(arrow_type.value_type)}>"
    return SQL_TYPES[name]


def to_arrow(rows: Iterable[Row], row: type[Row] | None = None) -> pa.Table:
    """Rows of one model as a table; `row` names the model where there may be no rows."""
    import pyarrow as pa

    rows = list(rows)
    model = row or (type(rows[0]) if rows else None)
    if model is None:
        raise LakeError("No rows and no row model: the columns are not known; pass the row model")
    schema = arrow_schema(model)
    columns = [pa.array([getattr(each, name) for each in rows], schema.field(name).type) for name in schema.names]
    return pa.Table.from_arrays(columns, schema=schema)


def conform(rows: pa.Table | Sequence[Row], row: type[Row], table: str) -> pa.Table:
    """Rows with exactly the declared columns, in order and type; says which column is wrong."""
    import pyarrow as pa

    if not isinstance(rows, pa.Table):
        return to_arrow(rows, row)
    schema = arrow_schema(row)
    _check_names(rows.column_names, schema.names, table)
    columns = []
    for field in schema:
        column = rows.column(field.name)
        try:
            column = column.cast(field.type)
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
            raise LakeError(f"Column {field.name} of {table} is {field.type}, found {column.type}: {error}") from error
        if not field.nullable and column.null_count:
            raise LakeError(f"Column {field.name} of {table} takes no null; {column.null_count} rows have none")
        columns.append(column)
    return pa.Table.from_arrays(columns, schema=schema)


def _check_names(found: Sequence[str], declared: Sequence[str], table: str) -> None:
    missing = [name for name in declared if name not in found]
    unknown = [name for name in found if name not in declared]
    if missing or unknown:
        parts = [f"lack {', '.join(missing)}"] if missing else []
        parts += [f"have unknown {', '.join(unknown)}"] if unknown else []
        raise LakeError(f"Rows for {table} {' and '.join(parts)}; its columns are {', '.join(declared)}")


def utc(data: pa.Table) -> pa.Table:
    """The same table with plain types: every timestamp of a zone in UTC microseconds, lists and strings not large."""
    import pyarrow as pa

    def plain(kind: pa.DataType) -> pa.DataType:
        if pa.types.is_timestamp(kind) and kind.tz is not None:
            return pa.timestamp("us", "UTC")
        if pa.types.is_list(kind) or pa.types.is_large_list(kind):
            return pa.list_(plain(kind.value_type))
        if pa.types.is_large_string(kind) or pa.types.is_string_view(kind):
            return pa.string()
        return kind

    fields = [pa.field(field.name, plain(field.type), field.nullable) for field in data.schema]
    return data.cast(pa.schema(fields))


def as_utc(value: datetime) -> datetime:
    """A time from an engine, in UTC; one without a zone is taken as UTC."""
    return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
