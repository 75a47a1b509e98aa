"""The lake: one set of verbs over Delta tables, whatever engine they live on."""

# ruff: noqa: S608  every identifier in the SQL below went through quote()

from __future__ import annotations

import tempfile
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from worklake.errors import LakeError, LakeMissingError
from worklake.lake.damage import IN_USE, refuse_parts, with_mend
from worklake.lake.engines.base import Engine
from worklake.lake.lease import (
    LEASE_SECONDS,
    LEASES,
    Lease,
    file_lease,
    file_lease_is_held,
    table_lease,
    table_lease_is_held,
)
from worklake.lake.names import fill, placeholders, spelled_out, with_values
from worklake.lake.results import Commit, Maintained, Merged, Size
from worklake.lake.retry import until_committed
from worklake.lake.schema import arrow_schema, conform, utc
from worklake.lake.spool import Spool
from worklake.lake.tables import TABLES, Table
from worklake.model.rows import Row
from worklake.settings.models import DatabricksLake, EmbeddedLake, LakeSettings, SparkLake

if TYPE_CHECKING:
    import pyarrow as pa
    from pyspark.sql import DataFrame, SparkSession

INTERNAL = ".worklake"
"""The folder beside the tables that holds lease and spool."""
SAFE_RETENTION_HOURS = 168.0
"""The files of older versions are kept a week, for readers still at work and for `restore`."""

FEW_FILES = 50
"""Of so many files a table may consist before its next reader and writer feel it."""


def _now() -> datetime:
    return datetime.now(UTC)


def open_lake(
    settings: LakeSettings,
    folder: Path,
    *,
    create: bool = False,
    session: SparkSession | None = None,
    tables: Mapping[str, Table] = TABLES,
) -> Lake:
    """The lake of a project folder; use it as a context manager.

    Raises LakeMissingError where there is none and `create` is not set. A `session` that is given is used and left
    running (Databricks only).
    """
    engine = _engine(settings, folder, session)
    lake = Lake(engine, tables)
    if create and engine.folder is not None:
        _make_folder(engine.folder)
    elif not create and not engine.exists():
        lake.close()
        raise LakeMissingError(f"There is no lake yet at {_place(settings, folder)}. Run `worklake pull` to make it.")
    return lake


def _make_folder(folder: Path) -> None:
    try:
        (folder / INTERNAL).mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder / INTERNAL):
            pass
    except OSError as error:
        raise LakeError(
            f"The lake at {folder} cannot be written: {error.strerror}. See lake in conf/worklake.yml."
        ) from error


def _engine(settings: LakeSettings, folder: Path, session: SparkSession | None) -> Engine:
    if isinstance(settings, EmbeddedLake):
        from worklake.lake.engines.embedded import EmbeddedEngine

        return EmbeddedEngine((folder / settings.path).resolve())
    if isinstance(settings, SparkLake):
        from worklake.lake.engines.spark import SparkEngine

        local = settings.remote is None and "://" not in settings.path
        return SparkEngine(str((folder / settings.path).resolve()) if local else settings.path, settings.remote)
    from worklake.lake.engines.databricks import DatabricksEngine

    return DatabricksEngine(settings.catalog, settings.schema_name, session)


def _place(settings: LakeSettings, folder: Path) -> str:
    if isinstance(settings, DatabricksLake):
        return f"{settings.catalog}.{settings.schema_name}"
    return str(folder / settings.path) if isinstance(settings, EmbeddedLake) else settings.path


class Lake:
    """The tables of a team's work. Every write is one or more Delta commits; one that changes nothing makes none."""

    def __init__(self, engine: Engine, tables: Mapping[str, Table] = TABLES) -> None:
        self._engine = engine
        self._tables = tables
        self._held: Lease | None = None
        self._spool = Spool(engine, engine.folder / INTERNAL) if engine.folder is not None else None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # An interrupt may have struck within gRPC, whose locks are then never released: closing would wait for ever.
        if kind is None or not issubclass(kind, KeyboardInterrupt):
            self.close()

    def close(self) -> None:
        """Let go of the session where the lake started it."""
        self._engine.close()

    @property
    def session(self) -> SparkSession:
        """The Spark session, started at the first use."""
        return self._engine.session

    # reading

    def read(self, name: str) -> DataFrame:
        """A table as a DataFrame with the columns of its row model."""
        return self.session.sql(f"SELECT * FROM {self._engine.reference(self.table(name))}")

    def sql(self, query: str, args: Mapping[str, Any] | None = None, **frames: pa.Table | DataFrame) -> pa.Table:
        """The result of a query. Tables of the lake and `frames` stand in it as {name}, parameters as :name.

        Raises `LakeError` with the engine's words when the query cannot be run.
        """
        import pyarrow as pa
        from pyspark.errors import PySparkException

        used = placeholders(query)
        tables = {
            name: self._engine.reference(self.table(name))
            for name in used
            if name in self._tables and name not in frames
        }
        data = {
            name: self.frame(frame) if isinstance(frame, pa.Table) else frame
            for name, frame in frames.items()
            if name in used
        }
        text, values = fill(query, tables, data), dict(args) if args else None
        if values and not self._engine.binds_parameters:
            text, values = with_values(text, values, framed=bool(data)), None
        try:
            return utc(until_committed(lambda: self._engine.answer(text, values, **data), "the lake"))
        except PySparkException as error:
            raise LakeError(with_mend(str(error).strip().split("\n")[0])) from error

    def rows(
        self, query: str, args: Mapping[str, Any] | None = None, **frames: pa.Table | DataFrame
    ) -> list[dict[str, Any]]:
        """The same as `sql`, as a list of rows by column name."""
        found: list[dict[str, Any]] = self.sql(query, args, **frames).to_pylist()
        return found

    def rows_among(
        self, query: str, column: str, values: Collection[str], args: Mapping[str, Any] | None = None
    ) -> list[dict[str, Any]]:
        """The rows of a query whose text has {among} for the condition that this column is one of these values.

        No values, no rows, and nothing is asked.
        """
        import pyarrow as pa

        if not values:
            return []
        condition = spelled_out(column, values)
        if condition is not None:
            return self.rows(query.replace("{among}", condition), args)
        wanted = pa.table({"value": sorted(values)})
        return self.rows(query.replace("{among}", f"{column} IN (SELECT value FROM {{wanted}})"), args, wanted=wanted)

    def scan(self, name: str, columns: Sequence[str], source: str, *, after: int, through: int) -> list[dict[str, Any]]:
        """Rows of an append-only table that a source's commits `after` one and `through` another brought."""
        found = self._engine.scan(self.table(name), list(columns), source, after, through)
        rows: list[dict[str, Any]] = utc(found).to_pylist()
        return rows

    def frame(self, data: pa.Table) -> DataFrame:
        """Local data as a DataFrame of this lake's session."""
        return self._engine.frame(data)

    def history(self, name: str, limit: int | None = None) -> list[Commit]:
        """The commits of a table, newest first."""
        return self._engine.history(self.table(name), limit)

    def size(self, name: str) -> Size:
        """Rows, bytes and files of a table; cheap on the embedded engine, where it is read from the log."""
        return self._engine.size(self.table(name))

    # writing

    def append(self, name: str, rows: pa.Table | Sequence[Row]) -> None:
        """Add rows in one commit; no rows, no commit."""
        table = self.table(name)
        data = conform(rows, table.row, name)
        if data.num_rows:
            self._check_lease()
            self._engine.append(table, data)

    def merge(
        self, name: str, rows: pa.Table | Sequence[Row], stored: Sequence[Mapping[str, Any]] | None = None
    ) -> Merged:
        """Insert rows with new keys, rewrite those that differ, leave equal ones alone.

        A key that comes twice in `rows` is an error. A merge that changes nothing commits nothing. Who has just read
        what is stored under these keys gives it, and spares the engine to look again.
        """
        table = self._keyed(name)
        data = conform(rows, table.row, name)
        if not data.num_rows:
            return Merged(0, 0, 0)
        _check_keys(data, table)
        self._check_lease()
        return self._engine.merge(table, data, stored)

    def delete(self, name: str, keys: pa.Table) -> int:
        """Delete the rows with these keys (the table's key columns); how many there were."""
        table = self._keyed(name)
        missing = [column for column in table.key if column not in keys.column_names]
        if missing:
            raise LakeError(f"The key of {name} is {', '.join(table.key)}; {', '.join(missing)} is not given")
        schema = arrow_schema(table.row)
        distinct = keys.select(list(table.key)).group_by(list(table.key)).aggregate([])
        data = distinct.cast(_plain(schema, table.key))
        self._check_lease()
        return self._engine.delete(table, data) if data.num_rows else 0

    def restore(self, name: str, version: int) -> None:
        """Bring back the rows of an older version of a table, as a new commit."""
        table = self.table(name)
        until_committed(lambda: self._engine.restore(table, version), name)

    # making and keeping

    def ensure(self) -> None:
        """Make the declared tables that are missing and add the columns that stored ones lack.

        Raises `LakeError` where some of a lake in use has gone: made anew and empty, it would belie the rest.
        """
        if self._engine.folder is not None:
            refuse_parts(self._engine.folder, self._tables, lambda: self.size(IN_USE).rows > 0)
        there = [table for table in self._tables.values() if not self._engine.create(table)]
        for name in until_committed(lambda: self._engine.missing_columns(there), "the lake"):
            self.evolve(name)

    def evolve(self, name: str) -> list[str]:
        """Add declared columns that the stored table lacks; their names. Rows that are there have null in them."""
        table = self.table(name)

        def add() -> list[str]:
            missing = self._engine.missing_columns([table]).get(name, [])
            if missing:
                self._engine.add_columns(table, missing)
            return missing

        return until_committed(add, name)

    def compact(self, most_files: int = FEW_FILES) -> list[str]:
        """Make few files of many in the tables that have more than this; their names. What a run does when it ends."""
        return [
            table.name
            for table in self._tables.values()
            if until_committed(partial(self._engine.compact, table, most_files), table.name)
        ]

    def maintain(
        self, names: Iterable[str] | None = None, retention_hours: float = SAFE_RETENTION_HOURS
    ) -> list[Maintained]:
        """Compact small files, delete files that no version of the last `retention_hours` needs, checkpoint the log.

        A shorter retention than a week takes the files from under readers at work: only with no other run.
        """
        if retention_hours < 0:
            raise LakeError(f"retention_hours is 0 or more, found {retention_hours}")
        wanted = list(self._tables) if names is None else list(names)
        return [self._maintain(self.table(name), retention_hours) for name in wanted]

    def _maintain(self, table: Table, retention_hours: float) -> Maintained:
        return until_committed(lambda: self._engine.maintain(table, retention_hours), table.name)

    # one run at a time

    @contextmanager
    def lease(
        self,
        holder: str,
        command: str,
        *,
        seconds: float = LEASE_SECONDS,
        clock: Callable[[], datetime] = _now,
        in_table: bool | None = None,
    ) -> Iterator[Lease]:
        """Hold the lake while the context is open; LeaseHeldError says who holds it instead.

        In a local folder a dead holder's lease ends with its process; elsewhere (or with `in_table`) it is a row of
        `leases` that ends `seconds` after the last renewal. Whoever lost it commits nothing any more through this lake.
        """
        period = timedelta(seconds=seconds)
        taken: AbstractContextManager[Lease]
        if self._engine.folder is not None and not in_table:
            taken = file_lease(self._engine.folder / INTERNAL, holder, command, period, clock)
        else:
            taken = table_lease(self._engine, LEASES, holder, command, period, clock)
        with taken as self._held:
            try:
                yield self._held
            finally:
                self._held = None

    def _check_lease(self) -> None:
        if self._held is not None:
            self._held.check()

    def is_held(self, *, clock: Callable[[], datetime] = _now) -> bool:
        """Whether a run that is alive holds the lake."""
        if self._engine.folder is not None:
            return file_lease_is_held(self._engine.folder / INTERNAL)
        return table_lease_is_held(self._engine, LEASES, clock())

    # rows that can wait for the next commit

    def defer(self, name: str, rows: pa.Table | Sequence[Row]) -> None:
        """Keep rows safe on disk until `flush_deferred`, so that they cost no commit now.

        Where the lake has no local folder they are appended at once.
        """
        table = self.table(name)
        data = conform(rows, table.row, name)
        if not data.num_rows:
            return
        if self._spool is None:
            self._check_lease()
            self._engine.append(table, data)
        else:
            self._spool.add(table, data)

    def deferred(self, name: str) -> pa.Table:
        """The rows of a table that are deferred."""
        table = self.table(name)
        return self._spool.rows(table) if self._spool is not None else arrow_schema(table.row).empty_table()

    def flush_deferred(self) -> None:
        """Append all deferred rows, each exactly once even where a crash comes between; nothing deferred, no commit."""
        if self._spool is not None:
            self._spool.flush(self._tables.values())

    # declarations

    def table(self, name: str) -> Table:
        """The declaration of a table."""
        try:
            return self._tables[name]
        except KeyError:
            raise LakeError(f"There is no table {name!r}; the tables are {', '.join(self._tables)}") from None

    def _keyed(self, name: str) -> Table:
        table = self.table(name)
        if table.append_only:
            raise LakeError(f"{name} has no key: rows are only appended to it")
        return table


def _check_keys(rows: pa.Table, table: Table) -> None:
    groups = rows.select(list(table.key)).group_by(list(table.key)).aggregate([([], "count_all")])
    if groups.num_rows == rows.num_rows:
        return
    twice = next(group for group in groups.to_pylist() if group["count_all"] > 1)
    key = ", ".join(f"{name} {twice[name]!r}" for name in table.key)
    raise LakeError(f"Rows for {table.name} hold a key {twice['count_all']} times: {key}. Merge one row for each key.")


def _plain(schema: pa.Schema, names: Collection[str]) -> pa.Schema:
    import pyarrow as pa

    return pa.schema([pa.field(name, schema.field(name).type) for name in names])
