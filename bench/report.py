"""What was measured, as a table for people and as one JSON document."""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from typing import Any

from rich.console import Console
from rich.table import Table

from bench.measure import Measured


@dataclass(frozen=True, slots=True)
class Goal:
    """What a figure should be, what it is, and whether that is enough."""

    wanted: str
    found: str
    met: bool

    def words(self) -> str:
        """For example `met: 3.4 times dlt, wanted at least 3 times`."""
        return f"{'met' if self.met else 'missed'}: {self.found}, wanted {self.wanted}"


def at_least(factor: float, wanted: float, baseline: str, aim: float | None = None) -> Goal:
    """So many times as fast as the baseline or more; `aim` is what would be better still."""
    more = f", aim {aim:g}" if aim else ""
    return Goal(f"at least {wanted:g} times{more}", f"{factor:.2f} times {baseline}", factor >= wanted)


def below(found: float, wanted: float, unit: str, whose: str = "") -> Goal:
    """Less than so much; `whose` says where the bound comes from."""
    digits = 2 if wanted < 100 else 0
    return Goal(f"below {whose}{wanted:.{digits}f} {unit}", f"{found:.{digits}f} {unit}", found < wanted)


def reached(found: float, wanted: float, unit: str) -> Goal:
    """So much or more."""
    return Goal(f"at least {wanted:,.0f} {unit}", f"{found:,.0f} {unit}", found >= wanted)


@dataclass(frozen=True, slots=True)
class Line:
    """One measured process. `faster` says how many times as fast as a baseline of the same run it was."""

    name: str
    measured: Measured
    rows: int | None = None
    faster: Mapping[str, float] = field(default_factory=dict)
    goals: Sequence[Goal] = ()

    @property
    def rows_per_second(self) -> float | None:
        """Over the whole life of the process."""
        return self.rows / self.measured.seconds if self.rows is not None else None


@dataclass(frozen=True, slots=True)
class Part:
    """A titled group of lines."""

    title: str
    lines: Sequence[Line]


def show(parts: Sequence[Part]) -> None:
    """Print the parts as tables on stdout."""
    console = Console(width=max(Console().width, 132))
    console.print(f"[bold]Worklake bench[/bold]  {_in_words(surroundings())}")
    for part in parts:
        table = Table(title=part.title, title_justify="left", title_style="bold", expand=False)
        table.add_column("process")
        for name in ("seconds", "CPU s", "rows/s", "peak MB", "x bare", "x dlt"):
            table.add_column(name, justify="right")
        table.add_column("goals")
        for line in part.lines:
            table.add_row(line.name, *_figures(line), "\n".join(_coloured(goal) for goal in line.goals))
        console.print(table)


def _figures(line: Line) -> list[str]:
    found = line.measured
    rate = f"{line.rows_per_second:,.0f}" if line.rows_per_second is not None else ""
    ratios = [f"{line.faster[name]:.2f}" if name in line.faster else "" for name in ("bare", "dlt")]
    return [f"{found.seconds:.2f}", f"{found.cpu_seconds:.2f}", rate, f"{found.peak_mb:,.0f}", *ratios]


def _coloured(goal: Goal) -> str:
    return f"[{'green' if goal.met else 'red'}]{goal.words()}[/]"


def document(parts: Sequence[Part]) -> dict[str, Any]:
    """All figures for a program."""
    return {"surroundings": surroundings(), "parts": [_part(part) for part in parts]}


def _part(part: Part) -> dict[str, Any]:
    return {
        "title": part.title,
        "processes": [
            {
                "name": line.name,
                "seconds": round(line.measured.seconds, 3),
                "cpu_seconds": round(line.measured.cpu_seconds, 3),
                "rows": line.rows,
                "rows_per_second": round(line.rows_per_second, 1) if line.rows_per_second is not None else None,
                "peak_mb": round(line.measured.peak_mb, 1),
                "times_as_fast_as": {name: round(factor, 3) for name, factor in line.faster.items()},
                "goals": [{"wanted": goal.wanted, "found": goal.found, "met": goal.met} for goal in line.goals],
            }
            for line in part.lines
        ],
    }


def surroundings() -> dict[str, Any]:
    """What the figures depend on besides the code; `load` is the machine's load average before the end."""
    return {
        "cpus": os.cpu_count(),
        "load": round(os.getloadavg()[0], 1),
        "python": platform.python_version(),
        **{name: version(name) for name in ("worklake", "dlt", "deltalake", "pysail")},
    }


def _in_words(facts: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {value}" for name, value in facts.items())
