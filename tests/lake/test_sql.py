"""`sql`, `read`, `frame` and `size` read the lake."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pyarrow as pa
import pytest

from tests.support.lake import START, call, in_order, task, tasks
from worklake.errors import LakeError
from worklake.lake.lake import Lake, open_lake
from worklake.lake.results import Merged
from worklake.lake.schema import arrow_schema, to_arrow
from worklake.model.rows import Task
from worklake.settings.models import EmbeddedLake


def test_tables_frames_and_parameters_meet_in_one_query(lake: Lake) -> None:
    lake.merge("tasks", tasks(0, 10))
    wanted = pa.table({"task_id": ["task_000002", "task_000003", "nobody"]})
    query = "SELECT t.task_id, :note AS note FROM {tasks} t JOIN {wanted} w ON t.task_id = w.task_id ORDER BY 1"
    found = lake.sql(query, {"note": "it's {here}"}, wanted=wanted)
    assert found.to_pylist() == [
        {"task_id": "task_000002", "note": "it's {here}"},
        {"task_id": "task_000003", "note": "it's {here}"},
    ]


def test_parameters_stand_anywhere_and_what_is_in_a_string_is_none(lake: Lake) -> None:
    odd = "it's {here}, {tasks}, ${env:HOME}, a \\\\ and :batch"
    lake.merge("tasks", [task(1, title=odd), task(2)])
    query = "SELECT task_id, ':title' AS text, :batch + 1 AS n FROM {tasks} WHERE title = :title AND :batch > 6"
    assert lake.rows(query, {"title": odd, "batch": 7}) == [{"task_id": "task_000001", "text": ":title", "n": 8}]
    wanted = pa.table({"task_id": ["task_000001", "task_000002"]})
    within = query + " AND task_id IN (SELECT task_id FROM {wanted})"
    assert lake.rows(within, {"title": odd, "batch": 7}, wanted=wanted)[0]["text"] == ":title"


def test_parameters_are_of_many_types(lake: Lake) -> None:
    lake.merge("tasks", [task(1, due_date=date(2026, 3, 5), created_at=START)])
    values = {"day": date(2026, 3, 6), "now": START, "less": -1, "yes": True, "half": 0.5, "none": None}
    query = (
        "SELECT 5-:less AS n, :yes AS yes, :half AS half, :none AS none FROM {tasks} "
        "WHERE due_date < :day AND created_at = :now"
    )
    assert lake.rows(query, values) == [{"n": 6, "yes": True, "half": 0.5, "none": None}]


def test_a_dataframe_is_taken_as_a_frame(lake: Lake) -> None:
    lake.merge("tasks", tasks(0, 10))
    found = lake.sql("SELECT count(*) AS n FROM {some}", some=lake.read("tasks").limit(4))
    assert found.column("n").to_pylist() == [4]


def test_braces_that_name_nothing_are_only_text(lake: Lake) -> None:
    assert lake.sql("""SELECT '{"a": {"b": 1}}' AS j""").to_pylist() == [{"j": '{"a": {"b": 1}}'}]
    one = pa.table({"x": [1]})
    assert lake.sql("""SELECT '{"a": 1}' AS j, x FROM {one}""", one=one).to_pylist() == [{"j": '{"a": 1}', "x": 1}]


def test_results_have_plain_arrow_types(lake: Lake) -> None:
    lake.merge("tasks", tasks(0, 3))
    assert lake.sql("SELECT * FROM {tasks}").schema.types == arrow_schema(Task).types


def test_local_data_keeps_its_values(lake: Lake) -> None:
    rows = to_arrow(tasks(0, 20))
    assert in_order(lake.sql("SELECT * FROM {rows}", rows=rows)) == in_order(rows)


def test_a_dataframe_of_a_table_has_its_columns_in_order(lake: Lake) -> None:
    assert lake.read("tasks").columns == list(Task.model_fields)


def test_local_data_larger_than_a_message_arrives_whole(embedded: Lake) -> None:
    rows = pa.table({"n": list(range(200)), "text": ["x" * 700_000] * 200})
    found = embedded.sql("SELECT count(*) AS n, sum(length(text)) AS size, sum(n) AS total FROM {rows}", rows=rows)
    assert found.to_pylist() == [{"n": 200, "size": 140_000_000, "total": 19_900}]


def test_times_are_utc(lake: Lake) -> None:
    lake.append("calls", [call(1)])
    assert lake.sql("SELECT called_at FROM {calls}").column(0).to_pylist() == [START]


def test_a_table_that_is_not_declared_is_not_filled_in(lake: Lake) -> None:
    with pytest.raises(LakeError, match="no table 'nothing'"):
        lake.read("nothing")


def test_a_query_that_cannot_be_answered_is_told_by_its_error_alone(
    lake: Lake, capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(LakeError, match="nowhere"):
        lake.rows("SELECT nowhere FROM {tasks}")
    assert capfd.readouterr().err == ""


def test_size_counts_rows_that_are_there(lake: Lake) -> None:
    assert lake.size("tasks").rows == 0
    lake.merge("tasks", tasks(0, 30))
    lake.merge("tasks", tasks(0, 10, title="changed"))
    lake.delete("tasks", pa.table({"task_id": ["task_000000"]}))
    size = lake.size("tasks")
    assert size.rows == 29
    assert size.bytes > 0
    assert size.files >= 1


@pytest.mark.parametrize("name", ["with space", "ünï", "ha#sh", "q?x", "{tasks}", "tick`s", "it's", "100%"])
def test_a_lake_lives_in_a_folder_of_any_name(tmp_path: Path, both_sizes: None, name: str) -> None:
    with open_lake(EmbeddedLake(), tmp_path / name, create=True) as lake:
        lake.ensure()
        lake.merge("tasks", tasks(0, 5))
        assert lake.merge("tasks", tasks(0, 8, title="changed")) == Merged(3, 5, 0)
        lake.maintain(["tasks"])
        wanted = pa.table({"task_id": ["task_000001"]})
        assert lake.rows("select t.title from {tasks} t join {w} w on t.task_id = w.task_id", w=wanted)
        assert lake.delete("tasks", wanted) == 1
        assert lake.read("tasks").count() == 7


@pytest.mark.parametrize("name", ["[x]", "a|b", "per%20cent"])
def test_a_folder_that_the_engine_cannot_open_is_refused_by_name(tmp_path: Path, name: str) -> None:
    with pytest.raises(LakeError, match="Move the project, or name another folder"):
        open_lake(EmbeddedLake(), tmp_path / name, create=True)
