"""`merge` inserts what is new, rewrites what differs, leaves alone what is equal."""

from __future__ import annotations

import pytest

from tests.support.lake import call, content, in_order, link, task, tasks, versions
from worklake.errors import LakeError
from worklake.lake.lake import Lake
from worklake.lake.results import Merged
from worklake.lake.schema import to_arrow
from worklake.model.rows import Task


def test_new_changed_and_equal_rows_are_told_apart(lake: Lake) -> None:
    lake.merge("tasks", tasks(0, 30))
    merged = lake.merge("tasks", tasks(0, 10) + tasks(10, 20, title="changed") + tasks(30, 35))
    assert merged == Merged(inserted=5, updated=10, unchanged=10)
    expected = tasks(0, 10) + tasks(10, 20, title="changed") + tasks(20, 35)
    assert content(lake, "tasks") == in_order(to_arrow(expected))


def test_merging_the_same_rows_again_commits_nothing(lake: Lake) -> None:
    lake.merge("tasks", tasks(0, 30))
    before = versions(lake, "tasks")
    assert lake.merge("tasks", tasks(0, 30)) == Merged(0, 0, 30)
    assert versions(lake, "tasks") == before


def test_no_rows_commit_nothing(lake: Lake) -> None:
    assert lake.merge("tasks", []) == Merged(0, 0, 0)
    assert versions(lake, "tasks") == [0]


@pytest.mark.usefixtures("both_sizes")
@pytest.mark.parametrize(
    "change",
    [
        {"description": None},
        {"labels": ["b", "a"]},
        {"labels": []},
        {"due_date": None},
        {"estimate_points": 0.125},
        {"estimate_minutes": None},
        {"confidential": False},
        {"updated_at": None},
    ],
    ids=lambda change: next(iter(change)),
)
def test_a_difference_in_any_kind_of_column_is_seen(embedded: Lake, change: dict[str, object]) -> None:
    before = task(1, due_date="2026-04-01", updated_at="2026-01-01T00:00:00Z", description="d")
    embedded.merge("tasks", [before])
    after = Task(**{**before.model_dump(), **change})
    assert embedded.merge("tasks", [after]) == Merged(0, 1, 0)
    assert content(embedded, "tasks") == in_order(to_arrow([after]))
    assert embedded.merge("tasks", [after]) == Merged(0, 0, 1)


def test_a_key_of_several_columns_is_compared_whole(lake: Lake) -> None:
    lake.merge("links", [link(1), link(2), link(1, source="gitlab"), link(1, kind="comment")])
    merged = lake.merge("links", [link(1, kind="comment", seen='{"a": 1}'), link(3), link(2)])
    assert merged == Merged(1, 1, 1)
    expected = [link(1), link(2), link(3), link(1, source="gitlab"), link(1, kind="comment", seen='{"a": 1}')]
    assert content(lake, "links") == in_order(to_arrow(expected))


def test_keys_with_quotes_braces_and_backslashes_are_only_text(lake: Lake) -> None:
    odd = ["it's", '"', "\\", "\\'", "{s}", "{", "`", "a b", "✓", ":x", "%s", ""]
    rows = [link(1, external_id=text) for text in odd]
    assert lake.merge("links", rows) == Merged(len(odd), 0, 0)
    assert lake.merge("links", rows) == Merged(0, 0, len(odd))
    assert lake.merge("links", [row.model_copy(update={"seen": "x"}) for row in rows]) == Merged(0, len(odd), 0)
    assert {row["external_id"] for row in content(lake, "links")} == set(odd)


def test_a_key_that_comes_twice_is_an_error_that_names_it(lake: Lake) -> None:
    with pytest.raises(LakeError, match=r"hold a key 2 times: task_id 'task_000001'"):
        lake.merge("tasks", [task(1), task(2), task(1, title="other")])
    assert versions(lake, "tasks") == [0]


def test_a_table_without_a_key_cannot_be_merged_into(lake: Lake) -> None:
    with pytest.raises(LakeError, match="calls has no key"):
        lake.merge("calls", [call(1)])


def test_a_merge_larger_than_one_chunk_keeps_every_row_once(embedded: Lake) -> None:
    embedded.merge("tasks", tasks(0, 9_000))
    merged = embedded.merge("tasks", tasks(3_000, 9_000, title="changed") + tasks(9_000, 9_500) + tasks(0, 3_000))
    assert merged == Merged(500, 6_000, 3_000)
    expected = tasks(0, 3_000) + tasks(3_000, 9_000, title="changed") + tasks(9_000, 9_500)
    assert content(embedded, "tasks") == in_order(to_arrow(expected))


def test_a_row_of_many_megabytes_is_merged(embedded: Lake) -> None:
    large = "x" * 12_000_000
    assert embedded.merge("tasks", [task(1, description=large), task(2)]) == Merged(2, 0, 0)
    assert embedded.merge("tasks", [task(1, description=large + "y"), task(2)]) == Merged(0, 1, 1)
    sizes = embedded.sql("SELECT length(description) AS n FROM {tasks} ORDER BY n DESC").column("n").to_pylist()
    assert sizes[0] == 12_000_001


@pytest.mark.usefixtures("both_sizes")
def test_what_the_caller_has_read_is_not_read_again(embedded: Lake) -> None:
    embedded.merge("tasks", tasks(0, 5))
    read = embedded.rows("select * from {tasks}")
    assert embedded.merge("tasks", tasks(0, 3) + tasks(3, 5, title="changed"), stored=read) == Merged(0, 2, 3)
    assert embedded.merge("tasks", tasks(4, 7), stored=read) == Merged(2, 1, 0)
    assert content(embedded, "tasks") == in_order(to_arrow(tasks(0, 3) + tasks(3, 4, title="changed") + tasks(4, 7)))
