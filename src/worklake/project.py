"""A project folder: its settings, its lake, and runs over its sources."""

from __future__ import annotations

import getpass
import os
import secrets
import socket
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from worklake.errors import SettingsError
from worklake.integrations.registry import open_source, settings_models
from worklake.logs import set_up_quiet_logs
from worklake.model.ids import digest
from worklake.settings.load import find_project, load_settings
from worklake.settings.models import WorklakeSettings
from worklake.settings.secrets import resolve

if TYPE_CHECKING:
    from worklake.lake.lake import Lake
    from worklake.sync.run import Progress, RunContext


def open_settings(project: Path | str | None = None) -> WorklakeSettings:
    """The settings of this project folder, by default the nearest one upward. Raises `SettingsError`."""
    set_up_quiet_logs()
    folder = Path(project).absolute() if project is not None else find_project(Path.cwd())
    return load_settings(folder, settings_models())


def open_project_lake(settings: WorklakeSettings, *, create: bool = False) -> Lake:
    """The project's lake. Raises `LakeMissingError` where there is none yet, unless `create`."""
    from worklake.lake.lake import open_lake

    return open_lake(settings.project.lake, settings.folder, create=create)


def lake_location(settings: WorklakeSettings) -> str:
    """Where the lake is: a folder, an address, or catalog and schema."""
    lake = settings.project.lake
    if lake.engine == "databricks":
        return f"{lake.catalog}.{lake.schema_name}"
    return str(settings.folder / lake.path) if lake.engine == "embedded" else lake.path


def holder() -> str:
    """Who holds a lake's lease in this process."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):  # a container may run as somebody whom its system does not know
        user = f"user-{os.getuid()}"
    return f"{user}@{socket.gethostname()}"


def known_sources(settings: WorklakeSettings, names: Sequence[str]) -> list[str]:
    """These sources, each once. Raises `SettingsError` where the settings do not have one."""
    for name in names:
        if name not in settings.sources:
            raise SettingsError(
                f"there is no source {name!r}; the sources in conf/sources.yml are"
                f" {', '.join(settings.sources) or 'none yet'}"
            )
    return list(dict.fromkeys(names))


def chosen_sources(settings: WorklakeSettings, names: Sequence[str]) -> list[str]:
    """These sources, by default all. Raises `SettingsError` where there is none."""
    chosen = known_sources(settings, names) or list(settings.sources)
    if not chosen:
        raise SettingsError(f"{settings.folder / 'conf' / 'sources.yml'}: there is no source yet; name one there")
    return chosen


def reaching_run(
    settings: WorklakeSettings, command: str, names: Sequence[str], progress: Progress | None = None
) -> RunContext:
    """A run over these sources. Raises `SettingsError` where none of them has its secret."""
    run = run_over(settings, command, names, progress)
    if all(source.unreachable for source in run.sources):
        raise SettingsError("\n".join(str(source.unreachable) for source in run.sources))
    return run


def run_over(
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
        rank = list(settings.sources).index(name)
        fingerprint = digest(entry.model_dump_json(exclude={"token"}))
        return Source(name, open_source(name, entry, token, meter), missing, rank, entry.on_delete, fingerprint)

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
        policy=settings.policy,
        routing=settings.routing,
        meter=meter,
        progress=progress or silent,
        elsewhere=tuple(elsewhere),
    )


def _now() -> datetime:
    return datetime.now(UTC)
