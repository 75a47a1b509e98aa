"""Runs schedules on all cores, and prints what they break."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import time
import traceback
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from typing import NamedTuple, TextIO

from worklake.testing.simulate.schedule import Violation, kinds_of, schedule, simulate

_CHUNK = 100
_EVERY_SECONDS = 10.0


class _Done(NamedTuple):
    """How many schedules there were, what they broke, and the kinds of the sources that took part."""

    schedules: int
    broken: list[str]
    kinds: Counter[str]


def main() -> int:
    """Run the schedules that the command line asks for; 1 where one breaks something, 130 where they were stopped."""
    parser = argparse.ArgumentParser(prog="worklake.testing.simulate", description=__doc__)
    parser.add_argument("--schedules", type=int, default=2000, help="how many")
    parser.add_argument("--seed", type=int, default=0, help="the seed of the first; the others follow")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1, help="by default one for each core")
    asked = parser.parse_args()
    end = asked.seed + asked.schedules
    chunks = [range(start, min(start + _CHUNK, end)) for start in range(asked.seed, end, _CHUNK)]
    started, done, broken, stopped = time.monotonic(), 0, 0, False
    told, kinds = started, Counter[str]()
    with ProcessPoolExecutor(asked.processes, initializer=_leave_stopping_to_the_first) as pool:
        try:
            for count, found, seen in _run(pool, chunks, 2 * asked.processes):
                done, broken = done + count, broken + len(found)
                kinds.update(seen)
                for violation in found:
                    _say(violation)
                if time.monotonic() - told > _EVERY_SECONDS:
                    told = time.monotonic()
                    _say(f"{done} of {asked.schedules}, {broken} broken", sys.stderr)
        except KeyboardInterrupt:
            stopped = True
            pool.shutdown(wait=True, cancel_futures=True)
    seconds = time.monotonic() - started
    _say(f"{done} schedules, {broken} broken, {seconds:.0f} s, {done / seconds:.0f} a second")
    _say("sources: " + ", ".join(f"{count} {kind}" for kind, count in kinds.most_common()))
    return 1 if broken else 130 if stopped else 0


def _run(pool: ProcessPoolExecutor, chunks: Iterable[range], most: int) -> Iterator[_Done]:
    """What became of each chunk, as soon as it is done; a few are waiting at any time."""
    left = iter(chunks)
    going: set[Future[_Done]] = set()
    while True:
        while len(going) < most and (chunk := next(left, None)) is not None:
            going.add(pool.submit(_some, chunk))
        if not going:
            return
        done, going = wait(going, return_when=FIRST_COMPLETED)
        yield from (one.result() for one in done)


def _some(seeds: range) -> _Done:
    kinds = Counter(kind for seed in seeds for kind in kinds_of(seed))
    return _Done(len(seeds), [found for seed in seeds if (found := _one(seed)) is not None], kinds)


def _one(seed: int) -> str | None:
    """What a schedule breaks. What fails in it is a violation as well, and stops no other schedule."""
    try:
        found = simulate(seed)
    except Exception:  # noqa: BLE001  whatever it is, it is to be seen with its seed
        return str(Violation(seed, tuple(schedule(seed)), traceback.format_exc()))
    return None if found is None else str(found)


def _leave_stopping_to_the_first() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _say(what: object, where: TextIO | None = None) -> None:
    where = where or sys.stdout
    where.write(f"{what}\n")
    where.flush()


if __name__ == "__main__":
    sys.exit(main())
