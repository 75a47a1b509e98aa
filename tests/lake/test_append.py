"""`append` adds rows in one commit."""

from __future__ import annotations

import pyarrow as pa
import pytest

from tests.support.lake import call, content, in_order, task, versions
from worklake.errors import LakeError
from worklake.lake.lake import Lake
from worklake.lake.schema import to_arrow
from worklake.model.rows import Call


def test_appended_rows_are_read_back_exactly(lake: Lake) -> None:
    rows = [call(1), call(2)]
    lake.append("calls", rows)
    assert content(lake, "calls") == in_order(to_arrow(rows))


def test_rows_and_arrow_tables_are_taken_alike(lake: Lake) -> None:
    lake.append("calls", [call(1)])
    lake.append("calls", to_arrow([call(2)]))
    assert content(lake, "calls") == in_order(to_arrow([call(1), call(2)]))


def test_columns_in_another_order_find_their_place(lake: Lake) -> None:
    rows = to_arrow([call(7)])
    lake.append("calls", rows.select(list(reversed(rows.column_names))))
    assert content(lake, "calls") == in_order(rows)


def test_each_append_is_one_commit(lake: Lake) -> None:
    lake.append("calls", [call(1)])
    lake.append("calls", [call(2), call(3)])
    assert versions(lake, "calls") == [2, 1, 0]


def test_no_rows_make_no_commit(lake: Lake) -> None:
    lake.append("calls", [])
    lake.append("calls", to_arrow([], Call))
    assert versions(lake, "calls") == [0]


def test_wrong_columns_are_named(lake: Lake) -> None:
    rows = to_arrow([call(1)]).drop_columns(["attempt"]).append_column("extra", pa.array([1]))
    with pytest.raises(LakeError, match=r"lack attempt and have unknown extra"):
        lake.append("calls", rows)


def test_a_null_where_none_may_be_is_refused(lake: Lake) -> None:
    rows = to_arrow([call(1)])
    rows = rows.set_column(0, "source", pa.array([None], pa.string()))
    with pytest.raises(LakeError, match=r"Column source of calls takes no null"):
        lake.append("calls", rows)


def test_an_unknown_table_is_refused_with_those_there_are(lake: Lake) -> None:
    with pytest.raises(LakeError, match=r"no table 'taks'; the tables are tasks"):
        lake.append("taks", [task(1)])
