"""The Spark engine: Apache Spark with Delta Lake, in this process or through a Connect server."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from worklake.errors import SettingsError
from worklake.lake.engines import delta_files
from worklake.lake.engines.base import Once
from worklake.lake.engines.connect import answer_at_once
from worklake.lake.engines.open_tables import let_go
from worklake.lake.engines.sql import SqlEngine, tell_errors_once
from worklake.lake.names import quote
from worklake.lake.retry import until_committed
from worklake.lake.tables import TABLES, Table

if TYPE_CHECKING:
    import pyarrow as pa
    from pyspark.sql import DataFrame, SparkSession

DELTA_PACKAGE = "io.delta:delta-spark_4.1_2.13:4.4.0"
"""Delta Lake for Spark 4.1, which Spark fetches from Maven Central; the Python package holds no jars."""

SESSION_CONFIG = {
    "spark.sql.extensions": "io.delta.sql.DeltaSparkSessionExtension",
    "spark.sql.catalog.spark_catalog": "org.apache.spark.sql.delta.catalog.DeltaCatalog",
    "spark.sql.catalogImplementation": "in-memory",
    "spark.sql.session.timeZone": "UTC",
    # Delta 4.4's parser does not know how Spark 4.1 fills in parameters; this binds them as Spark 4.0 did.
    "spark.sql.legacy.parameterSubstitution.constantsOnly": "true",
    "spark.sql.shuffle.partitions": "2",
    "spark.databricks.delta.snapshotPartitions": "2",
    # A vacuum lists files in so many tasks; Spark's own default is 10,000.
    "spark.sql.sources.parallelPartitionDiscovery.parallelism": "4",
    "spark.databricks.delta.retentionDurationCheck.enabled": "false",
    "spark.driver.memory": "2g",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
}
"""A small local session. The lake itself guards the retention of a vacuum."""


NOT_THERE = (
    "PATH_NOT_FOUND",
    "PATH_DOES_NOT_EXIST",
    "TABLE_OR_VIEW_NOT_FOUND",
    "DELTA_MISSING_DELTA_TABLE",
    "DELTA_TABLE_NOT_FOUND",
    "CANNOT_RESOLVE_STAR_EXPAND",
)
"""How Spark says that a path holds no table: the last of these where it takes the path for one without columns."""


class SparkEngine(SqlEngine):
    """Delta tables below a path, local or of an object store, one folder each."""

    def __init__(self, path: str, remote: str | None = None) -> None:
        self._root = path.rstrip("/")
        self._remote = remote
        self._session: SparkSession | None = None
        self._owns_session = False
        self._there: frozenset[str] | None = None

    @property
    def folder(self) -> Path | None:
        """The local folder, where the path is one and Spark runs on this machine."""
        return None if self._remote or "://" in self._root else Path(self._root)

    @property
    def session(self) -> SparkSession:
        """The active session where there is one, else a new one."""
        if self._session is None:
            tell_errors_once()
            self._session, self._owns_session = _remote(self._remote) if self._remote else _classic()
        return self._session

    def reference(self, table: Table) -> str:
        """The table by its place: the session's catalog knows nothing of it."""
        return f"delta.{quote(f'{self._root}/{table.name}')}"

    def exists(self) -> bool:
        """Whether there are tables; a remote place is asked through Spark."""
        if self.folder is not None:
            return self.folder.is_dir() and any(delta_files.is_table(path) for path in self.folder.iterdir())
        return any(self.stored(table) for table in TABLES.values())

    def stored(self, table: Table) -> bool:
        """Whether the table is there."""
        if self.folder is not None:
            return delta_files.is_table(self.folder / table.name)
        if self._there is None:  # each run asks for every table: one question tells of them all
            self._there = frozenset(TABLES if self._can_be_read(*TABLES.values()) else ())
        return table.name in self._there or self._can_be_read(table)

    def _can_be_read(self, *tables: Table) -> bool:
        """Whether all of these are there."""
        from pyspark.errors import AnalysisException

        try:
            self.missing_columns(tables)
        except AnalysisException as error:
            if any(word in str(error) for word in NOT_THERE):
                return False
            raise
        return True

    @property
    def binds_parameters(self) -> bool:
        """Not through Connect: there Delta 4.4 leaves the parameters of Spark 4.1 unbound."""
        return self._remote is None

    def answer(self, query: str, args: Mapping[str, Any] | None = None, **frames: DataFrame) -> pa.Table:
        """The rows of a query."""
        if self._remote is None:
            return super().answer(query, args, **frames)
        return answer_at_once(self.session, query, args, **frames)

    def append(self, table: Table, rows: pa.Table, once: Once | None = None) -> None:
        """Add rows in one commit; one that carries a mark takes effect once."""
        if once is None:
            super().append(table, rows)
            return
        frame = self.frame(rows)
        until_committed(lambda: self._append_once(table, frame, once), table.name)

    def _append_once(self, table: Table, frame: DataFrame, once: Once) -> None:
        marked = frame.write.format("delta").mode("append").option("mergeSchema", "true")
        marked.option("txnAppId", once.writer).option("txnVersion", once.number).save(f"{self._root}/{table.name}")

    def last_mark(self, table: Table, writer: str) -> int:
        """The highest number that this writer's marked appends have in the table."""
        return delta_files.last_mark(self.folder / table.name, writer) if self.folder is not None else 0

    def close(self) -> None:
        """Stop the session, where this engine started it."""
        if self._session is not None and self._owns_session:
            self._session.stop()
        self._session = None
        if self.folder is not None:
            let_go(self.folder)


def _remote(address: str) -> tuple[SparkSession, bool]:
    from pyspark.sql import SparkSession

    active = SparkSession.getActiveSession()
    if active is not None:
        return active, False
    session = SparkSession.builder.remote(address).getOrCreate()
    for key in ("spark.sql.session.timeZone", "spark.databricks.delta.retentionDurationCheck.enabled"):
        session.conf.set(key, SESSION_CONFIG[key])
    return session, True


def _classic() -> tuple[SparkSession, bool]:
    check_installed()
    from pyspark.sql import SparkSession

    active = SparkSession.getActiveSession()
    if active is not None:
        return active, False
    builder = SparkSession.builder.master("local[*]").appName("worklake")
    for key, value in {**SESSION_CONFIG, "spark.jars.packages": DELTA_PACKAGE}.items():
        builder = builder.config(key, value)
    return builder.getOrCreate(), True


def check_installed() -> None:
    """Raise SettingsError where Java or the full PySpark is missing."""
    try:
        import pyspark
    except ImportError as error:
        raise _not_installed("PySpark is not installed") from error
    if not (Path(pyspark.__file__).parent / "jars").is_dir() and "SPARK_HOME" not in os.environ:
        raise _not_installed("only the slim pyspark-client is installed, which has no Spark in it")
    java_home = os.environ.get("JAVA_HOME")
    if not (java_home and (Path(java_home) / "bin" / "java").exists()) and shutil.which("java") is None:
        raise SettingsError("lake.engine is spark, but there is no Java: install Java 17 or set JAVA_HOME")


def _not_installed(what: str) -> SettingsError:
    return SettingsError(
        f"lake.engine is spark, but {what}: pip install 'worklake[spark]' in an environment of its own (it cannot "
        "share one with worklake[local]), or set lake.remote to a Connect server"
    )
