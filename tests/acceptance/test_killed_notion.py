"""Runs that write to Notion are killed, anywhere, by `kill -9`: a page is made once, and a body that was written in
part is finished by the next run and is nobody's edit.
"""

from __future__ import annotations

import os
import random
from collections.abc import Iterator

import pytest

from tests.support.dying import Dying, dying_processes
from tests.support.tools import Tools, running_tools, steps
from tests.support.wholeness import (
    assert_nothing_twice,
    assert_tasks_are_the_fold_of_changes,
    assert_the_ledger_is_complete,
)

pytest.importorskip("pysail", reason="the embedded engine is not installed")
pytestmark = [pytest.mark.timeout(900), pytest.mark.slow]

SEED = int(os.environ.get("WORKLAKE_SEED", "7"))
"""Chooses at which points the runs die."""
POINTS = 90
EVERY = 9
BODIES = (
    "# Head\n\nOne.\n\nTwo.\n\n- a\n- b",
    "Zero.\n\n# Head\n\nUno.\n\n> quoted\n\n- b\n- c\n\nThree.",
    "1. x\n2. y\n\n---\n\nOne.\n\nTwo.",
)


@pytest.fixture(scope="module")
def dying() -> Iterator[Dying]:
    with dying_processes() as made:
        yield made


def title_of(page: dict) -> str:
    return "".join(one["plain_text"] for one in page["properties"]["Name"]["title"])


def assert_whole(tools: Tools, label: str) -> None:
    """After one sync nothing is due, and both tools show the same work, each once."""
    tools.sync()
    assert steps(tools.sync()) == [], label
    here, there, twins = tools.items("a"), tools.items("b"), tools.twins("a")
    titles = sorted(one["title"] for one in here.values())
    assert titles == sorted(title_of(one) for one in there.values()) and len(set(titles)) == len(titles), label
    for key in here:
        one, other = tools.shown("a", key), tools.shown("b", twins[key]["b"])
        assert (one["title"], one["due_date"]) == (other["title"], other["due_date"]), label
        assert one["description"] == other["description"], (label, one["title"])
    assert tools.rows("select * from {conflicts} where is_open") == [], label
    assert_nothing_twice(tools.rows)
    assert_tasks_are_the_fold_of_changes(tools.rows)
    assert_the_ledger_is_complete(tools.rows)


@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_sync_that_is_killed_anywhere_is_finished_by_the_next(dying: Dying, tmp_path, moment: str):
    with running_tools(tmp_path, ["gitlab", "notion"]) as tools:
        first = tools.create("a", title="Rewritten", description=BODIES[0])
        tools.sync()
        twin, deaths = tools.twins("a")[first]["b"], 0
        for point in range(random.Random(f"{SEED} {moment}").randint(1, EVERY), POINTS, EVERY):
            label = f"sync killed {moment} point {point} (WORKLAKE_SEED={SEED})"
            text = BODIES[point % len(BODIES)]
            tools.edit("a", first, description=text)
            tools.edit("b", twin, due_date=f"2031-01-{point % 28 + 1:02}")
            tools.create("a", title=f"Made in GitLab, {point}", description=text)
            tools.create("b", title=f"Made in Notion, {point}", description=text)
            died = dying.dies(tools.settings.folder, point, moment, "sync")
            assert_whole(tools, label)
            assert tools.shown("a", first)["description"] == text, label
            assert tools.shown("b", twin)["due_date"] == f"2031-01-{point % 28 + 1:02}", label
            deaths += died
            if not died:
                break
        assert deaths >= 3
