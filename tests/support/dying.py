"""Runs a pull that kills its own process at a chosen commit or call, as a power cut would.

`python -m tests.support.dying PROJECT POINT BEFORE|AFTER`: dies at the POINT-th commit of the lake or call to a
provider, just before it or just after it. Ends normally, with status 0, when there are fewer.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import requests.adapters

import worklake
from worklake.lake.lake import Lake


def main(folder: Path, point: int, moment: str) -> None:
    passed = 0

    def dying(function: Callable[..., Any]) -> Callable[..., Any]:
        def run(*args: Any, **kwargs: Any) -> Any:
            nonlocal passed
            passed += 1
            last = passed == point
            if last and moment == "before":
                os.kill(os.getpid(), signal.SIGKILL)
            result = function(*args, **kwargs)
            if last:
                os.kill(os.getpid(), signal.SIGKILL)
            return result

        return run

    for verb in ("append", "merge", "defer", "flush_deferred"):
        setattr(Lake, verb, dying(getattr(Lake, verb)))
    adapter = requests.adapters.HTTPAdapter
    adapter.send = dying(adapter.send)  # type: ignore[method-assign]
    worklake.pull(folder)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3])
