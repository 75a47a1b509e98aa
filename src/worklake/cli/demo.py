"""`worklake demo`: the whole thing on the sandbox, told step by step."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from worklake.cli.app import app
from worklake.cli.face import Face
from worklake.cli.options import command

if TYPE_CHECKING:
    from worklake.cli.face import ProgressShower
    from worklake.model.documents import TaskDocument
    from worklake.model.plan_documents import DemoDocument

Answer = TypeVar("Answer")

_POLICY = """# Made by worklake demo: titles that differ wait for a person, everything else goes by time.
fields: {default: latest, title: manual}
brake: {share: 0.2, at_least: 10}
"""
_OPEN = "status not in ('completed', 'canceled') and not archived and not confidential"
_RULES = {
    "deadlines": ("due_date is not null and priority in ('urgent', 'high')", ("motion", "linear")),
    "engineering": ("array_contains(labels, 'bug')", ("linear",)),
    "documentation": ("array_contains(labels, 'docs')", ("notion",)),
    "code": ("array_contains(labels, 'tech debt')", ("gitlab",)),
}
"""Which tools must hold what is open, besides the one where it was born."""
_SPREAD, _MISTAKEN, _DISPUTED = "Agree on the release", "Test the release on old phones", "Release notes are missing"
"""What people edit in the story."""
_TIMES = 100
"""By how much the tools' rate limits are raised."""
_TOO_MANY = {"method": "PUT", "path": ".*", "status": 429, "headers": {"Retry-After": "3600"}, "times": 100}
"""What GitLab answers to whoever asks it too often."""


@command(app)
def demo(
    face: Face,
    keep: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Make the project there and keep it; DIR must be new or empty.")
    ] = None,
    seed: Annotated[int, typer.Option(help="The same seed gives the same team.")] = 7,
    tasks: Annotated[int, typer.Option(min=60, help="How much work the team has.")] = 120,
) -> None:
    """Show the whole thing on a made-up team: five local servers that speak the protocols of GitLab, Linear, GitHub,
    Notion and Motion, pulled into Delta tables as one list of tasks. Rules bring work to where it belongs. Then people
    edit the same tasks in several tools: their edits are merged, planned, decided on, written, refused, written all the
    same, explained and undone.
    """
    from worklake.cli.setting_up import sandbox_server
    from worklake.errors import SettingsError

    if keep is not None and keep.exists() and (not keep.is_dir() or any(keep.iterdir())):
        raise SettingsError(f"{keep} is there already and not empty; name a new folder")
    sandbox_server()  # where it cannot be served, it is told before anything is shown
    with tempfile.TemporaryDirectory(prefix="worklake-demo-") as temporary:
        folder = keep or Path(temporary)
        with _sandbox(folder, seed, tasks) as served:
            (folder / "conf" / "policy.yml").write_text(_POLICY, encoding="utf-8")
            (folder / "conf" / "routing.yml").write_text(_routing(), encoding="utf-8")
            document = _Story(face, folder, {name: one["control_url"] for name, one in served.items()}).tell()
    if face.json:
        face.answer(document)
    elif keep is not None:
        face.console().print(f"\nKept in {keep}: its conf/, secrets/ and lake/ are yours to look at.")


@contextmanager
def _sandbox(folder: Path, seed: int, tasks: int) -> Iterator[dict[str, dict[str, str]]]:
    """A sandbox process that serves until the block ends; its ready line says where."""
    from worklake.errors import SettingsError

    arguments = ["--seed", str(seed), "--tasks", str(tasks), "--quota-scale", str(_TIMES), "--project-out", str(folder)]
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


def _routing() -> str:
    lines = [
        f'  - {{name: {name}, when: "{when} and {_OPEN}", to: [{", ".join(to)}]}}'
        for name, (when, to) in _RULES.items()
    ]
    return "\n".join(["# Made by worklake demo.", "rules:", *lines, ""])


@dataclass(slots=True)
class _Story:
    """A team's day, step by step. `controls` has what people do in each tool."""

    face: Face
    folder: Path
    controls: dict[str, str]
    _steps: int = 0

    def tell(self) -> DemoDocument:
        """The whole of it, in the order in which it is shown."""
        from worklake import api
        from worklake.cli import show, show_links, show_plan
        from worklake.model.plan_documents import DemoDocument

        self._step(
            "A team's tools start on this machine: Linear over GraphQL, GitLab, GitHub, Notion and Motion over REST",
            f"Their rate limits are {_TIMES} times the real ones here: Motion's are 12 requests a minute",
        )
        self._write_down()
        pulled = self._watched(lambda progress: api.pull(self.folder, progress=progress))
        self._step("worklake pull: everything in them becomes one list of tasks", *show.pulled(pulled))
        due = api.tasks(self.folder, overdue=True, due_today=True, limit=5)
        self._step("worklake tasks --overdue --today", *show.task_list(due, self._today()))
        routed = self._watched(lambda progress: api.plan(self.folder, progress=progress))
        rules = [f"{name}: open, and {when}: {' and '.join(to)}" for name, (when, to) in _RULES.items()]
        self._step("worklake plan: rules say which tools must hold a task, besides where it was born", *rules)
        self._show(*show_plan.planned(routed, most=1))
        linked = api.decide_links(project=self.folder, accept=True, apply=True)
        self._step("worklake links accept --all --apply: what bears one title in two tools is one task, says a person")
        self._show(*show_links.decided(linked, ""))
        first = self._watched(lambda progress: api.sync(self.folder, progress))
        self._step("worklake sync: work comes to where it belongs, and its tools to agree", *show_plan.synced(first))

        mistaken, spread, disputed = (self._titled(title) for title in (_MISTAKEN, _SPREAD, _DISPUTED))
        self._people_edit(spread, disputed)
        plan = self._watched(lambda progress: api.plan(self.folder, progress=progress))
        self._step("worklake plan: nothing is written yet", *show_plan.planned(plan))
        conflicts = api.conflicts(self.folder)
        self._step("worklake conflicts: what a person has to decide", *show_plan.conflict_list(conflicts))
        settled = api.settle(conflicts[0].conflict_id, self.folder, take="linear")
        self._step(f"worklake conflicts settle {settled.conflict_id} --take linear", *show_plan.settled(settled))

        self._control("POST", "gitlab", "faults", [_TOO_MANY])
        refused = api.apply(plan.plan_id, self.folder)
        self._step("worklake apply, on a bad day: GitLab takes no more calls for an hour")
        self._show(*show_plan.applied(refused), *show_plan.not_done(refused.writes), *refused.notes)
        self._control("DELETE", "gitlab", "faults")
        survived = self._watched(lambda progress: api.sync(self.folder, progress))
        self._step("worklake sync, an hour later: what was refused is due until it is written")
        self._show(*show_plan.synced(survived))
        explained = [api.explain(spread.task_id, self.folder)]
        self._step("worklake explain: both edits of that task survived", *show.explained(explained[0], 8))

        later = self._today() + timedelta(days=30)
        self._edit("linear", mistaken, dueDate=later.isoformat())
        self._step(f"By mistake, somebody puts {mistaken.title!r} off to {later} in Linear")
        spread_on = self._watched(lambda progress: api.sync(self.folder, progress))
        self._show("worklake sync", *show_plan.synced(spread_on))
        undone = api.undo(spread_on.run_id, self.folder, everywhere=True, apply=True)
        self._step(f"worklake undo {spread_on.run_id} --everywhere --apply", *show_plan.undone(undone))
        explained.append(api.explain(mistaken.task_id, self.folder))
        self._step("worklake explain: nothing that happened is forgotten", *show.explained(explained[1], 5))

        last = self._watched(lambda progress: api.plan(self.folder, progress=progress))
        self._step("worklake plan: the tools agree", *show_plan.planned(last))
        return DemoDocument(
            pulled=pulled,
            due=due.tasks,
            routed=routed,
            linked=linked,
            first=first,
            plan=plan,
            conflicts=conflicts,
            settled=settled,
            refused=refused,
            survived=survived,
            undone=undone,
            explained=explained,
            last=last,
        )

    def _watched(self, call: Callable[[ProgressShower], Answer]) -> Answer:
        """What a call answers. The bars of its progress are gone before anything is shown of it."""
        with self.face.progress() as progress:
            return call(progress)

    def _people_edit(self, spread: TaskDocument, disputed: TaskDocument) -> None:
        due = self._today() + timedelta(days=7)
        self._edit("linear", spread, title="Agree on the release date")
        self._edit("motion", spread, dueDate=f"{due}T23:59:59Z")
        self._edit("gitlab", disputed, title="Write the release notes")
        self._edit("linear", disputed, title="Draft the release notes")
        self._step(
            "People edit, each in the tool they like",
            f"{spread.title!r}: its title in Linear, its due date ({due}) in Motion",
            f"{disputed.title!r}: its title in Linear and in GitLab, and not to the same",
        )

    def _write_down(self) -> None:
        """What the story is about begins in GitLab."""
        due = self._today() + timedelta(days=14)
        urgent = {"labels": "priority::high", "due_date": due.isoformat()}
        for title, fields in ((_SPREAD, urgent), (_MISTAKEN, urgent), (_DISPUTED, {"labels": "bug"})):
            self._control("POST", "gitlab", "items", {"title": title, **fields})

    def _titled(self, title: str) -> TaskDocument:
        from worklake import api

        return api.tasks(self.folder, where=f"title = '{title}'").tasks[0]

    def _edit(self, source: str, task: TaskDocument, **fields: Any) -> None:
        """Edit a task's item as a person would."""
        item = next(link.external_id for link in task.links if link.source == source)
        self._control("PATCH", source, f"items/{item}", fields)

    def _control(self, method: str, source: str, call: str, body: Any = None) -> None:
        import requests

        requests.request(method, f"{self.controls[source]}/{call}", json=body, timeout=10).raise_for_status()

    def _step(self, title: str, *shown: Any) -> None:
        self._steps += 1
        if not self.face.json:
            self.face.console().print(f"\n{self._steps}. {title}", style="bold cyan", markup=False, highlight=False)
        self._show(*shown)

    def _show(self, *shown: Any) -> None:
        if not self.face.json:
            self.face.console().show(*shown)

    def _today(self) -> date:
        from worklake.project import open_settings

        return datetime.now(open_settings(self.folder).project.zone).date()
