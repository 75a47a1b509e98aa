"""`restore` brings back the rows of an older version as a new commit."""

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


def test_a_merged_table_comes_back_exactly(lake: Lake) -> None:
    lake.merge("tasks", tasks(0, 20))
    lake.merge("tasks", tasks(0, 10, title="once"))
    middle = versions(lake, "tasks")[0]
    lake.merge("tasks", tasks(5, 15, title="twice"))
    lake.delete("tasks", pa.table({"task_id": ["task_000000"]}))
    lake.restore("tasks", middle)
    assert content(lake, "tasks") == in_order(to_arrow(tasks(0, 10, title="once") + tasks(10, 20)))


def test_a_restored_table_is_merged_into_as_before(lake: Lake) -> None:
    lake.merge("tasks", tasks(0, 4))
    lake.merge("tasks", tasks(0, 2, title="changed"))
    lake.restore("tasks", 1)
    assert lake.merge("tasks", tasks(0, 1, title="again") + tasks(1, 5)) == Merged(1, 1, 3)
    assert content(lake, "tasks") == in_order(to_arrow(tasks(0, 1, title="again") + tasks(1, 5)))


def test_an_append_only_table_comes_back_exactly(lake: Lake) -> None:
    lake.append("calls", [call(1)])
    lake.append("calls", [call(2)])
    lake.restore("calls", 1)
    assert content(lake, "calls") == in_order(to_arrow([call(1)]))
    assert versions(lake, "calls") == [3, 2, 1, 0]


def test_the_newest_version_needs_no_commit(lake: Lake) -> None:
    lake.append("calls", [call(1)])
    lake.restore("calls", 1)
    assert versions(lake, "calls") == [1, 0]


def test_a_version_that_is_not_there_is_refused(lake: Lake) -> None:
    with pytest.raises(LakeError, match="calls has versions 0 to 0, found 7"):
        lake.restore("calls", 7)
