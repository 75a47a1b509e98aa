"""Whether a project is as it should be: its settings, secrets, sources and lake, each with how to mend it."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from worklake.errors import LakeMissingError, SettingsError, WorklakeError
from worklake.integrations.base import BaseIntegration, Finding
from worklake.integrations.registry import open_source
from worklake.model.documents import CheckDocument, CheckLine
from worklake.project import lake_location, open_project_lake
from worklake.settings.models import WorklakeSettings
from worklake.settings.secrets import resolve


def check_project(settings: WorklakeSettings) -> CheckDocument:
    """One line for the settings, several for each source, one for the lake."""
    lines = [CheckLine(subject="settings", ok=True, detail=f"read from {settings.folder / 'conf'}", mend=None)]
    if not settings.sources:
        mend = "name one in conf/sources.yml, as its comments show"
        lines.append(CheckLine(subject="sources", ok=False, detail="there are none", mend=mend))
    for name in settings.sources:
        lines += _lines(_asked(settings, name, lambda source: source.check()))
    lines.append(_check_lake(settings))
    return CheckDocument(ok=all(line.ok for line in lines), checks=lines)


def set_up_sources(settings: WorklakeSettings, provider: str) -> CheckDocument:
    """Make at the sources of this provider what the settings name and they lack.

    Raises `SettingsError` where there is no such source.
    """
    names = [name for name, source in settings.sources.items() if source.provider == provider]
    if not names:
        file = settings.folder / "conf" / "sources.yml"
        raise SettingsError(f"{file}: there is no source of the provider {provider}")
    lines = [line for name in names for line in _lines(_asked(settings, name, lambda source: source.set_up()))]
    return CheckDocument(ok=all(line.ok for line in lines), checks=lines)


def _lines(findings: Iterable[Finding]) -> list[CheckLine]:
    return [CheckLine(subject=one.subject, ok=one.ok, detail=one.detail, mend=one.mend) for one in findings]


def _asked(
    settings: WorklakeSettings, name: str, ask: Callable[[BaseIntegration], Iterator[Finding]]
) -> Iterator[Finding]:
    """What a source says when it is asked, and before it whether its secret is there."""
    entry = settings.sources[name]
    try:
        token = resolve(entry.token, settings.folder)
    except SettingsError as error:
        yield Finding(f"{name}: secret", False, str(error), f"make {entry.token} hold the token")
        return
    yield Finding(f"{name}: secret", True, f"found at {entry.token}")
    try:
        for finding in ask(open_source(name, entry, token, lambda call: None)):
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
    detail = f"{settings.project.lake.engine}, {lake_location(settings)}"
    try:
        with open_project_lake(settings):
            pass
        with open_project_lake(settings, create=True) as lake:
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
