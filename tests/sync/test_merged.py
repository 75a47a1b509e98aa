"""Which merged merge request completes a task: the rules alone."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from worklake.settings.models import MergedRule
from worklake.sync.heart.store import Loaded
from worklake.sync.merged import completion
from worklake.sync.rules.state import Change, Conflict, ConflictKind, ItemKey, Standing, TaskState
from worklake.sync.rules.task import Moment

MERGED_AT = datetime(2026, 3, 18, 9, 30, tzinfo=UTC)
MOMENT = Moment("run_1", MERGED_AT + timedelta(hours=1))
STRICT = MergedRule(name="strict", named=("closes",))
WIDE = MergedRule(name="wide", named=("closes", "branch", "mentions"))
TASK = TaskState("task_1", {"status": Standing("started", origin=ItemKey("linear", "i1"))}, 3)
BEFORE = MERGED_AT - timedelta(hours=1)


def row(**values: Any) -> dict[str, Any]:
    return {
        "source": "gitlab", "external_id": "7", "request": "git.example/team/web!1", "how": "closes", "named": "ENG-1",
        "merged_at": MERGED_AT, "merged_by": "kim@example.com", **values,
    }  # fmt: skip


def completed(
    *rows: dict[str, Any],
    loaded: Loaded | None = None,
    holding: tuple[str, ...] = ("strict", "wide"),
    since: Any = BEFORE,
) -> Change | None:
    return completion(loaded or Loaded(TASK, ()), rows, (STRICT, WIDE), holding, since, MOMENT)


def test_the_first_rule_that_holds_completes_the_task():
    change = completed(row())
    assert change is not None
    assert (change.field, change.old, change.new, change.position) == ("status", "started", "completed", 3)
    assert (change.actor, change.changed_at) == ("kim@example.com", MERGED_AT)
    assert change.reason == "rule strict: git.example/team/web!1, which closes ENG-1, was merged"
    wide = completed(row(how="branch"))
    assert wide is not None and wide.reason.startswith("rule wide: ")


@pytest.mark.parametrize(
    "situation",
    [
        {"holding": ()},
        {"holding": ("strict",), "how": "branch"},
        {"since": MERGED_AT + timedelta(seconds=1)},
        {"status": "canceled"},
        {"status": "completed"},
        {"held": True},
        {"decided": True},
    ],
    ids=lambda one: "-".join(one),
)
def test_nothing_is_completed(situation: dict[str, Any]):
    asked = row(how=situation.get("how", "closes"))
    first = completed(asked)
    loaded = Loaded(replace(TASK, fields={"status": Standing(situation.get("status", "started"))}), ())
    if situation.get("held"):
        conflict = Conflict("c1", "task_1", "status", ConflictKind.DIFFERS, (), True, "", "run_0", BEFORE)
        loaded = replace(loaded, conflicts=(conflict,))
    if situation.get("decided") and first is not None:  # what it did once, a person took back
        loaded = replace(loaded, decided=frozenset({first.change_id}))
    given = {name: situation[name] for name in ("holding", "since") if name in situation}
    assert first is not None
    assert completed(asked, loaded=loaded, **given) is None


def test_of_two_that_are_merged_the_first_counts_and_each_has_its_own_change():
    one, other = row(), row(external_id="8", merged_at=MERGED_AT + timedelta(hours=1))
    first, second = completed(one, other), completed(other)
    assert first is not None and second is not None
    assert first.changed_at == MERGED_AT
    assert first.change_id != second.change_id
    assert first == completed(one, other)
