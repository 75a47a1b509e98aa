"""An interrupt ends a process that has the embedded engine open, at once."""

from __future__ import annotations

import ctypes
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from worklake.lake.lake import Lake


def test_an_interrupted_process_leaves_the_lake_at_once(tmp_path: Path) -> None:
    pytest.importorskip("pysail", reason="pysail is not installed")
    code = (
        "import os, sys; from pathlib import Path; from worklake.lake.lake import open_lake; "
        "from worklake.settings.models import EmbeddedLake\n"
        "try:\n"
        "    with open_lake(EmbeddedLake(), Path(sys.argv[1]), create=True) as lake:\n"
        "        lake.ensure(); lake.rows('SELECT 1'); print('ready', flush=True)\n"
        "        while True: lake.rows('SELECT count(*) FROM {tasks}')\n"
        "except KeyboardInterrupt:\n"
        "    os._exit(130)\n"  # as the command does
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None and process.stdout.readline() == "ready\n"
        try:
            assert interrupted(process) == 130
        finally:
            process.kill()


def interrupted(process: subprocess.Popen[str]) -> int:
    """The exit status of a process that a person interrupts. They press once more where nothing happens: one that
    comes within gRPC may leave a lock taken that the end then waits for.
    """
    for _ in range(3):
        process.send_signal(signal.SIGINT)
        with suppress(subprocess.TimeoutExpired):
            return process.wait(10)
    return process.wait(10)


def test_an_interrupt_stays_with_python_however_late_the_server_takes_it(embedded: Lake) -> None:
    embedded.rows("SELECT 1")
    of_python = hand_interrupts_to(IGNORED)  # as if the server had taken them just now
    try:
        embedded.rows("SELECT 1")
        assert hand_interrupts_to(IGNORED) == of_python
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)


IGNORED = 1


def hand_interrupts_to(handler: int) -> int:
    """Have the system call this handler, of which Python does not know; the one that it called before."""
    set_handler = ctypes.CDLL(None).signal
    set_handler.restype, set_handler.argtypes = ctypes.c_void_p, [ctypes.c_int, ctypes.c_void_p]
    return set_handler(signal.SIGINT, handler) or 0
