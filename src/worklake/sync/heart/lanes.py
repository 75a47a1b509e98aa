"""Work at several sources at once: what is done at each is a lane, and the parts of a lane follow one another."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar

import structlog

T = TypeVar("T")

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Lane(Generic[T]):
    """What a lane came to: its results in order, and the error that ended it, if one did."""

    results: list[T] = field(default_factory=list)
    error: Exception | None = None


@dataclass(frozen=True, slots=True)
class Followed(Generic[T]):
    """What all lanes came to. After an `interrupt` no lane has begun another part."""

    lanes: Mapping[str, Lane[T]]
    interrupt: KeyboardInterrupt | None = None

    def raise_what_stopped(self) -> None:
        """Raises the interrupt, else the error of the first lane that has one."""
        if self.interrupt is not None:
            raise self.interrupt
        for lane in self.lanes.values():
            if lane.error is not None:
                raise lane.error


class Together(Protocol):
    """Follows lanes to their ends, or until they are interrupted."""

    def __call__(self, lanes: Mapping[str, Iterator[T]]) -> Followed[T]:
        """What they came to. An error ends its own lane only."""


def one_after_another(lanes: Mapping[str, Iterator[T]]) -> Followed[T]:
    """Follows lane after lane, in this thread."""
    ended = {name: Lane[T]() for name in lanes}
    for name, parts in lanes.items():
        _follow(parts, ended[name], lambda: False)
    return Followed(ended)


def in_threads(lanes: Mapping[str, Iterator[T]]) -> Followed[T]:
    """Follows each lane in a thread of its own.

    The first interrupt lets every part that is under way come to its end, so that what became of it is known; a second
    one leaves at once.
    """
    ended = {name: Lane[T]() for name in lanes}
    begin, stopping = threading.Event(), threading.Event()
    over = {name: threading.Event() for name in lanes}
    started: list[str] = []

    def follow(name: str) -> None:
        begin.wait()
        _follow(lanes[name], ended[name], stopping.is_set)
        over[name].set()

    interrupt = None
    try:
        for name in lanes:
            threading.Thread(target=follow, args=(name,), name=f"lane {name}", daemon=True).start()
            started.append(name)
        begin.set()
        _wait_for(over.values())
    except KeyboardInterrupt as error:
        interrupt = error
        stopping.set()
        begin.set()
        log.warning("interrupted: calls under way are finished first; once more leaves them")
        _wait_for(over[name] for name in started)
    return Followed(ended, interrupt)


def _wait_for(events: Iterable[threading.Event]) -> None:
    """Not `Thread.join`: one that was interrupted takes the thread for ended."""
    for event in events:
        event.wait()


def _follow(parts: Iterator[T], lane: Lane[T], is_stopping: Callable[[], bool]) -> None:
    try:
        while not is_stopping():
            lane.results.append(next(parts))
    except StopIteration:
        return
    except Exception as error:  # noqa: BLE001  raised by whoever follows the lanes, once the others have ended
        lane.error = error
