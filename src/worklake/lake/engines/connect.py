"""Spark Connect in fewer round trips than its public interface takes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    import pyarrow as pa
    from pyspark.sql import DataFrame, SparkSession


def answer_at_once(
    session: SparkSession, query: str, args: Mapping[str, Any] | None = None, **frames: DataFrame
) -> pa.Table:
    """The rows of a query in one question, in which the server plans it once.

    `session.sql` asks first, lest it be a command, and `toArrow` for the schema once more. A query over local data does
    take the first of these questions.
    """
    from pyspark.sql.connect.dataframe import DataFrame as ConnectFrame
    from pyspark.sql.connect.functions import lit
    from pyspark.sql.connect.plan import SQL
    from pyspark.sql.pandas.types import to_arrow_schema

    if frames:
        asked: Any = session.sql(query, args=dict(args) if args else None, **frames)
    else:
        named = {name: lit(value) for name, value in (args or {}).items()}
        asked = ConnectFrame(SQL(query, [], named, []), cast(Any, session))
    found, schema = asked._to_table()
    rows: pa.Table = found.cast(to_arrow_schema(schema, error_on_duplicated_field_names_in_struct=True))
    return rows
