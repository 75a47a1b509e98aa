"""Row models become columns."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from pathlib import Path

import pyarrow as pa
import pytest
from pydantic import Field

from tests.support.lake import task
from worklake.errors import LakeError
from worklake.lake.docs import tables_markdown
from worklake.lake.schema import arrow_schema, conform, sql_type, to_arrow
from worklake.model.rows import Row, Task


class Word(StrEnum):
    ONE = "one"


class Every(Row):
    text: str = Field(description="A text")
    word: Word
    whole: int
    real: float
    flag: bool
    day: date
    at: datetime
    texts: list[str]
    maybe: datetime | None
    maybe_word: Word | None


def test_every_annotation_has_its_type() -> None:
    schema = arrow_schema(Every)
    time = pa.timestamp("us", "UTC")
    assert schema.types == [
        pa.string(), pa.string(), pa.int64(), pa.float64(), pa.bool_(), pa.date32(), time, pa.list_(pa.string()),
        time, pa.string(),
    ]  # fmt: skip
    assert [field.name for field in schema if field.nullable] == ["maybe", "maybe_word"]
    assert schema.field("text").metadata == {b"comment": b"A text"}


def test_every_type_has_a_name_in_sql() -> None:
    names = [sql_type(kind) for kind in arrow_schema(Every).types]
    assert names == [
        "STRING", "STRING", "BIGINT", "DOUBLE", "BOOLEAN", "DATE", "TIMESTAMP", "ARRAY<STRING>", "TIMESTAMP", "STRING",
    ]  # fmt: skip


def test_an_annotation_without_a_column_type_is_refused() -> None:
    class Odd(Row):
        value: dict[str, str]

    with pytest.raises(TypeError, match="no column type"):
        arrow_schema(Odd)


def test_no_rows_and_no_model_cannot_be_a_table() -> None:
    with pytest.raises(LakeError, match="pass the row model"):
        to_arrow([])
    assert to_arrow([], Task).num_rows == 0


def test_a_value_of_the_wrong_type_is_refused_with_its_column() -> None:
    rows = to_arrow([task(1)])
    rows = rows.set_column(1, "title", pa.array([[1]], pa.list_(pa.int64())))
    with pytest.raises(LakeError, match="Column title of tasks is string"):
        conform(rows, Task, "tasks")


def test_the_page_about_the_tables_is_up_to_date() -> None:
    page = Path(__file__).parents[2] / "docs" / "tables.md"
    assert page.read_text() == tables_markdown(), "run: python -m worklake.lake.docs > docs/tables.md"
