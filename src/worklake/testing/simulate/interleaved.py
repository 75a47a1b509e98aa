"""Lanes that take turns by chance, in one thread: what threads do, but alike every time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from random import Random
from typing import TypeVar

from worklake.sync.heart.lanes import Followed, Lane

T = TypeVar("T")


class Interleaved:
    """Keeps the contract of `Together`. What is no `Exception` is a process that dies, and nothing is left of it."""

    def __init__(self, random: Random) -> None:
        self._random = random

    def __call__(self, lanes: Mapping[str, Iterator[T]]) -> Followed[T]:
        """See `Together`."""
        ended = {name: Lane[T]() for name in lanes}
        going = sorted(lanes)
        while going:
            name = self._random.choice(going)
            try:
                ended[name].results.append(next(lanes[name]))
            except StopIteration:
                going.remove(name)
            except Exception as error:  # noqa: BLE001  as in threads: raised once the others have ended
                ended[name].error = error
                going.remove(name)
        return Followed(ended)
