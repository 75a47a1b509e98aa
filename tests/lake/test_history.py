"""`history` tells the commits of a table, newest first."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from tests.lake.conftest import embedded_and_spark
from tests.support.lake import call, tasks
from worklake.lake.lake import Lake

pytestmark = embedded_and_spark


def test_commits_come_newest_first_with_their_time(lake: Lake) -> None:
    before = datetime.now(UTC) - timedelta(seconds=5)
    lake.append("calls", [call(1)])
    lake.append("calls", [call(2)])
    commits = lake.history("calls")
    assert [commit.version for commit in commits] == [2, 1, 0]
    assert "CREATE" in commits[-1].operation
    assert all(
        before - timedelta(minutes=5) < commit.at <= datetime.now(UTC) + timedelta(seconds=5) for commit in commits
    )
    assert commits[0].at.tzinfo is not None


def test_a_limit_keeps_the_newest(lake: Lake) -> None:
    for number in range(3):
        lake.append("calls", [call(number)])
    assert [commit.version for commit in lake.history("calls", limit=2)] == [3, 2]


def test_a_merge_that_rewrites_is_one_commit_with_its_metrics(lake: Lake) -> None:
    lake.merge("tasks", tasks(0, 5))
    lake.merge("tasks", tasks(0, 5, title="changed"))
    newest = lake.history("tasks")[0]
    assert newest.version == 2
    if newest.operation == "WRITE":  # a small table written anew
        assert newest.metrics["num_added_rows"] == 5
    else:
        assert newest.operation == "MERGE"
        assert newest.metrics["numTargetRowsInserted"] + newest.metrics["numTargetRowsUpdated"] == 5
