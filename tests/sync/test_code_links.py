"""What merge requests and commits name is kept, found out when it is known, and forgotten when it is named no more."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.support.lake import START, link, task, versions
from worklake.errors import SettingsError
from worklake.integrations.views import CommitView, MergeRequestView
from worklake.lake.lake import Lake, open_lake
from worklake.model.code_rows import MergeRequest
from worklake.model.ids import RunId
from worklake.settings.models import EmbeddedLake, MergedRule, People, Routing
from worklake.sync.code import find_out, is_due, keep_named, named_by_commit, named_by_request
from worklake.sync.merged import complete_merged
from worklake.sync.pending import Observed
from worklake.sync.run import Meter, RunContext
from worklake.sync.surroundings import merge_request_row

pytest.importorskip("pysail", reason="the embedded engine is not installed")

REQUEST = MergeRequestView(
    key="git.example/team/web!1", server="git.example", project="team/web", title="Do it", description=None,
    state="opened", draft=False, source_branch="kim/eng-1-do-it", target_branch="main", into_default=True, author=None,
    milestone=None, url=None, created_at=START, updated_at=START, merged_at=None, closed_at=None, merged_by=None,
)  # fmt: skip
COMMIT = CommitView("1a2b", "git.example", "team/web", "Follow #7", None, START, None)


@pytest.mark.parametrize(
    ("branch", "title", "how"),
    [
        ("kim/eng-12-fix", "Login (closes #12)", {"eng-12": "branch", "git.example/team/web#12": "closes"}),
        ("revert-34-kim/eng-12-fix", "Login", {"eng-12": "mentions", "revert-34": "mentions"}),
        ("revert-1a2b3c4d", 'Revert "Login (closes #12)"', {"git.example/team/web#12": "mentions"}),
        ("undo", 'Revert "Fix eng-12"', {"eng-12": "mentions"}),
        ("release/1-2-3", "Release", {}),
    ],
)
def test_what_takes_a_merge_back_only_mentions_what_that_named(branch: str, title: str, how: dict[str, str]) -> None:
    found = named_by_request(replace(REQUEST, source_branch=branch, title=title), lambda url: None)
    assert {key: name.how for key, name in found.items()} == how
    commit = named_by_commit(replace(COMMIT, message=f"{title}\n\nFixes #3"), lambda url: None)
    assert commit["git.example/team/web#3"].how == ("mentions" if title.startswith('Revert "') else "closes")


@pytest.fixture
def lake(tmp_path: Path) -> Iterator[Lake]:
    with open_lake(EmbeddedLake(), tmp_path, create=True) as opened:
        opened.ensure()
        yield opened


def a_run(*rules: MergedRule) -> RunContext:
    return RunContext(
        RunId("run_1"), "sync", START, lambda: START, (), People(), Meter(), routing=Routing(merged=rules)
    )


def keep(lake: Lake, run: RunContext | None = None, *, commits: bool = False, **view: Any) -> RunContext:
    """Take the merge request in as it then is, and the commit."""
    run = run or a_run()
    requests = [Observed("5", "h", None, replace(REQUEST, **view))] if view else []
    keep_named(lake, run, "gitlab", requests, [Observed("101@1a2b", "h", None, COMMIT)] if commits else [])
    return run


def named(lake: Lake) -> dict[tuple[str, str], tuple[str, str | None]]:
    rows = lake.rows("select kind, key, how, task_id from {code_links}")
    return {(row["kind"], row["key"]): (row["how"], row["task_id"]) for row in rows}


def test_names_are_kept_and_found_out_once_an_item_is_called_so(lake: Lake) -> None:
    lake.append("links", [link(1, source="gitlab", key="git.example/Team/web#7")])
    run = keep(lake, commits=True, description="Fixes #7, OPS-2")
    assert named(lake) == {
        ("merge_request", "eng-1"): ("branch", None),
        ("merge_request", "git.example/team/web#7"): ("closes", "task_000001"),
        ("merge_request", "ops-2"): ("closes", None),
        ("commit", "git.example/team/web#7"): ("mentions", "task_000001"),
    }
    assert not is_due(lake, run), "it is not merged"
    before = versions(lake, "code_links")
    find_out(lake, run, {"linear.app/acme/OPS-3": "task_000003"})
    assert versions(lake, "code_links") == before, "nobody named that"
    find_out(lake, run, {"linear.app/acme/ENG-1": "task_000002"})
    assert is_due(lake, run), "it may have been merged"
    assert named(lake)["merge_request", "eng-1"] == ("branch", "task_000002")
    before = versions(lake, "code_links")
    keep(lake, commits=True, description="Fixes #7, OPS-2")
    keep(lake)
    assert versions(lake, "code_links") == before, "what is known is not written again"


def test_what_is_named_no_more_is_forgotten_and_what_several_are_called_names_none(lake: Lake) -> None:
    lake.append(
        "links", [link(1, key="linear.app/acme/ENG-1"), link(2, source="other", key="linear.app/umbrella/ENG-1")]
    )
    keep(lake, description="See #7")
    assert named(lake) == {
        ("merge_request", "eng-1"): ("branch", None),
        ("merge_request", "git.example/team/web#7"): ("mentions", None),
    }
    find_out(lake, a_run(), {"linear.app/third/ENG-1": "task_000003"})
    assert named(lake)["merge_request", "eng-1"] == ("branch", None)
    keep(lake, description="Closes #8")
    assert set(named(lake)) == {("merge_request", "eng-1"), ("merge_request", "git.example/team/web#8")}


def test_a_condition_that_cannot_be_evaluated_stops_the_run_and_names_the_rule(lake: Lake) -> None:
    lake.append("tasks", [task(1)])
    lake.append("links", [link(1, key="linear.app/acme/ENG-1")])
    merged = {"state": "merged", "merged_at": START}
    item = Observed("5", "h", None, replace(REQUEST, **merged))
    lake.merge("merge_requests", [_row(item)])
    good, bad = MergedRule(name="good"), MergedRule(name="bad", when="cast(title as int) > 1")
    run = keep(lake, a_run(good, bad), **merged)
    assert is_due(lake, run)
    with pytest.raises(SettingsError, match=r"conf/routing.yml: merged.1.when of 'bad': found .* the engine says: "):
        complete_merged(lake, run, lambda: None)
    assert lake.rows("select judged from {code_links}") == [{"judged": False}], "it is judged by the run after the mend"
    complete_merged(lake, replace(run, routing=Routing()), lambda: None)
    assert lake.rows("select judged from {code_links}") == [{"judged": True}]
    assert lake.rows("select position from {cursors} where stage = 'merged'") == [{"position": "done"}]


def _row(item: Observed[MergeRequestView]) -> Any:
    return MergeRequest(**merge_request_row("gitlab", item, {}))
