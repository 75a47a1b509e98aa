"""The body of an answer, read to its end within a time that holds for the whole of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import requests

ANSWER_SECONDS = 300.0
"""How long a whole body may take, however steadily a little of it keeps coming."""
_PIECE_BYTES = 64 * 1024


def read_whole(response: requests.Response, timer: Callable[[], float]) -> None:
    """Read the body, so that `content` holds it. Raises `requests.ReadTimeout` where it takes too long."""
    response.raw = _Timed(response.raw, timer)
    _ = response.content


class _Timed:
    """A body that is given up when its time is over. What `requests` makes of network errors stays as it is."""

    def __init__(self, raw: Any, timer: Callable[[], float]) -> None:
        self._raw = raw
        self._timer = timer
        self._until = timer() + ANSWER_SECONDS

    def __getattr__(self, name: str) -> Any:
        return getattr(self._raw, name)

    def stream(self, amount: int, decode_content: bool = True) -> Iterator[bytes]:
        """The body in pieces, each as soon as it has come, decoded where the server packed it."""
        if hasattr(self._raw, "read1"):
            pieces = iter(lambda: self._raw.read1(_PIECE_BYTES, decode_content=decode_content), b"")
        else:  # urllib3 before 2.2 waits until a piece is full
            pieces = self._raw.stream(amount, decode_content=decode_content)
        for piece in pieces:
            yield piece
            if self._timer() > self._until:
                self._raw.close()
                raise requests.ReadTimeout(f"the answer was not whole after {ANSWER_SECONDS:.0f} s")
