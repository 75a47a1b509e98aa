"""A long story by chance: people edit in two tools, calls fail, replies are lost, runs are killed. Then all rest."""

from __future__ import annotations

import json
import os
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.support.dying import Dying, dying_processes
from tests.support.tools import Tools, running_tools, steps
from tests.support.wholeness import (
    assert_nothing_twice,
    assert_tasks_are_the_fold_of_changes,
    assert_the_ledger_is_complete,
)
from worklake.integrations.http import Http

pytest.importorskip("pysail", reason="the embedded engine is not installed")

ROUNDS = 10
SEED = int(os.environ.get("WORKLAKE_SEED", "7"))
OTHER = {"a": "b", "b": "a"}
DUE = {"a": "due_date", "b": "dueDate"}
STATES = {"a": ("state_event", ["close", "reopen"]), "b": ("state", ["Backlog", "Todo", "In Progress", "Done"])}
FAULTS: list[dict[str, Any]] = [
    {"status": 500},
    {"status": 429, "headers": {"Retry-After": "0"}},
    {"drop": "before"},
    {"drop": "inside"},
    {"drop": "after"},
]


@dataclass
class Story:
    """What people did. `unseen` are titles that no run may have seen yet, `seen` those that one has."""

    tools: Tools
    chance: random.Random
    unseen: dict[tuple[str, str], str] = field(default_factory=dict)
    seen: set[str] = field(default_factory=set)
    made: list[str] = field(default_factory=list)
    number: int = 0

    def act(self) -> None:
        """One person does one thing."""
        source = self.chance.choice("ab")
        items = sorted(self.tools.items(source))
        deeds: list[Callable[[str, str], None]] = [self._title, self._title, self._day, self._state, self._text]
        self.number += 1
        if not items or self.chance.random() < 0.2:
            self.made.append(f"Made in {source}, {self.number}")
            self.tools.create(source, title=self.made[-1])
        else:
            self.chance.choice(deeds)(source, self.chance.choice(items))

    def _title(self, source: str, item: str) -> None:
        if self.tools.items(source)[item]["title"] not in self.made:  # those that were made are counted by their titles
            self.unseen[source, item] = f"Title {self.number}"
            self.tools.edit(source, item, title=f" Title {self.number}  ")

    def _day(self, source: str, item: str) -> None:
        day = f"2031-{self.number % 12 + 1:02}-{self.number % 28 + 1:02}"
        self.tools.edit(source, item, **{DUE[source]: self.chance.choice([day, day, None])})

    def _state(self, source: str, item: str) -> None:
        name, values = STATES[source]
        self.tools.edit(source, item, **{name: self.chance.choice(values)})

    def _text(self, source: str, item: str) -> None:
        before = self.tools.items(source)[item]["description"] or ""
        self.tools.edit(source, item, description=f"{before}\n\nLine {self.number}")

    def misfortune(self) -> None:
        """Some of the next calls go wrong."""
        for _ in range(self.chance.randint(0, 2)):
            self.tools.fault(
                self.chance.choice("ab"), **self.chance.choice(FAULTS), times=self.chance.choice([1, 1, 2, 9]),
                method=self.chance.choice(["GET", "POST", "PUT"]),
            )  # fmt: skip

    def run(self, dying: Dying) -> None:
        """A sync, or one that is killed somewhere."""
        if self.chance.random() < 0.3:
            moment = self.chance.choice(["before", "after"])
            dying.dies(self.tools.settings.folder, self.chance.randint(1, 40), moment, "sync")
            return
        result = self.tools.sync()
        for source, counts in result.pulled.counts.items():
            if counts.error is None:
                for key in [key for key in self.unseen if key[0] == source]:
                    self.seen.add(self.unseen.pop(key))


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_after_a_long_story_the_tools_agree_and_every_edit_is_told(tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(Http.__init__.__kwdefaults__, "sleep", lambda seconds: None)
    with dying_processes() as dying, running_tools(tmp_path, ["gitlab", "linear"], tasks=4) as tools:
        tools.sync()
        story = Story(tools, random.Random(SEED))
        for _ in range(ROUNDS):
            for _ in range(story.chance.randint(1, 4)):
                story.act()
            story.misfortune()
            story.run(dying)
            tools.mend()
        for _ in range(3):
            tools.sync()
        assert steps(tools.sync()) == [], f"WORKLAKE_SEED={SEED}"
        assert_agreement(story)
        assert tools.rows("select * from {conflicts} where is_open") == []
        assert_nothing_twice(tools.rows)
        assert_tasks_are_the_fold_of_changes(tools.rows)
        assert_the_ledger_is_complete(tools.rows)


def assert_agreement(story: Story) -> None:
    """The tools show the same, what was made is there once, and every title that was seen is told of."""
    tools, label = story.tools, f"WORKLAKE_SEED={SEED}"
    here, there, twins = tools.items("a"), tools.items("b"), tools.twins("a")
    assert set(twins) == set(here), label
    assert {one["b"] for one in twins.values()} == set(there), label
    for key, one in here.items():
        other = there[twins[key]["b"]]
        assert (one["title"], one["due_date"]) == (other["title"], other["dueDate"]), label
        assert (one["state"] == "closed") == (other["state"]["type"] in ("completed", "canceled")), label
        assert _lines(one["description"]) == _lines(other["description"]), label
    shown = [one["title"] for one in here.values()]
    assert all(shown.count(title) == 1 for title in story.made), label
    told = {json.loads(row["new"]) for row in tools.rows("select new from {changes} where field = 'title'")}
    assert story.seen <= {str(title).strip() for title in told}, label


def _lines(text: str | None) -> list[str]:
    return [line for line in (text or "").split("\n") if line.startswith("Line ")]
