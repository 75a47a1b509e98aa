"""`defer` keeps rows safe until a commit carries them, each exactly once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.lake import call, content, in_order, task, versions
from worklake.errors import LakeError
from worklake.lake.lake import Lake
from worklake.lake.schema import to_arrow
from worklake.settings.models import LakeSettings, SparkLake


@pytest.fixture(autouse=True)
def local(engine: Callable[[Path], LakeSettings], tmp_path: Path) -> None:
    settings = engine(tmp_path)
    if isinstance(settings, SparkLake) and settings.remote:
        pytest.skip("a lake behind a server has no folder here: deferred rows are appended at once")


def numbers(lake: Lake) -> list[int]:
    return sorted(row["received_bytes"] for row in content(lake, "calls"))


def test_deferred_rows_make_no_commit_and_are_told(lake: Lake) -> None:
    lake.defer("calls", [call(1)])
    lake.defer("calls", to_arrow([call(2)]))
    assert versions(lake, "calls") == [0]
    assert in_order(lake.deferred("calls")) == in_order(to_arrow([call(1), call(2)]))


def test_flushing_appends_them_in_one_commit_and_forgets_them(lake: Lake) -> None:
    lake.defer("calls", [call(1)])
    lake.defer("calls", [call(2)])
    lake.flush_deferred()
    assert numbers(lake) == [1, 2]
    assert versions(lake, "calls") == [1, 0]
    assert lake.deferred("calls").num_rows == 0


def test_flushing_nothing_commits_nothing(lake: Lake) -> None:
    lake.flush_deferred()
    lake.defer("calls", [])
    lake.flush_deferred()
    assert versions(lake, "calls") == [0]


def test_flushing_again_and_again_carries_each_batch(lake: Lake) -> None:
    for number in range(3):
        lake.defer("calls", [call(number)])
        lake.flush_deferred()
    assert numbers(lake) == [0, 1, 2]


def test_a_crash_after_the_commit_does_not_append_twice(lake: Lake, tmp_path: Path) -> None:
    lake.defer("calls", [call(1)])
    waiting = (tmp_path / "lake" / ".worklake" / "spool" / "calls.jsonl").read_bytes()
    lake.flush_deferred()
    carried = tmp_path / "lake" / ".worklake" / "spool" / "calls.1.jsonl"
    carried.write_bytes(waiting)
    assert lake.deferred("calls").num_rows == 0
    lake.defer("calls", [call(2)])
    lake.flush_deferred()
    assert numbers(lake) == [1, 2]
    assert not carried.exists()


def test_a_crash_before_the_commit_loses_nothing(lake: Lake, tmp_path: Path) -> None:
    lake.defer("calls", [call(1)])
    spool = tmp_path / "lake" / ".worklake" / "spool"
    (spool / "calls.jsonl").rename(spool / "calls.1.jsonl")
    lake.defer("calls", [call(2)])
    assert lake.deferred("calls").num_rows == 2
    lake.flush_deferred()
    assert numbers(lake) == [1, 2]
    assert list(spool.iterdir()) == []


def test_a_torn_last_line_is_dropped_and_does_not_spoil_the_next(lake: Lake, tmp_path: Path) -> None:
    lake.defer("calls", [call(1)])
    file = tmp_path / "lake" / ".worklake" / "spool" / "calls.jsonl"
    file.write_bytes(file.read_bytes() + b'{"source": "lin')
    assert lake.deferred("calls").num_rows == 1
    lake.defer("calls", [call(2)])
    lake.flush_deferred()
    assert numbers(lake) == [1, 2]


def test_a_line_that_is_no_row_is_not_passed_over(lake: Lake, tmp_path: Path) -> None:
    lake.defer("calls", [call(1)])
    file = tmp_path / "lake" / ".worklake" / "spool" / "calls.jsonl"
    file.write_bytes(b"{}\n" + file.read_bytes())
    with pytest.raises(LakeError, match="no row of calls"):
        lake.flush_deferred()


def test_every_kind_of_value_survives_the_wait(lake: Lake) -> None:
    rows = [task(1), task(4, description='{"a": "\\n\u2028"}')]
    lake.defer("tasks", rows)
    assert in_order(lake.deferred("tasks")) == in_order(to_arrow(rows))
