"""Trying again after another writer committed first."""

from __future__ import annotations

import random
import re
import time
from collections.abc import Callable
from typing import TypeVar

from worklake.errors import CommitConflictError

Result = TypeVar("Result")

ATTEMPTS = 40
LONGEST_SECONDS = 1.0

_CONFLICT = re.compile(
    r"DELTA_CONCURRENT|Concurrent\w*Exception|DELTA_METADATA_CHANGED|DELTA_PROTOCOL_CHANGED|MetadataChangedException"
    r"|ProtocolChangedException|Failed to commit transaction|Commit conflict"
    r"|concurrent transaction|version already exists|[Cc]oncurrent modification"
    # Sail, when another process commits while it lists the log.
    r"|Missing commit file",
)


def is_conflict(error: Exception) -> bool:
    """Whether an engine's error says that another writer committed first."""
    return type(error).__name__ == "CommitFailedError" or bool(_CONFLICT.search(str(error)))


def until_committed(
    write: Callable[[], Result],
    table: str,
    *,
    attempts: int = ATTEMPTS,
    chance: Callable[[], float] = random.random,
    wait: Callable[[float], None] = time.sleep,
) -> Result:
    """What `write` returns, called again with jitter while others commit first; CommitConflictError in the end."""
    last: Exception | None = None
    for attempt in range(attempts):
        try:
            return write()
        except Exception as error:
            if not is_conflict(error):
                raise
            last = error
        wait(chance() * min(LONGEST_SECONDS, 0.02 * 2**attempt))
    raise CommitConflictError(
        f"Other writers kept committing to {table} first; gave up after {attempts} tries. Run the command again "
        "when fewer writers are at work."
    ) from last
