"""`delete` deletes rows by their keys."""

from __future__ import annotations

import pyarrow as pa
import pytest

from tests.lake.conftest import embedded_and_spark
from tests.support.lake import content, in_order, link, tasks, versions
from worklake.errors import LakeError
from worklake.lake.lake import Lake
from worklake.lake.results import Merged
from worklake.lake.schema import to_arrow

pytestmark = embedded_and_spark


def test_rows_with_these_keys_are_gone_and_counted(lake: Lake) -> None:
    lake.merge("tasks", tasks(0, 10))
    assert lake.delete("tasks", pa.table({"task_id": ["task_000003", "task_000004", "task_000003", "nobody"]})) == 2
    assert content(lake, "tasks") == in_order(to_arrow(tasks(0, 3) + tasks(5, 10)))


def test_keys_that_are_not_there_commit_nothing(lake: Lake) -> None:
    lake.merge("tasks", tasks(0, 3))
    before = versions(lake, "tasks")
    assert lake.delete("tasks", pa.table({"task_id": ["nobody"]})) == 0
    assert lake.delete("tasks", pa.table({"task_id": pa.array([], pa.string())})) == 0
    assert versions(lake, "tasks") == before


def test_a_key_of_several_columns_needs_them_all(lake: Lake) -> None:
    lake.merge("links", [link(1), link(1, kind="comment")])
    with pytest.raises(LakeError, match="kind is not given"):
        lake.delete("links", to_arrow([link(1)]).select(["source", "external_id"]))
    assert lake.delete("links", to_arrow([link(1)])) == 1
    assert content(lake, "links") == in_order(to_arrow([link(1, kind="comment")]))


def test_a_deleted_row_can_come_back(lake: Lake) -> None:
    lake.merge("tasks", tasks(0, 3))
    lake.delete("tasks", pa.table({"task_id": ["task_000001"]}))
    assert lake.merge("tasks", tasks(0, 3)) == Merged(1, 0, 2)
    assert content(lake, "tasks") == in_order(to_arrow(tasks(0, 3)))
