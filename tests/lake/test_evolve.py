"""`ensure` and `evolve` bring the stored tables up to their declarations."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from deltalake import DeltaTable
from pydantic import Field

from tests.lake.conftest import embedded_and_spark
from tests.support.lake import call, content, cursor, versions
from worklake.errors import LakeMissingError
from worklake.lake.lake import Lake, open_lake
from worklake.lake.results import Merged
from worklake.lake.tables import TABLES, Table
from worklake.model.rows import Call, Cursor
from worklake.settings.models import LakeSettings

pytestmark = embedded_and_spark


class WiderCursor(Cursor):
    note: str | None = Field(description="A column of a later version")
    tags: list[str] = Field(description="It's a list")


class WiderCall(Call):
    note: str | None = Field(description="A column of a later version")


NARROW = {name: TABLES[name] for name in ("cursors", "calls")}
WIDE: Mapping[str, Table] = {
    "cursors": replace(TABLES["cursors"], row=WiderCursor),
    "calls": replace(TABLES["calls"], row=WiderCall),
}


def declared(lake: Lake, tables: Mapping[str, Table]) -> Lake:
    lake._tables = tables
    return lake


def test_ensure_makes_the_missing_tables_empty(opened: Callable[[], Lake]) -> None:
    lake = declared(opened(), NARROW)
    lake.ensure()
    assert content(lake, "cursors") == content(lake, "calls") == []
    assert lake.read("cursors").columns == list(Cursor.model_fields)


def test_ensure_commits_nothing_when_all_is_there(opened: Callable[[], Lake]) -> None:
    lake = declared(opened(), NARROW)
    lake.ensure()
    lake.ensure()
    declared(opened(), NARROW).ensure()
    assert [versions(lake, name) for name in NARROW] == [[0], [0]]


def test_evolve_adds_the_columns_that_a_merged_table_lacks(opened: Callable[[], Lake]) -> None:
    lake = declared(opened(), NARROW)
    lake.ensure()
    lake.merge("cursors", [cursor("linear", 1), cursor("gitlab", 2)])
    lake.merge("cursors", [cursor("linear", 2)])
    assert content(lake, "cursors")
    declared(lake, WIDE)
    assert lake.evolve("cursors") == ["note", "tags"]
    assert [(row["source"], row["batch"], row["note"], row["tags"]) for row in content(lake, "cursors")] == [
        ("gitlab", 2, None, None),
        ("linear", 2, None, None),
    ]
    wide = WiderCursor(**cursor("linear", 2).model_dump(), note="n", tags=["t"])
    assert lake.merge("cursors", [wide]) == Merged(0, 1, 0)
    assert lake.merge("cursors", [wide]) == Merged(0, 0, 1)
    assert lake.evolve("cursors") == []


def test_evolve_adds_the_columns_that_an_append_only_table_lacks(opened: Callable[[], Lake]) -> None:
    lake = declared(opened(), NARROW)
    lake.ensure()
    lake.append("calls", [call(1)])
    declared(lake, WIDE).ensure()
    lake.append("calls", [WiderCall(**call(2).model_dump(), note="n")])
    assert [row["note"] for row in content(lake, "calls")] in ([None, "n"], ["n", None])


def test_an_older_version_writes_beside_newer_columns(opened: Callable[[], Lake]) -> None:
    lake = declared(opened(), NARROW)
    lake.ensure()
    declared(lake, WIDE).ensure()
    declared(lake, NARROW)
    lake.append("calls", [call(1)])
    assert lake.merge("cursors", [cursor("linear", 1)]) == Merged(1, 0, 0)
    assert lake.merge("cursors", [cursor("linear", 2)]) == Merged(0, 1, 0)
    assert [row["note"] for row in content(lake, "calls") + content(lake, "cursors")] == [None, None]


class RewordedCursor(Cursor):
    batch: int = Field(description="The same column, said in other words")


class WiderRewordedCursor(RewordedCursor):
    note: str | None = Field(description="A column of a later version")


@pytest.mark.parametrize("row", [RewordedCursor, WiderRewordedCursor])
def test_a_comment_that_was_reworded_hinders_nothing(opened: Callable[[], Lake], row: type[Cursor]) -> None:
    lake = declared(opened(), {"cursors": replace(TABLES["cursors"], row=row)})
    lake.ensure()
    declared(lake, NARROW)
    assert lake.merge("cursors", [cursor("linear", 1)]) == Merged(1, 0, 0)
    assert lake.merge("cursors", [cursor("linear", 2), cursor("gitlab", 1)]) == Merged(1, 1, 0)


def test_comments_of_columns_are_stored(opened: Callable[[], Lake], tmp_path: Path) -> None:
    lake = declared(opened(), NARROW)
    lake.ensure()
    declared(lake, WIDE).ensure()
    fields = {
        field.name: field.metadata["comment"] for field in DeltaTable(tmp_path / "lake" / "cursors").schema().fields
    }
    assert fields == {name: field.description for name, field in WiderCursor.model_fields.items()}


def test_a_lake_that_is_not_there_is_missing(engine: Callable[[Path], LakeSettings], tmp_path: Path) -> None:
    with pytest.raises(LakeMissingError, match="There is no lake yet at"):
        open_lake(engine(tmp_path), tmp_path)
