"""How the embedded engine merges and deletes: reading keys first, so that little is read and less is written.

A merge is a few steps, each harmless when repeated: find the keys that are there, append the rows with new keys
(only if nobody committed since the keys were read, so two writers cannot both insert a key), find the rows that
differ, and rewrite those in chunks. A rewrite deletes the old row and inserts the new one in one commit. It is written
as a MERGE that deletes and inserts because an updating MERGE makes Sail read every column of the table three times,
while this one reads the key columns only.
"""

# ruff: noqa: S608  every identifier in the SQL below went through quote()

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from worklake.lake.engines import delta_files
from worklake.lake.engines.open_tables import opened
from worklake.lake.engines.small_merge import delete_small, key_of, merge_small
from worklake.lake.names import literal, quote
from worklake.lake.results import Merged
from worklake.lake.retry import until_committed
from worklake.lake.schema import utc
from worklake.lake.tables import Table

if TYPE_CHECKING:
    import pyarrow as pa

    from worklake.lake.engines.embedded import EmbeddedEngine

CHUNK_ROWS = 5_000
CHUNK_BYTES = 8 * 1024 * 1024
"""So many rows are compared at once."""
REWRITE_ROWS = 2_000
REWRITE_BYTES = 1024 * 1024
"""So many rows are rewritten in one commit. With more, Sail holds the other side of the join, the table, in memory
(measured on a million tasks: 0.8 GB with 2,000 rows of 0.6 kB, 2.1 GB with 4,000)."""
FEW_KEYS = 500
"""So many keys are spelled out in the query, so that the scan decodes only their rows."""


def merge_rows(
    engine: EmbeddedEngine, path: Path, table: Table, rows: pa.Table, stored: Sequence[Mapping[str, Any]] | None
) -> Merged:
    """Insert new rows, rewrite different ones, leave equal ones alone; each step is tried until it is committed."""
    whole = until_committed(partial(merge_small, path, table, rows), table.name)
    if whole is not None:
        return whole
    if stored and len(stored) >= rows.num_rows:
        new, different = _compared(table, rows, stored)
        if not new.num_rows:
            _rewrite_all(engine, table, different)
            return Merged(0, different.num_rows, rows.num_rows - different.num_rows)
    few = _few_keys(table, rows)
    if few is not None:
        inserted, different = until_committed(partial(_insert_of_few, engine, path, table, rows, few), table.name)
        _rewrite_all(engine, table, different)
        updated = different.num_rows
    else:
        inserted, present = until_committed(partial(_insert_new, engine, path, table, rows), table.name)
        updated = 0
        for chunk in chunks(present):
            equal = until_committed(partial(_equal_keys, engine, table, chunk), table.name)
            different, _ = _split(chunk, equal, table)
            _rewrite_all(engine, table, different)
            updated += different.num_rows
    return Merged(inserted, updated, rows.num_rows - inserted - updated)


def _compared(table: Table, rows: pa.Table, stored: Sequence[Mapping[str, Any]]) -> tuple[pa.Table, pa.Table]:
    """The rows whose keys are not among those of the stored rows, and those that differ from them."""
    import pyarrow as pa

    present = {key_of(row, table): row for row in stored}
    given = [(present.get(key_of(row, table)), row) for row in rows.to_pylist()]
    new = [there is None for there, _ in given]
    different = [there is not None and there != row for there, row in given]
    return rows.filter(pa.array(new, pa.bool_())), rows.filter(pa.array(different, pa.bool_()))


def _rewrite_all(engine: EmbeddedEngine, table: Table, rows: pa.Table) -> None:
    for part in chunks(rows, REWRITE_ROWS, REWRITE_BYTES):
        until_committed(partial(_rewrite, engine, table, part), table.name)


def _insert_of_few(engine: EmbeddedEngine, path: Path, table: Table, rows: pa.Table, few: str) -> tuple[int, pa.Table]:
    """Append the rows with new keys at the version that was read; their number, and the rows that differ."""
    columns = ", ".join(quote(name) for name in rows.column_names)
    with opened(path) as stored:
        found = utc(engine.answer(f"SELECT {columns} FROM {engine.reference(table)} t WHERE {few}"))
        new, different = _compared(table, rows, found.to_pylist())
        if new.num_rows:
            delta_files.append(stored, new, retries=0)
    return new.num_rows, different


def _insert_new(engine: EmbeddedEngine, path: Path, table: Table, rows: pa.Table) -> tuple[int, pa.Table]:
    """Append the rows with new keys at the version that was read; their number, and the rows that are there."""
    with opened(path) as stored:
        known = _known_keys(engine, table, rows, empty=not stored.file_uris())
        new, present = _split(rows, known, table)
        if new.num_rows:
            delta_files.append(stored, new, retries=0)
    return int(new.num_rows), present


def delete_rows(engine: EmbeddedEngine, path: Path, table: Table, keys: pa.Table) -> int:
    """Delete the rows with these keys; their number."""
    few = until_committed(partial(delete_small, path, table, keys), table.name)
    if few is not None:
        return few
    return sum(until_committed(partial(_delete_known, engine, table, chunk), table.name) for chunk in chunks(keys))


def _delete_known(engine: EmbeddedEngine, table: Table, keys: pa.Table) -> int:
    there = _known_keys(engine, table, keys, empty=False)
    if there.num_rows:
        engine.session.sql(
            f"MERGE INTO {engine.reference(table)} t USING {{s}} s ON {_same_key(table)} WHEN MATCHED THEN DELETE",
            s=engine.frame(there),
        ).collect()
    return int(there.num_rows)


def chunks(rows: pa.Table, most_rows: int = CHUNK_ROWS, most_bytes: int = CHUNK_BYTES) -> Iterator[pa.Table]:
    """The rows in parts that an engine can join without holding the other side in memory."""
    if not rows.num_rows:
        return
    by_bytes = int(most_bytes * rows.num_rows / max(rows.nbytes, 1))
    step = max(1, min(most_rows, by_bytes))
    for start in range(0, rows.num_rows, step):
        yield rows.slice(start, step)


def _known_keys(engine: EmbeddedEngine, table: Table, rows: pa.Table, *, empty: bool) -> pa.Table:
    keys = rows.select(list(table.key))
    if empty:
        return keys.slice(0, 0)
    query = f"SELECT s.* FROM {{s}} s LEFT SEMI JOIN {engine.reference(table)} t ON {_same_key(table)}"
    return engine.answer(query, s=engine.frame(keys))


def _split(rows: pa.Table, known: pa.Table, table: Table) -> tuple[pa.Table, pa.Table]:
    """The rows whose key is not among the known ones, and the others."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if not known.num_rows:
        return rows, rows.slice(0, 0)
    there = set(zip(*(known.column(name).to_pylist() for name in table.key), strict=True))
    keys = zip(*(rows.column(name).to_pylist() for name in table.key), strict=True)
    present = pa.array([key in there for key in keys], pa.bool_())
    return rows.filter(pc.invert(present)), rows.filter(present)


def _equal_keys(engine: EmbeddedEngine, table: Table, rows: pa.Table) -> pa.Table:
    """The keys under which exactly these rows are stored."""
    key = ", ".join(f"s.{quote(name)}" for name in table.key)
    same = [f"t.{quote(name)} <=> s.{quote(name)}" for name in rows.column_names if name not in table.key]
    query = (
        f"SELECT {key} FROM {{s}} s JOIN {engine.reference(table)} t "
        f"ON {_same_key(table)} WHERE {' AND '.join(same) or 'true'}"
    )
    return engine.answer(query, s=engine.frame(rows))


def _few_keys(table: Table, rows: pa.Table) -> str | None:
    """A condition that spells out the values of the key column that tells most apart; None for many rows."""
    if rows.num_rows > FEW_KEYS:
        return None
    distinct = {name: set(rows.column(name).to_pylist()) for name in table.key}
    name = max(distinct, key=lambda each: len(distinct[each]))
    if any(not isinstance(value, str) for value in distinct[name]):
        return None
    return f"t.{quote(name)} IN ({', '.join(literal(value) for value in sorted(distinct[name]))})"


def _rewrite(engine: EmbeddedEngine, table: Table, rows: pa.Table) -> None:
    """Replace the rows with these keys, in one commit."""
    columns = ", ".join(quote(name) for name in rows.column_names)
    values = ", ".join(f"s.{quote(name)}" for name in rows.column_names)
    few = _few_keys(table, rows)
    # Braces doubled, as PySpark fills frames into the query.
    also = f" AND {few}".replace("{", "{{").replace("}", "}}") if few else ""
    engine.session.sql(
        f"MERGE INTO {engine.reference(table)} t USING ("
        f"SELECT false AS __new, s.* FROM {{s}} s UNION ALL SELECT true AS __new, s.* FROM {{s}} s) s "
        f"ON {_same_key(table)} AND NOT s.__new{also} "
        f"WHEN MATCHED THEN DELETE WHEN NOT MATCHED AND s.__new THEN INSERT ({columns}) VALUES ({values})",
        s=engine.frame(rows),
    ).collect()


def _same_key(table: Table) -> str:
    return " AND ".join(f"t.{quote(name)} = s.{quote(name)}" for name in table.key)
