"""The two halves of a pull as processes of their own, to see where its time goes.

`python -m bench.stages records PROJECT` reads everything into `records`; `merge` then matches and merges what is there.
"""

from __future__ import annotations

import json
import secrets
import sys
from datetime import UTC, datetime
from pathlib import Path

import worklake
from worklake.integrations.registry import open_source
from worklake.project import open_settings
from worklake.settings.models import WorklakeSettings
from worklake.settings.secrets import resolve
from worklake.sync.merge import merge_source
from worklake.sync.pull import SourcePull
from worklake.sync.run import Meter, RunContext, Source, SourceCounts, new_run_id


def now() -> datetime:
    """The time of day."""
    return datetime.now(UTC)


def run_of(settings: WorklakeSettings) -> RunContext:
    """A run over all sources of these settings."""
    meter = Meter()
    sources = [
        Source(name, open_source(name, entry, resolve(entry.token, settings.folder), meter))
        for name, entry in settings.sources.items()
    ]
    started = now()
    run_id = new_run_id(started, secrets.token_hex(3))
    return RunContext(run_id, "bench", started, now, tuple(sources), settings.people, meter)


def records(project: Path) -> int:
    """Read what changed into `records`; how many tasks were new or changed."""
    run = run_of(open_settings(project))
    rows = 0
    with worklake.connect(project, create=True) as lake:
        lake.ensure()
        for source in run.sources:
            counts = SourcePull(lake, source, run, lambda: None).pull()
            if counts.error is not None:
                raise RuntimeError(counts.error)
            rows += counts.new + counts.changed
    return rows


def merge(project: Path) -> int:
    """Match and merge what was pulled; how many tasks there are then."""
    run = run_of(open_settings(project))
    with worklake.connect(project) as lake:
        for source in run.sources:
            merge_source(lake, source, run, SourceCounts())
        return lake.size("tasks").rows


if __name__ == "__main__":
    stage = {"records": records, "merge": merge}[sys.argv[1]]
    print(json.dumps({"rows": stage(Path(sys.argv[2]))}))
