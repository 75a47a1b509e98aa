"""What every engine does for the lake."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

if TYPE_CHECKING:
    import pyarrow as pa
    from pyspark.sql import DataFrame, SparkSession

    from worklake.lake.results import Commit, Maintained, Merged, Size
    from worklake.lake.tables import Table


class Once(NamedTuple):
    """The mark of a batch: an append that carries it takes effect once, however often it is repeated."""

    writer: str
    number: int


class Engine(Protocol):
    """One place where tables live, and the session that computes over them.

    Rows arrive conformed to the table's declared columns, merged ones with no key twice. A write that loses against
    another writer is tried again, and raises CommitConflictError in the end.
    """

    @property
    def folder(self) -> Path | None:
        """The local folder of the lake, where it has one."""

    @property
    def session(self) -> SparkSession:
        """The session, started at the first use."""

    @property
    def binds_parameters(self) -> bool:
        """Whether the session puts values in the place of :name; else they stand in the query as literals."""

    def exists(self) -> bool:
        """Whether there is a lake."""

    def create(self, table: Table) -> bool:
        """Make the table where it is missing; True when it was."""

    def missing_columns(self, tables: Sequence[Table]) -> dict[str, list[str]]:
        """Declared columns that stored tables lack, by the names of those tables that lack any."""

    def add_columns(self, table: Table, names: list[str]) -> None:
        """Add declared columns, nullable, to the stored table."""

    def reference(self, table: Table) -> str:
        """The table's quoted name in this session's SQL."""

    def frame(self, data: pa.Table) -> DataFrame:
        """Local data as a DataFrame."""

    def answer(self, query: str, args: Mapping[str, Any] | None = None, **frames: DataFrame) -> pa.Table:
        """The rows of a query, `args` in the place of :name, `frames` in that of {name}."""

    def scan(self, table: Table, columns: list[str], source: str, after: int, through: int) -> pa.Table:
        """These columns of an append-only table's rows of one source, with `batch` after one and through another."""

    def append(self, table: Table, rows: pa.Table, once: Once | None = None) -> None:
        """Add rows in one commit."""

    def last_mark(self, table: Table, writer: str) -> int:
        """The highest number that this writer's marked appends have in the table; 0 where there is none."""

    def merge(self, table: Table, rows: pa.Table, stored: Sequence[Mapping[str, Any]] | None = None) -> Merged:
        """Insert or update rows by the table's key; `stored` is what the caller has just read under these keys."""

    def delete(self, table: Table, keys: pa.Table) -> int:
        """Delete the rows with these keys; their number."""

    def history(self, table: Table, limit: int | None) -> list[Commit]:
        """The commits of the table, newest first."""

    def restore(self, table: Table, version: int) -> None:
        """Bring back the rows of an older version, as a new commit."""

    def compact(self, table: Table, most_files: int) -> bool:
        """Make few files of more than this many, where nobody else sees to it; whether it did."""

    def maintain(self, table: Table, retention_hours: float) -> Maintained:
        """Compact small files, delete files that no version within the retention needs, checkpoint the log."""

    def size(self, table: Table) -> Size:
        """Rows, bytes and files of the current version."""

    def close(self) -> None:
        """Let go of the session, where it is ours."""
