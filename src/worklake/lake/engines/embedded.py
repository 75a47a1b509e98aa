"""The embedded engine: Sail in this process computes, delta-rs writes plain appends and looks after the files.

A Sail server serves every lake of the process; each lake has a session, and so a catalog, of its own.
"""

from __future__ import annotations

import atexit
import ctypes
import os
import signal
import sys
import threading
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from worklake.errors import LakeError, SettingsError
from worklake.lake.engines import delta_files
from worklake.lake.engines.base import Once
from worklake.lake.engines.connect import answer_at_once
from worklake.lake.engines.embedded_merge import delete_rows, merge_rows
from worklake.lake.engines.open_tables import let_go, opened
from worklake.lake.engines.place import Place
from worklake.lake.names import quote
from worklake.lake.results import Commit, Maintained, Merged, Size
from worklake.lake.retry import until_committed
from worklake.lake.schema import lacking
from worklake.lake.tables import Table

if TYPE_CHECKING:
    import pyarrow as pa
    from pyspark.sql import DataFrame, SparkSession

LARGEST_MESSAGE_BYTES = 32 * 1024 * 1024
"""Local data above this goes through a file: a Connect message holds 128 MB at most."""

_SAIL: Mapping[str, str] = {
    "RUST_LOG": "off",
    # Rows that a filter drops are not decoded: a few rows by key out of a million cost 0.05 s instead of 0.25 s.
    "SAIL_PARQUET__PUSHDOWN_FILTERS": "true",
}

_M_ARENA_MAX = -8
"""glibc's name for the number of its heaps."""

_LONGEST_ERROR = 400

_lock = threading.Lock()
_server: Any = None


@contextmanager
def _environment(defaults: Mapping[str, str]) -> Iterator[None]:
    added = [name for name in defaults if name not in os.environ]
    os.environ.update({name: defaults[name] for name in added})
    try:
        yield
    finally:
        for name in added:
            os.environ.pop(name, None)


def _keep_little_memory() -> None:
    """Give freed memory back rather than keep it per thread: 30 % less at the peak of a large first load."""
    import pyarrow as pa

    pa.set_memory_pool(pa.system_memory_pool())
    if sys.platform == "linux":
        libc = ctypes.CDLL(None)
        if hasattr(libc, "mallopt"):  # glibc
            libc.mallopt(_M_ARENA_MAX, 2)


def _keep_interrupts() -> None:
    """Take Ctrl-C back from Sail, which would end the server under our feet; it is Python's to handle.

    Sail takes it whenever its server first looks, which may be after the first answer: so at every use.
    """
    handler = signal.getsignal(signal.SIGINT)
    if threading.current_thread() is threading.main_thread() and handler is not None:
        signal.signal(signal.SIGINT, handler)


def _server_address() -> str:
    """The address of this process's server, which is kept referenced: when it is collected, calls hang."""
    global _server
    try:
        from pysail.spark import SparkConnectServer
    except ImportError as error:
        raise SettingsError(
            "lake.engine is embedded, but pysail is not installed: pip install 'worklake[local]', or choose "
            "another engine in conf/worklake.yml"
        ) from error
    with _lock:
        if _server is None:
            _keep_little_memory()
            with _environment(_SAIL):
                server = SparkConnectServer()
                server.start(background=True)
            atexit.register(server.stop)
            _server = server
    host, port = _server.listening_address
    return f"sc://{host}:{port}"


def _new_session(address: str) -> SparkSession:
    from pyspark.errors import PySparkException
    from pyspark.sql.connect.client import DefaultChannelBuilder
    from pyspark.sql.connect.session import SparkSession as ConnectSession

    # The server is in this process: what the machine has as a proxy does not lead there.
    channel = DefaultChannelBuilder(address, [("grpc.enable_http_proxy", 0)])
    try:
        return cast("SparkSession", ConnectSession.builder.channelBuilder(channel).create())
    except PySparkException as error:
        said = " ".join(str(error).split())[:_LONGEST_ERROR]
        raise LakeError(f"the embedded engine does not answer at {address}, on this machine: {said}") from error


class EmbeddedEngine:
    """Delta tables in a folder, one folder each."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._place = Place(folder)
        self._session: SparkSession | None = None

    @property
    def folder(self) -> Path:
        """The folder of the lake."""
        return self._folder

    @property
    def session(self) -> SparkSession:
        """A session of this lake's own, started at the first use."""
        if self._session is None:
            self._session = _new_session(_server_address())
            # The server is in this process: when it has gone, it will not come back, and need keep no answer for that.
            client = cast(Any, self._session).client
            client.set_retry_policies([])
            client.disable_reattachable_execute()
        _keep_interrupts()
        return self._session

    @property
    def binds_parameters(self) -> bool:
        """The session puts values in the place of :name."""
        return True

    def exists(self) -> bool:
        """Whether the folder holds tables."""
        return self._folder.is_dir() and any(delta_files.is_table(path) for path in self._folder.iterdir())

    def create(self, table: Table) -> bool:
        """Make the table where it is missing."""
        path = self._path(table)
        if delta_files.is_table(path):
            return False
        delta_files.create(path, table)
        return True

    def missing_columns(self, tables: Sequence[Table]) -> dict[str, list[str]]:
        """Declared columns that stored tables lack."""
        return lacking(tables, {table.name: delta_files.column_names(self._path(table)) for table in tables})

    def add_columns(self, table: Table, names: list[str]) -> None:
        """Add declared columns."""
        delta_files.add_columns(self._path(table), table, names)

    def reference(self, table: Table) -> str:
        """The table by its place, which costs nothing: a name would have to be registered in every session."""
        path = self._path(table)
        if not delta_files.is_table(path):
            raise LakeError(f"There is no table {table.name} in {self._folder}. Run `worklake pull` once.")
        return f"delta.{quote(str(path))}"

    def frame(self, data: pa.Table) -> DataFrame:
        """Local data as a DataFrame; large data by way of a file that lives as long as the lake is open."""
        if data.nbytes <= LARGEST_MESSAGE_BYTES:
            return self.session.createDataFrame(data)
        import pyarrow.parquet as pq

        path = self._scratch / f"{uuid.uuid4().hex}.parquet"
        pq.write_table(data, path, compression="zstd")
        return self.session.read.parquet(str(path))

    def answer(self, query: str, args: Mapping[str, Any] | None = None, **frames: DataFrame) -> pa.Table:
        """The rows of a query."""
        return answer_at_once(self.session, query, args, **frames)

    def scan(self, table: Table, columns: list[str], source: str, after: int, through: int) -> pa.Table:
        """Read from the files, past the session: a few hundred megabytes less, as no message holds the rows."""
        return delta_files.scan(self._path(table), columns, source, after, through)

    def append(self, table: Table, rows: pa.Table, once: Once | None = None) -> None:
        """Add rows in one commit."""

        def write() -> None:
            with opened(self._path(table)) as stored:
                if once is None or once.number > delta_files.mark_in(stored, once.writer):
                    delta_files.append(stored, rows, once=once)

        until_committed(write, table.name)

    def last_mark(self, table: Table, writer: str) -> int:
        """The highest number that this writer's marked appends have in the table."""
        return delta_files.last_mark(self._path(table), writer)

    def merge(self, table: Table, rows: pa.Table, stored: Sequence[Mapping[str, Any]] | None = None) -> Merged:
        """Append what is new, rewrite what differs."""
        return merge_rows(self, self._path(table), table, rows, stored)

    def delete(self, table: Table, keys: pa.Table) -> int:
        """Delete the rows with these keys."""
        return delete_rows(self, self._path(table), table, keys)

    def history(self, table: Table, limit: int | None) -> list[Commit]:
        """The commits of the table, newest first."""
        return delta_files.history(self._path(table), limit)

    def restore(self, table: Table, version: int) -> None:
        """Bring back the rows of an older version, as a new commit."""
        delta_files.restore(self._path(table), version)

    def compact(self, table: Table, most_files: int) -> bool:
        """Make few files of more than this many."""
        return delta_files.compact(self._path(table), most_files)

    def maintain(self, table: Table, retention_hours: float) -> Maintained:
        """Compact, vacuum and checkpoint."""
        return delta_files.maintain(self._path(table), table, retention_hours)

    def size(self, table: Table) -> Size:
        """Rows, bytes and files of the current version."""
        return delta_files.size(self._path(table))

    def close(self) -> None:
        """End the session; the server stays for the next lake and stops with the process."""
        if self._session is not None:
            self._session.stop()
            self._session = None
        if "_scratch" in self.__dict__:
            for path in self._scratch.iterdir():
                path.unlink()
            self._scratch.rmdir()
            del self.__dict__["_scratch"]
        let_go(self._place.path)
        self._place.close()

    def _path(self, table: Table) -> Path:
        return self._place.path / table.name

    @cached_property
    def _scratch(self) -> Path:
        import tempfile

        return Path(tempfile.mkdtemp(prefix="worklake-"))
