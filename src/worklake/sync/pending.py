"""Records that no merge has taken into account yet, in chunks that fit in memory, read through their source's lens."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import zip_longest
from operator import itemgetter
from typing import Generic, NamedTuple, TypeVar

import orjson

from worklake.errors import UnreadableError
from worklake.integrations.base import Lens
from worklake.integrations.views import (
    CommentView,
    CommitView,
    MergeRequestView,
    MilestoneView,
    PersonView,
    ProjectView,
    TaskView,
    View,
)
from worklake.lake.lake import Lake
from worklake.model.rows import Kind, Quarantined

CHUNK_ROWS = 10_000
CHUNK_BYTES = 32 * 1024 * 1024

_SIZES = """
    select batch, count(*) as rows, sum(length(payload)) as bytes from {records}
    where source = :source and batch > :after group by batch order by batch
"""
_COLUMNS = ("kind", "external_id", "record_hash", "payload", "remote_updated_at", "batch")
_CURRENT = """
    select r.kind, r.external_id, r.record_hash, r.payload, r.remote_updated_at, r.batch from {records} r
    left semi join (
        select kind, external_id, record_hash from {links} where source = :source
        union all
        select kind, external_id, record_hash from {quarantine} where source = :source and resolved_at is null
        union all
        select 'person', external_id, record_hash from {people} where source = :source
    ) k on r.kind = k.kind and r.external_id = k.external_id and r.record_hash = k.record_hash
    where r.source = :source and r.batch > :after and r.batch <= :through
"""

SomeView = TypeVar("SomeView", bound=View, covariant=True)


class Observed(NamedTuple, Generic[SomeView]):
    """An item as its provider now shows it."""

    external_id: str
    record_hash: str
    remote_updated_at: datetime | None
    view: SomeView


@dataclass(slots=True)
class Chunk:
    """The newest readable payload of each item in a range of batches, by kind, and those that cannot be read."""

    through: int
    tasks: list[Observed[TaskView]] = field(default_factory=list)
    comments: list[Observed[CommentView]] = field(default_factory=list)
    people: list[Observed[PersonView]] = field(default_factory=list)
    projects: list[Observed[ProjectView]] = field(default_factory=list)
    milestones: list[Observed[MilestoneView]] = field(default_factory=list)
    merge_requests: list[Observed[MergeRequestView]] = field(default_factory=list)
    commits: list[Observed[CommitView]] = field(default_factory=list)
    quarantined: list[Quarantined] = field(default_factory=list)

    def by_kind(self, kind: str) -> list[Observed[View]]:
        """The list that holds items of this kind."""
        lists: dict[str, list[Observed[View]]] = {
            Kind.TASK: self.tasks,  # type: ignore[dict-item]
            Kind.COMMENT: self.comments,  # type: ignore[dict-item]
            Kind.PERSON: self.people,  # type: ignore[dict-item]
            Kind.PROJECT: self.projects,  # type: ignore[dict-item]
            Kind.MILESTONE: self.milestones,  # type: ignore[dict-item]
            Kind.MERGE_REQUEST: self.merge_requests,  # type: ignore[dict-item]
            Kind.COMMIT: self.commits,  # type: ignore[dict-item]
        }
        return lists[kind]

    def __len__(self) -> int:
        """How many items could be read."""
        return sum(len(self.by_kind(kind)) for kind in Kind)


def pending_chunks(
    lake: Lake, source: str, lens: Lens, *, after: int, anew: bool, run_id: str, now: datetime
) -> Iterator[Chunk]:
    """Chunks of what came in after this batch, oldest first; with `anew`, of every item's current record instead."""
    if anew:
        after = 0
    sizes = lake.rows(_SIZES, {"source": source, "after": after})
    for through in _ranges(sizes):
        yield _read(_rows(lake, source, after, through, anew=anew), source, lens, through, run_id, now)
        after = through


def _rows(lake: Lake, source: str, after: int, through: int, *, anew: bool) -> list[dict[str, object]]:
    if anew:
        return lake.rows(_CURRENT, {"source": source, "after": after, "through": through})
    return lake.scan("records", _COLUMNS, source, after=after, through=through)


def _ranges(sizes: list[dict[str, int]]) -> Iterator[int]:
    """The last batch of each chunk."""
    rows = size = 0
    for entry, following in zip_longest(sizes, sizes[1:]):
        rows, size = rows + entry["rows"], size + entry["bytes"]
        if following is None or rows + following["rows"] > CHUNK_ROWS or size + following["bytes"] > CHUNK_BYTES:
            yield entry["batch"]
            rows = size = 0


def _read(rows: list[dict[str, object]], source: str, lens: Lens, through: int, run_id: str, now: datetime) -> Chunk:
    chunk = Chunk(through)
    rows.sort(key=itemgetter("batch"))
    newest = {(row["kind"], row["external_id"]): row for row in rows}
    for row in newest.values():
        kind, external_id, record_hash = str(row["kind"]), str(row["external_id"]), str(row["record_hash"])
        payload = str(row["payload"])
        try:
            view = lens.view(Kind(kind), orjson.loads(payload))
        except UnreadableError as error:
            chunk.quarantined.append(
                Quarantined(
                    source=source,
                    kind=kind,
                    external_id=external_id,
                    record_hash=record_hash,
                    reason=str(error),
                    payload=payload,
                    run_id=run_id,
                    quarantined_at=now,
                    resolved_at=None,
                )
            )
            continue
        chunk.by_kind(kind).append(
            Observed(external_id, record_hash, row["remote_updated_at"], view)  # type: ignore[arg-type]
        )
    return chunk
