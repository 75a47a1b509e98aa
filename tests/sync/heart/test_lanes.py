"""Lanes: work at several sources side by side, each in its own order."""

import signal
import threading
from collections.abc import Iterator
from random import Random

import pytest

from worklake.sync.heart.lanes import Together, in_threads, one_after_another
from worklake.testing.simulate.interleaved import Interleaved

TOGETHER = {"one after another": one_after_another, "in threads": in_threads, "interleaved": Interleaved(Random(1))}
every_way = pytest.mark.parametrize("together", TOGETHER.values(), ids=TOGETHER)


@every_way
def test_each_lane_keeps_its_order(together: Together) -> None:
    followed = together({"a": iter([1, 2, 3]), "b": iter([4, 5]), "c": iter(())})
    assert {name: lane.results for name, lane in followed.lanes.items()} == {"a": [1, 2, 3], "b": [4, 5], "c": []}
    followed.raise_what_stopped()


@every_way
def test_an_error_ends_its_own_lane_and_is_raised_after_the_others_have_ended(together: Together) -> None:
    def breaks() -> Iterator[int]:
        yield 1
        raise ValueError("a defect")

    followed = together({"a": breaks(), "b": iter([2, 3])})
    assert [lane.results for lane in followed.lanes.values()] == [[1], [2, 3]]
    with pytest.raises(ValueError, match="a defect"):
        followed.raise_what_stopped()


def test_lanes_go_on_at_the_same_time() -> None:
    meeting = threading.Barrier(2)

    def meets() -> Iterator[int]:
        yield meeting.wait(timeout=30)

    followed = in_threads({"a": meets(), "b": meets()})
    followed.raise_what_stopped()


def test_an_interrupt_lets_calls_under_way_end_and_no_other_begin() -> None:
    begun, interrupted = threading.Event(), threading.Event()

    def calls() -> Iterator[int]:
        begun.set()
        assert interrupted.wait(timeout=30)
        yield 1
        yield 2

    def interrupts() -> Iterator[int]:
        assert begun.wait(timeout=30)
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
        interrupted.set()
        yield 3

    followed = in_threads({"a": calls(), "b": interrupts()})
    assert followed.lanes["b"].results == [3]
    assert followed.lanes["a"].results in ([1], [1, 2])  # the signal may be seen a moment after it was sent
    with pytest.raises(KeyboardInterrupt):
        followed.raise_what_stopped()
