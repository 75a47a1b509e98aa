"""The demo as somebody sees it who types it at a terminal."""

import os
import pty
import re
import subprocess
import sys

import pytest

pytest.importorskip("pysail", reason="the embedded engine is not installed")

_HIDDEN, _VISIBLE = "\x1b[?25l", "\x1b[?25h"
"""Where bars are being drawn, the cursor is hidden."""


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_at_a_terminal_no_bar_is_drawn_over_the_story() -> None:
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "worklake", "demo"]
    environment = os.environ | {"TERM": "xterm", "COLUMNS": "100"}
    with subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, env=environment) as process:
        os.close(theirs)
        shown = b""
        try:
            while read := os.read(ours, 65536):
                shown += read
        except OSError:
            pass  # so a terminal says that nobody writes to it any more
    assert process.returncode == 0
    story = shown.decode()
    steps = [match.start() for match in re.finditer(r"\d+\. (worklake|People edit|By mistake|A team)", story)]
    assert len(steps) == 17
    for step in steps:
        assert story.rfind(_VISIBLE, 0, step) >= story.rfind(_HIDDEN, 0, step), story[step : step + 60]
    assert _HIDDEN in story
