"""Deferred rows: kept on disk until a commit carries them into the lake, each exactly once.

A table's rows are lines of `<table>.jsonl`. To flush them, the file is renamed to `<table>.<number>.jsonl` and appended
with that number as the commit's mark (a Delta application transaction), then deleted. After a crash in between, the
mark in the table tells whether the numbered file is already in.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import ValidationError

from worklake.errors import LakeError
from worklake.lake.engines.base import Engine, Once
from worklake.lake.schema import to_arrow
from worklake.lake.tables import Table
from worklake.model.rows import Row

if TYPE_CHECKING:
    import pyarrow as pa
    from filelock import FileLock

WRITER = "worklake-spool"


class Spool:
    """The deferred rows of a lake in a local folder, guarded against other processes."""

    def __init__(self, engine: Engine, folder: Path) -> None:
        self._engine = engine
        self._folder = folder / "spool"

    def add(self, table: Table, rows: pa.Table) -> None:
        """Write rows safely to disk."""
        lines = b"".join(table.row.model_validate(row).model_dump_json().encode() + b"\n" for row in rows.to_pylist())
        with self._lock(), self._open(table).open("ab") as file:
            _cut_torn_line(self._open(table))
            file.write(lines)
            file.flush()
            os.fsync(file.fileno())
        _sync_folder(self._folder)

    def rows(self, table: Table) -> pa.Table:
        """The rows that no commit carries yet."""
        with self._lock():
            found: list[Row] = []
            for number, path in self._closed(table):
                if number > self._engine.last_mark(table, WRITER):
                    found += _read(path, table)
            found += _read(self._open(table), table)
        return to_arrow(found, table.row)

    def flush(self, tables: Iterable[Table]) -> None:
        """Append everything that waits."""
        if not self._folder.is_dir():
            return
        with self._lock():
            for table in tables:
                self._close(table)
                for number, path in self._closed(table):
                    self._carry(table, Once(WRITER, number), path)

    def _carry(self, table: Table, once: Once, path: Path) -> None:
        rows = _read(path, table)
        if rows and once.number > self._engine.last_mark(table, once.writer):
            self._engine.append(table, to_arrow(rows, table.row), once)
        path.unlink()
        _sync_folder(self._folder)

    def _close(self, table: Table) -> None:
        """Give the open file a number that no commit has carried."""
        path = self._open(table)
        if not path.exists():
            return
        carried = self._engine.last_mark(table, WRITER)
        number = max([carried, *(number for number, _ in self._closed(table))]) + 1
        path.rename(self._folder / f"{table.name}.{number}.jsonl")
        _sync_folder(self._folder)

    def _open(self, table: Table) -> Path:
        return self._folder / f"{table.name}.jsonl"

    def _closed(self, table: Table) -> list[tuple[int, Path]]:
        return sorted((int(path.suffixes[0][1:]), path) for path in self._folder.glob(f"{table.name}.*.jsonl"))

    def _lock(self) -> FileLock:
        from filelock import FileLock

        self._folder.mkdir(parents=True, exist_ok=True)
        return FileLock(self._folder.parent / "spool.lock")


def _read(path: Path, table: Table) -> list[Row]:
    """The whole lines of a file: a last one without its end was never acknowledged."""
    if not path.exists():
        return []
    lines = path.read_bytes().split(b"\n")[:-1]
    try:
        return [table.row.model_validate_json(line) for line in lines]
    except ValidationError as error:
        raise LakeError(f"{path} holds a line that is no row of {table.name}; move the file away: {error}") from error


def _cut_torn_line(path: Path) -> None:
    content = path.read_bytes()
    if content and not content.endswith(b"\n"):
        os.truncate(path, content.rfind(b"\n") + 1)


def _sync_folder(folder: Path) -> None:
    if os.name == "posix":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
