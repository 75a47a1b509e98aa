"""The Databricks engine: names and SQL, recorded where they leave; what the SQL does is proved on Spark."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql.types import StringType, StructField, StructType

from tests.support.lake import cursor
from worklake.errors import LakeMissingError
from worklake.lake.lake import Lake, open_lake
from worklake.lake.results import Merged
from worklake.lake.tables import TABLES
from worklake.settings.models import DatabricksLake


@dataclass
class Result:
    """A result with fixed rows, or with structs of these columns."""

    rows: list[dict[str, Any]]
    columns: dict[str, list[str]] = field(default_factory=dict)

    def collect(self) -> list[dict[str, Any]]:
        return self.rows

    @property
    def schema(self) -> StructType:
        found = StructType()
        for name, columns in self.columns.items():
            found = found.add(name, StructType([StructField(column, StringType()) for column in columns]))
        return found


@dataclass
class RecordingSession:
    """Stands for the one port where SQL leaves; answers by what a statement starts with."""

    answers: dict[str, Result] = field(default_factory=dict)
    statements: list[str] = field(default_factory=list)

    def sql(self, query: str, args: Any = None, **frames: Any) -> Result:
        self.statements.append(query)
        return next((answer for start, answer in self.answers.items() if query.startswith(start)), Result([]))

    def createDataFrame(self, data: Any) -> object:
        return object()


SETTINGS = DatabricksLake(engine="databricks", catalog="team-x", schema="work`lake")
NAME = "`team-x`.`work``lake`"
THERE = {
    "SHOW SCHEMAS": Result([{}]),
    f"SHOW TABLES IN {NAME}": Result([{"tableName": "runs"}]),
}


@pytest.fixture
def opened(tmp_path: Path) -> Callable[..., tuple[Lake, RecordingSession]]:
    def begin(answers: dict[str, Result] | None = None) -> tuple[Lake, RecordingSession]:
        session = RecordingSession({**(answers or {}), **THERE})
        tables = {name: TABLES[name] for name in ("tasks", "cursors", "calls")}
        lake = open_lake(SETTINGS, tmp_path, session=session, tables=tables)  # type: ignore[arg-type]
        session.statements.clear()
        return lake, session

    return begin


def test_a_missing_schema_is_a_missing_lake(tmp_path: Path) -> None:
    with pytest.raises(LakeMissingError, match=r"no lake yet at team-x\.work`lake"):
        open_lake(SETTINGS, tmp_path, session=RecordingSession())  # type: ignore[arg-type]


def test_a_schema_without_our_tables_is_a_missing_lake(tmp_path: Path) -> None:
    session = RecordingSession({**THERE, f"SHOW TABLES IN {NAME}": Result([{"tableName": "somebody_elses"}])})
    with pytest.raises(LakeMissingError, match=r"no lake yet at team-x\.work`lake"):
        open_lake(SETTINGS, tmp_path, session=session)  # type: ignore[arg-type]


def test_the_schema_is_made_once_where_it_is_missing(tmp_path: Path) -> None:
    session = RecordingSession()
    tables = {name: TABLES[name] for name in ("tasks", "cursors")}
    with open_lake(SETTINGS, tmp_path, create=True, session=session, tables=tables) as lake:  # type: ignore[arg-type]
        lake.ensure()
    assert session.statements.count(f"CREATE SCHEMA IF NOT EXISTS {NAME}") == 1
    assert len([one for one in session.statements if one.startswith("SHOW SCHEMAS")]) == 1


def test_one_list_tells_of_all_tables_that_are_there(tmp_path: Path) -> None:
    tables = {name: TABLES[name] for name in ("tasks", "cursors")}
    columns = {name: list(TABLES[name].row.model_fields) for name in tables}
    asked = "SELECT struct(table_0.*) AS `tasks`, struct(table_1.*) AS `cursors` FROM"
    listed = {f"SHOW TABLES IN {NAME}": Result([{"tableName": name} for name in tables])}
    session = RecordingSession({**THERE, **listed, asked: Result([], columns)})
    with open_lake(SETTINGS, tmp_path, session=session, tables=tables) as lake:  # type: ignore[arg-type]
        lake.ensure()
    assert [one.split()[0] for one in session.statements] == ["SHOW", "SHOW", "SHOW", "SELECT"]


def test_tables_are_made_by_name_clustered_and_without_a_location(
    opened: Callable[..., tuple[Lake, RecordingSession]],
) -> None:
    lake, session = opened()
    lake.ensure()
    made = [statement for statement in session.statements if statement.startswith("CREATE TABLE")]
    assert [statement.splitlines()[0] for statement in made] == [
        f"CREATE TABLE IF NOT EXISTS {NAME}.`{name}` (" for name in ("tasks", "cursors", "calls")
    ]
    assert "  `task_id` STRING NOT NULL COMMENT 'Worklake\\'s id of the task'," in made[0]
    assert "  `labels` ARRAY<STRING> NOT NULL COMMENT" in made[0]
    assert "\nCLUSTER BY (`task_id`)\n" in made[0]
    assert "TBLPROPERTIES ('delta.enableDeletionVectors' = 'true')" in made[0]
    assert "CLUSTER BY" not in made[1]
    assert "TBLPROPERTIES" not in made[2]
    assert not any("LOCATION" in statement for statement in made)


def test_a_table_that_is_there_is_only_given_what_it_lacks(
    opened: Callable[..., tuple[Lake, RecordingSession]],
) -> None:
    columns = [name for name in TABLES["cursors"].row.model_fields if name != "batch"]
    lake, session = opened({"SELECT struct(table_0.*) AS `cursors`": Result([], {"cursors": columns})})
    assert lake.evolve("cursors") == ["batch"]
    assert session.statements[-1] == (
        f"ALTER TABLE {NAME}.`cursors` ADD COLUMNS "
        "(`batch` BIGINT COMMENT 'The last commit of records that this stage has done with')"
    )


def test_a_merge_is_one_statement_that_leaves_equal_rows_alone(
    opened: Callable[..., tuple[Lake, RecordingSession]],
) -> None:
    lake, session = opened({"MERGE": Result([{"num_inserted_rows": 1, "num_updated_rows": 0}])})
    assert lake.merge("cursors", [cursor("linear", 1), cursor("gitlab", 1)]) == Merged(1, 0, 1)
    assert len(session.statements) == 1
    lines = session.statements[0].splitlines()
    assert lines[0] == (
        f"MERGE INTO {NAME}.`cursors` t USING {{s}} s ON t.`source` = s.`source` AND t.`stage` = s.`stage`"
    )
    assert lines[1].startswith("WHEN MATCHED AND (NOT (t.`position` <=> s.`position`) OR ")
    assert lines[2].startswith("WHEN NOT MATCHED THEN INSERT (`source`, `stage`, ")


def test_files_are_looked_after_by_sql(opened: Callable[..., tuple[Lake, RecordingSession]]) -> None:
    versions = Result([{"version": 9, "timestamp": None, "operation": "WRITE", "operationMetrics": None}])
    versions.rows[0]["timestamp"] = cursor("x", 1).moved_at
    lake, session = opened({"DESCRIBE DETAIL": Result([{"numFiles": 3}]), "DESCRIBE HISTORY": versions})
    lake.maintain(["calls"])
    lake.restore("calls", 4)
    table = f"{NAME}.`calls`"
    assert [statement for statement in session.statements if not statement.startswith("DESCRIBE")] == [
        f"OPTIMIZE {table}",
        f"VACUUM {table} RETAIN 168 HOURS",
        f"RESTORE TABLE {table} TO VERSION AS OF 4",
    ]
    assert f"DESCRIBE HISTORY {table} LIMIT 1" in session.statements


def test_deferred_rows_are_appended_at_once(opened: Callable[..., tuple[Lake, RecordingSession]]) -> None:
    lake, session = opened()
    lake.defer("cursors", [cursor("linear", 1)])
    assert session.statements[0].startswith(f"INSERT INTO {NAME}.`cursors` (`source`, ")
    assert lake.deferred("cursors").num_rows == 0
    lake.flush_deferred()
    assert len(session.statements) == 1
