"""What Spark and Databricks have in common: every verb as SQL, through the one method `run`."""

# ruff: noqa: S608  every identifier in the SQL below went through quote()

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from worklake.errors import LakeError
from worklake.lake.engines.base import Once
from worklake.lake.names import literal, quote
from worklake.lake.results import Commit, Maintained, Merged, Size
from worklake.lake.retry import is_conflict, until_committed
from worklake.lake.schema import arrow_schema, as_utc, lacking, sql_type
from worklake.lake.tables import Table

if TYPE_CHECKING:
    import pyarrow as pa
    from pyspark.sql import DataFrame, Row, SparkSession


def tell_errors_once() -> None:
    """Keep PySpark from writing to stderr, with Java's stack, what its exceptions say anyway."""
    with suppress(ImportError):  # Spark 3.5 wrote nothing
        from pyspark.logger import PySparkLogger

        PySparkLogger.getLogger("SQLQueryContextLogger").disabled = True


class SqlEngine(ABC):
    """An engine that speaks Delta SQL. A subclass says how tables are named, made and found."""

    clusters = False
    """Whether CLUSTER BY is applied."""

    @property
    @abstractmethod
    def session(self) -> SparkSession:
        """The session that runs the SQL."""

    @property
    def folder(self) -> Path | None:
        """The local folder of the lake, where it has one."""
        return None

    @property
    def binds_parameters(self) -> bool:
        """Whether the session puts values in the place of :name."""
        return True

    @abstractmethod
    def reference(self, table: Table) -> str:
        """The table's quoted name."""

    @abstractmethod
    def stored(self, table: Table) -> bool:
        """Whether the table is there."""

    def run(self, query: str, args: Mapping[str, Any] | None = None, **frames: DataFrame) -> DataFrame:
        """The one place where this engine's SQL leaves."""
        return self.session.sql(query, args=dict(args) if args else None, **frames)

    def rows(self, query: str, **frames: DataFrame) -> list[Row]:
        """The rows of a result."""
        return self.run(query, None, **frames).collect()

    def create(self, table: Table) -> bool:
        """Make the table where it is missing."""
        if self.stored(table):
            return False
        self.rows(self.create_statement(table))
        return True

    def create_statement(self, table: Table) -> str:
        """The DDL of a table as it is declared."""
        columns = ",\n  ".join(
            f"{quote(field.name)} {sql_type(field.type)}{'' if field.nullable else ' NOT NULL'}{_comment(field)}"
            for field in arrow_schema(table.row)
        )
        cluster = (
            f"\nCLUSTER BY ({', '.join(map(quote, table.cluster_by))})" if self.clusters and table.cluster_by else ""
        )
        properties = "" if table.append_only else "\nTBLPROPERTIES ('delta.enableDeletionVectors' = 'true')"
        return (
            f"CREATE TABLE IF NOT EXISTS {self.reference(table)} (\n  {columns}\n) USING DELTA{cluster}"
            f"\nCOMMENT {literal(table.comment)}{properties}"
        )

    def missing_columns(self, tables: Sequence[Table]) -> dict[str, list[str]]:
        """Declared columns that stored tables lack, found out by one question about all of them."""
        if not tables:
            return {}
        each = ", ".join(f"struct(table_{n}.*) AS {quote(table.name)}" for n, table in enumerate(tables))
        places = ", ".join(f"{self.reference(table)} AS table_{n}" for n, table in enumerate(tables))
        found: Any = self.run(f"SELECT {each} FROM {places} LIMIT 0").schema
        return lacking(tables, {table.name: found[table.name].dataType.names for table in tables})

    def add_columns(self, table: Table, names: list[str]) -> None:
        """Add declared columns, nullable since the rows that are there have no value."""
        schema = arrow_schema(table.row)
        columns = ", ".join(
            f"{quote(name)} {sql_type(schema.field(name).type)}{_comment(schema.field(name))}" for name in names
        )
        self.rows(f"ALTER TABLE {self.reference(table)} ADD COLUMNS ({columns})")

    def frame(self, data: pa.Table) -> DataFrame:
        """Local data as a DataFrame; PySpark itself sends large data in parts."""
        return self.session.createDataFrame(data)

    def answer(self, query: str, args: Mapping[str, Any] | None = None, **frames: DataFrame) -> pa.Table:
        """The rows of a query."""
        return self.run(query, args, **frames).toArrow()

    def scan(self, table: Table, columns: list[str], source: str, after: int, through: int) -> pa.Table:
        """Read by the session."""
        query = (
            f"SELECT {', '.join(map(quote, columns))} FROM {self.reference(table)} "
            f"WHERE source = {literal(source)} AND batch > {after:d} AND batch <= {through:d}"
        )
        return self.answer(query)

    def append(self, table: Table, rows: pa.Table, once: Once | None = None) -> None:
        """Add rows in one commit."""
        if once is not None:
            raise LakeError(f"Rows of {table.name} cannot be appended once only on this engine")
        columns = ", ".join(map(quote, rows.column_names))
        statement = f"INSERT INTO {self.reference(table)} ({columns}) SELECT {columns} FROM {{rows}}"
        frame = self.frame(rows)
        until_committed(lambda: self.rows(statement, rows=frame), table.name)

    def last_mark(self, table: Table, writer: str) -> int:
        """The highest number that this writer's marked appends have in the table: 0, as none are made."""
        return 0

    def merge(self, table: Table, rows: pa.Table, stored: Sequence[Mapping[str, Any]] | None = None) -> Merged:
        """Insert or update rows in one MERGE that leaves equal rows alone; what is stored is compared there."""
        frame = self.frame(rows)
        result = until_committed(lambda: self.rows(self.merge_statement(table, rows.column_names), s=frame), table.name)
        inserted, updated = int(result[0]["num_inserted_rows"]), int(result[0]["num_updated_rows"])
        return Merged(inserted, updated, rows.num_rows - inserted - updated)

    def merge_statement(self, table: Table, columns: list[str]) -> str:
        """The MERGE of rows named {s} into a table."""
        others = [quote(name) for name in columns if name not in table.key]
        differs = " OR ".join(f"NOT (t.{name} <=> s.{name})" for name in others)
        assign = ", ".join(f"t.{name} = s.{name}" for name in others)
        update = f"WHEN MATCHED AND ({differs}) THEN UPDATE SET {assign}\n" if others else ""
        names = ", ".join(map(quote, columns))
        values = ", ".join(f"s.{quote(name)}" for name in columns)
        return (
            f"MERGE INTO {self.reference(table)} t USING {{s}} s ON {_same_key(table)}\n"
            f"{update}WHEN NOT MATCHED THEN INSERT ({names}) VALUES ({values})"
        )

    def delete(self, table: Table, keys: pa.Table) -> int:
        """Delete the rows with these keys; their number."""
        statement = (
            f"MERGE INTO {self.reference(table)} t USING {{s}} s ON {_same_key(table)}\nWHEN MATCHED THEN DELETE"
        )
        result = until_committed(partial(self.rows, statement, s=self.frame(keys)), table.name)
        return int(result[0]["num_deleted_rows"])

    def history(self, table: Table, limit: int | None) -> list[Commit]:
        """The commits of the table, newest first."""
        last = f" LIMIT {limit:d}" if limit is not None else ""
        return [_commit(row) for row in self.rows(f"DESCRIBE HISTORY {self.reference(table)}{last}")]

    def restore(self, table: Table, version: int) -> None:
        """Bring back the rows of an older version, as a new commit."""
        newest = self.history(table, 1)[0].version
        if not 0 <= version <= newest:
            raise LakeError(f"{table.name} has versions 0 to {newest}, found {version}; see its history")
        if version == newest:
            return
        from pyspark.errors import PySparkException

        try:
            self.rows(f"RESTORE TABLE {self.reference(table)} TO VERSION AS OF {version:d}")
        except PySparkException as error:
            if is_conflict(error):
                raise
            raise LakeError(f"{table.name} cannot be restored to version {version}: {error}") from error

    def compact(self, table: Table, most_files: int) -> bool:
        """Nothing: clusters optimize by themselves, or with `maintain`."""
        return False

    def maintain(self, table: Table, retention_hours: float) -> Maintained:
        """Compact and vacuum; Delta checkpoints the log by itself."""
        before = self._files(table)
        self.rows(f"OPTIMIZE {self.reference(table)}")
        self.vacuum(table, retention_hours)
        deleted = next(
            (int(c.metrics.get("numDeletedFiles", 0)) for c in self.history(table, 2) if c.operation == "VACUUM END"), 0
        )
        return Maintained(table.name, before, self._files(table), deleted)

    def vacuum(self, table: Table, retention_hours: float) -> None:
        """Delete the files that no version within the retention needs."""
        self.rows(f"VACUUM {self.reference(table)} RETAIN {retention_hours:g} HOURS")

    def _files(self, table: Table) -> int:
        return int(self.rows(f"DESCRIBE DETAIL {self.reference(table)}")[0]["numFiles"])

    def size(self, table: Table) -> Size:
        """Rows, bytes and files of the current version."""
        rows = self.rows(f"SELECT count(*) AS n FROM {self.reference(table)}")[0]["n"]
        detail = self.rows(f"DESCRIBE DETAIL {self.reference(table)}")[0]
        return Size(int(rows), int(detail["sizeInBytes"]), int(detail["numFiles"]))

    @abstractmethod
    def close(self) -> None:
        """Let go of what the engine started."""


def _commit(row: Mapping[str, Any] | Row) -> Commit:
    metrics = row["operationMetrics"] or {}
    return Commit(
        version=int(row["version"]),
        at=as_utc(row["timestamp"]),
        operation=row["operation"],
        metrics={key: int(value) for key, value in metrics.items() if str(value).lstrip("-").isdigit()},
    )


def _comment(field: pa.Field) -> str:
    comment = (field.metadata or {}).get(b"comment")
    return f" COMMENT {literal(comment.decode())}" if comment else ""


def _same_key(table: Table) -> str:
    return " AND ".join(f"t.{quote(name)} = s.{quote(name)}" for name in table.key)
