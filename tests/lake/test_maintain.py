"""`maintain` makes few files of many and keeps every row."""

from __future__ import annotations

import pyarrow as pa
import pytest

from tests.lake.conftest import embedded_and_spark
from tests.support.lake import call, content, in_order, tasks, versions
from worklake.errors import LakeError
from worklake.lake.lake import Lake
from worklake.lake.results import Merged
from worklake.lake.schema import to_arrow

pytestmark = embedded_and_spark


def merged_often(lake: Lake) -> list[dict[str, object]]:
    lake.merge("tasks", tasks(0, 60))
    for step in range(2):
        lake.merge("tasks", tasks(step * 10, step * 10 + 15, title=f"step {step}") + tasks(60 + step, 61 + step))
    lake.delete("tasks", pa.table({"task_id": ["task_000050", "task_000001"]}))
    return content(lake, "tasks")


@pytest.mark.parametrize("retention_hours", [168, 0])
def test_every_row_of_a_merged_table_stays_exactly(lake: Lake, retention_hours: int) -> None:
    before = merged_often(lake)
    done = lake.maintain(["tasks"], retention_hours=retention_hours)[0]
    assert done.table == "tasks"
    assert done.files_after == 1
    assert content(lake, "tasks") == before


def test_files_with_deleted_rows_survive_a_vacuum_that_follows_a_merge(lake: Lake) -> None:
    lake.merge("tasks", tasks(0, 60))
    lake.maintain(["tasks"], retention_hours=0)
    lake.merge("tasks", tasks(0, 30, title="changed"))
    lake.maintain(["tasks"], retention_hours=0)
    lake.merge("tasks", tasks(0, 15))
    assert content(lake, "tasks") == in_order(to_arrow(tasks(0, 15) + tasks(15, 30, title="changed") + tasks(30, 60)))


def test_merging_goes_on_after_maintenance(lake: Lake) -> None:
    merged_often(lake)
    lake.maintain(["tasks"], retention_hours=0)
    assert lake.merge("tasks", tasks(20, 63)) == Merged(2, 5, 36)


def test_appended_files_become_one(lake: Lake) -> None:
    for number in range(6):
        lake.append("calls", [call(number)])
    done = lake.maintain(["calls"])[0]
    assert (done.files_before, done.files_after) == (6, 1)
    assert content(lake, "calls") == in_order(to_arrow([call(number) for number in range(6)]))


def test_the_default_retention_keeps_older_versions_restorable(lake: Lake) -> None:
    lake.merge("tasks", tasks(0, 10))
    lake.merge("tasks", tasks(0, 10, title="changed"))
    done = lake.maintain(["tasks"])[0]
    assert done.files_deleted == 0
    lake.restore("tasks", 1)
    assert content(lake, "tasks") == in_order(to_arrow(tasks(0, 10)))


def test_a_version_whose_files_are_gone_cannot_be_restored(lake: Lake) -> None:
    merged_often(lake)
    lake.maintain(["tasks"], retention_hours=0)
    rows, before = content(lake, "tasks"), versions(lake, "tasks")
    with pytest.raises(LakeError, match="tasks cannot be restored to version 1"):
        lake.restore("tasks", 1)
    assert (content(lake, "tasks"), versions(lake, "tasks")) == (rows, before)


def test_all_tables_are_maintained_when_none_is_named(lake: Lake) -> None:
    assert [done.table for done in lake.maintain()] == ["tasks", "links", "calls", "cursors"]


def test_a_negative_retention_is_refused(lake: Lake) -> None:
    with pytest.raises(LakeError, match="retention_hours is 0 or more"):
        lake.maintain(["calls"], retention_hours=-1)
