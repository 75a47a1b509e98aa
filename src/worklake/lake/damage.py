"""Lakes whose files were damaged from outside: what is told, and what to do."""

from __future__ import annotations

import re
from collections.abc import Callable, Container
from pathlib import Path

from worklake.errors import LakeError

IN_USE = "cursors"
"""The table that has rows once a lake has been pulled into. Without it, everything is asked for again."""
FROM_THE_FIRST = (
    "records", "links", "tasks", "comments", "people", "projects", "milestones", "changes", "proposals", "quarantine",
)  # fmt: skip
"""Tables that every lake in use has; a later version of Worklake may bring others that are still to be made."""

MEND = (
    "Bring it back from a copy of the lake, or remove the whole folder of the lake, so that the next pull reads"
    " everything anew"
)
_DAMAGED = re.compile(r"Parquet error|Invalid Parquet|Object at location .* not found|No such file or directory")


def refuse_parts(folder: Path, declared: Container[str], in_use: Callable[[], bool]) -> None:
    """Raises `LakeError` where tables of a lake in use are gone from its folder."""
    gone = [name for name in FROM_THE_FIRST if name in declared and not _is_table(folder / name)]
    if gone and IN_USE in declared and _is_table(folder / IN_USE) and in_use():
        raise LakeError(f"The lake at {folder} lacks {', '.join(gone)}, which it had. {MEND}.")


def with_mend(said: str) -> str:
    """What an engine said, and what to do where that tells of files that are damaged or gone."""
    return f"{said.rstrip('.')}. {MEND}." if _DAMAGED.search(said) else said


def _is_table(path: Path) -> bool:
    log = path / "_delta_log"
    return log.is_dir() and any(log.iterdir())
