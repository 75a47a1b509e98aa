"""A process that writes to a lake and says so, line by line; the tests of several writers start it.

`merge FOLDER NAME FIRST LAST STEPS`: merges the tasks FIRST to LAST, STEPS times, titled by NAME and step.
`append FOLDER`: appends calls, one number at a time, and prints each number once it is committed.
`grow FOLDER`: merges one new task and changes task 0, again and again, and prints each number once it is merged.
`hold FOLDER NAME`: takes the lease, prints `held`, and keeps it until its input ends.
"""

from __future__ import annotations

import os
import sys
from itertools import count
from pathlib import Path

from tests.support.lake import call, task, tasks
from worklake.lake.engines import small_merge
from worklake.lake.lake import Lake, open_lake
from worklake.settings.models import EmbeddedLake


def main() -> None:
    what, folder, *rest = sys.argv[1:]
    if "TEST_AS_LARGE_TABLES" in os.environ:
        small_merge.SMALL_ROWS = -1
    with open_lake(EmbeddedLake(), Path(folder)) as lake:
        if what == "merge":
            merge(lake, rest[0], int(rest[1]), int(rest[2]), int(rest[3]))
        elif what == "append":
            for number in count():
                lake.append("calls", [call(number)])
                say(number)
        elif what == "grow":
            for number in count(1):
                lake.merge("tasks", [task(0, title=str(number)), task(number)])
                say(number)
        else:
            with lake.lease(rest[0], "pull", in_table=what == "hold-row", seconds=float(rest[1])):
                say("held")
                sys.stdin.read()


def merge(lake: Lake, name: str, first: int, last: int, steps: int) -> None:
    assert lake.sql("SELECT count(*) AS n FROM {tasks}").num_rows == 1
    say("ready")
    sys.stdin.readline()
    for step in range(steps):
        lake.merge("tasks", tasks(first, last + step, title=f"{name} {step}"))
    say("done")


def say(what: object) -> None:
    sys.stdout.write(f"{what}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
