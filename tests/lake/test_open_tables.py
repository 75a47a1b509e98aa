"""A table that stays open between two uses is what is stored, whoever wrote it and in whichever way."""

from __future__ import annotations

import random
import shutil
from pathlib import Path

import pyarrow as pa
import pytest

from tests.support.lake import content, in_order, link
from worklake.errors import LakeError
from worklake.lake.engines import small_merge
from worklake.lake.engines.open_tables import open_table, opened
from worklake.lake.lake import Lake, open_lake
from worklake.lake.schema import to_arrow
from worklake.model.rows import Link
from worklake.settings.models import EmbeddedLake

pytest.importorskip("pysail", reason="the embedded engine is not installed")

KEY = ("source", "kind", "external_id")


def folder_of(lake: Lake, name: str) -> Path:
    folder = lake._engine.folder
    assert folder is not None
    return folder / name


def assert_open_as_stored(path: Path) -> None:
    """What is known of the table that stayed open is what one that is read from the start knows."""
    anew = open_table(path)
    with opened(path) as stored:
        assert stored.version() == anew.version()
        assert stored.schema() == anew.schema()
        files, expected = (pa.table(one.get_add_actions(flatten=True)).to_pylist() for one in (stored, anew))
        assert sorted(files, key=repr) == sorted(expected, key=repr)
        masks, expected = (
            [row for batch in one.deletion_vectors() for row in pa.record_batch(batch).to_pylist()]
            for one in (stored, anew)
        )
        assert sorted(masks, key=repr) == sorted(expected, key=repr)


@pytest.mark.parametrize("seed", range(3))
def test_it_holds_what_is_stored_after_writes_small_and_large(
    embedded: Lake, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    chance = random.Random(seed)
    path = folder_of(embedded, "links")
    expected: dict[str, Link] = {}
    at: dict[int, dict[str, Link]] = {0: {}}
    for step in range(20):
        # Large tables are merged by the session, which only notes what is deleted; small ones are written anew.
        monkeypatch.setattr(small_merge, "SMALL_ROWS", chance.choice([-1, 1_000]))
        match chance.randint(1, 8):
            case 1 | 2 | 3:
                rows = [link(number, key=f"step {step}") for number in chance.sample(range(12), 4)]
                embedded.merge("links", rows)
                expected |= {row.external_id: row for row in rows}
            case 4 | 5:
                gone = [link(number) for number in chance.sample(range(12), 3)]
                count = embedded.delete("links", to_arrow(gone).select(list(KEY)))
                assert count == sum(expected.pop(row.external_id, None) is not None for row in gone)
            case 6:
                embedded.append("links", [link(100 + step)])
                expected |= {str(100 + step): link(100 + step)}
            case 7:
                embedded.maintain(["links"])
            case _:
                version = chance.choice(sorted(at))
                embedded.restore("links", version)
                expected = dict(at[version])
        assert_open_as_stored(path)
        at[embedded.history("links", 1)[0].version] = dict(expected)
        assert embedded.size("links").rows == len(expected)
    assert content(embedded, "links") == in_order(to_arrow(expected.values(), Link))


def test_what_another_writer_committed_is_seen(embedded: Lake, tmp_path: Path) -> None:
    embedded.merge("links", [link(1)])
    other = open_table(folder_of(embedded, "links"))
    other.delete("external_id = '1'")
    assert embedded.size("links").rows == 0


def test_a_busy_table_has_a_checkpoint_and_all_its_rows(embedded: Lake) -> None:
    for number in range(12):
        embedded.merge("links", [link(number)])
    embedded.delete("links", pa.table({"source": ["linear"], "kind": ["task"], "external_id": ["3"]}))
    assert (folder_of(embedded, "links") / "_delta_log" / "_last_checkpoint").exists()
    assert_open_as_stored(folder_of(embedded, "links"))
    assert sorted(int(row["external_id"]) for row in embedded.rows("SELECT external_id FROM {links}")) == [
        number for number in range(12) if number != 3
    ]


def test_a_table_that_was_made_anew_in_the_same_place_is_read_anew(embedded: Lake, tmp_path: Path) -> None:
    embedded.merge("links", [link(number) for number in range(3)])
    embedded.merge("links", [link(4)])
    shutil.rmtree(folder_of(embedded, "links"))
    with pytest.raises(LakeError, match="There is no table"):
        embedded.size("links")
    with open_lake(EmbeddedLake(), tmp_path, create=True) as other:
        other.ensure()
        for number in range(5, 8):
            other.merge("links", [link(number)])
    assert embedded.size("links").rows == 3


def test_two_uses_at_once_do_not_move_each_other_on(embedded: Lake) -> None:
    path = folder_of(embedded, "links")
    embedded.merge("links", [link(1)])
    with opened(path) as first:
        version = first.version()
        embedded.merge("links", [link(2)])
        assert first.version() == version
    assert_open_as_stored(path)
