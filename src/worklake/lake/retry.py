"""Trying again after another writer committed first."""

from __future__ import annotations

import random
import re
import time
from collections.abc import Callable
from typing import TypeVar

from worklake.errors import CommitConflictError, LakeError
from worklake.lake.damage import MEND

Result = TypeVar("Result")

ATTEMPTS = 40
LONGEST_SECONDS = 1.0

_CONFLICT = re.compile(
    r"DELTA_CONCURRENT|Concurrent\w*Exception|DELTA_METADATA_CHANGED|DELTA_PROTOCOL_CHANGED|MetadataChangedException"
    r"|ProtocolChangedException|Failed to commit transaction|Commit conflict"
    r"|concurrent transaction|version already exists|[Cc]oncurrent modification",
)
_LOG_IN_PIECES = re.compile(r"Missing commit file|Kernel error: .*Parquet error")
"""What Sail says when another process commits while it lists the log, and delta-rs when one is just writing a
checkpoint. It passes, unless the files are damaged.
"""


def is_conflict(error: Exception) -> bool:
    """Whether an engine's error says that another writer committed first, or is at it."""
    said = str(error)
    return type(error).__name__ == "CommitFailedError" or bool(_CONFLICT.search(said) or _LOG_IN_PIECES.search(said))


def _is_of_the_files(error: Exception) -> bool:
    """Whether delta-rs or the file system failed."""
    return isinstance(error, OSError) or any(base.__name__ == "DeltaError" for base in type(error).__mro__)


def until_committed(
    write: Callable[[], Result],
    table: str,
    *,
    attempts: int = ATTEMPTS,
    chance: Callable[[], float] = random.random,
    wait: Callable[[float], None] = time.sleep,
) -> Result:
    """What `write` returns, called again with jitter while others commit first; CommitConflictError in the end.

    A failure of the files is a `LakeError`.
    """
    last: Exception | None = None
    for attempt in range(attempts):
        try:
            return write()
        except Exception as error:
            if not is_conflict(error):
                if not _is_of_the_files(error):
                    raise
                said = str(error).strip().split("\n")[0]
                raise LakeError(
                    f"{table} could not be read or written: {said}. See lake in conf/worklake.yml."
                ) from error
            last = error
        wait(chance() * min(LONGEST_SECONDS, 0.02 * 2**attempt))
    if _LOG_IN_PIECES.search(str(last)):
        said = str(last).strip().split("\n")[0]
        raise LakeError(f"{table} cannot be read: {said}. {MEND}.") from last
    raise CommitConflictError(
        f"Other writers kept committing to {table} first; gave up after {attempts} tries. Run the command again "
        "when fewer writers are at work."
    ) from last
