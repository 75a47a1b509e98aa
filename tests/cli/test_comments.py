"""Stories of comments, told from outside: what is written in one tool stands once in the other."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from itertools import product
from typing import Any

import pytest

from tests.support.project import Project, sandbox_project
from tests.support.remarks import Remarks
from worklake.integrations.http import Http
from worklake.testing.texts import TEXTS, words_of

pytest.importorskip("pysail", reason="the embedded engine is not installed")
# The stories share one sandbox: its start and first sync take the longest.
pytestmark = pytest.mark.xdist_group("comments")

OTHER = {"gitlab": "linear", "linear": "gitlab"}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    arguments = ("--tasks", "60", "--quota-scale", "1000")
    with sandbox_project(tmp_path_factory.mktemp("comments") / "project", *arguments) as made:
        made.run("sync")
        yield made


@pytest.fixture(scope="module")
def task(project: Project) -> dict[str, Any]:
    """A task that is in both tools."""
    return _in_both(project)[0]


def _in_both(project: Project) -> list[dict[str, Any]]:
    both = [one for one in project.run("tasks").document if {it["source"] for it in one["links"]} == set(OTHER)]
    return [dict(one) for one in both if not one["archived"] and not one["confidential"]]


def _ids(task: dict[str, Any]) -> tuple[str, str]:
    found = {link["source"]: link["external_id"] for link in task["links"]}
    return found["gitlab"], found["linear"]


@pytest.fixture
def remarks(project: Project, task: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> Iterator[Remarks]:
    """Its comments; nobody waits between two tries."""
    monkeypatch.setitem(Http.__init__.__kwdefaults__, "sleep", lambda seconds: None)
    yield Remarks(project, *_ids(task))
    project.mend()


def at_rest(project: Project, times: int = 1) -> None:
    """A further sync has nothing to write."""
    for _ in range(times):
        last = project.run("sync")
        assert (last.status, last.document["writes"]) == (0, [])


def told(remarks: Remarks, task: dict[str, Any], word: str) -> list[tuple[str, str, str]]:
    """What `explain` tells of comments with this word: where, decision, reason."""
    changes = remarks.project.run("explain", task["task_id"]).document["changes"]
    return [
        (one["source"], one["decision"], one["reason"]) for one in changes
        if one["field"] == "comment" and word in f"{one['old']}{one['new']}"
    ]  # fmt: skip


@pytest.mark.parametrize("here", OTHER)
def test_a_comment_stands_once_in_the_other_tool_and_names_its_author(remarks: Remarks, here: str) -> None:
    there, word = OTHER[here], f"Said once in {here}"
    remarks.write(here, f"{word}, @all")
    plan = remarks.project.run("plan").document
    (step,) = plan["steps"]
    assert (step["source"], step["operation"], step["external_id"]) == (there, "create", getattr(remarks, there))
    (change,) = step["changes"]
    assert (change["field"], change["before"]) == ("comment", None)
    assert step["comment_id"].startswith("comment_")
    assert f"written in {here}" in step["why"]
    assert remarks.project.run("plan").document["steps"] == plan["steps"]
    assert remarks.about(there, word) == []
    assert remarks.project.run("apply", plan["plan_id"]).document["applied"] == 1
    (copy,) = remarks.about(there, word)
    assert copy.endswith(change["after"])
    assert copy.partition("** wrote in ")[0].rpartition("**")[2].strip()
    assert "@all" not in copy
    at_rest(remarks.project)
    assert (len(remarks.about(here, word)), len(remarks.about(there, word))) == (1, 1)


@pytest.mark.slow
@pytest.mark.parametrize("here", OTHER)
def test_an_edit_follows_and_an_edit_of_the_copy_is_told_and_written_back(
    remarks: Remarks, task: dict[str, Any], here: str
) -> None:
    there, word = OTHER[here], f"Second thoughts in {here}"
    written = remarks.write(here, word)
    remarks.project.run("sync")
    remarks.edit(here, written, f"{word}, now edited")
    remarks.project.run("sync")
    (copy,) = remarks.about(there, word)
    assert copy.endswith(f"{word}, now edited")
    its_id = next(one for one, body in remarks.written(there).items() if word in body)
    remarks.edit(there, its_id, f"{word}, meddled with")
    remarks.project.run("sync")
    assert [body.endswith(f"{word}, now edited") for body in remarks.about(there, word)] == [True]
    assert "refused" in {decision for _, decision, _ in told(remarks, task, "meddled")}
    at_rest(remarks.project)


@pytest.mark.slow
def test_a_copy_that_a_person_deleted_stays_deleted_also_when_the_comment_is_edited(
    remarks: Remarks, task: dict[str, Any]
) -> None:
    written = remarks.write("linear", "To be deleted")
    remarks.project.run("sync")
    its_id = next(one for one, body in remarks.written("gitlab").items() if "To be deleted" in body)
    remarks.delete("gitlab", its_id)
    at_rest(remarks.project)
    remarks.edit("linear", written, "To be deleted and edited")
    assert [one["outcome"] for one in remarks.project.run("sync").document["writes"]] == ["gone"]
    at_rest(remarks.project)
    assert remarks.about("gitlab", "To be deleted") == []
    assert remarks.about("linear", "To be deleted") == ["To be deleted and edited"]
    assert [reason for _, _, reason in told(remarks, task, "To be deleted") if "stays deleted" in reason]


@pytest.mark.parametrize(
    ("here", "drop"),
    [
        ("linear", "after"),
        *[pytest.param(*one, marks=pytest.mark.slow) for one in product(OTHER, ("before", "after"))][:-1],
    ],
)
def test_a_comment_whose_reply_is_lost_stands_there_once(remarks: Remarks, here: str, drop: str) -> None:
    there, word = OTHER[here], f"Lost {drop} on the way from {here}"
    remarks.write(here, word)
    plan = remarks.project.run("plan").document["plan_id"]
    remarks.project.fault(there, method="POST", path="/graphql" if there == "linear" else ".*/notes", drop=drop)
    assert remarks.project.run("apply", plan).document["applied"] == 0
    remarks.project.mend()
    remarks.project.run("sync")
    at_rest(remarks.project)
    assert (len(remarks.about(here, word)), len(remarks.about(there, word))) == (1, 1)


@pytest.mark.slow
def test_a_comment_that_a_tool_refuses_waits_for_a_person_and_stops_nothing_else(remarks: Remarks) -> None:
    remarks.write("linear", "Not welcome")
    remarks.write("linear", "Very welcome")
    remarks.project.fault("gitlab", method="POST", path=".*/notes", status=400, body={"message": "no"}, times=1)
    remarks.project.run("sync")
    waiting = remarks.project.run("sync")
    assert (waiting.status, waiting.document["writes"]) == (3, [])
    assert len(remarks.about("gitlab", "Very welcome")) == 1
    (conflict,) = remarks.project.run("conflicts").document
    assert conflict["field"] == "comment"
    remarks.project.run("conflicts", "settle", conflict["conflict_id"], "--take", "linear")
    remarks.project.run("sync")
    assert len(remarks.about("gitlab", "Not welcome")) == 1
    at_rest(remarks.project)


def test_undo_takes_copies_back_and_the_next_sync_does_not_make_them_again(remarks: Remarks) -> None:
    remarks.write("linear", "Taken back")
    run = remarks.project.run("sync").document["run_id"]
    undone = remarks.project.run("undo", run, "--apply")
    assert (undone.status, undone.document["applied"]) == (0, 1)
    assert remarks.about("gitlab", "Taken back") == []
    assert remarks.project.run("sync").document["writes"] == []
    assert remarks.about("linear", "Taken back") == ["Taken back"]
    again = remarks.project.run("undo", undone.document["run_id"], "--apply")
    assert again.status == 0
    assert len(remarks.about("gitlab", "Taken back")) == 1
    at_rest(remarks.project)


@pytest.mark.slow
def test_comments_stay_where_they_are_where_the_settings_say_so(remarks: Remarks) -> None:
    remarks.project.settings("policy.yml", "comments: {mirror: false}\n")
    try:
        remarks.write("linear", "For us alone")
        at_rest(remarks.project)
        assert remarks.about("gitlab", "For us alone") == []
    finally:
        remarks.project.settings("policy.yml", "fields: {default: latest}\n")


@pytest.mark.slow
@pytest.mark.parametrize("here", OTHER)
def test_odd_texts_come_to_rest_at_once_and_do_nothing(remarks: Remarks, here: str) -> None:
    there = OTHER[here]
    state = [one["payload"].get("state") for one in remarks.project.items("gitlab")]
    for name, text in TEXTS.items():
        # What a person writes in GitLab is executed there; what Worklake writes is not.
        body = text.replace("/", "\\/") if here == "gitlab" and "/close" in text else text
        remarks.write(here, f"odd in {here}: {name}\n\n{body}")
    assert remarks.project.run("sync").status == 0
    at_rest(remarks.project, times=10)
    for name, text in TEXTS.items():
        (copy,) = remarks.about(there, f"odd in {here}: {name}\n")
        assert words_of(text) == words_of(copy.partition(f"odd in {here}: {name}\n")[2].replace("\u2060", ""))
    assert [one["payload"].get("state") for one in remarks.project.items("gitlab")] == state


@pytest.mark.slow
@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_sync_that_is_killed_at_its_call_writes_the_comment_once(remarks: Remarks, moment: str) -> None:
    remarks.write("linear", f"Killed {moment}")
    killed = subprocess.run(
        [sys.executable, "-m", "tests.support.dying_at_a_note", str(remarks.project.folder), moment],
        check=False, capture_output=True,
    )  # fmt: skip
    assert killed.returncode == -9, killed.stderr.decode()
    remarks.project.run("sync")
    at_rest(remarks.project)
    assert len(remarks.about("gitlab", f"Killed {moment}")) == 1


def test_the_comments_of_an_issue_that_is_moved_are_the_same_comments_and_stand_once(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(Http.__init__.__kwdefaults__, "sleep", lambda seconds: None)
    remarks = Remarks(project, *_ids(_in_both(project)[-1]))
    theirs = remarks.write("gitlab", "Written before the move, see #1")
    remarks.write("linear", "Copied before the move")
    project.run("sync")
    remarks.write("gitlab", "Never seen before the move")
    moved = remarks.move()
    project.run("sync")
    at_rest(project)
    words = ("Written before the move", "Copied before the move", "Never seen before the move")
    assert [[len(moved.about(name, word)) for word in words] for name in OTHER] == [[1, 1, 1], [1, 1, 1]]
    (as_it_was,) = moved.about("linear", words[0])
    assert as_it_was.endswith("#1") and not as_it_was.endswith(" #1")
    remarks.edit("gitlab", theirs, "Written before the move, edited where nobody is any more")
    project.run("sync")
    assert moved.about("linear", words[0]) == [as_it_was]
    new = next(one for one, body in moved.written("gitlab").items() if words[0] in body)
    moved.edit("gitlab", new, "Written before the move, edited after it")
    project.run("sync")
    (copy,) = moved.about("linear", words[0])
    assert copy.endswith("edited after it")
    (copied,) = (one for one, body in moved.written("linear").items() if words[1] in body)
    moved.edit("linear", copied, "Copied before the move, edited after it")
    project.run("sync")
    (copy,) = moved.about("gitlab", words[1])
    assert copy.endswith("edited after it")
    at_rest(project)
