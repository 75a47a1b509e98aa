"""Waiting for what another process or thread does."""

import time
from collections.abc import Iterator


def looks(seconds: float = 60.0) -> Iterator[None]:
    """A turn every now and then to look whether it has happened; fails when it does not in so many seconds."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        yield
        time.sleep(0.02)
    raise AssertionError(f"what was waited for has not happened in {seconds:.0f} s")
