"""A job's run succeeds where nobody has to look, fails where somebody has to, and says why."""

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from io import StringIO
from pathlib import Path

import pytest

from tests.support.project import Project, sandbox_project
from worklake import jobs
from worklake.cli.face import Exit
from worklake.errors import LakeError, LeaseHeldError, SettingsError, StoppedError, WorklakeError

Ending = int | WorklakeError


@dataclass
class Command:
    """Stands for the command line: ends as it is told, one ending for each call, the last for all that follow."""

    endings: list[Ending]
    calls: int = 0

    def __call__(self) -> int:
        ending = self.endings[min(self.calls, len(self.endings) - 1)]
        self.calls += 1
        if isinstance(ending, WorklakeError):
            raise ending
        return ending


@dataclass
class Time:
    """A clock that sleeping moves."""

    now: float = 0.0
    slept: list[float] = field(default_factory=list)

    def clock(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


@pytest.fixture
def ends(monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[Command, Time]]:
    def carried_out(name: str, *endings: Ending) -> tuple[Command, Time]:
        command, time = Command(list(endings)), Time()
        monkeypatch.setattr(jobs, "run", command)
        jobs.carry_out([name, "--project", "/Volumes/main/worklake/project"], time.clock, time.sleep)
        return command, time

    return carried_out


def after_commits(error: LakeError) -> LakeError:
    error.after_commits = True
    return error


HELD = LeaseHeldError("The lake is held by kim@laptop.")
Ends = Callable[..., tuple[Command, Time]]


@pytest.mark.parametrize("status", [Exit.DONE, Exit.PARTIAL, Exit.STOPPED_FOR_A_PERSON])
def test_a_sync_that_did_what_it_could_is_no_failure(ends: Ends, status: int) -> None:
    command, _ = ends("sync", status)
    assert command.calls == 1


@pytest.mark.parametrize(
    ("ending", "said"),
    [
        (Exit.NOTHING_TOUCHED, "exit status 2: its output says why"),
        (Exit.INTERRUPTED, "exit status 130"),
        (SettingsError("conf/sources.yml does not exist"), "exit status 2: conf/sources.yml does not exist"),
        (StoppedError("the plan would close 30 of 40 items", 30), "exit status 3: the plan would close 30 of 40"),
        (after_commits(LakeError("the warehouse is gone")), "exit status 1: the warehouse is gone"),
        (after_commits(LeaseHeldError("the lease was lost")), "exit status 1: the lease was lost"),
    ],
)
def test_a_sync_that_goes_on_only_after_somebody_acts_fails_and_says_why(ends: Ends, ending: Ending, said: str) -> None:
    with pytest.raises(jobs.JobFailedError, match=said) as failed:
        ends("sync", ending)
    assert str(failed.value).startswith("worklake sync --project /Volumes/main/worklake/project ended with")


def test_a_sync_that_finds_another_run_at_work_is_left_to_the_next(
    ends: Ends, capsys: pytest.CaptureFixture[str]
) -> None:
    command, time = ends("sync", HELD)
    assert (command.calls, time.slept) == (1, [])
    assert "held by kim@laptop. This sync is left to the next run." in capsys.readouterr().err


@pytest.mark.parametrize("name", ["sweep", "plan", "maintain", "check"])
def test_any_other_job_fails_with_whatever_is_not_done(ends: Ends, name: str) -> None:
    assert ends(name, Exit.DONE)[0].calls == 1
    for status in (Exit.PARTIAL, Exit.NOTHING_TOUCHED, Exit.STOPPED_FOR_A_PERSON):
        with pytest.raises(jobs.JobFailedError, match=f"worklake {name} .* exit status {status:d}:"):
            ends(name, status)


def test_any_other_job_waits_for_the_run_at_work(ends: Ends) -> None:
    command, time = ends("sweep", HELD, HELD, Exit.DONE)
    assert (command.calls, time.slept) == (3, [jobs.PAUSE_SECONDS] * 2)


def test_waiting_has_an_end(ends: Ends) -> None:
    with pytest.raises(jobs.JobFailedError, match="exit status 2: The lake is held by kim@laptop"):
        ends("maintain", HELD)


def test_what_has_the_shape_of_a_secret_is_not_in_the_message(ends: Ends) -> None:
    with pytest.raises(jobs.JobFailedError) as failed:
        ends("sync", SettingsError("found glpat-abcdefgh"))
    assert "glpat" not in str(failed.value)


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    pytest.importorskip("pysail", reason="the embedded engine is not installed")
    with sandbox_project(tmp_path / "project", "--tasks", "4", "--people", "2") as made:
        yield made


def test_a_job_takes_the_arguments_of_the_command_line_and_returns(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the very process, as a wheel's task calls it: to leave by `sys.exit` would fail it."""
    arguments = ["sync", "--project", str(project.folder), "--no-progress"]
    assert project_job(monkeypatch, *arguments, "--json")["failed"] == 0
    project.settings("sources.yml", "sources: {linear: {provider: linar}}\n")
    with pytest.raises(jobs.JobFailedError, match="found provider 'linar'"):
        project_job(monkeypatch, *arguments)
    with pytest.raises(jobs.JobFailedError, match="exit status 2"):
        project_job(monkeypatch, "synk")


def project_job(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> dict[str, int]:
    out = StringIO()
    monkeypatch.setattr(sys, "argv", ["worklake-job", *arguments])
    with redirect_stdout(out), redirect_stderr(StringIO()):
        jobs.main()
    return dict(json.loads(out.getvalue()))
