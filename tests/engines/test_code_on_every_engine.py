"""What is named is found out, and what is merged completes it, whatever engine the lake lives on."""

from datetime import timedelta

from tests.support.lake import START, link, task
from worklake.integrations.views import MergeRequestView
from worklake.lake.lake import Lake
from worklake.model.code_rows import MergeRequest
from worklake.model.ids import RunId
from worklake.settings.models import MergedRule, People, Routing
from worklake.sync.code import find_out, keep_named
from worklake.sync.merged import complete_merged
from worklake.sync.pending import Observed
from worklake.sync.run import Meter, RunContext
from worklake.sync.surroundings import merge_request_row

RULES = (
    MergedRule(name="never", when="exists(labels, l -> l = 'no such label')"),
    MergedRule(name="merged", when="not array_contains(labels, 'qa')"),
)
REQUEST = MergeRequestView(
    key="git.example/team/web!1", server="git.example", project="team/web", title="Do it", description="Fixes #7",
    state="merged", draft=False, source_branch="kim/eng-2-do-it", target_branch="main", into_default=True, author=None,
    milestone=None, url=None, created_at=START, updated_at=START, merged_at=START, closed_at=None,
    merged_by="kim@example.com",
)  # fmt: skip


def test_what_is_named_is_found_out_and_completed_once(lake: Lake) -> None:
    clock = lambda: START + timedelta(hours=1)  # noqa: E731
    run = RunContext(RunId("run_1"), "sync", START, clock, (), People(), Meter(), routing=Routing(merged=RULES))
    lake.append("tasks", [task(1), task(2, labels=["qa"])])
    lake.append("links", [link(1, source="gitlab", key="git.example/Team/web#7")])
    item = Observed("5", "h", None, REQUEST)
    lake.merge("merge_requests", [MergeRequest(**merge_request_row("gitlab", item, {}))])
    keep_named(lake, run, "gitlab", [item], [])
    find_out(lake, run, {"linear.app/acme/ENG-2": "task_000002"})
    named = lake.rows("select key, how, task_id, judged from {code_links} order by key")
    assert [tuple(row.values()) for row in named] == [
        ("eng-2", "branch", "task_000002", False), ("git.example/team/web#7", "closes", "task_000001", False),
    ]  # fmt: skip
    complete_merged(lake, run, lambda: None)
    complete_merged(lake, run, lambda: None)
    done = lake.rows("select task_id, status from {tasks} order by task_id")
    assert [tuple(row.values()) for row in done] == [("task_000001", "completed"), ("task_000002", "started")]
    (change,) = lake.rows("select task_id, field, new, decision, actor, changed_at from {changes}")
    assert tuple(change.values()) == ("task_000001", "status", '"completed"', "taken", "kim@example.com@gitlab", START)
    assert lake.rows("select distinct judged from {code_links}") == [{"judged": True}]
