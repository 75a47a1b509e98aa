"""What a person says of two tasks, one pair or many, and what follows for what else was said of them."""

from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from tests.support.heart import write
from tests.support.lake import START, link, task
from worklake.errors import InvalidInputError, NotFoundError
from worklake.lake.lake import Lake, open_lake
from worklake.model.ids import RunId, proposal_id
from worklake.model.rows import Conflict, Proposal, Watched, Write
from worklake.settings.models import EmbeddedLake, People
from worklake.sync.explain import find_task
from worklake.sync.lake_store import LakeStore
from worklake.sync.lake_store.ledger import write_row
from worklake.sync.proposals import Decided, accept, join, refuse
from worklake.sync.proposed import BEGUN, proposed_links, undecided
from worklake.sync.rows import rows_to_arrow
from worklake.sync.run import Meter, RunContext

pytest.importorskip("pysail", reason="the embedded engine is not installed")

RUN = RunContext(RunId("run_1"), "links accept", START, lambda: START, (), People(), Meter())
TOOLS = {"A": "gitlab", "B": "linear", "C": "notion", "D": "motion", "E": "gitlab"}
SEEN = '{"fields":{"title":"One"},"blocks":[]}'


@pytest.fixture
def lake(tmp_path: Path) -> Iterator[Lake]:
    """Five tasks of the same title, A to E, each in one tool; C is a part of B, which blocks D."""
    with open_lake(EmbeddedLake(), tmp_path, create=True) as opened:
        opened.ensure()
        around = {"C": {"parent_id": "B"}, "D": {"blocked_by": ["B"]}}
        rows = [
            task(number, task_id=name, title="One", source=source, due_date=None, **around.get(name, {}))
            for number, (name, source) in enumerate(TOOLS.items())
        ]
        opened.append("tasks", rows)
        links = [
            link(number, task_id=name, source=source, seen=SEEN, record_hash=name)
            for number, (name, source) in enumerate(TOOLS.items())
        ]
        opened.append("links", links)
        yield opened


def propose(lake: Lake, *pairs: str, state: str = "proposed") -> list[str]:
    """Propose these pairs, such as `AB`."""
    ids = [proposal_id(*pair) for pair in pairs]
    decided_at = None if state == "proposed" else START
    rows = [
        Proposal(
            proposal_id=known, task_id=pair[0], other_task_id=pair[1], reason="the same title", state=state,
            proposed_at=START, decided_at=decided_at, run_id="run_0",
        )
        for known, pair in zip(ids, pairs, strict=True)
    ]  # fmt: skip
    lake.merge("proposals", rows)
    return [str(known) for known in ids]


def conflict(task_id: str, field: str) -> Conflict:
    return Conflict(
        conflict_id=task_id + field, task_id=task_id, field=field, kind="differs", contenders="[]", is_open=True,
        reason="two values", run_id="run_0", opened_at=START, settled_at=None, winner_source=None,
        winner_external_id=None, value=None, at_source=None, at_external_id=None,
    )  # fmt: skip


def proposals(lake: Lake) -> list[Proposal]:
    return [Proposal(**row) for row in lake.rows("select * from {proposals}")]


def states(lake: Lake) -> dict[str, str]:
    rows = lake.rows("select * from {proposals}")
    return {f"{row['task_id']}{row['other_task_id']}": row["state"] for row in rows}


def homes(lake: Lake) -> dict[str, str]:
    """The task of each tool's item."""
    return {row["record_hash"]: row["task_id"] for row in lake.rows("select * from {links}")}


def test_what_was_said_of_the_task_that_goes_is_said_of_the_one_that_stays(lake: Lake) -> None:
    (both,) = propose(lake, "AB")
    propose(lake, "BC", "AD")
    propose(lake, "BD", state="refused")
    lake.append("conflicts", [conflict("B", "due_date"), conflict("B", "comment"), conflict("D", "status")])
    lake.append("watched", [Watched(task_id="B")])
    assert accept(lake, [both], RUN) == Decided({both: "A"})
    assert states(lake) == {"AB": "accepted", "AC": "proposed", "AD": "refused"}
    assert homes(lake) == {"A": "A", "B": "A", "C": "C", "D": "D", "E": "E"}
    tasks = {row["task_id"]: row for row in lake.rows("select * from {tasks}")}
    assert tasks.keys() == {"A", "C", "D", "E"}
    assert (tasks["C"]["parent_id"], tasks["D"]["blocked_by"]) == ("A", ["A"])
    lake.merge("tasks", [task(3, task_id="D", title="Another one", source="motion")])
    open_now = {(row["task_id"], row["field"]) for row in lake.rows("select * from {conflicts} where is_open")}
    assert open_now == {("A", "comment"), ("D", "status")}
    assert lake.rows("select * from {watched} where task_id = 'B'") == []
    assert undecided(lake) == {"A", "C", "E"}  # of three with one title it is open which belong together


def test_who_asks_for_a_task_that_went_is_told_where_all_of_it_is(lake: Lake) -> None:
    join(lake, "A", "B", RUN)
    join(lake, "C", "A", RUN)
    store = LakeStore(lake, "run_2", lambda: START)
    assert store.went({"A", "B", "C", "D"}) == {"A": "C", "B": "C"}
    store.watch(["A", "B"])
    assert store.load({"A", "B"}) == {}
    assert [find_task(lake, name, ())[1] for name in "ABD"] == ["C", "C", "D"]


def test_many_are_accepted_at_once_but_for_what_would_bring_two_items_of_one_tool_together(lake: Lake) -> None:
    ids = propose(lake, "AB", "CB", "CE", "AD")
    decided = accept(lake, ids, RUN, in_bulk=True)
    assert decided.done == {ids[0]: "C", ids[1]: "C", ids[3]: "C"}
    assert decided.left == {ids[2]: "it would bring two items of gitlab together"}
    assert homes(lake) == {"A": "C", "B": "C", "C": "C", "D": "C", "E": "E"}
    assert states(lake) == {
        "AB": "accepted", "CB": "accepted", "AD": "accepted", "CA": "accepted", "CD": "accepted", "CE": "proposed"
    }  # fmt: skip
    assert accept(lake, [ids[2]], RUN).done == {ids[2]: "C"}  # a person named it


def test_what_a_person_said_is_not_one_does_not_become_one_by_others(lake: Lake) -> None:
    propose(lake, "AC", state="refused")
    ids = propose(lake, "AB", "BC")
    decided = accept(lake, ids, RUN, in_bulk=True)
    assert decided.left == {ids[1]: "a person said of two of these tasks that they are not one"}
    assert homes(lake)["C"] == "C"


class DiedError(BaseException):
    """The process is killed."""


def kill(monkeypatch: pytest.MonkeyPatch, at: Callable[[str, str], bool]) -> None:
    """Let the process die at the first commit of which this says so, by what is done and the table."""

    def dying(verb: str) -> Callable[..., Any]:
        done = getattr(Lake, verb)

        def called(lake: Lake, table: str, *arguments: Any) -> Any:
            if at(verb, table):
                raise DiedError
            return done(lake, table, *arguments)

        return called

    for verb in ("merge", "append", "delete"):
        monkeypatch.setattr(Lake, verb, dying(verb))


def test_what_a_run_began_that_died_is_completed_by_the_next_one_and_nothing_else(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, other = propose(lake, "AB", "CD")
    kill(monkeypatch, at=lambda _, table: table == "links")
    with pytest.raises(DiedError):
        join(lake, "E", "B", RUN)
    monkeypatch.undo()
    assert "B" not in {row["task_id"] for row in lake.rows("select task_id from {tasks}")}
    listed = {one.task_id + one.other_task_id: one.reason for one in proposed_links(lake)}
    assert listed == {"AE": "the same title", "CD": "the same title", "EB": BEGUN}
    assert undecided(lake) >= {"A", "B", "E"}
    begun = proposal_id("E", "B")
    with pytest.raises(InvalidInputError, match="it was accepted at"):
        refuse(lake, [begun], RUN)
    assert accept(lake, [other], RUN).done == {begun: "E", other: "C"}
    assert homes(lake) == {"A": "A", "B": "E", "C": "C", "D": "C", "E": "E"}
    assert states(lake) == {"AE": "proposed", "CD": "accepted", "EB": "accepted"}


def test_wherever_runs_die_what_they_accepted_comes_to_the_same_end(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = propose(lake, "AB", "CB", "AD")
    propose(lake, "EB")
    for last in range(1, 30):  # each run comes a commit further than the one before
        commits = count(1)
        kill(monkeypatch, at=lambda *_, commits=commits, last=last: next(commits) == last)
        try:
            accept(lake, ids if last < 3 else ids[::-1], RUN, in_bulk=True)
        except DiedError:
            assert {states(lake)[pair] for pair in states(lake) if "E" in pair} == {"proposed"}
        else:
            break
        finally:
            monkeypatch.undo()
    assert last > 10
    assert homes(lake) == {"A": "C", "B": "C", "C": "C", "D": "C", "E": "E"}
    done = dict.fromkeys(("AB", "CB", "AD", "CA", "CD"), "accepted")
    assert states(lake) == done | {"EC": "proposed"}
    tasks = {row["task_id"]: row["parent_id"] for row in lake.rows("select * from {tasks}")}
    assert tasks == {"C": None, "E": None}


def test_what_became_of_a_call_is_found_out_before_its_task_goes(lake: Lake) -> None:
    (known,) = propose(lake, "AB")
    lake.append("writes", rows_to_arrow(Write, [write_row(write(1, task_id="B"), 1)]))
    with pytest.raises(InvalidInputError, match="worklake sync finds out"):
        accept(lake, [known], RUN)
    lake.merge("proposals", [one.model_copy(update={"state": "refused"}) for one in proposals(lake)])
    with pytest.raises(InvalidInputError, match="worklake sync finds out"):
        join(lake, "A", "B", RUN)
    assert states(lake) == {"AB": "refused"}, "what was said before still holds"


def test_two_tasks_of_any_titles_are_one_where_a_person_says_so(lake: Lake) -> None:
    propose(lake, "AC", state="refused")
    assert join(lake, "A", "C", RUN) == "A"
    assert homes(lake)["C"] == "A"
    with pytest.raises(InvalidInputError, match="both are A already"):
        join(lake, "A", "A", RUN)


def test_nothing_is_decided_where_one_of_those_named_cannot_be(lake: Lake) -> None:
    (known,) = propose(lake, "AB")
    with pytest.raises(NotFoundError, match="there is no proposal 'proposal_x'"):
        accept(lake, [known, "proposal_x"], RUN)
    (over,) = propose(lake, "CD", state="refused")
    with pytest.raises(InvalidInputError, match="it was refused at 2026-03-01"):
        refuse(lake, [known, over], RUN)
    assert states(lake) == {"AB": "proposed", "CD": "refused"}
    assert refuse(lake, [known], RUN) == Decided({known: None})
    assert undecided(lake) == frozenset()


def test_a_pair_is_listed_with_what_speaks_against_it_and_where_it_differs(lake: Lake) -> None:
    propose(lake, "AB", "CD")
    lake.merge("tasks", [task(2, task_id="C", title="Two", source="notion"), task(3, task_id="D", title="two ",
                         source="motion", status="completed", labels=["x"])])  # fmt: skip
    listed = {one.task_id + one.other_task_id: one for one in proposed_links(lake)}
    assert listed["AB"].doubt == "the title stands 2 times in gitlab"
    assert (listed["CD"].doubt, "status" in listed["CD"].differs) == (None, True)
    assert not {"labels", "due_date"} & set(listed["CD"].differs)
    assert [one.task_id for one in proposed_links(lake, ["motion"])] == ["C"]
    assert proposed_links(lake, ["motion", "gitlab"]) == []
