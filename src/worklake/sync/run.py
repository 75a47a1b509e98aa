"""What a run is: its id, its clock, its sources and what it tells meanwhile."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Protocol

from worklake.errors import WorklakeError
from worklake.integrations.base import BaseIntegration
from worklake.integrations.http import CallMade
from worklake.logs import redact
from worklake.model.ids import RunId
from worklake.model.rows import Cursor
from worklake.settings.models import OnDelete, People, Policy, Routing
from worklake.sync.heart.drift import Drift

Clock = Callable[[], datetime]


class Progress(Protocol):
    """Told as a run goes on; shows it or does not."""

    def __call__(self, source: str, stage: str, done: int, total: int | None) -> None:
        """`done` items of `total` (None: not known) in this stage."""
        ...


def silent(source: str, stage: str, done: int, total: int | None) -> None:
    """Progress that nobody watches."""


@dataclass(slots=True)
class Meter:
    """Collects the HTTP calls that the sources make."""

    calls: list[CallMade] = field(default_factory=list)
    _counts: dict[str, int] = field(default_factory=dict)
    _quotas: dict[str, CallMade] = field(default_factory=dict)

    def __call__(self, call: CallMade) -> None:
        """Take note of a call."""
        self.calls.append(call)
        self._counts[call.source] = self._counts.get(call.source, 0) + 1
        if call.quota_left is not None:
            self._quotas[call.source] = call

    def count(self, source: str) -> int:
        """How many calls this source has made."""
        return self._counts.get(source, 0)

    def quota(self, source: str) -> CallMade | None:
        """The last call of a source whose answer told how much of the quota is left."""
        return self._quotas.get(source)

    def drain(self) -> list[CallMade]:
        """The calls since the last time this was asked."""
        drained, self.calls = self.calls, []
        return drained


@dataclass(frozen=True, slots=True)
class Source:
    """A configured account and the integration that reaches it."""

    name: str
    integration: BaseIntegration
    unreachable: WorklakeError | None = None
    """Why it cannot be asked at all, where that is known beforehand: its secret is missing."""
    rank: int = 0
    """Its place in the settings, which settles what nothing else does."""
    on_delete: OnDelete = "close"
    fingerprint: str = ""
    """Changes with its settings, and so with what is read of it."""

    @property
    def provider(self) -> str:
        """The kind of provider."""
        return self.integration.provider


@dataclass(frozen=True, slots=True)
class RunContext:
    """One run: what every stage of it needs besides the lake."""

    run_id: RunId
    command: str
    started_at: datetime
    clock: Clock
    sources: tuple[Source, ...]
    people: People
    meter: Meter
    progress: Progress = silent
    policy: Policy = field(default_factory=Policy)
    routing: Routing = field(default_factory=Routing)
    elsewhere: tuple[Source, ...] = ()
    """Configured sources that this run does not read. They too know their items by URL."""
    drifts: dict[str, Drift] = field(default_factory=dict)
    """What the run has found out of names that are gone, by source."""

    def drift_of(self, source: Source) -> Drift | None:
        """What is known of a source's names; None where the run must not ask it."""
        if source.unreachable is not None or source not in self.sources:
            return None
        return self.drifts.setdefault(source.name, Drift(source.integration))

    touched: set[str] = field(default_factory=set)
    """The tasks whose rows this run has changed so far."""
    cursors: dict[tuple[str, str], Cursor] = field(default_factory=dict)
    """Where the stages stand, by source and stage, as far as the run has asked: see `sync/cursors.py`."""

    def key_of(self, url: str) -> str | None:
        """The key of the item, in whichever configured source, that a URL shows."""
        keys = (source.integration.key_of(url) for source in (*self.sources, *self.elsewhere))
        return next((key for key in keys if key is not None), None)

    def key_elsewhere(self, url: str, own: BaseIntegration) -> str | None:
        """The key of the item, in whichever source but this one, that a URL shows; None of one of its own."""
        if own.key_of(url) is not None:
            return None
        for source in (*self.sources, *self.elsewhere):
            if source.integration is not own and (key := source.integration.key_of(url)) is not None:
                return key
        return None


@contextmanager
def collection_paused() -> Iterator[None]:
    """Spare the garbage collector walking over rows by the hundred thousand; collect with `collect_now` in between."""
    was_enabled = gc.isenabled()
    gc.freeze()
    gc.disable()
    try:
        yield
    finally:
        gc.unfreeze()
        if was_enabled:
            gc.enable()


def collect_now() -> None:
    """Free what hangs together in cycles (answers of servers do), once the rows of a commit are gone.

    What is alive then (modules, sessions) is not looked at again.
    """
    gc.collect()
    gc.freeze()


def new_run_id(started_at: datetime, random_hex: str) -> RunId:
    """A run id that sorts by time."""
    return RunId(f"run_{started_at.astimezone(UTC):%Y%m%dT%H%M%S}_{random_hex}")


@dataclass(slots=True)
class SourceCounts:
    """What a run did with one source. `seen`, `new`, `changed` and `quarantined` count tasks; `error` is in words."""

    requests: int = 0
    seen: int = 0
    new: int = 0
    changed: int = 0
    comments: int = 0
    quarantined: int = 0
    merge_requests: int = 0
    commits: int = 0
    error: str | None = None
    error_kind: str | None = None
    frozen: list[str] = field(default_factory=list)
    """What is frozen there, in words: names that the settings give a meaning are gone."""

    def fail(self, error: WorklakeError) -> None:
        """Note why the source was not read."""
        self.error, self.error_kind = str(redact(str(error))), type(error).__name__


Counts = Mapping[str, SourceCounts]
