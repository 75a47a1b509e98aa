"""Delta tables in a local folder, through delta-rs: everything that needs no session."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from worklake.errors import LakeError
from worklake.lake.engines.base import Once
from worklake.lake.engines.open_tables import open_table, opened
from worklake.lake.results import Commit, Maintained, Size
from worklake.lake.retry import is_conflict
from worklake.lake.schema import arrow_schema
from worklake.lake.tables import Table

if TYPE_CHECKING:
    import pyarrow as pa
    from deltalake import CommitProperties, DeltaTable

_LOG: Mapping[str, str] = {"delta.checkpointInterval": "10"}
"""Delta's own interval. The hundred of delta-rs has each query over a busy table read up to a hundred small files."""

SAFE_RETENTION_HOURS = 168
"""Below this, a reader that is still at work on an older version may lose its files."""


def is_table(path: Path) -> bool:
    """Whether a Delta table is stored here."""
    log = path / "_delta_log"
    return log.is_dir() and any(log.iterdir())


def create(path: Path, table: Table) -> None:
    """Make an empty table; nothing happens where somebody else was faster."""
    from deltalake import DeltaTable, Schema

    DeltaTable.create(
        path,
        Schema.from_arrow(arrow_schema(table.row)),
        mode="ignore",
        name=table.name,
        description=table.comment,
        configuration=_LOG if table.append_only else {**_LOG, "delta.enableDeletionVectors": "true"},
    )


def column_names(path: Path) -> list[str]:
    """The columns of the stored table, in order."""
    with opened(path) as stored:
        return [field.name for field in stored.schema().fields]


def add_columns(path: Path, table: Table, names: list[str]) -> None:
    """Add declared columns to the stored table, nullable since the rows that are there have no value."""
    from deltalake import Field, Schema

    declared = Schema.from_arrow(arrow_schema(table.row))
    fields = [
        Field(field.name, field.type, nullable=True, metadata=field.metadata)
        for field in declared.fields
        if field.name in names
    ]
    open_table(path).alter.add_columns(fields)


def scan(path: Path, columns: list[str], source: str, after: int, through: int) -> pa.Table:
    """Rows of one source in a range of batches; files that hold none are not opened."""
    import pyarrow.dataset as ds

    batch = ds.field("batch")
    wanted = (ds.field("source") == source) & (batch > after) & (batch <= through)
    with opened(path) as stored:
        found: pa.Table = stored.to_pyarrow_dataset().to_table(columns=columns, filter=wanted)
    return found


def append(stored: DeltaTable, rows: pa.Table, *, once: Once | None = None, retries: int | None = None) -> None:
    """Add rows in one commit. With `retries=0` it fails when anybody committed since `stored` was opened."""
    _write(stored, rows, "append", _commit_properties(once, retries))


def replace(stored: DeltaTable, rows: pa.Table) -> None:
    """Let these rows be the table, in one commit; it fails when anybody committed since `stored` was opened."""
    _write(stored, rows, "overwrite", _commit_properties(None, retries=0))


def _write(stored: DeltaTable, rows: pa.Table, mode: Literal["append", "overwrite"], how: CommitProperties) -> None:
    from deltalake import write_deltalake

    write_deltalake(
        stored,
        _without_comments(rows),
        mode=mode,
        schema_mode="merge" if len(stored.schema().fields) != rows.num_columns else None,
        commit_properties=how,
    )


def _without_comments(rows: pa.Table) -> pa.Table:
    """The rows under a plain schema: delta-rs refuses a comment that differs from the stored one."""
    import pyarrow as pa

    return rows.cast(pa.schema([field.remove_metadata() for field in rows.schema]))


def _commit_properties(once: Once | None, retries: int | None) -> CommitProperties:
    from deltalake import CommitProperties, Transaction

    marks = [Transaction(app_id=once.writer, version=once.number)] if once else None
    return CommitProperties(max_commit_retries=retries, app_transactions=marks)


def last_mark(path: Path, writer: str) -> int:
    """The highest number that this writer's marked appends have in the table; 0 where there is none."""
    with opened(path) as stored:
        return mark_in(stored, writer)


def mark_in(stored: DeltaTable, writer: str) -> int:
    """The same, of a table that is open."""
    return stored.transaction_version(writer) or 0


def history(path: Path, limit: int | None) -> list[Commit]:
    """The commits, newest first."""
    with opened(path) as stored:
        return [_commit(entry) for entry in stored.history(limit)]


def _commit(entry: dict[str, Any]) -> Commit:
    metrics = entry.get("operationMetrics") or {}
    return Commit(
        version=int(entry["version"]),
        at=datetime.fromtimestamp(entry["timestamp"] / 1000, UTC),
        operation=entry.get("operation", "UNKNOWN"),
        metrics={key: int(value) for key, value in metrics.items() if str(value).lstrip("-").isdigit()},
    )


def restore(path: Path, version: int) -> None:
    """Bring back the rows of an older version, as a new commit."""
    from deltalake.exceptions import DeltaError

    stored = open_table(path)
    if not 0 <= version <= stored.version():
        raise LakeError(f"{path.name} has versions 0 to {stored.version()}, found {version}; see its history")
    if version == stored.version():
        return
    try:
        stored.restore(version)
    except DeltaError as error:
        if is_conflict(error):
            raise
        raise LakeError(f"{path.name} cannot be restored to version {version}: {error}") from error


def compact(path: Path, most_files: int) -> bool:
    """Make few files of many, if there are more than this; whether it did."""
    with opened(path) as stored:
        if len(stored.file_uris()) <= most_files:
            return False
        stored.optimize.compact()
        return True


def maintain(path: Path, table: Table, retention_hours: float) -> Maintained:
    """Compact, vacuum and checkpoint."""
    stored = open_table(path)
    before = len(stored.file_uris())
    stored.optimize.compact()
    stored = open_table(path)
    deleted = stored.vacuum(
        retention_hours=int(retention_hours),
        dry_run=False,
        enforce_retention_duration=retention_hours >= SAFE_RETENTION_HOURS,
    )
    stored = open_table(path)
    stored.create_checkpoint()
    stored.cleanup_metadata()
    return Maintained(table.name, before, len(stored.file_uris()), len(deleted))


def size(path: Path) -> Size:
    """Rows (without the deleted ones), bytes and files of the current version, from the log and deletion vectors."""
    import pyarrow as pa
    import pyarrow.compute as pc

    with opened(path) as stored:
        files = pa.table(stored.get_add_actions(flatten=True))
        rows = pc.sum(files.column("num_records")).as_py() or 0
        for batch in stored.deletion_vectors():
            kept = pc.list_flatten(pa.record_batch(batch).column("selection_vector"))
            rows -= len(kept) - (pc.sum(kept).as_py() or 0)
    return Size(rows, pc.sum(files.column("size_bytes")).as_py() or 0, files.num_rows)
