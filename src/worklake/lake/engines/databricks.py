"""The Databricks engine: the session that the notebook or job already has, tables in Unity Catalog."""

from __future__ import annotations

import importlib.util
from typing import TYPE_CHECKING

from worklake.errors import LakeError
from worklake.lake.engines.sql import SqlEngine
from worklake.lake.names import literal, quote
from worklake.lake.tables import Table

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


class DatabricksEngine(SqlEngine):
    """Tables `catalog.schema.name`, managed by Unity Catalog: no locations."""

    clusters = True

    def __init__(self, catalog: str, schema: str, session: SparkSession | None = None) -> None:
        self._catalog = catalog
        self._schema = schema
        self._session = session

    @property
    def session(self) -> SparkSession:
        """The running session, or one through databricks-connect."""
        if self._session is None:
            self._session = running_session()
        return self._session

    def reference(self, table: Table) -> str:
        """The three-level name."""
        return quote(self._catalog, self._schema, table.name)

    def exists(self) -> bool:
        """Whether the schema is there."""
        found = self.rows(f"SHOW SCHEMAS IN {quote(self._catalog)} LIKE {literal(self._schema)}")
        return bool(found)

    def stored(self, table: Table) -> bool:
        """Whether the table is there."""
        return bool(self.rows(f"SHOW TABLES IN {quote(self._catalog, self._schema)} LIKE {literal(table.name)}"))

    def create(self, table: Table) -> bool:
        """Make the table, and the schema before it, where they are missing."""
        if not self.exists():
            self.rows(f"CREATE SCHEMA IF NOT EXISTS {quote(self._catalog, self._schema)}")
        return super().create(table)

    def close(self) -> None:
        """Leave the session to whoever started it."""


def running_session() -> SparkSession:
    """The active session; else databricks-connect's, where it is installed."""
    if importlib.util.find_spec("pyspark") is not None:
        from pyspark.sql import SparkSession

        active = SparkSession.getActiveSession()
        if active is not None:
            return active
    if (
        importlib.util.find_spec("databricks") is not None
        and importlib.util.find_spec("databricks.connect") is not None
    ):
        connect = importlib.import_module("databricks.connect")
        session: SparkSession = connect.DatabricksSession.builder.getOrCreate()
        return session
    raise LakeError(
        "lake.engine is databricks, but no session runs here and databricks-connect is not installed. Run in a "
        "Databricks notebook or job, or: pip install databricks-connect"
    )
