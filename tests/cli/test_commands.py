"""The command line, as scripts rely on it: documents, exit statuses, messages."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

import worklake as worklake_package
from tests.support.project import Project, Ran, sandbox_project
from tests.support.project import worklake_command as worklake
from tests.support.waiting import looks
from worklake.errors import LakeError
from worklake.lake.lake import Lake
from worklake.lake.results import Merged
from worklake.model.code_rows import CodeLink

pytest.importorskip("pysail", reason="the embedded engine is not installed")

COMMANDS = [
    "init", "check", "pull", "plan", "apply", "sync", "undo", "conflicts", "tasks", "explain", "status", "maintain",
    "sandbox", "demo", "links",
]  # fmt: skip


@pytest.fixture(scope="module")
def pulled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    with sandbox_project(tmp_path_factory.mktemp("cli") / "project", "--tasks", "120") as project:
        project.pull()
        yield project


def in_a_process(*arguments: str, cwd: Path) -> Ran:
    """The command as a user runs it."""
    command = [sys.executable, "-m", "worklake", *arguments]
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=60, check=False)
    return Ran(done.returncode, done.stdout, done.stderr)


def test_help_names_every_command_and_how_to_start() -> None:
    ran = worklake("--help")
    assert ran.status == 0
    assert all(command in ran.stdout for command in COMMANDS)
    assert "worklake demo" in ran.stdout


def test_the_version_is_told() -> None:
    assert worklake("--version").stdout.startswith("worklake 0.")


def test_sync_is_the_call_also_once_the_package_of_that_name_has_been_imported() -> None:
    import worklake as calls
    from worklake.sync import cycle

    assert calls.sync.__name__ == "sync"
    assert calls.sync is not cycle.sync
    assert calls.sync.__module__ == "worklake.api"


def test_a_wrong_option_is_wrong_usage() -> None:
    assert worklake("tasks", "--nope").status == 2


@pytest.mark.parametrize(
    "arguments", [("tasks", "--limt", "2"), ("tasks", "--limit", "0"), ("explain",), ("foo",), ("links", "accept")]
)
def test_wrong_usage_is_one_document_under_json_and_words_on_stderr(arguments: tuple[str, ...]) -> None:
    ran = worklake(*arguments, "--json")
    assert ran.status == 2
    assert ran.document["error"]["type"] == "UsageError"
    assert ran.document["error"]["message"] in ran.stderr
    assert "Usage: worklake" in ran.stderr


def test_without_a_command_the_help_is_shown_and_nothing_else() -> None:
    ran = worklake()
    assert (ran.status, ran.stderr) == (2, "")
    assert "Exit status: 0 done" in ran.stdout


@pytest.mark.parametrize("options", [(), ("--json",)], ids=["table", "json"])
def test_a_reader_that_leaves_is_no_failure(pulled: Project, options: tuple[str, ...]) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    command = [sys.executable, "-m", "worklake", "tasks", *options]
    with os.fdopen(writing) as gone:
        done = subprocess.run(command, cwd=pulled.folder, stdout=gone, stderr=subprocess.PIPE, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, b"")


def test_outside_a_project_it_is_said_how_to_make_one(tmp_path: Path) -> None:
    ran = in_a_process("tasks", cwd=tmp_path)
    assert ran.status == 2
    assert "worklake init" in ran.stderr
    assert "Traceback" not in ran.stderr


def test_before_the_first_pull_it_is_said_that_there_is_no_lake(tmp_path: Path) -> None:
    worklake("init", str(tmp_path))
    ran = worklake("tasks", "--json", cwd=tmp_path)
    assert ran.status == 2
    assert ran.document["error"]["type"] == "LakeMissingError"
    assert "worklake pull" in ran.document["error"]["message"]


def test_init_writes_a_project_that_loads_and_overwrites_nothing(tmp_path: Path) -> None:
    first = worklake("init", str(tmp_path), "--json").document
    assert {"conf/worklake.yml", "conf/sources.yml", ".gitignore"} <= set(first["written"])
    (tmp_path / "conf" / "people.yml").write_text("people: []\n# mine\n")
    second = worklake("init", str(tmp_path), "--json").document
    assert second["written"] == []
    assert "# mine" in (tmp_path / "conf" / "people.yml").read_text()
    ran = worklake("pull", cwd=tmp_path)
    assert ran.status == 2
    assert "there is no source yet" in ran.stderr


def test_the_commented_examples_of_init_are_valid_settings(tmp_path: Path) -> None:
    worklake("init", str(tmp_path))
    for file in (tmp_path / "conf").glob("*.yml"):
        lines = file.read_text().splitlines()
        if file.name == "sources.yml":
            start = lines.index("sources:") + 1
            lines[start:] = [line.removeprefix("# ").removeprefix("#") for line in lines[start:]]
        file.write_text("\n".join(lines))
    ran = worklake("check", "--json", cwd=tmp_path)
    subjects = {line["subject"]: line for line in ran.document["checks"]}
    assert subjects["settings"]["ok"]
    assert not subjects["linear: secret"]["ok"]
    assert "LINEAR_API_KEY" in subjects["linear: secret"]["detail"]
    assert not subjects["gitlab: secret"]["ok"]
    assert "NOTION_TOKEN" in subjects["notion: secret"]["detail"]


def test_init_elsewhere_says_where_to_go_on(tmp_path: Path) -> None:
    assert "in my work/conf/sources.yml" in worklake("init", "my work", cwd=tmp_path).stdout
    assert "cd 'my work'" in worklake("init", "my work", cwd=tmp_path).stdout
    assert "cd " not in worklake("init", cwd=tmp_path / "my work").stdout


def test_global_options_go_before_or_after_the_command(pulled: Project) -> None:
    folder = str(pulled.folder)
    before = worklake("--project", folder, "--json", "tasks", "--limit", "1")
    after = worklake("tasks", "--limit", "1", "--json", "--project", folder)
    assert before.document == after.document


def test_the_project_is_found_from_a_folder_within(pulled: Project) -> None:
    assert worklake("tasks", "--json", "--limit", "1", cwd=pulled.folder / "conf").status == 0


def test_every_task_has_the_documented_keys(pulled: Project) -> None:
    tasks = pulled.run("tasks").document
    keys = {
        "task_id", "title", "description", "status", "priority", "labels", "assignees", "due_date", "start_date",
        "estimate_minutes", "project", "milestone", "parent_id", "blocked_by", "links", "created_at", "updated_at",
    }  # fmt: skip
    assert all(keys <= set(task) for task in tasks)
    assert all(set(link) == {"source", "provider", "external_id", "url", "state"} for t in tasks for link in t["links"])
    assert all(datetime.fromisoformat(task["created_at"]).tzinfo is not None for task in tasks)
    assert len(tasks) == len({task["task_id"] for task in tasks})


def test_overdue_means_open_and_due_before_today(pulled: Project) -> None:
    today = datetime.now(UTC).date().isoformat()
    every = pulled.run("tasks").document
    overdue = pulled.run("tasks", "--overdue").document
    expected = [
        task["task_id"]
        for task in every
        if task["due_date"] and task["due_date"] < today and task["status"] not in ("completed", "canceled")
        if not task["archived"]
    ]
    assert expected
    assert sorted(task["task_id"] for task in overdue) == sorted(expected)
    dates = [task["due_date"] for task in overdue]
    assert dates == sorted(dates)


def test_tasks_can_be_narrowed_by_sql_and_source(pulled: Project) -> None:
    tasks = pulled.run("tasks", "--where", "exists(labels, l -> l = 'bug')", "--source", "linear").document
    assert tasks
    assert all("bug" in task["labels"] for task in tasks)
    assert all("linear" in [link["source"] for link in task["links"]] for task in tasks)


@pytest.mark.parametrize(
    ("condition", "said"),
    [
        ("prioritt = 'high'", "there is no column 'prioritt'; did you mean 'priority'?"),
        ("t.nope = 1", "there is no column 'nope'"),
        ("size(links) > 1", "there is no column 'links': it is shown with each task, but no column of the table"),
        ("title =", "it ends too early"),
        ("1=1) or (1=1", "it cannot be read from character 4 on: ') or (1=1'"),
        ("true, false", "it cannot be read from character 5 on: ', false'"),
        ("priority", "it gives string, and a condition is true or false"),
        ("*", "columns, and a condition is true or false"),
        ("nofunc(title)", "unknown function: nofunc"),
    ],
)
def test_a_wrong_condition_is_refused_in_plain_words(pulled: Project, condition: str, said: str) -> None:
    ran = pulled.run("tasks", "--where", condition)
    assert ran.status == 2
    message = ran.document["error"]["message"]
    assert said in message
    assert "columns of tasks: task_id, " in message
    assert "Identifier" not in message


def test_a_condition_may_hold_braces_comments_and_the_tables_short_name(pulled: Project) -> None:
    found = pulled.run("tasks", "--where", "t.title <> '{tasks} :today' -- every one", "--overdue").document
    assert found == pulled.run("tasks", "--overdue").document


def test_open_tasks_come_before_finished_ones_due_soonest_first(pulled: Project) -> None:
    tasks = pulled.run("tasks").document
    finished = [task["archived"] or task["status"] in ("completed", "canceled") for task in tasks]
    assert 0 < sum(finished) < len(tasks)
    assert finished == sorted(finished)
    due = [task["due_date"] or "9999" for task, is_finished in zip(tasks, finished, strict=True) if not is_finished]
    assert due == sorted(due)


def test_explain_takes_ids_keys_and_urls(pulled: Project) -> None:
    for provider in ("gitlab", "linear"):
        task = pulled.run("tasks", "--source", provider, "--limit", "1").document[0]
        link = next(link for link in task["links"] if link["source"] == provider)
        payload = next(i["payload"] for i in pulled.items(provider) if i["external_id"] == link["external_id"])
        key = payload["identifier"] if provider == "linear" else payload["references"]["full"]
        written = f" {task['task_id'].upper()} "
        for name in (task["task_id"], written, link["external_id"], link["url"], key, key.swapcase()):
            explained = pulled.run("explain", name).document
            assert explained["task_id"] == task["task_id"], name
            assert explained["changes"][0]["decision"] in ("created", "linked")


def test_explain_of_nothing_known_says_what_a_task_may_be_called(pulled: Project) -> None:
    ran = pulled.run("explain", "nope")
    assert ran.status == 2
    assert ran.document["error"]["type"] == "NotFoundError"


def test_the_package_lists_its_public_calls() -> None:
    assert set(worklake_package.__all__) <= set(dir(worklake_package))


def test_status_tells_how_sources_and_tables_stand(pulled: Project) -> None:
    document = pulled.run("status").document
    assert {source["source"] for source in document["sources"]} == {"gitlab", "linear"}
    assert all(source["backlog"] == 0 and source["last_error"] is None for source in document["sources"])
    pulled_at = datetime.fromisoformat(document["sources"][0]["last_pulled_at"])
    assert datetime.now(UTC) - pulled_at < timedelta(minutes=10)
    rows = {table["table"]: table["rows"] for table in document["tables"]}
    assert rows["tasks"] == len(pulled.run("tasks").document)
    assert document["last_run"] in document["runs"]
    assert (document["open_conflicts"], document["no_access"]) == (0, [])


def test_check_names_each_thing_it_looked_at(pulled: Project) -> None:
    ran = pulled.run("check")
    assert ran.status == 0
    subjects = [line["subject"] for line in ran.document["checks"]]
    assert {"settings", "gitlab: secret", "linear: secret", "lake"} <= set(subjects)


def test_check_makes_no_lake_and_says_whether_one_could_be_made(tmp_path: Path) -> None:
    worklake("init", str(tmp_path))
    lake = {line["subject"]: line for line in worklake("check", "--json", cwd=tmp_path).document["checks"]}["lake"]
    assert lake["ok"]
    assert "the first pull makes it" in lake["detail"]
    assert not (tmp_path / "lake").exists()
    assert "There is no lake yet" in worklake("tasks", cwd=tmp_path).stderr
    (tmp_path / "lake").write_text("a file where the lake should be")
    lake = {line["subject"]: line for line in worklake("check", "--json", cwd=tmp_path).document["checks"]}["lake"]
    assert not lake["ok"]
    assert "cannot be written" in lake["detail"]


def test_maintain_keeps_every_row(pulled: Project) -> None:
    before = pulled.run("tasks").document
    tables = pulled.run("maintain").document["tables"]
    assert {"records", "tasks", "links"} <= {table["table"] for table in tables}
    assert pulled.run("tasks").document == before


def test_without_json_people_get_tables_on_stdout_and_progress_on_stderr(pulled: Project) -> None:
    ran = in_a_process("tasks", "--limit", "3", cwd=pulled.folder)
    assert "title" in ran.stdout
    assert "see more with --limit" in ran.stdout
    assert ran.stderr == ""


def test_proposed_links_can_be_accepted_and_refused(pulled: Project) -> None:
    proposals = pulled.run("tasks", "--proposed-links").document
    assert len(proposals) >= 2
    assert pulled.run("status").document["proposed_links"] == len(proposals)
    for one in proposals:
        told = [pulled.run("explain", one[name]).document["task_id"] for name in ("key", "other_key")]
        assert told == [one["task_id"], one["other_task_id"]]
    accepted, refused = proposals[0], proposals[1]
    commit = pulled.rows("select external_id from {commits} where source = 'gitlab'")[0]["external_id"]
    named = CodeLink(
        source="gitlab", kind="commit", external_id=commit, key="eng-0", named="ENG-0", how="mentions",
        task_id=accepted["other_task_id"], judged=False, run_id="run_1",
    )  # fmt: skip
    with worklake_package.connect(pulled.folder) as lake, lake.lease("kim@laptop", "pull"):
        lake.merge("code_links", [named])
    answer = pulled.run("links", "accept", accepted["proposal_id"]).document
    assert answer["task_id"] == accepted["task_id"]
    one = next(task for task in pulled.run("tasks").document if task["task_id"] == accepted["task_id"])
    assert {link["source"] for link in one["links"]} == {"gitlab", "linear"}
    assert accepted["other_task_id"] not in [task["task_id"] for task in pulled.run("tasks").document]
    joined = pulled.run("explain", accepted["other_task_id"]).document
    assert (joined["task_id"], joined["asked_for"]) == (accepted["task_id"], accepted["other_task_id"])
    explained = pulled.run("explain", accepted["task_id"]).document
    assert (commit, "ENG-0") in [(one["key"], one["named"]) for one in explained["code"]]
    told = explained["changes"]
    assert any("a person said" in change["reason"] for change in told)
    assert pulled.run("links", "refuse", refused["proposal_id"]).document["state"] == "refused"
    left = {one["proposal_id"] for one in pulled.run("links", "list").document}
    assert not left & {accepted["proposal_id"], refused["proposal_id"]}
    again = pulled.run("links", "accept", refused["proposal_id"])
    assert again.status == 2
    assert "was refused" in again.document["error"]["message"]
    lone = [task for task in pulled.run("tasks").document if len(task["links"]) == 1]
    mine, theirs = (next(task for task in lone if task["source"] == tool) for tool in ("gitlab", "linear"))
    joined = pulled.run("links", "add", mine["links"][0]["url"], theirs["task_id"]).document
    assert joined["task_id"] == mine["task_id"]
    assert pulled.run("explain", theirs["task_id"]).document["task_id"] == mine["task_id"]
    other = next(link for link in one["links"] if link["source"] == "linear")
    pulled.edit("linear", other["external_id"], title="Edited after it was accepted")
    pulled.pull()
    edited = pulled.run("explain", other["external_id"]).document
    assert edited["task_id"] == accepted["task_id"]
    assert ("title", "Edited after it was accepted") in [(one["field"], one["new"]) for one in edited["changes"]]
    assert {one["proposal_id"] for one in pulled.run("links").document} == left
    assert pulled.run("links", "list").document == pulled.run("links").document


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("accept",), "give the ids of proposals, or one of --all and --from FILE"),
        (("refuse", "--all", "--from", "links.json"), "give the ids of proposals, or one of --all"),
        (("accept", "proposal_1", "--apply"), "what is named is decided at once"),
        (("accept", "--from", "links.json"), "No such file"),
        (("accept", "--from", "object.json"), "found dict; --from takes a JSON list of proposals"),
        (("accept", "--from", "other.json"), "entry 1 names no proposal"),
    ],
)
def test_links_say_what_they_take(tmp_path: Path, arguments: tuple[str, ...], words: str) -> None:
    (tmp_path / "object.json").write_text('{"proposal_id": "proposal_1"}')
    (tmp_path / "other.json").write_text('["proposal_1", {"task_id": "task_1"}]')
    ran = worklake("links", *arguments, "--json", cwd=tmp_path)
    assert ran.status == 2
    assert words in ran.document["error"]["message"]


@pytest.mark.parametrize(
    "option", [("--overdue",), ("--today",), ("--source", "x"), ("--where", "true"), ("--limit", "1")]
)
def test_proposed_links_are_not_narrowed_and_say_so(tmp_path: Path, option: tuple[str, ...]) -> None:
    ran = worklake("tasks", "--proposed-links", *option, "--json", cwd=tmp_path)
    assert ran.status == 2
    assert f"{option[0]} narrows tasks, not --proposed-links" in ran.document["error"]["message"]


def test_without_its_packages_the_demo_says_what_to_install_before_anything_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "worklake.sandbox.server", None)
    for command in ("demo", "sandbox"):
        ran = worklake(command, cwd=tmp_path)
        assert (ran.status, ran.stdout) == (2, "")
        assert 'pip install "worklake[local,sandbox]"' in ran.stderr


def test_verbose_tells_every_call_and_step_without_a_secret(pulled: Project) -> None:
    ran = pulled.run("pull", "--verbose")
    told = [json.loads(line) for line in ran.stderr.splitlines()]
    calls = [one for one in told if one["event"] == "call"]
    assert len(calls) == sum(one["requests"] for one in ran.document["sources"].values()) > 0
    assert all({"source", "endpoint", "status", "seconds", "attempt"} <= set(one) for one in calls)
    steps = [(one["event"], one["source"]) for one in told if one["event"] != "call"]
    assert {("pulled", "gitlab"), ("merged", "gitlab"), ("pulled", "linear"), ("merged", "linear")} <= set(steps)
    assert not [served.token for served in pulled.served.values() if served.token in ran.stderr]
    assert pulled.run("pull").stderr == ""


def test_json_is_one_document_on_stdout_even_when_a_source_fails(pulled: Project) -> None:
    pulled.fault("linear", method="POST", path="/graphql", status=503)
    ran = pulled.run("pull", "--source", "linear")
    pulled.mend()
    assert ran.status == 2
    assert json.loads(ran.stdout)["sources"]["linear"]["error"]


@pytest.mark.parametrize(("failing", "status"), [("cursors", 1), ("runs", 2)], ids=["later", "at the first commit"])
def test_a_lake_that_fails_ends_with_1_once_something_was_committed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failing: str, status: int
) -> None:
    merge = Lake.merge

    def failing_merge(self: Lake, name: str, rows: Any) -> Merged:
        if name == failing:
            raise LakeError("the disk is full")
        return merge(self, name, rows)

    monkeypatch.setattr(Lake, "merge", failing_merge)
    with sandbox_project(tmp_path / "project", "--tasks", "10") as project:
        ran = project.run("pull")
    assert (ran.status, "the disk is full" in ran.stderr) == (status, True)


def test_an_interrupted_pull_ends_at_once_and_says_what_stays(tmp_path: Path) -> None:
    with sandbox_project(tmp_path / "project", "--tasks", "40") as project:
        project.fault("gitlab", path="/api/v4/projects/[^/]*/issues$", delay_seconds=30, times=1)
        command = [sys.executable, "-m", "worklake", "pull", "--project", str(project.folder)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
            for _ in looks():
                if project.requests_made("gitlab"):
                    break
                assert process.poll() is None
            process.send_signal(signal.SIGINT)
            _, told = process.communicate(timeout=20)
        assert (process.returncode, told.split(";")[0]) == (130, "interrupted")
        project.mend()
        assert {row["error"] for row in project.pull().values()} == {None}
