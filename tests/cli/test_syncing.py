"""Stories of plan, apply, sync, undo and conflicts, told from outside: two tools, people, and the command line."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

import worklake
from tests.support.project import Project, sandbox_project, worklake_command
from worklake.integrations.http import Http

pytest.importorskip("pysail", reason="the embedded engine is not installed")
# The stories share one sandbox: its start and first sync take the longest.
pytestmark = pytest.mark.xdist_group("syncing")

PLAN_KEYS = ["plan_id", "run_id", "steps", "conflicts", "stopped_by"]
STEP_KEYS = [
    "step_id", "task_id", "source", "external_id", "operation", "changes", "why", "expected_revision",
]  # fmt: skip
APPLY_KEYS = ["run_id", "plan_id", "applied", "stale", "failed", "writes"]
CONFLICT_KEYS = ["conflict_id", "task_id", "field", "values", "opened_at", "kind", "run_id", "title", "reason"]
LATEST = "fields: {default: latest}\nbrake: {share: 0.2, at_least: 10}\n"
LINEAR_WRITES = ("Create", "Update", "Archive", "Restore", "Trash", "Add", "Remove", "Edit", "Delete")


@dataclass(frozen=True)
class Twins:
    """A task that is an item in both tools."""

    project: Project
    task_id: str
    gitlab: str
    linear: str

    def shown(self, provider: str, field: str) -> Any:
        """What a tool shows now."""
        names = {"due_date": {"gitlab": "due_date", "linear": "dueDate"}}
        item = next(i for i in self.project.items(provider) if i["external_id"] == getattr(self, provider))
        return item["payload"][names.get(field, {}).get(provider, field)]

    def both(self, field: str) -> list[Any]:
        """What GitLab and Linear show."""
        return [self.shown("gitlab", field), self.shown("linear", field)]


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    with sandbox_project(tmp_path_factory.mktemp("syncing") / "project", "--tasks", "160") as made:
        made.run("sync")
        yield made


@pytest.fixture(scope="module")
def pairs(project: Project) -> list[Twins]:
    """Tasks that are in both tools."""
    listed = [
        (task, {one["source"]: one["external_id"] for one in task["links"]}) for task in project.run("tasks").document
    ]
    return [
        Twins(project, task["task_id"], found["gitlab"], found["linear"])
        for task, found in listed
        if {"gitlab", "linear"} == set(found) and not task["archived"] and not task["confidential"]
    ]


@pytest.fixture
def twins(pairs: list[Twins], monkeypatch: pytest.MonkeyPatch) -> Iterator[Twins]:
    """A task in both tools, of which the stories before have left nothing to do; nobody waits between two tries."""
    monkeypatch.setitem(Http.__init__.__kwdefaults__, "sleep", lambda seconds: None)
    yield pairs[0]
    pairs[0].project.mend()
    pairs[0].project.settings("policy.yml", LATEST)


def at_rest(project: Project) -> None:
    """A last sync has nothing to write and nobody has anything to decide."""
    last = project.run("sync")
    assert (last.status, last.document["writes"]) == (0, [])
    assert project.run("conflicts").document == []


def people_words(project: Project, *arguments: str) -> Any:
    return worklake_command(*arguments, "--project", str(project.folder), "--no-progress")


def writes_asked(project: Project) -> list[str]:
    """The calls to either tool that write."""
    rest = [one["method"] for one in project.requests_made("gitlab") if one["method"] != "GET"]
    names = [str(one.get("operation")) for one in project.requests_made("linear")]
    return rest + [name for name in names if name.startswith(LINEAR_WRITES)]


def test_the_first_sync_of_tasks_that_are_in_both_tools_brings_them_to_rest(project: Project) -> None:
    at_rest(project)


@pytest.mark.parametrize("here", ["gitlab", "linear"])
def test_an_edit_in_one_tool_arrives_in_the_other(twins: Twins, here: str) -> None:
    twins.project.edit(here, getattr(twins, here), title=f"Edited in {here}")
    ran = twins.project.run("sync")
    assert ran.status == 0
    document = ran.document
    assert list(document) == [*APPLY_KEYS, "pulled"]
    assert (document["applied"], document["stale"], document["failed"]) == (1, 0, 0)
    assert [sorted(write) for write in document["writes"]] == [["error", "outcome", "step_id"]]
    assert document["pulled"][here]["changed"] >= 1  # others may have edited before
    assert twins.both("title") == [f"Edited in {here}"] * 2


def test_a_plan_writes_nothing_and_two_of_the_same_state_are_equal(twins: Twins) -> None:
    twins.project.edit("linear", twins.linear, title="Planned twice")
    shown, asked = twins.project.items("gitlab"), writes_asked(twins.project)
    first, second = twins.project.run("plan"), twins.project.run("plan")
    assert (first.status, second.status) == (0, 0)
    assert list(first.document) == PLAN_KEYS
    assert first.document["plan_id"] == second.document["plan_id"]
    assert json.dumps(first.document["steps"]) == json.dumps(second.document["steps"])
    (step,) = first.document["steps"]
    assert list(step) == STEP_KEYS
    assert (step["source"], step["external_id"], step["operation"]) == ("gitlab", twins.gitlab, "update")
    assert [(one["field"], one["after"]) for one in step["changes"]] == [("title", "Planned twice")]
    assert "linear" in step["why"]
    assert twins.project.items("gitlab") == shown
    assert writes_asked(twins.project) == asked
    applied = twins.project.run("apply", first.document["plan_id"])
    assert (applied.status, list(applied.document), applied.document["applied"]) == (0, APPLY_KEYS, 1)
    assert twins.both("title") == ["Planned twice"] * 2
    again = twins.project.run("apply", first.document["plan_id"])
    assert (again.status, again.document["applied"], again.document["done_before"]) == (0, 0, 1)


def test_a_title_edited_here_and_a_due_date_edited_there_both_survive(twins: Twins) -> None:
    twins.project.edit("linear", twins.linear, title="Titled in Linear")
    twins.project.edit("gitlab", twins.gitlab, due_date="2031-05-06")
    assert twins.project.run("sync").status == 0
    assert twins.both("title") == ["Titled in Linear"] * 2
    assert twins.both("due_date") == ["2031-05-06"] * 2
    told = twins.project.run("explain", twins.task_id).document["changes"]
    assert {(one["source"], one["field"]) for one in told} >= {("linear", "title"), ("gitlab", "due_date")}


@pytest.mark.slow
def test_a_step_whose_field_somebody_moved_since_the_plan_is_stale_and_their_edit_wins(twins: Twins) -> None:
    twins.project.edit("linear", twins.linear, title="Planned")
    plan = twins.project.run("plan").document
    twins.project.edit("gitlab", twins.gitlab, title="Moved since")
    ran = twins.project.run("apply", plan["plan_id"])
    assert (ran.status, ran.document["applied"], ran.document["stale"]) == (1, 0, 1)
    assert twins.shown("gitlab", "title") == "Moved since"
    assert twins.project.run("sync").status == 0
    assert twins.both("title") == ["Moved since"] * 2


FAULTS: list[dict[str, Any]] = [
    {"status": 500},
    {"status": 429, "headers": {"Retry-After": "0"}},
    {"status": 401},
    {"drop": "before"},
]


def test_a_write_that_fails_is_sent_by_later_runs_until_it_succeeds(twins: Twins) -> None:
    twins.project.edit("linear", twins.linear, title="Survives")
    for fault in FAULTS:
        twins.project.mend()
        twins.project.fault("gitlab", method="PUT", **fault)
        ran = twins.project.run("sync")
        assert (ran.status, ran.document["applied"], ran.document["failed"]) == (1, 0, 1), fault
        assert twins.shown("gitlab", "title") != "Survives"
    twins.project.mend()
    assert twins.project.run("sync").status == 0
    assert twins.both("title") == ["Survives"] * 2


def test_a_write_whose_reply_was_lost_is_found_done_and_not_repeated(twins: Twins) -> None:
    twins.project.edit("linear", twins.linear, title="Its reply is lost")
    twins.project.fault("gitlab", method="PUT", drop="after", times=1)
    twins.project.run("sync")
    asked = len(writes_asked(twins.project))
    assert twins.project.run("sync").status == 0
    assert len(writes_asked(twins.project)) == asked
    assert twins.both("title") == ["Its reply is lost"] * 2


@pytest.mark.slow
def test_a_value_that_a_tool_refuses_waits_for_a_person_while_the_rest_is_written(twins: Twins) -> None:
    twins.project.edit("linear", twins.linear, title="Refused", dueDate="2032-01-02")
    twins.project.fault("gitlab", method="PUT", status=422, body={"message": {"title": ["is not welcome"]}}, times=1)
    ran = twins.project.run("sync")
    assert (ran.status, ran.document["failed"]) == (1, 0)
    assert [write["error"] is not None for write in ran.document["writes"]] == [True]
    assert twins.shown("gitlab", "due_date") == "2032-01-02"
    assert twins.shown("gitlab", "title") != "Refused"
    waiting = twins.project.run("sync")
    assert (waiting.status, waiting.document["writes"]) == (3, [])
    (conflict,) = twins.project.run("conflicts").document
    assert conflict["field"] == "title"
    assert "is not welcome" in people_words(twins.project, "conflicts").stdout
    twins.project.run("conflicts", "settle", conflict["conflict_id"], "--value", '"Welcome"')
    assert twins.project.run("sync").status == 0
    assert twins.both("title") == ["Welcome"] * 2


def test_a_plan_that_is_applied_already_is_not_tried_again(twins: Twins) -> None:
    twins.project.edit("linear", twins.linear, title="Applied once")
    plan = twins.project.run("sync").document["plan_id"]
    again = worklake_command("apply", "--project", str(twins.project.folder))
    assert (again.status, again.stdout) == (0, f"{plan} is applied already: nothing to write\n")
    told = twins.project.run("apply", plan).document
    assert (told["applied"], told["stale"], told["writes"], told["done_before"]) == (0, 0, [], 1)


def test_an_apply_that_was_stopped_in_part_does_the_rest_when_it_is_repeated(twins: Twins, pairs: list[Twins]) -> None:
    twins.project.edit("linear", twins.linear, title="From Linear")
    twins.project.edit("gitlab", pairs[1].gitlab, title="From GitLab")
    plan = twins.project.run("plan").document["plan_id"]
    twins.project.fault("linear", method="POST", path="/graphql", operation="UpdateIssue", status=401)
    first = twins.project.run("apply", plan)
    assert (first.status, first.document["applied"]) == (1, 1)
    twins.project.mend()
    again = twins.project.run("apply", plan)
    assert (again.status, again.document["applied"], again.document["done_before"]) == (0, 1, 1)
    assert pairs[1].both("title") == ["From GitLab"] * 2
    at_rest(twins.project)


def test_undo_takes_a_sync_back_and_the_next_sync_does_not_redo_it(twins: Twins) -> None:
    before = twins.both("title")
    twins.project.edit("linear", twins.linear, title="Taken back")
    run = twins.project.run("sync").document["run_id"]
    planned = twins.project.run("undo", run)
    assert planned.status == 0
    assert list(planned.document)[: len(PLAN_KEYS)] == PLAN_KEYS
    assert (planned.document["undoes"], planned.document["applied"]) == (run, None)
    assert twins.both("title") == ["Taken back"] * 2
    undone = twins.project.run("undo", run, "--apply")
    assert (undone.status, undone.document["applied"], undone.document["left"]) == (0, 1, [])
    assert twins.both("title") == [before[0], "Taken back"]
    again = twins.project.run("undo", run, "--apply")
    assert (again.status, again.document["applied"], again.document["left"]) == (0, 0, [])
    held = twins.project.run("sync")
    assert (held.status, held.document["writes"]) == (3, [])
    (conflict,) = twins.project.run("conflicts").document
    settled = twins.project.run("conflicts", "settle", conflict["conflict_id"], "--take", "gitlab")
    assert (settled.status, settled.document["value"]) == (0, before[0])
    assert twins.project.run("sync").status == 0
    assert twins.both("title") == [before[0]] * 2


def test_all_that_an_undo_holds_is_settled_at_once(twins: Twins) -> None:
    before = twins.both("title")
    twins.project.edit("linear", twins.linear, title="One of two", dueDate="2033-03-03")
    run = twins.project.run("sync").document["run_id"]
    undone = twins.project.run("undo", run, "--apply").document["run_id"]
    nobody = twins.project.run("conflicts", "settle", "--run", undone, "--take", "notion")
    assert (nobody.status, nobody.document["settled"], len(nobody.document["left"])) == (2, [], 2)
    settled = twins.project.run("conflicts", "settle", "--run", undone, "--take", "gitlab")
    assert settled.status == 0
    assert {one["field"] for one in settled.document["settled"]} == {"title", "due_date"}
    assert {one["source"] for one in settled.document["settled"]} == {"gitlab"}
    assert twins.project.run("conflicts", "settle", "--run", undone, "--take", "gitlab").status == 2
    assert twins.project.run("sync").status == 0
    assert twins.both("title") == [before[0]] * 2
    at_rest(twins.project)


@pytest.mark.slow
def test_undo_of_an_undo_brings_the_sync_back(twins: Twins) -> None:
    twins.project.edit("linear", twins.linear, title="There and back")
    run = twins.project.run("sync").document["run_id"]
    undone = twins.project.run("undo", run, "--apply").document["run_id"]
    assert twins.project.run("undo", undone, "--apply").status == 0
    assert twins.both("title") == ["There and back"] * 2
    at_rest(twins.project)


@pytest.mark.slow
def test_undo_everywhere_brings_all_tools_to_the_values_before_the_run(twins: Twins) -> None:
    before = twins.both("title")
    twins.project.edit("linear", twins.linear, title="Taken back everywhere")
    run = twins.project.run("sync").document["run_id"]
    undone = twins.project.run("undo", run, "--everywhere", "--apply")
    assert undone.status == 0
    assert twins.both("title") == before
    at_rest(twins.project)


@pytest.mark.slow
def test_undo_works_after_maintenance(twins: Twins) -> None:
    before = twins.both("title")
    twins.project.edit("linear", twins.linear, title="Maintained in between")
    run = twins.project.run("sync").document["run_id"]
    assert twins.project.run("maintain").status == 0
    undone = twins.project.run("undo", run, "--everywhere", "--apply")
    assert (undone.status, undone.document["left"]) == (0, [])
    assert twins.both("title") == before
    at_rest(twins.project)


@pytest.mark.slow
def test_undo_leaves_what_a_person_changed_since_and_names_it(twins: Twins) -> None:
    twins.project.edit("linear", twins.linear, title="Undone in part", dueDate="2033-03-03")
    run = twins.project.run("sync").document["run_id"]
    twins.project.edit("gitlab", twins.gitlab, title="Changed since")
    twins.project.run("sync")
    undone = twins.project.run("undo", run, "--apply")
    assert undone.status == 1
    assert [(one["task_id"], one["source"], one["field"]) for one in undone.document["left"]] == [
        (twins.task_id, "gitlab", "title")
    ]
    assert twins.shown("gitlab", "title") == "Changed since"
    for conflict in twins.project.run("conflicts").document:
        twins.project.run("conflicts", "settle", conflict["conflict_id"], "--take", "linear")
    assert twins.project.run("sync").status == 0
    assert twins.both("due_date") == ["2033-03-03"] * 2


def test_undo_everywhere_sees_and_leaves_what_a_person_edited_since_the_last_pull(twins: Twins) -> None:
    twins.project.edit("linear", twins.linear, title="To be taken back")
    run = twins.project.run("sync").document["run_id"]
    twins.project.edit("gitlab", twins.gitlab, title="Edited since the last pull")
    undone = twins.project.run("undo", run, "--everywhere", "--apply")
    assert undone.status == 1
    assert (undone.document["stale"], undone.document["takes_back"]) == (0, [])
    assert [(one["task_id"], one["field"]) for one in undone.document["left"]] == [(twins.task_id, "title")]
    twins.project.run("sync")
    assert twins.both("title") == ["Edited since the last pull"] * 2
    at_rest(twins.project)


def test_undo_sees_and_leaves_what_a_person_edited_since_the_last_pull(twins: Twins) -> None:
    twins.project.edit("linear", twins.linear, title="To be taken back alone")
    run = twins.project.run("sync").document["run_id"]
    twins.project.edit("gitlab", twins.gitlab, title="Edited in between")
    undone = twins.project.run("undo", run, "--apply")
    assert (undone.status, undone.document["writes"]) == (1, [])
    assert [(one["source"], one["field"]) for one in undone.document["left"]] == [("gitlab", "title")]
    twins.project.run("sync")
    assert twins.both("title") == ["Edited in between"] * 2
    at_rest(twins.project)


def test_undo_takes_back_what_it_can_reach_while_a_tool_gives_no_answer(twins: Twins) -> None:
    before = twins.both("title")
    twins.project.edit("linear", twins.linear, title="Taken back in GitLab")
    run = twins.project.run("sync").document["run_id"]
    twins.project.fault("linear", method="POST", status=503)
    undone = worklake_command("undo", run, "--apply", "--project", str(twins.project.folder))
    assert undone.status == 0
    assert "linear: " in undone.stderr
    assert twins.both("title") == [before[0], "Taken back in GitLab"]
    twins.project.mend()
    (conflict,) = twins.project.run("conflicts").document
    twins.project.run("conflicts", "settle", conflict["conflict_id"], "--take", "linear")
    assert twins.project.run("sync").status == 0
    assert twins.both("title") == ["Taken back in GitLab"] * 2


def test_a_manual_conflict_waits_for_a_person_and_is_settled_by_command(twins: Twins) -> None:
    twins.project.settings("policy.yml", "fields: {default: latest, title: manual}\n")
    twins.project.edit("linear", twins.linear, title="One of two")
    twins.project.edit("gitlab", twins.gitlab, title="Two of two")
    plan = twins.project.run("plan")
    assert plan.status == 3
    (conflict,) = plan.document["conflicts"]
    assert list(conflict) == CONFLICT_KEYS
    assert [sorted(value) for value in conflict["values"]] == [["actor", "changed_at", "source", "value"]] * len(
        conflict["values"]
    )
    values = {value["source"]: value["value"] for value in conflict["values"]}
    assert {"linear": "One of two", "gitlab": "Two of two"}.items() <= values.items()
    assert twins.project.run("conflicts", "list").document == [conflict]
    words = people_words(twins.project, "conflicts").stdout
    query = f"select source, key from {{links}} where kind = 'task' and task_id = '{twins.task_id}'"
    keys = {row["source"]: row["key"].partition("/")[2] for row in twins.project.rows(query)}
    assert f"task: {twins.task_id}, gitlab {keys['gitlab']}, linear {keys['linear'].rpartition('/')[2]}\n" in words
    assert f"(opened by {conflict['run_id']})" in words
    synced = twins.project.run("sync")
    assert (synced.status, synced.document["writes"]) == (3, [])
    assert twins.both("title") == ["Two of two", "One of two"]
    settled = twins.project.run("conflicts", "settle", conflict["conflict_id"], "--take", "linear")
    assert settled.document == {
        "conflict_id": conflict["conflict_id"],
        "task_id": twins.task_id,
        "field": "title",
        "source": "linear",
        "value": "One of two",
        "left": None,
    }
    assert twins.project.run("sync").status == 0
    assert twins.both("title") == ["One of two"] * 2
    again = twins.project.run("conflicts", "settle", conflict["conflict_id"], "--take", "gitlab")
    assert (again.status, again.document["error"]["type"]) == (2, "InvalidInputError")


@pytest.mark.slow
def test_a_conflict_is_settled_by_a_value_of_ones_own_that_the_field_takes(twins: Twins) -> None:
    twins.project.settings("policy.yml", "fields: {due_date: manual}\n")
    twins.project.edit("linear", twins.linear, dueDate="2034-01-01")
    twins.project.edit("gitlab", twins.gitlab, due_date="2034-02-02")
    (conflict,) = twins.project.run("plan").document["conflicts"]
    for wrong, said in [('"soon"', "a day such as"), ("soon", "--value takes JSON")]:
        ran = twins.project.run("conflicts", "settle", conflict["conflict_id"], "--value", wrong)
        assert ran.status == 2
        assert said in ran.document["error"]["message"]
    ran = twins.project.run("conflicts", "settle", conflict["conflict_id"], "--value", '"2034-03-03"')
    assert (ran.status, ran.document["source"]) == (0, "worklake")
    assert twins.project.run("sync").status == 0
    assert twins.both("due_date") == ["2034-03-03"] * 2


@pytest.mark.slow
def test_the_brake_stops_a_plan_that_empties_much_until_exactly_that_much_is_allowed(twins: Twins) -> None:
    twins.project.edit("linear", twins.linear, dueDate="2035-01-01")
    twins.project.run("sync")
    twins.project.settings("policy.yml", "brake: {share: 0.001, at_least: 1}\n")
    twins.project.edit("linear", twins.linear, dueDate=None)
    plan = twins.project.run("plan")
    assert plan.status == 3
    assert "emptying due_date would hit 1 of" in plan.document["stopped_by"][0]
    for command in (["sync"], ["apply", "--allow", "2"]):
        stopped = twins.project.run(*command)
        assert (stopped.status, stopped.document["error"]["type"]) == (3, "StoppedError")
        assert "emptying due_date would hit 1 of" in stopped.document["error"]["message"]
        assert f"worklake {command[0]} --allow 1" in stopped.document["error"]["message"]
        assert "stopped for a person" in stopped.stderr
    assert twins.shown("gitlab", "due_date") == "2035-01-01"
    assert twins.project.run("apply", "--allow", "1").status == 0
    assert twins.both("due_date") == [None, None]


@pytest.mark.slow
def test_a_source_that_cannot_be_read_ends_a_sync_with_1_and_keeps_the_others_going(twins: Twins) -> None:
    twins.project.edit("gitlab", twins.gitlab, title="While Linear is away")
    twins.project.fault("linear", method="POST", path="/graphql", status=401)
    ran = twins.project.run("sync")
    assert (ran.status, ran.document["pulled"]["gitlab"]["changed"]) == (1, 1)
    assert ran.document["pulled"]["linear"]["error_kind"] == "AuthError"
    plan = twins.project.run("plan")
    assert plan.status == 1
    assert "linear:" in plan.stderr
    twins.project.mend()
    assert twins.project.run("sync").status == 0
    assert twins.both("title") == ["While Linear is away"] * 2


@pytest.mark.slow
def test_what_is_due_in_a_source_that_a_run_could_not_ask_is_written_by_a_later_one(pairs: list[Twins]) -> None:
    twins = pairs[-1]  # of this one nothing was edited lately, so that a pull does not list it again
    secret = twins.project.folder / "secrets" / "linear"
    token = secret.read_text()
    twins.project.edit("gitlab", twins.gitlab, title="While the secret is missing")
    secret.unlink()
    try:
        assert twins.project.run("sync").status == 1
    finally:
        secret.write_text(token)
    assert twins.project.run("sync").status == 0
    assert twins.both("title") == ["While the secret is missing"] * 2


@pytest.mark.slow
def test_where_no_source_can_be_read_a_sync_ends_with_2(twins: Twins) -> None:
    for provider in ("gitlab", "linear"):
        twins.project.fault(provider, method="*", status=401)
    assert twins.project.run("sync").status == 2


@pytest.mark.slow
def test_a_plan_is_shown_like_a_diff_with_the_reason_of_each_step(twins: Twins) -> None:
    before = twins.shown("gitlab", "title")
    twins.project.edit("linear", twins.linear, title="Shown as a diff")
    shown = people_words(twins.project, "plan")
    lines = shown.stdout.splitlines()
    assert lines[0].startswith("update gitlab team/")
    assert lines[1:4] == [f"  - title: {before}", "  + title: Shown as a diff", "    why: title from linear"]
    assert lines[4].startswith("1 step: 1 update in gitlab. To write exactly this: worklake apply plan_")
    synced = people_words(twins.project, "sync").stdout
    assert "1 step applied" in synced
    assert "worklake undo run_" in synced


@pytest.mark.parametrize(
    ("arguments", "kind"),
    [
        (("apply", "plan_nope"), "NotFoundError"),
        (("undo", "run_nope"), "NotFoundError"),
        (("conflicts", "settle", "conflict_nope", "--take", "linear"), "NotFoundError"),
        (("conflicts", "settle", "conflict_nope"), "UsageError"),
        (("conflicts", "settle", "conflict_nope", "--take", "linear", "--value", "1"), "UsageError"),
        (("plan", "--source", "nope"), "SettingsError"),
        (("sync", "--allow", "0"), "UsageError"),
    ],
)
def test_what_does_not_exist_or_makes_no_sense_touches_nothing(
    project: Project, arguments: tuple[str, ...], kind: str
) -> None:
    ran = project.run(*arguments)
    assert (ran.status, ran.document["error"]["type"]) == (2, kind)


@pytest.mark.slow
def test_the_calls_of_the_same_names_give_the_same_documents(twins: Twins) -> None:
    folder: Path = twins.project.folder
    twins.project.edit("linear", twins.linear, title="Called from Python")
    plan = worklake.plan(folder)
    assert [(step.source, step.title) for step in plan.steps] == [("gitlab", "Called from Python")]
    assert worklake.apply(plan.plan_id, folder).applied == 1
    assert worklake.sync(folder).writes == []
    assert worklake.conflicts(folder) == []


def test_after_all_this_a_last_sync_plans_nothing_and_nobody_has_anything_to_decide(project: Project) -> None:
    at_rest(project)
