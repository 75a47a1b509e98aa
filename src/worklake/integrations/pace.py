"""Turns of a quota that a provider does not tell of, taken one after another, across runs.

When the next turn is stands in a small file of this machine, so that a run that was stopped, and a command beside it,
do not spend the same minute twice. Turns are the same time apart, so that where the file is lost (another machine) a
run adds one request to a minute at most.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import gettempdir

import structlog
from filelock import FileLock, Timeout

from worklake.model.ids import digest

LOCK_SECONDS = 10.0
"""How long another process may take over the file."""
FIRST_HOLD = timedelta(seconds=60)
"""How long nothing is sent after a refusal."""
LONGEST_ASKED = 24 * 3600.0
"""A provider that asks to wait longer is taken for one whose clock is wrong."""
LONG_HOLD = timedelta(hours=1)
"""How long after a refusal that followed another one in the same run."""

log = structlog.get_logger(__name__)


def state_file(*of: str, environment: Mapping[str, str] | None = None) -> Path:
    """Where the turns of a quota are kept, by what it is the quota of. The name holds no secret."""
    known = os.environ if environment is None else environment
    home = known.get("HOME") or known.get("USERPROFILE")
    folder = known.get("XDG_STATE_HOME") or (str(Path(home, ".local", "state")) if home else gettempdir())
    return Path(folder, "worklake", f"turns-{digest(*of)}.json")


class Pace:
    """The turns of one quota, `apart` from each other. Safe to use from several threads and processes at once."""

    def __init__(self, apart: timedelta, file: Path) -> None:
        self._apart, self._file = apart, file
        self._next: datetime | None = None
        self._refusals = 0
        self._lock = threading.Lock()
        self._kept = True

    def wait(self, now: datetime, longest: float) -> float:
        """Take the next turn; how many seconds it is until then. One further away than `longest` is not taken."""
        with self._lock, self._opened():
            turn = max(now, self._read(now) or now)
            seconds = (turn - now).total_seconds()
            if seconds <= longest:
                self._write(turn + self._apart)
            return seconds

    def refused(self, now: datetime, asked: float = 0.0) -> float:
        """Take note that the provider refused a request for now; for how many seconds nothing may be sent. It may have
        `asked` for so many itself.
        """
        with self._lock, self._opened():
            self._refusals += 1
            hold = max(FIRST_HOLD if self._refusals == 1 else LONG_HOLD, timedelta(seconds=min(asked, LONGEST_ASKED)))
            until = max(now + hold, self._read(now) or now)
            self._write(until)
            return (until - now).total_seconds()

    @contextmanager
    def _opened(self) -> Iterator[None]:
        """The file, for this process alone; where it cannot be kept, this run keeps the turns by itself."""
        lock = FileLock(self._file.with_suffix(".lock"), timeout=LOCK_SECONDS)
        if self._kept:
            try:
                self._file.parent.mkdir(parents=True, exist_ok=True)
                lock.acquire()
            except (OSError, Timeout) as error:
                self._kept = False
                log.warning("turns are kept by this run alone", file=str(self._file), why=str(error))
        try:
            yield
        finally:
            lock.release()

    def _read(self, now: datetime) -> datetime | None:
        """When the next turn is; None where nobody knows, or a clock was wrong when it was written."""
        known = self._next
        if self._kept:
            try:
                kept = datetime.fromisoformat(json.loads(self._file.read_text(encoding="utf-8"))["next"])
                known = kept if known is None else max(kept, known)
            except (OSError, ValueError, KeyError, TypeError):
                pass  # not written yet, or not by us
        return None if known is None or known > now + timedelta(seconds=LONGEST_ASKED) + LONG_HOLD else known

    def _write(self, turn: datetime) -> None:
        self._next = turn
        if self._kept:
            part = self._file.with_suffix(".part")
            try:
                part.write_text(json.dumps({"next": turn.isoformat()}), encoding="utf-8")
                part.replace(self._file)
            except OSError as error:
                self._kept = False
                log.warning("turns are kept by this run alone", file=str(self._file), why=str(error))
