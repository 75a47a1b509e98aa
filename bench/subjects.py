"""The programs that are compared, each run as a process of its own against a feed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from bench.issues import PROJECT_ID, PROJECT_PATH
from bench.measure import BrokenRunError, Measured, RunningFeed, measured, python, worklake
from worklake import connect

SOURCE = "big"
SECOND = "second"
_TOKEN = {"WORKLAKE_BENCH_TOKEN": "not-checked-by-the-feed"}
_DLT = {"RUNTIME__DLTHUB_TELEMETRY": "false", "RUNTIME__LOG_LEVEL": "ERROR"}


def bare(feed: RunningFeed) -> Measured:
    """Everything downloaded and parsed with `requests`."""
    query = "pagination=keyset&order_by=updated_at&sort=asc&per_page=100"
    found = measured(python("bare", f"{feed.base_url}/api/v4/projects/{PROJECT_ID}/issues?{query}"), {})
    return _checked(found, "bare download", found.document()["rows"], feed.count)


def dlt_load(feed: RunningFeed, folder: Path, expected: int) -> Measured:
    """dlt's pipeline in this folder, run once more."""
    found = measured(python("dlt_load", feed.base_url, folder), _DLT)
    return _checked(found, "dlt", found.document()["rows"], expected)


def project(folder: Path, *feeds: RunningFeed) -> Path:
    """A Worklake project folder with these feeds as its sources."""
    conf = folder / "conf"
    conf.mkdir(parents=True)
    (conf / "worklake.yml").write_text("lake: {engine: embedded, path: lake}\n")
    entries = [
        f"  {name}: {{provider: gitlab, base_url: '{feed.base_url}', token: env:WORKLAKE_BENCH_TOKEN, "
        f"projects: [{PROJECT_PATH}]}}\n"
        for name, feed in zip((SOURCE, SECOND), feeds, strict=False)
    ]
    (conf / "sources.yml").write_text("sources:\n" + "".join(entries))
    return folder


def worklake_pull(folder: Path, *, new: int = 0, changed: int = 0) -> Measured:
    """`worklake pull` as a user runs it; what it found is checked."""
    found = measured(worklake("pull", "--json", "--no-progress", "--project", folder), _TOKEN)
    counts = found.document()["sources"][SOURCE]
    if counts["error"] is not None:
        raise BrokenRunError(f"worklake pull: {counts['error']}")
    return _checked(found, "worklake pull", (counts["new"], counts["changed"]), (new, changed))


def worklake_plan(folder: Path, *, changes: int = 0) -> Measured:
    """`worklake plan` as a user runs it: pull, merge, route, and a saved plan. It notes at least so many changes, as
    some issues are edited in more than one field; none where nothing changed.
    """
    before = _changes(folder)
    found = measured(worklake("plan", "--json", "--no-progress", "--project", folder), _TOKEN)
    noted = _changes(folder) - before
    return _checked(found, "worklake plan", min(noted, changes) if changes else noted, changes)


def _changes(folder: Path) -> int:
    if not (folder / "lake").exists():
        return 0
    with connect(folder) as lake:
        return lake.size("changes").rows


def pure_merge(tasks: int) -> Measured:
    """The pure merge alone (`bench.pure`); its seconds are those that it measured itself, of one core."""
    found = measured(python("pure", str(tasks)), {})
    took: float = found.document()["seconds"]
    return replace(found, seconds=took, cpu_seconds=took)


def worklake_stage(stage: str, folder: Path, expected: int) -> Measured:
    """One half of a pull: `records` or `merge` (`bench.stages`)."""
    found = measured(python("stages", stage, folder), _TOKEN)
    return _checked(found, f"worklake {stage}", found.document()["rows"], expected)


def worklake_tasks(folder: Path, limit: int) -> Measured:
    """`worklake tasks`."""
    found = measured(worklake("tasks", "--json", "--limit", str(limit), "--project", folder), _TOKEN)
    return _checked(found, "worklake tasks", len(found.document()), limit)  # a list


def worklake_help() -> Measured:
    """`worklake --help`."""
    return measured(worklake("--help"), {})


def table_versions(folder: Path) -> dict[str, int]:
    """The newest version of each table of a project's lake."""
    logs = (folder / "lake").glob("*/_delta_log")
    return {log.parent.name: max(int(entry.stem) for entry in log.glob("*[0-9].json")) for log in logs}


def _checked(found: Measured, what: str, rows: object, expected: object) -> Measured:
    if rows != expected:
        raise BrokenRunError(f"{what} brought {rows} rows, {expected} were there to be had")
    return found
