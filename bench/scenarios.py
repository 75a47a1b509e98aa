"""What is compared: a first load, and small changes in a lake that has grown."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bench import subjects
from bench.measure import Measured, feed, feeds
from bench.report import Goal, Line, Part, at_least, below, reached

LARGEST_MB = 1500


@dataclass(frozen=True, slots=True)
class Sizes:
    """How many issues: of the first load, of the grown lake, of dlt's table beside it, and how many change; how many
    tasks two sources bring at first, and how many are merged without a lake.
    """

    first: int
    grown: int
    dlt: int
    two: int
    pure: int
    changed: int = 100


FULL = Sizes(first=100_000, grown=1_000_000, dlt=20_000, two=100_000, pure=100_000)
QUICK = Sizes(first=20_000, grown=100_000, dlt=20_000, two=20_000, pure=20_000)


def warm_up(folder: Path) -> None:
    """Run everything once on a few issues, so that no figure holds the compilation of modules."""
    count = 200
    with feed(count) as served:
        project = subjects.project(folder / "whole", served)
        split = subjects.project(folder / "split", served)
        subjects.bare(served)
        subjects.dlt_load(served, folder / "dlt", count)
        subjects.worklake_stage("records", split, count)
        subjects.worklake_stage("merge", split, count)
        subjects.worklake_pull(project, new=count)
        served.touch(1)
        subjects.dlt_load(served, folder / "dlt", 1)
        subjects.worklake_pull(project, changed=1)
        subjects.worklake_tasks(project, limit=10)
        subjects.worklake_help()


def first_load(sizes: Sizes, folder: Path) -> Part:
    """Everything read once: bare, dlt, Worklake's two stages one by one, and `worklake pull`."""
    count = sizes.first
    with feed(count) as served:
        bare = _run("bare download", lambda: subjects.bare(served))
        dlt = _run("dlt", lambda: subjects.dlt_load(served, folder / "dlt", count))
        split = subjects.project(folder / "split", served)
        records = _run("worklake, records", lambda: subjects.worklake_stage("records", split, count))
        merge = _run("worklake, merge", lambda: subjects.worklake_stage("merge", split, count))
        whole_folder = subjects.project(folder / "whole", served)
        whole = _run("worklake pull", lambda: subjects.worklake_pull(whole_folder, new=count))

    def line(name: str, found: Measured, *goals: Goal) -> Line:
        return Line(name, found, count, {"bare": _faster(found, bare), "dlt": _faster(found, dlt)}, goals)

    lines = [
        Line("bare: requests and json", bare, count),
        Line("dlt: merge into Delta", dlt, count, {"bare": _faster(dlt, bare)}),
        line("worklake: into records", records, at_least(_faster(records, dlt), 3, "dlt")),
        line("worklake: match and merge", merge),
        line("worklake pull, whole", whole, at_least(_faster(whole, dlt), 1, "dlt", aim=2)),
    ]
    return Part(f"First load of {count:,} issues", lines)


def grown_lake(sizes: Sizes, folder: Path) -> Part:
    """A few changes: dlt's table of 20,000 beside a lake of a million tasks."""
    with feed(sizes.dlt) as served:
        _run(f"dlt, {sizes.dlt:,}", lambda: subjects.dlt_load(served, folder / "dlt", sizes.dlt))
        served.touch(sizes.changed)
        dlt = _run(f"dlt, {sizes.changed} changed", lambda: subjects.dlt_load(served, folder / "dlt", sizes.changed))
    with feed(sizes.grown) as served:
        project = subjects.project(folder / "grown", served)
        built = _run(f"worklake pull, {sizes.grown:,}", lambda: subjects.worklake_pull(project, new=sizes.grown))
        served.touch(sizes.changed)
        changed = _run(
            f"worklake pull, {sizes.changed} changed", lambda: subjects.worklake_pull(project, changed=sizes.changed)
        )
        before = subjects.table_versions(project)
        nothing = _run("worklake pull, nothing changed", lambda: subjects.worklake_pull(project))
        committed = sorted(name for name, at in subjects.table_versions(project).items() if at != before.get(name))
    tasks = _run("worklake tasks", lambda: subjects.worklake_tasks(project, limit=50))
    helped = _run("worklake --help", lambda: _middle([subjects.worklake_help() for _ in range(3)]))
    quiet = Goal("no commit", f"commits to {', '.join(committed)}" if committed else "no commit", not committed)
    lines = [
        Line(f"dlt: {sizes.changed} changed of {sizes.dlt:,}", dlt, sizes.changed),
        Line(f"worklake pull: {sizes.grown:,} new", built, sizes.grown, goals=[_memory(built)]),
        Line(
            f"worklake pull: {sizes.changed} changed of {sizes.grown:,}", changed, sizes.changed,
            {"dlt": _faster(changed, dlt)}, [below(changed.seconds, dlt.seconds, "s", "dlt's "), _memory(changed)],
        ),
        Line("worklake pull: nothing changed", nothing, faster={"dlt": _faster(nothing, dlt)}, goals=[quiet]),
        Line("worklake tasks --limit 50", tasks, goals=[below(tasks.seconds, 3, "s")]),
        Line("worklake --help", helped, goals=[below(helped.seconds, 0.5, "s")]),
    ]  # fmt: skip
    return Part(f"Small changes in a lake of {sizes.grown:,} tasks", lines)


def two_sources(sizes: Sizes, folder: Path) -> Part:
    """The first merge of what two sources hold: each task in one of them, each task in both; and the rules alone."""
    count = sizes.two
    pure = _run(f"pure merge, {sizes.pure:,}", lambda: subjects.pure_merge(sizes.pure))
    apart = _first_merge("each task in one source", folder / "apart", count // 2, 0, count)
    together = _first_merge("each task in both sources", folder / "together", count, count, count)
    rate = sizes.pure / pure.seconds
    lines = [
        Line("rules alone, on one core", pure, sizes.pure, goals=[reached(rate, 20_000, "tasks/s")]),
        Line("merge: each task in one source", apart, count, goals=[below(apart.seconds, 15, "s"), _memory(apart)]),
        Line("merge: each task in both", together, count, goals=[below(together.seconds, 15, "s"), _memory(together)]),
    ]
    return Part(f"First merge of {count:,} tasks from two sources", lines)


def _first_merge(name: str, folder: Path, each: int, shared: int, tasks: int) -> Measured:
    with feeds(each, each, shared) as served:
        made = subjects.project(folder, *served)
        _run(f"{name}, records", lambda: subjects.worklake_stage("records", made, 2 * each))
    return _run(f"{name}, merge", lambda: subjects.worklake_stage("merge", made, tasks))


def grown_sync(sizes: Sizes, folder: Path) -> Part:
    """Plans over a grown lake of two sources, a tenth of whose tasks live in both."""
    shared, count = sizes.grown // 10, sizes.grown
    items = count + shared
    with feeds(count - shared, 2 * shared, shared, noted=50) as served:
        made = subjects.project(folder / "sync", *served)
        built = _run(f"worklake plan, {count:,}", lambda: subjects.worklake_plan(made, changes=items + items // 50))
        empty = _run("worklake plan, nothing changed", lambda: subjects.worklake_plan(made))
        served[0].touch(sizes.changed)
        changed = _run(
            f"worklake plan, {sizes.changed} changed", lambda: subjects.worklake_plan(made, changes=sizes.changed)
        )
    dearer = changed.seconds / empty.seconds
    lines = [
        Line(f"worklake plan: {count:,} new", built, items, goals=[_memory(built)]),
        Line("worklake plan: nothing changed", empty, goals=[below(empty.seconds, 6, "s"), _memory(empty)]),
        Line(
            f"worklake plan: {sizes.changed} changed", changed, sizes.changed,
            goals=[below(dearer, 3, "times an empty run"), _memory(changed)],
        ),
    ]  # fmt: skip
    return Part(f"Plans over {count:,} tasks of two sources", lines)


def _faster(found: Measured, baseline: Measured) -> float:
    return baseline.seconds / found.seconds


def _memory(found: Measured) -> Goal:
    return below(found.peak_mb, LARGEST_MB, "MB")


def _middle(found: list[Measured]) -> Measured:
    return sorted(found, key=lambda one: one.seconds)[len(found) // 2]


def _run(name: str, run: Callable[[], Measured]) -> Measured:
    print(f"{name} …", end=" ", file=sys.stderr, flush=True)
    found = run()
    print(f"{found.seconds:.2f} s, {found.peak_mb:,.0f} MB", file=sys.stderr, flush=True)
    return found
