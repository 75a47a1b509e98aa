"""A person says of tasks that are merged already that they are one: over real protocols and a real lake."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.support.tools import Tools, running_tools, steps
from worklake.project import holder
from worklake.sync import cycle
from worklake.sync.cycle import UndoResult
from worklake.sync.heart.settling import Choice
from worklake.sync.proposals import join


def test_of_a_task_that_went_nothing_is_left_but_what_its_items_show(tmp_path: Path) -> None:
    with running_tools(tmp_path, ("gitlab", "linear", "linear"), fields={"due_date": "manual"}) as tools:
        first = tools.create("a", title="Thing", due_date="2031-01-01")
        second = tools.create("b", title="Thing", dueDate="2031-02-02")
        tools.create("c", title="Thing")
        tools.sync()
        homes = {row["source"]: row["task_id"] for row in tools.rows("select * from {links} where kind = 'task'")}
        gone, stays = homes["a"], homes["c"]
        together(tools, gone, homes["b"])
        tools.sync()
        tools.edit("a", first, description="Said once")
        synced = tools.sync()
        assert [(one.source, one.task_id, set(one.fields)) for one in steps(synced)] == [("b", gone, {"description"})]
        written = synced.planned.plan.run_id
        assert open_at(tools) == [(gone, "due_date")]

        older = [undo(tools, written, everywhere=everywhere).plan.plan_id for everywhere in (False, True)]

        together(tools, stays, gone)
        for plan in older:
            with tools.lake.lease(holder(), "apply"):
                applied = cycle.apply(tools.lake, tools.run("apply"), plan).writes
            why = "its task is no more: a person said since the plan that it is another one"
            assert {(one.outcome, one.error) for one in applied} == {("stale", why)}
        (closed,) = tools.rows("select reason from {conflicts} where field = 'due_date' and not is_open")
        assert closed["reason"] == f"a person said that its task is {stays}"
        assert [one.source for one in steps(tools.sync())] == ["c"]
        assert open_at(tools) == [(stays, "due_date")]
        with tools.lake.lease(holder(), "conflicts settle"):
            (found,) = cycle.open_conflicts(tools.lake)
            cycle.settle(tools.lake, tools.run("conflicts settle"), found.conflict_id, Choice(take="a"))
        assert {one.source for one in steps(tools.sync())} == {"b", "c"}
        assert open_at(tools) == []
        assert {
            row["task_id"] for table in ("tasks", "routes") for row in tools.rows(f"select * from {{{table}}}")
        } == {stays}
        assert [len(tools.items(source)) for source in "abc"] == [1, 1, 1]

        everywhere = undo(tools, written, everywhere=True)
        assert not everywhere.plan.steps
        assert {(one.task_id, one.field) for one in everywhere.left} == {(stays, "description")}
        assert "became a part of this task since" in everywhere.left[0].reason
        undone = undo(tools, written, apply_it=True)
        assert undone.left == []
        (step,) = undone.plan.steps
        assert (step.source, step.external_id, step.task_id) == ("b", second, stays)
        assert tools.shown("b", second)["description"] in (None, "")
        assert steps(tools.sync()) == [], "what was taken back is not done again"


def together(tools: Tools, task: str, other: str) -> None:
    """Say that both are one."""
    with tools.lake.lease(holder(), "links add"):
        assert join(tools.lake, task, other, tools.run("links add")) == task


def undo(tools: Tools, run: str, **how: Any) -> UndoResult:
    """Undo a run."""
    tools.pass_time()
    with tools.lake.lease(holder(), "undo"):
        return cycle.undo(tools.lake, tools.run("undo"), run, **how)


def open_at(tools: Tools) -> list[tuple[str, str]]:
    """The tasks and fields about which a conflict is open."""
    return [(one.task_id, one.field) for one in cycle.open_conflicts(tools.lake)]
