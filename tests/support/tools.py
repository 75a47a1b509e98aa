"""Several tools and one lake within this process: many syncs in little time, over the real protocols and real Delta."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any

import requests
from ruamel.yaml import YAML

from tests.support.sandbox import InProcess, sandbox_thread
from worklake.integrations.base import Lens
from worklake.integrations.views import TaskView
from worklake.lake.lake import Lake
from worklake.model.heart_rows import PlannedStep, Write
from worklake.model.rows import Kind
from worklake.project import holder, open_project_lake, open_settings, run_over
from worklake.sandbox.texts import PROJECTS
from worklake.settings.models import WorklakeSettings
from worklake.sync import cycle
from worklake.sync.cycle import SyncResult
from worklake.sync.engine import pull
from worklake.sync.proposals import refuse
from worklake.sync.run import Clock, RunContext

SEEDS = (7, 11, 13, 17, 19)
"""Tools of the same kind hold other work, and know other projects."""


@dataclass(frozen=True)
class Tools:
    """A project over tools that live in this process, its lake held open. Sources are named `a`, `b`, …"""

    served: Mapping[str, InProcess]
    settings: WorklakeSettings
    lake: Lake

    def sync(self, clock: Clock | None = None) -> SyncResult:
        """A whole sync, as the command makes it; `clock` stands for the machine's."""
        self.pass_time()
        with self.lake.lease(holder(), "sync"):
            return cycle.sync(self.lake, self.run("sync", clock))

    def refuse_proposals(self) -> None:
        """Pull, and say of whatever is proposed as one task that it is two."""
        self.pass_time()
        with self.lake.lease(holder(), "links refuse"):
            pull(self.lake, self.run("pull"))
            proposed = [row["proposal_id"] for row in self.rows("select * from {proposals} where state = 'proposed'")]
            refuse(self.lake, proposed, self.run("links refuse"))

    def run(self, command: str, clock: Clock | None = None) -> RunContext:
        """A run over all sources."""
        run = run_over(self.settings, command, list(self.settings.sources))
        return replace(run, clock=clock, started_at=clock()) if clock is not None else run

    def pass_time(self) -> None:
        """Let a moment pass everywhere."""
        for one in self.served.values():
            one.clock.forward(seconds=1)

    def create(self, source: str, **fields: Any) -> str:
        """Create an item as a person would; its external id."""
        self.pass_time()
        return self.served[source].provider.create_item(fields)

    def edit(self, source: str, external_id: str, **fields: Any) -> None:
        """Edit an item as a person would."""
        self.pass_time()
        self.served[source].provider.edit_item(external_id, fields)

    def items(self, source: str) -> dict[str, dict[str, Any]]:
        """Every live item of a source, as its API shows it, by external id."""
        return {
            one["external_id"]: one["payload"] for one in self.served[source].provider.items() if not one["deleted"]
        }

    def shown(self, source: str, external_id: str) -> dict[str, Any]:
        """The fields of an item, as the lens reads what the API shows."""
        (opened,) = run_over(self.settings, "show", [source]).sources
        item = opened.integration.read(external_id)
        view = opened.integration.lens.view(Kind.TASK, item.payload)
        assert isinstance(view, TaskView)
        return view.fields

    def shown_all(self, source: str, external_ids: Sequence[str]) -> dict[str, dict[str, Any]]:
        """The same for many items, by external id."""
        (opened,) = run_over(self.settings, "show", [source]).sources
        found = {}
        for item in opened.integration.read_many(external_ids):
            view = opened.integration.lens.view(Kind.TASK, item.payload)
            assert isinstance(view, TaskView) and item.external_id is not None
            found[item.external_id] = view.fields
        return found

    def lens(self, source: str) -> Lens:
        """What is known of how a source shows things."""
        (opened,) = run_over(self.settings, "show", [source]).sources
        return opened.integration.lens

    def twins(self, source: str) -> dict[str, dict[str, str]]:
        """For each linked item of a source, the items, by source, of the same task elsewhere."""
        rows = self.lake.rows(
            "select l.external_id as id, o.source, o.external_id from {links} l join {links} o on l.task_id = o.task_id"
            " where l.kind = 'task' and o.kind = 'task' and l.source = :source and o.source <> :source",
            {"source": source},
        )
        found: dict[str, dict[str, str]] = {}
        for row in rows:
            found.setdefault(row["id"], {})[row["source"]] = row["external_id"]
        return found

    def rows(self, query: str) -> list[dict[str, Any]]:
        """A query over the lake."""
        return self.lake.rows(query)

    def fault(self, source: str, **rule: Any) -> None:
        """Make calls go wrong as the rule says, until `mend`."""
        answer = requests.post(f"{self.served[source].control_url}/faults", json=[rule], timeout=10)
        assert answer.ok, answer.text

    def mend(self) -> None:
        """No more faults anywhere."""
        for one in self.served.values():
            requests.delete(f"{one.control_url}/faults", timeout=10)

    def asked(self, source: str) -> list[dict[str, Any]]:
        """The log of calls to a source."""
        return list(requests.get(f"{self.served[source].control_url}/requests", timeout=10).json())


@contextmanager
def running_tools(
    folder: Path,
    kinds: Sequence[str],
    *,
    tasks: int = 0,
    people: int = 4,
    fields: Mapping[str, str] = MappingProxyType({}),
    quota_scale: float = 10_000.0,
) -> Iterator[Tools]:
    """Tools of these kinds as sources `a`, `b`, …, and a project in which every task belongs in all of them.

    `fields` are policies of fields other than `latest`.
    """
    now = datetime.now(UTC)
    with ExitStack() as stack:
        served = {
            name: stack.enter_context(
                sandbox_thread(kind, tasks=tasks, people=people, seed=seed, now=now, quota_scale=quota_scale)
            )
            for name, kind, seed in zip("abcde", kinds, SEEDS, strict=False)
        }
        sources = {}
        for name, one in served.items():
            secret = folder / "secrets" / name
            secret.parent.mkdir(parents=True, exist_ok=True)
            secret.write_text(one.token)
            sources[name] = {**one.provider.conf(one.base_url), "token": f"file:secrets/{name}"}
        (folder / "conf").mkdir()
        everywhere = [{"name": "everywhere", "when": "true", "to": list(served)}]
        write_settings(folder, "sources.yml", {"sources": sources})
        write_settings(folder, "routing.yml", {"rules": everywhere})
        write_settings(
            folder,
            "policy.yml",
            {"fields": {"default": "latest"} | dict(fields), "brake": {"share": 1, "at_least": 1000}},
        )
        write_settings(folder, "worklake.yml", {"lake": {"engine": "embedded", "path": "lake"}, "time_zone": "UTC"})
        settings = open_settings(folder)
        yield Tools(served, settings, stack.enter_context(open_project_lake(settings, create=True)))


def make_projects(tools: Tools) -> None:
    """Let people make in Motion the projects that tasks of the other tools have: of GitHub, the repositories' names."""
    for one in tools.served.values():
        if one.provider.name != "motion":
            continue
        with requests.Session() as motion:
            motion.headers["X-API-Key"] = one.token
            spaces = motion.get(f"{one.base_url}/v1/workspaces", timeout=10).json()["workspaces"]
            team = next(each["id"] for each in spaces if each["name"] in one.provider.conf("")["workspaces"])
            listed = motion.get(f"{one.base_url}/v1/projects", params={"workspaceId": team}, timeout=10).json()
            known = {each["name"] for each in listed["projects"]}
            for name in sorted({name for project in PROJECTS for name in project[:2]} - known):
                body = {"name": name, "workspaceId": team}
                assert motion.post(f"{one.base_url}/v1/projects", json=body, timeout=10).ok, name


def write_settings(folder: Path, file: str, content: Mapping[str, Any]) -> None:
    """Write a settings file."""
    with (folder / "conf" / file).open("w", encoding="utf-8") as stream:
        YAML().dump(content, stream)


def steps(result: SyncResult) -> list[PlannedStep]:
    """What a sync planned."""
    return list(result.planned.plan.steps)


def writes(result: SyncResult) -> list[Write]:
    """What became of it."""
    assert result.applied is not None, result.planned.plan.stopped_by
    return result.applied.writes
