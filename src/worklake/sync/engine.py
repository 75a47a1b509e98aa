"""One pull from beginning to end: catch up, pull, match and merge, and an account of it all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from types import TracebackType
from typing import NamedTuple, Self

import orjson
import structlog

from worklake.errors import AuthError, LakeError, RetryableError
from worklake.lake.lake import Lake
from worklake.model.rows import Call, Run, RunState
from worklake.sync.merge import merge_source
from worklake.sync.merged import complete_merged
from worklake.sync.pull import SourcePull
from worklake.sync.renamed import refuse_renamed
from worklake.sync.run import RunContext, Source, SourceCounts

log = structlog.get_logger(__name__)


class PullResult(NamedTuple):
    """How a pull ended as a whole, and what it did per source."""

    state: RunState
    counts: Mapping[str, SourceCounts]


def pull(lake: Lake, run: RunContext) -> PullResult:
    """Read what changed at the sources into the lake and its canonical tables.

    Whoever calls this holds the lake's lease. A pull that finds nothing commits nothing: its own record waits for the
    next run that has something to commit.
    """
    lake.ensure()
    with Account(lake, run) as account:
        counts = pull_into(lake, run, account)
        return PullResult(account.close(counts), counts)


def pull_into(lake: Lake, run: RunContext, account: Account) -> Mapping[str, SourceCounts]:
    """The same as a part of a longer run."""
    refuse_renamed(lake, run)
    counts = {source.name: SourceCounts() for source in run.sources}
    to_merge = set()
    for source in run.sources:
        # What a killed run left behind is merged first, so that the links know every record there is.
        if merge_pulled(lake, source, run, counts[source.name]):
            account.open()
            to_merge.add(source.name)
            log.debug("caught up", run_id=run.run_id, source=source.name)
    for source in run.sources:
        if source.unreachable is not None:
            counts[source.name].fail(source.unreachable)
            continue
        pulling = SourcePull(lake, source, run, account.open)
        left = counts[source.name].quarantined
        counts[source.name] = pulling.pull()
        counts[source.name].quarantined += left
        if pulling.committed:
            to_merge.add(source.name)
        account.keep_calls()
        log.debug("pulled", run_id=run.run_id, source=source.name, **asdict(counts[source.name]))
    for source in run.sources:
        merged = source.name in to_merge and merge_pulled(lake, source, run, counts[source.name])
        log.debug("merged", run_id=run.run_id, source=source.name, anything=merged)
    complete_merged(lake, run, account.open)
    return counts


def merge_pulled(lake: Lake, source: Source, run: RunContext, counts: SourceCounts) -> bool:
    """Merge what was pulled from a source and not merged yet; says whether there may be anything to commit.

    Where that takes asking a source that gives no answer now, it waits for the next run, and `counts` tell why.
    """
    try:
        return merge_source(lake, source, run, counts)
    except (RetryableError, AuthError) as error:
        counts.fail(error)
        return True


class Account:
    """The run's row, and the rows of the calls it made."""

    def __init__(self, lake: Lake, run: RunContext) -> None:
        self._lake = lake
        self._run = run
        self.opened = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Tell of a failing lake whether anything had been committed before."""
        if isinstance(error, LakeError):
            error.after_commits = self.opened

    def open(self) -> None:
        """Note, with the first commit, that the run is under way."""
        if not self.opened:
            self._lake.merge("runs", [self._row(RunState.RUNNING, {})])
            self.opened = True

    def keep_calls(self) -> None:
        """Put the calls made so far where a crash does not lose them."""
        calls = [
            Call(
                source=call.source,
                endpoint=call.endpoint,
                status=call.status,
                seconds=call.seconds,
                received_bytes=call.received_bytes,
                quota_left=call.quota_left,
                attempt=call.attempt,
                run_id=self._run.run_id,
                called_at=call.called_at,
            )
            for call in self._run.meter.drain()
        ]
        if calls:
            self._lake.defer("calls", calls)

    def close(self, counts: Mapping[str, SourceCounts]) -> RunState:
        """Note how the run ended: in the lake where it committed anything, else with the next run that does."""
        self.keep_calls()
        failed = sum(one.error is not None for one in counts.values())
        nothing_done = failed == len(counts) and not self.opened
        state = RunState.DONE if not failed else RunState.FAILED if nothing_done else RunState.PARTIAL
        row = self._row(state, counts)
        if self.opened:
            self._lake.merge("runs", [row])
            self._lake.flush_deferred()
            self._lake.compact()
        else:
            self._lake.defer("runs", [row])
        return state

    def _row(self, state: RunState, counts: Mapping[str, SourceCounts]) -> Run:
        errors = {name: one.error for name, one in counts.items() if one.error}
        return Run(
            run_id=self._run.run_id,
            command=self._run.command,
            state=state,
            started_at=self._run.started_at,
            finished_at=None if state is RunState.RUNNING else self._run.clock(),
            counts=orjson.dumps({name: asdict(one) for name, one in counts.items()}).decode(),
            error="\n".join(f"{name}: {error.removeprefix(f'{name}: ')}" for name, error in errors.items()) or None,
        )
