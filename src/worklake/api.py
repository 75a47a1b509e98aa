"""The same engines as the commands, for Python: open a project, pull, list, explain."""

from __future__ import annotations

import getpass
import secrets
import socket
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from worklake.errors import LakeMissingError, SettingsError, WorklakeError
from worklake.integrations.base import Finding
from worklake.integrations.registry import open_source, settings_models
from worklake.logs import set_up_quiet_logs
from worklake.model.documents import (
    CheckDocument,
    CheckLine,
    ExplainDocument,
    MaintainDocument,
    MaintainedTable,
    ProposalDocument,
    PullDocument,
    PulledSource,
    StatusDocument,
)
from worklake.settings.load import find_project, load_settings
from worklake.settings.models import WorklakeSettings
from worklake.settings.secrets import resolve

if TYPE_CHECKING:
    from worklake.lake.lake import Lake
    from worklake.sync.run import Progress, RunContext, SourceCounts
    from worklake.sync.tasks import TaskList


def open_settings(project: Path | str | None = None) -> WorklakeSettings:
    """The settings of this project folder, by default the nearest one upward. Raises `SettingsError`."""
    set_up_quiet_logs()
    folder = Path(project).absolute() if project is not None else find_project(Path.cwd())
    return load_settings(folder, settings_models())


@contextmanager
def connect(project: Path | str | None = None, *, create: bool = False) -> Iterator[Lake]:
    """The project's lake, embedded, on Spark or on Databricks as its settings say.

    Raises `SettingsError`, and `LakeMissingError` where there is none yet, unless `create`.
    """
    settings = open_settings(project)
    with _open_lake(settings, create=create) as lake:
        yield lake


def pull(
    project: Path | str | None = None, sources: Sequence[str] = (), progress: Progress | None = None
) -> PullDocument:
    """Read what changed at the sources (by default all) since the last pull into the lake.

    A source that fails does not stop the others: its `error` says why. Raises `SettingsError` before anything is
    touched (also when no source has its secret), `LeaseHeldError` while another run holds the lake.
    """
    from worklake.sync import engine

    settings = open_settings(project)
    run = _run_context(settings, "pull", _chosen(settings, sources), progress)
    if all(source.unreachable for source in run.sources):
        raise SettingsError("\n".join(str(source.unreachable) for source in run.sources))
    with _open_lake(settings, create=True) as lake, lake.lease(_holder(), "pull"):
        state, counts = engine.pull(lake, run)
    return PullDocument(run_id=run.run_id, state=state, sources={name: _pulled(one) for name, one in counts.items()})


def check(project: Path | str | None = None) -> CheckDocument:
    """Whether settings, secrets, each source and the lake are as they should be, one line each with its mend."""
    settings = open_settings(project)
    lines = [CheckLine(subject="settings", ok=True, detail=f"read from {settings.folder / 'conf'}", mend=None)]
    if not settings.sources:
        mend = "name one in conf/sources.yml, as its comments show"
        lines.append(CheckLine(subject="sources", ok=False, detail="there are none", mend=mend))
    for name in settings.sources:
        lines += [_check_line(finding) for finding in _check_source(settings, name)]
    lines.append(_check_lake(settings))
    return CheckDocument(ok=all(line.ok for line in lines), checks=lines)


def tasks(
    project: Path | str | None = None,
    *,
    where: str | None = None,
    overdue: bool = False,
    due_today: bool = False,
    source: str | None = None,
    limit: int | None = None,
) -> TaskList:
    """Canonical tasks, open ones first, due soonest first; `where` is Spark SQL over the columns of `tasks`."""
    from worklake.sync.tasks import Selection, list_tasks

    settings = open_settings(project)
    if source is not None:
        _chosen_names(settings, [source])
    today = datetime.now(settings.project.zone).date()
    selection = Selection(today, where, overdue, due_today, source, limit)
    with _open_lake(settings) as lake:
        return list_tasks(lake, selection)


def proposed_links(project: Path | str | None = None) -> list[ProposalDocument]:
    """Pairs of tasks that may be one and that nobody has decided on."""
    from worklake.sync.tasks import proposed_links as listed

    with connect(project) as lake:
        return listed(lake)


def decide_link(proposal: str, *, accept: bool, project: Path | str | None = None) -> str | None:
    """Accept or refuse a proposed link; the answer is the id of the task that holds both now, if accepted."""
    from worklake.sync import proposals

    settings = open_settings(project)
    command = f"links {'accept' if accept else 'refuse'}"
    run = _run_context(settings, command, ())
    with _open_lake(settings) as lake, lake.lease(_holder(), command):
        lake.ensure()
        if accept:
            return proposals.accept(lake, proposal, run)
        proposals.refuse(lake, proposal, run)
        return None


def explain(task: str, project: Path | str | None = None) -> ExplainDocument:
    """Every change of a task, oldest first; `task` is a task id, an external id, a key or a provider's URL."""
    from worklake.sync.explain import explain as explained

    settings = open_settings(project)
    run = _run_context(settings, "explain", list(settings.sources), tokens=False)
    with _open_lake(settings) as lake:
        return explained(lake, task, run.sources)


def status(project: Path | str | None = None) -> StatusDocument:
    """How each source and the lake stand."""
    from worklake.sync.status import status as told

    settings = open_settings(project)
    with _open_lake(settings) as lake:
        return told(lake, settings.sources, engine=settings.project.lake.engine, location=_location(settings))


def maintain(project: Path | str | None = None, retention_hours: int = 168) -> MaintainDocument:
    """Compact the lake's tables and remove files that no version within the retention needs."""
    settings = open_settings(project)
    with _open_lake(settings) as lake, lake.lease(_holder(), "maintain"):
        lake.ensure()
        maintained = lake.maintain(retention_hours=retention_hours)
    return MaintainDocument(tables=[MaintainedTable(**asdict(one)) for one in maintained])


def _open_lake(settings: WorklakeSettings, *, create: bool = False) -> Lake:
    from worklake.lake.lake import open_lake

    return open_lake(settings.project.lake, settings.folder, create=create)


def _location(settings: WorklakeSettings) -> str:
    lake = settings.project.lake
    if lake.engine == "databricks":
        return f"{lake.catalog}.{lake.schema_name}"
    return str(settings.folder / lake.path) if lake.engine == "embedded" else lake.path


def _holder() -> str:
    return f"{getpass.getuser()}@{socket.gethostname()}"


def _chosen_names(settings: WorklakeSettings, names: Sequence[str]) -> list[str]:
    for name in names:
        if name not in settings.sources:
            raise SettingsError(
                f"there is no source {name!r}; the sources in conf/sources.yml are"
                f" {', '.join(settings.sources) or 'none yet'}"
            )
    return list(dict.fromkeys(names))


def _chosen(settings: WorklakeSettings, names: Sequence[str]) -> list[str]:
    chosen = _chosen_names(settings, names) or list(settings.sources)
    if not chosen:
        raise SettingsError(f"{settings.folder / 'conf' / 'sources.yml'}: there is no source yet; name one there")
    return chosen


def _run_context(
    settings: WorklakeSettings,
    command: str,
    names: Sequence[str],
    progress: Progress | None = None,
    *,
    tokens: bool = True,
) -> RunContext:
    """A run over these sources, opened but not reached. Without `tokens` they cannot be reached at all."""
    from pydantic import SecretStr

    from worklake.sync.run import Meter, RunContext, Source, new_run_id, silent

    meter = Meter()

    def opened(name: str, *, reachable: bool) -> Source:
        entry = settings.sources[name]
        token, missing = SecretStr("not-used"), None
        if reachable:
            try:
                token = resolve(entry.token, settings.folder)
            except SettingsError as error:
                missing = SettingsError(f"{name}: token {entry.token}: {error}")
        return Source(name, open_source(name, entry, token, meter), missing)

    sources = [opened(name, reachable=tokens) for name in names]
    elsewhere = [opened(name, reachable=False) for name in settings.sources if name not in names]
    started_at = _now()
    return RunContext(
        run_id=new_run_id(started_at, secrets.token_hex(3)),
        command=command,
        started_at=started_at,
        clock=_now,
        sources=tuple(sources),
        people=settings.people,
        meter=meter,
        progress=progress or silent,
        elsewhere=tuple(elsewhere),
    )


def _now() -> datetime:
    return datetime.now(UTC)


def _pulled(counts: SourceCounts) -> PulledSource:
    return PulledSource(**{name: getattr(counts, name) for name in PulledSource.model_fields})


def _check_source(settings: WorklakeSettings, name: str) -> Iterator[Finding]:
    entry = settings.sources[name]
    try:
        token = resolve(entry.token, settings.folder)
    except SettingsError as error:
        yield Finding(f"{name}: secret", False, str(error), f"make {entry.token} hold the token")
        return
    yield Finding(f"{name}: secret", True, f"found at {entry.token}")
    try:
        for finding in open_source(name, entry, token, lambda call: None).check():
            yield Finding(f"{name}: {finding.subject}", finding.ok, _without(name, finding.detail), finding.mend)
    except WorklakeError as error:
        yield Finding(
            f"{name}: reach", False, _without(name, str(error)), f"see base_url and token of {name} in conf/sources.yml"
        )


def _without(source: str, told: str) -> str:
    """A message without the source's name before it, where that stands already."""
    return told.removeprefix(f"{source}: ")


def _check_lake(settings: WorklakeSettings) -> CheckLine:
    """Whether the lake can be opened and written, or could be made. Makes none."""
    detail = f"{settings.project.lake.engine}, {_location(settings)}"
    try:
        with _open_lake(settings):
            pass
        with _open_lake(settings, create=True) as lake:
            lake.rows("select task_id from {tasks} limit 1")
    except LakeMissingError:
        place = _local_folder(settings)
        problem = _why_not_writable(place) if place is not None else None
        detail += "; the first pull makes it" if problem is None else f"; it cannot be made: {problem}"
        return _lake_line(problem is None, detail)
    except WorklakeError as error:
        return _lake_line(False, str(error))
    return _lake_line(True, detail)


def _lake_line(ok: bool, detail: str) -> CheckLine:
    return CheckLine(subject="lake", ok=ok, detail=detail, mend=None if ok else "see lake in conf/worklake.yml")


def _local_folder(settings: WorklakeSettings) -> Path | None:
    lake = settings.project.lake
    if lake.engine == "databricks" or (lake.engine == "spark" and (lake.remote or "://" in lake.path)):
        return None
    return settings.folder / lake.path


def _why_not_writable(folder: Path) -> str | None:
    """Why this folder cannot be made and written; None where it can. Leaves nothing behind."""
    existing = next(path for path in (folder, *folder.parents) if path.exists())
    try:
        with tempfile.TemporaryFile(dir=existing):
            return None
    except OSError as error:
        return f"{existing} cannot be written: {error.strerror}"


def _check_line(finding: Finding) -> CheckLine:
    return CheckLine(subject=finding.subject, ok=finding.ok, detail=finding.detail, mend=finding.mend)
