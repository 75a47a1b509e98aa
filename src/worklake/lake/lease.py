"""One run at a time: a lease says who holds the lake, since when and until when."""

# ruff: noqa: S608  every identifier in the SQL below went through quote()

from __future__ import annotations

import os
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson
from pydantic import Field

from worklake.errors import LakeError, LeaseHeldError
from worklake.lake.retry import until_committed
from worklake.lake.schema import arrow_schema, as_utc
from worklake.lake.tables import Table
from worklake.model.rows import Row

if TYPE_CHECKING:
    from worklake.lake.engines.base import Engine

LEASE_SECONDS = 300.0
"""How long a lease lasts after its last renewal; it is renewed three times in that time."""

Clock = Callable[[], datetime]


class Lease:
    """A held lease, renewed in the background until it is released."""

    def __init__(self, holder: str, until: datetime, renew: Callable[[], datetime], clock: Clock) -> None:
        self.holder = holder
        self.until = until
        self._renew = renew
        self._clock = clock
        self._released = threading.Event()
        self._failure: Exception | None = None

    def renew(self) -> None:
        """Put the end off; raises LeaseHeldError where somebody else took the lease meanwhile."""
        self.until = self._renew()

    def check(self) -> None:
        """Raise where the lease could not be renewed and has run out: another run may be at work.

        One that ran out while this process stood still is renewed here, before whatever it is needed for.
        """
        if self._failure is None and self._clock() >= self.until:
            self.renew()
        if self._failure is not None and (self._clock() >= self.until or isinstance(self._failure, LeaseHeldError)):
            raise LeaseHeldError(f"The lease of {self.holder} was lost: {self._failure}") from self._failure

    def keep(self, every_seconds: float) -> None:
        """Renew until released; a failure is kept for `check` and tried again."""
        while not self._released.wait(every_seconds):
            try:
                self.renew()
                self._failure = None
            except Exception as error:  # noqa: BLE001  a thread has nobody above it; `check` raises it in the run
                self._failure = error

    def release(self) -> None:
        """Stop renewing."""
        self._released.set()


@contextmanager
def _kept(lease: Lease, period: timedelta) -> Iterator[Lease]:
    thread = threading.Thread(target=lease.keep, args=(period.total_seconds() / 3,), name="worklake-lease", daemon=True)
    thread.start()
    try:
        yield lease
    finally:
        lease.release()
        thread.join()


@contextmanager
def file_lease(folder: Path, holder: str, command: str, period: timedelta, clock: Clock) -> Iterator[Lease]:
    """The lease of a lake in a local folder: the system frees the lock when the holder's process ends."""
    from filelock import FileLock, Timeout

    folder.mkdir(parents=True, exist_ok=True)
    note = folder / "lease.json"
    lock = FileLock(folder / "lease.lock", thread_local=False)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise LeaseHeldError(_held_by_process(note, clock())) from None
    since = clock()

    def renew() -> datetime:
        until = clock() + period
        _write_note(note, holder, command, since, until)
        return until

    try:
        with _kept(Lease(holder, renew(), renew, clock), period) as lease:
            yield lease
    finally:
        note.unlink(missing_ok=True)
        lock.release()


def file_lease_is_held(folder: Path) -> bool:
    """Whether the process that took the lease is alive. It takes its note away when it ends, unless it is killed."""
    try:
        held = orjson.loads((folder / "lease.json").read_bytes())
        os.kill(held["pid"], 0)
    except PermissionError:
        return True
    except (OSError, orjson.JSONDecodeError):
        return False
    return True


def _write_note(note: Path, holder: str, command: str, since: datetime, until: datetime) -> None:
    content = {"holder": holder, "command": command, "since": since, "until": until, "pid": os.getpid()}
    fresh = note.with_suffix(".new")
    fresh.write_bytes(orjson.dumps(content))
    fresh.replace(note)


def _held_by_process(note: Path, now: datetime) -> str:
    try:
        held = orjson.loads(note.read_bytes())
    except (OSError, orjson.JSONDecodeError):
        return "The lake is held by a run that has just started. Try again in a moment."
    since, until = datetime.fromisoformat(held["since"]), datetime.fromisoformat(held["until"])
    process = f"process {held['pid']}"
    head = f"The lake is held by {held['holder']} ({held['command']}, {process}) since {_moment(since)}"
    if until <= now:
        return f"{head} until that process ends; it has not renewed its lease since {_moment(until)}: see if it hangs."
    return f"{head} until {_moment(until)}, renewed while it works. Wait for it, or end that process."


def _moment(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


class LeaseRow(Row):
    """A lease of a lake that has no local folder."""

    name: str = Field(description="What is held: lake")
    token: str = Field(description="Tells two holders of one name apart")
    holder: str = Field(description="Who holds it")
    command: str = Field(description="What the holder runs, and in which process")
    since: datetime = Field(description="When it was taken")
    until: datetime = Field(description="When it ends unless it is renewed")


LEASES = Table("leases", LeaseRow, "Who holds the lake, where a file cannot say so", key=("name",))


@contextmanager
def table_lease(
    engine: Engine, table: Table, holder: str, command: str, period: timedelta, clock: Clock
) -> Iterator[Lease]:
    """The lease of a lake without a local folder: a row of `leases`, taken by a MERGE and read back."""
    token = uuid.uuid4().hex
    command = f"{command}, process {os.getpid()}"
    since = clock()
    engine.create(table)
    _merge(engine, table, token, holder, command, since, since + period, "t.until <= s.since", insert=True)
    _require(engine, table, token)

    def renew() -> datetime:
        until = clock() + period
        _merge(engine, table, token, holder, command, since, until, "t.token = s.token", insert=False)
        _require(engine, table, token)
        return until

    try:
        with _kept(Lease(holder, since + period, renew, clock), period) as lease:
            yield lease
    finally:
        _merge(engine, table, token, holder, command, since, since, "t.token = s.token", insert=False)


def table_lease_is_held(engine: Engine, table: Table, now: datetime) -> bool:
    """Whether the row's lease has not run out."""
    engine.create(table)
    rows = engine.session.sql(f"SELECT until FROM {engine.reference(table)} WHERE name = 'lake'").collect()
    return any(as_utc(row["until"]) > now for row in rows)


def _merge(
    engine: Engine, table: Table, token: str, holder: str, command: str, since: datetime, until: datetime,
    condition: str, *, insert: bool,
) -> None:  # fmt: skip
    import pyarrow as pa

    row = {"name": "lake", "token": token, "holder": holder, "command": command, "since": since, "until": until}
    source = engine.frame(pa.Table.from_pylist([row], schema=arrow_schema(table.row)))
    columns = list(row)
    add = f"WHEN NOT MATCHED THEN INSERT ({', '.join(columns)}) VALUES ({', '.join(f's.{name}' for name in columns)})"
    statement = (
        f"MERGE INTO {engine.reference(table)} t USING {{s}} s ON t.name = s.name "
        f"WHEN MATCHED AND {condition} THEN UPDATE SET {', '.join(f't.{name} = s.{name}' for name in columns)} "
        f"{add if insert else ''}"
    )
    until_committed(lambda: engine.session.sql(statement, s=source).collect(), table.name)


def _require(engine: Engine, table: Table, token: str) -> None:
    """Raise LeaseHeldError unless the row carries this token."""
    query = f"SELECT token, holder, command, since, until FROM {engine.reference(table)} WHERE name = 'lake'"
    rows: list[Any] = until_committed(lambda: engine.session.sql(query).collect(), table.name)
    if len(rows) > 1:
        raise LakeError(f"{table.name} has {len(rows)} rows for one lake; delete them all and run again")
    if not rows or rows[0]["token"] != token:
        raise LeaseHeldError(_held_by_row(rows[0]) if rows else "The lease was deleted from the table of leases")


def _held_by_row(row: Any) -> str:
    since, until = _moment(as_utc(row["since"])), _moment(as_utc(row["until"]))
    return (
        f"The lake is held by {row['holder']} ({row['command']}) since {since} until {until}, renewed while it works. "
        "Wait for it; if it died, its lease ends then."
    )
