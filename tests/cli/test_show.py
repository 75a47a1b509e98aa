"""What people see is what a provider or the user wrote, as it is."""

from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from typing import Any

import pytest

from worklake.cli import show
from worklake.cli.face import Face
from worklake.model.documents import CheckDocument, CheckLine, ExplainDocument, PullDocument, PulledSource, TaskDocument
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
        lambda: [AWKWARD],
    ],
    ids=["title", "project", "history", "check", "failure", "line"],
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
