"""`worklake demo`: the whole thing on the sandbox, told step by step."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import typer

from worklake.cli.app import app
from worklake.cli.face import Face
from worklake.cli.options import command


class Edit(NamedTuple):
    """What a person of the demo does in a tool."""

    provider: str
    external_id: str
    fields: dict[str, Any]


@command(app)
def demo(
    face: Face,
    keep: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Make the project there and keep it; DIR must be new or empty.")
    ] = None,
    seed: Annotated[int, typer.Option(help="The same seed gives the same team.")] = 7,
    tasks: Annotated[int, typer.Option(min=20, help="How much work the team has.")] = 200,
) -> None:
    """Show the whole thing on a made-up team: two local servers that speak GitLab's and Linear's protocols, pulled
    into Delta tables as one list of tasks; then somebody edits a task in each tool, and exactly that comes through.
    """
    from worklake.cli.setting_up import sandbox_server
    from worklake.errors import SettingsError

    if keep is not None and keep.exists() and (not keep.is_dir() or any(keep.iterdir())):
        raise SettingsError(f"{keep} is there already and not empty; name a new folder")
    sandbox_server()  # where it cannot be served, it is told before anything is shown
    with tempfile.TemporaryDirectory(prefix="worklake-demo-") as temporary:
        _tell(face, keep or Path(temporary), seed, tasks)
    if keep is not None and not face.json:
        face.console().print(f"\nKept in {keep}: its conf/, secrets/ and lake/ are yours to look at.")


def _tell(face: Face, folder: Path, seed: int, tasks: int) -> None:
    from worklake import api
    from worklake.cli import show
    from worklake.model.documents import DemoDocument

    def step(text: str, *shown: Any) -> None:
        if not face.json:
            face.console().print(f"\n{text}", style="bold cyan")
            for part in shown:
                face.console().print(part)

    step("1. A team's tools start on this machine: GitLab over REST, Linear over GraphQL")
    with _sandbox(folder, seed, tasks) as served, face.progress() as progress:
        step("", *(f"{name} listens at {one['base_url']}" for name, one in served.items()))
        first = api.pull(folder, progress=progress)
        step("2. worklake pull: everything in them becomes one list of tasks in Delta tables", *show.pulled(first))
        due = api.tasks(folder, overdue=True, due_today=True, limit=15)
        step("3. worklake tasks --overdue --today", *show.task_list(due, _today(folder)))
        edits = [_edit(name, one["control_url"], folder) for name, one in served.items()]
        for edit in edits:
            _as_a_person(served[edit.provider]["control_url"], edit)
        step("4. Somebody edits one task in each tool", *(f"{one.provider}: {_told(one)}" for one in edits))
        second = api.pull(folder, progress=progress)
        step("5. worklake pull: only what changed is read", *show.pulled(second))
        explained = [api.explain(edit.external_id, folder) for edit in edits]
        for number, document in enumerate(explained):
            title = "6. worklake explain: what happened to these two tasks" if number == 0 else ""
            step(title, *show.explained(document))
        third = api.pull(folder, progress=progress)
        step("7. worklake pull: nothing changed, so nothing is written", *show.pulled(third))
    if face.json:
        face.answer(DemoDocument(pulls=[first, second, third], due=due.tasks, explained=explained))


@contextmanager
def _sandbox(folder: Path, seed: int, tasks: int) -> Iterator[dict[str, dict[str, str]]]:
    """A sandbox process that serves until the block ends; its ready line says where."""
    from worklake.errors import SettingsError

    arguments = ["--seed", str(seed), "--tasks", str(tasks), "--project-out", str(folder)]
    process = subprocess.Popen(  # noqa: S603  our own command
        [sys.executable, "-m", "worklake", "sandbox", *arguments], stdout=subprocess.PIPE, text=True
    )
    try:
        line = process.stdout.readline() if process.stdout else ""
        if not line:
            raise SettingsError("the sandbox did not start; it says above why")
        yield json.loads(line)["providers"]
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()


def _edit(provider: str, control_url: str, folder: Path) -> Edit:
    """An edit of the first open task of the provider that takes its fields from there."""
    from worklake import api

    open_tasks = api.tasks(folder, where="status in ('unstarted', 'backlog') and due_date is not null", source=provider)
    link = next(link for task in open_tasks.tasks for link in task.links[:1] if link.source == provider)
    if provider == "gitlab":
        later = (_today(folder) + timedelta(days=7)).isoformat()
        return Edit(provider, link.external_id, {"title": "Agree on the release date", "due_date": later})
    return Edit(provider, link.external_id, {"priority": 1, "dueDate": _today(folder).isoformat()})


def _as_a_person(control_url: str, edit: Edit) -> None:
    import requests

    answer = requests.patch(f"{control_url}/items/{edit.external_id}", json=edit.fields, timeout=10)
    answer.raise_for_status()


def _today(folder: Path) -> Any:
    from worklake.project import open_settings

    return datetime.now(open_settings(folder).project.zone).date()


def _told(edit: Edit) -> str:
    return ", ".join(f"{name} becomes {value!r}" for name, value in edit.fields.items())
