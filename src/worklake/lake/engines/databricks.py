"""The Databricks engine: the session that the notebook or job already has, tables in Unity Catalog."""

from __future__ import annotations

import importlib.util
import os
from typing import TYPE_CHECKING

from worklake.errors import LakeError
from worklake.lake.engines.sql import SqlEngine, tell_errors_once
from worklake.lake.names import literal, quote
from worklake.lake.tables import TABLES, Table

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


class DatabricksEngine(SqlEngine):
    """Tables `catalog.schema.name`, managed by Unity Catalog: no locations."""

    clusters = True

    def __init__(self, catalog: str, schema: str, session: SparkSession | None = None) -> None:
        self._catalog = catalog
        self._schema = schema
        self._session = session
        self._schema_seen = False
        self._there: set[str] = set()

    @property
    def session(self) -> SparkSession:
        """The running session, or one through databricks-connect."""
        if self._session is None:
            tell_errors_once()
            self._session = running_session()
        return self._session

    def reference(self, table: Table) -> str:
        """The three-level name."""
        return quote(self._catalog, self._schema, table.name)

    def exists(self) -> bool:
        """Whether the schema has one of the lake's tables: one that was made beforehand is still empty."""
        return self._has_schema() and not self._listed().isdisjoint(TABLES)

    def stored(self, table: Table) -> bool:
        """Whether the table is there. One list tells it of them all: each run asks for every table."""
        return table.name in self._there or table.name in self._listed()

    def _listed(self) -> set[str]:
        self._there = {row["tableName"] for row in self.rows(f"SHOW TABLES IN {self._in}")}
        return self._there

    def create(self, table: Table) -> bool:
        """Make the table, and the schema before it, where they are missing."""
        if not self._schema_seen and not self._has_schema():
            self.rows(f"CREATE SCHEMA IF NOT EXISTS {self._in}")
        self._schema_seen = True
        return super().create(table)

    @property
    def _in(self) -> str:
        return quote(self._catalog, self._schema)

    def _has_schema(self) -> bool:
        return bool(self.rows(f"SHOW SCHEMAS IN {quote(self._catalog)} LIKE {literal(self._schema)}"))

    def close(self) -> None:
        """Leave the session to whoever started it."""


def running_session() -> SparkSession:
    """The active session; else databricks-connect's, where it is installed, which is also how serverless has one; else
    the cluster's.
    """
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
    if "DATABRICKS_RUNTIME_VERSION" in os.environ:
        from pyspark.sql import SparkSession

        return SparkSession.builder.getOrCreate()
    raise LakeError(
        "lake.engine is databricks, but no session runs here and databricks-connect is not installed. Run in a "
        "Databricks notebook or job, or: pip install databricks-connect"
    )
