"""What other tools get wrong: a write that fails is forgotten, an item overwrites another as a whole, and a listing
that comes back short deletes what it lacks.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.tools import Tools, running_tools, steps, writes
from worklake.integrations.http import Http
from worklake.model.heart_rows import Operation, Outcome
from worklake.sync.cycle import SyncResult

pytest.importorskip("pysail", reason="the embedded engine is not installed")
# The stories share two tools.
pytestmark = pytest.mark.xdist_group("acceptance")

KINDS = {"a": "gitlab", "b": "linear"}
WRITING = {"a": {"method": "PUT", "path": "/issues/"}, "b": {"method": "POST", "operation": "^UpdateIssue$"}}
LISTING = {"a": {"method": "GET", "path": "/issues$"}, "b": {"method": "POST", "operation": "^Changes$|^Issues$"}}
DUE = {"a": "due_date", "b": "dueDate"}


@pytest.fixture(scope="module")
def team(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tools]:
    with running_tools(tmp_path_factory.mktemp("team"), list(KINDS.values()), tasks=12) as made:
        at_rest(made)
        yield made


@pytest.fixture
def tools(team: Tools, monkeypatch: pytest.MonkeyPatch) -> Iterator[Tools]:
    """Two tools that agree; nobody waits between two tries."""
    monkeypatch.setitem(Http.__init__.__kwdefaults__, "sleep", lambda seconds: None)
    yield team
    team.mend()
    at_rest(team)


def at_rest(tools: Tools) -> None:
    """Let syncs write what is left, after which nothing is."""
    for _ in range(3):
        if not steps(tools.sync()):
            return
    assert steps(tools.sync()) == []


def a_pair(tools: Tools, **fields: Any) -> dict[str, str]:
    """A new task, as an item in each tool."""
    made = tools.create("a", title="Edited by people", **fields)
    tools.sync()
    return {"a": made, **tools.twins("a")[made]}


def titles(tools: Tools, pair: dict[str, str]) -> list[str]:
    return [tools.items(source)[pair[source]]["title"] for source in "ab"]


def dues(tools: Tools, pair: dict[str, str]) -> list[str | None]:
    return [tools.items(source)[pair[source]][DUE[source]] for source in "ab"]


def writes_asked(tools: Tools, source: str) -> int:
    rest = [one for one in tools.asked(source) if one["method"] == "PUT"]
    return len(rest) + sum(one.get("operation") == "UpdateIssue" for one in tools.asked(source))


REFUSALS: dict[str, dict[str, Any]] = {
    "500": {"status": 500},
    "429": {"status": 429, "headers": {"Retry-After": "0"}},
    "401": {"status": 401},
    "connection reset": {"drop": "before"},
}


@pytest.mark.slow
@pytest.mark.parametrize("why", REFUSALS)
@pytest.mark.parametrize("target", ["a", "b"])
def test_a_write_that_is_refused_is_sent_by_every_later_run_until_it_succeeds(tools: Tools, target: str, why: str):
    pair, origin = a_pair(tools), "b" if target == "a" else "a"
    tools.edit(origin, pair[origin], title=f"Survives {why}")
    tools.fault(target, **WRITING[target], **REFUSALS[why])
    for _ in range(3):
        before = writes_asked(tools, target)
        result = tools.sync()
        assert [one.outcome for one in writes(result)] != [Outcome.ACKNOWLEDGED]
        assert [step.fields for step in steps(result)] == [{"title": f"Survives {why}"}]
        assert writes_asked(tools, target) > before
        assert tools.items(target)[pair[target]]["title"] == "Edited by people"
    tools.mend()
    assert [one.outcome for one in writes(tools.sync())] == [Outcome.ACKNOWLEDGED]
    assert titles(tools, pair) == [f"Survives {why}"] * 2


@pytest.mark.slow
@pytest.mark.parametrize("drop", ["after", "inside"])
@pytest.mark.parametrize("target", ["a", "b"])
def test_a_write_whose_reply_never_comes_is_found_done_and_made_once(tools: Tools, target: str, drop: str):
    pair, origin = a_pair(tools), "b" if target == "a" else "a"
    tools.edit(origin, pair[origin], title=f"Reply lost {drop}")
    tools.fault(target, **WRITING[target], drop=drop)
    before = writes_asked(tools, target)
    tools.sync()
    asked = writes_asked(tools, target) - before
    for _ in range(2):
        assert steps(tools.sync()) == []
    assert (titles(tools, pair), writes_asked(tools, target) - before) == ([f"Reply lost {drop}"] * 2, asked)


def test_a_title_edited_here_and_a_due_date_edited_there_both_survive_everywhere(tools: Tools):
    pair = a_pair(tools)
    tools.edit("b", pair["b"], title="Titled in Linear")
    tools.edit("a", pair["a"], due_date="2031-05-06")
    tools.sync()
    assert (titles(tools, pair), dues(tools, pair)) == (["Titled in Linear"] * 2, ["2031-05-06"] * 2)


EMPTY = {"a": [], "b": {"data": {"issues": {"nodes": [], "pageInfo": {"hasNextPage": False, "endCursor": None}}}}}
SHORT: dict[str, tuple[list[dict[str, Any]], bool]] = {
    "comes back empty": ([{"status": 200, "body": EMPTY}], False),
    "is cut inside a page": ([{"drop": "inside"}], True),
    "misses its later pages": ([{"times": 1}, {"status": 500}], False),
    "is no listing": ([{"status": 200, "body": "<html>Sorry</html>"}], True),
    "answers 403": ([{"status": 403}], True),
    "answers 404": ([{"status": 404}], True),
}
"""What happens to a listing, and whether a run can tell that it did."""


@pytest.mark.slow
@pytest.mark.parametrize("what", SHORT)
@pytest.mark.parametrize("source", ["a", "b"])
def test_nothing_is_closed_or_deleted_anywhere_when_a_listing(tools: Tools, source: str, what: str):
    pair = a_pair(tools)
    tools.edit(source, pair[source], title=f"Edited while it {what}")
    held = {name: {key: one.get("state") for key, one in tools.items(name).items()} for name in "ab"}
    faults, tells = SHORT[what]
    for fault in faults:
        body = fault.get("body")
        rule = fault | ({"body": body[source]} if isinstance(body, dict) else {})
        tools.fault(source, **LISTING[source], **rule)
    for _ in range(2):
        result = tools.sync()
        assert_nothing_put_away(result)
        if tells:
            assert result.pulled.counts[source].error
    assert {name: {key: one.get("state") for key, one in tools.items(name).items()} for name in "ab"} == held
    tools.mend()
    tools.sync()
    assert titles(tools, pair) == [f"Edited while it {what}"] * 2


@pytest.mark.slow
def test_a_first_listing_that_ends_after_one_item_is_taken_up_by_a_later_run(tmp_path):
    with running_tools(tmp_path, list(KINDS.values()), tasks=12) as tools:
        one = next(iter(tools.items("a").values()))
        tools.fault("a", method="GET", path="/issues$", status=200, body=[one], times=1)
        assert_nothing_put_away(tools.sync())
        at_rest(tools)
        assert set(tools.twins("a")) == set(tools.items("a"))


def assert_nothing_put_away(result: SyncResult) -> None:
    for step in steps(result):
        assert step.operation in (Operation.UPDATE, Operation.CREATE)
        assert step.operation is Operation.CREATE or not step.fields.keys() & {"status", "archived"}
