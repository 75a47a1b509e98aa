"""Delta tables in a local folder that stay open between two uses.

Reading a log of fifty commits takes as long as a query over the table, and a sync uses a table many times: a table that
was open before reads only what has been committed since.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from worklake.errors import LakeError

if TYPE_CHECKING:
    from deltalake import DeltaTable


class _Stamp(NamedTuple):
    """What tells a commit's file from one of the same version in a table that was made anew in the same place."""

    inode: int
    modified: int
    size: int


_lock = threading.Lock()
_kept: dict[Path, tuple[DeltaTable, _Stamp]] = {}


def open_table(path: Path) -> DeltaTable:
    """The stored table at its newest version, read from the start."""
    from deltalake import DeltaTable
    from deltalake.exceptions import DeltaError, TableNotFoundError

    try:
        return DeltaTable(path)
    except TableNotFoundError as error:
        raise LakeError(
            f"There is no table in {path}. Run `worklake pull` once: it makes the missing tables."
        ) from error
    except DeltaError as error:
        raise LakeError(f"The table in {path} cannot be opened: {error}") from error


@contextmanager
def opened(path: Path) -> Iterator[DeltaTable]:
    """The stored table at the version that is the newest now, for this user alone: no other use moves it on."""
    stored = _brought_up_to_date(path) or open_table(path)
    yield stored
    # Where it was used in vain, nobody knows in which state it is.
    stamp = _stamp(path, stored.version())
    if stamp is not None:
        with _lock:
            _kept[path] = stored, stamp


def let_go(folder: Path) -> None:
    """Keep no table below this folder open."""
    with _lock:
        for path in [path for path in _kept if path.is_relative_to(folder)]:
            del _kept[path]


def _brought_up_to_date(path: Path) -> DeltaTable | None:
    """The table that is kept; None where there is none, or it is no longer the one that is stored."""
    from deltalake.exceptions import DeltaError

    with _lock:
        stored, stamp = _kept.pop(path, (None, None))
    if stored is None or stamp != _stamp(path, stored.version()):
        return None
    try:
        stored.update_incremental()
    except DeltaError:
        return None  # read from the start, it says itself what is wrong
    return stored


def _stamp(path: Path, version: int) -> _Stamp | None:
    """None where the commit's file was cleaned up."""
    try:
        found = (path / "_delta_log" / f"{version:020}.json").stat()
    except FileNotFoundError:
        return None
    return _Stamp(found.st_ino, found.st_mtime_ns, found.st_size)
