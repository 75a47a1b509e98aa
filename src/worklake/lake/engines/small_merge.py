"""Merging into a small table, and deleting from it, by writing it anew: one commit, no session; a sixth of the time."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from worklake.lake.engines import delta_files
from worklake.lake.engines.open_tables import opened
from worklake.lake.results import Merged
from worklake.lake.tables import Table

if TYPE_CHECKING:
    import pyarrow as pa
    from deltalake import DeltaTable

SMALL_ROWS = 1_000
SMALL_BYTES = 512 * 1024
"""Up to this many rows and bytes, stored and given, a table counts as small."""


def merge_small(path: Path, table: Table, rows: pa.Table) -> Merged | None:
    """Insert, rewrite or leave alone as a merge does; None, and nothing done, where the table is not small or has other
    columns.

    The whole table is written at the version that was read, so another writer's commit in between is a conflict.
    """
    import pyarrow as pa

    if not _is_small(rows.num_rows, rows.nbytes):
        return None
    with opened(path) as stored:
        schema = pa.schema([field.remove_metadata() for field in pa.schema(stored.schema())])
        if set(schema.names) != set(rows.column_names):
            return None
        present = _rows_of(stored, path, schema)
        if present is None:
            return None
        by_key = {key_of(row, table): row for row in present}
        given = {key_of(row, table): row for row in rows.to_pylist()}
        inserted = sum(key not in by_key for key in given)
        updated = sum(key in by_key and by_key[key] != row for key, row in given.items())
        if inserted or updated:
            whole = pa.Table.from_pylist(list((by_key | given).values()), schema=schema)
            delta_files.replace(stored, whole)
        return Merged(inserted, updated, len(given) - inserted - updated)


def delete_small(path: Path, table: Table, keys: pa.Table) -> int | None:
    """Delete the rows with these keys, as a merge is done; their number, or None where the table is not small."""
    import pyarrow as pa

    if not _is_small(keys.num_rows, keys.nbytes):
        return None
    with opened(path) as stored:
        schema = pa.schema([field.remove_metadata() for field in pa.schema(stored.schema())])
        present = _rows_of(stored, path, schema)
        if present is None:
            return None
        over = {key_of(row, table) for row in keys.to_pylist()}
        kept = [row for row in present if key_of(row, table) not in over]
        if len(kept) < len(present):
            delta_files.replace(stored, pa.Table.from_pylist(kept, schema=schema))
        return len(present) - len(kept)


def _rows_of(stored: DeltaTable, path: Path, schema: pa.Schema) -> list[dict[str, Any]] | None:
    """All rows of a small table; None where it is larger."""
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.dataset as ds

    files = pa.table(stored.get_add_actions(flatten=True))
    counted, written = pc.sum(files.column("num_records")).as_py(), pc.sum(files.column("size_bytes")).as_py()
    if not _is_small(counted or 0, written or 0):
        return None
    # By path, as pyarrow does not understand the URIs of folders with a space.
    names = [unquote(name) for name in files.column("path").to_pylist()]
    masks = _kept_of(stored)
    whole = [str(path / name) for name in names if Path(name).name not in masks]
    found: list[dict[str, Any]] = ds.dataset(whole, schema=schema, format="parquet").to_table().to_pylist()
    for name in names:
        kept = masks.get(Path(name).name)
        if kept is not None:
            rows = ds.dataset(str(path / name), schema=schema, format="parquet").to_table()
            told = pa.array(kept + [True] * (rows.num_rows - len(kept)))
            found += rows.filter(told).to_pylist()
    return found


def _kept_of(stored: DeltaTable) -> dict[str, list[bool]]:
    """By name of a file which of its rows are not deleted; those at the end that are not told of are kept."""
    import pyarrow as pa

    found = [row for batch in stored.deletion_vectors() for row in pa.record_batch(batch).to_pylist()]
    return {Path(unquote(row["filepath"])).name: row["selection_vector"] for row in found}


def _is_small(rows: int, size: int) -> bool:
    return rows <= SMALL_ROWS and size <= SMALL_BYTES


def key_of(row: Mapping[str, Any], table: Table) -> tuple[Any, ...]:
    """What identifies a row of the table."""
    return tuple(row[name] for name in table.key)
