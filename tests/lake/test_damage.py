"""A lake that was damaged from outside is refused with what is wrong and what to do; nothing is made over it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.support.lake import cursor
from worklake.errors import CommitConflictError, LakeError
from worklake.lake.damage import FROM_THE_FIRST, with_mend
from worklake.lake.lake import Lake, open_lake
from worklake.lake.retry import until_committed
from worklake.lake.tables import TABLES
from worklake.settings.models import EmbeddedLake

pytest.importorskip("pysail", reason="the embedded engine is not installed")


def opened(folder: Path) -> Lake:
    return open_lake(EmbeddedLake(), folder, create=True)


@pytest.fixture(scope="module")
def pulled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pulled")
    with opened(folder) as lake:
        lake.ensure()
        lake.merge("cursors", [cursor("gitlab", 1)])
    return folder


@pytest.fixture
def used(pulled: Path, tmp_path: Path) -> Path:
    shutil.copytree(pulled / "lake", tmp_path / "lake")
    return tmp_path


@pytest.mark.parametrize("name", FROM_THE_FIRST)
def test_a_table_that_is_gone_from_a_lake_in_use_is_named_and_not_made_anew(used: Path, name: str) -> None:
    shutil.rmtree(used / "lake" / name)
    with opened(used) as lake:
        for _ in range(2):
            with pytest.raises(LakeError, match=rf"lacks {name}, which it had\. .* copy .* next pull"):
                lake.ensure()
    assert not (used / "lake" / name).exists()


def test_a_file_in_the_place_of_a_table_is_named(used: Path) -> None:
    shutil.rmtree(used / "lake" / "tasks")
    (used / "lake" / "tasks").write_text("not a table")
    with opened(used) as lake, pytest.raises(LakeError, match="lacks tasks"):
        lake.ensure()


def test_tables_that_a_later_version_brings_are_made(used: Path) -> None:
    for name in TABLES.keys() - set(FROM_THE_FIRST) - {"cursors"}:
        shutil.rmtree(used / "lake" / name)
    with opened(used) as lake:
        lake.ensure()
        assert all(lake.size(name).rows == 0 for name in TABLES.keys() - {"cursors"})


def test_a_lake_that_was_never_pulled_into_is_completed(tmp_path: Path) -> None:
    with opened(tmp_path) as lake:
        lake.ensure()
        shutil.rmtree(tmp_path / "lake" / "tasks")
        lake.ensure()
        assert lake.size("tasks").rows == 0


def test_files_that_are_cut_short_are_told_with_the_mend(used: Path) -> None:
    (data,) = (used / "lake" / "cursors").rglob("*.parquet")
    data.write_bytes(data.read_bytes()[:100])
    with opened(used) as lake, pytest.raises(LakeError, match=rf"{data.name}.*Bring it back from a copy"):
        lake.rows("select * from {cursors}")


def test_other_errors_of_an_engine_stay_as_they_are() -> None:
    assert with_mend("there is no column 'x'") == "there is no column 'x'"


HALF_A_CHECKPOINT = "Kernel error: Arrow error: Parquet error: Invalid Parquet file. Corrupt footer"


@pytest.mark.parametrize("said", ["Missing commit file for version 3", HALF_A_CHECKPOINT])
def test_a_log_that_stays_in_pieces_is_no_conflict_with_other_writers(said: str) -> None:
    def broken() -> None:
        raise RuntimeError(said)

    with pytest.raises(LakeError, match=rf"tasks cannot be read: {said}.*copy") as raised:
        until_committed(broken, "tasks", attempts=2, wait=lambda _: None)
    assert not isinstance(raised.value, CommitConflictError)
