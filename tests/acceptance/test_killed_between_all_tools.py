"""A sync of all five tools is killed, anywhere, by `kill -9`: the next one finishes it, whichever two tools it was
writing between. Nothing is lost, nothing is twice.

What takes GitHub and Notion several calls (labels, a body block by block) may be done in part when the run dies: the
next run finishes it, and takes it for nobody's edit.
"""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from tests.support.dying import Dying, dying_processes
from tests.support.tools import Tools, make_projects, running_tools, steps
from tests.support.wholeness import (
    assert_nothing_twice,
    assert_tasks_are_the_fold_of_changes,
    assert_the_ledger_is_complete,
)
from worklake.integrations.base import Lens

pytest.importorskip("pysail", reason="the embedded engine is not installed")
pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

KINDS = ("gitlab", "linear", "github", "notion", "motion")
POINTS, EVERY = 300, 60
"""More commits and calls than any of these runs makes, and of how many one is tried each time."""
SEED = int(os.environ.get("WORKLAKE_SEED", "7"))
"""Chooses at which points the runs die."""
BODIES = (
    "# Head\n\nOne.\n\nTwo.\n\n- a\n- b",
    "Zero.\n\n# Head\n\nUno.\n\n> quoted\n\n- b\n- c\n\nThree.",
    "1. x\n\n---\n\nOne.\n\nTwo.",
)
Edit = Callable[[int], tuple[dict[str, Any], dict[str, Any]]]
"""What a person edits in a round, in the words of the tool, and what the item must show then."""


def _in_gitlab(number: int) -> tuple[dict[str, Any], dict[str, Any]]:
    word = ("low", "high")[number % 2]
    typed = {"description": BODIES[number % len(BODIES)], "labels": f"label {number},priority::{word}"}
    return typed, {"description": typed["description"], "labels": [f"label {number}"], "priority": word}


def _in_linear(number: int) -> tuple[dict[str, Any], dict[str, Any]]:
    text, day = f"Text {number}\n\n/close", f"2031-01-{number % 28 + 1:02}"
    return {"description": text, "dueDate": day}, {"description": text, "due_date": day}


def _in_github(number: int) -> tuple[dict[str, Any], dict[str, Any]]:
    state, status = ({"state": "closed"}, "completed") if number % 2 else ({"state": "open"}, "unstarted")
    return {"labels": [f"label {number}"], **state}, {"labels": [f"label {number}"], "status": status}


def _in_notion(number: int) -> tuple[dict[str, Any], dict[str, Any]]:
    text, day = BODIES[number % len(BODIES)], f"2032-01-{number % 28 + 1:02}"
    return {"description": text, "due_date": day}, {"description": text, "due_date": day}


def _in_motion(number: int) -> tuple[dict[str, Any], dict[str, Any]]:
    name, status = (("In Progress", "started"), ("Todo", "unstarted"))[number % 2]
    return {"status": name}, {"status": status}


EDITS: Mapping[str, Edit] = {
    "gitlab": _in_gitlab, "linear": _in_linear, "github": _in_github, "notion": _in_notion, "motion": _in_motion,
}  # fmt: skip
CALLED = {"motion": "name"}
"""What a kind of tool calls a title, where that is not its own name."""


@dataclass
class Team:
    """People at work in all tools, in each at one `own` task, which must show what is `wanted`, and at new ones."""

    tools: Tools
    own: dict[str, str]
    lenses: dict[str, Lens]
    kinds: dict[str, str]
    wanted: dict[str, dict[str, Any]]
    rounds: int = 0

    def work(self) -> None:
        """In each tool something is edited, a title among it, and a task made."""
        self.rounds += 1
        for source, kind in self.kinds.items():
            typed, self.wanted[source] = EDITS[kind](self.rounds)
            title = f"Titled in {kind}, {self.rounds}"
            self.wanted[source] = self.wanted[source] | {"title": title}
            self.tools.edit(source, self.own[source], **{CALLED.get(kind, "title"): title}, **typed)
            body = {"description": BODIES[self.rounds % len(BODIES)]} if kind in ("gitlab", "notion") else {}
            self.tools.create(source, **{CALLED.get(kind, "title"): f"Made in {kind}, {self.rounds}"}, **body)
        self.tools.pass_time()

    def assert_all_is_well(self, label: str) -> None:
        """After one whole sync nothing is due, what people did stands in every tool, each task once, all is kept."""
        self.tools.sync()
        assert [(step.source, step.expected, step.fields) for step in steps(self.tools.sync())] == [], label
        titles = {one["title"] for one in self.wanted.values()}
        titles |= {f"Made in {kind}, {number + 1}" for kind in self.kinds.values() for number in range(self.rounds)}
        shown = {source: self.tools.shown_all(source, list(self.tools.items(source))) for source in self.kinds}
        for source in self.kinds:
            there = [one["title"] for one in shown[source].values()]
            assert (len(there), set(there)) == (len(titles), titles), (label, source)
        for source, twins in ((source, self.tools.twins(source)) for source in self.kinds):
            here = shown[source][self.own[source]]
            assert {name: here[name] for name in self.wanted[source]} == self.wanted[source], (label, source)
            for other, key in twins[self.own[source]].items():
                there, common = shown[other][key], self.wanted[source].keys() & shown[other][key].keys()
                can = self.lenses[other].project({name: here[name] for name in common}, there)
                assert can == {name: there[name] for name in common}, (label, source, other)
        self._assert_texts_are_whole(shown, label)
        assert self.tools.rows("select field, reason from {conflicts} where is_open") == [], label
        assert_nothing_twice(self.tools.rows)
        assert_tasks_are_the_fold_of_changes(self.tools.rows)
        assert_the_ledger_is_complete(self.tools.rows)

    def _assert_texts_are_whole(self, shown: dict[str, dict[str, dict[str, Any]]], label: str) -> None:
        """What GitLab shows of a text, letter by letter, every other tool shows in its own form."""
        for key, items in self.tools.twins("a").items():
            text = {"description": shown["a"][key]["description"]}
            for other, twin in items.items():
                there = shown[other][twin]
                assert self.lenses[other].project(text, there)["description"] == there["description"], (label, other)


@pytest.fixture(scope="module")
def dying() -> Iterator[Dying]:
    with dying_processes() as made:
        yield made


@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_sync_that_is_killed_anywhere_is_finished_by_the_next(dying: Dying, tmp_path, moment: str) -> None:
    with running_tools(tmp_path, KINDS) as tools:
        make_projects(tools)
        kinds = {source: one.provider.name for source, one in tools.served.items()}
        own = {
            source: tools.create(source, **{CALLED.get(kind, "title"): f"Task of {kind}"})
            for source, kind in kinds.items()
        }
        tools.sync()
        team, deaths = Team(tools, own, {source: tools.lens(source) for source in kinds}, kinds, {}), 0
        for point in range(random.Random(f"{SEED} {moment}").randint(1, EVERY), POINTS, EVERY):
            label = f"sync killed {moment} point {point} (WORKLAKE_SEED={SEED})"
            team.work()
            died = dying.dies(tools.settings.folder, point, moment, "sync")
            team.assert_all_is_well(label)
            deaths += died
            if not died:
                break
        assert deaths >= 3
