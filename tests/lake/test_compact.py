"""`compact` makes few files of the many that a run has left."""

from __future__ import annotations

from tests.support.lake import call, content
from worklake.lake.lake import Lake


def test_many_small_files_become_few_when_a_run_ends(embedded: Lake) -> None:
    for number in range(6):
        embedded.append("calls", [call(number)])
    before = content(embedded, "calls")
    assert embedded.compact(most_files=6) == []
    assert embedded.compact(most_files=5) == ["calls"]
    assert embedded.size("calls").files == 1
    assert content(embedded, "calls") == before
