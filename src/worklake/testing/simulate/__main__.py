"""Runs schedules on all cores, and prints what they break."""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor

from worklake.testing.simulate.schedule import Violation, simulate

_CHUNK = 250


def _some(seeds: Iterable[int]) -> list[Violation]:
    return [found for seed in seeds if (found := simulate(seed)) is not None]


def main() -> int:
    """Run the schedules that the command line asks for; 1 where one breaks something."""
    parser = argparse.ArgumentParser(prog="worklake.testing.simulate", description=__doc__)
    parser.add_argument("--schedules", type=int, default=2000, help="how many")
    parser.add_argument("--seed", type=int, default=0, help="the seed of the first; the others follow")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    asked = parser.parse_args()
    started, broken = time.monotonic(), 0
    end = asked.seed + asked.schedules
    chunks = [range(start, min(start + _CHUNK, end)) for start in range(asked.seed, end, _CHUNK)]
    with ProcessPoolExecutor(asked.processes) as pool:
        for found in pool.map(_some, chunks):
            broken += len(found)
            for violation in found:
                sys.stdout.write(f"{violation}\n")
                sys.stdout.flush()
    seconds = time.monotonic() - started
    rate = asked.schedules / seconds
    sys.stdout.write(f"{asked.schedules} schedules, {broken} broken, {seconds:.0f} s, {rate:.0f} a second\n")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
