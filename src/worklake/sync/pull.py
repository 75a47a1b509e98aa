"""Pull: what changed at a source becomes records in the lake, page by page, and nothing is asked for twice.

A page counts as pulled when its records and then its position are committed. A run that is killed in between is simply
run again: it goes on from the last committed position, and what it brings a second time is known by its hash.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import blake2b
from typing import NamedTuple

import orjson

from worklake.errors import LakeError, LeftOutError, UnreadableError, WorklakeError
from worklake.integrations.base import Item, Page, Payload
from worklake.lake.lake import Lake
from worklake.logs import redact
from worklake.model.rows import Kind, Quarantined, Record
from worklake.sync.aside import MOST_IN_VAIN, PUT_ASIDE, Aside
from worklake.sync.cursors import cursors_of, move_cursors, newest_batch
from worklake.sync.rows import rows_to_arrow
from worklake.sync.run import RunContext, Source, SourceCounts, collect_now, collection_paused

COMMIT_ROWS = 10_000
COMMIT_BYTES = 32 * 1024 * 1024
COMMIT_SECONDS = 5.0
LOOKUP_ITEMS = 2_000
LOOKUP_SECONDS = 1.0

WHOLE = "whole"
"""The stage under which `cursors` has the fingerprint of a source's settings once a listing of it came to its end."""

_KNOWN = """
    select k.kind, k.external_id, k.record_hash, k.quarantined
    from (
        select kind, external_id, record_hash, false as quarantined from {links} where source = :source
        union all
        select kind, external_id, record_hash, true from {quarantine} where source = :source and resolved_at is null
        KEPT
    ) k
    where {among}
"""
_KEPT = "union all select 'KIND', external_id, record_hash, false from {TABLE} where source = :source"
_TABLES = {
    Kind.PERSON: "people",
    Kind.PROJECT: "projects",
    Kind.MILESTONE: "milestones",
    Kind.MERGE_REQUEST: "merge_requests",
    Kind.COMMIT: "commits",
}
"""Where the hashes of those kinds are kept of which there are no links."""

_LINKED = "select 1 from {links} where source = :source limit 1"
_UNSETTLED = """
    select source, kind, external_id, record_hash, reason, run_id, quarantined_at, resolved_at,
           case when external_id = '' then '' else payload end as payload
    from {quarantine}
    where source = :source and resolved_at is null and (external_id = '' or startswith(reason, :reason))
"""


class Listed(NamedTuple):
    """An item as it was listed, with its payload as JSON text and the hash of that."""

    item: Item
    record_hash: str
    text: bytes


@dataclass(slots=True)
class _Known:
    """What the lake holds of some items: their `current` hashes, and all, those put aside included."""

    linked: set[tuple[str, str]] = field(default_factory=set)
    current: set[tuple[str, str, str]] = field(default_factory=set)
    hashes: set[tuple[str, str, str]] = field(default_factory=set)


@dataclass(slots=True)
class _Buffer:
    """Fresh items that wait for the next commit, and the position behind them."""

    rows: list[dict[str, object]] = field(default_factory=list)
    quarantined: dict[tuple[str, str, str], Quarantined] = field(default_factory=dict)
    payload_bytes: int = 0
    position: str | None = None
    opened_at: float = field(default_factory=time.monotonic)

    def put_aside(self, *rows: Quarantined) -> None:
        """Keep rows of the quarantine, of each payload the last."""
        self.quarantined |= {(row.kind, row.external_id, row.record_hash): row for row in rows}

    def is_due(self) -> bool:
        return (
            len(self.rows) >= COMMIT_ROWS
            or self.payload_bytes >= COMMIT_BYTES
            or time.monotonic() - self.opened_at >= COMMIT_SECONDS
        )


def payload_hash(payload: Payload) -> tuple[str, bytes]:
    """The hash of a payload whatever the order of its keys, and its JSON text with keys sorted."""
    text = orjson.dumps(payload, option=orjson.OPT_SORT_KEYS)
    return blake2b(text, digest_size=16).hexdigest(), text


class SourcePull:
    """One source's pull within a run."""

    def __init__(self, lake: Lake, source: Source, run: RunContext, before_first_commit: Callable[[], None]) -> None:
        self._lake = lake
        self._source = source
        self._run = run
        self._before_first_commit = before_first_commit
        self._sent: set[int] = set()
        self._lake_knows_source = False
        self._start: str | None = None
        self._was_whole = False
        self._is_whole = False
        self._batch = 0
        self.counts = SourceCounts()
        self.committed = False

    @collection_paused()
    def pull(self) -> SourceCounts:
        """Bring what changed since the last committed position. A provider's failure ends up in the counts."""
        buffer = _Buffer()
        try:
            self._open()
            buffer.position = self._start
            self._take_up(buffer)
            for pages in self._grouped(_one_ahead(self._pages())):
                self._take(pages, buffer)
            self._is_whole = self.counts.error is None
        except LakeError:
            raise
        except Exception as error:  # noqa: BLE001  a source that fails, however it does, does not stop the others
            self._note_failure(error)
        self._commit(buffer)
        self.counts.requests = self._run.meter.count(self._source.name)
        return self.counts

    def _open(self) -> None:
        name = self._source.name
        self._batch = newest_batch(self._lake, self._run)
        cursors = cursors_of(self._lake, self._run)
        self._start = cursors[name, "pull"].position if (name, "pull") in cursors else None
        self._was_whole = is_whole(self._lake, self._run, self._source)
        unsettled = self._lake.rows(_UNSETTLED, {"source": name, "reason": PUT_ASIDE})
        self._sent.update(int(row["record_hash"], 16) for row in unsettled if not row["external_id"])
        self._aside = Aside(Quarantined(**row) for row in unsettled if row["external_id"])
        self._lake_knows_source = self._start is not None or bool(self._lake.rows(_LINKED, {"source": name}))

    def _take_up(self, buffer: _Buffer) -> None:
        """Try again what was put aside because it could not be completed."""
        in_vain = 0
        for row in self._aside.waiting():
            payload = orjson.loads(row.payload)
            item = Item(Kind(row.kind), row.external_id, payload, self._updated_at(Kind(row.kind), payload))
            entry = Listed(item, row.record_hash, row.payload.encode())
            known = self._look_up([entry])
            if (row.kind, row.external_id, row.record_hash) in known.current:  # a pull that was killed completed it
                buffer.put_aside(*self._aside.settled(row.kind, row.external_id, self._run.clock()))
                continue
            try:
                in_vain += self._keep([entry], known, buffer)
            except LakeError:
                raise
            except WorklakeError as error:
                self._note_failure(error)
                return
            if in_vain == MOST_IN_VAIN:
                return

    def _updated_at(self, kind: Kind, payload: Payload) -> datetime | None:
        try:
            view = self._source.integration.lens.view(kind, payload)
        except UnreadableError:
            return None
        return getattr(view, "updated_at", None)

    def _pages(self) -> Iterator[Page]:
        seen = 0
        for page in self._source.integration.list_changed(self._start, self._run.clock()):
            seen += sum(item.kind is Kind.TASK for item in page.items)
            self._run.progress(self._source.name, "pull", seen, page.expected_total)
            yield page

    def _grouped(self, pages: Iterator[Page]) -> Iterator[list[Page]]:
        """Pages in groups that are looked up in the lake together: some while they come fast, else one by one."""
        group: list[Page] = []
        opened, items = time.monotonic(), 0
        try:
            for page in pages:
                group.append(page)
                items += len(page.items)
                enough = items >= LOOKUP_ITEMS or time.monotonic() - opened >= LOOKUP_SECONDS
                if enough or not self._lake_knows_source:
                    yield group
                    group, items = [], 0
                    opened = time.monotonic()
        except Exception:
            if group:
                yield group
            raise
        if group:
            yield group

    def _take(self, pages: list[Page], buffer: _Buffer) -> None:
        listed = [[self._identify(item, buffer) for item in page.items] for page in pages]
        known = self._look_up(entry for entries in listed for entry in entries if entry is not None)
        for page, entries in zip(pages, listed, strict=True):
            fresh = [entry for entry in entries if entry is not None and self._is_fresh(entry, known)]
            self._keep(fresh, known, buffer)
            buffer.position = page.position
            if buffer.is_due():
                self._commit(buffer)

    def _identify(self, item: Item, buffer: _Buffer) -> Listed | None:
        digest, text = self._hashed(item.payload)
        if item.kind is Kind.TASK:
            self.counts.seen += 1
        if item.external_id:
            return Listed(item, digest, text)
        if self._is_unsent(digest):
            reason = "the payload has no id that could be used"
            buffer.put_aside(self._quarantined(item, digest, text, reason))
        return None

    def _hashed(self, payload: Payload) -> tuple[str, bytes]:
        """The hash of what in a payload tells an edit, and the text of all of it."""
        digest, text = payload_hash(payload)
        telling = self._source.integration.lens.telling(payload)
        return (digest if telling is payload else payload_hash(telling)[0]), text

    def _is_unsent(self, digest: str) -> bool:
        """Whether this run has not brought the payload yet; an item's own id is part of its payload."""
        mark = int(digest, 16)
        if mark in self._sent:
            return False
        self._sent.add(mark)
        return True

    def _look_up(self, listed: Iterable[Listed]) -> _Known:
        known = _Known()
        if not self._lake_knows_source:
            return known
        entries = list(listed)
        ids = {entry.item.external_id or "" for entry in entries}
        query = _known_query({entry.item.kind for entry in entries})
        for row in self._lake.rows_among(query, "k.external_id", ids, {"source": self._source.name}):
            known.hashes.add((row["kind"], row["external_id"], row["record_hash"]))
            if not row["quarantined"]:
                known.linked.add((row["kind"], row["external_id"]))
                known.current.add((row["kind"], row["external_id"], row["record_hash"]))
        return known

    def _is_fresh(self, entry: Listed, known: _Known) -> bool:
        item = entry.item
        if (item.kind.value, item.external_id, entry.record_hash) in known.hashes:
            return False
        return self._is_unsent(entry.record_hash)

    def _keep(self, fresh: list[Listed], known: _Known, buffer: _Buffer) -> int:
        """Complete fresh items with what their listing leaves out, and buffer them and what came along.

        Says how many could not be completed.
        """
        listed = {(entry.item.kind, entry.item.external_id): entry for entry in fresh}
        extra: list[Listed] = []
        # To its end before any of it is kept: a task kept without its comments would not be asked for them again.
        completed: list[Item] = []
        left_out = 0
        try:
            completed.extend(self._source.integration.complete([entry.item for entry in fresh]))
        except LeftOutError as error:
            left_out = len(error.reasons)
            self._let_wait(error, listed, buffer)
        for item in completed:
            entry = listed.pop((item.kind, item.external_id), None)
            if entry is not None:
                text = entry.text if item.payload is entry.item.payload else payload_hash(item.payload)[1]
                self._buffer_row(Listed(item, entry.record_hash, text), known, buffer)
                continue
            entry = self._identify(item, buffer)
            if entry is not None:
                extra.append(entry)
        known_extra = self._look_up(extra)
        for entry in extra:
            if self._is_fresh(entry, known_extra):
                self._buffer_row(entry, known_extra, buffer)
        return left_out

    def _let_wait(self, error: LeftOutError, listed: Mapping[tuple[Kind, str | None], Listed], buffer: _Buffer) -> None:
        """Put items aside that could not be completed, for the next pull to take them up."""
        self._note_failure(error)
        for external_id, why in error.reasons.items():
            entry = listed.get((Kind.TASK, external_id)) or listed[Kind.MERGE_REQUEST, external_id]
            row = self._quarantined(entry.item, entry.record_hash, entry.text, str(redact(PUT_ASIDE + why)))
            self._aside.put(row)
            buffer.put_aside(row)

    def _quarantined(self, item: Item, record_hash: str, text: bytes, reason: str) -> Quarantined:
        return Quarantined(
            source=self._source.name,
            kind=item.kind,
            external_id=item.external_id or "",
            record_hash=record_hash,
            reason=reason,
            payload=text.decode(errors="replace"),
            run_id=self._run.run_id,
            quarantined_at=self._run.clock(),
            resolved_at=None,
        )

    def _buffer_row(self, entry: Listed, known: _Known, buffer: _Buffer) -> None:
        item = entry.item
        if item.kind is Kind.COMMENT:
            self.counts.comments += 1
        elif item.kind is Kind.MERGE_REQUEST:
            self.counts.merge_requests += 1
        elif item.kind is Kind.COMMIT:
            self.counts.commits += 1
        elif item.kind is Kind.TASK and (item.kind.value, item.external_id) in known.linked:
            self.counts.changed += 1
        elif item.kind is Kind.TASK:
            self.counts.new += 1
        buffer.put_aside(*self._aside.settled(item.kind.value, item.external_id or "", self._run.clock()))
        buffer.payload_bytes += len(entry.text)
        buffer.rows.append(
            {
                "source": self._source.name,
                "kind": item.kind.value,
                "external_id": item.external_id,
                "record_hash": entry.record_hash,
                "payload": entry.text.decode(),
                "remote_updated_at": item.updated_at,
            }
        )

    def _commit(self, buffer: _Buffer) -> None:
        """Records first, then the position: a crash in between costs a repeated page, never a lost one."""
        moved = buffer.position not in (None, self._start)
        if buffer.rows or buffer.quarantined or moved or (self._is_whole and not self._was_whole):
            try:
                self._write(buffer, moved=moved)
            except LakeError:
                raise
            except Exception as error:
                raise LakeError(f"the lake could not be written: {error}") from error
        buffer.rows, buffer.quarantined, buffer.payload_bytes = [], {}, 0
        collect_now()
        buffer.opened_at = time.monotonic()

    def _write(self, buffer: _Buffer, *, moved: bool) -> None:
        if not self.committed:
            self._before_first_commit()
            self.committed = True
        self._batch += 1
        now = self._run.clock()
        if buffer.rows:
            constant = {"batch": self._batch, "run_id": self._run.run_id, "received_at": now}
            self._lake.append("records", rows_to_arrow(Record, [row | constant for row in buffer.rows]))
        if buffer.quarantined:
            rows = list(buffer.quarantined.values())
            self._lake.merge("quarantine", rows)
            self.counts.quarantined += sum(row.kind == Kind.TASK and row.resolved_at is None for row in rows)
        positions = {}
        if moved and buffer.position is not None:
            positions["pull"] = buffer.position
            self._start = buffer.position
        if self._is_whole and not self._was_whole:
            positions[WHOLE] = self._source.fingerprint
            self._was_whole = True
        move_cursors(self._lake, self._run, self._source.name, positions, self._batch)

    def _note_failure(self, error: Exception) -> None:
        self.counts.error_kind = type(error).__name__
        expected = isinstance(error, WorklakeError)
        self.counts.error = str(redact(str(error) if expected else f"unexpected {type(error).__name__}: {error}"))


def is_whole(lake: Lake, run: RunContext, source: Source) -> bool:
    """Whether a listing of all that the settings name of a source came to its end once."""
    cursor = cursors_of(lake, run).get((source.name, WHOLE))
    return cursor is not None and cursor.position == source.fingerprint


def _known_query(kinds: Collection[Kind]) -> str:
    """What asks for the hashes of items of these kinds, and reads no table of others."""
    kept = (_KEPT.replace("KIND", kind).replace("TABLE", table) for kind, table in _TABLES.items() if kind in kinds)
    return _KNOWN.replace("KEPT", " ".join(kept))


def _one_ahead(pages: Iterator[Page]) -> Iterator[Page]:
    """The same pages, the next one being fetched while one is worked on."""
    fetching = ThreadPoolExecutor(max_workers=1, thread_name_prefix="worklake-pages")
    try:
        coming = fetching.submit(next, pages, None)
        while (page := coming.result()) is not None:
            coming = fetching.submit(next, pages, None)
            yield page
    finally:
        fetching.shutdown(wait=False, cancel_futures=True)  # an interrupt does not wait for a slow server
