"""What people see is what a provider or the user wrote, as it is."""

from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from typing import Any

import pytest
from rich.console import Console

from worklake.cli import show, show_links, show_plan
from worklake.cli.console import PlainConsole
from worklake.cli.face import Face
from worklake.model.documents import (
    CheckDocument,
    CheckLine,
    ExplainDocument,
    ProposalDocument,
    PullDocument,
    PulledSource,
    StatusDocument,
    TaskDocument,
)
from worklake.model.heart_rows import Operation
from worklake.model.plan_documents import (
    ApplyDocument,
    ConflictDocument,
    ConflictValue,
    FieldChange,
    PlanDocument,
    SettledDocument,
    SettledRunDocument,
    StepDocument,
    SyncDocument,
    UndoDocument,
    WriteDocument,
)
from worklake.sync.tasks import TaskList

AWKWARD = "[bold]Fix[/bold] :bug: of GET /projects/:id/issues [/]"


def task(**fields: Any) -> TaskDocument:
    empty: dict[str, Any] = dict.fromkeys(TaskDocument.model_fields)
    lists = {"labels": [], "assignees": [], "blocked_by": [], "links": []}
    told = {"task_id": "task_1", "source": "gitlab", "title": "A task", "status": "started", "priority": "none"}
    return TaskDocument(**empty | lists | told | {"archived": False, "confidential": False} | fields)


def pulled(**fields: Any) -> PullDocument:
    numbers = dict.fromkeys(("requests", "seen", "new", "changed", "comments", "quarantined"), 0)
    return PullDocument(
        run_id="run_1", state="partial", sources={"gitlab": PulledSource(**numbers | {"error_kind": None} | fields)}
    )


def history(**fields: Any) -> ExplainDocument:
    told = {"task_id": "task_1", "title": "A task", "asked_for": None, "links": [], "changes": [], "differences": []}
    return ExplainDocument(**told | fields)


def step(*changes: tuple[str, Any, Any], **fields: Any) -> StepDocument:
    told = {
        "step_id": "step_1", "task_id": "task_1", "source": "linear", "external_id": "L-1", "operation": "update",
        "why": "title from gitlab", "expected_revision": None, "title": "A task", "key": "ENG-1",
    }  # fmt: skip
    made = [FieldChange(field=name, before=before, after=after) for name, before, after in changes]
    return StepDocument(**told | {"operation": Operation.UPDATE, "changes": made} | fields)


def plan(*steps: StepDocument, **fields: Any) -> PlanDocument:
    told = {"plan_id": "plan_1", "run_id": "run_1", "steps": list(steps), "conflicts": [], "stopped_by": []}
    return PlanDocument(**told | fields)


def synced(**fields: Any) -> SyncDocument:
    told = {"run_id": "run_1", "plan_id": "plan_1", "applied": 0, "stale": 0, "failed": 0, "writes": [], "pulled": {}}
    return SyncDocument(**told | fields)


def conflict(**fields: Any) -> ConflictDocument:
    value = ConflictValue(source="linear", value="One", changed_at=None, actor=None)
    told = {"conflict_id": "conflict_1", "task_id": "task_1", "field": "title", "values": [value]}
    return ConflictDocument(**told | {"opened_at": "2026-03-01T12:00:00Z", "title": "A task", "reason": "x"} | fields)


def printed(*shown: Any) -> str:
    out = StringIO()
    with redirect_stdout(out):
        Face().answer([], *shown)
    return out.getvalue()


@pytest.mark.parametrize(
    "shown",
    [
        lambda: show.task_list(TaskList([task(title=AWKWARD)], 1)),
        lambda: show.task_list(TaskList([task(project=AWKWARD)], 1)),
        lambda: show.explained(history(title=AWKWARD)),
        lambda: show.checked(
            CheckDocument(ok=False, checks=[CheckLine(subject="gitlab", ok=False, detail=AWKWARD, mend=None)])
        ),
        lambda: show.pull_failures(pulled(error=AWKWARD)),
        lambda: show_plan.planned(plan(step(("title", "Old", AWKWARD)))),
        lambda: show_plan.planned(plan(step(why=AWKWARD))),
        lambda: show_plan.conflict_list([conflict(title=AWKWARD)]),
        lambda: show_plan.conflict_list([conflict(reason=AWKWARD)]),
        lambda: show_plan.not_done([WriteDocument(step_id="s", outcome="failed", error=AWKWARD)]),
        lambda: [AWKWARD],
    ],
    ids=[
        "title",
        "project",
        "history",
        "check",
        "failure",
        "new title",
        "reason",
        "conflict",
        "words of a provider",
        "write",
        "line",
    ],
)
def test_nothing_is_taken_for_markup_or_emoji(shown: Any) -> None:
    assert AWKWARD in printed(*shown())


def test_a_long_line_stays_one_line() -> None:
    assert printed("word " * 60) == "word " * 60 + "\n"


def test_a_failure_names_its_source_once() -> None:
    shown = printed(*show.pull_failures(pulled(error="gitlab: GET /user: 401 Unauthorized")))
    assert shown == "gitlab: GET /user: 401 Unauthorized\n"


def test_warnings_go_to_stderr_and_under_json_nowhere() -> None:
    out, err = StringIO(), StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        Face().warn("it failed")
        Face(json=True).warn("it failed, says the document")
    assert (out.getvalue(), err.getvalue()) == ("", "it failed\n")


def test_the_history_of_a_joined_task_says_where_it_is_now() -> None:
    assert printed(*show.explained(history(asked_for="task_0"))).startswith("task_0 is task_1 now\n")


@pytest.mark.parametrize(
    ("stage", "total", "line"),
    [("pull", None, "gitlab: 1,009 tasks read\n"), ("merge", 2000, "gitlab: 1,009 of 2,000 items merged\n")],
)
def test_progress_without_a_terminal_says_what_is_counted(stage: str, total: int | None, line: str) -> None:
    err = StringIO()
    with redirect_stderr(err), Face().progress() as progress:
        progress("gitlab", stage, 1009, total)
    assert err.getvalue() == line


def test_a_plan_shows_of_a_set_its_elements_and_of_a_text_the_lines_around_a_change() -> None:
    text = ("description", "one\ntwo\nthree\nfour\nfive", "one\ntwo\nthree\n4\nfive")
    lines = printed(*show_plan.planned(plan(step(("labels", ["a", "b"], ["b", "c"]), text)))).splitlines()
    assert lines == [
        "update linear ENG-1  'A task'",
        "  - labels: a",
        "  + labels: c",
        "    description:",
        "      @@ -3,3 +3,3 @@",
        "       three",
        "      -four",
        "      +4",
        "       five",
        "    why: title from gitlab",
        "1 step: 1 update in linear. To write exactly this: worklake apply plan_1",
    ]


@pytest.mark.parametrize(
    ("before", "after", "lines"),
    [
        (None, "2026-03-09", ["  + due_date: 2026-03-09"]),
        ("2026-03-09", None, ["  - due_date: 2026-03-09"]),
        ("2026-03-09", "2026-03-10", ["  - due_date: 2026-03-09", "  + due_date: 2026-03-10"]),
    ],
)
def test_a_plan_shows_what_is_set_emptied_and_replaced(before: Any, after: Any, lines: list[str]) -> None:
    assert printed(*show_plan.planned(plan(step(("due_date", before, after))))).splitlines()[1:-2] == lines


def test_a_long_plan_says_how_many_steps_are_not_shown() -> None:
    shown = printed(*show_plan.planned(plan(*[step(("title", "a", "b"))] * 103)))
    assert "… and 3 more steps; all of them with --json" in shown
    assert "103 steps: 103 update in linear" in shown


def test_a_plan_that_the_brake_stops_says_how_to_let_it_pass_and_not_that_it_can_be_applied() -> None:
    shown = printed(
        *show_plan.planned(plan(step(operation=Operation.CLOSE), stopped_by=["close would hit 9 of 9"], to_allow=9))
    )
    assert "Stopped for a person: close would hit 9 of 9" in shown
    assert "worklake apply plan_1 --allow 9" in shown
    assert "To write exactly this" not in shown


def test_an_empty_plan_says_that_every_tool_shows_what_the_tasks_say() -> None:
    assert printed(*show_plan.planned(plan())) == "Nothing to write: every tool shows what the tasks say.\n"


def test_an_empty_plan_that_leaves_something_out_says_what() -> None:
    shown = printed(*show_plan.planned(plan(conflicts=[conflict()], no_access={"gitlab": 2})))
    assert shown == (
        "Nothing to write now; 1 conflict waits for a person, and its field is not written: worklake conflicts;"
        " 2 items in gitlab may not be written: worklake status\n"
    )


def test_a_sync_that_leaves_something_out_does_not_say_that_the_tools_agree() -> None:
    shown = printed(*show_plan.synced(synced(no_access={"gitlab": 1})))
    assert shown.endswith("Nothing to write now; 1 item in gitlab may not be written: worklake status\n")
    assert printed(*show_plan.synced(synced())).endswith("every tool shows what the tasks say.\n")


def read(**fields: Any) -> PulledSource:
    return pulled(**{"error": None} | fields).sources["gitlab"]


def test_where_a_source_was_not_read_nobody_is_told_that_the_tools_agree() -> None:
    sources = {"gitlab": read(new=2), "linear": read(error="linear: 401"), "other": read(error="503", seen=3, new=1)}
    told = "Nothing to write in what was read: linear was not, other was only in part.\n"
    assert printed(*show_plan.planned(plan(pulled=sources))) == told
    assert printed(*show_plan.synced(synced(pulled=sources))) == (
        "Read: gitlab 2 new, 0 changed, other 1 new, 0 changed (only in part)\n" + told
    )


def test_what_was_not_read_is_told_with_what_is_left_out() -> None:
    shown = printed(*show_plan.synced(synced(pulled={"linear": read(error="401")}, no_access={"gitlab": 1})))
    assert shown == (
        "Read: nothing\n"
        "Nothing to write now; not everything was read: linear was not;"
        " 1 item in gitlab may not be written: worklake status\n"
    )


def test_a_conflict_tells_scripts_its_title_and_its_reason() -> None:
    document = conflict(title="A task", reason="gitlab and linear differ").model_dump(mode="json")
    assert (document["title"], document["reason"]) == ("A task", "gitlab and linear differ")


def test_a_plan_counts_comments_apart_from_items() -> None:
    remark = step(operation=Operation.CREATE, source="gitlab", comment_id="comment_1")
    shown = printed(*show_plan.planned(plan(remark, remark, step(operation=Operation.CREATE, source="gitlab"))))
    assert "3 steps: 2 comments in gitlab, 1 create in gitlab" in shown


def test_an_applied_undo_names_the_run_that_it_takes_back_and_what_is_held() -> None:
    done = WriteDocument(step_id="1", outcome="acknowledged", error=None)
    told = {"run_id": "run_2", "plan_id": "plan_1", "applied": 1, "stale": 0, "failed": 0, "writes": [done]}
    held = [conflict(run_id="run_2")]
    assert printed(*show_plan.applied(ApplyDocument(**told, undoes="run_1", conflicts=held))).splitlines() == [
        "plan_1 is applied, which takes back run_1",
        "1 step applied",
        "To take it back: worklake undo run_2",
        "What was undone is held until a person decides: worklake conflicts, or all at once: worklake conflicts settle"
        " --run run_2 --take SOURCE",
    ]


@pytest.mark.parametrize(("opened_by", "told"), [("run_1", False), ("run_2", True)])
def test_an_undo_tells_of_what_is_held_only_where_it_holds_something_itself(opened_by: str, told: bool) -> None:
    waiting = [conflict(run_id=opened_by)]
    one = {"run_id": "run_2", "plan_id": "plan_1", "applied": 1, "stale": 0, "failed": 0, "writes": []}
    one |= {"undoes": "run_1", "conflicts": waiting}
    undone = UndoDocument(**one, steps=[], stopped_by=[], takes_back=[], left=[])
    for shown in (show_plan.applied(ApplyDocument(**one)), show_plan.undone(undone)):
        assert ("worklake conflicts settle --run run_2 --take SOURCE" in printed(*shown)) is told


def settled(**fields: Any) -> SettledDocument:
    told = {"conflict_id": "conflict_1", "task_id": "task_1", "field": "title", "source": "linear", "value": "One"}
    return SettledDocument(**told | fields)


@pytest.mark.parametrize(
    ("decided", "follows"),
    [
        ({}, "title is 'One' now (linear)\nWritten everywhere by the next: worklake sync\n"),
        ({"left": "gitlab"}, "gitlab keeps its title, until it or the task's moves\n"),
        ({"field": "comment", "left": "gitlab"}, "the copy in gitlab stays as it is\n"),
        ({"field": "comment"}, "what stands in linear is copied again by the next: worklake sync\n"),
        ({"field": "task", "value": "delete"}, "the item stays as linear has it now\n"),
        ({"field": "task", "source": "worklake"}, "done again by the next: worklake sync\n"),
        ({"field": "deleted", "value": False}, "the item stays as linear has it now\n"),
        ({"field": "deleted", "source": "worklake"}, "tried again by the next: worklake sync\n"),
    ],
)
def test_who_settles_a_conflict_is_told_what_really_follows(decided: dict[str, Any], follows: str) -> None:
    assert printed(*show_plan.settled(settled(**decided))) == f"conflict_1: {follows}"


@pytest.mark.parametrize(
    ("decided", "is_written"),
    [
        ([{}], True),
        ([{"left": "gitlab"}], False),
        ([{"field": "task"}, {"field": "deleted"}], False),
        ([{"field": "task"}, {"field": "task", "source": "worklake"}], True),
    ],
)
def test_who_settles_a_whole_run_is_told_of_a_sync_where_one_writes(
    decided: list[dict[str, Any]], is_written: bool
) -> None:
    document = SettledRunDocument(run_id="run_1", settled=[settled(**one) for one in decided], left=[])
    assert ("worklake sync" in printed(*show_plan.settled_run(document))) is is_written


def test_a_conflict_names_its_task_its_items_and_the_run_that_opened_it() -> None:
    one = conflict(run_id="run_2", items=["gitlab team/web#44", "linear ENG-12"], reason="run_1 was undone")
    assert printed(*show_plan.conflict_list([one])).splitlines()[:3] == [
        "conflict_1  title of 'A task'",
        "    task: task_1, gitlab team/web#44, linear ENG-12",
        "    why: run_1 was undone (opened by run_2)",
    ]


@pytest.mark.parametrize(
    ("everywhere", "applied", "hint"),
    [
        (False, 1, "worklake undo run_2 --apply\n"),
        (True, 1, "worklake undo run_2 --everywhere --apply\n"),
        (True, 0, "0 steps applied\n"),
    ],
)
def test_an_undo_says_how_to_take_it_back_where_it_did_anything(everywhere: bool, applied: int, hint: str) -> None:
    told = {"plan_id": "plan_1", "run_id": "run_2", "steps": [], "conflicts": [], "stopped_by": [], "undoes": "run_1"}
    told |= {"takes_back": [], "left": [], "applied": applied, "stale": 0, "failed": 0, "writes": []}
    assert printed(*show_plan.undone(UndoDocument(**told), everywhere=everywhere)).endswith(hint)


def test_a_step_that_was_done_in_part_says_what_was_refused() -> None:
    done = WriteDocument(step_id="1", outcome="acknowledged", error=None, source="linear", key="ENG-1")
    part = done.model_copy(update={"error": "title: too long"})
    assert printed(*show_plan.not_done([done, part])) == "linear ENG-1: done in part: title: too long\n"


def status(**fields: Any) -> StatusDocument:
    told = {"lake": "lake", "engine": "embedded", "last_run": None, "sources": [], "quarantine": [], "tables": []}
    return StatusDocument(**told | fields)


def test_status_names_each_item_that_may_not_be_written_and_why() -> None:
    item = {"source": "gitlab", "external_id": "1", "key": "gitlab.com/team/web#44", "task_id": "t", "title": "A task"}
    shown = printed(*show.status(status(no_access=[item | {"error": "403 Forbidden", "at": None}])))
    assert "may not be written: gitlab web#44 'A task': 403 Forbidden\n" in shown


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"key": "gitlab.com/team/web#44", "title": "A task"}, "gitlab update web#44 'A task': refused"),
        ({"title": "A task"}, "gitlab update 7 'A task': refused"),
        ({"external_id": None, "operation": "create", "title": "A task"}, "gitlab create 'A task': refused"),
        ({"external_id": None, "operation": "create"}, "gitlab create task_1: refused"),
    ],
)
def test_status_names_what_is_not_written_as_people_do(fields: dict[str, Any], told: str) -> None:
    failure = {"source": "gitlab", "task_id": "task_1", "external_id": "7", "operation": "update"}
    failure |= {"outcome": "refused", "error": None, "at": "2026-03-01T12:00:00Z"}
    assert f"not written: {told}\n" in printed(*show.status(status(failures=[failure | fields])))


def test_status_tells_of_open_conflicts_and_of_the_runs_that_can_be_undone() -> None:
    run = {"run_id": "run_1", "command": "sync", "state": "died", "started_at": "2026-03-01T12:00:00Z"}
    shown = printed(*show.status(status(open_conflicts=6, runs=[run | {"finished_at": None}])))
    assert "6 conflicts are open: worklake conflicts\n" in shown
    assert "run_1 sync died, or was interrupted 2026-03-01 12:00 UTC" in " ".join(shown.split())


def test_the_list_of_tasks_names_each_item_as_people_do() -> None:
    keys = {"gitlab": "gitlab.com/team/web#44", "linear": "linear.app/acme/ENG-12", "other": None}
    links = [
        {"source": name, "provider": name, "external_id": "1", "url": None, "state": "linked", "key": key}
        for name, key in keys.items()
    ]
    assert "gitlab web#44, linear ENG-12, other" in printed(*show.task_list(TaskList([task(links=links)], 1)))


def test_an_item_that_is_deleted_is_no_place_of_its_task_in_the_list() -> None:
    states = {"gitlab": "deleted", "linear": "linked", "other": "missing"}
    links = [
        {"source": name, "provider": name, "external_id": "1", "url": None, "state": state, "key": None}
        for name, state in states.items()
    ]
    shown = printed(*show.task_list(TaskList([task(links=links)], 1)))
    assert "linear, other" in shown
    assert "gitlab" not in shown


def test_a_narrow_terminal_gets_a_line_for_each_task_with_less_on_it() -> None:
    keys = {"gitlab": "gitlab.com/team/web#44", "linear": "linear.app/acme/ENG-12"}
    links = [
        {"source": name, "provider": name, "external_id": "1", "url": None, "state": "linked", "key": key}
        for name, key in keys.items()
    ]
    one = task(
        title="Pagination drops the last page of a long list of results", due_date="2026-03-09", project="Website",
        assignees=["kim.lee@example.com"], priority="urgent", links=links,
    )  # fmt: skip
    out = StringIO()
    with redirect_stdout(out):
        PlainConsole(width=80).show(*show.task_list(TaskList([one], 1)))
    lines = out.getvalue().splitlines()
    assert lines[1].split() == ["due", "title", "status", "who", "where"]
    assert lines[3].startswith(" 2026-03-09  Pagination drops the last page")
    assert lines[3].rstrip().endswith("…  started  kim.lee  web#44, ENG-12")
    assert [line.strip() for line in lines[4:]] == ["", "1 task"]
    assert max(map(len, lines)) <= 80


def test_proposed_links_are_named_by_their_keys_and_counted_by_status() -> None:
    told = {"proposal_id": "proposal_1", "task_id": "task_1", "title": "One", "source": "gitlab", "reason": "alike"}
    told |= {"other_task_id": "task_2", "other_title": "Two", "other_source": "linear"}
    keys = {"key": "gitlab.com/team/web#3", "other_key": "linear.app/acme/ENG-12"}
    one = ProposalDocument(**told | keys | {"proposed_at": "2026-03-01T12:00:00Z"})
    shown = " ".join(printed(*show_links.proposals([one])).split())
    assert "proposal_1 One (gitlab web#3) Two (linear ENG-12) alike" in shown
    assert "2 proposed links wait: worklake links\n" in printed(*show.status(status(proposed_links=2)))
    assert "proposed" not in printed(*show.status(status()))


@pytest.mark.parametrize(
    ("shown", "has", "line"),
    [
        ("One", "Two", "description 'One', the task has 'Two'"),
        ("Ask @\u2060kim", "Ask @kim", "description in another form than the task"),
        ("* a", "*  a\n", "description in another form than the task"),
        ("x" * 80, "x" * 81, f"description '{'x' * 59}…', the task another text further on"),
    ],
)
def test_a_difference_that_does_not_show_in_short_is_told_in_words(shown: str, has: str, line: str) -> None:
    told = {"source": "gitlab", "external_id": "1", "field": "description", "shown": shown, "task": has, "why": "due"}
    assert printed(*show.explained(history(differences=[told]))).endswith(f"gitlab shows {line} (due)\n")


def test_a_job_that_looks_like_a_notebook_gets_lines_and_no_html(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("builtins.get_ipython", object, raising=False)
    monkeypatch.setenv("DATABRICKS_RUNTIME_VERSION", "client.5.0")
    assert Console().is_jupyter
    out = StringIO()
    with redirect_stdout(out):
        PlainConsole().show("1 step applied")
    assert out.getvalue() == "1 step applied\n"
