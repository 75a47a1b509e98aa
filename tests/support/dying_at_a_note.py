"""Runs a sync that kills its own process just before or just after it writes a note to GitLab.

`python -m tests.support.dying_at_a_note PROJECT before|after`
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from typing import Any

import requests.adapters

import worklake


def main(folder: Path, moment: str) -> None:
    adapter = requests.adapters.HTTPAdapter
    send = adapter.send

    def dying(self: Any, request: Any, *args: Any, **kwargs: Any) -> Any:
        is_note = request.method == "POST" and request.url.endswith("/notes")
        if is_note and moment == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        answer = send(self, request, *args, **kwargs)
        if is_note:
            os.kill(os.getpid(), signal.SIGKILL)
        return answer

    adapter.send = dying  # type: ignore[method-assign]
    worklake.sync(folder)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
