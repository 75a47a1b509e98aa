"""Merge requests complete the tasks that they name, where a rule says so: over real protocols and a real lake."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.support.tools import Tools, running_tools, steps, write_settings, writes
from worklake.lake.lake import Lake
from worklake.project import open_settings
from worklake.sync import cycle
from worklake.sync.explain import explain

RULE = {"rules": [], "merged": [{"name": "merged", "when": "title not like '%for qa%'"}]}


@pytest.fixture
def tools(tmp_path: Path) -> Iterator[Tools]:
    """GitLab as `a`, Linear as `b`; tasks stay where they were born, and nothing follows from what is merged."""
    with running_tools(tmp_path, ("gitlab", "linear")) as made:
        yield with_routing(made, tmp_path, {"rules": []})


def with_routing(tools: Tools, folder: Path, routing: Mapping[str, Any]) -> Tools:
    write_settings(folder, "routing.yml", routing)
    return Tools(tools.served, open_settings(folder), tools.lake)


def name_of(tools: Tools, source: str, external_id: str) -> str:
    """What people call an item: ENG-12, web#3."""
    (link,) = tools.rows(f"select key from {{links}} where source = '{source}' and external_id = '{external_id}'")
    return str(link["key"]).rpartition("/")[2]


def is_done(tools: Tools, source: str, external_id: str) -> bool:
    return bool(tools.shown(source, external_id)["status"] == "completed")


def merge_later(tools: Tools, **fields: Any) -> str:
    """Open a merge request and merge it, some time after the last sync; its id."""
    for one in tools.served.values():
        one.clock.forward(minutes=10)
    request = tools.create("a", **{"title": "Do it", **fields})
    tools.edit("a", request, state_event="merge")
    return request


def test_what_is_merged_completes_what_it_names_by_rule_and_once(tools: Tools, tmp_path: Path) -> None:
    before, first, for_qa, other = (
        tools.create("b", title=title, team="ENG") for title in ("Before", "First", "Look, for qa", "Other")
    )
    issue = tools.create("a", title="An issue")
    early = tools.create("a", title="Prepare ENG-5, which nobody has written down", source_branch="early")
    assert steps(tools.sync()) == []
    eng = {one: name_of(tools, "b", one) for one in (before, first, for_qa, other)}
    assert set(eng.values()) == {"ENG-1", "ENG-2", "ENG-3", "ENG-4"}

    merge_later(tools, source_branch=f"kim/{eng[before].lower()}-start")
    assert steps(tools.sync()) == [], "there is no rule"
    tools = with_routing(tools, tmp_path, RULE)
    assert steps(tools.sync()) == [], "a rule is for what is merged from then on"

    late = tools.create("b", title="Late", team="ENG")
    request = merge_later(tools, source_branch=f"kim/{eng[first].lower()}-start")
    merge_later(tools, source_branch=f"{eng[for_qa]}", description=f"Fixes {eng[for_qa]}")
    merge_later(tools, source_branch="mention", description=f"See {eng[other]}")
    number = name_of(tools, "a", issue).rpartition("#")[2]
    merge_later(tools, source_branch="closing", description=f"Fixes #{number}")
    synced = tools.sync()
    (step,) = steps(synced)
    assert (step.source, step.external_id, dict(step.fields)) == ("b", first, {"status": "completed"})
    assert step.why.startswith("status from a, where ") and step.why.endswith(" was merged")
    assert [one.outcome for one in writes(synced)] == ["acknowledged"]
    assert [is_done(tools, "b", one) for one in (before, first, for_qa, other, late)] == [False, True, *[False] * 3]
    assert is_done(tools, "a", issue), "GitLab closes it by itself"
    (change,) = tools.rows("select * from {changes} where external_id like 'merge_request:%'")
    assert (change["source"], change["field"], change["decision"]) == ("a", "status", "taken")
    assert change["reason"].startswith("rule merged: ") and "ENG-2" in change["reason"]
    (shown,) = tools.rows("select * from {merge_requests} where source_branch like 'kim/eng-2%'")
    assert (change["actor"], change["changed_at"]) == (shown["merged_by"], shown["merged_at"])
    (told,) = explain(tools.lake, eng[first], tools.run("explain")).code
    assert (told.kind, told.how, told.named, told.state) == ("merge_request", "branch", "ENG-2", "merged")
    (told,) = explain(tools.lake, late, tools.run("explain")).code
    assert (told.title, told.how) == ("Prepare ENG-5, which nobody has written down", "mentions")

    tools.edit("b", first, state="In Progress")
    tools.edit("a", request, description="Said later")
    tools.edit("a", early, description="Not merged")
    assert steps(tools.sync()) == []
    assert not is_done(tools, "b", first), "a person opened it again"


def test_runs_that_die_while_they_ask_the_rules_are_made_good_and_it_can_be_taken_back(
    tools: Tools, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tools = with_routing(tools, tmp_path, RULE)
    issue = tools.create("b", title="First", team="ENG")
    tools.sync()
    merge_later(tools, source_branch="kim/eng-1-start")
    merge = Lake.merge
    for table in ("tasks", "code_links", "cursors"):  # each run comes a step further than the one before
        monkeypatch.setattr(Lake, "merge", _dying(merge, table))
        with pytest.raises(DiedError):
            tools.sync()
    monkeypatch.undo()
    (step,) = steps(tools.sync())
    assert (step.source, step.external_id) == ("b", issue)
    assert is_done(tools, "b", issue)
    (change,) = tools.rows("select run_id from {changes} where external_id like 'merge_request:%'")
    with tools.lake.lease("kim@laptop", "undo"):
        undone = cycle.undo(tools.lake, tools.run("undo"), change["run_id"], everywhere=True, apply_it=True)
    assert undone.applied is not None
    assert [(one.external_id, one.outcome) for one in undone.applied.writes] == [(issue, "acknowledged")]
    assert not is_done(tools, "b", issue)
    assert steps(tools.sync()) == [], "what was taken back is not done again"


class DiedError(BaseException):
    """The process is killed."""


def _dying(merge: Callable[..., Any], table: str) -> Callable[..., Any]:
    """`Lake.merge` that dies at this table once the rules are due."""

    def dying(lake: Lake, name: str, *arguments: Any) -> Any:
        its_own = name != "cursors" or "merged" in str(arguments)
        if name == table and its_own and lake.rows("select 1 from {cursors} where position = 'due'"):
            raise DiedError
        return merge(lake, name, *arguments)

    return dying
